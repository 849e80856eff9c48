"""Fourier transforms. Complex numbers are pairs of tensors: real and imaginary parts; or one tensor: `view_as_...`."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.promotion import floating, joined_floats
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.ops.tracing import like
from kerasviz.tensors import KerasTensor, settings, torch_dtype

HALF = (torch.float16, torch.bfloat16)  # torch transforms no such numbers: computed in float32

Pair = tuple[Tensor, Tensor]


@op
def fft(x: Any) -> Pair:
    """Discrete Fourier transform along the last axis.

    Shapes:
        x: a pair of (*batch, time): real and imaginary part
        outputs: the same
    """
    return _transformed("fft", torch.fft.fft, x)


@op
def fft2(x: Any) -> Pair:
    """Discrete Fourier transform over the last two axes.

    Shapes:
        x: a pair of (*batch, height, width): real and imaginary part
        outputs: the same
    """
    return _transformed("fft2", torch.fft.fft2, x)


@op
def ifft2(x: Any) -> Pair:
    """Inverse of `fft2`: divided by the number of points.

    Shapes:
        x: a pair of (*batch, height, width): real and imaginary part
        outputs: the same
    """
    return _transformed("ifft2", torch.fft.ifft2, x)


def _transformed(name: str, function: Any, x: Any) -> Pair:
    real, imaginary = parts(name, x)
    result = function(complex_of(real, imaginary))
    return result.real.to(real.dtype), result.imag.to(real.dtype)


def parts(name: str, x: Any) -> Pair:
    """Real and imaginary part as floats of one dtype and shape."""
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        got = f"{len(x)} parts" if isinstance(x, (tuple, list)) else type(x).__name__
        raise Invalid(f"{name}(x=...)", "a pair of tensors: real and imaginary part", got)
    real, imaginary = floating(x[0]), floating(x[1])
    if real.dtype != imaginary.dtype:
        real, imaginary = joined_floats(real, imaginary)
    if real.shape != imaginary.shape:
        got = (tuple(real.shape), tuple(imaginary.shape))
        raise Invalid(f"{name}(x=...)", "real and imaginary parts of one shape", got)
    return real, imaginary


def complex_of(real: Tensor, imaginary: Tensor) -> Tensor:
    """One complex tensor; 16-bit floats in 32."""
    return torch.complex(wide(real), wide(imaginary))


def wide(x: Tensor) -> Tensor:
    """`x` in a dtype that torch transforms."""
    return x.float() if x.dtype in HALF else x


def with_last(x: Any, *sizes: int | None) -> KerasTensor:
    """A symbol like `x` with other last sizes."""
    return KerasTensor((*x.shape[:-1], *sizes), float_name(x))


def float_name(x: Any) -> str:
    """The dtype of floats like `x`."""
    dtype = torch_dtype(like(x).dtype)
    return like(x).dtype if dtype.is_floating_point else settings.floatx()


def _rfft_outputs(x: Any, fft_length: int | None = None) -> tuple[KerasTensor, KerasTensor]:
    size = x.shape[-1] if fft_length is None else fft_length
    bins = None if size is None else size // 2 + 1
    return with_last(x, bins), with_last(x, bins)


@symbolic(_rfft_outputs)
@op
def rfft(x: Any, fft_length: int | None = None) -> Pair:
    """Discrete Fourier transform of real numbers along the last axis; the half of it that tells the other.

    Args:
        x: the numbers.
        fft_length: size to cut or fill with zeros to; that of the axis by default.

    Shapes:
        x: (*batch, time)
        outputs: a pair of (*batch, fft_length // 2 + 1): real and imaginary part
    """
    x = floating(x)
    result = torch.fft.rfft(wide(x), n=fft_length)
    return result.real.to(x.dtype), result.imag.to(x.dtype)


def _irfft_outputs(x: Any, fft_length: int | None = None) -> KerasTensor:
    bins = x[0].shape[-1]
    return with_last(x[0], fft_length if fft_length is not None else None if bins is None else 2 * (bins - 1))


@symbolic(_irfft_outputs)
@op
def irfft(x: Any, fft_length: int | None = None) -> Tensor:
    """Inverse of `rfft`.

    Args:
        x: real and imaginary part.
        fft_length: size of the result; twice the bins without the first by default. An odd one must be given.

    Shapes:
        x: a pair of (*batch, bins)
        outputs: (*batch, fft_length)
    """
    real, imaginary = parts("irfft", x)
    return torch.fft.irfft(complex_of(real, imaginary), n=fft_length).to(real.dtype)


@op
def view_as_complex(x: Any) -> Tensor:
    """Pairs of a real and an imaginary part as complex numbers.

    Shapes:
        x: (*rest, 2)
        outputs: (*rest), complex64
    """
    x = floating(x)
    if x.ndim == 0 or x.shape[-1] != 2:
        raise Invalid("view_as_complex(x=...)", "a last axis of size 2: real and imaginary part", tuple(x.shape))
    pairs = x if x.dtype == torch.float32 else x.float()
    if pairs.is_contiguous() and pairs.storage_offset() % 2 == 0:
        return torch.view_as_complex(pairs)
    return torch.complex(pairs[..., 0], pairs[..., 1])


@op
def view_as_real(x: Any) -> Tensor:
    """Complex numbers as pairs of their real and imaginary part.

    Shapes:
        x: (*rest), complex
        outputs: (*rest, 2)
    """
    x = tensor(x)
    if not x.is_complex():
        raise Invalid("view_as_real(x=...)", "complex numbers", str(x.dtype).removeprefix("torch."))
    return torch.view_as_real(x.resolve_conj())


__all__ = ["fft", "fft2", "ifft2", "irfft", "rfft", "view_as_complex", "view_as_real"]
