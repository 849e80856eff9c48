"""Matrix products for Dense: torch's own, or oneDNN's where a measurement finds it faster on this machine.

On some processors torch's gemm runs at half the speed of oneDNN's. Which is which is measured once per process, in a
few milliseconds, and never guessed from a name.
"""

import functools
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

ENOUGH_PRODUCTS = 2_000_000  # rows * features * units from which the call's own cost does not matter
MOST_ROWS = 4096  # of a batch of vectors; kernels so small that only more of them would pay are torch's
MARGIN = 0.85  # share of torch's time below which oneDNN is taken


def linear(rank: int, kernel: Tensor, has_bias: bool) -> Callable[[Tensor, Tensor, Tensor | None], Tensor]:
    """The function of (x, kernel, bias) for inputs of this rank."""
    plain = over_rest if rank != 2 else with_bias if has_bias else without_bias
    if not (kernel.is_cpu and kernel.dtype == torch.float32 and onednn_is_faster()):
        return plain
    enough = rows_that_pay(kernel)
    if rank == 2 and enough > MOST_ROWS:
        return plain

    def product(x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
        """x @ kernel + bias, by the faster of two kernels for this number of rows."""
        if x.numel() < enough * kernel.shape[0] or not x.is_cpu or torch.compiler.is_compiling() or in_a_mode():
            return plain(x, kernel, bias)
        return by_onednn(x, kernel, bias)

    return product


def rows_that_pay(kernel: Tensor) -> int:
    """Rows from which oneDNN's quicker product is worth its longer call."""
    return ENOUGH_PRODUCTS // max(kernel.shape[0] * kernel.shape[1], 1) + 1


def product_in_source(plan: Any, function: Callable, x: str, kernel: str, bias: str) -> str:
    """The source of a call of what `linear` gives, in a plan."""
    if function is with_bias:
        return f"torch.addmm({bias}, {x}, {kernel})"
    if function is without_bias:
        return f"torch.mm({x}, {kernel})"
    return f"{plan.bind(function, 'linear')}({x}, {kernel}, {bias})"


def in_a_mode() -> bool:
    """Whether functions of torch are watched: in a StatelessScope, where an autograd function would go by unseen."""
    return torch._C._len_torch_function_stack() > 0


def with_bias(x: Tensor, kernel: Tensor, bias: Any) -> Tensor:
    """x @ kernel + bias. x: (batch, features), kernel: (features, units)."""
    return torch.addmm(bias, x, kernel)


def without_bias(x: Tensor, kernel: Tensor, bias: Any) -> Tensor:
    """x @ kernel. x: (batch, features), kernel: (features, units)."""
    return torch.mm(x, kernel)


def over_rest(x: Tensor, kernel: Tensor, bias: Any) -> Tensor:
    """x @ kernel + bias. x: (batch, *rest, features), kernel: (features, units)."""
    return F.linear(x, kernel.t(), bias)


def by_onednn(x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
    """x @ kernel + bias, forward and backward by oneDNN. x: (batch, *rest, features)."""
    if not torch.is_grad_enabled():
        return _product(x, kernel.t(), bias)
    return OneDNNLinear.apply(x, kernel, bias)  # type: ignore[return-value]


def _product(x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
    """x @ kernel.T + bias."""
    return torch.ops.mkldnn._linear_pointwise(x, kernel, bias, "none", [], "")


class OneDNNLinear(torch.autograd.Function):
    """x @ kernel + bias and its gradients. x: (batch, *rest, features), kernel: (features, units)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
        """The product."""
        ctx.save_for_backward(x, kernel)
        return _product(x, kernel.t(), bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Gradients of x, the kernel and the bias; by torch's own products where they are differentiated again."""
        x, kernel = ctx.saved_tensors
        gradient = gradients[0].contiguous()  # that of a sum is one number, stretched: oneDNN has no kernel for it
        needs_x, needs_kernel, needs_bias = ctx.needs_input_grad
        rows, flat = gradient.reshape(-1, gradient.shape[-1]), x.reshape(-1, x.shape[-1])
        if torch.is_grad_enabled():
            return gradient @ kernel.t(), flat.t() @ rows, rows.sum(0) if needs_bias else None
        of_x = _product(gradient, kernel, None) if needs_x else None
        of_kernel = _product(flat.t(), rows.t(), None) if needs_kernel else None
        return of_x, of_kernel, rows.sum(0) if needs_bias else None


def products_back(rank: int, kernel: Tensor) -> tuple[Callable | None, Callable | None]:
    """The functions for the gradients of x and of the kernel, by the faster of two; None where that is torch's."""
    if not (kernel.is_cpu and kernel.dtype == torch.float32 and onednn_is_faster()):
        return None, None
    units, enough = kernel.shape[1], rows_that_pay(kernel)
    if rank == 2 and enough > MOST_ROWS:
        return None, None

    def of_input(gradient: Tensor, kernel: Tensor) -> Tensor:
        """gradient @ kernel.T. gradient: (batch, *rest, units)."""
        if gradient.numel() < enough * units or not gradient.is_cpu:
            return F.linear(gradient, kernel)
        return _product(gradient, kernel, None)

    def of_kernel(x: Tensor, gradient: Tensor) -> Tensor:
        """x.T @ gradient. x: (rows, features), gradient: (rows, units)."""
        if len(x) < enough or not x.is_cpu:
            return torch.mm(x.t(), gradient)
        return _product(x.t(), gradient.t(), None)

    return of_input, of_kernel


@functools.cache
def onednn_is_faster() -> bool:
    """Whether oneDNN multiplies faster than torch's own gemm here: measured once."""
    if not (torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")):
        return False
    x, kernel = torch.ones(64, 256), torch.ones(256, 256)
    return _seconds(lambda: _product(x, kernel.t(), None)) < MARGIN * _seconds(lambda: torch.mm(x, kernel))


def _seconds(function: Callable[[], Any], repeats: int = 15) -> float:
    """The shortest of several runs."""
    with torch.no_grad():
        function()
        best = float("inf")
        for _ in range(repeats):
            start = time.perf_counter()
            function()
            best = min(best, time.perf_counter() - start)
    return best
