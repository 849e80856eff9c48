"""Matrix products for Dense in a plan: torch's own, or oneDNN's where it is faster."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.ops.onednn import by_onednn, onednn_is_faster, onednn_product, rows_that_pay
from kerasviz.tensors.transforms import is_transformed

MOST_ROWS = 4096  # of a batch of vectors; kernels so small that only more of them would pay are torch's


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
        if x.numel() < enough * kernel.shape[0] or not x.is_cpu or is_transformed():
            return plain(x, kernel, bias)
        return by_onednn(x, kernel, bias)

    return product


def product_in_source(plan: Any, function: Callable, x: str, kernel: str, bias: str) -> str:
    """The source of a call of what `linear` gives, in a plan."""
    if function is with_bias:
        return f"torch.addmm({bias}, {x}, {kernel})"
    if function is without_bias:
        return f"torch.mm({x}, {kernel})"
    return f"{plan.bind(function, 'linear')}({x}, {kernel}, {bias})"


def with_bias(x: Tensor, kernel: Tensor, bias: Any) -> Tensor:
    """x @ kernel + bias. x: (batch, features), kernel: (features, units)."""
    return torch.addmm(bias, x, kernel)


def without_bias(x: Tensor, kernel: Tensor, bias: Any) -> Tensor:
    """x @ kernel. x: (batch, features), kernel: (features, units)."""
    return torch.mm(x, kernel)


def over_rest(x: Tensor, kernel: Tensor, bias: Any) -> Tensor:
    """x @ kernel + bias. x: (batch, *rest, features), kernel: (features, units)."""
    return F.linear(x, kernel.t(), bias)


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
        return onednn_product(gradient, kernel, None)

    def of_kernel(x: Tensor, gradient: Tensor) -> Tensor:
        """x.T @ gradient. x: (rows, features), gradient: (rows, units)."""
        if len(x) < enough or not x.is_cpu:
            return torch.mm(x.t(), gradient)
        return onednn_product(x.t(), gradient.t(), None)

    return of_input, of_kernel
