"""Attention: `dot_product_attention`."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid
from kerasviz.ops.promotion import NARROW_FLOATS
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.tensors import KerasTensor, result_type, torch_dtype


def _check_shapes(query: Any, key: Any, value: Any) -> None:
    """Refuse shapes that cannot attend to each other.

    Raises:
        Invalid: for ranks other than 4, and sizes that do not fit.
    """
    q, k, v = tuple(query.shape), tuple(key.shape), tuple(value.shape)
    if not len(q) == len(k) == len(v) == 4:
        expected = "query (batch, T, heads, size), key and value (batch, S, heads, size)"
        raise Invalid("ops.dot_product_attention", expected, (q, k, v))
    if None not in (*q[1:], *k[1:], *v[1:]) and (q[3] != k[3] or k[1:3] != v[1:3] or not k[2] or q[2] % k[2]):
        expected = "query and key of one size, key and value with the same S and heads, which divide the query's heads"
        raise Invalid("ops.dot_product_attention", expected, (q, k, v))


def _symbol(query: Any, key: Any, value: Any, *args: Any, **kwargs: Any) -> KerasTensor:
    _check_shapes(query, key, value)
    return KerasTensor((*query.shape[:-1], value.shape[-1]), query.dtype)


@symbolic(_symbol)
@op
def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Tensor:
    """Values gathered from all sources, by how well their keys fit the query.

    Args:
        query: what each of T places asks.
        key: what each of S sources offers; its heads may be fewer, each then serves several heads of the query.
        value: what is gathered.
        bias: added to the scores.
        mask: True where a place may look. A row that may look nowhere sees all sources alike.
        scale: of the scores; None: 1 / sqrt(size).
        is_causal: let a place see only itself and what was before.
        flash_attention: True asks for torch's flash kernel and fails where it cannot run, False does without; None
            leaves the choice to torch.
        attn_logits_soft_cap: must be None: torch's kernels have no such cap.

    Shapes:
        query: (batch, T, heads, size)
        key: (batch, S, heads or fewer, size)
        value: (batch, S, heads or fewer, value size)
        bias, mask: broadcasts to (batch, heads, T, S)
        result: (batch, T, heads, value size)

    Source: A. Vaswani et al., "Attention Is All You Need", 2017; with fewer heads: Ainslie et al., "GQA: Training
    Generalized Multi-Query Transformer Models from Multi-Head Checkpoints", 2023.
    """
    if attn_logits_soft_cap is not None:
        raise Invalid("ops.dot_product_attention(attn_logits_soft_cap=...)", "None on torch", attn_logits_soft_cap)
    query, key, value = tensor(query), tensor(key), tensor(value)
    _check_shapes(query, key, value)
    if not (query.dtype == key.dtype == value.dtype and query.dtype in NARROW_FLOATS):
        dtype = torch_dtype(result_type(query.dtype, key.dtype, value.dtype, float))
        query, key, value = query.to(dtype), key.to(dtype), value.to(dtype)
    q, k, v = query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2)
    scores = None if bias is None and mask is None else _mask(bias, mask, (q.shape[2], k.shape[2]), is_causal, q)
    how = {"scale": scale, "enable_gqa": q.shape[1] != k.shape[1]}
    if flash_attention is None:
        found = F.scaled_dot_product_attention(q, k, v, scores, is_causal=is_causal and scores is None, **how)
    else:
        with _kernels(flash_attention):
            found = F.scaled_dot_product_attention(q, k, v, scores, is_causal=is_causal and scores is None, **how)
    return found.transpose(1, 2)


def _mask(bias: Any, mask: Any, sizes: tuple[int, int], is_causal: bool, like: Tensor) -> Tensor | None:
    """Bias, mask and causality as one that is added to the scores."""
    bias = None if bias is None else tensor(bias).to(like.dtype)
    allowed = None if mask is None else tensor(mask).to(torch.bool)
    if is_causal:
        causal = torch.ones(sizes, dtype=torch.bool, device=like.device).tril()
        allowed = causal if allowed is None else allowed & causal
    if allowed is None:
        return bias
    lowest = torch.finfo(like.dtype).min / 2  # finite: a row of nothing else has no NaN
    if bias is None:
        return torch.zeros((), dtype=like.dtype, device=like.device).masked_fill(~allowed, lowest)
    return torch.where(allowed, bias, lowest)


def _kernels(flash_attention: bool) -> Any:
    """The context in which torch takes its flash kernel, or any but that."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    others = [SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH, SDPBackend.CUDNN_ATTENTION]
    return sdpa_kernel(SDPBackend.FLASH_ATTENTION if flash_attention else others)


__all__ = ["dot_product_attention"]
