"""Labels whose moments are not known (CTC): how improbable they are, and which are the most probable.

Source: Graves, Fernández, Gomez and Schmidhuber, "Connectionist Temporal Classification: Labelling Unsegmented Sequence
Data with Recurrent Neural Networks", 2006.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.ops.beams import beam_search
from kerasviz.ops.promotion import joined_float
from kerasviz.ops.recording import op, symbolic, tensor
from kerasviz.tensors import KerasTensor

STRATEGIES = ("greedy", "beam_search")


def alignment_loss(labels: Tensor, scores: Tensor, label_lengths: Tensor, times: Tensor, blank: int) -> Tensor:
    """How improbable the labels are, over all ways to align them with a longer sequence; in 32 bits at least.

    Shapes:
        labels: (batch, labels)
        scores: (batch, time, classes)
        label_lengths, times, result: (batch,)
    """
    scores = scores.float() if scores.dtype.itemsize < 4 else scores
    logarithms = F.log_softmax(scores, dim=-1).transpose(0, 1)
    return F.ctc_loss(logarithms, labels, times, label_lengths, blank=blank, reduction="none")


def _fit(target: Any, output: Any) -> None:
    if len(target.shape) != 2 or len(output.shape) != 3:
        expected = "target (batch, labels) and output (batch, time, classes)"
        raise Invalid("ops.ctc_loss", expected, (tuple(target.shape), tuple(output.shape)))


def _loss_symbol(target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0) -> KerasTensor:
    _fit(target, output)
    dtype = "float32" if str(output.dtype).endswith("float16") else output.dtype
    return KerasTensor((output.shape[0],), dtype)


@symbolic(_loss_symbol)
@op
def ctc_loss(target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int = 0) -> Tensor:
    """How improbable the labels are, over all ways to align them with a longer sequence; in 32 bits.

    Args:
        target: class numbers.
        output: scores of any size.
        target_length: how many labels each sample has.
        output_length: how many moments each sample has.
        mask_index: the class that stands for no label.

    Shapes:
        target: (batch, labels)
        output: (batch, time, classes)
        target_length, output_length, result: (batch,)
    """
    target, output = tensor(target), joined_float(output).float()
    _fit(target, output)
    lengths = tensor(target_length).long(), tensor(output_length).long()
    return alignment_loss(target.long(), output, *lengths, mask_index)


def _decoded_symbol(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int | None = 0,
) -> tuple[KerasTensor, KerasTensor]:
    _check(inputs, strategy)
    paths = 1 if strategy == "greedy" else top_paths
    batch, time, _ = inputs.shape
    return KerasTensor((paths, batch, time), "int32"), KerasTensor((batch, paths), inputs.dtype)


def _check(inputs: Any, strategy: str) -> None:
    if strategy not in STRATEGIES:
        expected, hint = " or ".join(map(repr, STRATEGIES)), did_you_mean(strategy, STRATEGIES)
        raise Invalid("ops.ctc_decode(strategy=...)", expected, strategy, hint)
    if len(inputs.shape) != 3:
        raise Invalid("ops.ctc_decode", "inputs (batch, time, classes)", tuple(inputs.shape))


@symbolic(_decoded_symbol)
@op
def ctc_decode(
    inputs: Any,
    sequence_lengths: Any,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int | None = 0,
) -> tuple[Tensor, Tensor]:
    """The most probable labels, from the scores of a model trained with `ctc_loss`.

    Args:
        inputs: scores of any size.
        sequence_lengths: how many moments each sample has.
        strategy: "greedy" takes the best class of each moment; "beam_search" follows the best labellings.
        beam_width: how many labellings are followed.
        top_paths: how many of them are returned.
        merge_repeated: whether equal labels that follow each other without a blank between are one; with
            "beam_search" they always are.
        mask_index: the class that stands for no label; None: the last.

    Shapes:
        inputs: (batch, time, classes)
        sequence_lengths: (batch,)
        labels: (1 or top_paths, batch, time), int32; -1 after the last label
        scores: (batch, 1), less the sum of the best scores; for "beam_search" (batch, top_paths), logarithms of
            probabilities
    """
    inputs = joined_float(inputs).float()
    _check(inputs, strategy)
    lengths = tensor(sequence_lengths).long()
    classes = inputs.shape[-1]
    blank = classes - 1 if mask_index is None else mask_index % classes
    if strategy == "greedy":
        return _best_classes(inputs, lengths, merge_repeated, blank)
    return beam_search(F.log_softmax(inputs, dim=-1), lengths, beam_width, top_paths, blank)


def _best_classes(scores: Tensor, lengths: Tensor, merge_repeated: bool, blank: int) -> tuple[Tensor, Tensor]:
    """The best class of each moment, without blanks and repetitions."""
    best, labels = scores.max(dim=-1)
    batch, time = labels.shape
    counts = torch.arange(time, device=scores.device) < lengths[:, None]
    kept = counts & (labels != blank)
    if merge_repeated:
        kept[:, 1:] &= labels[:, 1:] != labels[:, :-1]
    places = torch.where(kept, kept.cumsum(dim=1) - 1, time)  # what is not kept goes to a place after all others
    found = labels.new_full((batch, time + 1), -1).scatter_(1, places, torch.where(kept, labels, -1))
    return found[None, :, :time].to(torch.int32), -(best * counts).sum(dim=1, keepdim=True)


__all__ = ["ctc_decode", "ctc_loss"]
