"""What a layer keeps: its weights, those of layers inside, and how they are made, listed, saved and set."""

from collections.abc import Iterable
from typing import Any, ClassVar

from torch import nn

from kerasviz.declare import Invalid, family
from kerasviz.layers.calling import Structure, call_facts, map_shapes, structure_changed
from kerasviz.tensors import SCOPES, SeedGenerator, Variable, is_float, leaves


class Walk:
    """What was found on a walk through the layers inside one, for the next walk.

    Args:
        version: of the structure that it holds for.
        layers: the layer itself and all inside it.
    """

    __slots__ = ("is_ours", "layers", "metrics", "version")

    def __init__(self, version: int, layers: list[Any]) -> None:
        self.version = version
        self.layers = layers
        self.metrics: list[Any] | None = None
        self.is_ours = all(type(layer).__module__.startswith("kerasviz.") for layer in layers)  # no lists that grow

    def holds_for(self, layer: Any) -> bool:
        """Whether nothing has changed since, and it is no copy of another layer's."""
        return self.version == Structure.version and self.layers[0] is layer


class WeightOwner(nn.Module):
    """The part of a layer that has weights."""

    name: Any
    trainable: Any
    variable_dtype: Any
    built: bool
    build: Any
    declared_weights: ClassVar[Any]

    def add_weight(
        self,
        *args: Any,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
        layout: tuple[int, ...] | None = None,
    ) -> Variable:
        """A new weight. A declared one starts as its declaration and the layer's arguments say.

        Args:
            shape: sizes.
            initializer: name, config or function; glorot_uniform for floats, zeros otherwise.
            layout: order of axes in memory, for kernels that torch reads in another order.
        """
        for value in args:  # Keras takes shape first; older code the name
            name, shape = (value, shape) if isinstance(value, str) else (name, value)
        shape = _as_tuple(shape if shape is not None else ())
        _check_weight_shape(self, name, shape)
        declared = type(self).declared_weights.get(name)
        if declared is not None:
            initializer = initializer or getattr(self, f"{declared.prefix}_initializer")
            regularizer = regularizer or getattr(self, f"{declared.prefix}_regularizer", None)
            constraint = constraint or getattr(self, f"{declared.prefix}_constraint", None)
        dtype = dtype or self.variable_dtype
        initializer = initializer or ("glorot_uniform" if is_float(dtype) else "zeros")
        variable = Variable(
            family("initializer").get(initializer, f"{type(self).__name__}.add_weight"),
            shape,
            dtype,
            trainable and self.trainable,
            autocast,
            aggregation,
            name=name or "variable",
            layout=layout,
        )
        vars(variable)["_is_weight"] = trainable
        variable.path = "/".join((*SCOPES.path, variable.name)) if SCOPES.path else f"{self.name}/{variable.name}"
        variable.regularizer = family("regularizer").get(regularizer)
        variable.constraint = family("constraint").get(constraint)
        self.__dict__.setdefault("_added", []).append(variable)
        structure_changed()
        return variable

    def add_variable(self, shape: Any, initializer: Any, dtype: Any = None, **options: Any) -> Variable:
        """A new weight, as `add_weight`."""
        return self.add_weight(shape=shape, initializer=initializer, dtype=dtype, **options)

    def _own_variables(self) -> list[Variable]:
        """Its own, trainable ones first."""
        own = [p for p in self._parameters.values() if isinstance(p, Variable)]
        own += [v for v in self.__dict__.get("_added", ()) if not v.__dict__.get("_is_attribute")]
        return sorted(own, key=lambda v: not v.__dict__.get("_is_weight", v.trainable))

    def _own_seeds(self) -> dict[str, SeedGenerator]:
        """Its sources of random numbers by attribute, each once."""
        found = {name: value for name, value in vars(self).items() if isinstance(value, SeedGenerator)}
        return {name: seed for name, seed in found.items() if name != "seed" or "seed_generator" not in found}

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Put in the states of its random numbers too."""
        super()._save_to_state_dict(destination, prefix, keep_vars)
        for name, seed in self._own_seeds().items():
            destination[f"{prefix}{name}.state"] = seed.state if keep_vars else seed.state.detach()

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *args: Any, **options: Any) -> None:
        """Take the states of its random numbers too, where there are any."""
        for name, seed in self._own_seeds().items():
            value = state_dict.pop(f"{prefix}{name}.state", None)
            if value is not None:
                seed.state.assign(value)
        super()._load_from_state_dict(state_dict, prefix, *args, **options)

    def _inner_layers(self) -> list[Any]:
        """The layers that are attributes of this one, in the order of creation."""
        if not self._modules:
            return []
        found = [m for m in self._modules.values() if isinstance(m, WeightOwner)]
        for module in self._modules.values():
            if not isinstance(module, WeightOwner) and module is not None:
                found += [m for m in module.modules() if isinstance(m, WeightOwner)]
        return list({id(layer): layer for layer in found}.values())

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> Iterable[Any]:
        """This layer and all inside it, each once. The walk is kept until a layer of any tree changes."""
        if not (include_self and recursive):
            return self._walked(include_self, recursive)
        known: Walk | None = self.__dict__.get("_walk")
        if known is not None and known.holds_for(self):
            return known.layers
        version, found = Structure.version, self._walked()
        if all(isinstance(module, WeightOwner) for layer in found for module in layer._modules.values()):
            self.__dict__["_walk"] = Walk(version, found)  # plain modules do not tell when they change
        return found

    def _walked(self, include_self: bool = True, recursive: bool = True) -> list[Any]:
        found: dict[int, Any] = {}
        waiting: list[Any] = [self]
        while waiting:
            layer = waiting.pop()
            if id(layer) in found:
                continue
            found[id(layer)] = layer
            if recursive or layer is self:
                waiting.extend(reversed(layer._inner_layers()))
        return list(found.values())[0 if include_self else 1 :]

    @property
    def variables(self) -> list[Variable]:
        """All its state: weights, and the states of its random numbers, its own before those of layers inside."""
        found: dict[int, Variable] = {}
        for layer in self._flatten_layers():
            seeds = [seed.state for seed in layer._own_seeds().values()]
            found |= {id(variable): variable for variable in (*layer._own_variables(), *seeds)}
        return list(found.values())

    @property
    def weights(self) -> list[Variable]:
        """All its weights, and those of layers inside, each once: in the order in which `get_weights` has them."""
        found = {id(v): v for layer in self._flatten_layers() for v in layer._own_variables()}
        return list(found.values())

    @property
    def trainable_variables(self) -> list[Variable]:
        """Those that the optimizer updates."""
        return [v for v in self.weights if v.trainable] if self.trainable else []

    trainable_weights = trainable_variables

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """Those that the optimizer leaves alone, with the states of random numbers."""
        trains = {id(v) for v in self.trainable_variables}
        return [v for v in self.variables if id(v) not in trains]

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that the optimizer leaves alone."""
        trains = {id(v) for v in self.trainable_variables}
        return [v for v in self.weights if id(v) not in trains]

    @property
    def metrics_variables(self) -> list[Variable]:
        """The state of its metrics."""
        return [v for metric in self.metrics for v in metric.variables]

    @property
    def metrics(self) -> list[Any]:
        """The metrics that are attributes of it or of layers inside, or stand in lists and dicts that are."""
        known: Walk | None = self.__dict__.get("_walk")
        if known is not None and known.metrics is not None and known.holds_for(self):
            return list(known.metrics)
        metric_base = family("metric").base or ()
        found = []
        for layer in self._flatten_layers():
            for name, value in vars(layer).items():
                if isinstance(value, metric_base):
                    found.append(value)
                elif isinstance(value, (list, dict, tuple)) and name[0] != "_":
                    found += [one for one in leaves(value) if isinstance(one, metric_base)]
        known = self.__dict__.get("_walk")
        if known is not None and known.holds_for(self) and known.is_ours:
            known.metrics = found
        return list(found)

    def count_params(self) -> int:
        """How many numbers its weights hold."""
        if not self.built:
            raise Invalid(f'{type(self).__name__} "{self.name}"', "a built layer", "one without weights yet")
        return sum(v.numel() for v in self.weights)

    def get_weights(self) -> list[Any]:
        """Its weights as numpy arrays."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: list[Any]) -> None:
        """Give its weights new values, in the order of `get_weights`."""
        where = f'{type(self).__name__} "{self.name}".set_weights'
        if len(weights) != len(self.weights):
            raise Invalid(where, f"{len(self.weights)} arrays", f"{len(weights)}")
        for variable, value in zip(self.weights, weights, strict=True):
            if tuple(variable.shape) != tuple(value.shape):
                raise Invalid(where, f"shape {tuple(variable.shape)} for `{variable.name}`", tuple(value.shape))
        for variable, value in zip(self.weights, weights, strict=True):
            variable.assign(value)

    def save_own_variables(self, store: Any) -> None:
        """Write its own variables into `store`, by their number."""
        for index, variable in enumerate(self._own_variables()):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Read its own variables from `store`, by their number."""
        own = self._own_variables()
        where = f'{type(self).__name__} "{self.name}"'
        if len(store.keys()) != len(own):
            hint = "" if own else "Build the layer first."
            raise Invalid(f"{where}.load_own_variables", f"{len(own)} arrays", f"{len(store.keys())}", hint)
        for index, variable in enumerate(own):
            variable.assign(store[str(index)])

    def get_build_config(self) -> dict[str, Any] | None:
        """The shapes it was built with."""
        shapes = self.__dict__.get("_build_shapes")
        if not shapes:
            return None
        return {"input_shape": next(iter(shapes.values()))} if len(shapes) == 1 else dict(shapes)

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build with the shapes of `get_build_config`."""
        if not config or self.built:
            return
        names = call_facts(type(self)).build_names
        shapes = {name: _shape_from_json(value) for name, value in config.items()}
        if list(shapes) == ["input_shape"] or len(names) == 1:
            self.build(next(iter(shapes.values())))
        else:
            self.build(**{name: shape for name, shape in shapes.items() if name in names})


def _as_tuple(shape: Any) -> tuple:
    return tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)


def _shape_from_json(value: Any) -> Any:
    if isinstance(value, list) and all(size is None or isinstance(size, int) for size in value):
        return tuple(value)
    return map_shapes(tuple, value) if isinstance(value, (list, dict)) else value


def _check_weight_shape(layer: Any, name: str | None, shape: tuple) -> None:
    if any(size is None for size in shape):
        where = f'{type(layer).__name__} "{layer.name}"'
        hint = "Fix the size in the Input, or pool over the axis (GlobalAveragePooling) first."
        raise Invalid(where, f"a known size for every axis of `{name}`", shape, hint)
