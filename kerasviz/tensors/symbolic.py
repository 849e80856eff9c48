"""KerasTensor: a tensor that is not there yet. Operations on it are recorded as nodes of a graph."""

import inspect
import math
import numbers
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from kerasviz.declare import Invalid, NotThereYet, snake_case
from kerasviz.tensors.dtypes import standardize_dtype, torch_dtype
from kerasviz.tensors.naming import unique_name
from kerasviz.tensors.scope_state import SCOPES
from kerasviz.tensors.structure import leaves, map_leaves

# two sizes for each unknown one: what differs between two runs is unknown in the output
SMALL, LARGE = (2, 3), (224, 256)
FEW = 1_000_000  # numbers that are no trouble to compute with; the meta device costs a second when it is first used
NOTHING: Mapping[int, int] = {}
OPERATORS: dict[str, Callable] = {}  # "add" -> ops.add; filled by `ops`


def operator_named(name: str) -> Callable:
    """The function of `keras.ops` behind a Python operator."""
    if not OPERATORS:
        import importlib

        importlib.import_module("kerasviz.ops")
    return OPERATORS[name]


class Operation:
    """What can stand in a graph: a layer or a function. Calling it on symbols records a node.

    Subclasses write `call`, and `compute_output_spec` where a run on small tensors cannot tell what comes out.

    Args:
        name: unique in a graph, without `/`.
    """

    name: str

    def __init__(self, name: str | None = None) -> None:
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise Invalid(f"{type(self).__name__}(name=...)", "a name without `/`", name)
        self.name = name or unique_name(snake_case(type(self).__name__).lstrip("_"))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call on tensors, or on symbols to add a node to a graph."""
        if any_symbolic(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The arithmetic: tensors in, tensors out."""
        raise NotImplementedError(f"{type(self).__name__} has no `call`.")

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Record a call on symbols."""
        return record(self, args, kwargs, self.compute_output_spec(*args, **kwargs))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbols for the outputs of a call on symbols: found by a run on small tensors, where not overridden."""
        return infer(self.call, args, kwargs)

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        """The call with weights of few bits, which an operation has where it overrides this."""
        raise NotImplementedError(f"{type(self).__name__} has no `quantized_call`.")

    def rematerialized_call(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """`fn` as it is; layers keep less for the gradient where they were told to."""
        return fn

    def get_config(self) -> dict[str, Any]:
        """Its name, and the arguments of its constructor as they stand in attributes of the same names.

        Raises:
            Invalid: where an argument has no such attribute.
        """
        config: dict[str, Any] = {"name": self.name}
        for parameter in list(inspect.signature(type(self).__init__).parameters.values())[1:]:
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            if not hasattr(self, parameter.name):
                hint = f"Keep it as `self.{parameter.name}`, or write `get_config`."
                raise Invalid(f"{type(self).__name__}.get_config", f"an attribute `{parameter.name}`", None, hint)
            config[parameter.name] = getattr(self, parameter.name)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The operation that `get_config` described."""
        return cls(**config)

    @property
    def _inbound_nodes(self) -> list["Node"]:
        return self.__dict__.setdefault("_nodes", [])

    @property
    def input(self) -> Any:
        """The symbolic inputs of its only call."""
        return self._only_node().inputs[0] if len(self._only_node().inputs) == 1 else self._only_node().inputs

    @property
    def output(self) -> Any:
        """The symbolic outputs of its only call."""
        return self._only_node().outputs

    def _only_node(self) -> "Node":
        if len(self._inbound_nodes) != 1:
            raise NotThereYet(f"`{self.name}`", "one call in a graph", f"{len(self._inbound_nodes)} calls")
        return self._inbound_nodes[0]


class Node:
    """One call of an operation on symbols."""

    __slots__ = ("args", "index", "inputs", "kwargs", "operation", "outputs")

    def __init__(self, operation: Any, args: tuple, kwargs: dict[str, Any], outputs: Any) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.outputs = outputs
        self.inputs = [value for value in leaves([args, kwargs]) if isinstance(value, KerasTensor)]
        self.index = len(operation._inbound_nodes)

    @property
    def output_tensors(self) -> list["KerasTensor"]:
        """The outputs, flat."""
        return [value for value in leaves(self.outputs) if isinstance(value, KerasTensor)]

    @property
    def parents(self) -> Iterator["Node"]:
        """The nodes that make its inputs."""
        for tensor in self.inputs:
            if tensor.node is not None:
                yield tensor.node

    def __repr__(self) -> str:
        return f"<Node {self.operation.name}:{self.index}>"


class KerasTensor:
    """The shape and dtype of a tensor that a model will have, and its place in the graph.

    Args:
        shape: sizes; None where any will do.
        dtype: of its numbers.
        name: for people.
    """

    def __init__(
        self,
        shape: tuple[int | None, ...],
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._shape = tuple(shape)
        for size in self._shape:  # they stand in generated code: anything but a number is refused
            if size is not None and not isinstance(size, numbers.Integral):
                raise Invalid("KerasTensor(shape=...)", "whole numbers, or None where any size will do", shape)
        self._dtype = standardize_dtype(dtype)
        self.sparse = sparse
        self.ragged = ragged
        self.name = name or unique_name("keras_tensor")
        self.record_history = record_history
        self.node: Node | None = None
        self.output_index = 0
        self._keras_mask: Any = None

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Sizes; None where any will do."""
        return self._shape

    @property
    def dtype(self) -> str:
        """Name of the type of its numbers."""
        return self._dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._shape)

    @property
    def _keras_history(self) -> tuple[Any, int, int]:
        if self.node is None:
            raise Invalid(f"KerasTensor `{self.name}`", "a tensor made by a layer or an op", "one made by hand")
        return self.node.operation, self.node.index, self.output_index

    def reshape(self, *newshape: Any) -> Any:
        """The same numbers in another shape."""
        shape = newshape[0] if len(newshape) == 1 and not isinstance(newshape[0], int) else newshape
        return operator_named("reshape")(self, shape)

    def squeeze(self, axis: Any = None) -> Any:
        """Without the axes of size 1."""
        return operator_named("squeeze")(self, axis)

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: tuple = (), kwargs: Any = None) -> Any:
        """Record torch's own functions too."""
        return record_function(function, args, kwargs or {})

    def __getattr__(self, name: str) -> Any:
        """torch's tensor methods, recorded."""
        if name.startswith("_") or name in UNSUPPORTED or not callable(getattr(torch.Tensor, name, None)):
            raise AttributeError(f"KerasTensor has no `{name}`: it has a shape and a dtype, but no values yet.")
        method = getattr(torch.Tensor, name)
        return lambda *args, **kwargs: record_function(method, (self, *args), kwargs)

    def __iter__(self) -> Iterator[Any]:
        if self._shape[0] is None:
            raise TypeError(f"KerasTensor `{self.name}` with shape {self.shape} cannot be iterated: unknown size.")
        return (self[index] for index in range(self._shape[0]))

    def __len__(self) -> int:
        if not self._shape or self._shape[0] is None:
            raise TypeError(f"KerasTensor `{self.name}` with shape {self.shape} has no known length.")
        return self._shape[0]

    def __bool__(self) -> bool:
        raise TypeError(
            f"KerasTensor `{self.name}` has no value yet, so Python's `if` cannot look at it. "
            "Use `keras.ops.where` or `keras.ops.cond`, or put the code in a Layer's `call`."
        )

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            f"KerasTensor `{self.name}` has no values yet, so numpy cannot read it. "
            "Use `keras.ops`, torch functions or a Layer."
        )

    def __getitem__(self, key: Any) -> Any:
        return operator_named("get_item")(self, key)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, sparse={self.sparse}, name={self.name}>"


UNSUPPORTED = {"numpy", "item", "tolist", "cpu", "cuda", "data_ptr", "backward", "detach", "to_dense", "requires_grad_"}


def _binary(name: str, swap: bool = False) -> Callable:
    def operator(self: Any, other: Any) -> Any:
        function = operator_named(name)
        return function(other, self) if swap else function(self, other)

    return operator


def _unary(name: str) -> Callable:
    return lambda self: operator_named(name)(self)


for _method, _name in {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "true_divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "pow": "power",
    "matmul": "matmul",
    "and": "logical_and",
    "or": "logical_or",
    "xor": "logical_xor",
}.items():
    setattr(KerasTensor, f"__{_method}__", _binary(_name))
    setattr(KerasTensor, f"__r{_method}__", _binary(_name, swap=True))
for _method, _name in {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}.items():
    setattr(KerasTensor, f"__{_method}__", _binary(_name))
for _method, _name in {"neg": "negative", "abs": "absolute", "invert": "logical_not"}.items():
    setattr(KerasTensor, f"__{_method}__", _unary(_name))


def any_symbolic(*structures: Any) -> bool:
    """Whether a symbol is among the values."""
    return any(isinstance(value, KerasTensor) for value in leaves(structures))


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` is a symbol that an operation made."""
    return isinstance(x, KerasTensor)


def record(operation: Any, args: tuple, kwargs: dict[str, Any], outputs: Any) -> Any:
    """Add a node to the graph; its outputs learn where they come from."""
    inputs = {id(value) for value in leaves([args, kwargs]) if isinstance(value, KerasTensor)}

    def own(value: Any) -> Any:
        """An input handed on is a new symbol: it has another place in the graph."""
        if isinstance(value, KerasTensor) and id(value) in inputs:
            return KerasTensor(value.shape, value.dtype)
        return value

    outputs = map_leaves(own, outputs)
    node = Node(operation, args, kwargs, outputs)
    operation._inbound_nodes.append(node)
    for index, tensor in enumerate(node.output_tensors):
        tensor.node = node
        tensor.output_index = index
    return outputs


class FunctionOperation(Operation):
    """A plain function in a graph: one of `keras.ops`, or one of torch's."""

    def __init__(self, function: Callable, name: str | None = None) -> None:
        self.function = function
        self.name = name or unique_name(snake_case(getattr(function, "__name__", "function").strip("_")))

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The function itself."""
        return self.function(*args, **kwargs)

    __call__ = call

    def __repr__(self) -> str:
        return f"<FunctionOperation {self.name}>"


def record_function(function: Callable, args: tuple, kwargs: dict[str, Any], name: str | None = None) -> Any:
    """Record a call of `function`; its output is what the function says it will be, or else inferred."""
    told = getattr(function, "symbolic_outputs", None)
    try:
        outputs = infer(function, args, kwargs) if told is None else told(*args, **kwargs)
    except Invalid:
        raise
    except Exception as error:
        shapes = [tuple(v.shape) for v in leaves([args, kwargs]) if isinstance(v, KerasTensor)]
        title = getattr(function, "__name__", str(function))
        hint = str(error).split("\n")[0]
        raise Invalid(f"{title} of symbols", "shapes and arguments that fit", shapes, hint) from error
    return record(FunctionOperation(function, name), args, kwargs, outputs)


def infer(function: Callable, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What `function` would return, as symbols: run with two sizes for each unknown one.

    Small tensors are real ones; where they are large, or too small for the function, the meta device is used. Where
    that fails too, an unknown size is the one that it meets in the others, as in a sum of (None, 3) and (4, 3).
    """
    symbols = [value for value in leaves([args, kwargs]) if isinstance(value, KerasTensor)]
    if all(math.prod(SMALL[-1] if n is None else n for n in symbol.shape) <= FEW for symbol in symbols):
        try:
            return map_leaves(_merged, *(_run(function, args, kwargs, size, "cpu") for size in SMALL))
        except Exception:
            pass
    try:
        return map_leaves(_merged, *(_run(function, args, kwargs, size, "meta") for size in LARGE))
    except Exception as error:
        met = _sizes_met([args, kwargs])
        if not met or not any(None in symbol.shape for symbol in symbols):
            raise
        try:
            return map_leaves(_merged, *(_run(function, args, kwargs, size, "meta", met) for size in LARGE))
        except Exception:
            raise error from None


def _sizes_met(structure: Any) -> dict[int, int]:
    """By place from the last axis: the only known size there, as far as one is not 1."""
    found: dict[int, set[int]] = {}
    for value in leaves(structure):
        for place, size in enumerate(reversed(value.shape if isinstance(value, (KerasTensor, torch.Tensor)) else ())):
            if size not in (None, 1):
                found.setdefault(place, set()).add(size)
    return {place: sizes.pop() for place, sizes in found.items() if len(sizes) == 1}


def _run(
    function: Callable, args: tuple, kwargs: dict, size: int, device: str, met: Mapping[int, int] = NOTHING
) -> Any:
    def concrete(value: Any) -> Any:
        if isinstance(value, KerasTensor):
            places = range(len(value.shape) - 1, -1, -1)
            shape = [met.get(at, size) if n is None else n for at, n in zip(places, value.shape, strict=True)]
            return torch.zeros(shape, dtype=torch_dtype(value.dtype), device=device)
        if isinstance(value, torch.Tensor) and value.device.type != device:
            return value.detach().to(device)
        return value

    SCOPES.symbolic += 1
    try:
        with torch.no_grad(), torch.device(device):
            return function(*map_leaves(concrete, args), **map_leaves(concrete, kwargs))
    finally:
        SCOPES.symbolic -= 1


def _merged(first: Any, second: Any) -> Any:
    if not isinstance(first, torch.Tensor):
        return first
    shape = [a if a == b else None for a, b in zip(first.shape, second.shape, strict=True)]
    return KerasTensor(tuple(shape), first.dtype)
