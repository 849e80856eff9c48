"""Choices and loops whose course depends on tensors, and what they give for symbols.

torch runs Python's own `if` and `while`, so a condition on a device is read by the host: once for `cond` and `switch`,
once a turn for `while_loop`. What can be computed both ways is better said with `ops.where`, which waits for nothing.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.comparisons import where
from kerasviz.ops.recording import tensor
from kerasviz.ops.tracing import called_with, flow, like, traced
from kerasviz.tensors import KerasTensor, any_symbolic, map_leaves, record_function


def _cond_outputs(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    one, other = traced(true_fn), traced(false_fn)
    facts = [
        map_leaves(lambda value: None if value is None else (value.shape, value.dtype), branch)
        for branch in (one, other)
    ]
    if facts[0] != facts[1]:
        raise Invalid("cond of a symbol", "the same structure, shapes and dtypes from both functions", facts)
    return one


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """What `true_fn()` gives where `pred` holds, else what `false_fn()` gives; the other is not called.

    Of a symbol `pred`: functions that use other symbols are both computed, and `where` picks. Compiled by torch, it is
    one graph.

    Args:
        pred: one boolean. On a device, the host waits for it; `where` does not.
        true_fn: takes nothing.
        false_fn: takes nothing, gives the same structure, shapes and dtypes.
    """
    called_with("cond(true_fn=...)", true_fn)
    called_with("cond(false_fn=...)", false_fn)
    if isinstance(pred, KerasTensor):
        one, other = true_fn(), false_fn()
        if any_symbolic(one, other):
            return map_leaves(lambda a, b: a if a is None else where(pred, a, b), one, other)
        return record_function(cond, (pred, true_fn, false_fn), {})
    if isinstance(pred, Tensor):
        if pred.device.type == "meta":
            return true_fn()  # which one nobody can know: both give the same shapes
        if torch.compiler.is_compiling():
            return torch.cond(pred.to(torch.bool), true_fn, false_fn, ())
    return true_fn() if pred else false_fn()


cond.__dict__["symbolic_outputs"] = _cond_outputs


def _switch_outputs(index: Any, branches: Any, *operands: Any) -> Any:
    return traced(branches[0], *operands)


@flow(_switch_outputs)
def switch(index: Any, branches: Any, *operands: Any) -> Any:
    """What the function at `index` of `branches` gives for the operands; the others are not called.

    Args:
        index: one whole number, held between 0 and the last. On a device, the host waits for it.
        branches: functions of the operands that give the same structure, shapes and dtypes.
        operands: what they are called with.
    """
    if not branches:
        raise Invalid("switch(branches=...)", "at least one function", branches)
    if isinstance(index, Tensor) and index.device.type == "meta":
        index = 0
    return branches[max(0, min(int(index), len(branches) - 1))](*operands)


def _while_outputs(cond: Callable, body: Callable, loop_vars: Any, maximum_iterations: int | None = None) -> Any:
    return map_leaves(like, loop_vars)


@flow(_while_outputs)
def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """Repeat `loop_vars = body(*loop_vars)` while `cond(*loop_vars)` holds.

    Args:
        cond: takes the loop's variables, gives one boolean. On a device, the host waits for it each turn.
        body: takes them, gives them anew: same structure and shapes.
        loop_vars: a tuple or list of tensors or nests of them; or one alone.
        maximum_iterations: turns after which it ends in any case.
    """
    called_with("while_loop(cond=...)", cond)
    called_with("while_loop(body=...)", body)
    several = isinstance(loop_vars, (list, tuple))
    values = tuple(map_leaves(tensor, part) for part in (loop_vars if several else (loop_vars,)))
    turns = 0
    while (maximum_iterations is None or turns < maximum_iterations) and cond(*values):
        new = body(*values)
        new = tuple(new) if isinstance(new, (list, tuple)) else (new,)
        if len(new) != len(values):
            raise Invalid("while_loop(body=...)", f"{len(values)} variables from the body", f"{len(new)} of them")
        values = tuple(map_leaves(tensor, part) for part in new)
        turns += 1
    if not several:
        return values[0]
    return list(values) if isinstance(loop_vars, list) else values


def _fori_outputs(lower: Any, upper: Any, body_fun: Callable, init_val: Any) -> Any:
    return map_leaves(like, init_val)


@flow(_fori_outputs)
def fori_loop(lower: Any, upper: Any, body_fun: Callable[[Any, Any], Any], init_val: Any) -> Any:
    """Repeat `value = body_fun(index, value)` for each index from `lower` to before `upper`.

    Args:
        lower: the first index.
        upper: the index at which it ends.
        body_fun: takes the index and the value, gives the next value.
        init_val: the first value: a tensor or a nest of them.
    """
    called_with("fori_loop(body_fun=...)", body_fun)
    value = init_val
    for index in range(int(lower), int(upper)):
        value = body_fun(index, value)
    return value


__all__ = ["cond", "fori_loop", "switch", "while_loop"]
