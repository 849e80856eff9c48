"""What is inside a live model: weights in numbers, activations on samples, mistakes of a classifier."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Invalid

BINS = 40
MOST_NUMBERS = 500_000  # of one tensor that are handed out


def numbers(values: Any) -> np.ndarray:
    """A tensor or array as float32 numbers."""
    if isinstance(values, Tensor):
        return values.detach().float().cpu().numpy()
    return np.asarray(values, dtype="float32")


def histogram(values: np.ndarray, bins: int = BINS) -> dict[str, list]:
    """Counts between edges; numbers that are not finite are left out."""
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return {"edges": [], "counts": []}
    counts, edges = np.histogram(finite, bins=bins)
    return {"edges": [float(edge) for edge in edges], "counts": [int(count) for count in counts]}


def statistics(values: np.ndarray, bins: int = BINS) -> dict[str, Any]:
    """Mean, spread, ends, share of zeros, and a histogram."""
    flat = values.reshape(-1)
    finite = flat[np.isfinite(flat)]
    known = finite.size > 0
    return {
        "mean": float(finite.mean(dtype="float64")) if known else None,
        "std": float(finite.std(dtype="float64")) if known else None,
        "min": float(finite.min()) if known else None,
        "max": float(finite.max()) if known else None,
        "norm": float(np.sqrt((finite.astype("float64") ** 2).sum())) if known else None,
        "zeros": float((flat == 0).mean()) if flat.size else 0.0,
        "not_finite": int(flat.size - finite.size),
        "histogram": histogram(flat, bins),
    }


def weights(layer: Any, bins: int = BINS) -> list[dict[str, Any]]:
    """Each weight of a layer, or of a model, in numbers."""
    return [
        {
            "name": weight.name,
            "path": getattr(weight, "path", weight.name),
            "shape": [int(n) for n in weight.shape],
            "trainable": bool(weight.trainable),
            **statistics(numbers(weight), bins),
        }
        for weight in getattr(layer, "weights", [])
    ]


def outputs_of(model: Any, name: str, index: int = 0) -> Any:
    """The symbol that a call makes in a model: `dense`, or `dense#2` for the second call of a shared layer."""
    base, _, number = name.partition("#")
    nodes = [node for node in model.nodes if node.operation.name == base]
    place = int(number) - 1 if number.isdigit() else 0
    if place >= len(nodes):
        known = list(dict.fromkeys(node.operation.name for node in model.nodes))
        from kerasviz.declare import did_you_mean

        raise Invalid(f'layer of "{model.name}"', "the name of one of its layers", name, did_you_mean(base, known))
    tensors = nodes[place].output_tensors
    return tensors[min(index, len(tensors) - 1)]


def part_of(model: Any, name: str, index: int = 0) -> Any:
    """The model up to a call; made once for each call."""
    from kerasviz.models import Functional

    graph_owner = getattr(model, "functional", model)
    parts = model.__dict__.setdefault("_parts", {})
    if (name, index) not in parts:
        parts[name, index] = Functional(graph_owner.inputs, outputs_of(graph_owner, name, index), name="part")
    return parts[name, index]


def output(model: Any, name: str, x: Any, index: int = 0) -> np.ndarray:
    """What a call makes of samples, in inference.

    Args:
        model: a Functional or Sequential model.
        name: of the call.
        x: samples, with the batch axis; a list for several inputs.
        index: of the output, where the call has several.
    """
    part = part_of(model, name, index)
    with torch.no_grad():
        return numbers(part(prepared(part, x), training=False))


def prepared(model: Any, x: Any) -> Any:
    """Samples as tensors on the model's device; a missing last axis of 1 is added."""
    device = next((weight.device for weight in model.weights), torch.device("cpu"))
    given = list(x) if isinstance(x, (list, tuple)) else [x]
    made = []
    for symbol, array in zip(model.inputs, given, strict=True):
        tensor = torch.as_tensor(array).to(device)
        made.append(tensor.unsqueeze(-1) if tensor.ndim == len(symbol.shape) - 1 else tensor)
    return made if isinstance(x, (list, tuple)) and len(made) > 1 else made[0]


def activations(model: Any, name: str, x: Any, index: int = 0) -> tuple[dict[str, Any], list[bytes]]:
    """What a call makes of one sample, as a picture of it: a record, and float32 numbers.

    maps: `count` pictures of `height` x `width`, one after another; vector: `count` values; sequence: `height` moments
    of `width` features.
    """
    values = output(model, name, x, index)[0]
    return shown(values)


def shown(values: np.ndarray) -> tuple[dict[str, Any], list[bytes]]:
    """Numbers in the form in which they are drawn; no more than can be sent."""
    record: dict[str, Any] = {"shape": [int(n) for n in values.shape], "total": int(values.size), **limits(values)}
    if values.ndim >= 3:
        height, width = values.shape[-3], values.shape[-2]
        maps = np.moveaxis(values.reshape(-1, height, width, values.shape[-1])[0], -1, 0)
        count = max(1, min(len(maps), MOST_NUMBERS // max(1, height * width)))
        record |= {"kind": "maps", "count": count, "height": int(height), "width": int(width)}
        return record, [np.ascontiguousarray(maps[:count], dtype="float32").tobytes()]
    if values.ndim == 2:
        steps = values[: max(1, MOST_NUMBERS // max(1, values.shape[1]))]
        record |= {"kind": "sequence", "count": 1, "height": len(steps), "width": int(values.shape[1])}
        return record, [np.ascontiguousarray(steps, dtype="float32").tobytes()]
    flat = values.reshape(-1)[:MOST_NUMBERS]
    record |= {"kind": "vector", "count": int(flat.size), "height": 1, "width": int(flat.size)}
    return record, [np.ascontiguousarray(flat, dtype="float32").tobytes()]


def limits(values: np.ndarray) -> dict[str, float]:
    """The smallest and largest finite number."""
    finite = values[np.isfinite(values)]
    return {"low": float(finite.min()) if finite.size else 0.0, "high": float(finite.max()) if finite.size else 0.0}


def dead_units(model: Any, name: str, x: Any) -> list[int]:
    """Channels of a call that are zero for every sample."""
    values = output(model, name, x)
    flat = values.reshape(-1, values.shape[-1])
    return [int(unit) for unit in np.flatnonzero((flat == 0).all(axis=0))]


def classes(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The class of each row of outputs, and how sure it is. One column is the probability of class 1."""
    scores = numbers(scores)
    if scores.ndim == 1 or scores.shape[-1] == 1:
        positive = scores.reshape(-1)
        positive = (
            positive if positive.min(initial=0) >= 0 and positive.max(initial=0) <= 1 else 1 / (1 + np.exp(-positive))
        )
        return (positive >= 0.5).astype("int64"), np.where(positive >= 0.5, positive, 1 - positive)
    rows = scores.reshape(len(scores), -1)
    sums = rows.sum(axis=-1)
    if rows.min(initial=0) < 0 or np.abs(sums - 1).max(initial=0) > 1e-3:
        rows = np.exp(rows - rows.max(axis=-1, keepdims=True))
        rows = rows / rows.sum(axis=-1, keepdims=True)
    return rows.argmax(axis=-1), rows.max(axis=-1)


def class_numbers(labels: Any) -> np.ndarray:
    """Labels as class numbers, from class numbers or one-hot rows."""
    array = labels.detach().cpu().numpy() if isinstance(labels, Tensor) else np.asarray(labels)
    if array.ndim > 1 and array.shape[-1] > 1:
        return array.argmax(axis=-1).reshape(-1)
    return array.reshape(-1).astype("int64")


def confusion(labels: Any, scores: Any, count: int | None = None) -> np.ndarray:
    """How often which class (row) was taken for which (column)."""
    true, (predicted, _) = class_numbers(labels), classes(scores)
    size = max(count or 0, int(true.max(initial=0)) + 1, int(predicted.max(initial=0)) + 1)
    return np.bincount(true * size + predicted, minlength=size * size).reshape(size, size)


def per_class(matrix: np.ndarray, names: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Precision, recall, F1 and support of each class."""
    found = []
    for index, row in enumerate(matrix):
        hits, true, taken = int(matrix[index, index]), int(row.sum()), int(matrix[:, index].sum())
        precision, recall = hits / taken if taken else 0.0, hits / true if true else 0.0
        both = precision + recall
        f1 = 2 * precision * recall / both if both else 0.0
        label = names[index] if names else str(index)
        found.append({"label": label, "precision": precision, "recall": recall, "f1": f1, "support": true})
    return found


def mistakes(
    labels: Any, scores: Any, *, true: int | None = None, predicted: int | None = None, limit: int = 24
) -> list[dict[str, Any]]:
    """Wrong predictions, the most confident first; of one true or predicted class where that is asked for."""
    actual, (guessed, confidence) = class_numbers(labels), classes(scores)
    wrong = actual != guessed
    if true is not None:
        wrong &= actual == true
    if predicted is not None:
        wrong &= guessed == predicted
    found = np.flatnonzero(wrong)
    found = found[np.argsort(-confidence[found], kind="stable")][:limit]
    return [
        {"index": int(i), "true": int(actual[i]), "predicted": int(guessed[i]), "confidence": float(confidence[i])}
        for i in found
    ]
