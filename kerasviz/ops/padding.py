"""Margins: `pad`."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.ops.recording import op, tensor

Pairs = list[tuple[int, int]]
PAIR = frozenset({tuple, list})


def _mirrored(places: Tensor, size: int) -> Tensor:
    """Away from the border, then back: 2 1 | 0 1 2 | 1 0."""
    if size == 1:
        return torch.zeros_like(places)
    turned = places.remainder(2 * size - 2)
    return torch.minimum(turned, 2 * size - 2 - turned)


def _doubled(places: Tensor, size: int) -> Tensor:
    """The border twice, then back: 1 0 | 0 1 2 | 2 1."""
    turned = places.remainder(2 * size)
    return torch.minimum(turned, 2 * size - 1 - turned)


MODES: dict[str, Callable[[Tensor, int], Tensor]] = {
    "reflect": _mirrored,
    "symmetric": _doubled,
    "edge": lambda places, size: places.clamp(0, size - 1),
    "wrap": lambda places, size: places.remainder(size),
}
NATIVE = {"reflect": "reflect", "edge": "replicate", "wrap": "circular"}  # torch pads these itself, the last axes
SAME = {"circular": "wrap", "replicate": "edge"}  # torch's names


@op
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Tensor:
    """With margins.

    Args:
        x: numbers.
        pad_width: how wide: (before, after) for each axis, one such pair for all, or one number for all. Negative
            numbers cut off, with "constant".
        mode: what is in them: "constant", "reflect" (2 1 | 0 1 2), "symmetric" (1 0 | 0 1 2), "edge" (0 0 | 0 1 2) or
            "wrap" (1 2 | 0 1 2).
        constant_values: the number for "constant"; 0 for None.

    Raises:
        Invalid: for another mode, for a number with a mode that takes none, for widths that do not fit.
    """
    x = tensor(x)
    pairs = _pairs(pad_width, x.ndim)
    if mode == "constant":
        return _constant(x, pairs, 0 if constant_values is None else constant_values)
    if constant_values is not None:
        raise Invalid("pad(constant_values=...)", f"None for mode={mode!r}", constant_values)
    mode = SAME.get(mode, mode)
    if mode not in MODES:
        raise Invalid("pad(mode=...)", ", ".join(("constant", *MODES)), mode, did_you_mean(mode, ("constant", *MODES)))
    return _extended(x, pairs, mode)


def _pairs(pad_width: Any, rank: int) -> Pairs:
    """(before, after) of each axis."""
    width = pad_width.tolist() if hasattr(pad_width, "tolist") else pad_width
    if isinstance(width, int):
        return [(width, width)] * rank
    if len(width) == rank and _are_pairs(width):
        return list(width)
    if all(isinstance(one, int) for one in width):
        found = [(width[0], width[-1])] if 1 <= len(width) <= 2 else []
    else:
        found = [(one[0], one[-1]) for one in width if 1 <= len(one) <= 2]
    if len(found) == 1 and rank != 1:
        return found * rank
    if len(found) != rank:
        raise Invalid("pad(pad_width=...)", f"(before, after) for each of {rank} axes", pad_width)
    return found


def _are_pairs(width: Any) -> bool:
    for one in width:  # noqa: SIM110 (`all` is slower for a few)
        if type(one) not in PAIR or len(one) != 2:
            return False
    return True


def _constant(x: Tensor, pairs: Pairs, value: Any) -> Tensor:
    if x.ndim == 0:
        return x.clone()
    flat = [width for pair in reversed(pairs) for width in pair]
    if isinstance(value, (bool, int, float)):
        return F.pad(x, flat) if value == 0 else F.pad(x, flat, value=value)
    inside = F.pad(torch.ones_like(x, dtype=torch.bool), flat, value=False)
    return torch.where(inside, F.pad(x, flat), tensor(value).to(x.dtype))


def _extended(x: Tensor, pairs: Pairs, mode: str) -> Tensor:
    count = _trailing(x, pairs, mode)
    if count:
        flat = [width for pair in reversed(pairs[-count:]) for width in pair]
        if count < x.ndim <= count + 2:
            return F.pad(x, flat, mode=NATIVE[mode])
        padded = F.pad(x.reshape(-1, *x.shape[-count:]), flat, mode=NATIVE[mode])
        return padded.reshape(*x.shape[:-count], *padded.shape[1:])
    for axis, (before, after) in enumerate(pairs):
        size = x.shape[axis]
        if not (before or after):
            continue
        if size == 0 or before < 0 or after < 0:
            raise Invalid("pad(pad_width=...)", f"margins of an axis with numbers, mode={mode!r}", (before, after))
        places = torch.arange(-before, size + after, device=x.device)
        x = torch.index_select(x, axis, MODES[mode](places, size))
    return x


def _trailing(x: Tensor, pairs: Pairs, mode: str) -> int:
    """How many of the last axes torch's own function can pad, and no others need it; else 0."""
    count = next((len(pairs) - axis for axis, pair in enumerate(pairs) if any(pair)), 0)
    if count > 3 or mode not in NATIVE or not x.is_floating_point() or not x.numel():
        return 0
    fits = all(0 <= width < size for pair, size in zip(pairs, x.shape, strict=True) for width in pair)
    return count if fits else 0


__all__ = ["pad"]
