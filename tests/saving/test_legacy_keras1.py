"""Files as Keras 1 wrote them: other names of arguments, a merging layer, an order of gates and axes of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import layers
from kerasviz.declare import Invalid
from kerasviz.saving import load_model

Arrays = dict[str, list[np.ndarray]]


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).uniform(-0.5, 0.5, shape).astype("f4")


def written(path: Path, config: Any, arrays: Arrays, backend: str = "tensorflow", training: Any = None) -> Path:
    """A file of Keras 1.2."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = np.bytes_("1.2.2")
        file.attrs["model_config"] = np.bytes_(json.dumps(config))
        if training is not None:
            file.attrs["training_config"] = np.bytes_(json.dumps(training))
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in arrays]
        group.attrs["keras_version"], group.attrs["backend"] = np.bytes_("1.2.2"), np.bytes_(backend)
        for name, parts in arrays.items():
            inner = group.create_group(name)
            inner.attrs["weight_names"] = [f"{name}_{index}:0".encode() for index in range(len(parts))]
            for index, part in enumerate(parts):
                inner[f"{name}_{index}:0"] = part
    return path


def entry(name: str, class_name: str, *inputs: str, **config: Any) -> dict[str, Any]:
    """A layer of a graph."""
    calls = [[[other, 0, 0] for other in inputs]] if inputs else []
    return {"class_name": class_name, "name": name, "config": {"name": name, **config}, "inbound_nodes": calls}


def graph(*entries: dict[str, Any]) -> dict[str, Any]:
    """A model with one input and one output."""
    inputs = [one["name"] for one in entries if one["class_name"] == "InputLayer"]
    config = {"name": "model_1", "layers": list(entries), "input_layers": [[name, 0, 0] for name in inputs]}
    return {"class_name": "Model", "config": {**config, "output_layers": [[entries[-1]["name"], 0, 0]]}}


def stack(*entries: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """A stack of layers, whose config was a list."""
    return {"class_name": "Sequential", "config": [{"class_name": name, "config": config} for name, config in entries]}


def source(name: str, *shape: int) -> dict[str, Any]:
    """An input."""
    return entry(name, "InputLayer", batch_input_shape=[None, *shape], input_dtype="float32", sparse=False)


def assert_predicts(ours: Any, expected: Any, *inputs: np.ndarray) -> None:
    """The same outputs."""
    given = [torch.as_tensor(part) for part in inputs]
    given = given if len(given) > 1 else given[0]
    torch.testing.assert_close(ours(given), expected(given), rtol=1e-5, atol=1e-6)


def test_a_stack_of_keras_1_is_read(tmp_path: Path) -> None:
    kernel, bias = numbers(3, 2), numbers(2)
    penalty = {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.5}
    dense = {"name": "dense_1", "output_dim": 2, "init": "uniform", "activation": "relu", "input_dim": 3, "bias": True}
    dense |= {"W_regularizer": penalty, "b_regularizer": None, "W_constraint": {"name": "MaxNorm", "m": 2, "axis": 0}}
    dense |= {"batch_input_shape": [None, 3], "input_dtype": "float32", "activity_regularizer": None, "trainable": True}
    config = stack(("Dense", dense), ("Dropout", {"name": "dropout_1", "p": 0.25, "trainable": True}))
    training = {"optimizer_config": {"name": "RMSprop", "lr": 0.01, "rho": 0.9}, "loss": "mse", "metrics": []}
    training |= {"sample_weight_mode": None, "loss_weights": None}
    model = load_model(written(tmp_path / "model.h5", config, {"dense_1": [kernel, bias]}, training=training))
    assert model.layers[0].kernel_regularizer.l2 == 0.5
    assert model.layers[0].kernel_constraint.max_value == 2
    assert model.layers[1].rate == 0.25
    assert (type(model.optimizer).__name__, float(model.optimizer.learning_rate)) == ("RMSprop", pytest.approx(0.01))
    expected = kerasviz.Sequential([kerasviz.Input((3,)), layers.Dense(2, "relu")])
    expected.set_weights([kernel, bias])
    assert_predicts(model, expected, numbers(4, 3))


@pytest.mark.parametrize(
    ("mode", "merge"),
    [
        ("sum", layers.Add()),
        ("mul", layers.Multiply()),
        ("ave", layers.Average()),
        ("max", layers.Maximum()),
        ("concat", layers.Concatenate()),
        ("dot", layers.Dot(1)),
        ("cos", layers.Dot(1, normalize=True)),
    ],
    ids=["sum", "mul", "ave", "max", "concat", "dot", "cos"],
)
def test_merging_layers_are_those_of_today(mode: str, merge: Any, tmp_path: Path) -> None:
    more = {"concat_axis": -1, "dot_axes": 1, "output_shape": None, "mode_type": "raw", "arguments": {}}
    merged = entry("merge_1", "Merge", "a", "b", mode=mode, output_mask=None, output_mask_type="raw", **more)
    model = load_model(written(tmp_path / "model.h5", graph(source("a", 3), source("b", 3), merged), {}))
    assert_predicts(model, merge, numbers(4, 3), numbers(4, 3) + 1)


def test_a_merge_by_a_function_is_refused(tmp_path: Path) -> None:
    for mode in (["4wEAAAA=", None, None], "func", "sum"):
        merged = entry("merge_1", "Merge", "a", "b", mode=mode, mode_type="lambda")
        with pytest.raises(Invalid, match="Merge"):
            load_model(written(tmp_path / "model.h5", graph(source("a", 3), source("b", 3), merged), {}))


@pytest.mark.parametrize(("kind", "order"), [("LSTM", "icfo"), ("GRU", "zrh")])
def test_gates_that_had_arrays_of_their_own_are_put_together(kind: str, order: str, tmp_path: Path) -> None:
    arrays = [
        part for index in range(len(order)) for part in (numbers(3, 2) + index, numbers(2, 2), numbers(2) - index)
    ]
    cell = {"output_dim": 2, "init": "glorot_uniform", "inner_init": "orthogonal", "activation": "tanh"}
    cell |= {"inner_activation": "sigmoid", "return_sequences": True, "go_backwards": False, "stateful": False}
    cell |= {"unroll": False, "consume_less": "cpu", "dropout_W": 0.0, "dropout_U": 0.0, "input_dim": 3}
    cell |= {"W_regularizer": None, "U_regularizer": None, "b_regularizer": None, "input_length": None}
    cell |= {"forget_bias_init": "one"} if kind == "LSTM" else {}
    config = graph(source("a", 4, 3), entry("rnn", kind, "a", **cell))
    model = load_model(written(tmp_path / "model.h5", config, {"rnn": arrays}))
    made = dict(zip(order, [arrays[3 * index : 3 * index + 3] for index in range(len(order))], strict=True))
    now = [
        np.concatenate([made[gate][part] for gate in ("ifco" if kind == "LSTM" else "zrh")], -1) for part in range(3)
    ]
    layer = (
        layers.LSTM(2, return_sequences=True)
        if kind == "LSTM"
        else layers.GRU(2, return_sequences=True, reset_after=False)
    )
    expected = kerasviz.Sequential([kerasviz.Input((4, 3)), layer])
    expected.set_weights(now)
    assert_predicts(model, expected, numbers(5, 4, 3))


@pytest.mark.parametrize("backend", ["tensorflow", "theano"])
@pytest.mark.parametrize("ordering", ["tf", "th"])
def test_kernels_of_images_are_turned(ordering: str, backend: str, tmp_path: Path) -> None:
    kernel, bias = numbers(3, 2, 4, 5), numbers(5)
    shape = [None, 6, 6, 4] if ordering == "tf" else [None, 4, 6, 6]
    conv = {"name": "conv", "nb_filter": 5, "nb_row": 3, "nb_col": 2, "init": "he_normal", "border_mode": "valid"}
    conv |= {"subsample": [1, 1], "dim_ordering": ordering, "bias": True, "batch_input_shape": shape}
    pool = {"name": "pool", "pool_size": [2, 2], "strides": [2, 2], "border_mode": "valid", "dim_ordering": ordering}
    config = stack(("Convolution2D", conv), ("MaxPooling2D", pool), ("Flatten", {"name": "flat"}))
    kept = kernel if ordering == "tf" else np.transpose(kernel, (3, 2, 0, 1))
    if backend == "theano":
        kept = np.flip(kept, (0, 1) if ordering == "tf" else (2, 3))
    path = written(tmp_path / "model.h5", config, {"conv": [kept, bias]}, backend)
    if ordering == "th":  # torch's CPU kernels take them, too
        model = load_model(path)
        np.testing.assert_array_equal(model.layers[0].kernel.detach().numpy(), kernel)
        assert model.layers[0].data_format == model.layers[1].data_format == "channels_first"
        return
    expected = kerasviz.Sequential([kerasviz.Input((6, 6, 4)), layers.Conv2D(5, (3, 2)), layers.MaxPooling2D(2)])
    expected.add(layers.Flatten())
    expected.set_weights([kernel, bias])
    assert_predicts(load_model(path), expected, numbers(2, 6, 6, 4))


def test_kernels_of_series_lose_their_empty_axis(tmp_path: Path) -> None:
    kernel, bias = numbers(3, 4, 5), numbers(5)
    conv = {"nb_filter": 5, "filter_length": 3, "border_mode": "same", "subsample_length": 1, "bias": True}
    config = graph(source("a", 7, 4), entry("conv", "Convolution1D", "a", init="uniform", input_dim=4, **conv))
    model = load_model(written(tmp_path / "model.h5", config, {"conv": [kernel[:, None], bias]}))
    expected = kerasviz.Sequential([kerasviz.Input((7, 4)), layers.Conv1D(5, 3, padding="same")])
    expected.set_weights([kernel, bias])
    assert_predicts(model, expected, numbers(2, 7, 4))


@pytest.mark.parametrize("shape", [(1,), (3, 3), (2, 2, 2), (1, 1, 1, 1, 1)], ids=str)
def test_arrays_that_cannot_be_turned_are_refused(shape: tuple[int, ...], tmp_path: Path) -> None:
    cells = entry("rnn", "LSTM", "a", output_dim=2, inner_activation="sigmoid")
    arrays = [numbers(3, 2), numbers(*shape), numbers(2)] * 4
    with pytest.raises(Invalid):
        load_model(written(tmp_path / "model.h5", graph(source("a", 4, 3), cells), {"rnn": arrays}))
    turned = {"nb_filter": 5, "nb_row": 3, "nb_col": 2, "dim_ordering": "th", "output_shape": [None, 5, 8, 7]}
    conv = entry("conv", "Deconvolution2D", "a", **turned)
    with pytest.raises(Invalid):
        load_model(written(tmp_path / "model.h5", graph(source("a", 4, 6, 6), conv), {"conv": [numbers(*shape)]}))
