"""Windows: weights that fade out a signal at both ends. Row of `x` floats, symmetric; [1] for one."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.creation import here, whole
from kerasviz.tensors import any_symbolic, settings, torch_dtype


def _length(name: str, x: Any) -> int:
    if any_symbolic(x):
        raise Invalid(f"{name}(x=...)", "a number that is known", x, "The length of a window is a shape.")
    return whole(f"{name}(x=...)", x)


def _window(function: Any, name: str, x: Any) -> Tensor:
    return function(_length(name, x), periodic=False, dtype=torch_dtype(settings.floatx()), device=here())


def bartlett(x: Any) -> Tensor:
    """A triangle, 0 at both ends.

    Source: M. S. Bartlett, "Periodogram Analysis and Continuous Spectra", 1950.
    """
    return _window(torch.bartlett_window, "bartlett", x)


def hanning(x: Any) -> Tensor:
    """A raised cosine, 0 at both ends.

    Source: R. B. Blackman, J. W. Tukey, "The Measurement of Power Spectra", 1958.
    """
    return _window(torch.hann_window, "hanning", x)


def hamming(x: Any) -> Tensor:
    """A raised cosine, 0.08 at both ends.

    Source: R. B. Blackman, J. W. Tukey, "The Measurement of Power Spectra", 1958.
    """
    return _window(torch.hamming_window, "hamming", x)


def blackman(x: Any) -> Tensor:
    """A sum of two cosines, near 0 at both ends.

    Source: R. B. Blackman, J. W. Tukey, "The Measurement of Power Spectra", 1958.
    """
    return _window(torch.blackman_window, "blackman", x)


def kaiser(x: Any, beta: Any) -> Tensor:
    """A Bessel function of a half circle; the larger `beta`, the narrower.

    Source: J. F. Kaiser, R. W. Schafer, "On the Use of the I0-Sinh Window for Spectrum Analysis", 1980.
    """
    size, dtype = _length("kaiser", x), torch_dtype(settings.floatx())
    if size == 1:
        return torch.ones(1, dtype=dtype, device=here())
    places = torch.linspace(-1, 1, size, dtype=dtype, device=here())
    beta = torch.as_tensor(beta, dtype=dtype, device=places.device)
    return torch.special.i0(beta * torch.sqrt((1 - places * places).clamp(min=0))) / torch.special.i0(beta)


__all__ = ["bartlett", "blackman", "hamming", "hanning", "kaiser"]
