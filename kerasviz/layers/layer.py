"""Layer: a step of a model. Arguments and weights are declared, `build` makes the weights, `call` does the arithmetic.

Here, once, is what every layer shares: building on the first call, casting, masks, training or not, symbols, penalties,
naming, freezing, and errors that say which layer they come from.
"""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from kerasviz.declare import Component, DType, Invalid, Regularizer, arg, family, snake_case
from kerasviz.layers.building import building
from kerasviz.layers.calling import (
    BACK_HOOKS,
    CONTEXT,
    FORWARD_HOOKS,
    PRE_HOOKS,
    TRAINING,
    Parts,
    Structure,
    call_facts,
    known_facts,
    map_shapes,
    only_tensors,
    remember,
    shape_of,
    structure_changed,
)
from kerasviz.layers.inferring import Inferring
from kerasviz.layers.inputspec import InputSpec, check_input_spec
from kerasviz.layers.later import NotYet
from kerasviz.layers.penalties import Penalized
from kerasviz.layers.sourced import Sourced
from kerasviz.layers.stateless import Stateless
from kerasviz.layers.tracking import adopt_parameters, tracked
from kerasviz.layers.watching import Watched
from kerasviz.tensors import (
    SCOPES,
    Operation,
    Variable,
    any_symbolic,
    convert_to_tensor,
    current_remat,
    dtype_policy,
    leaves,
    map_leaves,
    unique_name,
)


class LayerArguments(Component):
    """The arguments that every layer takes; Layer guards some of them with properties."""

    activity_regularizer: Regularizer = arg(
        None, doc="Penalty on the output, added to the loss.", keyword=True, group="regularizer", quiet=True
    )
    trainable: bool = arg(True, doc="Whether the optimizer updates the weights.", keyword=True, group="base")
    dtype: DType = arg(None, doc="What it computes in: a dtype or a policy.", keyword=True, group="base")
    autocast: bool = arg(True, doc="Whether float inputs are cast to that.", keyword=True, group="base", quiet=True)
    name: str | None = arg(None, doc="Unique name in the model.", keyword=True, group="base")


class Layer(Inferring, Penalized, Watched, Stateless, NotYet, LayerArguments, Operation):
    """A step of a model, with weights of its own.

    Subclasses write `build(input_shape)`, which makes weights with `add_weight`, and `call(inputs)`, which computes.
    A class may also write its own constructor, as in Keras; its signature is read then.
    """

    built: bool = False
    activity_in_block: ClassVar[bool] = True  # whether its signature has the penalty on outputs among those on weights

    def __init_subclass__(cls, **options: Any) -> None:
        """Let `build` mark the layer as built, whoever calls it."""
        super().__init_subclass__(**options)
        if "build" in vars(cls):
            cls.build = building(vars(cls)["build"])
        cls._makes_mask = cls.compute_mask is not Layer.compute_mask

    # --- construction ---------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Be a torch module before any argument is set."""
        nn.Module.__init__(self)
        self.__dict__.update(_parameters=Parts(), _modules=Parts())
        self.__dict__.update(_losses=[], _trainable=True, _is_new=True, _dtype_policy=None, _given_input_shape=None)
        if SCOPES.remat is not None:
            self.__dict__["_remat"] = current_remat()

    def adapt_arguments(self, named: dict[str, Any]) -> dict[str, Any]:
        """`input_shape=`, `input_dim=`, `batch_input_shape=` of older code: where a Sequential starts."""
        if "input_shape" in named and "input_shape" not in type(self).args:
            self.__dict__["_given_input_shape"] = (None, *_as_tuple(named.pop("input_shape")))
        if "batch_input_shape" in named:
            self.__dict__["_given_input_shape"] = tuple(named.pop("batch_input_shape"))
        if "input_dim" in named and "input_dim" not in type(self).args:
            self.__dict__["_given_input_shape"] = (None, named.pop("input_dim"))
        return named

    def __setattr__(self, name: str, value: Any) -> None:
        if type(value) in (list, dict, tuple) and not name.startswith("_"):
            value = tracked(self, name, value)
        if isinstance(value, Variable):
            vars(value)["_is_attribute"] = True
            structure_changed()
        elif isinstance(value, nn.Module) and not isinstance(value, Layer) and "_modules" in self.__dict__:
            adopt_parameters(self, value)
        elif hasattr(value, "update_state"):
            structure_changed()  # a metric: lists of them are kept
        if self.built and name in type(self).args:
            self.__dict__["_revision"] = self.__dict__.get("_revision", 0) + 1  # plans have arguments written in
            structure_changed()
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        structure_changed()
        super().__delattr__(name)

    def __getattr__(self, name: str) -> Any:
        parameters = self.__dict__.get("_parameters")
        if parameters is not None and name in parameters:
            value = parameters[name]
            cast = CONTEXT.cast
            if cast is not None and value is not None and value.dtype != cast and getattr(value, "autocast", False):
                return value.to(cast) if value.is_floating_point() else value
            return value
        modules = self.__dict__.get("_modules")
        if modules is not None and name in modules:
            return modules[name]
        if name in type(self).declared_weights and not self.__dict__.get("built"):
            raise AttributeError(f"{type(self).__name__} has no `{name}` yet. Build the layer, or call it once, first.")
        found = getattr(type(self), name, None)
        if isinstance(found, property) and found.fget is not None:
            return found.fget(self)  # its own error says more than that it is not there
        return super().__getattr__(name)

    @property
    def name(self) -> str:
        """Unique name in the model."""
        return self.__dict__["_name"]

    @name.setter
    def name(self, value: str | None) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]  # guarded
        if value is not None and (not isinstance(value, str) or "/" in value or not value):
            raise Invalid(f"{type(self).__name__}(name=...)", "a name without `/`", value)
        self.__dict__["_name"] = value or unique_name(snake_case(type(self).__name__).lstrip("_"))

    @property
    def trainable(self) -> bool:
        """Whether the optimizer updates the weights; setting it sets that of all layers inside."""
        return self.__dict__["_trainable"]

    @trainable.setter
    def trainable(self, value: bool) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]  # guarded
        self.__dict__["_trainable"] = bool(value)
        if self.__dict__.pop("_is_new", False) and value:
            return  # the default: layers inside keep theirs
        for variable in self._own_variables():
            if variable.__dict__.get("_is_weight"):
                variable.trainable = bool(value)
        for layer in self._inner_layers():
            layer.trainable = value
        structure_changed()

    @property
    def path(self) -> str:
        """Names of the layers around it and its own, joined by slashes."""
        return self.__dict__.get("_path") or self.name

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer, in JSON form."""
        config = super().get_config()
        if "dtype" in config:
            config["dtype"] = family("dtype_policy").serialize(self.dtype_policy)
        return config

    def source(self) -> str:
        """The Python that makes it; an automatic name and the default dtype are left out."""
        named = {"name": None} if self.name.startswith(snake_case(type(self).__name__)) else {}
        kept = {"dtype": None} if self.dtype_policy == dtype_policy() else {"dtype": self.dtype_policy}
        return Sourced(self, named | kept).source()

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of this shape."""

    # --- calling --------------------------------------------------------------------------------------------------

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The arithmetic: tensors in, tensors out."""
        raise NotImplementedError(f"{type(self).__name__} has no `call`.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call on tensors, or on symbols to add a node to a graph."""
        if len(args) == 1 and isinstance(args[0], Tensor) and (not kwargs or kwargs.keys() == TRAINING):
            mode = kwargs["training"] if kwargs else None
            if mode is None:
                mode = CONTEXT.training
            ways = self.__dict__.get("_ways")
            if (
                ways is not None
                and ways.version == Structure.version
                and not (FORWARD_HOOKS or PRE_HOOKS or BACK_HOOKS)
            ):
                outputs = ways.by_mode[mode](args[0])
                if outputs is not None:
                    return outputs
            outputs = nn.Module.__call__(self, *args, **kwargs)
            if ways is None or ways.closed != Structure.version:
                remember(self, args[0], mode)
            return outputs
        if not only_tensors(args, kwargs) and any_symbolic(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        return nn.Module.__call__(self, *args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What `__call__` does between torch's hooks."""
        facts = known_facts.get(type(self)) or call_facts(type(self))
        args, kwargs = self._prepared(args, kwargs)
        if not self.built:
            return self._first_call(args, kwargs)
        if self.input_spec is not None:
            check_input_spec(self, args[0] if args else next(iter(kwargs.values())))
        context = CONTEXT
        outer = context.training, context.cast, context.depth
        if context.depth == 0 and Structure.losing:
            self._clear_losses()
        training = kwargs.get("training")
        if training is None:
            training = outer[0] if outer[0] is not None else facts.training_default
        if facts.takes_training:
            kwargs["training"] = bool(training)
        elif "training" in kwargs and not facts.rest:
            del kwargs["training"]
        masks_in = self._pass_masks(facts, args, kwargs) if facts.masks or self.supports_masking else None
        context.training = bool(training)
        context.cast = self._compute_dtype if self._casts else None
        context.depth += 1
        try:
            outputs = self.call(*args, **kwargs) if self._remat is None else self._recomputed(args, kwargs)
        except Exception as error:
            self._explain(error, args, kwargs)
            raise
        finally:
            context.training, context.cast, context.depth = outer
        if masks_in is not None or self._makes_mask:
            self._set_mask(args, kwargs, outputs, masks_in)
        if self.activity_regularizer is not None:
            self._regularize(outputs)
        return outputs

    def _prepared(self, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        """Inputs as tensors in the compute dtype."""
        if len(args) == 1 and type(args[0]) is Tensor and args[0].dtype is self._compute_dtype and not kwargs:
            return args, kwargs
        if only_tensors(args, kwargs, self._compute_dtype):
            return args, kwargs
        masked = {name: kwargs[name] for name in kwargs if name == "training" or name.endswith("mask")}
        args = map_leaves(self._cast, args)
        return args, {k: v if k in masked else map_leaves(self._cast, v) for k, v in kwargs.items()}

    def _cast(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            if not self.is_cast(value.dtype):
                return value
            cast = value.to(self._compute_dtype)
            if getattr(value, "_keras_mask", None) is not None:
                cast._keras_mask = value._keras_mask  # type: ignore[attr-defined]
            return cast
        if type(value).__module__ == "numpy" or (isinstance(value, float) and not isinstance(value, bool)):
            made = convert_to_tensor(value)
            return made.to(self._compute_dtype) if self.is_cast(made.dtype) else made
        return value

    def _explain(self, error: Exception, args: tuple, kwargs: dict[str, Any]) -> None:
        """Tell the error, once, which layer it comes from and what came in."""
        if isinstance(error, Invalid) or getattr(error, "_explained", False) or not error.args:
            return
        shapes = shape_of([value for value in leaves([args, kwargs]) if hasattr(value, "shape")])
        told = f'{error.args[0]}\n\nIn {type(self).__name__} "{self.name}", called with inputs of shape '
        told += ", ".join(map(str, shapes))
        try:
            error.args = (told, *error.args[1:])
            error._explained = True  # type: ignore[attr-defined]
        except AttributeError:
            pass

    def __getstate__(self) -> dict[str, Any]:
        """For copies and pickles: without its places in graphs."""
        state = self.__dict__.copy()
        for found_again in ("_nodes", "_losing", "_ways", "_walk"):
            state.pop(found_again, None)
        state["_losses"] = []  # of its last call
        return state

    # --- checks ---------------------------------------------------------------------------------------------------

    def check_rank(self, shape: Any, rank: int, axes: str, hint: str = "") -> tuple[int | None, ...]:
        """The shape, if it has `rank` axes.

        Raises:
            Invalid: otherwise, naming the layer and the axes it needs.
        """
        if not isinstance(shape, (tuple, list)) or len(shape) != rank:
            raise Invalid(f'{type(self).__name__} "{self.name}"', f"inputs {axes}", shape, hint)
        return tuple(shape)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _as_tuple(shape: Any) -> tuple:
    return tuple(shape) if isinstance(shape, (tuple, list, torch.Size)) else (shape,)


__all__ = ["InputSpec", "Layer", "map_shapes"]
