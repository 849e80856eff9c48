"""Layer: a step of a model. Arguments and weights are declared, `build` makes the weights, `call` does the arithmetic.

Here, once, is what every layer shares: building on the first call, casting, masks, training or not, symbols, penalties,
naming, freezing, and errors that say which layer they come from.
"""

import contextlib
import functools
from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from kerasviz.declare import Component, DType, Invalid, Regularizer, arg, family, snake_case
from kerasviz.layers.calling import (
    BACK_HOOKS,
    CONTEXT,
    FORWARD_HOOKS,
    PRE_HOOKS,
    TRAINING,
    Parameters,
    Structure,
    call_facts,
    holds_tensors,
    known_facts,
    map_shapes,
    mask_of,
    no_masks,
    only_tensors,
    remember,
    shape_arguments,
    shape_of,
    structure_changed,
)
from kerasviz.layers.inputspec import InputSpec, check_input_spec
from kerasviz.layers.later import NotYet
from kerasviz.layers.stateless import Stateless
from kerasviz.layers.tracking import adopt_parameters, tracked
from kerasviz.tensors import (
    SCOPES,
    DTypePolicyMap,
    KerasTensor,
    Operation,
    Variable,
    any_symbolic,
    convert_to_tensor,
    current_remat,
    dtype_policy,
    is_float,
    leaves,
    map_leaves,
    record,
    torch_dtype,
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


class Layer(Stateless, NotYet, LayerArguments, Operation):
    """A step of a model, with weights of its own.

    Subclasses write `build(input_shape)`, which makes weights with `add_weight`, and `call(inputs)`, which computes.
    A class may also write its own constructor, as in Keras; its signature is read then.
    """

    supports_masking: bool = False
    input_spec: Any = None
    built: bool = False
    _makes_mask: ClassVar[bool] = False  # whether `compute_mask` is its own
    keeps_dtype: ClassVar[bool] = False  # whole numbers stay whole numbers
    activity_in_block: ClassVar[bool] = True  # whether its signature has the penalty on outputs among those on weights

    def __init_subclass__(cls, **options: Any) -> None:
        """Let `build` mark the layer as built, whoever calls it."""
        super().__init_subclass__(**options)
        if "build" in vars(cls):
            cls.build = _building(vars(cls)["build"])
        cls._makes_mask = cls.compute_mask is not Layer.compute_mask

    # --- construction ---------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Be a torch module before any argument is set."""
        nn.Module.__init__(self)
        self.__dict__["_parameters"] = Parameters()
        self.__dict__.update(_losses=[], _trainable=True, _dtype_policy=None, _given_input_shape=None)
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
        if self.built and name in type(self).args:
            self.__dict__["_revision"] = self.__dict__.get("_revision", 0) + 1  # plans have arguments written in
            structure_changed()
        super().__setattr__(name, value)

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
        for variable in self._own_variables():
            if variable.__dict__.get("_is_weight"):
                variable.trainable = bool(value)
        for layer in self._inner_layers():
            layer.trainable = value
        structure_changed()

    @property
    def dtype_policy(self) -> Any:
        """What it computes in, and what its weights are kept in."""
        return self.__dict__["_dtype_policy"] or dtype_policy()

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        self.__dict__["_dtype_policy"] = family("dtype_policy").get(value)
        self._follow_policy()

    @property
    def _own_policy(self) -> Any:
        """Its policy; that of its path where it has a map."""
        policy = self.dtype_policy
        if isinstance(policy, DTypePolicyMap):
            return policy[self.__dict__.get("_path") or self.__dict__.get("_name", "")]
        return policy

    def _ready_policy(self) -> None:
        """Find the policy for the path, known now; refuse one that quantizes."""
        if isinstance(self.dtype_policy, DTypePolicyMap):
            self._follow_policy()
        if self.quantization_mode is not None:
            where = f'{type(self).__name__} "{self.name}"'
            hint = "Layers with quantized weights are not there yet: build it with the policy after `_from_`."
            raise Invalid(where, "a dtype policy that does not quantize", self._own_policy.name, hint)

    def _follow_policy(self) -> None:
        policy = self._own_policy
        self.__dict__["_compute_dtype"] = torch_dtype(policy.compute_dtype)
        self.__dict__["_casts"] = policy.compute_dtype != policy.variable_dtype
        structure_changed()

    @property
    def dtype(self) -> str:
        """The dtype of its weights."""
        return self._own_policy.variable_dtype

    @dtype.setter
    def dtype(self, value: Any) -> None:
        self.dtype_policy = value

    @property
    def variable_dtype(self) -> str:
        """The dtype of its weights."""
        return self._own_policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype of its arithmetic."""
        return self._own_policy.compute_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype that inputs are cast to."""
        return self.compute_dtype

    @property
    def quantization_mode(self) -> str | None:
        """How its policy keeps weights in few bits; None: not at all."""
        return self._own_policy.quantization_mode

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
        return _Sourced(self, named | kept).source()

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

    @property
    def _masks(self) -> bool:
        return self.supports_masking or self._makes_mask

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
            wanted = self._compute_dtype
            if not self.autocast or value.dtype is wanted or not value.is_floating_point():
                return value
            cast = value.to(wanted)
            if getattr(value, "_keras_mask", None) is not None:
                cast._keras_mask = value._keras_mask  # type: ignore[attr-defined]
            return cast
        if type(value).__module__ == "numpy" or (isinstance(value, float) and not isinstance(value, bool)):
            made = convert_to_tensor(value)
            return made.to(self._compute_dtype) if self.autocast and made.is_floating_point() else made
        return value

    def _first_call(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Build, then call; layers inside that are built by this call have their paths below this one's."""
        self._build_for(args, kwargs)
        with self._inside():
            return self.forward(*args, **kwargs)

    @contextlib.contextmanager
    def _inside(self) -> Iterator[None]:
        """Let what is made in the `with` have its path below this layer's."""
        outer = SCOPES.path
        if not self.__dict__.get("_in_build"):
            SCOPES.path = (*outer, self.name)
        try:
            yield
        finally:
            SCOPES.path = outer

    def _build_for(self, args: tuple, kwargs: dict[str, Any]) -> None:
        """Build with the shapes of the arguments of a call."""
        facts = call_facts(type(self))
        shapes = shape_arguments(facts.build_names, facts, args, kwargs)
        if "_path" not in self.__dict__:
            self.__dict__["_path"] = "/".join((*SCOPES.path, self.name))
        self._ready_policy()
        self.build(**shapes)
        self.built = True

    def _pass_masks(self, facts: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Give `call` the masks that came with its inputs; return the first input's."""
        first = args[0] if args else next(iter(kwargs.values()), None)
        previous = getattr(first, "_keras_mask", None) if type(first) is Tensor else mask_of(first)
        if facts.masks and not (previous is None and no_masks(args[1:], kwargs)):
            given = dict(zip(facts.names, args, strict=False)) | kwargs
            tensors = [name for name, value in given.items() if name not in facts.masks and holds_tensors(value)]
            for name in tensors:
                wanted = "mask" if "mask" in facts.masks and name == tensors[0] else f"{name}_mask"
                if wanted in facts.masks and given.get(wanted) is None:
                    mask = mask_of(given[name])
                    if mask is not None:
                        kwargs[wanted] = mask
        return previous

    def _set_mask(self, args: tuple, kwargs: dict[str, Any], outputs: Any, previous: Any) -> None:
        """Let the outputs carry their mask on."""
        if not self._masks:
            return
        first = args[0] if args else next(iter(kwargs.values()), None)
        mask = self.compute_mask(first, previous)
        if mask is None:
            return
        flat = [value for value in leaves(outputs) if isinstance(value, (Tensor, KerasTensor))]
        masks = list(mask) if isinstance(mask, (list, tuple)) else [mask] + [None] * (len(flat) - 1)
        for tensor, one in zip(flat, masks, strict=False):
            if one is not None:
                tensor._keras_mask = one  # type: ignore[union-attr]

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the output: the input's, by default."""
        return previous_mask

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

    # --- symbols --------------------------------------------------------------------------------------------------

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Record a call on symbols."""
        if not self.built:
            self._build_for(args, kwargs)
        elif self.input_spec is not None:
            check_input_spec(self, args[0] if args else next(iter(kwargs.values())))
        outputs = record(self, args, kwargs, self.compute_output_spec(*args, **kwargs))
        self.pass_masks_on(args, kwargs, outputs)
        return outputs

    def pass_masks_on(self, args: tuple, kwargs: dict[str, Any], outputs: Any) -> None:
        """Give symbols that a call made the masks that they will carry."""
        if self._masks:
            previous = mask_of(args[0] if args else next(iter(kwargs.values())))
            if previous is not None or self._makes_mask:
                self._set_mask(args, kwargs, outputs, previous)

    def __getstate__(self) -> dict[str, Any]:
        """For copies and pickles: without its places in graphs."""
        state = self.__dict__.copy()
        state.pop("_nodes", None)
        state["_losses"] = []  # of its last call
        state.pop("_losing", None)
        state.pop("_ways", None)
        return state

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The shape of the output for inputs of these shapes; found by a call where the class does not say."""
        shapes = args or tuple(kwargs.values())
        symbols = [map_shapes(lambda shape: KerasTensor(shape, self.compute_dtype), shape) for shape in shapes]
        return shape_of(self.compute_output_spec(*symbols))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbols for the outputs of a call on symbols."""
        if type(self).compute_output_shape is not Layer.compute_output_shape:
            facts = call_facts(type(self))
            shape = self.compute_output_shape(**shape_arguments(facts.shape_names, facts, args, kwargs))
            first = next((v for v in leaves([args, kwargs]) if isinstance(v, KerasTensor)), None)
            keeps = self.keeps_dtype and first is not None and not is_float(first.dtype)
            dtype = first.dtype if keeps and first is not None else self.compute_dtype
            return map_shapes(lambda one: KerasTensor(one, dtype), shape)
        return self._spec_by_calling(args, kwargs)

    def _spec_by_calling(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Call on small tensors of two sizes: what differs is unknown in the output."""
        with torch.no_grad(), self._inside():
            runs = [super(Layer, self).__call__(*_concrete(args, n), **_concrete(kwargs, n)) for n in (2, 3)]

        def merged(first: Any, second: Any) -> Any:
            if not isinstance(first, Tensor):
                return first
            sizes = tuple(a if a == b else None for a, b in zip(first.shape, second.shape, strict=True))
            return KerasTensor(sizes, first.dtype)

        self._clear_losses()
        return map_leaves(merged, *runs)

    # --- penalties ------------------------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Add a scalar, or several, to what training minimises; for this call only."""
        for value in leaves(loss):
            if value is not None and not isinstance(value, KerasTensor):
                self._lose(convert_to_tensor(value))

    def _regularize(self, outputs: Any) -> None:
        for value in leaves(outputs):
            if isinstance(value, Tensor):
                penalty: Any = self.activity_regularizer
                self._lose(penalty(value) / max(value.shape[0], 1))

    def _lose(self, loss: Tensor) -> None:
        if not self.__dict__.get("_has_lost"):
            self.__dict__["_has_lost"] = True
            Structure.losing += 1
        self._losses.append(loss)
        if SCOPES.stateless is not None and SCOPES.stateless.collect_losses:
            SCOPES.stateless.add_loss(loss)

    def _clear_losses(self) -> None:
        """Forget the losses of the call before; which layers inside ever add one is looked up once."""
        known = Structure.version, Structure.losing
        found = self.__dict__.get("_losing")
        if found is None or found[0] != known:
            found = known, [layer for layer in self._flatten_layers() if layer.__dict__.get("_has_lost")]
            self.__dict__["_losing"] = found
        for layer in found[1]:
            layer._losses.clear()

    @property
    def losses(self) -> list[Tensor]:
        """What `add_loss` and the regularizers ask to be minimised too."""
        found = [loss for layer in self._flatten_layers() for loss in layer._losses]
        return found + [v.regularizer(v) for v in self.trainable_variables if v.regularizer is not None]

    # --- torch ----------------------------------------------------------------------------------------------------

    def register_forward_hook(self, *args: Any, **kwargs: Any) -> Any:
        """As torch's; plans then call this layer as a module."""
        structure_changed()
        return super().register_forward_hook(*args, **kwargs)

    def register_forward_pre_hook(self, *args: Any, **kwargs: Any) -> Any:
        """As torch's; plans then call this layer as a module."""
        structure_changed()
        return super().register_forward_pre_hook(*args, **kwargs)

    def register_full_backward_hook(self, *args: Any, **kwargs: Any) -> Any:
        """As torch's; plans then call this layer as a module."""
        structure_changed()
        return super().register_full_backward_hook(*args, **kwargs)

    def _apply(self, *args: Any, **kwargs: Any) -> Any:
        """Moving or casting keeps what a Variable knows."""
        facts = {name: dict(p.__dict__) for name, p in self._parameters.items() if isinstance(p, Variable)}
        result = super()._apply(*args, **kwargs)
        for name, known in facts.items():
            value = self._parameters[name]
            if not isinstance(value, Variable) and value is not None:
                value = torch.Tensor._make_subclass(Variable, value.data, value.requires_grad)
                self._parameters[name] = value
            if value is not None:
                vars(value).update(known)
        structure_changed()
        return result

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


class _Sourced:
    """A layer as `source` sees it: some attributes replaced."""

    def __init__(self, layer: Layer, replaced: dict[str, Any]) -> None:
        self.layer = layer
        self.replaced = replaced

    def source(self) -> str:
        """The constructor call."""
        cls = type(self.layer)
        parts = []
        for a in cls.args.values():
            value = self.replaced.get(a.name, getattr(self.layer, a.name, a.default))
            if a.name in self.replaced and value is None:
                continue
            if a.required:
                parts.append(a.kind.to_source(value))
            elif not self.layer._is_default(a, value):
                parts.append(f"{a.name}={a.kind.to_source(value)}")
        return f"{cls.__name__}({', '.join(parts)})"


def _building(build: Any) -> Any:
    """Wrap a class's `build`: note the shapes, put weights under the layer's path, mark it built."""

    @functools.wraps(build)
    def wrapped(self: Layer, *args: Any, **kwargs: Any) -> None:
        if self.__dict__.get("_in_build"):
            build(self, *args, **kwargs)
            return
        names = call_facts(type(self)).build_names
        self.__dict__["_build_shapes"] = dict(zip(names, args, strict=False)) | kwargs
        outer = SCOPES.path
        SCOPES.path = (*outer, self.name)
        self.__dict__.update(_in_build=True, _path="/".join(SCOPES.path))
        try:
            self._ready_policy()
            build(self, *args, **kwargs)
            self.built = True
        finally:
            SCOPES.path = outer
            self.__dict__["_in_build"] = False
        structure_changed()

    return wrapped


def _concrete(structure: Any, size: int) -> Any:
    from kerasviz.tensors import default_device

    def one(value: Any) -> Any:
        if not isinstance(value, KerasTensor):
            return value
        shape = [size if n is None else n for n in value.shape]
        return torch.zeros(shape, dtype=torch_dtype(value.dtype), device=default_device())

    return map_leaves(one, structure)


def _as_tuple(shape: Any) -> tuple:
    return tuple(shape) if isinstance(shape, (tuple, list, torch.Size)) else (shape,)


__all__ = ["InputSpec", "Layer", "map_shapes"]
