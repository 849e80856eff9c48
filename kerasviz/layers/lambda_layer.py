"""Lambda: any function as a layer."""

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from kerasviz.declare import Data, Invalid, arg
from kerasviz.declare.kinds import FunctionKind, Kind, Maybe
from kerasviz.declare.registry import custom_object_scope, registered_name, resolve
from kerasviz.layers.calling import map_shapes
from kerasviz.layers.layer import Layer

HINT = "Give the function a name with `def`, and register it with `register_keras_serializable`."
OURS = ("activations", "ops")  # modules whose functions need no registration


def our_functions(name: str) -> list[Callable]:
    """The public activation and the operation of that name, which compute the same; those that there are."""
    from kerasviz import activations, ops

    public = [getattr(module, name, None) for module in (activations, ops)]
    return [one for one in public if inspect.isfunction(one) and one.__module__.startswith("kerasviz.")]


class NamedFunction(FunctionKind):
    """A function that a file names: one of ours, or one that was registered. Never code."""

    def parse(self, value: Any, where: str = "") -> Any:
        """The function itself."""
        if isinstance(value, Mapping):
            return self.named(value, where)
        return value if callable(value) else self.reject(where, "a function", value)

    def named(self, config: Mapping[str, Any], where: str) -> Any:
        """The function that a config names.

        Raises:
            Invalid: for bytecode, and for a name that nobody knows.
        """
        if config.get("class_name") == "__lambda__" or config.get("function_type") == "lambda":
            raise Invalid(where or "Lambda", "a layer that is data", "Python bytecode", HINT + " Then save it again.")
        if config.get("class_name") != "function":
            raise Invalid(where or "Lambda", "a function", config, HINT)
        ours = our_functions(str(config.get("config")))
        try:
            return resolve(config)
        except Invalid:
            if not ours:
                raise
            return ours[0]

    def to_config(self, value: Any) -> Any:
        """Its name.

        Raises:
            Invalid: for a function without one, or with the name of another that would be read in its place.
        """
        name = getattr(value, "__name__", None)
        if name is None or name == "<lambda>":
            raise Invalid("Lambda.get_config", "a function with a name", value, HINT)
        known = registered_name(value)
        ours = our_functions(name)
        if known == name and ours and value not in ours:
            expected = f"another name than `{name}`, which is one of ours, or a registered function"
            raise Invalid("Lambda.get_config", expected, value, HINT)
        return {"module": "builtins", "class_name": "function", "config": known, "registered_name": "function"}

    def to_source(self, value: Any) -> str:
        """Its name, with the module's where it is ours."""
        name = getattr(value, "__name__", repr(value))
        if value in our_functions(name):
            module = value.__module__.split(".")[1]
            return f"{module}.{name}" if module in OURS else name
        return name


class FunctionOrData(Kind):
    """A function, or a value with a JSON form."""

    input = "json"

    def parse(self, value: Any, where: str = "") -> Any:
        """The function or the value."""
        if isinstance(value, Mapping) and "class_name" in value:
            return NamedFunction().parse(value, where)
        sizes = isinstance(value, list) and all(size is None or isinstance(size, int) for size in value)
        return tuple(value) if sizes else value

    def to_config(self, value: Any) -> Any:
        """The JSON form."""
        return NamedFunction().to_config(value) if callable(value) else Data.__metadata__[0].to_config(value)  # type: ignore[attr-defined]

    def to_source(self, value: Any) -> str:
        """The Python expression."""
        return NamedFunction().to_source(value) if callable(value) else super().to_source(value)


class Lambda(Layer):
    """Applies a function.

    Files name the function: it must be one of ours, or registered with `register_keras_serializable`. Python code in a
    file is refused.

    Shapes:
        inputs, outputs: as the function takes and gives them
    """

    function: Annotated[Callable, NamedFunction()] = arg(
        doc="What to apply: takes the inputs, and `mask` and `training` if it has such arguments."
    )
    output_shape: Annotated[Any, Maybe(FunctionOrData())] = arg(
        None, quiet=True, doc="Shape of the output without the batch, or a function of the input's; found by a call."
    )
    mask: Annotated[Any, Maybe(FunctionOrData())] = arg(
        None, quiet=True, doc="Mask of the output, or a function of inputs and mask; None where there is none."
    )
    arguments: Data = arg(None, doc="Other arguments of the function, by name.")

    def check(self) -> None:
        """Read what the function takes."""
        super().check()
        self.arguments = dict(self.arguments or {})
        self.supports_masking = self.mask is not None
        try:
            taken = inspect.signature(self.function).parameters
        except (TypeError, ValueError):  # written in C
            taken = {}
        self._takes = tuple(name for name in ("mask", "training") if name in taken and name not in self.arguments)

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """The function's answer."""
        given = {"mask": mask, "training": training}
        return self.function(inputs, **self.arguments, **{name: given[name] for name in self._takes})

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """What the `mask` argument says."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        """What the `output_shape` argument says, or what comes out of a call.

        Raises:
            Invalid: where a call fails.
        """
        if callable(self.output_shape):
            return self.output_shape(input_shape)
        if self.output_shape is not None:
            batch = first_size(input_shape)
            return map_shapes(lambda shape: (batch, *shape), self.output_shape)
        return super().compute_output_shape(input_shape)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbols for the outputs."""
        if self.output_shape is not None:
            return super().compute_output_spec(*args, **kwargs)
        try:
            return self._spec_by_calling(args, kwargs)
        except Invalid:
            raise
        except Exception as error:
            where = f'Lambda "{self.name}"'
            hint = f"Say output_shape=..., where the function cannot be called on zeros. It said: {error}"
            raise Invalid(
                where, "a function whose output's shape a call on zeros tells", self.function, hint
            ) from error

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Any = None, safe_mode: bool | None = None
    ) -> "Lambda":  # pyright: ignore[reportIncompatibleMethodOverride]
        """The layer that `get_config` described.

        Args:
            config: from `get_config`.
            custom_objects: functions that it may name.
            safe_mode: kept for Keras; bytecode is refused in any case.
        """
        with custom_object_scope(custom_objects or {}):
            return cls(**config)


def first_size(shape: Any) -> Any:
    """The batch size: the first number of the first shape."""
    while isinstance(shape, (list, tuple, dict)):
        shape = next(iter(shape.values() if isinstance(shape, dict) else shape), None)
    return shape


__all__ = ["Lambda"]
