"""Beam search over labellings, all samples and all beams at once; nothing is read from the device."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

NEVER = float("-inf")
CODE_FACTOR = 6364136223846793005  # Knuth's, for numbers of 64 bits: codes of unequal labels are equal by chance only


class Beams(NamedTuple):
    """The labellings followed. The ways to one labelling are two: those that end in a blank, and the others.

    Shapes:
        labels: (batch, beams, time), -1 after the last
        sizes, last: (batch, beams), int64: how many labels, and the last one
        code, code_before: (batch, beams), int64: a number that tells the labels, and all but the last, from others
        blank, other: (batch, beams), logarithms of probabilities
    """

    labels: Tensor
    sizes: Tensor
    last: Tensor
    code: Tensor
    code_before: Tensor
    blank: Tensor
    other: Tensor

    @property
    def total(self) -> Tensor:
        """The logarithm of each labelling's probability."""
        return torch.logaddexp(self.blank, self.other)


def beam_search(
    logarithms: Tensor, lengths: Tensor, beam_width: int, top_paths: int, blank: int
) -> tuple[Tensor, Tensor]:
    """The `top_paths` most probable labellings, and the logarithms of their probabilities, as far as beams reach.

    Shapes:
        logarithms: (batch, time, classes)
        lengths: (batch,)
        labels: (top_paths, batch, time), int32
        scores: (batch, top_paths)
    """
    batch, time, _ = logarithms.shape
    beams = _start(logarithms, batch, beam_width, time)
    for moment in range(time):
        moved = _step(beams, logarithms[:, moment], blank)
        running = (moment < lengths)[:, None]
        beams = Beams(
            *(
                torch.where(running[..., None] if new.ndim == 3 else running, new, old)
                for new, old in zip(moved, beams, strict=True)
            )
        )
    scores, order = beams.total.sort(dim=1, descending=True, stable=True)
    labels = beams.labels.gather(1, order[..., None].expand_as(beams.labels))
    labels = labels.masked_fill((scores == NEVER)[..., None], -1)
    more = max(top_paths - beam_width, 0)  # as many as were asked for, though there are no such
    labels, scores = F.pad(labels, (0, 0, 0, more), value=-1), F.pad(scores, (0, more), value=NEVER)
    return labels.transpose(0, 1)[:top_paths].to(torch.int32), scores[:, :top_paths]


def _start(like: Tensor, batch: int, width: int, time: int) -> Beams:
    """Nothing said yet: one beam, the others impossible."""
    labels = torch.full((batch, width, time), -1, dtype=torch.int64, device=like.device)
    blank = like.new_full((batch, width), NEVER)
    blank[:, 0] = 0
    zeros = labels.new_zeros(batch, width)
    return Beams(labels, zeros, zeros - 1, zeros, zeros - 1, blank, blank + NEVER)


def _step(beams: Beams, logarithms: Tensor, blank: int) -> Beams:
    """The best beams one moment later. Each stays as it is, or becomes longer by one class."""
    last, ends_blank = beams.last, beams.blank
    classes, width = logarithms.shape[-1], last.shape[1]
    at_last = last.clamp(min=0)
    stays_blank = beams.total + logarithms[:, blank, None]
    stays_other = torch.where(beams.sizes > 0, beams.other + logarithms.gather(1, at_last), NEVER)
    # the same class again is a new label only after a blank
    again = torch.arange(classes, device=last.device) == last[..., None]
    longer = torch.where(again, ends_blank[..., None], beams.total[..., None]) + logarithms[:, None]
    longer[..., blank] = NEVER
    parents = _parents(beams)  # (batch, beams, beams): whether the first, made longer, is the second
    reached = longer.gather(2, at_last[:, None].expand(-1, width, -1)).masked_fill(~parents, NEVER)
    stays_other = torch.logaddexp(stays_other, reached.logsumexp(dim=1))
    taken = torch.zeros_like(longer, dtype=torch.int32)
    taken = taken.scatter_add(2, at_last[:, None].expand(-1, width, -1), parents.to(torch.int32)) > 0
    longer = longer.masked_fill(taken, NEVER)
    candidates = torch.cat([torch.logaddexp(stays_blank, stays_other), longer.flatten(1)], dim=1)
    _, chosen = candidates.topk(width, dim=1)
    return _chosen(beams, chosen, stays_blank, torch.cat([stays_other, longer.flatten(1)], dim=1), classes)


def _parents(beams: Beams) -> Tensor:
    """(batch, beams, beams): whether the labels of the second are those of the first, and one more."""
    possible = beams.total > NEVER  # the others may have labels that come twice
    same = beams.code[:, :, None] == beams.code_before[:, None]
    same &= beams.sizes[:, :, None] + 1 == beams.sizes[:, None]
    return same & possible[:, :, None] & possible[:, None]


def _chosen(beams: Beams, chosen: Tensor, stays_blank: Tensor, others: Tensor, classes: int) -> Beams:
    """The beams that go on. `chosen`: below the number of beams one that stays, else beam * classes + class."""
    width, time = beams.labels.shape[1:]
    stays = chosen < width
    source = torch.where(stays, chosen, (chosen - width).div(classes, rounding_mode="floor")).clamp(min=0)
    added = (chosen - width) % classes
    sizes = beams.sizes.gather(1, source)
    labels = beams.labels.gather(1, source[..., None].expand(-1, -1, time))
    here = (torch.arange(time, device=chosen.device) == sizes[..., None]) & ~stays[..., None]
    code = beams.code.gather(1, source)
    return Beams(
        torch.where(here, added[..., None], labels),
        sizes + ~stays,
        torch.where(stays, beams.last.gather(1, source), added),
        torch.where(stays, code, code * CODE_FACTOR + added + 1),
        torch.where(stays, beams.code_before.gather(1, source), code),
        torch.where(stays, stays_blank.gather(1, source), NEVER),
        others.gather(1, chosen),
    )
