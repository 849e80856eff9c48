"""Functional: a graph of layers as a model."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules import module as torch_module

from kerasviz.declare import Invalid
from kerasviz.graph import Graph, Plan, compile_plan
from kerasviz.graph.descent import Descent, descent_of, is_listened_to
from kerasviz.graph.function import Function
from kerasviz.graph.graph import one_alone
from kerasviz.graph.plan import has_global_hooks, is_hooked
from kerasviz.graph.rebuilding import describe, rebuild
from kerasviz.graph.running import run_graph
from kerasviz.layers.calling import CONTEXT, Structure
from kerasviz.layers.input import InputLayer
from kerasviz.layers.layer import Layer
from kerasviz.layers.preprocessing.columns import texts_for
from kerasviz.models.model import Model
from kerasviz.models.state_names import module_name
from kerasviz.tensors import KerasTensor, Variable, any_symbolic, convert_to_tensor, leaves, map_leaves


class Functional(Model, Function):  # pyright: ignore[reportIncompatibleVariableOverride]  # Layer guards the name
    """The model between symbols.

    Args:
        inputs: a symbol from `keras.Input`, or a list or dict of them.
        outputs: symbols made from them by layers and functions; a list or dict for several.
        name: of the model.
        trainable: whether the optimizer updates its weights.

    Attributes:
        graph: its calls in order.
    """

    def __init__(
        self, inputs: Any, outputs: Any, name: str | None = None, trainable: bool = True, **kwargs: Any
    ) -> None:
        Layer.__init__(self, name=name, **kwargs)
        if type(self).__init__ is Functional.__init__:
            self.__dict__.pop("_given", None)  # the graph says it all
        self._attach(Graph(_frozen(inputs), _frozen(outputs)))
        if not trainable:
            self.trainable = False

    def _attach(self, graph: Graph) -> None:
        self.__dict__["graph"] = graph
        self.__dict__.update(_plans={}, _runs={})
        for operation in graph.operations:
            if isinstance(operation, Layer):
                self._modules[module_name(operation, self._modules)] = operation
        for index, parameter in enumerate(_raw_parameters(graph)):
            self._parameters[f"parameter_{index}"] = parameter  # of torch functions called on symbols
        self.__dict__["_input_names"] = [node.operation.name for node in graph.input_nodes]
        self.built = True

    def __getstate__(self) -> dict[str, Any]:
        """For pickles: the graph as data, and no plans."""
        state = super().__getstate__()
        state["graph"] = describe(self.graph)
        state.update(_plans={}, _runs={})
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Build the graph and plans anew."""
        graph = state.pop("graph")
        super().__setstate__(state)
        self._attach(rebuild(graph))

    # --- what it is -------------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """Its layers, the farthest from the outputs first."""
        return [op for op in self.graph.operations if isinstance(op, Layer)]

    def _inner_layers(self) -> list[Layer]:
        graph = self.__dict__.get("graph")
        rest = super()._inner_layers()
        if graph is None:
            return rest
        own = self.layers
        ids = {id(layer) for layer in own}
        return own + [layer for layer in rest if id(layer) not in ids]

    @property
    def nodes(self) -> list[Any]:
        """Its calls, each after those it depends on."""
        return list(self.graph.nodes)

    @property
    def input(self) -> Any:
        """Its input symbols, as they were given."""
        return self.graph.inputs

    @property
    def output(self) -> Any:
        """Its output symbols, as they were given."""
        return self.graph.outputs

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs."""
        return list(self.__dict__["_input_names"])

    @property
    def output_names(self) -> list[str]:
        """Names of the layers that make the outputs."""
        return [self.graph.parent(tensor).operation.name for tensor in self.graph.output_tensors]

    @property
    def input_shape(self) -> Any:
        """Shape of the inputs."""
        return map_leaves(lambda symbol: symbol.shape, one_alone(self.graph.inputs))

    @property
    def output_shape(self) -> Any:
        """Shape of the outputs."""
        return map_leaves(lambda symbol: symbol.shape, self.graph.result)

    def get_config(self) -> dict[str, Any]:
        """Its layers and how they are connected."""
        if type(self) is not Functional and "__init__" in vars(type(self)) and not _takes_graph(type(self)):
            return Layer.get_config(self)
        from kerasviz.saving.functional import functional_to_config

        return functional_to_config(self)

    # --- running ----------------------------------------------------------------------------------------------------

    def plan(self, training: bool = False) -> Plan:
        """Its compiled plan for the mode; made anew when hooks, weights or what is trainable has changed."""
        if torch.compiler.is_compiling():
            renewed(self, training)
        return self._current_plan(training)

    def _current_plan(self, training: bool) -> Plan:
        known, now = self.__dict__["_plans"].get(training), (Structure.version, has_global_hooks())
        if known is None or known[0] != now:
            facts = self._plan_facts()
            plan = known[2] if known is not None and known[1] == facts else compile_plan(self.graph, training)
            known = self.__dict__["_plans"][training] = (now, facts, plan)
        return known[2]

    def _plan_facts(self) -> tuple:
        """All that a plan depends on and that may change."""
        return tuple(
            (
                id(layer),
                is_hooked(layer),
                layer.trainable,
                layer.__dict__.get("_revision", 0),
                layer._dtype_policy,
                layer.activity_regularizer is not None,
                tuple((id(p), storage_of(p)) for p in layer._parameters.values()),
            )
            for layer in self._flatten_layers()
        )

    def plan_source(self, training: bool = False) -> str:
        """The Python that runs when the model is called: the best description of what it does."""
        return self.plan(training).source

    def inlines(self) -> bool:
        """Whether an outer plan may write this model out in place."""
        return type(self).call is Functional.call and "call" not in self.__dict__

    def forward_function(self, training: bool) -> Callable[[Any], Any]:
        """The plan, taking inputs and giving outputs in the model's structure."""
        if not self._runs_as_plan():
            return functools.partial(self, training=training)
        function, flat = self._current_plan(training).function, self.flattener()
        structured = None if isinstance(self.graph.result, KerasTensor) else self._structured

        def run(x: Any) -> Any:
            outputs = function(*flat(x))
            return outputs if structured is None else structured(outputs)

        return run

    def descent(self, weights: list[Variable]) -> Descent | None:
        """Forward pass and gradients of the weights in one function; None where autograd is needed."""
        if not self._runs_as_plan() or is_listened_to(weights):
            return None
        facts = self._plan_facts(), [weight.requires_grad for weight in weights]
        known = self.__dict__["_plans"].get("descent")
        if known is None or known[0] != facts:
            known = self.__dict__["_plans"]["descent"] = (facts, descent_of(self.graph))
        return known[1]

    def flattener(self) -> Callable[[Any], Any]:
        """The function from inputs in the model's structure to a flat sequence of them."""
        inputs, count, flat_inputs = self.graph.inputs, len(self.graph.input_tensors), self._flat_inputs
        if isinstance(inputs, KerasTensor):
            return lambda x: (x,) if isinstance(x, Tensor) else flat_inputs(x)
        if not isinstance(inputs, (list, tuple)) or not all(isinstance(symbol, KerasTensor) for symbol in inputs):
            return flat_inputs
        return lambda x: (
            x if type(x) in (list, tuple) and len(x) == count and isinstance(x[0], Tensor) else flat_inputs(x)
        )

    def _runs_as_plan(self) -> bool:
        """Whether its plan does all that calling it would do."""
        return self.inlines() and not is_hooked(self) and self.activity_regularizer is None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call on tensors, or on symbols to add a node to a graph; plain calls go straight to the plan."""
        if len(args) == 1 and CONTEXT.depth == 0 and kwargs.keys() <= {"training"}:
            x = args[0]
            first = x[0] if type(x) in (list, tuple) and x else x
            if isinstance(first, Tensor) and getattr(first, "_keras_mask", None) is None:
                run = self._straight(bool(kwargs.get("training")))
                if run is not None:
                    return run(x)
        return super().__call__(*args, **kwargs)

    def _straight(self, training: bool) -> Callable[[Any], Any] | None:
        """The forward function, where nothing but the plan has to run; looked up once per change of structure."""
        if torch_module._global_forward_hooks or torch_module._global_forward_pre_hooks:
            return None
        if torch.compiler.is_compiling():
            renewed(self, training)
        return self._current_run(training)

    def _current_run(self, training: bool) -> Callable[[Any], Any] | None:
        known = self.__dict__["_runs"].get(training)
        if known is None or known[0] != Structure.version:
            run = self.forward_function(training) if self._runs_as_plan() else None
            known = self.__dict__["_runs"][training] = (Structure.version, run)
        return known[1]

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None, **kwargs: Any) -> Any:
        """Run the graph."""
        if any_symbolic(inputs):
            return self._symbolic(inputs, training)
        flat = self._flat_inputs(inputs)
        if mask is not None:
            for value, one in zip(flat, leaves(mask), strict=True):
                value._keras_mask = one
        return self._structured(self.plan(bool(training)).function(*flat))

    def _prepared(self, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        return args, kwargs  # the plan converts each input to its own dtype

    def _structured(self, outputs: Any) -> Any:
        if isinstance(self.graph.result, KerasTensor):
            return outputs
        flat = iter(outputs if isinstance(outputs, tuple) else (outputs,))
        return map_leaves(lambda _: next(flat), self.graph.result)

    def _flat_inputs(self, inputs: Any) -> list[Any]:
        """The inputs as tensors in the order of the graph; dicts by name, or by key."""
        names = self.__dict__["_input_names"]
        flat = self._by_key(inputs) if isinstance(inputs, dict) else self._in_order(inputs)
        if len(flat) != len(names):
            hint = f"They are: {', '.join(names)}."
            raise Invalid(f'Model "{self.name}"', f"{len(names)} inputs", f"{len(flat)}", hint)
        return [
            value if isinstance(value, Tensor) else self._made_tensor(value, node)
            for value, node in zip(flat, self.graph.input_nodes, strict=True)
        ]

    def _by_key(self, inputs: dict[str, Any]) -> list[Any]:
        wanted, names = self.graph.inputs, self.__dict__["_input_names"]
        if isinstance(wanted, dict) and set(wanted) <= set(inputs):
            return list(leaves({key: inputs[key] for key in wanted}))
        if any(name not in inputs for name in names):
            known = list(wanted) if isinstance(wanted, dict) else names
            raise Invalid(f'Model "{self.name}"', f"inputs named {', '.join(map(repr, known))}", sorted(inputs))
        return [inputs[name] for name in names]

    def _in_order(self, inputs: Any) -> list[Any]:
        if not isinstance(inputs, (list, tuple)):
            return [inputs]
        flat = list(leaves(inputs))
        numbers = all(isinstance(value, (bool, int, float, str)) for value in flat)
        return [inputs] if numbers and len(self.graph.input_nodes) == 1 else flat  # rows written as lists

    def _made_tensor(self, value: Any, node: Any) -> Any:
        """A tensor of what came for an input."""
        if isinstance(value, KerasTensor) or (value is None and node.operation.optional):
            return value
        if node.outputs.dtype == "string" and value is not None:
            return texts_for(node.outputs, value, f"input `{node.operation.name}` of the model")
        where, expected = f"input `{node.operation.name}` of the model", f"numbers of shape {node.outputs.shape}"
        if value is None or isinstance(value, str):
            raise Invalid(where, expected, value)
        try:
            return convert_to_tensor(value)
        except (TypeError, ValueError, RuntimeError) as error:
            raise Invalid(where, expected, value, str(error).split("\n")[0]) from error

    # --- symbols ----------------------------------------------------------------------------------------------------

    def compute_output_spec(self, inputs: Any, training: bool | None = None, mask: Any = None, **kwargs: Any) -> Any:
        """Symbols for the outputs of a call on symbols."""
        flat = self._flat_inputs(inputs)
        if all(symbol.shape == own.shape for symbol, own in zip(flat, self.graph.input_tensors, strict=True)):
            return map_leaves(lambda symbol: KerasTensor(symbol.shape, symbol.dtype), self.graph.outputs)
        made = self._symbolic(inputs, training)
        return map_leaves(lambda symbol: KerasTensor(symbol.shape, symbol.dtype), made)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the outputs for inputs of this shape."""
        from kerasviz.layers.layer import map_shapes

        symbols = map_shapes(lambda shape: KerasTensor(shape), input_shape)
        return map_leaves(lambda symbol: symbol.shape, self.compute_output_spec(symbols))

    def _symbolic(self, inputs: Any, training: bool | None) -> Any:
        """Walk the graph with other symbols."""
        return run_graph(self.graph, self._flat_inputs(inputs))


@functools.cache
def functional_class(cls: type[Model]) -> Any:
    """The user's subclass of Model, as one of Functional too."""
    if issubclass(cls, Functional):
        return cls
    bases: tuple[Any, ...] = (cls, Functional)
    return type(cls.__name__, bases, {"__module__": cls.__module__, "__doc__": cls.__doc__})


def _takes_graph(cls: type) -> bool:
    import inspect

    return {"inputs", "outputs"} <= set(inspect.signature(cls.__init__).parameters)


def _frozen(structure: Any) -> Any:
    """Lists and tuples of symbols as plain lists and tuples."""
    if isinstance(structure, dict):
        return dict(structure)
    if isinstance(structure, (list, tuple)):
        made = [_frozen(part) for part in structure]
        return made if isinstance(structure, list) else tuple(made)
    return structure


def renewed(model: Functional, training: bool) -> bool:
    """Bring its plan up to date, before `torch.compile` looks at it: writing a plan is nothing to trace."""
    model._current_plan(training)
    model._current_run(training)
    return True


renewed.__dict__["_dynamo_marked_constant"] = True  # torch.compiler.assume_constant_result, which imports all of dynamo


def storage_of(parameter: Any) -> int:
    """Where the numbers of a weight lie; 0 for what torch's tools put in its place, or without memory."""
    return parameter.data_ptr() if isinstance(parameter, Variable) and not parameter.is_meta else 0


def _raw_parameters(graph: Graph) -> list[nn.Parameter]:
    found: dict[int, nn.Parameter] = {}
    for node in graph.nodes:
        if not isinstance(node.operation, (Layer, InputLayer)):
            found |= {id(v): v for v in leaves([node.args, node.kwargs]) if isinstance(v, nn.Parameter)}
    return list(found.values())
