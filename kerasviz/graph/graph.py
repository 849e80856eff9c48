"""The graph between inputs and outputs: its calls and operations in the order in which they run."""

from typing import Any

from kerasviz.declare import Invalid
from kerasviz.layers.input import InputLayer
from kerasviz.tensors import KerasTensor, Node, leaves


class Graph:
    """Calls from inputs to outputs.

    Args:
        inputs: symbols, alone or nested.
        outputs: symbols that follow from them, alone or nested.

    Attributes:
        nodes: calls, each after those it depends on.
        running: the same in the order in which Keras runs them: of calls equally far from the outputs the last first.
        operations: layers and functions, the farthest from the outputs first; each once.
        result: the structure of what a call gives: the outputs, but of a list of one what is in it.
        place: id of a symbol -> (node, position among the node's outputs).
    """

    def __init__(self, inputs: Any, outputs: Any) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.result = one_alone(outputs)
        self.input_tensors = [_symbol(value, "inputs") for value in leaves(inputs)]
        self.output_tensors = [_symbol(value, "outputs") for value in leaves(outputs)]
        self.place: dict[int, tuple[Node, int]] = {}
        self.input_nodes = [self._input_node(tensor) for tensor in self.input_tensors]
        order, first_seen = self._walk()
        self._sort(order, first_seen)
        self._check_names()

    def _input_node(self, tensor: KerasTensor) -> Node:
        """The node of an input; one is made where the graph starts in the middle of another."""
        node = tensor.node
        if node is None or not isinstance(node.operation, InputLayer):
            layer = InputLayer(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name)
            node = Node(layer, (), {}, tensor)
            layer._inbound_nodes[:] = [node]
        self.place[id(tensor)] = (node, 0)
        return node

    def parent(self, tensor: KerasTensor) -> Node:
        """The node that makes `tensor` in this graph."""
        return self.place[id(tensor)][0]

    def _walk(self) -> tuple[list[Node], dict[Any, int]]:
        """Nodes, parents first, and the order in which operations are met; no recursion: graphs are deep."""
        done: dict[int, bool] = {}
        order: list[Node] = []
        seen: dict[Any, int] = {}
        for output in self.output_tensors:
            waiting = [(output, False)]
            while waiting:
                tensor, expanded = waiting.pop()
                node = self._make_place(tensor)
                if expanded:
                    done[id(node)] = True
                    order.append(node)
                    continue
                if id(node) in done:
                    continue
                done[id(node)] = False
                seen.setdefault(node.operation, len(seen))
                waiting.append((tensor, True))
                if node not in self.input_nodes:
                    waiting.extend((parent, False) for parent in reversed(node.inputs))
        return order, seen

    def _make_place(self, tensor: KerasTensor) -> Node:
        if id(tensor) not in self.place:
            node = tensor.node
            if node is None or isinstance(node.operation, InputLayer):
                raise Invalid(
                    "Model(inputs=..., outputs=...)",
                    "outputs that follow from the inputs",
                    tensor.name,
                    f"`{tensor.name}` is not among the inputs: add it, or connect it.",
                )
            for index, made in enumerate(node.output_tensors):
                self.place[id(made)] = (node, index)
        return self.place[id(tensor)][0]

    def _sort(self, order: list[Node], first_seen: dict[Any, int]) -> None:
        """By depth, the distance from the outputs; operations met first come first."""
        depth: dict[int, int] = {}
        operation_depth: dict[Any, int] = {}
        for node in reversed(order):
            here = max(depth.get(id(node), 0), operation_depth.get(node.operation, 0))
            depth[id(node)] = operation_depth[node.operation] = here
            if node in self.input_nodes:
                continue
            for tensor in node.inputs:
                parent = self.parent(tensor)
                depth[id(parent)] = max(depth.get(id(parent), 0), here + 1)
        for node in self.input_nodes:
            if node.operation not in first_seen:
                first_seen[node.operation] = len(first_seen)
                operation_depth[node.operation] = depth[id(node)] = 0
                order.append(node)
        place = {id(node): index for index, node in enumerate(order)}
        self.nodes = sorted(order, key=lambda n: (-depth[id(n)], place[id(n)]))
        turn = {key: index for index, key in enumerate(depth)}
        self.running = sorted(order, key=lambda n: (-depth[id(n)], turn[id(n)]))
        self.depth = depth
        by_depth = sorted(first_seen, key=lambda op: (-operation_depth[op], first_seen[op]))
        self.operations: list[Any] = by_depth

    def _check_names(self) -> None:
        seen: dict[str, Any] = {}
        for operation in self.operations:
            if seen.setdefault(operation.name, operation) is not operation:
                raise Invalid(
                    "Model(inputs=..., outputs=...)",
                    "a name of its own for every layer",
                    f"`{operation.name}` twice",
                    "Rename one, or call the same layer object twice.",
                )


def _symbol(value: Any, where: str) -> KerasTensor:
    if not isinstance(value, KerasTensor):
        hint = "Start from `keras.Input(...)`." if where == "inputs" else "Call layers on `keras.Input(...)`."
        raise Invalid(f"Model({where}=...)", "symbols made by `keras.Input` and layers", value, hint)
    return value


def one_alone(structure: Any) -> Any:
    """The structure, or what a list of one has."""
    return structure[0] if isinstance(structure, (list, tuple)) and len(structure) == 1 else structure
