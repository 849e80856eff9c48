"""Operations of mathematics against torch's: products, linear algebra, transforms, segments, statistics."""

import torch
from cases import Case, alike, complexes, definite, numbers, sizes, table, together, whole

from kerasviz import ops

ROWS = sizes((64,), (100_000,))
SQUARES = sizes((16, 16), (512, 512), 2)
MATRICES = sizes((4, 8, 8), (16, 64, 64))
SIGNALS = sizes((2, 64), (32, 4096))
HANN = {"window": "hann", "center": True}
SEGMENTS = 20

PRODUCTS = {
    "dot": (ops.dot, torch.matmul),
    "einsum": (lambda x, y: ops.einsum("ij,jk->ik", x, y), lambda x, y: torch.einsum("ij,jk->ik", x, y)),
    "inner": (ops.inner, torch.inner),
    "matmul": (ops.matmul, torch.matmul),
    "tensordot": (lambda x, y: ops.tensordot(x, y, 1), lambda x, y: torch.tensordot(x, y, 1)),
    "vdot": (ops.vdot, lambda x, y: torch.vdot(x.flatten(), y.flatten())),
}
OF_MATRICES = {
    "cholesky": torch.linalg.cholesky,
    "cholesky_inverse": torch.cholesky_inverse,
    "det": torch.linalg.det,
    "eigh": lambda x: tuple(torch.linalg.eigh(x)),
    "inv": torch.linalg.inv,
    "logdet": torch.logdet,
    "lu_factor": lambda x: (lambda factors, pivots: (factors, pivots - 1))(*torch.linalg.lu_factor(x)),
    "matrix_rank": lambda x: torch.linalg.matrix_rank(x).to(torch.int32),
    "norm": lambda x: torch.linalg.vector_norm(x),
    "pinv": torch.linalg.pinv,
    "qr": lambda x: tuple(torch.linalg.qr(x)),
    "slogdet": lambda x: tuple(torch.linalg.slogdet(x)),
    "svd": lambda x: tuple(torch.linalg.svd(x)),
}
SYSTEMS = {
    "lstsq": (ops.lstsq, lambda a, b: torch.linalg.lstsq(a, b, driver="gelsd").solution),
    "solve": (ops.solve, torch.linalg.solve),
    "solve_triangular": (
        lambda a, b: ops.solve_triangular(a, b, lower=True),
        lambda a, b: torch.linalg.solve_triangular(a, b, upper=False),
    ),
}
OF_PARTS = {
    "fft": (lambda x, y: ops.fft((x, y)), lambda x, y: parts(torch.fft.fft(torch.complex(x, y)))),
    "fft2": (lambda x, y: ops.fft2((x, y)), lambda x, y: parts(torch.fft.fft2(torch.complex(x, y)))),
    "ifft2": (lambda x, y: ops.ifft2((x, y)), lambda x, y: parts(torch.fft.ifft2(torch.complex(x, y)))),
    "irfft": (lambda x, y: ops.irfft((x, y)), lambda x, y: torch.fft.irfft(torch.complex(x, y))),
}
OF_SIGNALS = {
    "extract_sequences": (lambda x: ops.extract_sequences(x, 16, 8), lambda x: x.unfold(-1, 16, 8)),
    "rfft": (ops.rfft, lambda x: parts(torch.fft.rfft(x))),
    "stft": (lambda x: ops.stft(x, 32, 16, 32, **HANN), lambda x: parts(transformed(x).transpose(-1, -2))),
}
OF_POINTS = {"cdist": (ops.cdist, torch.cdist)}


def parts(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Real and imaginary part."""
    return x.real, x.imag


def transformed(x: torch.Tensor) -> torch.Tensor:
    """torch's transforms of windows of 32."""
    return torch.stft(x, 32, 16, window=torch.hann_window(32), return_complex=True)


def restored(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The signal of transforms of windows of 32."""
    return torch.istft(torch.complex(x, y).transpose(-1, -2), 32, 16, window=torch.hann_window(32))


def summed(x: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Rows added up by their segment."""
    return torch.zeros((SEGMENTS, *x.shape[1:])).index_add_(0, places, x)


def gathered(x: torch.Tensor, places: torch.Tensor, how: str, start: float) -> torch.Tensor:
    """Rows put together by their segment."""
    at = places.unsqueeze(-1).expand_as(x)
    return torch.full((SEGMENTS, *x.shape[1:]), start).scatter_reduce_(0, at, x, how)


BY_SEGMENT = {
    "segment_sum": (lambda x, i: ops.segment_sum(x, i, SEGMENTS), summed),
    "segment_max": (
        lambda x, i: ops.segment_max(x, i, SEGMENTS),
        lambda x, i: gathered(x, i, "amax", -torch.inf),
    ),
    "segment_min": (
        lambda x, i: ops.segment_min(x, i, SEGMENTS),
        lambda x, i: gathered(x, i, "amin", torch.inf),
    ),
    "segment_prod": (lambda x, i: ops.segment_prod(x, i, SEGMENTS), lambda x, i: gathered(x, i, "prod", 1.0)),
}


def math_cases() -> list[Case]:
    """Products, linear algebra, transforms, segments, statistics."""
    spectra = sizes((2, 4, 17), (32, 250, 17), 2)
    return [
        *table("ops", PRODUCTS, SQUARES),
        *alike("ops", ops, {"cross": torch.linalg.cross}, sizes((8, 3), (50_000, 3), 2)),
        *alike("ops", ops, {"outer": torch.outer, "kron": torch.kron}, sizes((16,), (500,), 2)),
        *alike("ops", ops, OF_MATRICES, MATRICES, definite),
        *table("ops", {"eig": (ops.eig, lambda x: tuple(torch.linalg.eig(x)))}, MATRICES, torch.rand, same=False),
        *table("ops", SYSTEMS, together(MATRICES, sizes((4, 8, 2), (16, 64, 20))), definite, numbers),
        *table("ops", OF_PARTS, SIGNALS | {"large": ((32, 4096), (32, 4096)), "small": ((2, 64), (2, 64))}),
        *table("ops", OF_SIGNALS, SIGNALS),
        *table("ops", {"istft": (lambda x, y: ops.istft((x, y), 32, 16, 32, **HANN), restored)}, spectra, same=False),
        *alike("ops", ops, {"view_as_real": torch.view_as_real}, SIGNALS, complexes),
        *alike("ops", ops, {"view_as_complex": torch.view_as_complex}, sizes((64, 2), (50_000, 2))),
        *table("ops", BY_SEGMENT, together(sizes((20, 8), (10_000, 64)), sizes((20,), (10_000,))), numbers, whole(20)),
        *table("ops", OF_POINTS, sizes((16, 8), (300, 64), 2)),
        *alike("ops", ops, {"corrcoef": torch.corrcoef}, sizes((4, 16), (64, 4096))),
        *table(
            "ops",
            {
                "correlate": (
                    ops.correlate,
                    lambda x, y: torch.nn.functional.conv1d(x[None, None], y[None, None])[0, 0],
                )
            },
            together(ROWS, sizes((5,), (20,))),
        ),
        *table(
            "ops",
            {"bincount": (ops.bincount, lambda x: torch.bincount(x).to(torch.int32))},
            ROWS,
            whole(100),
        ),
        *alike("ops", ops, {"histogram": lambda x: tuple(torch.histogram(x, 10))}, ROWS, torch.rand),
        *table(
            "ops",
            {
                "in_top_k": (
                    lambda t, p: ops.in_top_k(t, p, 3),
                    lambda t, p: (torch.topk(p, 3).indices == t.unsqueeze(-1)).any(-1),
                )
            },
            together(sizes((8,), (2000,)), sizes((8, 16), (2000, 100))),
            whole(16),
            torch.rand,
        ),
    ]
