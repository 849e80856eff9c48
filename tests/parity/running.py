"""One layer, ours or the oracle's, run on given numbers: what it gives, and every gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from .comparing import assert_close
from .recording import plain


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    """Float32 numbers of this shape, the same at every call."""
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype("float32")


def tensors_of(value: Any) -> Any:
    """Arrays of a nest as tensors, float ones with gradients."""
    if isinstance(value, (list, tuple)):
        return [tensors_of(part) for part in value]
    if value is None or not isinstance(value, np.ndarray):
        return value
    return torch.tensor(value, requires_grad=value.dtype.kind == "f")


def flat(value: Any) -> list[Any]:
    """The leaves of nested lists; None is left out."""
    if isinstance(value, (list, tuple)):
        return [leaf for part in value for leaf in flat(part)]
    return [] if value is None else [value]


def shapes_of(value: Any) -> Any:
    """The shape of each array of a nest."""
    return [shapes_of(part) for part in value] if isinstance(value, (list, tuple)) else tuple(value.shape)


def with_weights(layer: Any, *shapes: Any, scale: float = 0.5) -> Any:
    """The layer built for these shapes, its weights drawn from a fixed seed."""
    if not layer.built:
        layer.build(*shapes)
    source = np.random.default_rng(7)
    layer.set_weights([source.normal(scale=scale, size=w.shape).astype("float32") for w in layer.get_weights()])
    return layer


def gradients(outputs: list[torch.Tensor], wanted: list[torch.Tensor]) -> list[torch.Tensor | None]:
    """Of a fixed weighting of all outputs."""
    source = np.random.default_rng(3)
    weights = [torch.tensor(source.normal(size=tuple(o.shape)).astype("float32")) for o in outputs]
    loss = torch.stack([(o.float() * w).sum() for o, w in zip(outputs, weights, strict=True)]).sum()
    return list(torch.autograd.grad(loss, wanted, allow_unused=True))


def described(layer: Any) -> list[Any]:
    """Names, shapes and trainability of its weights, in order; give the layer a name of your own."""
    return [["/".join(w.path.split("/")[-2:]), list(w.shape), bool(w.trainable)] for w in layer.weights]


def run(layer: Any, *inputs: Any, **call: Any) -> dict[str, Any]:
    """Outputs, gradients and weights of a layer with weights drawn from a fixed seed.

    Args:
        layer: ours or the oracle's, not built.
        inputs: arrays, or lists of them.
        call: other arguments of the call; arrays become tensors.
    """
    with_weights(layer, *(shapes_of(value) for value in inputs))
    tensors = tensors_of(inputs)
    call = {name: tensors_of(value) for name, value in call.items()}
    outputs = flat(layer(*tensors, **call))
    given = [t for t in flat([tensors, list(call.values())]) if isinstance(t, torch.Tensor) and t.requires_grad]
    weights = [getattr(w, "value", w) for w in layer.trainable_weights]
    found = gradients(outputs, [*given, *weights])
    return {"outputs": outputs, "gradients": found, "weights": described(layer)}


def assert_same(ours: dict[str, Any], expected: dict[str, Any], tolerance: float = 1e-5) -> None:
    """Fail unless two answers of `run` agree. Gradients that cancel out are compared with the size of the others."""
    assert_close({**ours, "gradients": None}, {**expected, "gradients": None}, tolerance)
    assert len(ours["gradients"]) == len(expected["gradients"])
    for index, (one, other) in enumerate(zip(plain(ours["gradients"]), plain(expected["gradients"]), strict=True)):
        assert (one is None) == (other is None), f"gradient {index}"
        if one is not None:
            np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance, err_msg=f"gradient {index}")
