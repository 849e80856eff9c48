"""Losses against torch's modules, and against plain torch where it has none."""

import math
from collections.abc import Callable
from typing import Any

import torch
from cases import Case, Draw, Function, Shapes, numbers, signed, sizes, together, truths, whole
from torch import Tensor, nn
from torch.nn import functional as F

from kerasviz import losses

CLASSES, LABELS = 32, 6
PAIRS = sizes((8, CLASSES), (512, 512), 2)
SPEECH = together({"small": ((4, LABELS),), "large": ((32, LABELS),)}, sizes((4, 20, CLASSES), (32, 100, 64)))
NUMBERS = together({"small": ((8,),), "large": ((512,),)}, sizes((8, CLASSES), (512, 512)))


def shares(shape: tuple[int, ...]) -> Tensor:
    """From 0 to 1, their sum 1; with gradients."""
    return torch.rand(shape).add_(0.01).softmax(-1).requires_grad_()


def fixed(draw: Draw) -> Draw:
    """Without gradients: targets are data."""
    return lambda shape: draw(shape).detach()


def yes(shape: tuple[int, ...]) -> Tensor:
    """0 or 1, as numbers."""
    return truths(shape).float()


def unit(shape: tuple[int, ...]) -> Tensor:
    """Vectors of length one, with gradients."""
    return F.normalize(torch.randn(shape), dim=-1).requires_grad_()


def swapped(module: Function) -> Function:
    """torch's modules take predictions first."""
    return lambda y_true, y_pred: module(y_pred, y_true)


def spoken() -> Function:
    """torch's loss of sequences, on scores with the batch first."""
    module = nn.CTCLoss(reduction="none")

    def loss(labels: Tensor, scores: Tensor) -> Tensor:
        times = torch.full((len(scores),), scores.shape[1])
        lengths = (labels != 0).sum(1)
        return module(scores.log_softmax(-1).transpose(0, 1), labels, times, lengths).mean()

    return loss


def divergence(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """torch's, which takes logarithms of what is kept from zero."""
    return F.kl_div(y_pred.clamp(1e-7, 1).log(), y_true.clamp(1e-7, 1), reduction="batchmean")


def hinge(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """How much scores fall short of one on the target's side."""
    is_binary = ((y_true == 0) | (y_true == 1)).all()
    y_true = torch.where(is_binary, 2 * y_true - 1, y_true)
    return (1 - y_true * y_pred).relu()


def best_other(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """How much the best other score is too near."""
    return (((1 - y_true) * y_pred).amax(-1) - (y_true * y_pred).sum(-1) + 1).relu().mean()


def focal(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """Crossentropy, less where predictions are right."""
    right = y_true * y_pred + (1 - y_true) * (1 - y_pred)
    return ((1 - right) ** 2 * F.binary_cross_entropy(y_pred, y_true, reduction="none")).mean()


def focal_of_classes(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """The same, of classes."""
    y_pred = (y_pred / y_pred.sum(-1, keepdim=True)).clamp(1e-7, 1 - 1e-7)
    return (-0.25 * (1 - y_pred) ** 2 * y_true * y_pred.log()).sum(-1).mean()


def of_shares(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """Crossentropy of probabilities."""
    return -(y_true * (y_pred / y_pred.sum(-1, keepdim=True)).clamp(1e-7, 1 - 1e-7).log()).sum(-1).mean()


def of_numbers(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """The same, of class numbers."""
    chosen = y_pred.gather(-1, y_true[:, None])[:, 0] / y_pred.sum(-1)
    return -chosen.clamp(1e-7, 1 - 1e-7).log().mean()


def dice(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """One minus the share of both regions."""
    return 1 - 2 * (y_true * y_pred).sum() / (y_true.sum() + y_pred.sum() + 1e-7)


def tversky(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """The same, by what is missed and what is too much."""
    overlap, missed, beyond = y_true * y_pred, y_true * (1 - y_pred), (1 - y_true) * y_pred
    overlap = overlap.sum()
    return 1 - overlap / (overlap + missed.sum() * 0.5 + beyond.sum() * 0.5 + 1e-7)


def log_error(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """Squared errors of logarithms."""
    return ((y_true.clamp(min=1e-7) + 1).log() - (y_pred.clamp(min=1e-7) + 1).log()).square().mean()


def cases(
    calls: dict[str, tuple[Function, Callable[..., Any]]], shapes: Shapes, *draws: Draw, module: bool = True
) -> list[Case]:
    """Losses by name, on the same targets and predictions."""
    return [
        Case("losses", name, lambda f=ours: f, lambda f=torchs: f, shapes, draws, module, same=True)
        for name, (ours, torchs) in calls.items()
    ]


def loss_cases() -> list[Case]:
    """All losses; targets have no gradients."""
    made, logits = losses, {"from_logits": True}
    of_pairs = {
        "MeanSquaredError": (made.MeanSquaredError(), swapped(nn.MSELoss())),
        "MeanAbsoluteError": (made.MeanAbsoluteError(), swapped(nn.L1Loss())),
        "Huber": (made.Huber(), swapped(nn.HuberLoss())),
        "Huber (SmoothL1)": (made.Huber(), swapped(nn.SmoothL1Loss())),
        "BinaryCrossentropy": (made.BinaryCrossentropy(), swapped(nn.BCELoss())),
        "BinaryCrossentropy of logits": (made.BinaryCrossentropy(**logits), swapped(nn.BCEWithLogitsLoss())),
        "Poisson": (made.Poisson(), swapped(nn.PoissonNLLLoss(log_input=False, eps=1e-7))),
        "CosineSimilarity": (made.CosineSimilarity(), lambda t, p: -F.cosine_similarity(t, p, -1).mean()),
    }
    of_shares_too = {
        "KLDivergence": (made.KLDivergence(), divergence),
        "CategoricalCrossentropy of logits": (made.CategoricalCrossentropy(**logits), swapped(nn.CrossEntropyLoss())),
    }
    of_labels = {
        "SparseCategoricalCrossentropy of logits": (
            made.SparseCategoricalCrossentropy(**logits),
            swapped(nn.CrossEntropyLoss()),
        ),
    }
    plain = {
        "MeanAbsolutePercentageError": (
            made.MeanAbsolutePercentageError(),
            lambda t, p: 100 * ((t - p) / t.abs().clamp(min=1e-7)).abs().mean(),
        ),
        "MeanSquaredLogarithmicError": (made.MeanSquaredLogarithmicError(), log_error),
        "LogCosh": (made.LogCosh(), lambda t, p: ((p - t) + F.softplus(-2 * (p - t)) - math.log(2)).mean()),
        "Hinge": (made.Hinge(), lambda t, p: hinge(t, p).mean()),
        "SquaredHinge": (made.SquaredHinge(), lambda t, p: hinge(t, p).square().mean()),
        "CategoricalHinge": (made.CategoricalHinge(), best_other),
        "BinaryFocalCrossentropy": (made.BinaryFocalCrossentropy(), focal),
        "Dice": (made.Dice(), dice),
        "Tversky": (made.Tversky(), tversky),
    }
    by_class = {
        "CategoricalCrossentropy": (made.CategoricalCrossentropy(), of_shares),
        "CategoricalFocalCrossentropy": (made.CategoricalFocalCrossentropy(), focal_of_classes),
    }
    by_number = {
        "SparseCategoricalCrossentropy": (made.SparseCategoricalCrossentropy(), of_numbers),
    }
    labels = whole(CLASSES)
    return [
        *cases(of_pairs, PAIRS, fixed(numbers), numbers),
        *cases(of_shares_too, PAIRS, fixed(shares), shares),
        *cases(of_labels, NUMBERS, labels, signed),
        *cases({"CTC": (made.CTC(), spoken())}, SPEECH, whole(CLASSES, 1), signed),
        *cases(plain, PAIRS, yes, numbers, module=False),
        *cases(by_class, PAIRS, fixed(shares), shares, module=False),
        *cases(by_number, NUMBERS, labels, shares, module=False),
    ]
