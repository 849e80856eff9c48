"""Linear algebra on the last two axes. Whole numbers count as floatx; 16-bit floats are computed in float32.

Matrices that torch cannot treat (singular ones for `inv`, those that are not positive definite for `cholesky`) are an
`Invalid` with what torch said.
"""

import math
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.ops.promotion import floating, joined_float, joined_floats
from kerasviz.ops.recording import op

HALF = (torch.float16, torch.bfloat16)


def matrix(name: str, x: Any, square: bool = False) -> tuple[Tensor, torch.dtype]:
    """`x` as torch's linear algebra takes it, and the dtype that the result is to have."""
    x = floating(x)
    if x.ndim < 2:
        raise Invalid(f"{name}(x=...)", "matrices: (*batch, rows, columns)", tuple(x.shape))
    if square and x.shape[-1] != x.shape[-2]:
        raise Invalid(f"{name}(x=...)", "square matrices: (*batch, rows, rows)", tuple(x.shape))
    return x.float() if x.dtype in HALF else x, x.dtype


@op
def cholesky(x: Any, upper: bool = False) -> Tensor:
    """The triangular `L` with `L @ L^T = x` for symmetric positive definite `x`; `L^T` if `upper`."""
    x, dtype = matrix("cholesky", x, square=True)
    return torch.linalg.cholesky(x, upper=upper).to(dtype)


@op
def cholesky_inverse(x: Any, upper: bool = False) -> Tensor:
    """The inverse of the matrix whose Cholesky factor is `x`."""
    x, dtype = matrix("cholesky_inverse", x, square=True)
    return torch.cholesky_inverse(x, upper=upper).to(dtype)


@op
def det(x: Any) -> Tensor:
    """Determinant.

    Shapes:
        x: (*batch, rows, rows)
        outputs: (*batch)
    """
    x, dtype = matrix("det", x, square=True)
    return torch.linalg.det(x).to(dtype)


@op
def slogdet(x: Any) -> tuple[Tensor, Tensor]:
    """Sign of the determinant, and the logarithm of its size.

    Shapes:
        x: (*batch, rows, rows)
        outputs: two of (*batch)
    """
    x, dtype = matrix("slogdet", x, square=True)
    sign, logarithm = torch.linalg.slogdet(x)
    return sign.to(dtype), logarithm.to(dtype)


@op
def logdet(x: Any) -> Tensor:
    """Logarithm of the determinant of positive definite matrices; NaN where that is negative.

    Shapes:
        x: (*batch, rows, rows)
        outputs: (*batch)
    """
    x, dtype = matrix("logdet", x, square=True)
    return torch.logdet(x).to(dtype)


@op
def eig(x: Any) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors (as columns), complex, in no order.

    Shapes:
        x: (*batch, rows, rows)
        outputs: (*batch, rows) and (*batch, rows, rows)
    """
    values, vectors = torch.linalg.eig(matrix("eig", x, square=True)[0])
    return values, vectors


@op
def eigh(x: Any) -> tuple[Tensor, Tensor]:
    """Eigenvalues in rising order and eigenvectors (as columns) of symmetric matrices; the lower triangle is read.

    Shapes:
        x: (*batch, rows, rows)
        outputs: (*batch, rows) and (*batch, rows, rows)
    """
    x, dtype = matrix("eigh", x, square=True)
    values, vectors = torch.linalg.eigh(x)
    return values.to(dtype), vectors.to(dtype)


@op
def inv(x: Any) -> Tensor:
    """Inverse of square matrices."""
    x, dtype = matrix("inv", x, square=True)
    return torch.linalg.inv(x).to(dtype)


@op
def pinv(x: Any, rcond: Any = None) -> Tensor:
    """Pseudo-inverse of Moore and Penrose.

    Args:
        x: the matrices.
        rcond: singular values up to this share of the largest count as zero; a few roundings by default.

    Shapes:
        x: (*batch, rows, columns)
        outputs: (*batch, columns, rows)
    """
    x, dtype = matrix("pinv", x)
    return torch.linalg.pinv(x, rtol=rcond).to(dtype)


@op
def matrix_rank(x: Any, tol: float | None = None) -> Tensor:
    """Number of singular values above `tol`, as int32; above a few roundings of the largest by default.

    Shapes:
        x: (*batch, rows, columns)
        outputs: (*batch)
    """
    return torch.linalg.matrix_rank(matrix("matrix_rank", x)[0], atol=tol).to(torch.int32)


@op
def lu_factor(x: Any) -> tuple[Tensor, Tensor]:
    """Triangular factors in one matrix, and the row (from 0) that each row was exchanged with, as int32.

    Shapes:
        x: (*batch, rows, columns)
        outputs: (*batch, rows, columns) and (*batch, min(rows, columns))
    """
    x, dtype = matrix("lu_factor", x)
    factors, pivots = torch.linalg.lu_factor(x)
    return factors.to(dtype), pivots - 1


@op
def qr(x: Any, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    """Orthonormal columns `q` and a triangular `r` whose product is `x`.

    Args:
        x: the matrices.
        mode: "reduced" for as many columns of `q` as `x` has at most, "complete" for a square `q`.
    """
    if mode not in ("reduced", "complete"):
        raise Invalid("qr(mode=...)", "'reduced' or 'complete'", mode)
    x, dtype = matrix("qr", x)
    q, r = torch.linalg.qr(x, mode=mode)
    return q.to(dtype), r.to(dtype)


@op
def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Singular values `s` in falling order, with `u * s @ vh = x`.

    Args:
        x: the matrices.
        full_matrices: whether `u` and `vh` are square.
        compute_uv: whether to return (u, s, vh); else `s` alone.

    Shapes:
        x: (*batch, rows, columns)
        s: (*batch, min(rows, columns))
    """
    x, dtype = matrix("svd", x)
    if not compute_uv:
        return torch.linalg.svdvals(x).to(dtype)
    u, s, vh = torch.linalg.svd(x, full_matrices=full_matrices)
    return u.to(dtype), s.to(dtype), vh.to(dtype)


def _system(name: str, a: Any, b: Any, square: bool = True) -> tuple[Tensor, Tensor, torch.dtype, bool]:
    """Matrices, right sides as matrices, the dtype, and whether the right sides were vectors."""
    floats = floating(a), floating(b)
    a, b = floats if floats[0].dtype == floats[1].dtype else joined_floats(*floats)
    dtype = b.dtype
    a, _ = matrix(name, a, square=square)
    vectors = b.ndim == a.ndim - 1
    b = b.unsqueeze(-1) if vectors else b
    if b.ndim != a.ndim or a.shape[-2] != b.shape[-2]:
        got = (tuple(a.shape), tuple(b.shape[:-1] if vectors else b.shape))
        raise Invalid(f"{name}(b=...)", "(*batch, rows) or (*batch, rows, columns) to a (*batch, rows, ...)", got)
    return a, b.to(a.dtype), dtype, vectors


@op
def solve(a: Any, b: Any) -> Tensor:
    """The `x` with `a @ x = b`.

    Shapes:
        a: (*batch, rows, rows)
        b: (*batch, rows) or (*batch, rows, columns)
        outputs: as b
    """
    a, b, dtype, vectors = _system("solve", a, b)
    x = torch.linalg.solve(a, b).to(dtype)
    return x.squeeze(-1) if vectors else x


@op
def solve_triangular(a: Any, b: Any, lower: bool = False) -> Tensor:
    """The `x` with `a @ x = b`, of `a` only the upper triangle (the lower, if `lower`).

    Shapes:
        a: (*batch, rows, rows)
        b: (*batch, rows) or (*batch, rows, columns)
        outputs: as b
    """
    a, b, dtype, vectors = _system("solve_triangular", a, b)
    x = torch.linalg.solve_triangular(a, b, upper=not lower).to(dtype)
    return x.squeeze(-1) if vectors else x


@op
def lstsq(a: Any, b: Any, rcond: float | None = None) -> Tensor:
    """The `x` for which `a @ x` is nearest to `b`; of several, the shortest.

    Args:
        a: the matrices.
        b: the right sides.
        rcond: singular values up to this share of the largest count as zero; a few roundings by default.

    Shapes:
        a: (*batch, rows, columns)
        b: (*batch, rows) or (*batch, rows, sides)
        outputs: (*batch, columns) or (*batch, columns, sides)
    """
    a, b, dtype, vectors = _system("lstsq", a, b, square=False)
    if a.device.type == "cpu" and not torch.compiler.is_compiling():
        x = torch.linalg.lstsq(a, b, rcond=rcond, driver="gelsd").solution
    else:
        x = torch.linalg.pinv(a, rtol=rcond) @ b  # torch's own wants full rank elsewhere, and does not compile
    x = x.to(dtype)
    return x.squeeze(-1) if vectors else x


@op
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Norm of vectors along one axis or of matrices over two.

    Args:
        x: the numbers.
        ord: of vectors any number, `inf` and `-inf` too; of matrices "fro", "nuc", 1, -1, 2, -2, `inf` or `-inf`. None
            is the root of the sum of squares.
        axis: one axis for vectors, two for matrices; None for all there are, of which a vector has one, a matrix two,
            and with `ord=None` anything any number.
        keepdims: whether the axes stay, with size 1.

    Raises:
        Invalid: for a norm that there is not over so many axes.
    """
    x = joined_float(x) if not torch.is_tensor(x) or not x.is_complex() else x
    if ord is None and axis is None and not keepdims:
        return torch.linalg.vector_norm(x)
    axes = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    if len(axes) == 1 and not isinstance(ord, str):
        return torch.linalg.vector_norm(x, 2 if ord is None else ord, axes, keepdims)
    if ord is None and (axis is None or len(axes) == 2):
        return torch.linalg.vector_norm(x, 2, axes or None, keepdims)
    if len(axes) != 2:
        hint = "Give `axis`." if axis is None else ""
        raise Invalid("norm(axis=...)", f"{'two axes' if isinstance(ord, str) else 'one or two axes'}", axes, hint)
    if ord not in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf):
        raise Invalid("norm(ord=...)", "'fro', 'nuc', 1, -1, 2, -2, inf or -inf of matrices", ord)
    wide = x.float() if x.dtype in HALF else x
    return torch.linalg.matrix_norm(wide, ord, axes, keepdims).to(x.abs().dtype if x.is_complex() else x.dtype)


__all__ = [  # `logdet` is in `math`, `slogdet` in `numpy`
    "cholesky",
    "cholesky_inverse",
    "det",
    "eig",
    "eigh",
    "inv",
    "lstsq",
    "lu_factor",
    "matrix_rank",
    "norm",
    "pinv",
    "qr",
    "solve",
    "solve_triangular",
    "svd",
]
