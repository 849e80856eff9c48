"""Function: a graph of operations as one operation."""

from typing import Any

from kerasviz.declare import Invalid
from kerasviz.graph.graph import Graph
from kerasviz.graph.running import run_graph
from kerasviz.layers.calling import map_shapes
from kerasviz.tensors import KerasTensor, Operation, convert_to_tensor, leaves, map_leaves


class Function(Operation):
    """The operations between symbols, as one operation: no weights of its own, no training. A Model is one too.

    Args:
        inputs: a symbol, or a nested structure of symbols.
        outputs: symbols that follow from them, in any structure.
        name: unique in a graph.

    Raises:
        Invalid: where an output does not follow from the inputs.
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        Operation.__init__(self, name=name)
        self.graph = Graph(inputs, outputs)

    @property
    def inputs(self) -> list[KerasTensor]:
        """Its input symbols, flat."""
        return list(self.graph.input_tensors)

    @property
    def outputs(self) -> list[KerasTensor]:
        """Its output symbols, flat."""
        return list(self.graph.output_tensors)

    @property
    def operations(self) -> list[Any]:
        """Its operations, the farthest from the outputs first."""
        return list(self.graph.operations)

    def call(self, inputs: Any) -> Any:
        """The outputs, in their structure, for inputs in theirs."""
        flat = [value if isinstance(value, KerasTensor) else convert_to_tensor(value) for value in self._flat(inputs)]
        return run_graph(self.graph, flat)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Symbols for the outputs of a call on symbols."""
        flat = self._flat(inputs)
        same = all(given.shape == own.shape for given, own in zip(flat, self.graph.input_tensors, strict=True))
        made = self.graph.outputs if same else run_graph(self.graph, flat)
        return map_leaves(lambda symbol: KerasTensor(symbol.shape, symbol.dtype), made)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shapes of the outputs for inputs of these shapes."""
        dtypes = iter([symbol.dtype for symbol in self.graph.input_tensors])
        symbols = map_shapes(lambda shape: KerasTensor(shape, next(dtypes)), input_shape)
        return map_leaves(lambda symbol: symbol.shape, self.compute_output_spec(symbols))

    def _flat(self, inputs: Any) -> list[Any]:
        """The inputs in the order of the graph; those of a dict by its keys.

        Raises:
            Invalid: where there are more or fewer.
        """
        wanted = self.graph.inputs
        if isinstance(wanted, dict) and isinstance(inputs, dict):
            if set(wanted) != set(inputs):
                raise Invalid(f"Function `{self.name}`", f"inputs named {sorted(wanted)}", sorted(inputs))
            inputs = {key: inputs[key] for key in wanted}
        flat = [inputs] if isinstance(wanted, KerasTensor) else list(leaves(inputs))
        if len(flat) != len(self.graph.input_tensors):
            raise Invalid(f"Function `{self.name}`", f"{len(self.graph.input_tensors)} inputs", f"{len(flat)}")
        return flat
