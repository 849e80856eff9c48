"""Who may look where: the masks of attention as one."""

import torch
from torch import Tensor


def attention_mask_of(
    attention_mask: Tensor | None,
    value_mask: Tensor | None,
    key_mask: Tensor | None,
    sizes: tuple[int, int],
    causal: bool,
    window: int | None,
    device: torch.device,
    num_axes: int = 1,
    query_mask: Tensor | None = None,
) -> Tensor | None:
    """All masks as one, (batch, 1, T, S) or (1, 1, T, S); None where everything may be seen.

    Args:
        attention_mask: (batch, *T, *S), or (batch, heads, *T, *S); True where a place may look.
        value_mask: (batch, *S).
        key_mask: (batch, *S).
        sizes: T and S.
        causal: whether a place sees only itself and what was before.
        window: how near a source must be to be seen.
        num_axes: number of axes that T and S stand for.
        query_mask: (batch, T); a masked place looks nowhere.
    """
    of_sources = [mask for mask in (value_mask, key_mask) if mask is not None]
    masks = [mask.bool().flatten(1)[:, None, None, :] for mask in of_sources]
    if query_mask is not None:
        masks.append(query_mask.bool().flatten(1)[:, None, :, None])
    if attention_mask is not None:
        masks.append(with_heads(attention_mask.bool(), num_axes))
    if causal or window is not None:
        masks.append(near(sizes, causal, window, device)[None, None])
    if not masks:
        return None
    found = masks[0]
    for mask in masks[1:]:
        found = found & mask
    return found.expand(*found.shape[:-2], *sizes)


def with_heads(mask: Tensor, num_axes: int) -> Tensor:
    """(*T, *S), (batch, *T, *S) or (batch, heads, *T, *S) as (batch or 1, heads or 1, T, S)."""
    if num_axes > 1:
        mask = mask.flatten(-num_axes).flatten(-1 - num_axes, -2)
    if mask.ndim == 2:
        return mask[None, None]
    return mask.unsqueeze(1) if mask.ndim == 3 else mask


def near(sizes: tuple[int, int], causal: bool, window: int | None, device: torch.device) -> Tensor:
    """(T, S), True where a source is not later, and not too far."""
    distance = torch.arange(sizes[0], device=device)[:, None] - torch.arange(sizes[1], device=device)
    mask = distance >= 0 if causal else torch.ones(sizes, dtype=torch.bool, device=device)
    return mask if window is None else mask & (distance.abs() < window)


def lowest(dtype: torch.dtype) -> float:
    """A score so low that its exponential is 0; finite, so that a row of nothing else has no NaN."""
    return torch.finfo(dtype).min / 2
