"""Operations against torch's functions: number by number, reductions, order. The other tables are joined on here."""

import ops_array_cases
import ops_math_cases
import ops_network_cases
import torch
from cases import (
    Case,
    above_one,
    alike,
    complexes,
    numbers,
    signed,
    sizes,
    table,
    truths,
    whole,
    with_gaps,
    with_zeros,
)
from torch import Tensor

from kerasviz import ops

ONE = sizes((16, 16), (512, 512))
TWO = sizes((16, 16), (512, 512), 2)
INT32 = whole(20, 1, torch.int32)

WITHIN_ONE = {
    "arccos": torch.acos,
    "arcsin": torch.asin,
    "arctanh": torch.atanh,
    "erfinv": torch.erfinv,
    "log": torch.log,
    "log10": torch.log10,
    "log1p": torch.log1p,
    "log2": torch.log2,
    "reciprocal": torch.reciprocal,
    "rsqrt": torch.rsqrt,
    "sqrt": torch.sqrt,
}
ANYWHERE = {
    "abs": torch.abs,
    "absolute": torch.abs,
    "angle": torch.angle,
    "arcsinh": torch.asinh,
    "arctan": torch.atan,
    "cbrt": lambda x: torch.sign(x) * torch.pow(torch.abs(x), 1 / 3),
    "ceil": torch.ceil,
    "copy": torch.clone,
    "cos": torch.cos,
    "cosh": torch.cosh,
    "deg2rad": torch.deg2rad,
    "erf": torch.erf,
    "erfc": torch.erfc,
    "exp": torch.exp,
    "exp2": torch.exp2,
    "expm1": torch.expm1,
    "fabs": torch.abs,
    "floor": torch.floor,
    "i0": torch.special.i0,
    "isfinite": torch.isfinite,
    "isinf": torch.isinf,
    "isnan": torch.isnan,
    "isneginf": torch.isneginf,
    "isposinf": torch.isposinf,
    "isreal": torch.isreal,
    "logical_not": torch.logical_not,
    "nan_to_num": torch.nan_to_num,
    "negative": torch.neg,
    "ones_like": torch.ones_like,
    "rad2deg": torch.rad2deg,
    "real": torch.real,
    "round": torch.round,
    "sign": torch.sign,
    "signbit": torch.signbit,
    "sin": torch.sin,
    "sinc": torch.sinc,
    "sinh": torch.sinh,
    "square": torch.square,
    "stop_gradient": torch.detach,
    "tan": torch.tan,
    "tanh": torch.tanh,
    "trunc": torch.trunc,
    "zeros_like": torch.zeros_like,
}
BOTH = {
    "add": torch.add,
    "arctan2": torch.atan2,
    "divide": torch.div,
    "equal": torch.eq,
    "fmax": torch.fmax,
    "fmin": torch.fmin,
    "fmod": torch.fmod,
    "greater": torch.gt,
    "greater_equal": torch.ge,
    "hypot": torch.hypot,
    "isclose": torch.isclose,
    "less": torch.lt,
    "less_equal": torch.le,
    "logaddexp": torch.logaddexp,
    "logaddexp2": torch.logaddexp2,
    "logical_and": torch.logical_and,
    "logical_or": torch.logical_or,
    "logical_xor": torch.logical_xor,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "mod": torch.remainder,
    "multiply": torch.mul,
    "not_equal": torch.ne,
    "power": torch.pow,
    "subtract": torch.sub,
    "true_divide": torch.true_divide,
}
WHOLE = {
    "bitwise_and": torch.bitwise_and,
    "bitwise_left_shift": torch.bitwise_left_shift,
    "bitwise_or": torch.bitwise_or,
    "bitwise_right_shift": torch.bitwise_right_shift,
    "bitwise_xor": torch.bitwise_xor,
    "gcd": torch.gcd,
    "lcm": torch.lcm,
    "left_shift": torch.bitwise_left_shift,
    "right_shift": torch.bitwise_right_shift,
}
WITH_NUMBERS = {
    "add a number": (lambda x: ops.add(x, 2.0), lambda x: torch.add(x, 2.0)),
    "cast": (lambda x: ops.cast(x, "int32"), lambda x: x.to(torch.int32)),
    "clip": (lambda x: ops.clip(x, -0.5, 0.5), lambda x: torch.clamp(x, -0.5, 0.5)),
    "full_like": (lambda x: ops.full_like(x, 2.0), lambda x: torch.full_like(x, 2.0)),
    "greater than a number": (lambda x: ops.greater(x, 0.5), lambda x: torch.gt(x, 0.5)),
    "maximum with a number": (lambda x: ops.maximum(x, 0.5), lambda x: torch.maximum(x, torch.scalar_tensor(0.5))),
    "multiply by a number": (lambda x: ops.multiply(x, 2.0), lambda x: torch.mul(x, 2.0)),
    "power of a number": (lambda x: ops.power(x, 2), lambda x: torch.pow(x, 2)),
    "round to decimals": (lambda x: ops.round(x, 2), lambda x: torch.round(x, decimals=2)),
    "saturate_cast": (
        lambda x: ops.saturate_cast(x, "uint8"),
        lambda x: torch.clamp(torch.nan_to_num(x), 0, 255).to(torch.uint8),
    ),
}
REDUCTIONS = {
    "all": torch.all,
    "any": torch.any,
    "argmax": lambda x: torch.argmax(x).to(torch.int32),
    "argmin": lambda x: torch.argmin(x).to(torch.int32),
    "average": torch.mean,
    "count_nonzero": lambda x: torch.count_nonzero(x).to(torch.int32),
    "cumprod": lambda x: torch.cumprod(x.flatten(), 0),
    "cumsum": lambda x: torch.cumsum(x.flatten(), 0),
    "logsumexp": lambda x: torch.logsumexp(x, (0, 1)),
    "max": torch.amax,
    "amax": torch.amax,
    "amin": torch.amin,
    "mean": torch.mean,
    "median": lambda x: torch.quantile(x, 0.5),
    "min": torch.amin,
    "norm": torch.linalg.norm,
    "prod": torch.prod,
    "ptp": lambda x: torch.amax(x) - torch.amin(x),
    "std": lambda x: torch.std(x, correction=0),
    "sum": torch.sum,
    "trapezoid": torch.trapezoid,
    "var": lambda x: torch.var(x, correction=0),
}
ALONG = {
    "all axis": (lambda x: ops.all(x, axis=1), lambda x: torch.all(x, dim=1)),
    "any axis": (lambda x: ops.any(x, axis=1), lambda x: torch.any(x, dim=1)),
    "argmax axis": (lambda x: ops.argmax(x, axis=1), lambda x: torch.argmax(x, dim=1).to(torch.int32)),
    "argmin axis": (lambda x: ops.argmin(x, axis=0), lambda x: torch.argmin(x, dim=0).to(torch.int32)),
    "average axis": (lambda x: ops.average(x, axis=0), lambda x: torch.mean(x, dim=0)),
    "count_nonzero axis": (
        lambda x: ops.count_nonzero(x, axis=0),
        lambda x: torch.count_nonzero(x, dim=0).to(torch.int32),
    ),
    "cumprod axis": (lambda x: ops.cumprod(x, axis=1), lambda x: torch.cumprod(x, dim=1)),
    "cumsum axis": (lambda x: ops.cumsum(x, axis=0), lambda x: torch.cumsum(x, dim=0)),
    "logsumexp axis": (lambda x: ops.logsumexp(x, axis=1), lambda x: torch.logsumexp(x, dim=1)),
    "max axis": (lambda x: ops.max(x, axis=1), lambda x: torch.amax(x, dim=1)),
    "mean axis": (lambda x: ops.mean(x, axis=1), lambda x: torch.mean(x, dim=1)),
    "mean keepdims": (lambda x: ops.mean(x, -1, True), lambda x: torch.mean(x, -1, keepdim=True)),
    "median axis": (lambda x: ops.median(x, axis=1), lambda x: torch.quantile(x, 0.5, dim=1)),
    "min axis": (lambda x: ops.min(x, axis=0), lambda x: torch.amin(x, dim=0)),
    "norm axis": (lambda x: ops.norm(x, axis=1), lambda x: torch.linalg.vector_norm(x, dim=1)),
    "prod axis": (lambda x: ops.prod(x, axis=1), lambda x: torch.prod(x, dim=1)),
    "ptp axis": (lambda x: ops.ptp(x, axis=1), lambda x: torch.amax(x, dim=1) - torch.amin(x, dim=1)),
    "quantile": (lambda x: ops.quantile(x, 0.3, axis=1), lambda x: torch.quantile(x, 0.3, dim=1)),
    "percentile": (lambda x: ops.percentile(x, 30, axis=1), lambda x: torch.quantile(x, 0.3, dim=1)),
    "std axis": (lambda x: ops.std(x, axis=1), lambda x: torch.std(x, dim=1, correction=0)),
    "sum axis": (lambda x: ops.sum(x, axis=1), lambda x: torch.sum(x, dim=1)),
    "var axis": (lambda x: ops.var(x, axis=0), lambda x: torch.var(x, dim=0, correction=0)),
}
OF_GAPS = {
    "nanmean": torch.nanmean,
    "nansum": torch.nansum,
    "nancumsum": lambda x: torch.cumsum(torch.nan_to_num(x.flatten()), 0),
    "nancumprod": lambda x: torch.cumprod(torch.nan_to_num(x.flatten(), 1.0), 0),
    "nanprod": lambda x: torch.prod(torch.nan_to_num(x, 1.0)),
    "nanmax": lambda x: torch.amax(torch.where(torch.isnan(x), -torch.inf, x)),
    "nanmin": lambda x: torch.amin(torch.where(torch.isnan(x), torch.inf, x)),
    "nanargmax": lambda x: torch.argmax(torch.where(torch.isnan(x), -torch.inf, x)).to(torch.int32),
    "nanargmin": lambda x: torch.argmin(torch.where(torch.isnan(x), torch.inf, x)).to(torch.int32),
    "nanmedian": lambda x: torch.nanquantile(x, 0.5),
    "nanvar": lambda x: torch.nanmean(torch.square(x - torch.nanmean(x))),
    "nanstd": lambda x: torch.sqrt(torch.nanmean(torch.square(x - torch.nanmean(x)))),
}
OF_GAPS_ALONG = {
    "nanmean axis": (lambda x: ops.nanmean(x, axis=1), lambda x: torch.nanmean(x, dim=1)),
    "nansum axis": (lambda x: ops.nansum(x, axis=1), lambda x: torch.nansum(x, dim=1)),
    "nanmax axis": (
        lambda x: ops.nanmax(x, axis=1),
        lambda x: torch.amax(torch.where(torch.isnan(x), -torch.inf, x), dim=1),
    ),
    "nanquantile": (lambda x: ops.nanquantile(x, 0.3, axis=1), lambda x: torch.nanquantile(x, 0.3, dim=1)),
    "nanpercentile": (lambda x: ops.nanpercentile(x, 30, axis=1), lambda x: torch.nanquantile(x, 0.3, dim=1)),
}
ORDER = {
    "argpartition": (lambda x: ops.argpartition(x, 3), lambda x: torch.argsort(x, stable=True).to(torch.int32)),
    "argsort": (ops.argsort, lambda x: torch.argsort(x, stable=True).to(torch.int32)),
    "sort": (ops.sort, lambda x: torch.sort(x).values),
    "sort axis": (lambda x: ops.sort(x, axis=0), lambda x: torch.sort(x, dim=0).values),
    "top_k": (lambda x: ops.top_k(x, 5), lambda x: tuple(torch.topk(x, 5))),
}
UNIQUE = {
    "unique": (ops.unique, torch.unique),
    "unique with counts": (
        lambda x: ops.unique(x, return_counts=True),
        lambda x: torch.unique(x, return_counts=True),
    ),
}


def quotient(x: Tensor, y: Tensor) -> Tensor:
    """0 where `y` is, with gradients that are 0 there too."""
    zero = y == 0
    return torch.where(zero, 0.0, x / (torch.where(zero, 1.0, y) if torch.is_grad_enabled() else y))


def op_cases() -> list[Case]:
    """Operations that torch has, or that are one expression of it."""
    return [
        *alike("ops", ops, WITHIN_ONE, ONE, numbers),
        *alike("ops", ops, ANYWHERE, ONE, signed),
        *alike("ops", ops, {"arccosh": torch.acosh}, ONE, above_one),
        *alike("ops", ops, {"conj": torch.conj, "conjugate": torch.conj, "imag": torch.imag}, ONE, complexes),
        *alike("ops", ops, BOTH, TWO, numbers),
        *alike("ops", ops, {"heaviside": torch.heaviside, "nextafter": torch.nextafter}, TWO, torch.randn),
        *alike("ops", ops, {"floor_divide": torch.floor_divide}, TWO, torch.rand),
        *table(
            "ops",
            {"divide_no_nan": (ops.divide_no_nan, quotient)},
            TWO,
            with_zeros,
        ),
        *alike("ops", ops, WHOLE, TWO, INT32),
        *alike("ops", ops, {"ldexp": torch.ldexp}, TWO, numbers, INT32),
        *alike("ops", ops, {"bitwise_invert": torch.bitwise_not, "bitwise_not": torch.bitwise_not}, ONE, INT32),
        *alike("ops", ops, {"where": torch.where}, sizes((16, 16), (512, 512), 3), truths, numbers, numbers),
        *table("ops", WITH_NUMBERS, ONE, signed),
        *alike("ops", ops, REDUCTIONS, ONE, numbers),
        *table("ops", ALONG, ONE, numbers),
        *alike("ops", ops, OF_GAPS, ONE, with_gaps),
        *table("ops", OF_GAPS_ALONG, ONE, with_gaps),
        *table("ops", ORDER, ONE, numbers),
        *table("ops", UNIQUE, ONE, whole(100)),
        *ops_array_cases.array_cases(),
        *ops_math_cases.math_cases(),
        *ops_network_cases.network_cases(),
        *ops_network_cases.image_cases(),
    ]
