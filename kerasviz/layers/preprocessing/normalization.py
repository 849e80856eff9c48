"""Normalization."""

import math
from typing import Annotated, Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid, arg
from kerasviz.declare.kinds import AxisKind
from kerasviz.initializers import Numbers
from kerasviz.layers.preprocessing.columns import as_column, batches_of
from kerasviz.layers.preprocessing.data_layer import Adaptable
from kerasviz.tensors import KerasTensor, convert_to_tensor, settings, torch_dtype


class AxesKind(AxisKind):
    """One axis, several, or none; kept as a tuple."""

    def parse(self, value: Any, where: str = "") -> tuple[int, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The axes."""
        if value is None or (isinstance(value, (list, tuple)) and not value):
            return ()
        axes = super().parse(value, where)
        return tuple(axes) if isinstance(axes, list) else (axes,)

    def to_config(self, value: Any) -> Any:
        """A tuple."""
        return self.parse(value)

    def schema(self) -> dict[str, Any]:
        """An axis, or nothing."""
        return {**super().schema(), "nullable": True}


class HasMoments(Adaptable):
    """Base with a `mean` and a `variance`: as they were given, until there is a shape to bring them into."""

    @property
    def mean(self) -> Any:
        """The mean, in a shape that fits the inputs, once it is known."""
        return self._moment("mean")

    @mean.setter
    def mean(self, value: Any) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]  # as the arguments are
        self.__dict__.setdefault("_known", {})["mean"] = as_floats(value)

    @property
    def variance(self) -> Any:
        """The variance, in a shape that fits the inputs, once it is known."""
        return self._moment("variance")

    @variance.setter
    def variance(self, value: Any) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self.__dict__.setdefault("_known", {})["variance"] = as_floats(value)

    def _moment(self, name: str) -> Any:
        given = self.__dict__["_known"][name]
        if not self.built:
            return given
        value = getattr(self, f"adapt_{name}" if given is None else f"_known_{name}")
        return value.reshape(self._shape)


class Normalization(HasMoments):
    """Subtracts the mean and divides by the standard deviation, each learned from data by `adapt`, or given.

    Shapes:
        inputs, outputs: (batch, *rest)
        mean, variance: sizes of the kept axes
    """

    axis: Annotated[Any, AxesKind()] = arg(-1, doc="Axes with a mean of their own for each place; None: one mean.")
    mean: Numbers | None = arg(  # pyright: ignore[reportIncompatibleMethodOverride]  # guarded, as `name` of a Layer
        None, doc="The mean, if it is known; together with `variance`."
    )
    variance: Numbers | None = arg(  # pyright: ignore[reportIncompatibleMethodOverride]
        None, doc="The variance, if it is known; together with `mean`."
    )
    invert: bool = arg(False, doc="Whether to turn normalized numbers back into what they were.")

    def check(self) -> None:
        """Mean and variance are given together."""
        super().check()
        given = {name: self.__dict__["_known"][name] for name in ("mean", "variance")}
        missing = [name for name, value in given.items() if value is None]
        if len(missing) == 1:
            raise Invalid(f"Normalization({missing[0]}=...)", "mean and variance together, or neither", None)

    @property
    def _is_given(self) -> bool:
        return self.__dict__["_known"]["mean"] is not None

    @property
    def learns(self) -> bool:
        """Whether mean and variance are not given."""
        return not self._is_given

    @property
    def has_learned(self) -> bool:
        """Whether mean and variance are there."""
        return self.built or self._is_given

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer; what was learned is among the weights."""
        config = {n: v for n, v in super().get_config().items() if n not in ("mean", "variance")}
        return config | self.__dict__["_known"]

    def _is_default(self, a: Any, value: Any) -> bool:
        own = self.__dict__["_known"].get(a.name, value)
        return super()._is_default(a, own)

    # --- building ---------------------------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make room for the mean and the variance."""
        where = f'Normalization "{self.name}"'
        shape, rank = tuple(input_shape), len(input_shape)
        wrong = [axis for axis in self.axis if not -rank <= axis < rank]
        if wrong:
            raise Invalid(f"{where}(axis=...)", f"axes of inputs with {rank} axes", self.axis)
        kept = sorted({axis % rank for axis in self.axis})
        unknown = [axis for axis in kept if shape[axis] is None]
        if unknown:
            raise Invalid(where, f"a known size of axis {unknown[0]}, which has means of its own", shape)
        sizes = tuple(shape[axis] for axis in kept)
        self.__dict__["_kept"] = kept
        self.__dict__["_shape"] = tuple(size if axis in kept else 1 for axis, size in enumerate(shape))
        if self._is_given:
            self._broadcast_given(sizes)
            return
        self.adapt_mean = self.add_weight(name="mean", shape=sizes, initializer="zeros", trainable=False)
        self.adapt_variance = self.add_weight(name="variance", shape=sizes, initializer="ones", trainable=False)
        self.count = self.add_weight(name="count", shape=(), dtype="int32", initializer="zeros", trainable=False)

    def _broadcast_given(self, sizes: tuple[int, ...]) -> None:
        for name in ("mean", "variance"):
            given = self.__dict__["_known"][name]
            value = convert_to_tensor(given, self.variable_dtype)
            try:
                value = value.broadcast_to(sizes).clone()
            except RuntimeError:
                where = f'Normalization "{self.name}"({name}=...)'
                raise Invalid(where, f"numbers that broadcast to {sizes}", tuple(value.shape)) from None
            self.register_buffer(f"_known_{name}", value, persistent=False)

    # --- learning ---------------------------------------------------------------------------------------------------

    def adapt(self, data: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # Keras's has no steps
        """Learn the mean and the variance of data, and forget what was learned before.

        Args:
            data: an array, tensor or nested list; or a DataLoader, dataset, generator or PyDataset of batches.
        """
        self.reset_state()
        for batch in batches_of(data, f'Normalization "{self.name}".adapt'):
            self.update_state(batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forget the batches that were looked at."""
        self.__dict__["_seen"] = None

    def update_state(self, data: Any) -> None:
        """Look at one batch."""
        if self._is_given:
            raise Invalid(f'Normalization "{self.name}".adapt', "a layer without given mean and variance", "given ones")
        x = as_column(data, f'Normalization "{self.name}".adapt')
        if not isinstance(x, Tensor):
            raise Invalid(f'Normalization "{self.name}".adapt', "numbers", "texts")
        if not self.built:
            self.build(tuple(size if axis in self._axes_of(x) else None for axis, size in enumerate(x.shape)))
        axes = [axis for axis in range(x.ndim) if axis not in self._kept]
        if x.numel():
            self.__dict__["_seen"] = merged(self.__dict__.get("_seen"), moments(x, axes))

    def _axes_of(self, x: Tensor) -> set[int]:
        return {axis % x.ndim for axis in self.axis if -x.ndim <= axis < x.ndim}

    def finalize_state(self) -> None:
        """Use the mean and the variance of what was looked at."""
        seen = self.__dict__.get("_seen")
        if seen is not None:
            self.adapt_mean.assign(seen[1])
            self.adapt_variance.assign(seen[2])

    # --- calling ----------------------------------------------------------------------------------------------------

    def call(self, inputs: Tensor) -> Tensor:
        """(inputs - mean) / deviation, or back."""
        dtype = torch_dtype(self.compute_dtype)
        x = inputs.to(dtype)
        mean, variance = self._moment("mean").to(dtype), self._moment("variance").to(dtype)
        deviation = variance.sqrt().clamp(min=settings.epsilon())
        return mean + x * deviation if self.invert else (x - mean) / deviation

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's."""
        return tuple(input_shape)

    def compute_output_spec(self, inputs: Any) -> Any:
        """A symbol for the output of a call on a symbol."""
        return KerasTensor(inputs.shape, self.output_dtype)


def as_floats(value: Any) -> Any:
    """A number, or nested lists of them, as floats."""
    return [as_floats(part) for part in value] if isinstance(value, list) else None if value is None else float(value)


Moments = tuple[int, Tensor, Tensor]  # how many numbers, their mean, their variance


def moments(x: Tensor, axes: list[int]) -> Moments:
    """Count, mean and variance along axes, with as many digits as the device has."""
    x = x.detach().to(torch.float32 if x.device.type == "mps" else torch.float64)
    if not axes:
        return 1, x, torch.zeros_like(x)
    return math.prod(x.shape[axis] for axis in axes), x.mean(dim=axes), x.var(dim=axes, correction=0)


def merged(seen: Moments | None, new: Moments) -> Moments:
    """The moments of two sets of numbers together.

    Source: T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
    Variances", 1979.
    """
    if seen is None:
        return new
    share = new[0] / (seen[0] + new[0])
    between = new[1] - seen[1]
    variance = seen[2] * (1 - share) + new[2] * share + between.square() * share * (1 - share)
    return seen[0] + new[0], seen[1] + between * share, variance
