"""Files that are written whole or not at all."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kerasviz.declare import Invalid


@contextlib.contextmanager
def replacing(target: Any, overwrite: bool = True) -> Iterator[Path]:
    """A path beside `target` to write to. It becomes `target` at the end; after an error `target` is as it was.

    Raises:
        Invalid: where `target` is there and `overwrite` is False, or its folder is not.
    """
    target = Path(target)
    if target.exists() and not overwrite:
        raise Invalid(f"saving to {target}", "a new file", "one that is there", "Pass overwrite=True to replace it.")
    if target.is_dir():
        raise Invalid(f"saving to {target}", "a file", "a folder")
    if not target.absolute().parent.is_dir():
        raise Invalid(f"saving to {target}", "a folder that is there", str(target.parent), "Make the folder first.")
    beside = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    try:
        yield beside
        with open(beside, "rb") as written:
            os.fsync(written.fileno())
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)
