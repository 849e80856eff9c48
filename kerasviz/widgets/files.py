"""Files of a studio: written beside the target and then put in its place, so that nothing half-written remains."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.document.document import Document

ENDINGS = (".keras", ".json", ".py", ".svg")


def save(editor: Any, path: Path, **code: Any) -> Path:
    """Write what the file's ending asks for; returns the whole path. `code`: options of `editor.code`."""
    path = path.expanduser()
    if not path.parent.is_dir():
        raise Invalid("save(path=...)", "a path in a folder that exists", str(path), f"Make {path.parent} first.")
    if path.suffix == ".keras":
        editor.model.save(path)
    elif path.suffix == ".json":
        from kerasviz.document.document import write

        write_text(path, write(editor._editing.document))
    elif path.suffix == ".py":
        write_text(path, editor.code(**code))
    elif path.suffix == ".svg":
        write_text(path, editor.to_svg())
    else:
        raise Invalid("save(path=...)", f"a path that ends in {', '.join(ENDINGS)}", str(path))
    return path.resolve()


def load(path: Path) -> tuple[Document, Any]:
    """The document of a file, and its model where it has one."""
    path = path.expanduser()
    if not path.is_file():
        raise Invalid("load(path=...)", "a file that exists", str(path))
    if path.suffix == ".json":
        from kerasviz.document.document import read

        return read(path.read_text(encoding="utf-8")), None
    if path.suffix == ".keras":
        from kerasviz.document.reader import from_model
        from kerasviz.saving import load_model

        model = load_model(path)
        return from_model(model), model
    raise Invalid("load(path=...)", "a path that ends in .keras or .json", str(path))


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
