"""The forward and the backward pass of a graph as one straight-line function, without autograd.

Small layers cost less than the record autograd keeps of them. Where every layer between the weights and the output has
a way back (see `ways_back`), the gradients are written out after the forward pass, each by the kernel that autograd
would have called; values are deleted after their last reader. Other graphs train with autograd.
"""

import importlib
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from kerasviz.graph.graph import Graph
from kerasviz.graph.plan import Plan, Value, load_emitters, map_values
from kerasviz.layers.layer import Layer
from kerasviz.tensors import FunctionOperation

WAYS_BACK: dict[Any, Callable] = {}  # layer class or function -> function(descent, operation, *values) -> Value or None


class NoWayBackError(Exception):
    """A layer of the graph has no way back written out."""


class Descent(Plan):
    """The compiled function of a graph with one output: forward, loss, backward.

    The function takes the flat inputs, then `objective`, targets and weights. `objective(outputs, targets, weights)`
    gives the loss and its gradient: at the outputs, or before the activation that `ends_with` names. The gradients are
    left on the weights. The function returns outputs and loss, and runs without gradients being recorded.

    Args:
        graph: what to train.

    Attributes:
        ends_with: "softmax" or "sigmoid", where that makes the outputs; else None.

    Raises:
        NoWayBackError: where autograd is needed.
    """

    def __init__(self, graph: Graph) -> None:
        self.begin(training=True)
        self.names |= {"objective", "targets", "weights", "loss"}
        self.moving: set[Value] = set()  # values that depend on a weight that is trained
        self.trail: list[tuple[Value, Callable[[str], None], str | None]] = []
        self.kept: set[Value] = set()  # values that the way back reads
        self.dead: set[Value] = set()  # those of them that the way forward reads no more
        self.gradients: dict[Value, str] = {}
        self.holders: Counter[str] = Counter()  # values that a gradient's name is held for
        self.given: set[str] = set()  # weights that have a gradient
        self.ends_with: str | None = None
        inputs = [self._enter(node) for node in graph.input_nodes]
        outputs = self._inline(graph, inputs, final=True)
        if len(outputs) != 1 or outputs[0] not in self.moving:
            raise NoWayBackError
        self._go_back(outputs[0])
        self.lines.append(f"return {outputs[0]}, loss")
        parameters = ", ".join([*(value.name for value in inputs), "objective", "targets", "weights"])
        body = "\n".join(f"    {line}" for line in self.lines)
        self.source = f"def plan({parameters}):\n{body}\n"
        self.function = self._compiled()

    def _go_back(self, output: Value) -> None:
        start = output
        if self.trail and self.trail[-1][0] is output and self.trail[-1][2] is not None:
            _, passes_on, self.ends_with = self.trail.pop()
            start = passes_on.start  # type: ignore[attr-defined]
        self.gradients[start] = self._free("gradient")
        self.holders[self.gradients[start]] = 1
        self.lines.append(f"loss, {self.gradients[start]} = objective({output}, targets, weights)")
        for value, back, _ in reversed(self.trail):
            gradient = self.gradients.pop(value, None)
            if gradient is not None:
                back(gradient)
                self.release(gradient)
            if value in self.dead:
                self.lines.append(f"del {value}")

    # --- what ways back use -----------------------------------------------------------------------------------------

    def follow(self, value: Value, back: Callable[[str], None], end: str | None = None) -> Value:
        """A value whose gradient `back` takes on, by the name that holds it."""
        self.moving.add(value)
        self.trail.append((value, back, end))
        return value

    def keep(self, *values: Value) -> None:
        """Hold values until the way back has read them."""
        self.kept.update(values)

    def give(self, value: Value, expression: str) -> None:
        """Add to a value's gradient."""
        if value not in self.moving:
            return
        have = self.gradients.get(value)
        self._hold(value, expression if have is None else f"{have} + {expression}")

    def pass_on(self, value: Value, gradient: str) -> None:
        """Give a value a gradient that is there already, as it is."""
        if value in self.gradients or value not in self.moving:
            self.give(value, gradient)
            return
        self.gradients[value] = gradient
        self.holders[gradient] += 1

    def give_product(self, value: Value, gradient: str, kernel: str, by: str | None) -> None:
        """Add gradient @ kernel.T to a value's gradient.

        Args:
            value: of the inputs.
            gradient: of the outputs.
            kernel: (features, units).
            by: the function to multiply with; None for torch's.
        """
        have = self.gradients.get(value)
        if by is not None or value.rank != 2:
            self.give(value, f"{by or 'torch.nn.functional.linear'}({gradient}, {kernel})")
        elif have is None:
            self.give(value, f"torch.mm({gradient}, {kernel}.t())")
        elif value in self.moving:
            self._hold(value, f"torch.addmm({have}, {gradient}, {kernel}.t())")

    def _hold(self, value: Value, expression: str) -> None:
        name = self._free(f"d_{value}")
        self.lines.append(f"{name} = {expression}")
        before = self.gradients.get(value)
        self.gradients[value] = name
        self.holders[name] += 1
        if before is not None:
            self.release(before)

    def release(self, gradient: str) -> None:
        """Let go of a gradient that one value had."""
        self.holders[gradient] -= 1
        if not self.holders[gradient]:
            self.lines.append(f"del {gradient}")

    def train(self, weight: Tensor, expression: str) -> None:
        """Leave a gradient on a weight; what it has from an earlier call of its layer is added to."""
        if weight.requires_grad:
            name = self.bind(weight, "weight")
            self.lines.append(f"{name}.grad {'+=' if name in self.given else '='} {expression}")
            self.given.add(name)

    def trained(self) -> list[Tensor]:
        """The weights that it leaves gradients on."""
        return [self.constants[name] for name in self.given]

    # --- the walk ---------------------------------------------------------------------------------------------------

    def _delete(self, dead: list[Value], kept: list[Value]) -> None:
        self.dead.update(value for value in dead if value in self.kept and value not in kept)
        super()._delete([value for value in dead if value not in self.kept], kept)

    def _emit(self, node: Any, values: dict[int, Value]) -> list[Value]:
        operation = node.operation
        moves = any(values[id(tensor)] in self.moving for tensor in node.inputs)
        is_layer = isinstance(operation, Layer)
        trains = is_layer and any(weight.requires_grad for weight in operation.parameters())
        if not (moves or trains) or (is_layer and self._is_inlinable(operation, node)):
            return super()._emit(node, values)
        self._hint = operation.name
        way = WAYS_BACK.get(kind_of(operation))
        alike = is_layer or len({tensor.dtype for tensor in node.inputs}) == 1
        if way is None or node.kwargs or not alike or (is_layer and not self._is_plain(operation, node)):
            raise NoWayBackError
        value = way(self, operation, *(map_values(argument, values) for argument in node.args))
        if value is None:
            raise NoWayBackError
        return [value]


def kind_of(operation: Any) -> Any:
    """What a way back is registered for: the class of a layer, or the function that is called."""
    return operation.function if isinstance(operation, FunctionOperation) else type(operation)


def descent_of(graph: Graph) -> Descent | None:
    """The descent of a graph; None where autograd is needed, or the graph is one of numbers that are not floats."""
    load_emitters()
    importlib.import_module("kerasviz.graph.ways_back")
    try:
        return Descent(graph)
    except NoWayBackError:
        return None


def is_listened_to(weights: list[Any]) -> bool:
    """Whether somebody waits for autograd to bring a gradient: then it must."""
    if torch.is_anomaly_enabled():
        return True
    return any(weight._backward_hooks or weight._post_accumulate_grad_hooks for weight in weights)
