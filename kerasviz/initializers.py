"""How weights start."""

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

import torch
from torch import Tensor

from kerasviz.declare import Axis, Component, Family, Invalid, Kind, arg, did_you_mean
from kerasviz.tensors import Seed, SeedGenerator, default_device, drawn_seed, settings, torch_dtype
from kerasviz.tensors.drawing import cut_normal

Sizes = Sequence[int]
CUT_STDDEV = 0.87962566103423978  # standard deviation of a normal cut at two standard deviations


class NumbersKind(Kind):
    """A number, or an array of any shape; kept as Python numbers and lists."""

    input = "numbers"

    def parse(self, value: Any, where: str = "") -> Any:
        """Arrays, tensors and Keras's config of an array become lists."""
        if isinstance(value, Mapping) and value.get("class_name") == "__numpy__":
            value = value["config"]["value"]
        as_list = getattr(value, "tolist", None)
        value = value if as_list is None else as_list()
        try:
            torch.as_tensor(value)
        except (TypeError, ValueError, RuntimeError):
            self.reject(where, "a number, or an array of numbers", value)
        return list(value) if isinstance(value, tuple) else value

    def samples(self) -> list[Any]:
        """One number."""
        return [0.5]


Numbers = Annotated[Any, NumbersKind()]


class Initializer(Component):
    """Base of starts: called with a shape, gives an array."""

    def __call__(self, shape: Sizes, dtype: Any = None) -> Tensor:
        """An array of `shape`."""
        raise NotImplementedError(f"{type(self).__name__} needs a `__call__(self, shape, dtype=None)`.")

    def clone(self) -> Self:
        """An initializer with the same arguments."""
        return type(self).from_config(self.get_config())


def _placed(values: Tensor, dtype: Any) -> Tensor:
    """`values` on the default device: they are drawn on the CPU, so that a seed means the same everywhere."""
    return values.to(device=default_device(), dtype=_dtype(dtype))


def _dtype(dtype: Any) -> torch.dtype:
    return torch_dtype(dtype or settings.floatx())


def _empty(shape: Sizes) -> Tensor:
    return torch.empty(tuple(shape), dtype=torch.float32, device="cpu")


class Zeros(Initializer):
    """All zeros."""

    def __call__(self, shape: Sizes, dtype: Any = None) -> Tensor:
        """An array of `shape`."""
        return torch.zeros(tuple(shape), dtype=_dtype(dtype), device=default_device())


class Ones(Initializer):
    """All ones."""

    def __call__(self, shape: Sizes, dtype: Any = None) -> Tensor:
        """An array of `shape`."""
        return torch.ones(tuple(shape), dtype=_dtype(dtype), device=default_device())


class Constant(Initializer):
    """One value everywhere, or an array that is repeated to fit."""

    value: Numbers = arg(0.0, doc="A number, or an array that broadcasts to the shape.")

    def __call__(self, shape: Sizes, dtype: Any = None) -> Tensor:
        """An array of `shape`."""
        values = torch.as_tensor(self.value, dtype=_dtype(dtype), device=default_device())
        return values.expand(tuple(shape)).clone()


class Identity(Initializer):
    """Ones on the diagonal of a matrix, zeros elsewhere.

    Shapes:
        outputs: (rows, columns)
    """

    gain: float = arg(1.0, doc="Value on the diagonal.")

    def __call__(self, shape: Sizes, dtype: Any = None) -> Tensor:
        """An array of `shape`."""
        if len(shape) != 2:
            raise Invalid("Identity", "the shape of a matrix (rows, columns)", tuple(shape))
        ones = torch.eye(*shape, dtype=_dtype(dtype), device=default_device())
        return ones.mul_(self.gain) if ones.is_floating_point() else self.gain * ones


class RandomInitializer(Initializer):
    """Base of random starts. The same object gives the same values each time it is called."""

    seed: Seed = arg(None, doc="Makes the values the same in each run; None draws a seed.")

    def generator(self) -> torch.Generator:
        """A source of random numbers at the start of this object's sequence."""
        seed = self.seed
        if isinstance(seed, SeedGenerator):
            return seed.generator("cpu")
        if seed is None:
            if "_drawn_seed" not in self.__dict__:
                self._drawn_seed = drawn_seed()
            seed = self._drawn_seed
        return torch.Generator("cpu").manual_seed(seed)


class RandomNormal(RandomInitializer):
    """Normal values."""

    mean: float = arg(0.0, doc="Mean of the values.")
    stddev: float = arg(0.05, at_least=0, doc="Standard deviation of the values.")

    def __call__(self, shape: Sizes, dtype: Any = None) -> Tensor:
        """An array of `shape`."""
        return _placed(_empty(shape).normal_(self.mean, self.stddev, generator=self.generator()), dtype)


class TruncatedNormal(RandomInitializer):
    """Normal values, none farther from the mean than two standard deviations."""

    mean: float = arg(0.0, doc="Mean of the values.")
    stddev: float = arg(0.05, at_least=0, doc="Standard deviation before cutting.")

    def __call__(self, shape: Sizes, dtype: Any = None) -> Tensor:
        """An array of `shape`."""
        return _placed(_truncated(shape, self.mean, self.stddev, self.generator()), dtype)


def _truncated(shape: Sizes, mean: float, stddev: float, generator: torch.Generator) -> Tensor:
    return cut_normal(shape, torch.float32, torch.device("cpu"), generator) * stddev + mean


class RandomUniform(RandomInitializer):
    """Values spread evenly between two limits."""

    minval: float = arg(-0.05, doc="Lower limit.")
    maxval: float = arg(0.05, doc="Upper limit.")

    def __call__(self, shape: Sizes, dtype: Any = None) -> Tensor:
        """An array of `shape`."""
        return _placed(_empty(shape).uniform_(self.minval, self.maxval, generator=self.generator()), dtype)


class FanScaling(RandomInitializer):
    """Base of starts whose variance is `scale` over the number of inputs, outputs, or their mean."""

    scale: Any
    mode: Any
    distribution: Any
    input_axes: Axis | None = arg(None, after="seed", doc="Axes that are inputs; None: all but the last.")
    output_axes: Axis | None = arg(None, after="input_axes", doc="Axes that are outputs; None: the last.")

    def along(self, input_axes: Sequence[int], output_axes: Sequence[int]) -> Self:
        """The same start for arrays with these axes, unless it was given axes of its own."""
        if self.input_axes is not None or self.output_axes is not None:
            return self
        found = copy.copy(self)
        found.input_axes, found.output_axes = list(input_axes), list(output_axes)
        return found

    def __call__(self, shape: Sizes, dtype: Any = None) -> Tensor:
        """An array of `shape`."""
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            values = _empty(shape).uniform_(-limit, limit, generator=self.generator())
        elif self.distribution == "untruncated_normal":
            values = _empty(shape).normal_(0, math.sqrt(variance), generator=self.generator())
        else:
            values = _truncated(shape, 0.0, math.sqrt(variance) / CUT_STDDEV, self.generator())
        return _placed(values, dtype)


def compute_fans(shape: Sizes, input_axes: Any = None, output_axes: Any = None) -> tuple[float, float]:
    """How many values go into one output, and how many outputs one value reaches.

    Args:
        shape: of a kernel, (*kernel_size, inputs, outputs).
        input_axes: which axes are inputs, where not so.
        output_axes: which axes are outputs, where not so.
    """
    if input_axes is not None and output_axes is not None:
        ins, outs = ([axis] if isinstance(axis, int) else axis for axis in (input_axes, output_axes))
        return float(math.prod(shape[a] for a in ins)), float(math.prod(shape[a] for a in outs))
    if len(shape) < 2:
        size = float(shape[0]) if len(shape) else 1.0
        return size, size
    receptive_field = math.prod(shape[:-2])
    return float(shape[-2] * receptive_field), float(shape[-1] * receptive_field)


class VarianceScaling(FanScaling):
    """Values whose variance is `scale` over the number of inputs, outputs, or their mean."""

    scale: float = arg(1.0, above=0, doc="Variance times the fan.")
    mode: Literal["fan_in", "fan_out", "fan_avg"] = arg("fan_in", doc="Which fan the variance is divided by.")
    distribution: Literal["truncated_normal", "untruncated_normal", "normal", "uniform"] = arg(
        "truncated_normal", doc="Form of the distribution; 'normal' is truncated too."
    )

    def check(self) -> None:
        """Two names mean the same."""
        if self.distribution == "normal":
            self.distribution = "truncated_normal"


class GlorotUniform(FanScaling):
    """Even values with variance 2 / (inputs + outputs).

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    """

    scale, mode, distribution = 1.0, "fan_avg", "uniform"


class GlorotNormal(FanScaling):
    """Truncated normal values with variance 2 / (inputs + outputs).

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    """

    scale, mode, distribution = 1.0, "fan_avg", "truncated_normal"


class LecunNormal(FanScaling):
    """Truncated normal values with variance 1 / inputs.

    Source: LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998.
    """

    scale, mode, distribution = 1.0, "fan_in", "truncated_normal"


class LecunUniform(FanScaling):
    """Even values with variance 1 / inputs.

    Source: LeCun, Bottou, Orr and Müller, "Efficient BackProp", 1998.
    """

    scale, mode, distribution = 1.0, "fan_in", "uniform"


class HeNormal(FanScaling):
    """Truncated normal values with variance 2 / inputs.

    Source: He, Zhang, Ren and Sun, "Delving Deep into Rectifiers", 2015.
    """

    scale, mode, distribution = 2.0, "fan_in", "truncated_normal"


class HeUniform(FanScaling):
    """Even values with variance 2 / inputs.

    Source: He, Zhang, Ren and Sun, "Delving Deep into Rectifiers", 2015.
    """

    scale, mode, distribution = 2.0, "fan_in", "uniform"


class Orthogonal(RandomInitializer):
    """An orthogonal matrix: as many rows, or columns, at right angles as fit.

    Shapes:
        outputs: (*rows, columns), at least two axes; the first ones count as one

    Source: Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning", 2013.
    """

    gain: float = arg(1.0, doc="Length of the vectors.")

    def __call__(self, shape: Sizes, dtype: Any = None) -> Tensor:
        """An array of `shape`."""
        if len(shape) < 2:
            raise Invalid("Orthogonal", "a shape with at least two axes", tuple(shape))
        rows, columns = math.prod(shape[:-1]), shape[-1]
        flat = _empty((max(rows, columns), min(rows, columns))).normal_(generator=self.generator())
        q, r = torch.linalg.qr(flat)
        q = q * torch.sign(torch.diagonal(r))
        q = q.t() if rows < columns else q
        return _placed(self.gain * q.reshape(tuple(shape)), dtype)


class STFT(Initializer):
    """Waves that turn a convolution over time into a short-time Fourier transform.

    Shapes:
        outputs: (frame_length, 1, fft_length / 2 + 1)
    """

    side: Literal["real", "imag"] = arg("real", doc="Cosines, or sines.")
    window: str | Numbers | None = arg("hann", doc="Name of a window, an array of frame_length weights, or None.")
    scaling: Literal["density", "spectrum"] | None = arg("density", doc="What the window is divided by.")
    periodic: bool = arg(False, doc="Whether a named window repeats after frame_length, not frame_length - 1.")

    def check(self) -> None:
        """A window by name has to be one we have."""
        if isinstance(self.window, str) and self.window not in WINDOWS:
            hint = did_you_mean(self.window, WINDOWS)
            raise Invalid("STFT(window=...)", f"one of {', '.join(WINDOWS)}, an array or None", self.window, hint)

    def __call__(self, shape: Sizes, dtype: Any = None) -> Tensor:
        """An array of `shape`."""
        frame_length, _, bins = shape
        fft_length = (bins - 1) * 2
        time = torch.arange(frame_length, dtype=torch.float64).reshape(-1, 1, 1)
        angle = 2 * math.pi / fft_length * time * torch.arange(bins, dtype=torch.float64)
        wave = torch.cos(angle) if self.side == "real" else -torch.sin(angle)
        return _placed(wave * self._window(frame_length).reshape(-1, 1, 1), dtype)

    def _window(self, frame_length: int) -> Tensor:
        if isinstance(self.window, str):
            window = WINDOWS[self.window](frame_length, periodic=self.periodic, dtype=torch.float64)
        elif self.window is None:
            return torch.ones(frame_length, dtype=torch.float64)
        else:
            window = torch.as_tensor(self.window, dtype=torch.float64)
        divisor = {"density": window.square().sum().sqrt(), "spectrum": window.sum(), None: 1.0}[self.scaling]
        return window / divisor


WINDOWS = {
    "hann": torch.hann_window,
    "hamming": torch.hamming_window,
    "blackman": torch.blackman_window,
    "bartlett": torch.bartlett_window,
}

zeros = zero = Zeros
ones = one = Ones
constant = Constant
identity = IdentityInitializer = Identity
random_normal = normal = RandomNormal
truncated_normal = TruncatedNormal
random_uniform = uniform = RandomUniform
variance_scaling = VarianceScaling
glorot_uniform = GlorotUniform
glorot_normal = GlorotNormal
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
he_normal = HeNormal
he_uniform = HeUniform
orthogonal = OrthogonalInitializer = Orthogonal
stft = STFTInitializer = STFT

FAMILY = Family("initializer", module="keras.initializers", namespace=globals(), base=Initializer)


def get(identifier: Any) -> Any:
    """The initializer that `identifier` means: None, a name, a config, a class, an array, or the object itself."""
    return FAMILY.get(identifier)


def serialize(initializer: Any) -> Any:
    """The config of an initializer."""
    return FAMILY.serialize(initializer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The initializer that `serialize` wrote."""
    return FAMILY.deserialize(config, custom_objects)
