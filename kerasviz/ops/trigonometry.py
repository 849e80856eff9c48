"""Angles, and circular and hyperbolic functions with their inverses, number by number. Angles are in radians.

Whole numbers become floatx.
"""

from typing import Any

import torch
from torch import Tensor

from kerasviz.ops.promotion import floating, joined_floats
from kerasviz.ops.recording import op, tensor


@op
def sin(x: Any) -> Tensor:
    """Sine of radians: between -1 and 1."""
    return torch.sin(floating(x))


@op
def cos(x: Any) -> Tensor:
    """Cosine of radians: between -1 and 1."""
    return torch.cos(floating(x))


@op
def tan(x: Any) -> Tensor:
    """Tangent of radians."""
    return torch.tan(floating(x))


@op
def arcsin(x: Any) -> Tensor:
    """The angle from -pi/2 to pi/2 with this sine; NaN outside -1 to 1."""
    return torch.asin(floating(x))


@op
def arccos(x: Any) -> Tensor:
    """The angle from 0 to pi with this cosine; NaN outside -1 to 1."""
    return torch.acos(floating(x))


@op
def arctan(x: Any) -> Tensor:
    """The angle between -pi/2 and pi/2 with this tangent."""
    return torch.atan(floating(x))


@op
def arctan2(x1: Any, x2: Any) -> Tensor:
    """The angle from -pi to pi of the point with height `x1` and width `x2`, seen from the origin."""
    return torch.atan2(*joined_floats(x1, x2))


@op
def sinh(x: Any) -> Tensor:
    """Hyperbolic sine."""
    return torch.sinh(floating(x))


@op
def cosh(x: Any) -> Tensor:
    """Hyperbolic cosine: at least 1."""
    return torch.cosh(floating(x))


@op
def tanh(x: Any) -> Tensor:
    """Hyperbolic tangent: between -1 and 1."""
    return torch.tanh(floating(x))


@op
def arcsinh(x: Any) -> Tensor:
    """The number with this hyperbolic sine."""
    return torch.asinh(floating(x))


@op
def arccosh(x: Any) -> Tensor:
    """The number of at least 0 with this hyperbolic cosine; NaN below 1."""
    return torch.acosh(floating(x))


@op
def arctanh(x: Any) -> Tensor:
    """The number with this hyperbolic tangent; NaN outside -1 to 1."""
    return torch.atanh(floating(x))


@op
def sinc(x: Any) -> Tensor:
    """`sin(pi x) / (pi x)`, and 1 at 0."""
    return torch.sinc(floating(x))


@op
def hypot(x1: Any, x2: Any) -> Tensor:
    """Length of the longest side of a right triangle: `sqrt(x1**2 + x2**2)`, without overflow in between."""
    return torch.hypot(*joined_floats(x1, x2))


@op
def deg2rad(x: Any) -> Tensor:
    """Radians of degrees; 64-bit whole numbers become float64."""
    x = tensor(x)
    return torch.deg2rad(x.to(torch.float64) if x.dtype == torch.int64 else floating(x))


@op
def rad2deg(x: Any) -> Tensor:
    """Degrees of radians; 64-bit whole numbers become float64."""
    x = tensor(x)
    return torch.rad2deg(x.to(torch.float64) if x.dtype == torch.int64 else floating(x))


@op
def angle(x: Any) -> Tensor:
    """The angle of a complex number, from -pi to pi; of a real one 0, or pi where it is negative."""
    x = floating(x)
    if x.dtype in (torch.float16, torch.bfloat16):
        return torch.angle(x.to(torch.float32)).to(x.dtype)
    return torch.angle(x)


__all__ = [
    "angle",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "cos",
    "cosh",
    "deg2rad",
    "hypot",
    "rad2deg",
    "sin",
    "sinc",
    "sinh",
    "tan",
    "tanh",
]
