"""`keras.random`: random tensors, and seeds that make them come again.

The same seed gives the numbers that Keras gives on PyTorch: a draw starts one of torch's generators from the sum of the
two numbers of the seed's state, and moves the second one on. Without a seed, numbers come from torch's own generator,
which `keras.utils.set_random_seed` starts anew.
"""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.recording import op, symbolic
from kerasviz.tensors import (
    KerasTensor,
    SeedGenerator,
    convert_to_tensor,
    default_device,
    is_float,
    settings,
    standardize_dtype,
    torch_dtype,
)
from kerasviz.tensors.drawing import cut_normal
from kerasviz.tensors.dtypes import is_int_dtype
from kerasviz.tensors.seeds import generator_of


def _place(shape: Any, dtype: Any, seed: Any, *likes: Any) -> tuple[tuple[int, ...], torch.dtype, Any, torch.device]:
    """Shape, dtype, generator and device of a draw.

    Raises:
        Invalid: for a shape with unknown sizes.
    """
    sizes = (shape,) if isinstance(shape, int) else tuple(int(n) if n is not None else None for n in shape)
    if any(size is None or size < 0 for size in sizes):
        raise Invalid("random(shape=...)", "sizes of at least 0", sizes)
    device = next((like.device for like in likes if isinstance(like, Tensor)), default_device())
    return sizes, torch_dtype(dtype or settings.floatx()), generator_of(seed, device), device  # type: ignore[return-value]


def of_shape(shape: Any, dtype: Any) -> KerasTensor:
    """The symbol for a draw."""
    return KerasTensor((shape,) if isinstance(shape, int) else tuple(shape), dtype or settings.floatx())


def _floats(dtype: Any, name: str) -> str:
    dtype = standardize_dtype(dtype)
    if not is_float(dtype) or dtype.startswith("float8"):
        raise Invalid(f"random.{name}(dtype=...)", "a float dtype", dtype)
    return dtype


def _number(value: Any) -> Any:
    """Numbers, and arrays as tensors."""
    return value if isinstance(value, (int, float)) else convert_to_tensor(value)


@symbolic(lambda shape, mean=0.0, stddev=1.0, dtype=None, seed=None: of_shape(shape, dtype))
@op
def normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Numbers from a normal distribution.

    Args:
        shape: of the result.
        mean, stddev: numbers, or arrays that broadcast to `shape`.
        dtype: a float dtype; floatx for None.
        seed: a whole number for the same draw each time, a SeedGenerator, or None.

    Raises:
        Invalid: for a dtype without fractions.
    """
    dtype = _floats(dtype, "normal")
    mean, stddev = _number(mean), _number(stddev)
    sizes, kind, generator, device = _place(shape, dtype, seed, mean, stddev)
    if isinstance(mean, Tensor) or isinstance(stddev, Tensor):
        drawn = torch.empty(sizes, dtype=kind, device=device).normal_(generator=generator)
        return (drawn * stddev + mean).to(kind)
    return torch.empty(sizes, dtype=kind, device=device).normal_(mean, stddev, generator=generator)


@symbolic(lambda shape, minval=0.0, maxval=1.0, dtype=None, seed=None: of_shape(shape, dtype))
@op
def uniform(shape: Any, minval: Any = 0.0, maxval: Any = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Numbers spread evenly from `minval` up to, and without, `maxval`.

    Args:
        shape: of the result.
        minval, maxval: numbers, or arrays that broadcast to `shape`.
        dtype: a float dtype; floatx for None.
        seed: a whole number for the same draw each time, a SeedGenerator, or None.

    Raises:
        Invalid: for a dtype without fractions; `randint` draws whole numbers.
    """
    dtype = _floats(dtype, "uniform")
    minval, maxval = _number(minval), _number(maxval)
    sizes, kind, generator, device = _place(shape, dtype, seed, minval, maxval)
    drawn = torch.rand(sizes, dtype=kind, device=device, generator=generator)
    return ((maxval - minval) * drawn + minval).to(kind)


@symbolic(lambda shape, minval, maxval, dtype="int32", seed=None: of_shape(shape, dtype))
@op
def randint(shape: Any, minval: Any, maxval: Any, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Whole numbers from `minval` up to, and without, `maxval`, each as likely.

    Args:
        shape: of the result.
        minval, maxval: whole numbers, or arrays that broadcast to `shape`.
        dtype: of whole numbers.
        seed: a whole number for the same draw each time, a SeedGenerator, or None.

    Raises:
        Invalid: for another dtype, or where there is no number in between.
    """
    name = standardize_dtype(dtype)
    if not is_int_dtype(name):
        raise Invalid("random.randint(dtype=...)", "a dtype of whole numbers", name)
    if isinstance(minval, (int, float)) and isinstance(maxval, (int, float)):
        if int(minval) >= int(maxval):
            raise Invalid("random.randint(maxval=...)", f"a number above minval={minval}", maxval)
        sizes, kind, generator, device = _place(shape, name, seed)
        return torch.randint(int(minval), int(maxval), sizes, generator=generator, device=device).to(kind)
    low, high = convert_to_tensor(minval), convert_to_tensor(maxval)
    sizes, kind, generator, device = _place(shape, name, seed, low, high)
    drawn = torch.rand(sizes, dtype=torch.float64, device=device, generator=generator)
    return (low + drawn * (high - low)).floor().to(kind)


@symbolic(lambda shape, mean=0.0, stddev=1.0, dtype=None, seed=None: of_shape(shape, dtype))
@op
def truncated_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, seed: Any = None) -> Tensor:
    """Numbers from a normal distribution, those farther than two standard deviations from the mean drawn again.

    Args:
        shape: of the result.
        mean, stddev: numbers, or arrays that broadcast to `shape`.
        dtype: a float dtype; floatx for None.
        seed: a whole number for the same draw each time, a SeedGenerator, or None.

    Raises:
        Invalid: for a dtype without fractions.
    """
    dtype = _floats(dtype, "truncated_normal")
    mean, stddev = _number(mean), _number(stddev)
    sizes, kind, generator, device = _place(shape, dtype, seed, mean, stddev)
    return (cut_normal(sizes, kind, device, generator) * stddev + mean).to(kind)


@symbolic(lambda logits, num_samples, dtype="int32", seed=None: KerasTensor((logits.shape[0], num_samples), dtype))
@op
def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Tensor:
    """Numbers of classes, each as often as its logit says.

    Args:
        logits: logarithms of chances, up to a constant.
        num_samples: draws for each row.
        dtype: of the result.
        seed: a whole number for the same draw each time, a SeedGenerator, or None.

    Shapes:
        logits: (batch, classes)
        result: (batch, num_samples)

    Raises:
        Invalid: for logits of another rank.
    """
    logits = convert_to_tensor(logits)
    if logits.ndim != 2:
        raise Invalid("random.categorical(logits=...)", "shape (batch, classes)", tuple(logits.shape))
    logits = logits if logits.is_floating_point() else logits.to(torch_dtype(settings.floatx()))
    generator = generator_of(seed, logits.device)
    drawn = torch.multinomial(logits.softmax(-1), num_samples, replacement=True, generator=generator)
    return drawn.to(torch_dtype(dtype or settings.floatx()))


@symbolic(lambda shape, alpha, dtype=None, seed=None: of_shape(shape, dtype))
@op
def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Numbers from a gamma distribution with scale 1.

    Args:
        shape: of the result.
        alpha: of the distribution, above 0: a number, or an array that broadcasts to `shape`.
        dtype: of the result; floatx for None.
        seed: a whole number for the same draw each time, a SeedGenerator, or None.

    Raises:
        Invalid: for an alpha that is a number not above 0.
    """
    _check_above_zero("gamma", alpha=alpha)
    alpha = _number(alpha)
    sizes, kind, generator, device = _place(shape, dtype, seed, alpha)
    drawn = torch._standard_gamma(_spread(alpha, sizes, device), generator=generator)  # pyright: ignore
    return drawn.to(kind)


@symbolic(lambda shape, alpha, beta, dtype=None, seed=None: of_shape(shape, dtype))
@op
def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """Numbers between 0 and 1 from a beta distribution.

    Args:
        shape: of the result.
        alpha, beta: of the distribution, above 0: numbers, or arrays that broadcast to `shape`.
        dtype: of the result; floatx for None.
        seed: a whole number for the same draw each time, a SeedGenerator, or None.

    Raises:
        Invalid: for an alpha or beta that is a number not above 0.
    """
    _check_above_zero("beta", alpha=alpha, beta=beta)
    alpha, beta = _number(alpha), _number(beta)
    sizes, kind, generator, device = _place(shape, dtype, seed, alpha, beta)
    both = torch.stack([_spread(alpha, sizes, device), _spread(beta, sizes, device)], -1)
    drawn = torch._sample_dirichlet(both, generator=generator)  # pyright: ignore
    return drawn.select(-1, 0).to(kind)


@symbolic(lambda shape, counts, probabilities, dtype=None, seed=None: of_shape(shape, dtype))
@op
def binomial(shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None) -> Tensor:
    """How often each of `counts` tries succeeds.

    Args:
        shape: of the result.
        counts: tries, at least 0: a number, or an array that broadcasts to `shape`.
        probabilities: of success, from 0 to 1: a number, or an array that broadcasts to `shape`.
        dtype: of the result; floatx for None.
        seed: a whole number for the same draw each time, a SeedGenerator, or None.

    Raises:
        Invalid: for numbers outside of these ranges.
    """
    if isinstance(counts, (int, float)) and counts < 0:
        raise Invalid("random.binomial(counts=...)", "a number at least 0", counts)
    if isinstance(probabilities, (int, float)) and not 0 <= probabilities <= 1:
        raise Invalid("random.binomial(probabilities=...)", "a number from 0 to 1", probabilities)
    counts, probabilities = _number(counts), _number(probabilities)
    sizes, kind, generator, device = _place(shape, dtype, seed, counts, probabilities)
    tries, chances = _spread(counts, sizes, device), _spread(probabilities, sizes, device)
    return torch.binomial(tries, chances, generator=generator).to(kind)


def _check_above_zero(name: str, **given: Any) -> None:
    for argument, value in given.items():
        if isinstance(value, (int, float)) and not value > 0:
            raise Invalid(f"random.{name}({argument}=...)", "a number above 0", value)


def _spread(value: Any, sizes: tuple[int, ...], device: torch.device) -> Tensor:
    """A parameter of a distribution for every number to draw, in a dtype in which torch can draw."""
    if isinstance(value, Tensor):
        wide = value.dtype if value.dtype in (torch.float32, torch.float64) else torch.float32
        return value.to(wide).expand(sizes).contiguous()
    return torch.full(sizes, float(value), dtype=torch.float32, device=device)


@symbolic(lambda inputs, rate, noise_shape=None, seed=None: KerasTensor(inputs.shape, inputs.dtype))
@op
def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Tensor:
    """The inputs, a share of them zero and the others scaled so that the mean stays.

    Args:
        inputs: of any shape.
        rate: share of the values that become zero, from 0 to 1.
        noise_shape: shape of what is drawn, which broadcasts to the inputs; None in it stands for the input's size.
        seed: a whole number for the same draw each time, a SeedGenerator, or None.

    Raises:
        Invalid: for a rate outside of its range.

    Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", 2014.
    """
    if not 0 <= rate <= 1:
        raise Invalid("random.dropout(rate=...)", "a number from 0 to 1", rate)
    inputs = convert_to_tensor(inputs)
    if rate == 0:
        return inputs
    if rate == 1:
        return torch.zeros_like(inputs)
    own = tuple(inputs.shape)
    sizes = (
        own if noise_shape is None else tuple(n if n is not None else m for n, m in zip(noise_shape, own, strict=True))
    )
    chance = torch.full(sizes, 1 - rate, dtype=torch.float32, device=inputs.device)
    kept = torch.bernoulli(chance, generator=generator_of(seed, inputs.device)).bool()
    return torch.where(kept, inputs / (1 - rate), 0).to(inputs.dtype)


@symbolic(lambda x, axis=0, seed=None: KerasTensor(x.shape, x.dtype))
@op
def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Tensor:
    """The parts along an axis in random order; each place on the axes before it has an order of its own.

    Args:
        x: of any shape but ().
        axis: along which it is put in another order. Along 0, rows stay whole.
        seed: a whole number for the same order each time, a SeedGenerator, or None.

    Raises:
        Invalid: where there is no such axis.
    """
    x = convert_to_tensor(x)
    if not -x.ndim <= axis < x.ndim:
        raise Invalid("random.shuffle(axis=...)", f"one of the {x.ndim} axes", axis)
    axis %= x.ndim
    drawn = torch.rand(x.shape[: axis + 1], generator=generator_of(seed, x.device), device=x.device)
    order = drawn.argsort(axis).reshape(*drawn.shape, *(1,) * (x.ndim - axis - 1))
    return torch.gather(x, axis, order.expand(x.shape))


__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]
