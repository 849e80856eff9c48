"""Functional models with operations: Keras reads what we write, and we read what Keras writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch

import kerasviz
from kerasviz.tensors import reset_names

from .comparing import assert_close
from .op_cases import drawn
from .saving_op_cases import ALL_CASES, CASES, IMAGE, WITHOUT_BATCH

REFUSED = "refused"
OF_ONES_OWN = {"sparsemax", "argpartition"}  # the oracle is wrong, or the order is anybody's


def inputs_of(name: str) -> list[torch.Tensor]:
    """Numbers for the inputs of a case: a batch of 3 unless it says otherwise."""
    return [drawn(dtype, shape, low, high, seed=n) for n, (shape, dtype, low, high) in enumerate(ALL_CASES[name][1])]


def model_of(engine: Any, name: str) -> Any:
    unknown = name not in WITHOUT_BATCH
    symbols = [
        engine.Input(
            batch_shape=(None if unknown else len(x), *x.shape[1:]),
            dtype=str(x.dtype).removeprefix("torch."),
            name=f"input_{n}",
        )
        for n, x in enumerate(inputs_of(name))
    ]
    outputs = ALL_CASES[name][0](engine.ops, *symbols)
    return engine.Model(symbols, outputs, name="operations")


def answer_of(engine: Any, text: str, name: str) -> Any:
    """What a model that is read from JSON gives."""
    model = engine.saving.deserialize_keras_object(json.loads(text))
    outputs = model(inputs_of(name))
    return list(outputs) if isinstance(outputs, (list, tuple)) else outputs


def carefully(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return f"{REFUSED}: {type(error).__name__} {str(error)[:200]}"


def written_by(keras: Any, name: str) -> Any:
    """The oracle's file of a case, and what it gives once it has read it."""
    written = model_of(keras, name).to_json()
    return {"written": written, "answer": carefully(lambda: answer_of(keras, written, name))}


@pytest.mark.filterwarnings("ignore:ComplexHalf support:UserWarning")
@pytest.mark.parametrize("name", CASES)
def test_models_with_operations_go_both_ways(reference: Any, name: str) -> None:
    reset_names()
    ours = model_of(kerasviz, name)
    text = ours.to_json()
    own = answer_of(kerasviz, text, name)

    def reading_ours(keras: Any) -> Any:
        return {"given": text, "answer": carefully(lambda: answer_of(keras, text, name))}

    written, read = reference(lambda keras: written_by(keras, name)), reference(reading_ours)
    assert_close(answer_of(kerasviz, written["written"], name), own, 0)
    assert_same_functions(text, written["written"])
    if isinstance(written["answer"], str):
        return  # Keras cannot read back what it wrote itself
    assert json.loads(read["given"]) == json.loads(text), "what we write has changed: record again"
    assert_close(read["answer"], written["answer"], 0)
    if name not in OF_ONES_OWN:
        assert_close(own, written["answer"], 3e-5)


@pytest.mark.parametrize("name", IMAGE)
def test_models_with_image_operations_are_written_as_keras_does(reference: Any, name: str) -> None:
    written = reference(lambda keras: written_by(keras, name))
    if not hasattr(kerasviz.ops, "image"):
        pytest.skip("ops.image is not there yet")
    reset_names()
    text = model_of(kerasviz, name).to_json()
    assert_same_functions(text, written["written"])
    for one in (text, written["written"]):
        assert_close(answer_of(kerasviz, one, name), written["answer"], 3e-5)


def assert_same_functions(ours: str, theirs: str) -> None:
    """The same classes, with no setting that the oracle does not write."""
    for one, other in zip(functions_in(ours), functions_in(theirs), strict=True):
        assert one[:3] == other[:3]
        assert set(one[3]) - {"name"} <= set(other[3])  # Keras forgets to write the name of some, and reads it


def functions_in(text: str) -> list[Any]:
    """Classes and modules of a file's functions, with the names of their settings."""
    layers = json.loads(text)["config"]["layers"]
    functions = [layer for layer in layers if layer["module"].startswith("keras.src.ops")]
    return sorted([f["module"], f["class_name"], f["registered_name"], sorted(f["config"])] for f in functions)


def looping_model(engine: Any, name: str) -> Any:
    """A model with an operation that calls registered functions."""
    register = engine.saving.register_keras_serializable

    @register(package="loops", name="double")
    def double(x: Any) -> Any:
        return x * 2

    @register(package="loops", name="walk")
    def walk(carry: Any, x: Any) -> Any:
        return carry + x, carry

    @register(package="loops", name="plus")
    def plus(a: Any, b: Any) -> Any:
        return a + b

    ops, x = engine.ops, engine.Input((3,), name="x")
    made = {
        "map": lambda: ops.map(double, x),
        "vectorized_map": lambda: ops.vectorized_map(double, x),
        "associative_scan": lambda: ops.associative_scan(plus, x, reverse=True),
        "scan": lambda: ops.scan(walk, ops.sum(x, axis=0), x),
        "switch": lambda: ops.switch(1, [double, double], x),
    }
    return engine.Model(x, made[name](), name="loops")


@pytest.mark.parametrize("name", ["map", "vectorized_map", "associative_scan", "scan", "switch"])
def test_registered_functions_in_operations_go_both_ways(reference: Any, name: str) -> None:
    x = drawn("float32", (4, 3))
    reset_names()
    text = looping_model(kerasviz, name).to_json()

    def read(engine: Any, text: str) -> Any:
        outputs = engine.saving.deserialize_keras_object(json.loads(text))(x)
        return list(outputs) if isinstance(outputs, (list, tuple)) else outputs

    written = reference(lambda keras: looping_model(keras, name).to_json())
    theirs = reference(lambda keras: {"given": text, "answer": (looping_model(keras, name), read(keras, text))[1]})
    assert_close(read(kerasviz, written), read(kerasviz, text), 0)
    assert json.loads(theirs["given"]) == json.loads(text), "what we write has changed: record again"
    assert_close(read(kerasviz, text), theirs["answer"])
