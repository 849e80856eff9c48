"""A file makes us allocate what its weights need, and not more: a process with a limit on its memory reads bombs.

CVE-2026-0897 is an HDF5 file whose arrays are said to be huge. Configs do the same with units, filters, shapes, sizes
of vocabularies and arguments of functions; archives with what they unpack to.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kerasviz
from kerasviz.declare import Invalid
from kerasviz.saving import budget, model_from_json
from tests.saving.hostile import (
    config_of,
    function,
    good_model,
    good_weights,
    hdf5_bytes,
    in_graph,
    in_sequence,
    layer,
    with_setting,
    write_keras_2,
    write_model,
)

HUGE = 2**36
MEGABYTES = 300  # that may be taken, beyond what a good file takes

# --- configs ----------------------------------------------------------------------------------------------------------


def deep(name: str, shape: list[Any] | None = None, **config: Any) -> dict[str, Any]:
    """A model with one layer, on inputs of that shape."""
    made = in_sequence(layer("keras.layers", name, config))
    made["config"]["layers"] = made["config"]["layers"][:2]
    shape = shape or [None, 3]
    made["config"]["layers"][0]["config"]["batch_shape"] = shape
    made["build_config"] = {"input_shape": shape}
    made["config"]["build_input_shape"] = shape
    return made


def operation(name: str, **settings: Any) -> dict[str, Any]:
    """A graph with a function of keras.ops."""
    return in_graph(layer("keras.src.ops.numpy", name, {"name": "hostile", **settings}))


def torch_call(name: str, *more: Any) -> dict[str, Any]:
    """A graph with a function of torch on an input and these arguments."""
    symbol = {"class_name": "__keras_tensor__", "config": {"shape": [None, 3], "dtype": "float32"}}
    symbol["config"]["keras_history"] = ["one", 0, 0]
    config = {"name": "hostile", "function": name}
    return in_graph(layer("torch", "__torch_function__", config), args=[symbol, *more])


CONFIGS: dict[str, Callable[[], Any]] = {
    "units": lambda: with_setting("units", HUGE),
    "units-of-lstm": lambda: deep("LSTM", [None, 3, 2], units=2**24),
    "units-of-gru": lambda: deep("GRU", [None, 3, 2], units=2**24),
    "filters": lambda: deep("Conv2D", [None, 4, 4, 3], filters=HUGE, kernel_size=3),
    "kernel-size": lambda: deep("Conv2D", [None, 2**20, 2**20, 3], filters=1, kernel_size=2**19),
    "vocabulary": lambda: deep("Embedding", input_dim=HUGE, output_dim=2),
    "width-of-embedding": lambda: deep("Embedding", input_dim=2, output_dim=HUGE),
    "words": lambda: deep("StringLookup", max_tokens=HUGE, output_mode="multi_hot", vocabulary=["a"]),
    "bins": lambda: deep("Hashing", num_bins=HUGE, output_mode="one_hot"),
    "input-shape": lambda: deep("Dense", [None, HUGE], units=1),
    "batch-shape": lambda: deep("BatchNormalization", [None, 2, HUGE]),
    "means": lambda: deep("Normalization", [None, HUGE], mean=1.0, variance=1.0),
    "spectrum": lambda: deep("MelSpectrogram", [None, 4096], fft_length=2**24, num_mel_bins=2**16),
    "window": lambda: deep("STFTSpectrogram", [None, 2**30], frame_length=2**29, frame_step=1, fft_length=2**29),
    "many-layers": lambda: many_layers(),
    "op-tile": lambda: operation("Tile", repeats=[HUGE, HUGE]),
    "op-repeat": lambda: operation("Repeat", repeats=HUGE, axis=1),
    "op-full": lambda: operation("Full", shape=[HUGE]),
    "op-pad": lambda: operation("Pad", pad_width=[[0, 0], [0, HUGE]]),
    "op-broadcast": lambda: operation("BroadcastTo", shape=[HUGE, 3]),
    "op-one-hot": lambda: in_graph(layer("keras.src.ops.nn", "OneHot", {"name": "hostile", "num_classes": HUGE})),
    "op-unstack": lambda: in_graph(layer("keras.src.ops.core", "Unstack", {"name": "hostile", "num": HUGE})),
    "op-linspace": lambda: operation("Linspace", stop=1, num=HUGE),
    "op-eye": lambda: in_graph(layer("keras.src.ops.numpy", "Eye", {"name": "hostile"}), args=[2**20]),
    "op-arange": lambda: in_graph(layer("keras.src.ops.numpy", "Arange", {"name": "hostile"}), args=[0, HUGE, 1]),
    "torch-repeat": lambda: torch_call("torch.Tensor.repeat", HUGE, 1),
    "torch-new-zeros": lambda: torch_call("torch.Tensor.new_zeros", [HUGE]),
    "torch-pad": lambda: torch_call("torch.nn.functional.pad", [0, HUGE]),
    "torch-interpolate": lambda: torch_call("torch.tile", [HUGE, HUGE]),
    "torch-bincount": lambda: torch_call("torch.bincount", None, HUGE),
    "initializer": lambda: (
        with_setting("kernel_initializer", layer("keras.initializers", "Constant", {"value": [[[1.0]] * 3] * 2}))
        | {"build_config": {"input_shape": [None, HUGE]}}
    ),
    "metric": lambda: (
        deep("Dense", units=1)
        | {
            "compile_config": {
                "optimizer": "sgd",
                "loss": "mse",
                "metrics": [layer("keras.metrics", "AUC", {"num_thresholds": 2**31})],
            }
        }
    ),
    "confusion": lambda: (
        deep("Dense", units=1)
        | {
            "compile_config": {
                "optimizer": "sgd",
                "loss": "mse",
                "metrics": [layer("keras.metrics", "MeanIoU", {"num_classes": 2**20})],
            }
        }
    ),
    "loop": lambda: in_graph(
        layer(
            "keras.src.ops.core",
            "WhileLoop",
            {"name": "hostile", "cond": function("relu", "keras.ops"), "body": function("relu", "keras.ops")},
        ),
        args=[[1.0]],
    ),
    "array": lambda: with_setting(
        "activation", {"class_name": "__numpy__", "config": {"value": [0] * 10, "dtype": f"V{2**31}"}}
    ),
    "lambda": lambda: in_graph(
        layer("keras.layers", "Lambda", {"function": function("zeros", "keras.initializers")}), args=[[HUGE, HUGE]]
    ),
}


def many_layers() -> Any:
    """Each is small enough, all together are not."""
    made = config_of(good_model())
    entry = made["config"]["layers"][1]
    more = [{**entry, "config": {**entry["config"], "name": f"dense_{index}", "units": 4096}} for index in range(100)]
    made["config"]["layers"][1:] = [{**each, "build_config": None} for each in more]
    return made


# --- HDF5 -------------------------------------------------------------------------------------------------------------


def with_array(**options: Any) -> Callable[[Any], None]:
    """The good weights, one array with these options."""

    def make(file: Any) -> None:
        good_weights(file)
        del file["layers/dense/vars/0"]
        file.create_dataset("layers/dense/vars/0", **options)

    return make


def many_arrays(file: Any) -> None:
    """Each could be blown up as much as it is, all together could not."""
    good_weights(file)
    for index in range(20):
        file.create_dataset(f"more/{index}", (2**20,), "f8", chunks=(2**20,), compression="gzip")
        file[f"more/{index}"][:1] = 1


ARRAYS: dict[str, Callable[[Any], None]] = {
    "contiguous": with_array(shape=(HUGE, 2), dtype="f4"),
    "chunked": with_array(shape=(HUGE, 2), dtype="f4", chunks=(3, 2)),
    "compressed": with_array(shape=(HUGE, 2), dtype="f4", chunks=(1024, 2), compression="gzip"),
    "filled": with_array(shape=(HUGE,), dtype="f4", fillvalue=3.0, chunks=(10,)),
    "wide": with_array(shape=(2,), dtype=np.dtype("V1000000000")),
    "nothing-of-much": with_array(shape=(0, HUGE), dtype="f4"),
    "many": many_arrays,
}

# --- archives ---------------------------------------------------------------------------------------------------------


def zip_bomb(path: Path) -> None:
    """Unpacks to half a gigabyte of blanks."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("config.json", b" " * 2**28 + b"{}")
        archive.writestr("model.weights.h5", hdf5_bytes(good_weights))


def lying_size(path: Path) -> None:
    """Says that an entry is small, and it is not."""
    blanks = b" " * 2**26
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", blanks)
        archive.writestr("model.weights.h5", hdf5_bytes(good_weights))
    content = path.read_bytes().replace(len(blanks).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    path.write_bytes(content)


def write_bombs(folder: Path) -> None:
    """All of them as files, and a good model for weights."""
    (folder / "model.json").write_text(good_model().to_json())
    good_model().save(folder / "good.keras")
    for name, make in CONFIGS.items():
        write_model(folder / f"config-{name}.keras", make())
        (folder / f"config-{name}.json").write_text(json.dumps(make()))
        write_keras_2(folder / f"config-{name}.h5", make(), good_weights)
    for name, fill in ARRAYS.items():
        write_model(folder / f"array-{name}.keras", config_of(good_model()), fill)
        (folder / f"array-{name}.weights.h5").write_bytes(hdf5_bytes(fill))
        write_keras_2(folder / f"array-{name}.hdf5", config_of(good_model()), fill)
        whole = folder / f"array-{name}"
        whole.mkdir()
        with zipfile.ZipFile(folder / f"array-{name}.keras") as archive:
            archive.extractall(whole)
        (folder / f"shard-{name}_00000.weights.h5").write_bytes(hdf5_bytes(fill))
        places = {f"/layers/{place}/vars": [f"shard-{name}_00000.weights.h5"] for place in ("dense", "dense_1")}
        (folder / f"shard-{name}.weights.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    zip_bomb(folder / "zip-blanks.keras")
    lying_size(folder / "zip-lie.keras")
    header = json.dumps({"0": {"dtype": "F32", "shape": [HUGE, 2], "data_offsets": [0, 8 * HUGE]}}).encode()
    (folder / "tensors.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    (folder / "header.safetensors").write_bytes((2**62).to_bytes(8, "little") + header)


# --- the process that reads them --------------------------------------------------------------------------------------


def read_all(folder: Path) -> dict[str, Any]:
    """What became of each file, and the megabytes that it took; the process may not have a gigabyte more."""
    budget.machine_memory = lambda: 2**28
    budget.ALL_ARE_FINE = 2**28
    model = model_from_json((folder / "model.json").read_text())
    model.load_weights(folder / "good.keras")
    kerasviz.saving.load_model(folder / "good.keras")
    status = Path("/proc/self/status").read_text()
    size = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmSize"))
    resource.setrlimit(resource.RLIMIT_AS, (size + 2**30, size + 2**30))
    found = {}
    for path in sorted(folder.iterdir()):
        for name, read in readers(path, model).items():
            before = peak()
            try:
                read()
                said = "loaded"
            except Invalid as error:
                causes = [str(error), *(type(cause).__name__ for cause in causes_of(error))]
                said = " / ".join(causes)
            except BaseException as error:
                said = f"!{type(error).__name__}: {error}"
            found[f"{path.name} {name}"] = [said[:600], peak() - before]
    return found


def readers(path: Path, model: Any) -> dict[str, Callable[[], Any]]:
    """The ways to read a file."""
    name = path.name
    if name.endswith(".json") and not name.endswith(".weights.json"):
        text = path.read_text()
        return {
            "model_from_json": lambda: model_from_json(text),
            "deserialize": lambda: kerasviz.saving.deserialize_keras_object(json.loads(text)),
        }
    if path.is_dir() or name.endswith(".keras"):
        ways = {"load_model": lambda: kerasviz.saving.load_model(path)}
        if name.startswith(("array", "zip")) and not path.is_dir():
            ways["KerasFileEditor"] = lambda: kerasviz.saving.KerasFileEditor(path)
        return ways
    if name.endswith(".h5") and not name.endswith(".weights.h5"):
        return {"load_model": lambda: kerasviz.saving.load_model(path)}
    ways = {"load_weights": lambda: model.load_weights(path)}
    if name.endswith(".hdf5"):
        return ways | {"load_model": lambda: kerasviz.saving.load_model(path)}
    if name.startswith("array"):
        ways["KerasFileEditor"] = lambda: kerasviz.saving.KerasFileEditor(path)
    return ways


def causes_of(error: BaseException) -> list[BaseException]:
    """What an error came from, and so on."""
    found: list[BaseException] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(found) < 20:
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    return found


def peak() -> float:
    """Megabytes of memory at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


CODE = """
import json, sys, warnings
from pathlib import Path
from tests.saving.test_security_memory import read_all
warnings.simplefilter("ignore")
print("\\n" + json.dumps(read_all(Path(sys.argv[1]))))
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("bombs")
    write_bombs(folder)
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", CODE, str(folder)], cwd=root, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return json.loads(done.stdout.decode().splitlines()[-1])


HARMLESS = {
    *("op-arange", "op-broadcast", "op-eye", "op-linspace", "op-one-hot", "op-pad", "op-repeat"),
    *("words", "bins", "nothing-of-much"),
}


def test_cve_2026_0897_no_file_makes_us_allocate_more_than_its_weights_need(outcomes: dict[str, Any]) -> None:
    assert len(outcomes) > 100
    for name, (said, megabytes) in outcomes.items():
        assert not said.startswith("!"), f"{name}: {said}"
        assert "MemoryError" not in said, f"{name} was allocated: {said}"
        assert "allocate" not in said, f"{name} was allocated: {said}"
        assert megabytes < MEGABYTES, f"{name} took {megabytes} MB: {said}"


def test_bombs_are_refused(outcomes: dict[str, Any]) -> None:
    loaded = {name for name, (said, _) in outcomes.items() if said == "loaded"}
    bombs = {name for name in loaded if not name.startswith(("good.", "model.")) and not is_harmless(name)}
    assert not bombs


def is_harmless(name: str) -> bool:
    """Whether it only looks like one: nothing is made of it before the model runs."""
    return any(f"-{word}." in name or f"-{word} " in name for word in HARMLESS)


def test_a_config_alone_may_ask_for_half_of_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    config = deep("Dense", units=2**18)
    monkeypatch.setattr(budget, "machine_memory", lambda: 2**20)
    with pytest.raises(Invalid, match="half of this machine's memory"):
        model_from_json(json.dumps(config))
    monkeypatch.setattr(budget, "machine_memory", lambda: 2**32)
    assert model_from_json(json.dumps(config)).layers[0].units == 2**18


def test_the_budget_ends_with_the_file(tmp_path: Path) -> None:
    write_model(tmp_path / "model.keras", with_setting("units", HUGE))
    with pytest.raises(Invalid):
        kerasviz.saving.load_model(tmp_path / "model.keras")
    assert budget._limits.current is None
