"""Calling the operations of a graph one after another, on whatever comes in."""

from collections.abc import Callable
from typing import Any

from kerasviz.graph.graph import Graph
from kerasviz.tensors import FunctionOperation, KerasTensor, any_symbolic, leaves, map_leaves, record_function


def run_graph(
    graph: Graph,
    inputs: list[Any],
    replaced: Callable[[Any], Any] = lambda operation: operation,
    call: Callable[[Any, tuple, dict[str, Any]], Any] | None = None,
) -> Any:
    """Call every operation of the graph again, on other inputs.

    Args:
        graph: what to follow.
        inputs: one for each of its inputs.
        replaced: the operation to take in place of another.
        call: calls an operation with arguments and options; `call_again` by default.
    """
    call = call or call_again
    values = {id(t): value for t, value in zip(graph.input_tensors, inputs, strict=True)}

    def known(argument: Any) -> Any:
        return values[id(argument)] if isinstance(argument, KerasTensor) else argument

    for node in graph.running:
        if node in graph.input_nodes:
            continue
        operation = replaced(node.operation)
        args, kwargs = map_leaves(known, node.args), map_leaves(known, node.kwargs)
        outputs = call(operation, args, kwargs)
        for tensor, value in zip(node.output_tensors, leaves(outputs), strict=True):
            values[id(tensor)] = value
    return map_leaves(known, graph.outputs)


def call_again(operation: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Call an operation; a function on symbols is recorded anew."""
    if isinstance(operation, FunctionOperation) and any_symbolic(args, kwargs):
        return record_function(operation.function, args, kwargs)
    return operation(*args, **kwargs)
