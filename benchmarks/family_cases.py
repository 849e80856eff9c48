"""Activations, metrics and initializers against the same thing in plain torch. Metrics are counted by hand."""

from collections.abc import Callable
from typing import Any

import torch
from cases import Case, Function, alike, length, signed, sizes, table, together, truths, whole
from ops_network_cases import ACTIVATIONS
from torch import Tensor, nn
from torch.nn import functional as F

from kerasviz import activations, initializers, metrics

VECTORS = sizes((16, 16), (512, 512))
BATCHES = sizes((32, 10), (1024, 100), 2)
YES_OR_NO = sizes((32,), (20_000,), 2)
MORE_ACTIVATIONS = {
    "exponential": torch.exp,
    "gelu": F.gelu,
    "linear": lambda x: x,
    "mish": F.mish,
    "tanh": torch.tanh,
}


def activation_cases() -> list[Case]:
    """Activations that torch has."""
    return alike("activations", activations, ACTIVATIONS | MORE_ACTIVATIONS, VECTORS, signed)


class Counted:
    """Sums kept over batches, as one would by hand.

    Args:
        sums: what to add to each of them, from targets and predictions.
    """

    def __init__(self, sums: Callable[[Tensor, Tensor], tuple[Any, ...]]) -> None:
        self.sums = sums
        self.kept: list[Tensor] = []

    @torch.no_grad()
    def __call__(self, y_true: Tensor, y_pred: Tensor) -> None:
        found = self.sums(y_true, y_pred)
        if not self.kept:
            self.kept = [torch.zeros(one.shape if isinstance(one, Tensor) else ()) for one in found]
        for kept, one in zip(self.kept, found, strict=True):
            kept.add_(one)


def mean(values: Tensor) -> tuple[Any, ...]:
    """The sum of values, and how many there are."""
    return values.sum(), values.numel()


def right(y_true: Tensor, y_pred: Tensor) -> tuple[Any, ...]:
    """How many labels are right."""
    return mean((y_pred.argmax(-1) == y_true).float())


def both(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    """Whether truth and prediction are yes or no as the name of the count says."""
    truth = (lambda t: t != 0) if name in ("tp", "fn") else (lambda t: t == 0)
    yes = (lambda p: p > 0.5) if name in ("tp", "fp") else (lambda p: p <= 0.5)
    return lambda t, p: (truth(t) & yes(p)).sum()


def counts(*names: str) -> Callable[[Tensor, Tensor], tuple[Any, ...]]:
    """Counts at one half."""
    each = [both(name) for name in names]
    return lambda t, p: tuple(one(t, p) for one in each)


def at_thresholds(y_true: Tensor, y_pred: Tensor) -> tuple[Any, ...]:
    """How many predictions of yes and of no are between each two of 200 thresholds: an AUC is a sum of these."""
    places = torch.bucketize(y_pred, THRESHOLDS)
    yes = y_true.float()
    return torch.bincount(places, yes, 201), torch.bincount(places, 1 - yes, 201)


THRESHOLDS = torch.linspace(0, 1, 200)


def confusion(y_true: Tensor, y_pred: Tensor) -> tuple[Any, ...]:
    """The table of labels and predictions."""
    return (torch.bincount(y_true * 10 + y_pred, minlength=100).reshape(10, 10),)


def pearson(x: Tensor, y: Tensor) -> Tensor:
    """Correlation along the last axis."""
    x, y = x - x.mean(-1, keepdim=True), y - y.mean(-1, keepdim=True)
    return (x * y).mean(-1) / (x.square().mean(-1) * y.square().mean(-1)).sqrt()


def squares(t: Tensor, p: Tensor) -> tuple[Any, ...]:
    """What R2 needs."""
    return t.sum(0), t.square().sum(0), (t - p).square().sum(0), len(t)


LEAST = 1e-7


def inside(p: Tensor) -> Tensor:
    """Probabilities away from 0 and 1."""
    return p.clamp(LEAST, 1 - LEAST)


def logarithm(x: Tensor) -> Tensor:
    """Of one more than numbers above 0."""
    return torch.log1p(x.clamp(min=LEAST))


def divergence(t: Tensor, p: Tensor) -> Tensor:
    """Of two distributions along the last axis."""
    return (t * torch.log(t / p)).sum(-1)


def sided(t: Tensor) -> Tensor:
    """-1 and 1, where all are 0 or 1."""
    return torch.where(((t == 0) | (t == 1)).all(), 2 * t - 1, t)


ON_NUMBERS = {
    "MeanSquaredError": lambda t, p: mean((t - p).square().mean(-1)),
    "RootMeanSquaredError": lambda t, p: mean((t - p).square().mean(-1)),
    "MeanAbsoluteError": lambda t, p: mean((t - p).abs().mean(-1)),
    "MeanAbsolutePercentageError": lambda t, p: mean(100 * ((t - p) / t.abs().clamp(min=1e-7)).abs().mean(-1)),
    "MeanSquaredLogarithmicError": lambda t, p: mean((logarithm(t) - logarithm(p)).square().mean(-1)),
    "LogCoshError": lambda t, p: mean((p - t + F.softplus(-2 * (p - t)) - 0.6931472).mean(-1)),
    "CosineSimilarity": lambda t, p: mean(F.cosine_similarity(t, p, -1)),
    "Poisson": lambda t, p: mean((p - t * torch.log(p + 1e-7)).mean(-1)),
    "KLDivergence": lambda t, p: mean(divergence(t.clamp(LEAST, 1), p.clamp(LEAST, 1))),
    "BinaryCrossentropy": lambda t, p: mean(F.binary_cross_entropy(inside(p), t, reduction="none").mean(-1)),
    "BinaryAccuracy": lambda t, p: mean((t == (p > 0.5)).float().mean(-1)),
    "CategoricalAccuracy": lambda t, p: mean((t.argmax(-1) == p.argmax(-1)).float()),
    "CategoricalCrossentropy": lambda t, p: mean(-(t * inside(p / p.sum(-1, keepdim=True)).log()).sum(-1)),
    "Hinge": lambda t, p: mean((1 - sided(t) * p).relu().mean(-1)),
    "SquaredHinge": lambda t, p: mean((1 - sided(t) * p).relu().square().mean(-1)),
    "Accuracy": lambda t, p: mean((t == p).float()),
    "PearsonCorrelation": lambda t, p: mean(pearson(t, p)),
    "R2Score": squares,
}
ON_LABELS = {
    "SparseCategoricalAccuracy": right,
    "SparseTopKCategoricalAccuracy": lambda t, p: mean((torch.topk(p, 5)[1] == t.unsqueeze(-1)).any(-1).float()),
    "SparseCategoricalCrossentropy": lambda t, p: mean(
        -inside(p.gather(-1, t.unsqueeze(-1)).squeeze(-1) / p.sum(-1)).log()
    ),
}
ON_YES_OR_NO = {
    "TruePositives": counts("tp"),
    "FalsePositives": counts("fp"),
    "TrueNegatives": counts("tn"),
    "FalseNegatives": counts("fn"),
    "Precision": counts("tp", "fp"),
    "Recall": counts("tp", "fn"),
    "AUC": at_thresholds,
    "SensitivityAtSpecificity": at_thresholds,
    "BinaryIoU": lambda t, p: (torch.bincount(t.long() * 2 + (p > 0.5), minlength=4),),
}
ON_MANY = {
    "F1Score": lambda t, p: counted_each(t, p > 0.5),
    "FBetaScore": lambda t, p: counted_each(t, p > 0.5),
}


def counted_each(t: Tensor, yes: Tensor) -> tuple[Any, ...]:
    """Counts of each class."""
    yes = yes.float()
    return (yes * t).sum(0), (yes * (1 - t)).sum(0), ((1 - yes) * t).sum(0), t.sum(0)


def metric_cases() -> list[Case]:
    """What a batch costs: `update_state`."""

    def cases(by_hand: dict[str, Function], shapes: Any, *draws: Any, **arguments: Any) -> list[Case]:
        return [
            Case(
                "metrics",
                name,
                lambda name=name: getattr(metrics, name)(**arguments).update_state,
                lambda sums=sums: Counted(sums),
                shapes,
                draws,
            )
            for name, sums in by_hand.items()
        ]

    halves = {name: ON_YES_OR_NO[name] for name in ON_YES_OR_NO if name != "SensitivityAtSpecificity"}
    return [
        *cases(ON_NUMBERS, BATCHES, torch.rand),
        *cases(ON_LABELS, together(sizes((32,), (1024,)), sizes((32, 10), (1024, 100))), whole(10), torch.rand),
        *cases(halves, YES_OR_NO, truths, torch.rand),
        *cases({"SensitivityAtSpecificity": at_thresholds}, YES_OR_NO, truths, torch.rand, specificity=0.5),
        *cases(ON_MANY, BATCHES, lambda shape: truths(shape).float(), torch.rand, threshold=0.5),
        *cases({"MeanIoU": confusion}, YES_OR_NO, whole(10), num_classes=10),
        *table(
            "metrics",
            {
                "Mean": (metrics.Mean().update_state, adding(lambda x: (x.sum(), x.numel()))),
                "Sum": (metrics.Sum().update_state, adding(lambda x: (x.sum(),))),
            },
            VECTORS,
            torch.rand,
            same=False,
        ),
    ]


def adding(sums: Callable[[Tensor], tuple[Any, ...]]) -> Function:
    """Sums of values, kept by hand."""
    counted = Counted(lambda x, _: sums(x))
    return lambda x: counted(x, x)


def filled(method: Callable[..., Tensor], *arguments: Any) -> Function:
    """A square weight that torch fills."""
    return lambda n: method(torch.empty(n, n), *arguments)


INITIALIZERS = {
    "Zeros": filled(nn.init.zeros_),
    "Ones": filled(nn.init.ones_),
    "Constant": filled(nn.init.constant_, 0.5),
    "Identity": filled(nn.init.eye_),
    "Orthogonal": filled(nn.init.orthogonal_),
    "RandomNormal": filled(nn.init.normal_, 0.0, 0.05),
    "RandomUniform": filled(nn.init.uniform_, -0.05, 0.05),
    "TruncatedNormal": filled(nn.init.trunc_normal_, 0.0, 0.05),
    "GlorotNormal": filled(nn.init.xavier_normal_),
    "GlorotUniform": filled(nn.init.xavier_uniform_),
    "HeNormal": filled(nn.init.kaiming_normal_),
    "HeUniform": filled(nn.init.kaiming_uniform_),
    "LecunNormal": filled(nn.init.kaiming_normal_, 0, "fan_in", "linear"),
    "LecunUniform": filled(nn.init.kaiming_uniform_, 0, "fan_in", "linear"),
}


def initializer_cases() -> list[Case]:
    """New weights."""
    options = {"Constant": {"value": 0.5}}

    def ours(name: str) -> Function:
        initializer = getattr(initializers, name)(**options.get(name, {}))
        return lambda n: initializer((n, n))

    calls = {name: (ours(name), torchs) for name, torchs in INITIALIZERS.items()}
    return table("initializers", calls, sizes((16,), (512,)), length, same=False)
