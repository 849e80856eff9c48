"""What only Keras 1 had: its merging layer, its penalties, and its order of axes and of gates."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from kerasviz.declare import Invalid
from kerasviz.saving.hdf5 import plain_attribute

MERGES = {
    "ave": "Average",
    "concat": "Concatenate",
    "cos": "Dot",
    "dot": "Dot",
    "max": "Maximum",
    "mul": "Multiply",
    "sum": "Add",
}
GATES = {"LSTM": (0, 2, 1, 3), "GRU": (0, 1, 2)}  # where the gates of today stood
CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose")


class Origin(NamedTuple):
    """Who wrote the weights in a file."""

    version: str | None
    backend: str | None


def origin_of(group: Any, where: str) -> Origin:
    """What a group of weights says of who wrote it; None where it says nothing."""
    found = (plain_attribute(group, name, where) for name in ("keras_version", "backend"))
    texts = (text.decode("utf-8", "replace") if isinstance(text, bytes) else text for text in found)
    return Origin(*(text if isinstance(text, str) else None for text in texts))


def merging(config: Mapping[str, Any], where: str) -> tuple[str, dict[str, Any]]:
    """The class that does the work of a `Merge`, and its arguments.

    Raises:
        Invalid: for a mode that is a function, or in a stack of layers.
    """
    mode, name = config.get("mode"), config.get("name")
    if config.get("layers") or not isinstance(mode, str) or mode not in MERGES or config.get("mode_type") == "lambda":
        hint = "Make the model with Add, Multiply, Concatenate and their like, and give it the weights of the file."
        raise Invalid(f'Merge "{name}" of "{where}"', f"a mode among {', '.join(MERGES)}, in a graph", mode, hint)
    more: dict[str, Any] = {"axis": config.get("concat_axis", -1)} if mode == "concat" else {}
    if MERGES[mode] == "Dot":
        axes = config.get("dot_axes", -1)
        more = {"axes": axes[0] if isinstance(axes, list) and len(axes) == 1 else axes, "normalize": mode == "cos"}
    return MERGES[mode], {"name": name, **more}


def penalty(key: str, value: Mapping[str, Any]) -> Any:
    """A regularizer or constraint that has no class, but a name beside its numbers."""
    if "class_name" in value or not isinstance(value.get("name"), str):
        return value
    if key.endswith("regularizer"):
        return {"class_name": "L1L2", "config": {name: value.get(name) or 0.0 for name in ("l1", "l2")}}
    config = {"max_value" if name == "m" else name: part for name, part in value.items() if name != "name"}
    return {"class_name": value["name"], "config": config}


def arrays_of_today(layer: Any, arrays: list[np.ndarray], origin: Origin) -> list[np.ndarray]:
    """The arrays for a layer, in the order of axes and gates of today."""
    kind = type(layer).__name__
    if kind == "Bidirectional":
        half = len(arrays) // 2
        return [
            *arrays_of_today(layer.forward_layer, arrays[:half], origin),
            *arrays_of_today(layer.backward_layer, arrays[half:], origin),
        ]
    if kind == "TimeDistributed":
        return arrays_of_today(layer.layer, arrays, origin)
    if kind in GATES and len(arrays) == 3 * len(GATES[kind]):
        return [np.concatenate([arrays[3 * gate + part] for gate in GATES[kind]], axis=-1) for part in range(3)]
    if kind not in CONVOLUTIONS or not arrays or arrays[0].ndim < 3:
        return arrays
    kernel = arrays[0]
    if (origin.version or "").startswith("1."):
        kernel = kernel_of_today(kind, kernel, layer.data_format == "channels_first")
    if origin.backend == "theano":  # which convolves, where all others correlate
        kernel = np.flip(kernel, axis=tuple(range(kernel.ndim - 2)))
    return [np.ascontiguousarray(kernel), *arrays[1:]]


def kernel_of_today(kind: str, kernel: np.ndarray, channels_first: bool) -> np.ndarray:
    """The kernel of a convolution of Keras 1, space first."""
    if kind == "Conv1D":
        return kernel[:, 0] if kernel.ndim == 4 and kernel.shape[1] == 1 else kernel
    if kind == "Conv2DTranspose":
        return np.transpose(kernel, (2, 3, 0, 1) if channels_first else (0, 1, 3, 2))
    return np.transpose(kernel, (*range(2, kernel.ndim), 1, 0)) if channels_first else kernel
