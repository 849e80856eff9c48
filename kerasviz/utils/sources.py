"""Which inputs a symbol comes from."""

from typing import Any

from kerasviz.declare import Invalid
from kerasviz.tensors import KerasTensor


def get_source_inputs(tensor: Any) -> list[KerasTensor]:
    """The input symbols that are needed to compute a symbol, each once.

    Raises:
        Invalid: where it is no symbol.
    """
    if not isinstance(tensor, KerasTensor):
        raise Invalid("get_source_inputs(tensor=...)", "a symbol, made by layers from `keras.Input`", tensor)
    found: list[KerasTensor] = []
    seen = {id(tensor)}
    waiting = [tensor]
    while waiting:
        symbol = waiting.pop()
        inputs = [] if symbol.node is None else symbol.node.inputs
        if not inputs:
            found.append(symbol)
        new = [one for one in {id(one): one for one in inputs}.values() if id(one) not in seen]
        seen.update(map(id, new))
        waiting.extend(reversed(new))
    return found
