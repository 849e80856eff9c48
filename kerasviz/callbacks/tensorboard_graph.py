"""A model's layers and how they are connected, as a graph that TensorBoard draws."""

import importlib
from collections.abc import Sequence
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.graph import Graph
from kerasviz.layers import InputLayer, Layer


def definition_of(model: Any) -> Any:
    """A `GraphDef` with a node for each call of a layer or function, by its name; models inside are groups of nodes.

    A model with a `call` of its own has no graph before it runs: its layers are nodes without connections.
    """
    definition = importlib.import_module("tensorboard.compat.proto.graph_pb2").GraphDef()
    graph = graph_of(model)
    if graph is not None:
        Drawing(definition).add_graph(graph, "")
    else:
        Drawing(definition).add_layers(model, "")
    return definition


def graph_of(layer: Any) -> Graph | None:
    """The layer's own graph, if it is a model that has one."""
    try:
        graph = getattr(layer, "graph", None)
    except Invalid:  # of a Sequential whose input is not known yet
        return None
    return graph if isinstance(graph, Graph) else None


class Drawing:
    """Nodes added to a definition.

    Args:
        definition: a `GraphDef`.
    """

    def __init__(self, definition: Any) -> None:
        self.definition = definition
        self._taken: dict[str, int] = {}

    def add_graph(self, graph: Graph, scope: str, feeds: Sequence[str] | None = None) -> list[str]:
        """Add the calls of a graph.

        Args:
            graph: its calls in order.
            scope: what their names begin with.
            feeds: the nodes whose outputs go into it; None where it has nodes for its inputs.

        Returns:
            The nodes that its outputs come from.
        """
        sources: dict[int, str] = {}
        if feeds is not None:
            sources = dict(zip(map(id, graph.input_tensors), feeds, strict=True))
        for node in graph.nodes:
            made = node.output_tensors
            if all(id(tensor) in sources for tensor in made):
                continue  # an input of a model inside
            is_input = isinstance(node.operation, InputLayer)
            inputs = [] if is_input else [sources[id(tensor)] for tensor in node.inputs]
            sources.update(zip(map(id, made), self._add_call(node.operation, inputs, made, scope), strict=True))
        return [sources[id(tensor)] for tensor in graph.output_tensors]

    def _add_call(self, operation: Any, inputs: list[str], made: list[Any], scope: str) -> list[str]:
        """Add one call; returns the name of each of its outputs."""
        inner = graph_of(operation)
        if inner is not None and len(inner.input_tensors) == len(inputs) and len(inner.output_tensors) == len(made):
            return self.add_graph(inner, f"{self._free(scope + operation.name)}/", inputs)
        name = self.add_node(operation, scope, inputs, made)
        return [name if index == 0 else f"{name}:{index}" for index in range(len(made))]

    def add_layers(self, model: Any, scope: str) -> None:
        """Add the layers of a model without a graph."""
        for layer in getattr(model, "layers", ()):
            inner = graph_of(layer)
            if inner is not None:
                self.add_graph(inner, f"{self._free(scope + layer.name)}/")
            elif getattr(layer, "layers", None):
                self.add_layers(layer, f"{self._free(scope + layer.name)}/")
            else:
                self.add_node(layer, scope, [], [])

    def add_node(self, operation: Any, scope: str, inputs: list[str], made: list[Any]) -> str:
        """Add a node; returns its name."""
        node = self.definition.node.add()
        node.name = self._free(scope + operation.name)
        node.op = type(operation).__name__
        node.input.extend(inputs)
        node.attr["keras_class"].s = node.op.encode()
        if isinstance(operation, Layer) and operation.built:
            node.attr["parameters"].i = operation.count_params()
        for tensor in made:
            shape = node.attr["_output_shapes"].list.shape.add()
            for size in tensor.shape:
                shape.dim.add().size = -1 if size is None else size
        return node.name

    def _free(self, name: str) -> str:
        """The name, or with a number where a layer is called again."""
        count = self._taken[name] = self._taken.get(name, 0) + 1
        return name if count == 1 else self._free(f"{name}_call_{count}")
