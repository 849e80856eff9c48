"""Overlapping windows of signals, and their Fourier transforms."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid
from kerasviz.ops.promotion import floating
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.ops.spectral import HALF, Pair, complex_of, float_name, parts, wide, with_last
from kerasviz.tensors import KerasTensor

SMALLEST = 1e-11  # a sum of windows below it is taken for zero


def _frames(size: int | None, length: int, stride: int) -> int | None:
    return None if size is None else (size - length) // stride + 1


@symbolic(
    lambda x, sequence_length, sequence_stride: KerasTensor(
        (*x.shape[:-1], _frames(x.shape[-1], sequence_length, sequence_stride), sequence_length), x.dtype
    )
)
@op
def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Tensor:
    """Windows of one length along the last axis, each some steps after the one before.

    Shapes:
        x: (*batch, time)
        outputs: (*batch, frames, sequence_length)

    Raises:
        Invalid: where a length or stride is no positive number, or the axis is shorter than a window.
    """
    return _windows("extract_sequences", tensor(x), sequence_length, sequence_stride)


def _windows(name: str, x: Tensor, length: int, stride: int) -> Tensor:
    for argument, value in (("sequence_length", length), ("sequence_stride", stride)):
        if not isinstance(value, int) or value < 1:
            raise Invalid(f"{name}({argument}=...)", "a whole number at least 1", value)
    if x.ndim == 0 or x.shape[-1] < length:
        raise Invalid(f"{name}(x=...)", f"a last axis of at least {length}", tuple(x.shape))
    return x.unfold(-1, length, stride)


def _stft_outputs(
    x: Any, sequence_length: int, sequence_stride: int, fft_length: int, window: Any = "hann", center: bool = True
) -> tuple[KerasTensor, KerasTensor]:
    _check("stft", sequence_length, sequence_stride, fft_length)
    size = x.shape[-1]
    padded = size if size is None or not center else size + fft_length // 2 * 2
    shape = _frames(padded, fft_length, sequence_stride), fft_length // 2 + 1
    return with_last(x, *shape), with_last(x, *shape)


@symbolic(_stft_outputs)
@op
def stft(
    x: Any, sequence_length: int, sequence_stride: int, fft_length: int, window: Any = "hann", center: bool = True
) -> Pair:
    """Fourier transforms of overlapping windows of a signal.

    Args:
        x: the signal.
        sequence_length: steps that a window covers.
        sequence_stride: steps from one window to the next.
        fft_length: size of each transform; at least that of a window, which stands in its middle.
        window: "hann", "hamming", `sequence_length` numbers to multiply by, or None for ones.
        center: whether the first window's middle is the first step: the signal is mirrored at both ends.

    Shapes:
        x: (*batch, time)
        outputs: a pair of (*batch, frames, fft_length // 2 + 1): real and imaginary part

    Source: J. B. Allen, "Short Term Spectral Analysis, Synthesis, and Modification by Discrete Fourier Transform",
    1977.
    """
    x = floating(x)
    weights = _window("stft", window, sequence_length, sequence_stride, fft_length, x)
    signal = wide(x)
    if center:
        flat = signal.reshape(-1, signal.shape[-1]) if signal.ndim > 1 else signal.unsqueeze(0)
        padded = F.pad(flat, (fft_length // 2, fft_length // 2), mode="reflect")
        signal = padded.reshape(*x.shape[:-1], padded.shape[-1])
    frames = _windows("stft", signal, fft_length, sequence_stride)
    result = torch.fft.rfft(frames if weights is None else frames * weights)
    return result.real.to(x.dtype), result.imag.to(x.dtype)


def _istft_outputs(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> KerasTensor:
    _check("istft", sequence_length, sequence_stride, fft_length)
    frames = x[0].shape[-2]
    if length is None and frames is not None:
        length = (frames - 1) * sequence_stride + fft_length - (fft_length // 2 * 2 if center else 0)
    return KerasTensor((*x[0].shape[:-2], length), float_name(x[0]))


@symbolic(_istft_outputs)
@op
def istft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Tensor:
    """The signal of which `stft` with the same arguments gives these transforms.

    Exact with `center` and `fft_length` equal to `sequence_length`, or without a window; else, as in Keras, only where
    as many windows meet as can: the ends fade.

    Args:
        x: real and imaginary part of the transforms.
        sequence_length: steps that a window covers.
        sequence_stride: steps from one window to the next.
        fft_length: size of each transform.
        length: steps of the signal: cut, or filled with zeros; as many as there are by default.
        window: "hann", "hamming", `sequence_length` numbers, or None for ones.
        center: whether the first window's middle is the first step.

    Shapes:
        x: a pair of (*batch, frames, fft_length // 2 + 1)
        outputs: (*batch, length)

    Source: Daniel W. Griffin, Jae S. Lim, "Signal Estimation from Modified Short-Time Fourier Transform", 1984.
    """
    real, imaginary = parts("istft", x)
    weights = _window("istft", window, sequence_length, sequence_stride, fft_length, real)
    frames = torch.fft.irfft(complex_of(real, imaginary), n=fft_length)
    if weights is None:
        weights = frames.new_ones(fft_length)
    if window is None or (center and sequence_length == fft_length):
        share = _overlapped(weights.square().expand(frames.shape[-2:]), sequence_stride)
    else:
        share = _share(weights, sequence_stride, (frames.shape[-2] - 1) * sequence_stride + fft_length)
    signal = _overlapped(frames * weights, sequence_stride)
    signal = torch.where(share > SMALLEST, signal / share.clamp(min=SMALLEST), signal)
    start = fft_length // 2 if center else 0
    stop = signal.shape[-1] - start if length is None else start + length
    signal = signal[..., start:stop]
    if length is not None and signal.shape[-1] < length:
        signal = F.pad(signal, (0, length - signal.shape[-1]))
    return signal.to(real.dtype)


def _overlapped(frames: Tensor, stride: int) -> Tensor:
    """Frames (*batch, frames, steps) added up where they lie in time."""
    *batch, count, steps = frames.shape
    size = (count - 1) * stride + steps
    columns = frames.reshape(-1, count, steps).transpose(1, 2)
    return F.fold(columns, (1, size), (1, steps), stride=(1, stride)).reshape(*batch, size)


def _share(weights: Tensor, stride: int, size: int) -> Tensor:
    """What the squares of all windows that meet at each step add up to, as if more windows stood at both ends."""
    turns = -(-len(weights) // stride)
    squares = F.pad(weights.square(), (0, turns * stride - len(weights)))
    return squares.reshape(turns, stride).sum(dim=0).repeat(-(-size // stride))[:size]


def _check(name: str, sequence_length: int, sequence_stride: int, fft_length: int) -> None:
    given = {"sequence_length": sequence_length, "sequence_stride": sequence_stride, "fft_length": fft_length}
    for argument, value in given.items():
        if not isinstance(value, int) or value < 1:
            raise Invalid(f"{name}({argument}=...)", "a whole number at least 1", value)
    if fft_length < sequence_length:
        raise Invalid(f"{name}(fft_length=...)", f"at least sequence_length={sequence_length}", fft_length)


def _window(name: str, window: Any, length: int, stride: int, fft_length: int, x: Tensor) -> Tensor | None:
    """The window in the middle of `fft_length` numbers; None for no window."""
    _check(name, length, stride, fft_length)
    made = {"hann": torch.hann_window, "hamming": torch.hamming_window}
    dtype = torch.float32 if x.dtype in HALF else x.dtype
    if window is None and length == fft_length:
        return None
    if window is None:
        weights = torch.ones(length, dtype=dtype, device=x.device)
    elif isinstance(window, str):
        if window not in made:
            raise Invalid(f"{name}(window=...)", "'hann', 'hamming', an array or None", window)
        weights = made[window](length, periodic=True, dtype=dtype, device=x.device)
    else:
        weights = tensor(window).to(dtype=dtype, device=x.device)
        if tuple(weights.shape) != (length,):
            raise Invalid(f"{name}(window=...)", f"sequence_length={length} numbers", tuple(weights.shape))
    before = (fft_length - length) // 2
    return F.pad(weights, (before, fft_length - length - before))


__all__ = ["extract_sequences", "istft", "stft"]
