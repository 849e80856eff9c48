"""A graph as the source of one straight-line Python function, written once and compiled.

Nothing is decided while it runs: layers are bound, `training` is resolved, layouts agree where they can, values are
deleted after their last reader, and activations work in place where nobody else looks.
"""

import functools
import importlib
import keyword
import linecache
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.modules import module as torch_module

from kerasviz.declare import Invalid
from kerasviz.graph.graph import Graph
from kerasviz.layers.calling import CONTEXT, Structure, call_facts
from kerasviz.layers.input import InputLayer
from kerasviz.layers.layer import Layer
from kerasviz.tensors import FunctionOperation, KerasTensor, is_float, leaves, torch_dtype

EMITTERS: dict[type, Callable] = {}  # layer class -> function(plan, layer, *values) -> Value; filled by `emitters`


WHOLE: set[type] = set()  # layers with layers inside whose emitters, if they do not decline, stand for all of it


class Value:
    """A local variable of the plan.

    Attributes:
        name: of the variable.
        shape: as Keras has it, None where unknown.
        rank: number of axes.
        torch_layout: whether its channels come second, as torch has them, and not last.
        fresh: whether it may be overwritten without harm to the backward pass.
        readers: calls that still read it; -1 for what the function returns.
    """

    __slots__ = ("fresh", "name", "other", "rank", "readers", "shape", "torch_layout")

    def __init__(self, name: str, rank: int, torch_layout: bool = False, fresh: bool = False) -> None:
        self.name = name
        self.rank = rank
        self.shape: tuple[int | None, ...] = ()
        self.torch_layout = torch_layout
        self.fresh = fresh
        self.readers = 0
        self.other: str | None = None  # the same value in the other layout

    def __str__(self) -> str:
        return self.name


class Plan:
    """The compiled function of a graph for one mode.

    Args:
        graph: what to run.
        training: the mode.

    Attributes:
        source: the Python text of the function.
        function: takes the flat inputs, returns the flat outputs (one, or a tuple).
    """

    def __init__(self, graph: Graph, training: bool) -> None:
        self.begin(training)
        inputs = [self._enter(node) for node in graph.input_nodes]
        outputs = self._inline(graph, inputs, final=True)
        returned = [self.read(value) for value in outputs]
        self.lines.append(f"return {', '.join(returned)}")
        parameters = ", ".join(value.name for value in inputs)
        body = "\n".join(f"    {line}" for line in self.lines)
        self.source = f"def plan({parameters}):\n{body}\n"
        self.function = self._compiled()

    def begin(self, training: bool) -> None:
        """Start with nothing written."""
        self.training = training
        self.constants: dict[str, Any] = {"torch": torch, "inf": math.inf, "nan": math.nan}
        self._bound: dict[int, str] = {}
        self.lines: list[str] = []
        self.names: set[str] = {"plan", *self.constants}
        self._last: dict[str, int] = {}  # number in the newest name, by what it begins with
        self.opaque: list[Layer] = []  # called as modules: they may keep losses and need to know the mode

    def _compiled(self) -> Callable:
        name = f"<plan {id(self):x}>"
        linecache.cache[name] = (len(self.source), None, self.source.splitlines(keepends=True), name)
        namespace = dict(self.constants)
        exec(compile(self.source, name, "exec"), namespace)
        function = namespace["plan"]
        return _in_context(function, self.opaque, self.training) if self.opaque else function

    # --- what emitters use ------------------------------------------------------------------------------------------

    def bind(self, thing: Any, hint: str = "constant") -> str:
        """The name under which the function sees `thing`."""
        key = id(thing)
        if key not in self._bound:
            name = self._free(hint)
            self._bound[key] = name
            self.constants[name] = thing
        return self._bound[key]

    def line(self, expression: str, rank: int, torch_layout: bool = False, fresh: bool = False) -> Value:
        """A new local variable for the value of `expression`."""
        value = Value(self._free(self._hint), rank, torch_layout, fresh)
        self.lines.append(f"{value.name} = {expression}")
        return value

    def read(self, value: Value, torch_layout: bool = False) -> str:
        """The name of the value in the wanted layout; a view is made where it has the other."""
        if value.torch_layout == torch_layout or value.rank < 3:
            return value.name
        if value.other is None:
            value.other = self._free(f"{value.name}_{'torch' if torch_layout else 'keras'}")
            axes = to_torch(value.rank) if torch_layout else to_keras(value.rank)
            self.lines.append(f"{value.other} = {value.name}.permute({', '.join(map(str, axes))})")
        return value.other

    def rewrite(self, value: Value, expression: str, fresh: bool = False) -> Value:
        """Give the variable a new value."""
        self.lines.append(f"{value.name} = {expression}")
        value.fresh = fresh
        return value

    def alone(self, value: Value) -> bool:
        """Whether this reader is the last, and the value may be overwritten."""
        return value.fresh and value.readers == 1 and value.other is None

    # --- the walk ---------------------------------------------------------------------------------------------------

    def _free(self, hint: str) -> str:
        base = "".join(c if c.isascii() and c.isalnum() else "_" for c in hint).lower() or "value"
        if base[0].isdigit() or keyword.iskeyword(base) or base in __builtins_names__:
            base = f"{base}_" if not base[0].isdigit() else f"_{base}"
        name, number = base, self._last.get(base, 1)
        while name in self.names:
            number += 1
            name = f"{base}_{number}"
        self.names.add(name)
        self._last[base] = number
        return name

    def _enter(self, node: Any) -> Value:
        tensor = node.output_tensors[0]
        value = Value(self._free(node.operation.name), tensor.ndim)
        value.shape = tensor.shape
        if tensor.dtype == "string":
            return value  # an array of words, as the layer takes it
        dtype = torch_dtype(tensor.dtype)
        check = self.bind(functools.partial(_entered, node.operation.name, tensor.shape, dtype), "enter")
        fits = [f"{value}.dtype is {self.bind(dtype, tensor.dtype)}", f"{value}.dim() == {tensor.ndim}"]
        known = [(axis, size) for axis, size in enumerate(tensor.shape) if size is not None and axis > 0]
        if known and len(known) == tensor.ndim - 1:
            fits.append(f"{value}.shape[1:] == {self.bind(torch.Size(tensor.shape[1:]), 'shape')}")
        else:
            fits += [f"{value}.shape[{axis}] == {size}" for axis, size in known]
        optional = f"{value} is not None and " if node.operation.optional else ""
        self.lines.append(f"if {optional}not ({' and '.join(fits)}):")
        self.lines.append(f"    {value} = {check}({value})")
        return value

    def _inline(self, graph: Graph, inputs: list[Value], final: bool = False) -> list[Value]:
        """Emit the calls of a graph; nested models are emitted in place."""
        values = {id(t): value for t, value in zip(graph.input_tensors, inputs, strict=True)}
        readers: dict[int, int] = {}
        for node in graph.nodes:
            if node not in graph.input_nodes:
                for tensor in {id(t): t for t in node.inputs}.values():
                    readers[id(tensor)] = readers.get(id(tensor), 0) + 1
        returned = {id(tensor) for tensor in graph.output_tensors}
        for node in graph.running:
            if node in graph.input_nodes:
                continue
            used = list({id(t): values[id(t)] for t in node.inputs}.items())
            for key, value in used:
                value.readers = -1 if key in returned or value in inputs else readers[key]
            made = self._emit(node, values)
            for tensor, value in zip(node.output_tensors, made, strict=True):
                if final and id(tensor) in returned and readers.get(id(tensor)):
                    value = self._as_returned(value)
                value.shape = tensor.shape
                values[id(tensor)] = value
            dead = [value for key, value in used if readers[key] == 1 and key not in returned]
            readers.update({key: readers[key] - 1 for key, _ in used})
            self._delete(dead, [*inputs, *made])
        return [values[id(tensor)] for tensor in graph.output_tensors]

    def _as_returned(self, value: Value) -> Value:
        """The value in Keras's layout: what reads it reads what is returned, so that gradients reach that."""
        return value if self.read(value) == value.name else Value(self.read(value), value.rank)

    def _delete(self, dead: list[Value], kept: list[Value]) -> None:
        """Let go of values that nobody reads any more."""
        alive = {value.name for value in kept}
        names = [n for value in dead if value.name not in alive for n in (value.name, value.other) if n]
        if names:
            self.lines.append(f"del {', '.join(names)}")

    def _emit(self, node: Any, values: dict[int, Value]) -> list[Value]:
        operation = node.operation
        self._hint = operation.name
        if isinstance(operation, Layer):
            if self._is_inlinable(operation, node):
                return self._inline(operation.graph, [values[id(t)] for t in node.inputs])
            if self._is_plain(operation, node):
                emitter = EMITTERS.get(type(operation))
                whole = operation.keeps_dtype and not all(is_float(t.dtype) for t in node.inputs)
                if emitter is not None and not node.kwargs and not whole:
                    value = emitter(self, operation, *(map_values(argument, values) for argument in node.args))
                    if value is not None:
                        return [value]
                if not operation._inner_layers():
                    call = self.bind(operation.call, f"{operation.name}_call")
                    return self._emit_call(node, values, call, plain=True)
            self.opaque.append(operation)
            return self._emit_call(node, values, self.bind(operation, f"{operation.name}_layer"), plain=False)
        function = operation.function if isinstance(operation, FunctionOperation) else operation
        function = getattr(function, "__wrapped__", function)
        return self._emit_call(node, values, self.bind(function, f"{operation.name}_function"), plain=True)

    def _emit_call(self, node: Any, values: dict[int, Value], function: str, plain: bool) -> list[Value]:
        """Emit a call with the node's arguments, as they were recorded."""
        kwargs = dict(node.kwargs)
        if isinstance(node.operation, Layer) and kwargs.get("training") is None:
            kwargs.pop("training", None)
            if call_facts(type(node.operation)).takes_training:
                kwargs["training"] = self.training
        arguments = [self._code(argument, values) for argument in node.args]
        arguments += [_named(name, self._code(value, values)) for name, value in kwargs.items()]
        call = f"{function}({', '.join(arguments)})"
        outputs = node.output_tensors
        if len(outputs) == 1 and isinstance(node.outputs, KerasTensor):
            return [self.line(call, outputs[0].ndim)]
        made = [Value(self._free(f"{self._hint}_{i}"), tensor.ndim) for i, tensor in enumerate(outputs)]
        flat = f"{self.bind(_flat, 'flat')}({call})" if _is_nested(node.outputs) else call
        self.lines.append(f"{', '.join(value.name for value in made)}{',' if len(made) == 1 else ''} = {flat}")
        return made

    def _code(self, argument: Any, values: dict[int, Value]) -> str:
        """Source for an argument in which symbols may be nested."""
        if isinstance(argument, KerasTensor):
            return self.read(values[id(argument)])
        if argument is None or isinstance(argument, (bool, int, str)):
            return repr(argument)
        if type(argument) in (list, tuple) and any(isinstance(v, KerasTensor) for v in leaves(argument)):
            inner = ", ".join(self._code(part, values) for part in argument)
            return f"[{inner}]" if isinstance(argument, list) else f"({inner},)"
        if type(argument) is dict and any(isinstance(v, KerasTensor) for v in leaves(argument)):
            return "{" + ", ".join(f"{key!r}: {self._code(value, values)}" for key, value in argument.items()) + "}"
        return self.bind(argument)

    def _is_inlinable(self, layer: Layer, node: Any) -> bool:
        """Whether a nested model can be emitted in place: its own `call`, no hooks, tensors as it takes them."""
        inlines = getattr(layer, "inlines", None)
        masked = any(t._keras_mask is not None for t in node.inputs) or node.kwargs
        return inlines is not None and inlines() and not masked and not is_hooked(layer) and len(node.args) == 1

    def _is_plain(self, layer: Layer, node: Any) -> bool:
        """Whether `call` alone does what calling the layer would do."""
        masked = any(getattr(t, "_keras_mask", None) is not None for t in [*node.inputs, *node.output_tensors])
        casts = any(t.dtype != "string" and layer.is_cast(torch_dtype(t.dtype)) for t in node.inputs)
        return not (masked or casts) and computes_alone(layer) and not isinstance(layer, InputLayer)


def computes_alone(layer: Layer) -> bool:
    """Whether `call`, or an emitter, does all that calling the layer would do, inputs and masks apart.

    What is inside must be written out by the layer's emitter: LSTM knows its cell.
    """
    inner = layer._inner_layers()
    if inner and (type(layer) not in WHOLE or not all(map(computes_alone, inner))):
        return False
    return not (
        layer._casts
        or is_hooked(layer)
        or layer.activity_regularizer is not None
        or not type(layer).__module__.startswith("kerasviz.layers")
        or "call" in layer.__dict__
    )


def is_hooked(module: torch.nn.Module) -> bool:
    """Whether a call of the module does more than its `call`: torch runs a hook, or it is computed again later."""
    own = module._forward_hooks, module._forward_pre_hooks, module._backward_hooks, module._backward_pre_hooks
    return any(own) or has_global_hooks() or module.__dict__.get("_remat") is not None


def has_global_hooks() -> bool:
    """Whether torch runs a hook for every module."""
    return bool(
        torch_module._global_forward_hooks
        or torch_module._global_forward_pre_hooks
        or torch_module._global_backward_hooks
        or torch_module._global_backward_pre_hooks
    )


def map_values(argument: Any, values: dict[int, Value]) -> Any:
    """The plan's variables in place of symbols; lists of them for lists."""
    if isinstance(argument, KerasTensor):
        return values[id(argument)]
    return [map_values(part, values) for part in argument] if isinstance(argument, (list, tuple)) else argument


def _named(name: str, code: str) -> str:
    """An argument by name. A name from a file is any text: what is no plain word is written as a string."""
    is_word = name.isascii() and name.isidentifier() and not keyword.iskeyword(name)
    return f"{name}={code}" if is_word else f"**{{{name!r}: {code}}}"


def to_torch(rank: int) -> tuple[int, ...]:
    """Axes that put the last one, the channels, second."""
    return (0, rank - 1, *range(1, rank - 1))


def to_keras(rank: int) -> tuple[int, ...]:
    """Axes that put the second one, the channels, last."""
    return (0, *range(2, rank), 1)


def load_emitters() -> None:
    """Fill the table of emitters; they import the layers, and those the plan."""
    for theme in ("", "spatial_", "normalization_", "recurrent_"):
        importlib.import_module(f"kerasviz.graph.{theme}emitters")


def compile_plan(graph: Graph, training: bool) -> Plan:
    """The plan of a graph for training, or for inference."""
    load_emitters()
    return Plan(graph, training)


def _entered(name: str, shape: tuple, dtype: torch.dtype, x: Any) -> Any:
    """An input that does not fit as it came: converted, or refused with what was expected."""
    from kerasviz.tensors import convert_to_tensor

    if not isinstance(x, Tensor):
        x = convert_to_tensor(x)
    given = tuple(x.shape)
    x = x if x.dtype == dtype else x.to(dtype)
    if x.dim() == len(shape) - 1 and shape[-1] == 1:
        x = x.unsqueeze(-1)
    elif x.dim() == len(shape) + 1 and x.shape[-1] == 1:
        x = x.squeeze(-1)
    sizes_fit = x.dim() == len(shape) and all(n is None or n == m for n, m in zip(shape[1:], x.shape[1:], strict=True))
    if not sizes_fit:
        raise Invalid(f"input `{name}` of the model", f"shape {shape}", given, _shape_hint(shape, given))
    return x


def _shape_hint(shape: tuple, given: tuple) -> str:
    if given == tuple(shape[1:]):
        return "It looks like one sample: add a batch axis with `x[None]`."
    if shape[-1] == 1 and given[1:] == tuple(shape[1:-1]):
        return "Add a channel axis with `x[..., None]`."
    return ""


def _in_context(function: Callable, opaque: list[Layer], training: bool) -> Callable:
    """For layers called as modules: they learn the mode, and begin without losses of an earlier step."""

    def plan(*inputs: Any) -> Any:
        for layer in opaque if Structure.losing else ():
            layer._clear_losses()
        outer = CONTEXT.training, CONTEXT.depth
        CONTEXT.training, CONTEXT.depth = training, outer[1] + 1
        try:
            return function(*inputs)
        finally:
            CONTEXT.training, CONTEXT.depth = outer

    return plan


def _flat(structure: Any) -> list[Any]:
    return list(leaves(structure))


def _is_nested(structure: Any) -> bool:
    return isinstance(structure, dict) or any(isinstance(part, (list, tuple, dict)) for part in structure)


__builtins_names__ = frozenset(dir(__import__("builtins")))
