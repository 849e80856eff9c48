"""Mistakes in data that are better found before training than in the middle of it."""

import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.ops.crossentropies import check_label_range
from kerasviz.tensors import leaves
from kerasviz.training.arrays import Arrays
from kerasviz.training.data import Source, unpack
from kerasviz.training.losses import CompiledLoss


def refuse_unknown(options: Mapping[str, Any], where: str) -> None:
    """No method has arguments that do nothing.

    Raises:
        Invalid: naming the first.
    """
    if options:
        name = next(iter(options))
        raise Invalid(f"{where}({name}=...)", "an argument that there is", name)


def check_inputs(model: Any, x: Any, where: str) -> None:
    """Compare number, names and shapes of x with the model's inputs, where it has declared them.

    Raises:
        Invalid: naming the input, its shape, and what came.
    """
    inputs = getattr(model, "inputs", None) if getattr(model, "built", True) else None
    if not isinstance(inputs, (list, tuple)) or not inputs:
        return
    names = [getattr(symbol, "name", f"input_{index}") for index, symbol in enumerate(inputs)]
    if isinstance(x, Mapping) and not is_nest_of_inputs(x, model):
        check_input_names(x, model, names, where)
        return
    given = list(leaves(x))
    if len(given) != len(inputs):
        shapes = [(None, *array.shape[1:]) for array in given]
        raise Invalid(where, f"an array for each input: {', '.join(map(str, names))}", shapes)
    for symbol, name, array in zip(inputs, names, given, strict=True):
        wanted, got = tuple(symbol.shape), tuple(array.shape)
        if not fits(got, wanted):
            hint = "The first size is the number of samples." if len(got) == len(wanted) - 1 else ""
            raise Invalid(f'{where}, input "{name}"', f"shape {wanted}", (None, *got[1:]), hint)


def is_nest_of_inputs(x: Mapping[str, Any], model: Any) -> bool:
    """Whether lists or dicts stand in the dict, as in that of the model's inputs."""
    declared = getattr(getattr(model, "graph", None), "inputs", None)
    if not isinstance(declared, Mapping) or set(declared) != set(x):
        return False
    return any(isinstance(part, (list, tuple, Mapping)) for part in declared.values())


def check_ids(model: Any, x: Any) -> None:
    """Look at the whole numbers of inputs that go straight into an Embedding: a GPU could not tell what is wrong.

    Raises:
        Invalid: naming the layer, its limit, and the number.
    """
    from kerasviz.layers import Embedding

    if not getattr(model, "built", False) or not isinstance(getattr(model, "nodes", None), (list, tuple)):
        return
    names = [symbol.name for symbol in model.inputs]
    arrays = [x.get(name) for name in names] if isinstance(x, Mapping) else list(leaves(x))
    for symbol, name, array in zip(model.inputs, names, arrays, strict=False):
        readers = [node.operation for node in model.nodes if node.args and node.args[0] is symbol]
        for layer in readers:
            if isinstance(layer, Embedding) and array is not None and array.device.type != "meta":
                layer.check_numbers(array, f'input "{name}" of Embedding "{layer.name}"')


def check_input_names(x: Mapping[str, Any], model: Any, names: list[str], where: str) -> None:
    """Every declared input must be in the dict."""
    known = {*names, *(getattr(model, "input_names", None) or ())}
    missing = [name for name in names if name not in x]
    if missing and not (known & set(x)) and len(x) == len(names):
        return  # named otherwise: the model says what it makes of it
    if missing:
        close = did_you_mean(missing[0], x)
        raise Invalid(where, f"an array for every input: {', '.join(names)}", f"none for {missing[0]}", close)


def fits(got: tuple, wanted: tuple) -> bool:
    """Whether an array's shape does for an input; a last axis of size 1 may be left out or added."""
    if len(got) == len(wanted) - 1 and wanted[-1] == 1:
        got = (*got, 1)
    elif len(got) == len(wanted) + 1 and got[-1] == 1:
        got = got[:-1]
    same_rank = len(got) == len(wanted)
    return same_rank and all(w is None or w == g for w, g in zip(wanted[1:], got[1:], strict=True))


def check_targets(loss: CompiledLoss, source: Source, batch: tuple, y_pred: Any) -> None:
    """Compare the targets with what the losses make of the outputs: shapes, and labels with the number of classes.

    Of arrays all labels are looked at, once; of a stream those of its first batch.

    Raises:
        Invalid: naming the output, what its loss takes, and what came.
    """
    all_y = unpack(source.columns)[1] if isinstance(source, Arrays) else unpack(batch)[1]
    if all_y is None:
        if any(one is not None for one in loss.losses):
            raise Invalid("y", "targets, since the model was compiled with a loss", None)
        return
    outputs = loss.outputs
    weights = outputs.weights(unpack(batch)[2])
    predictions = outputs.predictions(y_pred)
    for name, one, target, prediction, weight in zip(
        outputs.names, loss.losses, outputs.targets(all_y), predictions, weights, strict=True
    ):
        if one is None or target is None:
            continue
        if weight is not None:
            check_weight(one, weight, prediction)
        check_target("y" if len(outputs) == 1 else f'y of output "{name}"', one, target, prediction)


def check_target(where: str, loss: Any, y: Tensor, y_pred: Tensor) -> None:
    """Compare the targets of one output with what its loss takes. Losses of the user's are left alone."""
    kinds = {cls.__name__ for cls in type(loss).__mro__}
    if kinds & {"SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy"}:
        check_labels(where, y, y_pred.movedim(getattr(loss, "axis", -1), -1), getattr(loss, "ignore_class", None))
    elif kinds & {"CategoricalCrossentropy", "CategoricalFocalCrossentropy"}:
        check_one_hot(where, y, y_pred)
    elif "Circle" in kinds:
        if tuple(y.shape[1:]) not in ((), (1,)):
            raise Invalid(where, "a class number for each sample: shape (None,)", (None, *y.shape[1:]))
    elif "CTC" not in kinds and type(loss).__module__.startswith("kerasviz.losses"):
        check_same_shape(where, y, y_pred)
        if kinds & {"BinaryCrossentropy", "BinaryFocalCrossentropy"} and not y.is_floating_point():
            check_yes_or_no(where, y)
    elif getattr(loss, "over_classes", False) and y.ndim < y_pred.ndim:  # one of torch's
        check_labels(where, y, y_pred.movedim(1, -1), getattr(loss.given, "ignore_index", None))


def check_weight(loss: Any, weight: Tensor, y_pred: Tensor) -> None:
    """A weight for each sample, or for each value of the loss."""
    if not type(loss).__module__.startswith(("kerasviz.losses.crossentropy", "kerasviz.losses.regression")):
        return
    if getattr(loss, "axis", -1) != -1:
        return
    wanted, got = tuple(y_pred.shape[1:-1]), tuple(weight.shape[1:])
    while len(got) > len(wanted) and got[-1] == 1:
        got = got[:-1]
    if len(got) > len(wanted) or any(g not in (1, w) for g, w in zip(got, wanted, strict=False)):
        expected = "a weight for each sample: shape (None,)"
        if wanted:
            expected += f", or for each value of the loss: {(None, *wanted)}"
        raise Invalid("sample_weight", expected, (None, *weight.shape[1:]))


def check_yes_or_no(where: str, y: Tensor) -> None:
    """Whole numbers for a loss over yes and no: 0 and 1."""
    if y.device.type == "meta" or y.dtype == torch.bool:
        return
    lowest, highest = (value.item() for value in torch.aminmax(y))
    if lowest < 0 or highest > 1:
        hint = "Map the labels to 0 and 1." if lowest < 0 or highest == 2 else ""
        hint = hint or 'For more than two classes use loss="sparse_categorical_crossentropy".'
        raise Invalid(where, "labels 0 and 1", lowest if lowest < 0 else highest, hint)


def check_labels(where: str, y: Tensor, y_pred: Tensor, ignored: int | None = None) -> None:
    """Labels for a loss over classes: whole, at least 0, below the number of outputs."""
    classes = y_pred.shape[-1]
    wanted = tuple(y_pred.shape[1:-1])
    if y.ndim == y_pred.ndim and y.shape[-1] == classes and classes > 1:
        hint = 'The targets look one-hot: use loss="categorical_crossentropy", or y.argmax(-1).'
        raise Invalid(where, f"labels of shape {(None, *wanted)}", (None, *y.shape[1:]), hint)
    if tuple(y.shape[1:]) not in (wanted, (*wanted, 1)):
        raise Invalid(where, f"labels of shape {(None, *wanted)}", (None, *y.shape[1:]))
    if y.device.type == "meta":
        return
    check_label_range(where, y if ignored is None else y[y != ignored], classes)


def check_one_hot(where: str, y: Tensor, y_pred: Tensor) -> None:
    """A row of class probabilities for each prediction."""
    if tuple(y.shape[1:]) != tuple(y_pred.shape[1:]):
        labels = y.ndim < y_pred.ndim or y.shape[-1] == 1
        hint = 'The targets look like labels: use loss="sparse_categorical_crossentropy".' if labels else ""
        raise Invalid(where, f"one-hot rows of shape {(None, *y_pred.shape[1:])}", (None, *y.shape[1:]), hint)


def check_same_shape(where: str, y: Tensor, y_pred: Tensor) -> None:
    """A target for each number of the output; a last axis of size 1 may be left out."""
    wanted, got = tuple(y_pred.shape[1:]), tuple(y.shape[1:])
    if len(got) == len(wanted) - 1 and wanted[-1] == 1:
        got = (*got, 1)
    if len(got) == len(wanted) + 1 and got[-1] == 1:
        got = got[:-1]
    rank_fits = len(got) == len(wanted)
    if not rank_fits or any(g != w and 1 not in (g, w) for g, w in zip(got, wanted, strict=True)):
        hint = ""
        if len(wanted) == 1 and wanted[0] > 1 and not y.is_floating_point():
            hint = 'The targets look like labels: use loss="sparse_categorical_crossentropy".'
        raise Invalid(where, f"shape {(None, *y_pred.shape[1:])}, as the output", (None, *y.shape[1:]), hint)
    if got != wanted:
        told = f"{where} has shape {(None, *y.shape[1:])}, the output {(None, *y_pred.shape[1:])}"
        warnings.warn(f"{told}: each value of the smaller is compared with several of the other.", stacklevel=2)
