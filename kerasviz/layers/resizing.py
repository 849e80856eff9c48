"""Layers that cut places off a map, add some at its edges, or repeat them."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid, Kind, arg
from kerasviz.layers.spatial import AXES, DataFormat, Sizes, Spatial
from kerasviz.ops.sliding import pad

Pair = tuple[int, int]


class PairsKind(Kind):
    """A number before and one after each spatial axis. One number may stand for a pair, or for all."""

    input = "json"

    def __init__(self, rank: int = 1) -> None:
        self.rank = rank

    def fit(self, cls: type) -> Self:
        """As many pairs as the class has spatial axes."""
        return type(self)(getattr(cls, "rank", None) or 1)

    def parse(self, value: Any, where: str = "") -> tuple:
        """((before, after), ...); for one axis (before, after)."""
        pairs = [value] if self.rank == 1 else value
        pairs = [value] * self.rank if isinstance(value, int) else pairs
        if not isinstance(pairs, (list, tuple)) or len(pairs) != self.rank:
            self._refuse(where, value)
        found = tuple(self._pair(pair, where, value) for pair in pairs)
        return found[0] if self.rank == 1 else found

    def _pair(self, pair: Any, where: str, value: Any) -> Pair:
        found = [pair, pair] if isinstance(pair, int) else list(pair) if isinstance(pair, (list, tuple)) else []
        if len(found) != 2 or not all(isinstance(n, int) and n >= 0 for n in found):
            self._refuse(where, value)
        return found[0], found[1]

    def _refuse(self, where: str, value: Any) -> None:
        each = "a pair (before, after)" if self.rank == 1 else f"{self.rank} pairs (before, after)"
        self.reject(where, f"a whole number, or {each}, of at least 0", value)

    def samples(self) -> list[Any]:
        """One number, and pairs."""
        return [1, (0, 1) if self.rank == 1 else ((0, 1),) * self.rank]


Pairs = Annotated[Any, PairsKind()]


class Edges(Spatial):
    """Base of layers that change maps at their edges."""

    keeps_dtype = True

    rank: ClassVar[int]
    edge: ClassVar[str]

    @property
    def pairs(self) -> Sequence[Pair]:
        """(before, after) of each spatial axis."""
        value = getattr(self, self.edge)
        return [value] if self.rank == 1 else value


class Cropping(Edges):
    """Cuts places off the edges of a map.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        outputs: as inputs, with fewer places
    """

    rank: ClassVar[int]
    edge = "cropping"

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Each axis less what is cut."""
        space: list[int | None] = []
        for name, size, pair in zip(AXES[self.rank], self.space(input_shape), self.pairs, strict=True):
            if size is not None and size <= sum(pair):
                raise Invalid(self.place, f"{name} above {sum(pair)}, which is cut off", tuple(input_shape))
            space.append(None if size is None else size - sum(pair))
        return self.with_space(input_shape, space, input_shape[self.channel_axis])

    def call(self, inputs: Tensor) -> Tensor:
        """What is left: a view."""
        first = 2 if self.data_format == "channels_first" else 1
        for axis, (before, after) in enumerate(self.pairs, start=first):
            inputs = inputs.narrow(axis, before, inputs.shape[axis] - before - after)
        return inputs


class Cropping1D(Cropping):
    """Cuts moments off both ends of a series.

    Shapes:
        inputs: (batch, time, channels)
        outputs: (batch, time - cropped, channels)
    """

    rank = 1
    data_format: Any = "channels_last"
    cropping: Pairs = arg((1, 1), doc="Moments cut off: a number, or (before, after).")


class Cropping2D(Cropping):
    """Cuts places off the edges of an image."""

    rank = 2
    cropping: Pairs = arg(((0, 0), (0, 0)), doc="Places cut off: a number, or (before, after) of each axis.")
    data_format: DataFormat | None = arg(None, doc="Place of the channel axis; None asks the config.")


class Cropping3D(Cropping):
    """Cuts places off the edges of a volume."""

    rank = 3
    cropping: Pairs = arg(((1, 1), (1, 1), (1, 1)), doc="Places cut off: a number, or (before, after) of each axis.")
    data_format: DataFormat | None = arg(None, doc="Place of the channel axis; None asks the config.")


class ZeroPadding(Edges):
    """Adds zeros at the edges of a map.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        outputs: as inputs, with more places
    """

    rank: ClassVar[int]
    edge = "padding"

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Each axis and what is added."""
        sizes = zip(self.space(input_shape), self.pairs, strict=True)
        space = [None if size is None else size + sum(pair) for size, pair in sizes]
        return self.with_space(input_shape, space, input_shape[self.channel_axis])

    def call(self, inputs: Tensor) -> Tensor:
        """The inputs among zeros."""
        channels = [] if self.data_format == "channels_first" else [(0, 0)]
        return pad(inputs, [*self.pairs, *channels])


class ZeroPadding1D(ZeroPadding):
    """Adds zeros at both ends of a series."""

    rank = 1
    padding: Pairs = arg(1, doc="Moments added: a number, or (before, after).")
    data_format: DataFormat | None = arg(None, doc="Place of the channel axis; None asks the config.")


class ZeroPadding2D(ZeroPadding):
    """Adds zeros around an image."""

    rank = 2
    padding: Pairs = arg((1, 1), doc="Places added: a number, or (before, after) of each axis.")
    data_format: DataFormat | None = arg(None, doc="Place of the channel axis; None asks the config.")


class ZeroPadding3D(ZeroPadding):
    """Adds zeros around a volume."""

    rank = 3
    padding: Pairs = arg(((1, 1), (1, 1), (1, 1)), doc="Places added: a number, or (before, after) of each axis.")
    data_format: DataFormat | None = arg(None, doc="Place of the channel axis; None asks the config.")


class UpSampling(Spatial):
    """Makes maps larger: each place several times.

    Shapes:
        inputs: (batch, *space, channels), or (batch, channels, *space) if channels_first
        outputs: as inputs, each spatial axis times its size
    """

    keeps_dtype = True

    rank: ClassVar[int]
    interpolation: Any = "nearest"

    @property
    def factors(self) -> Sequence[int]:
        """How many times larger each axis becomes."""
        return self.size

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Each axis times its factor."""
        sizes = zip(self.space(input_shape), self.factors, strict=True)
        space = [None if size is None else size * factor for size, factor in sizes]
        return self.with_space(input_shape, space, input_shape[self.channel_axis])

    def call(self, inputs: Tensor) -> Tensor:
        """A larger map."""
        return self.channels_back(self.larger(self.channels_first(inputs)))

    def larger(self, x: Tensor) -> Tensor:
        """`x` (batch, channels, *space) with more places; whole numbers stay whole."""
        if not x.is_floating_point():
            return self.repeated(x)
        size = [n * factor for n, factor in zip(x.shape[2:], self.factors, strict=True)]
        smooth = {} if self.interpolation == "nearest" else {"align_corners": False}
        return F.interpolate(x, size=size, mode=self.interpolation, **smooth)

    def repeated(self, x: Tensor) -> Tensor:
        """Whole numbers, repeated; places between are rounded."""
        if self.interpolation != "nearest":
            return self.larger(x.to(self._compute_dtype)).round().to(x.dtype)
        for axis, factor in enumerate(self.factors, start=2):
            x = x.repeat_interleave(factor, dim=axis)
        return x


class UpSampling1D(UpSampling):
    """Repeats each moment of a series.

    Shapes:
        inputs: (batch, time, channels)
        outputs: (batch, time * size, channels)
    """

    rank = 1
    data_format: Any = "channels_last"
    size: int = arg(2, at_least=1, doc="How many times each moment comes.")

    @property
    def factors(self) -> Sequence[int]:
        """One factor."""
        return [self.size]


class UpSampling2D(UpSampling):
    """Makes images larger."""

    rank = 2
    size: Sizes = arg(2, doc="How many times larger height and width become.")
    data_format: DataFormat | None = arg(None, doc="Place of the channel axis; None asks the config.")
    interpolation: Literal["nearest", "bilinear", "bicubic"] = arg("nearest", doc="How places between are found.")


class UpSampling3D(UpSampling):
    """Makes volumes larger: each place several times."""

    rank = 3
    size: Sizes = arg(2, doc="How many times each place comes along each axis.")
    data_format: DataFormat | None = arg(None, doc="Place of the channel axis; None asks the config.")
