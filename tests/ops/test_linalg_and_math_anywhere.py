"""Operations of core, math and linalg where there are no numbers yet, in compiled functions, and misused."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from kerasviz import KerasTensor, Variable, ops
from kerasviz.declare import Invalid
from kerasviz.ops import conversion, frames, gradients, matrices, rearranging, scattering, segments, special, spectral

X = torch.linspace(0.5, 0.9, 12).reshape(4, 3)
SQUARE = torch.tensor([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 5.0]])
IDS = torch.tensor([0, 1, 1, 2])
SQUARE_ONES = ("cholesky", "cholesky_inverse", "det", "slogdet", "logdet", "eig", "eigh", "inv", "pinv", "qr", "svd")
PAIRS = ("fft", "fft2", "ifft2", "irfft")
NARROW = ("cholesky", "det", "inv", "pinv", "qr", "svd", "eigh", "solve", "lstsq", "rfft", "stft")
CALLS: dict[str, tuple[Callable[..., Any], tuple[torch.Tensor, ...]]] = {
    **{name: (getattr(ops, name), (X,)) for name in ("erf", "erfc", "erfinv", "rsqrt", "logsumexp", "stop_gradient")},
    **{
        name: (getattr(ops, name), (SQUARE,))
        for name in (
            "cholesky",
            "cholesky_inverse",
            "det",
            "slogdet",
            "logdet",
            "eig",
            "eigh",
            "inv",
            "pinv",
            "qr",
            "svd",
        )
    },
    "matrix_rank": (ops.matrix_rank, (SQUARE,)),
    "lu_factor": (ops.lu_factor, (SQUARE,)),
    "norm": (ops.norm, (X,)),
    "norm nuc": (lambda x: ops.norm(x, "nuc", axis=(0, 1), keepdims=True), (X,)),
    "solve": (ops.solve, (SQUARE, SQUARE[0])),
    "solve_triangular": (ops.solve_triangular, (SQUARE, SQUARE[0])),
    "lstsq": (ops.lstsq, (X, X[:, 0])),
    **{
        f"segment_{name}": (lambda x, ids, name=name: getattr(ops, f"segment_{name}")(x, ids, 3), (X, IDS))
        for name in ("sum", "max", "min", "prod")
    },
    "cdist": (ops.cdist, (X, X + 1)),
    "top_k": (lambda x: ops.top_k(x, 2), (X,)),
    "in_top_k": (lambda t, x: ops.in_top_k(t, x, 2), (IDS, X)),
    "extract_sequences": (lambda x: ops.extract_sequences(x, 2, 1), (X,)),
    **{
        name: (lambda a, b, name=name: getattr(ops, name)((a, b)), (X, X)) for name in ("fft", "fft2", "ifft2", "irfft")
    },
    "rfft": (ops.rfft, (X,)),
    "stft": (lambda x: ops.stft(x, 4, 2, 6), (torch.linspace(0, 1, 20),)),
    "istft": (lambda a, b: ops.istft((a, b), 4, 2, 6), (torch.ones(5, 4), torch.ones(5, 4))),
    "view_as_complex": (lambda x: ops.view_as_complex(x[:, :2]), (X,)),
    "view_as_real": (lambda x: ops.view_as_real(x * 1j), (X,)),
    "scatter": (lambda i, x: ops.scatter(i[:, None], x, (5, 3)), (IDS, X)),
    **{
        f"scatter_update {reduction}": (
            lambda x, i, r=reduction: ops.scatter_update(x, i[:, None], x * 2, reduction=r),
            (X, IDS),
        )
        for reduction in (None, "add", "max", "min", "mul")
    },
    "slice": (lambda x: ops.slice(x, (1, 0), (2, 2)), (X,)),
    "slice on the device": (lambda x, i: ops.slice(x, i[1:3], (2, 2)), (X, IDS)),
    "slice_update": (lambda x: ops.slice_update(x, (1, 0), x[:2, :2]), (X,)),
    "slice_update on the device": (lambda x, i: ops.slice_update(x, i[1:3], x[:2, :2]), (X, IDS)),
    "unstack": (ops.unstack, (X,)),
    "rearrange": (lambda x: ops.rearrange(x, "(a b) c -> b (c a)", a=2), (X,)),
    "cast": (lambda x: ops.cast(x, "float16"), (X,)),
    "saturate_cast": (lambda x: ops.saturate_cast(x, "uint8"), (X,)),
    "saturate_cast down": (lambda x: ops.saturate_cast(x, "int8"), (IDS,)),
    "convert_to_tensor": (lambda x: ops.convert_to_tensor(x, "float64"), (X,)),
    "fori_loop": (lambda x: ops.fori_loop(0, 3, lambda i, y: y * x + i, x), (X,)),
    "while_loop": (lambda x: ops.while_loop(lambda y: True, lambda y: y * 2, x, maximum_iterations=3), (X,)),
    "switch": (lambda x: ops.switch(1, [lambda y: y, lambda y: y * 2], x), (X,)),
    "scan": (lambda x: ops.scan(lambda c, row: (c + row, c * row), x[0], x), (X,)),
    "map": (lambda x: ops.map(lambda row: row * row.sum(), x), (X,)),
    "vectorized_map": (lambda x: ops.vectorized_map(lambda row: row * row.sum(), x), (X,)),
    "associative_scan": (lambda x: ops.associative_scan(lambda a, b: a + b, x), (X,)),
    "jvp": (lambda x: ops.jvp(torch.sin, (x,), (x,)), (X,)),
}
NOT_ON_META = ("matrix_rank",)  # torch cannot
WITH_MODULES = (conversion, frames, gradients, matrices, rearranging, scattering, segments, special, spectral)
WARNED = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")


def flat(value: Any) -> list[torch.Tensor]:
    return list(value) if isinstance(value, (tuple, list)) else [value]


def test_every_operation_of_these_modules_is_called_here() -> None:
    called = {label.split(" ")[0] for label in CALLS} | {"convert_to_numpy", "dtype", "is_tensor", "shape"}
    assert {name for module in WITH_MODULES for name in module.__all__} - called == {"custom_gradient"}


@WARNED
@pytest.mark.parametrize("name", [name for name in CALLS if name not in NOT_ON_META])
def test_runs_on_the_meta_device(name: str) -> None:
    call, inputs = CALLS[name]
    answer = flat(call(*inputs))
    planned = flat(call(*(x.to("meta") for x in inputs)))
    assert [(p.shape, p.dtype, p.device.type) for p in planned] == [(a.shape, a.dtype, "meta") for a in answer]


@WARNED
@pytest.mark.parametrize("name", CALLS)
def test_compiles_to_one_graph(name: str) -> None:
    torch.compiler.reset()
    call, inputs = CALLS[name]
    torch.testing.assert_close(torch.compile(call, fullgraph=True, backend="eager")(*inputs), call(*inputs))


def test_a_choice_by_a_tensor_compiles_to_one_graph() -> None:
    torch.compiler.reset()

    def call(x: torch.Tensor) -> torch.Tensor:
        return ops.cond(x.sum() > 0, lambda: x * 2, lambda: x - 1)

    compiled = torch.compile(call, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(X), X * 2)
    torch.testing.assert_close(compiled(-X), -X - 1)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize(
    "name", ["cholesky", "det", "inv", "pinv", "qr", "svd", "eigh", "solve", "lstsq", "rfft", "stft"]
)
def test_short_floats_are_computed_in_float32(name: str, dtype: torch.dtype) -> None:
    call, inputs = CALLS[name]
    narrow = [x.to(dtype) for x in inputs]
    for ours, exact in zip(flat(call(*narrow)), flat(call(*(x.float() for x in narrow))), strict=True):
        assert ours.dtype == dtype
        torch.testing.assert_close(ours, exact.to(dtype))


@pytest.mark.parametrize("dtype", ["int32", "bool", "uint8"])
def test_matrices_of_whole_numbers_are_floats(dtype: str) -> None:
    x = ops.cast([[2, 0], [1, 1]], dtype)
    torch.testing.assert_close(ops.det(x), ops.det(x.float()))
    torch.testing.assert_close(ops.solve(x, x), torch.eye(2))


def test_empty_segments_have_the_number_that_changes_nothing() -> None:  # the oracle turns infinity into any int
    x, ids = torch.tensor([3, 4], dtype=torch.int32), torch.tensor([0, 0])
    assert ops.segment_min(x, ids, 2).tolist() == [3, 2**31 - 1]
    assert ops.segment_max(x, ids, 2).tolist() == [4, -(2**31)]
    assert ops.segment_max(x.bool(), ids, 2).tolist() == [True, False]


def test_saturated_casts_hold_the_last_whole_number() -> None:  # the oracle wraps around
    x = torch.tensor([3e10, -3e30, float("nan"), float("inf")])
    assert ops.saturate_cast(x, "int32").tolist() == [2**31 - 1, -(2**31), 0, 2**31 - 1]
    assert ops.saturate_cast(x[1:], "int64").tolist() == [-(2**63), 0, 2**63 - 1]
    assert ops.saturate_cast(torch.tensor([7, 2**40]), "float32").tolist() == [7, 2**40]


def test_a_target_that_is_no_class_is_in_no_top_k() -> None:
    scores = torch.ones(3, 4)
    assert ops.in_top_k(torch.tensor([4, -1, 3]), scores, 9).tolist() == [False, False, True]


@pytest.mark.parametrize("window", ["hann", "hamming", None])
def test_istft_undoes_stft(window: str | None) -> None:
    x = torch.randn(2, 41)
    torch.testing.assert_close(ops.istft(ops.stft(x, 8, 4, 8, window), 8, 4, 8, length=41, window=window), x)


def test_variables_arrays_and_lists_are_taken() -> None:
    assert ops.norm(Variable([3.0, 4.0])).item() == 5
    assert ops.segment_sum([1.0, 2.0], [0, 0], 1).tolist() == [3]
    assert ops.is_tensor(X)
    assert not ops.is_tensor(Variable(X))


WRONG: dict[str, Callable[[], Any]] = {
    "inv of a rectangle": lambda: ops.inv(X),
    "det of a vector": lambda: ops.det(X[0]),
    "cholesky of no definite matrix": lambda: ops.cholesky(-torch.eye(2)),
    "inv of a singular matrix": lambda: ops.inv(torch.zeros(2, 2)),
    "solve of other rows": lambda: ops.solve(SQUARE, X[:2]),
    "qr mode": lambda: ops.qr(X, mode="raw"),
    "norm ord": lambda: ops.norm(X, ord="nuclear"),
    "norm ord of three axes": lambda: ops.norm(X[None], ord=2),
    "fft of one": lambda: ops.fft(X),
    "fft of other shapes": lambda: ops.fft((X, X[0])),
    "stft window": lambda: ops.stft(X[:, 0], 2, 1, 2, window="hat"),
    "stft window size": lambda: ops.stft(X[:, 0], 2, 1, 2, window=torch.ones(3)),
    "stft fft_length": lambda: ops.stft(X[:, 0], 4, 1, 2),
    "extract_sequences of little": lambda: ops.extract_sequences(X, 7, 1),
    "extract_sequences stride": lambda: ops.extract_sequences(X, 2, 0),
    "segments of other rows": lambda: ops.segment_sum(X, IDS[:2], 3),
    "in_top_k shapes": lambda: ops.in_top_k(IDS[:2], X, 1),
    "cdist features": lambda: ops.cdist(X, X[:, :2]),
    "scatter_update reduction": lambda: ops.scatter_update(X, IDS[:, None], X, reduction="mean"),
    "scatter out of bounds": lambda: ops.scatter([[9]], [1.0], (3,)),
    "slice out of bounds": lambda: ops.slice(X, (3, 0), (2, 2)),
    "slice_update out of bounds": lambda: ops.slice_update(X, (3, 0), X[:2]),
    "top_k of more": lambda: ops.top_k(X, 7),
    "unstack of a symbol": lambda: ops.unstack(KerasTensor((None, 3))),
    "view_as_complex of three": lambda: ops.view_as_complex(X),
    "view_as_real of reals": lambda: ops.view_as_real(X),
    "rearrange arrow": lambda: ops.rearrange(X, "a b"),
    "rearrange names": lambda: ops.rearrange(X, "a b -> a c"),
    "rearrange rank": lambda: ops.rearrange(X, "a b c -> a (b c)"),
    "rearrange two unknown": lambda: ops.rearrange(X, "(a b) c -> a b c"),
    "rearrange size": lambda: ops.rearrange(X, "(a b) c -> a b c", a=3),
    "rearrange brackets": lambda: ops.rearrange(X, "(a b c -> a b c"),
    "convert_to_tensor of text": lambda: ops.convert_to_tensor("text"),
    "convert_to_tensor of None": lambda: ops.convert_to_tensor(None),
    "convert_to_tensor sparse": lambda: ops.convert_to_tensor(X, sparse=True),
    "convert_to_tensor ragged": lambda: ops.convert_to_tensor(X, ragged=True),
    "cast": lambda: ops.cast(X, "float31"),
    "cond": lambda: ops.cond(True, X, X),
    "cond of other shapes": lambda: ops.cond(KerasTensor((), "bool"), lambda: X, lambda: X[0]),
    "switch": lambda: ops.switch(0, []),
    "scan": lambda: ops.scan(3, X, X),
    "scan unroll": lambda: ops.scan(lambda c, x: (c, x), X[0], X, unroll=0),
    "scan length": lambda: ops.scan(lambda c, x: (c, x), X[0], X, length=3),
    "scan without length": lambda: ops.scan(lambda c, x: (c, x), X[0]),
    "scan of other sizes": lambda: ops.scan(lambda c, x: (c, x), X[0], (X, X[:2])),
    "associative_scan of other sizes": lambda: ops.associative_scan(lambda a, b: a, (X, X[:2])),
    "while_loop": lambda: ops.while_loop(lambda a, b: True, lambda a, b: a, (1, 2)),
    "jvp": lambda: ops.jvp(torch.sin, X, X),
}


@pytest.mark.parametrize("name", WRONG)
def test_misuse_is_said_at_once(name: str) -> None:
    with pytest.raises(Invalid):
        WRONG[name]()
