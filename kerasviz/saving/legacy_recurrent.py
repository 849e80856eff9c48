"""Arrays of recurrent layers that Keras 2 had for NVIDIA's own kernels, as those of LSTM and GRU."""

from typing import Any

import numpy as np

GATES = {"LSTM": 4, "GRU": 3}


def converted(layer: Any, arrays: list[np.ndarray]) -> list[np.ndarray]:
    """The arrays for a layer: those of a CuDNNLSTM or CuDNNGRU are turned, all others stay."""
    kind = type(layer).__name__
    if kind == "Bidirectional" and len(arrays) == 6:
        return [*converted(layer.forward_layer, arrays[:3]), *converted(layer.backward_layer, arrays[3:])]
    if kind not in GATES or len(arrays) != 3:
        return arrays
    kernel, recurrent_kernel, bias = arrays
    gates, units = GATES[kind], layer.units
    if bias.shape != (2 * gates * units,) or kernel.ndim != 2 or kernel.shape[1] != gates * units:
        return arrays
    kernel = turned(kernel, gates, lambda part: part.T.reshape(part.shape, order="F"))
    recurrent_kernel = turned(recurrent_kernel, gates, np.transpose)
    both = bias.reshape(2, gates * units)
    return [kernel, recurrent_kernel, both if kind == "GRU" else both.sum(axis=0)]


def turned(kernel: np.ndarray, gates: int, turn: Any) -> np.ndarray:
    """A kernel whose part for each gate is turned."""
    return np.hstack([turn(part) for part in np.hsplit(kernel, gates)])
