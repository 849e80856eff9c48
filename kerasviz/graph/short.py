"""The short way of one layer: what a call on a plain tensor comes to, once it has been called a few times.

A layer called by itself, in a subclassed model or a loop by hand, pays for every question that `forward` asks: hooks,
masks, casts, the mode. For a layer without others inside, the answers only change when the structure does, so they are
written into a function as a plan has them. It returns None for anything that it was not made for.
"""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from kerasviz import layers
from kerasviz.graph.plan import EMITTERS, Plan, Value, computes_alone, load_emitters
from kerasviz.layers.calling import call_facts
from kerasviz.tensors import leaves

load_emitters()
RAISES = {layers.Dense, layers.Activation, layers.ReLU}  # their kernels themselves refuse what does not fit


class Short(Plan):
    """The compiled function of one layer for one mode.

    Args:
        layer: built, and plain: see `shorten`.
        x: an input as it will come again, with any batch size.
        training: the mode.
    """

    def __init__(self, layer: Any, x: Tensor, training: bool) -> None:
        self.begin(training)
        self._hint = "y"
        value = Value(self._free("x"), x.dim())
        value.shape = (None, *x.shape[1:])
        value.readers = -1
        self.checks = [f"type(x) is {self.bind(Tensor, 'Tensor')}", f"x.dtype is {self.bind(x.dtype, 'dtype')}"]
        if layer._masks or call_facts(type(layer)).masks:
            self.checks.append("not hasattr(x, '_keras_mask')")
        made = self.output(layer, value, x)
        lines = "".join(f"        {line}\n" for line in [*self.lines, f"return {made}"])
        self.source = f"def plan(x):\n    if not ({' and '.join(self.checks)}):\n        return None\n"
        self.source += f"    try:\n{lines}    except RuntimeError:\n        return None\n"
        self.function = self._compiled()

    def output(self, layer: Any, value: Value, x: Tensor) -> str:
        """The name of the output: by the layer's emitter, or by its `call`."""
        emitter = EMITTERS.get(type(layer))
        made = None if emitter is None else emitter(self, layer, value)
        self.emitted = made is not None
        if made is not None:
            self.checks.append(f"x.dim() == {x.dim()}")
            if type(layer) not in RAISES:
                self.checks.append(f"x.shape[1:] == {self.bind(x.shape[1:], 'shape')}")
            return self.read(made)
        if layer.input_spec is not None:
            self.checks += [f"x.dim() == {x.dim()}", f"x.shape[1:] == {self.bind(x.shape[1:], 'shape')}"]
        mode = f", training={self.training}" if call_facts(type(layer)).takes_training else ""
        return f"{self.bind(layer.call, 'call')}(x{mode})"


def shorten(layer: Any, x: Tensor, training: bool) -> Callable[[Any], Any] | None:
    """The short way of a layer for tensors like `x`; None where a call has more to do."""
    if layer.is_cast(x.dtype) or type(x) is not Tensor or hasattr(x, "_keras_mask") or not computes_alone(layer):
        return None
    if type(layer)._makes_mask and any(mask is not None for mask in leaves(layer.compute_mask(x, None))):
        return None
    short = Short(layer, x, training)
    return None if layer._inner_layers() and not short.emitted else short.function
