"""Matrix products by oneDNN, where a measurement finds it faster than torch's own on this machine.

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

from kerasviz.tensors.transforms import is_transformed

ENOUGH_PRODUCTS = 2_000_000  # rows * features * units from which the call's own cost does not matter
MARGIN = 0.85  # share of torch's time below which oneDNN is taken


def product(x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
    """x @ kernel + bias by the faster of two kernels. x: (batch, *rest, features), kernel: (features, units)."""
    if x.numel() * kernel.shape[1] < ENOUGH_PRODUCTS or is_transformed():
        return F.linear(x, kernel.t(), bias)
    pays = x.is_cpu and kernel.is_cpu and x.dtype == kernel.dtype == torch.float32 and onednn_is_faster()
    return by_onednn(x, kernel, bias) if pays else F.linear(x, kernel.t(), bias)


def rows_that_pay(kernel: Tensor) -> int:
    """Rows from which oneDNN's quicker product is worth its longer call."""
    return ENOUGH_PRODUCTS // max(kernel.shape[0] * kernel.shape[1], 1) + 1


def by_onednn(x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
    """x @ kernel + bias, forward and backward by oneDNN. x: (batch, *rest, features)."""
    if not torch.is_grad_enabled():
        return onednn_product(x, kernel.t(), bias)
    return OneDNNLinear.apply(x, kernel, bias)  # type: ignore[return-value]


def onednn_product(x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
    """x @ kernel.T + bias."""
    return torch.ops.mkldnn._linear_pointwise(x, kernel, bias, "none", [], "")


class OneDNNLinear(torch.autograd.Function):
    """x @ kernel + bias and its gradients. x: (batch, *rest, features), kernel: (features, units)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
        """The product."""
        ctx.save_for_backward(x, kernel)
        return onednn_product(x, kernel.t(), bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Gradients of x, the kernel and the bias; by torch's own products where they are differentiated again."""
        x, kernel = ctx.saved_tensors
        gradient = gradients[0].contiguous()  # that of a sum is one number, stretched: oneDNN has no kernel for it
        needs_x, needs_kernel, needs_bias = ctx.needs_input_grad
        rows, flat = gradient.reshape(-1, gradient.shape[-1]), x.reshape(-1, x.shape[-1])
        if torch.is_grad_enabled():
            return gradient @ kernel.t(), flat.t() @ rows, rows.sum(0) if needs_bias else None
        of_x = onednn_product(gradient, kernel, None) if needs_x else None
        of_kernel = onednn_product(flat.t(), rows.t(), None) if needs_kernel else None
        return of_x, of_kernel, rows.sum(0) if needs_bias else None


@functools.cache
def onednn_is_faster() -> bool:
    """Whether oneDNN multiplies faster than torch's own gemm here: measured once."""
    if not (torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")):
        return False
    x, kernel = torch.ones(64, 256), torch.ones(256, 256)
    return _seconds(lambda: onednn_product(x, kernel.t(), None)) < MARGIN * _seconds(lambda: torch.mm(x, kernel))


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
