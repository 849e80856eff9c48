"""JaxLayer and FlaxLayer: functions and modules of JAX as layers, gradients included."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.declare.registry import deserialize, serialize
from kerasviz.layers.calling import map_shapes
from kerasviz.layers.foreign import needed
from kerasviz.layers.layer import Layer
from kerasviz.tensors import map_leaves

TAKEN = ("params", "state", "rng", "inputs", "training")


class JaxLayer(Layer):
    """Runs a function of JAX as a layer. Needs the package `jax`.

    Memory is shared with JAX where both have it on one device; JAX compiles the function at its first call.

    Args:
        call_fn: takes some of `params`, `state`, `rng`, `inputs`, `training`, by these names; returns the outputs, or
            (outputs, new state) if it takes `state`.
        init_fn: takes `rng`, `inputs` and perhaps `training`; returns params, or (params, state).
        params: nest of arrays to train; from `init_fn` by default.
        state: nest of arrays that calls in training replace; from `init_fn` by default.
        seed: of what `rng` is made of.
        native_serialization_platforms: kept for Keras.
        **kwargs: those of every layer.
    """

    def __init__(
        self,
        call_fn: Callable,
        init_fn: Callable | None = None,
        params: Any = None,
        state: Any = None,
        seed: int | None = None,
        native_serialization_platforms: Any = None,
        **kwargs: Any,
    ) -> None:
        jax = needed("jax", f"{type(self).__name__}(call_fn=...)", "runs it")
        super().__init__(**kwargs)
        self.__dict__["_jax"] = jax
        self.call_fn, self.init_fn, self.seed = call_fn, init_fn, seed
        self.native_serialization_platforms = native_serialization_platforms
        self.__dict__["_takes"] = self.arguments_of(call_fn, "call_fn", TAKEN)
        self.__dict__["_start"] = (params, state)
        self.__dict__["_draws"] = 0
        if seed is None:
            self.__dict__["_root"] = int(torch.randint(2**31, ()))
        else:
            self.__dict__["_root"] = seed
        missing = "params" in self._takes and params is None and init_fn is None
        if missing:
            raise Invalid(
                f"{type(self).__name__}(init_fn=...)", "init_fn or params, because call_fn takes params", None
            )
        if params is not None and ("state" not in self._takes or state is not None):
            self.keep(params, state)
            self.built = True

    def arguments_of(self, function: Callable, name: str, known: tuple[str, ...]) -> tuple[str, ...]:
        """Which of the known arguments a function takes.

        Raises:
            Invalid: where it takes another, or no inputs.
        """
        taken = inspect.signature(function).parameters.values()
        names = tuple(p.name for p in taken if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))
        unknown = [p.name for p in taken if p.name not in known and p.default is p.empty]
        if unknown or "inputs" not in names:
            where = f"{type(self).__name__}({name}=...)"
            raise Invalid(where, f"a function of `inputs`, and others of {', '.join(known)}", names)
        return tuple(n for n in names if n in known)

    def key(self) -> Any:
        """The next random key."""
        self.__dict__["_draws"] += 1
        return self._jax.random.fold_in(self._jax.random.PRNGKey(self._root), self._draws)

    def build(self, input_shape: Any) -> None:
        """Make what is trained, and the state."""
        if "_trees" in self.__dict__:
            return
        params, state = self._start
        if self.init_fn is not None and (params is None or ("state" in self._takes and state is None)):
            taken = self.arguments_of(self.init_fn, "init_fn", ("rng", "inputs", "training"))
            given = {"rng": self.key(), "inputs": self.placeholder(input_shape), "training": True}
            made = self.init_fn(**{name: given[name] for name in taken})
            first, second = made if "state" in self._takes else (made, None)
            params, state = first if params is None else params, second if state is None else state
        self.keep(params, state)

    def placeholder(self, shape: Any) -> Any:
        """Zeros of a shape; unknown sizes are one."""
        numpy = self._jax.numpy

        def made(sizes: tuple) -> Any:
            return numpy.zeros([1 if size is None else size for size in sizes], self.compute_dtype)

        return map_shapes(made, shape)

    def keep(self, params: Any, state: Any) -> None:
        """Make variables of the arrays in both nests."""
        tree = self._jax.tree_util
        trees = []
        for title, values, trains in (("param", params, True), ("state", state, False)):
            leaves, structure = tree.tree_flatten(values)
            names = [f"{title}_{index}" for index in range(len(leaves))]
            for name, leaf in zip(names, leaves, strict=True):
                value = from_jax(self._jax.numpy.asarray(leaf))
                made = self.add_weight(
                    name=name,
                    shape=tuple(value.shape),
                    dtype=str(value.dtype)[6:],
                    initializer="zeros",
                    trainable=trains,
                )
                made.assign(value)
                setattr(self, name, made)
            trees.append((names, structure))
        self.__dict__["_trees"] = trees

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The function's outputs; in training its new state is kept."""
        tree = self._jax.tree_util
        (params, params_tree), (state, state_tree) = self._trees
        given, inputs_tree = tree.tree_flatten(map_leaves(lambda value: value, inputs))
        key = self.key() if "rng" in self._takes else None
        count = len(params), len(params) + len(state)
        found: dict[str, Any] = {}

        def function(arrays: list[Any]) -> tuple[tuple, Any]:
            parts = {
                "params": tree.tree_unflatten(params_tree, arrays[: count[0]]),
                "state": tree.tree_unflatten(state_tree, arrays[count[0] : count[1]]),
                "inputs": tree.tree_unflatten(inputs_tree, arrays[count[1] :]),
                "rng": key,
                "training": bool(training),
            }
            outputs = self.call_fn(**{name: parts[name] for name in self._takes})
            outputs, new = outputs if "state" in self._takes else (outputs, None)
            flat, found["outputs"] = tree.tree_flatten(outputs)
            return tuple(flat), new

        tensors = [*(getattr(self, name) for name in (*params, *state)), *given]
        flat = InJax.apply(self._jax, function, found, *tensors)
        if training and "state" in self._takes:
            for name, value in zip(state, tree.tree_leaves(found["state"]), strict=True):
                self._parameters[name].data.copy_(from_jax(value))  # pyright: ignore[reportOptionalMemberAccess]
        return tree.tree_unflatten(found["outputs"], list(flat))  # pyright: ignore[reportArgumentType]

    def get_config(self) -> dict[str, Any]:
        """The functions by name; arrays are in the weights file."""
        base = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype_policy.name, "seed": self.seed}
        platforms = self.native_serialization_platforms
        functions = {name: serialize(getattr(self, name)) for name in ("call_fn", "init_fn")}
        return {**base, **functions, "native_serialization_platforms": platforms}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "JaxLayer":
        """The layer that `get_config` described; its functions must be registered, or in scope."""
        return cls(
            **{name: deserialize(value) if isinstance(value, Mapping) else value for name, value in config.items()}
        )


class FlaxLayer(JaxLayer):
    """Runs a module of Flax (linen) as a layer. Needs the packages `jax` and `flax`.

    Args:
        module: the module; its `__call__` takes the inputs, and perhaps `training`.
        method: another method of it to call, or its name.
        variables: what `module.init` gave, to start from.
        **kwargs: those of JaxLayer and of every layer.
    """

    def __init__(
        self, module: Any, method: Any = None, variables: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        needed("flax", f"{type(self).__name__}(module=...)", "runs it")
        function = getattr(type(module), method) if isinstance(method, str) else method or type(module).__call__
        takes_training = "training" in inspect.signature(function).parameters
        params, state = split(variables) if variables else (None, None)

        def options(training: bool) -> dict[str, Any]:
            return {"training": training} if takes_training else {}

        def call_fn(params: Any, state: Any, rng: Any, inputs: Any, training: bool) -> tuple[Any, Any]:
            held = {"params": params, **state}
            mutable = list(state) if training and state else False
            rngs = {"dropout": rng, "params": rng}
            made = module.apply(held, inputs, rngs=rngs, method=method, mutable=mutable, **options(training))
            return made if mutable else (made, state)

        def init_fn(rng: Any, inputs: Any, training: bool) -> tuple[Any, Any]:
            return split(module.init({"params": rng, "dropout": rng}, inputs, method=method, **options(training)))

        super().__init__(call_fn, init_fn, params, state, **kwargs)
        self.__dict__.update(module=module, method=method)

    def get_config(self) -> dict[str, Any]:
        """The module and the method.

        Raises:
            Invalid: for a module that has no config.
        """
        config = super().get_config()
        kept = {name: value for name, value in config.items() if name not in ("call_fn", "init_fn")}
        return {**kept, "module": serialize(self.module), "method": self.method}


def split(variables: Any) -> tuple[Any, dict[str, Any]]:
    """What is trained, and the rest."""
    rest = {name: value for name, value in variables.items() if name != "params"}
    return variables.get("params", {}), rest


class InJax(torch.autograd.Function):
    """A function of JAX, its gradients by JAX."""

    @staticmethod
    def forward(ctx: Any, jax: Any, function: Callable, found: dict[str, Any], *tensors: Tensor) -> tuple[Tensor, ...]:
        """Run it; keep how to go back."""
        wanted = [index for index, needs in enumerate(ctx.needs_input_grad[3:]) if needs]
        arrays = [to_jax(jax, tensor) for tensor in tensors]

        def of_wanted(*values: Any) -> Any:
            whole = list(arrays)
            for index, value in zip(wanted, values, strict=True):
                whole[index] = value
            return function(whole)

        if wanted:
            outputs, ctx.back, found["state"] = jax.vjp(of_wanted, *(arrays[i] for i in wanted), has_aux=True)
        else:
            outputs, found["state"] = function(arrays)
        ctx.jax, ctx.wanted, ctx.count = jax, wanted, len(tensors)
        return tuple(from_jax(value) for value in outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The gradients of what has some."""
        given = ctx.back(tuple(to_jax(ctx.jax, gradient) for gradient in gradients))
        made: list[Any] = [None] * ctx.count
        for index, value in zip(ctx.wanted, given, strict=True):
            made[index] = from_jax(value)
        return (None, None, None, *made)


def to_jax(jax: Any, tensor: Tensor) -> Any:
    """A tensor as an array of JAX, memory shared where it can be."""
    return jax.dlpack.from_dlpack(tensor.detach().contiguous())


def from_jax(array: Any) -> Tensor:
    """An array of JAX as a tensor with memory of its own."""
    return torch.from_dlpack(array).clone()


__all__ = ["FlaxLayer", "JaxLayer"]
