"""Files as somebody writes them who wants more of a reader than to be read, and what watches the reader.

`watched` records what Python does while a file is read: files opened, modules imported, code run, processes started,
sockets made. A `Bait` is what hostile files point at: a module and a pickle that leave a mark when they are run, and
files with a secret.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import io
import json
import os
import pickle
import pkgutil
import re
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

import kerasviz
from kerasviz import layers
from kerasviz.saving import deserialize_keras_object, load_model, model_from_json

SECRET = "the-secret-of-another-file"
LOUD = (  # what reading a file never does
    *("exec", "compile", "import", "marshal.loads", "pickle.find_class", "ctypes.dlopen", "code.__new__"),
    *("os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn", "subprocess.Popen", "os.startfile"),
    *(
        "socket.__new__",
        "socket.connect",
        "socket.getaddrinfo",
        "urllib.Request",
        "http.client.connect",
        "ftplib.connect",
    ),
    *("os.listxattr", "os.putenv", "os.chmod", "os.symlink", "os.link", "os.rename", "webbrowser.open"),
)
OWN_PLACE = re.compile(re.escape(tempfile.gettempdir()) + r"(/tmp[a-z0-9_]{8}(/.*)?)?")  # what `tempfile` makes


@dataclass
class Bait:
    """What hostile files point at.

    Attributes:
        folder: where all of it lies.
        mark: there once something was run.
        module: name of a module that Python could import.
        text, pickled, hdf5, saved_model: files that could be read.
    """

    folder: Path

    def __post_init__(self) -> None:
        self.mark = self.folder / "executed"
        self.module = f"bait_{self.folder.name.replace('-', '_')}"
        run = f"open({str(self.mark)!r}, 'w').close()"
        code = f"{run}\ndef run(*args, **kwargs):\n    {run}\nclass Layer:\n    from_config = run\n"
        (self.folder / f"{self.module}.py").write_text(code)
        self.text = self.folder / "secret.txt"
        self.text.write_text(f"{SECRET}\nsecond line\n")
        self.pickled = self.folder / "object.pt"
        self.pickled.write_bytes(pickle.dumps(Marking(str(self.mark))))
        self.hdf5 = self.folder / "other.h5"
        with h5py.File(self.hdf5, "w") as file:
            file["secret"] = np.full((3, 2), 1234.5, "float32")
        self.saved_model = self.folder / "saved_model"
        self.saved_model.mkdir()
        (self.saved_model / "saved_model.pb").write_bytes(b"\x08\x01")
        self.code = f"__import__('os').system('touch {self.mark}')"

    @property
    def paths(self) -> list[str]:
        """Every file and folder."""
        return [str(path) for path in (self.text, self.pickled, self.hdf5, self.saved_model)]


class Marking:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple:
        return open, (self.mark, "w")


class Watcher:
    """Records what happens while it is on. Python cannot take such a hook away again: it is switched off."""

    def __init__(self) -> None:
        self.is_on = False
        self.events: list[tuple[str, Any]] = []
        sys.addaudithook(self.hear)

    def hear(self, event: str, args: Any) -> None:
        """One event."""
        if self.is_on and (event in LOUD or event == "open"):
            self.events.append((event, args[0] if args else None))


_watchers: list[Watcher] = []


@contextlib.contextmanager
def watched(bait: Bait, *allowed: Any) -> Iterator[list[tuple[str, Any]]]:
    """Fail where anything but the allowed files is opened, or anything at all imported, run, started or fetched."""
    ready()
    if not _watchers:
        _watchers.append(Watcher())
    watcher = _watchers[0]
    watcher.events = []
    sys.path.insert(0, str(bait.folder))
    watcher.is_on = True
    try:
        yield watcher.events
    finally:
        watcher.is_on = False
        sys.path.remove(str(bait.folder))
    inside = tuple(str(path) for path in allowed)
    loud = [(event, what) for event, what in watcher.events if not is_quiet(event, what, inside)]
    assert not loud, f"reading a file did: {loud}"
    assert not bait.mark.exists(), "something in the file was run"
    assert bait.module not in sys.modules


def is_quiet(event: str, what: Any, inside: tuple[str, ...]) -> bool:
    """Whether it is the opening of an allowed file, or of one that `tempfile` made."""
    if event != "open" or isinstance(what, int):
        return event == "open"
    name = os.fsdecode(what)
    return bool(OWN_PLACE.fullmatch(name)) or any(name == path or name.startswith(f"{path}/") for path in inside)


@contextlib.contextmanager
def untouched(bait: Bait) -> Iterator[None]:
    """Fail where a file of the bait is opened or read, by Python or by a library, as far as the system tells."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "inotify_init1"):
        yield
        return
    handle = library.inotify_init1(os.O_NONBLOCK)
    try:
        for path in (*bait.folder.iterdir(), bait.saved_model / "saved_model.pb"):
            if path.is_file() and path.suffix != ".py":
                assert library.inotify_add_watch(handle, os.fsencode(path), OPENED_OR_READ) >= 0
        yield
        with contextlib.suppress(BlockingIOError):
            assert not os.read(handle, 4096), "a file outside was opened"
    finally:
        os.close(handle)


OPENED_OR_READ = 0x21  # IN_OPEN, IN_ACCESS
_is_ready: list[bool] = []


def ready() -> None:
    """Import all of ours and of h5py's, and read a good file: what is imported later, a file has asked for."""
    if _is_ready:
        return
    for module in pkgutil.walk_packages(kerasviz.__path__, "kerasviz."):
        if not module.name.startswith("kerasviz.widgets"):
            importlib.import_module(module.name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model = good_model()
        model.compile("adam", "mse", metrics=["mae"])
        for name in (path, path.with_suffix(".h5")):
            model.save(name)
            load_model(name)
        everything = json.loads(model.to_json())
        for name in ("Dense", "LSTM", "StringLookup", "Lambda", "Conv2D", "TimeDistributed"):
            everything["config"]["layers"][1] = {"module": "keras.layers", "class_name": name, "config": {"x": 1}}
            with contextlib.suppress(ValueError):
                model_from_json(json.dumps(everything))
    _is_ready.append(True)


# --- good files, and how they are changed -----------------------------------------------------------------------------


def good_model() -> Any:
    """Input, Dense, Dense."""
    first = layers.Dense(2, activation="relu", name="first")
    return kerasviz.Sequential([kerasviz.Input((3,), name="input"), first, layers.Dense(1, name="second")], name="good")


def good_graph() -> Any:
    """The same as a graph of two inputs, an operation and a layer called twice."""
    one, other = kerasviz.Input((3,), name="one"), kerasviz.Input((3,), name="other")
    shared = layers.Dense(2, name="shared")
    return kerasviz.Model([one, other], kerasviz.ops.add(shared(one), shared(other)), name="graph")


def config_of(model: Any) -> dict[str, Any]:
    """The config as a file has it."""
    return json.loads(model.to_json())


def layer(module: str | None, class_name: str, config: Any = None, **more: Any) -> dict[str, Any]:
    """The config of a layer, or of anything."""
    made = {"module": module, "class_name": class_name, "config": {} if config is None else config}
    return {**made, "registered_name": None, **more}


def function(name: str, module: str = "builtins", registered_name: str | None = "function") -> dict[str, Any]:
    """The config of a function."""
    return layer(module, "function", name, registered_name=registered_name)


def in_sequence(entry: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """A Sequential with that layer in place of its second; `settings` go to the model's config."""
    config = config_of(good_model())
    config["config"]["layers"][1] = entry
    config.update(settings)
    return config


def in_graph(entry: dict[str, Any], args: Any = None, kwargs: Any = None) -> dict[str, Any]:
    """A Functional model that calls that layer, with an input, or with these arguments."""
    config = config_of(good_graph())
    source = {"class_name": "__keras_tensor__", "config": {"shape": [None, 3], "dtype": "float32"}}
    source["config"]["keras_history"] = ["one", 0, 0]
    call = {"args": [source] if args is None else args, "kwargs": kwargs or {}}
    name = (entry.get("config") or {}).get("name") if isinstance(entry.get("config"), dict) else None
    config["config"]["layers"].append({**entry, "name": name or "hostile", "inbound_nodes": [call]})
    config["config"]["output_layers"] = [[name or "hostile", 0, 0]]
    return config


def with_setting(name: str, value: Any) -> dict[str, Any]:
    """A Dense layer, one of its arguments another."""
    config = config_of(good_model())
    config["config"]["layers"][1]["config"][name] = value
    return config


def write_model(path: Path, config: Any, weights: Callable[[Any], None] | bytes | None = None, **more: bytes) -> Path:
    """A `.keras` file with that config, and these weights or the good model's."""
    content = weights if isinstance(weights, bytes) else hdf5_bytes(weights or good_weights)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"}))
        archive.writestr("config.json", config if isinstance(config, (str, bytes)) else json.dumps(config))
        archive.writestr("model.weights.h5", content)
        for name, data in more.items():
            archive.writestr(name, data)
    return path


def write_keras_2(path: Path, config: Any, weights: Callable[[Any], None]) -> Path:
    """A whole model in one `.h5` with that config, and weights as `good_weights` has them."""
    path.write_bytes(hdf5_bytes(weights))
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = json.dumps({name: config[name] for name in ("class_name", "config")})
        file.attrs["keras_version"] = "3.15.1"
        file.move("layers", "model_weights")
        if isinstance(file.get("model_weights", getlink=True), h5py.HardLink):
            group: Any = file["model_weights"]
            group.attrs["layer_names"] = np.array([b"first", b"second"])
            for name, place in {"first": "dense", "second": "dense_1"}.items():
                group.move(place, name)
                group[name].attrs["weight_names"] = np.array([b"vars/0", b"vars/1"])
    return path


def good_weights(file: Any) -> None:
    """What fits the good model."""
    for name, shape in {"dense": (3, 2), "dense_1": (2, 1)}.items():
        file[f"layers/{name}/vars/0"] = np.ones(shape, "float32")
        file[f"layers/{name}/vars/1"] = np.ones(shape[-1:], "float32")


def hdf5_bytes(make: Callable[[Any], None]) -> bytes:
    """An HDF5 file as bytes."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        make(file)
    return buffer.getvalue()


# --- ways a config comes in -------------------------------------------------------------------------------------------


def from_archive(config: Any, folder: Path, safe_mode: bool) -> tuple[Path, Callable[[], Any]]:
    """A `.keras` file."""
    path = write_model(folder / "model.keras", config)
    return path, lambda: load_model(path, safe_mode=safe_mode)


def from_folder(config: Any, folder: Path, safe_mode: bool) -> tuple[Path, Callable[[], Any]]:
    """The same unpacked."""
    path = folder / "model_folder"
    path.mkdir()
    (path / "config.json").write_text(json.dumps(config))
    (path / "metadata.json").write_text("{}")
    (path / "model.weights.h5").write_bytes(hdf5_bytes(good_weights))
    return path, lambda: load_model(path, safe_mode=safe_mode)


def from_json(config: Any, folder: Path, safe_mode: bool) -> tuple[Path, Callable[[], Any]]:
    """JSON, which knows no safe mode."""
    text = json.dumps(config)
    return folder / "none", lambda: model_from_json(text)


def from_object(config: Any, folder: Path, safe_mode: bool) -> tuple[Path, Callable[[], Any]]:
    """A config in memory."""
    return folder / "none", lambda: deserialize_keras_object(config, safe_mode=safe_mode)


def from_legacy(config: Any, folder: Path, safe_mode: bool) -> tuple[Path, Callable[[], Any]]:
    """A whole model in one `.h5`, as Keras 2 wrote them."""
    path = folder / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.13.1"
        file.attrs["backend"] = "tensorflow"
        file.create_group("model_weights").attrs["layer_names"] = np.array([], "S1")
    return path, lambda: load_model(path, safe_mode=safe_mode)


WAYS = {"archive": from_archive, "folder": from_folder, "json": from_json, "object": from_object, "h5": from_legacy}
