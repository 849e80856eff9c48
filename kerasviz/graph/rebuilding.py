"""A graph as plain data, and back: for copies and pickles, which must not follow chains of symbols a thousand deep."""

from dataclasses import dataclass
from typing import Any

from kerasviz.graph.graph import Graph
from kerasviz.layers.input import InputLayer
from kerasviz.layers.layer import Layer
from kerasviz.tensors import FunctionOperation, KerasTensor, leaves, map_leaves, record


@dataclass(frozen=True)
class Reference:
    """Stands for the `output`-th output of the `node`-th call."""

    node: int
    output: int


@dataclass
class Description:
    """Operations, and calls of them with references in place of symbols."""

    operations: list[Any]
    calls: list[tuple[int, Any, Any, Any]]  # operation, args, kwargs, (shape, dtype) of each output
    inputs: Any
    outputs: Any


def describe(graph: Graph) -> Description:
    """The graph as data; layers and functions are kept as objects."""
    number = {id(node): index for index, node in enumerate(graph.nodes)}
    operation_number = {id(operation): index for index, operation in enumerate(graph.operations)}

    def reference(value: Any) -> Any:
        if not isinstance(value, KerasTensor):
            return value
        node, output = graph.place[id(value)]
        return Reference(number[id(node)], output)

    def spec(value: Any) -> Any:
        return (value.shape, value.dtype) if isinstance(value, KerasTensor) else value

    calls = [
        (
            operation_number[id(node.operation)],
            map_leaves(reference, () if node in graph.input_nodes else node.args),
            map_leaves(reference, {} if node in graph.input_nodes else node.kwargs),
            map_leaves(lambda value: Spec(*spec(value)), node.outputs),
        )
        for node in graph.nodes
    ]
    inputs, outputs = map_leaves(reference, graph.inputs), map_leaves(reference, graph.outputs)
    return Description(list(graph.operations), calls, inputs, outputs)


@dataclass(frozen=True)
class Spec:
    """Shape and dtype of a symbol."""

    shape: tuple[int | None, ...]
    dtype: str


def rebuild(description: Description) -> Graph:
    """The graph that `describe` told of, with new symbols."""
    made: list[list[Any]] = []

    def symbol(value: Any) -> Any:
        return made[value.node][value.output] if isinstance(value, Reference) else value

    for index, args, kwargs, outputs in description.calls:
        operation = description.operations[index]
        if isinstance(operation, InputLayer):
            made.append([operation.output])
            continue
        if isinstance(operation, FunctionOperation):
            operation.__dict__.pop("_nodes", None)
        symbols = map_leaves(lambda spec: KerasTensor(spec.shape, spec.dtype), outputs)
        args, kwargs = map_leaves(symbol, args), map_leaves(symbol, kwargs)
        recorded = record(operation, args, kwargs, symbols)
        if isinstance(operation, Layer):
            operation.pass_masks_on(args, kwargs, recorded)
        made.append(list(leaves(recorded)))
    return Graph(map_leaves(symbol, description.inputs), map_leaves(symbol, description.outputs))
