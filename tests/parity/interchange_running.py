"""What is asked of a model that goes from one library to the other: facts, numbers, one step of training, files."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from .interchange_configs import config_in, config_of, differences
from .recording import plain

BATCH, LENGTH, TOKENS = 4, 6, 5
SEEDS = "seed_generator"  # where layers that draw have the state of their seeds


@dataclass(frozen=True)
class Exchanged:
    """A model of the table.

    Args:
        name: of the case.
        make: the model of either package; compiled, or to be compiled with `compiled`.
        inputs: shapes without the batch, in the structure of the inputs; None for those of the model's symbols.
        targets: makes the targets from random numbers and outputs; uniform ones by default.
        compiled: whether `make` compiles.
        trains: whether a step of training is compared.
        objects: the classes and functions of one's own that the file names and nobody registered.
        tolerance: of predictions and of weights after a step.
        lost: what Keras cannot read in a file of its own, in words.
    """

    name: str
    make: Callable[[Any], Any]
    inputs: Any = None
    targets: Callable[[Any, Any], Any] | None = None
    compiled: bool = False
    trains: bool = True
    objects: Callable[[Any], dict[str, Any]] | None = None
    tolerance: float = 1e-5
    lost: str = ""

    def ready(self, k: Any) -> Any:
        """A model with drawn weights and drawn state of the optimizer."""
        model = self.compiled_model(k)
        draw(model.weights)
        optimizer = model.optimizer
        optimizer.build(model.trainable_variables)
        draw([v for v in optimizer.variables if len(v.shape) or "int" in str(v.dtype)], least=0.0)
        return model

    def compiled_model(self, k: Any) -> Any:
        """A new model, compiled."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = self.make(k)
            if self.inputs is not None:
                model(self.data(model))
            if not self.compiled:
                one = self.inputs is not None or not isinstance(getattr(model, "output", None), (list, tuple, dict))
                metrics = ["mae"] if one else None
                model.compile(k.optimizers.SGD(0.01, momentum=0.9), loss="mse", metrics=metrics)
        return model

    def scope(self, k: Any) -> dict[str, Any]:
        """The classes and functions to load with."""
        return {} if self.objects is None else self.objects(k)

    def data(self, model: Any) -> Any:
        """Inputs."""
        random = np.random.default_rng(1)
        if self.inputs is not None:
            return mapped(lambda shape: numbers(random, shape, "float32"), self.inputs)
        symbols = model.input if hasattr(model, "input") else model.inputs[0]  # Keras's Sequential has no `input`
        return mapped(lambda symbol: numbers(random, symbol.shape[1:], symbol.dtype), symbols)

    def step(self, model: Any) -> dict[str, Any]:
        """What one more step of training makes of a model, and its logs."""
        x = self.data(model)
        random = np.random.default_rng(2)
        predicted = predictions(model, x)
        uniform = mapped(lambda y: random.uniform(size=y.shape).astype("float32"), predicted)
        y = uniform if self.targets is None else self.targets(random, predicted)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            logs = model.train_on_batch(x, y, return_dict=True)
        return {
            "logs": {name: np.asarray(plain(value), "float32") for name, value in logs.items()},
            "weights": values(model.weights),
            "optimizer": values(model.optimizer.variables),
        }


def mapped(function: Callable[[Any], Any], value: Any) -> Any:
    """A nest of lists and dicts with each leaf replaced; tuples of numbers are leaves."""
    if isinstance(value, dict):
        return {key: mapped(function, value[key]) for key in sorted(value)}
    if isinstance(value, list) or (isinstance(value, tuple) and not all(isinstance(part, int) for part in value)):
        return [mapped(function, part) for part in value]
    return function(value)


def numbers(random: Any, shape: Any, dtype: str) -> np.ndarray:
    """A batch for one input."""
    shape = (BATCH, *(LENGTH if size is None else size for size in shape))
    if dtype == "string":
        return random.choice(["red", "green", "blue", "pink"], size=shape)
    if "float" not in dtype:
        return random.integers(0, TOKENS, size=shape).astype("int32" if dtype == "bool" else dtype)
    return random.normal(size=shape).astype("float32")


def draw(variables: list[Any], least: float = -1.0) -> None:
    """Give variables numbers that depend on their places and shapes only; matrices have no less than `least`."""
    for place, variable in enumerate(variables):
        shape = tuple(variable.shape)
        random = np.random.default_rng([place, *shape])
        if "float" not in str(variable.dtype):
            variable.assign(np.full(shape, 3))
        elif len(shape) > 1:
            variable.assign((random.uniform(least, 1, size=shape) / np.prod(shape[:-1]) ** 0.5).astype("float32"))
        else:
            variable.assign(random.uniform(0.1, 0.6, size=shape).astype("float32"))


def values(variables: Any) -> list[np.ndarray]:
    """The numbers of variables; those of 16 bits as float32."""
    return [plain(getattr(variable, "value", variable)) for variable in variables]


def digest(arrays: Any) -> str:
    """A word for the numbers in arrays, bit by bit."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype.name}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:16]


def predictions(model: Any, x: Any) -> Any:
    """Outputs without training, as arrays in their structure."""
    return plain(model(x, training=False))


SPELLED = {"GroupedQueryAttention": "GroupQueryAttention"}  # Keras's own name of the class


def facts(model: Any) -> dict[str, Any]:
    """Names and kinds of layers, and of all variables."""
    optimizer = model.optimizer
    return {
        "layers": [[layer.name, SPELLED.get(type(layer).__name__, type(layer).__name__)] for layer in model.layers],
        "weights": [described(variable) for variable in model.weights],
        "optimizer": [described(variable)[:3] for variable in optimizer.variables],  # nobody asks whether they train
        "kind": type(optimizer).__name__,
        "values": digest(values(model.weights)),
        "state": digest(values(optimizer.variables)),
    }


def tails(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts of a model from a file: what comes first in a path depends on when a layer inside another was built."""
    weights = [["/".join(path.split("/")[-2:]), *rest] for path, *rest in facts["weights"]]
    return facts | {"weights": weights, "optimizer": [rest for _, *rest in facts["optimizer"]]}


def described(variable: Any) -> list[Any]:
    """Path, shape, dtype and trainability."""
    dtype = str(variable.dtype).removeprefix("torch.")
    return [variable.path, list(variable.shape), dtype, bool(variable.trainable)]


def content(path: Path) -> np.ndarray:
    """A file, byte by byte."""
    return np.frombuffer(path.read_bytes(), np.uint8)


def weights_in(path: Path, target: Path) -> Path:
    """The weights of a `.keras` file as a file of their own."""
    with zipfile.ZipFile(path) as archive:
        target.write_bytes(archive.read("model.weights.h5"))
    return target


def layout(path: Path) -> dict[str, Any]:
    """Arrays of a weights file by place, with shape and dtype, and the names of groups; of a `.keras` file too."""
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            source: Any = io.BytesIO(archive.read("model.weights.h5"))
    else:
        source = path
    found: dict[str, Any] = {}

    def note(name: str, item: Any) -> None:
        if SEEDS in name:
            return
        if hasattr(item, "shape"):
            title = str(item.parent.attrs.get("name", ""))
            found[name] = [list(item.shape), str(item.dtype), str(item.attrs.get("dtype", "")), title]

    with h5py.File(source, "r") as file:
        file.visititems(note)
    return found


def word(path: Path) -> str:
    """A word for what a file of ours says besides its numbers."""
    config = json.dumps(config_in(path), sort_keys=True)
    return hashlib.sha256((config + json.dumps(layout(path), sort_keys=True)).encode()).hexdigest()[:16]


def farthest(one: Any, other: Any) -> float:
    """The largest distance between numbers of two nests; without end where one is no number."""
    if isinstance(one, dict):
        return max([farthest(one[key], other[key]) for key in one], default=0.0)
    if isinstance(one, list):
        return max([farthest(*pair) for pair in zip(one, other, strict=True)], default=0.0)
    both = np.asarray(one, "float64"), np.asarray(other, "float64")
    return float(np.nan_to_num(np.abs(both[0] - both[1]), nan=np.inf).max(initial=0.0))


def told_apart(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """A step of ours, with the logs that Keras has too: of several of one name it has only one."""
    doubled = {name.removesuffix("_1") for name in ours["logs"] if name.endswith("_1") and name not in theirs["logs"]}
    return ours | {
        "logs": {name: theirs["logs"][name] if name in doubled else ours["logs"][name] for name in theirs["logs"]}
    }


def quietly(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with Keras's warnings unheard."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(*args, **kwargs)

    return call


@quietly
def written_by(keras: Any, case: Exchanged, folder: Path) -> dict[str, Any]:
    """What Keras writes for a case, and what its model is, predicts and learns."""
    keras.utils.clear_session()
    model, path = case.ready(keras), folder / "theirs.keras"
    model.save(path)
    model.save_weights(folder / "theirs.weights.h5")
    found = {
        "file": content(path),
        "facts": facts(model),
        "json": list(differences(config_of(model), config_in(path))),
        "layout": layout(folder / "theirs.weights.h5") == layout(path),
        "outputs": predictions(model, case.data(model)),
    }
    if not case.lost:
        found["again"] = tails(facts(keras.saving.load_model(path, custom_objects=case.scope(keras))))
    return found | {"stepped": case.step(model) if case.trains else None}


@quietly
def read_by(keras: Any, case: Exchanged, files: tuple[Path, Path]) -> dict[str, Any]:
    """What Keras makes of our file, and of our weights; set against its own model of the case."""
    keras.utils.clear_session()
    own, path = case.ready(keras), files[0].with_name("own.keras")
    own.save(path)
    empty = case.compiled_model(keras)
    empty.load_weights(files[1])
    weights = digest(values(empty.weights))
    try:
        model = keras.saving.load_model(files[0], custom_objects=case.scope(keras))
    except ValueError as error:
        if case.lost:
            return {"given": word(files[0]), "loaded": weights, "refused": str(error)}
        raise
    if not case.lost:  # Keras does not read all that it writes: a Sequential that is frozen, for one
        own = keras.saving.load_model(path, custom_objects=case.scope(keras))
    found = {
        "given": word(files[0]),
        "facts": tails(facts(model)),
        "config": list(differences(config_of(model), config_of(own)))[:5],
        "outputs": predictions(model, case.data(model)),
    }
    if case.trains:
        found["step"] = farthest(case.step(model), case.step(own))
    return found | {"loaded": weights}
