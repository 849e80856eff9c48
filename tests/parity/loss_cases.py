"""Losses and metrics called in many ways: data of every sort, in every shape and dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

Shape = tuple[int, ...]
Batch = tuple[np.ndarray, np.ndarray]
CLASSES = 4


def source(*of: int) -> np.random.Generator:
    return np.random.default_rng([11, *of])


def normal(random: np.random.Generator, shape: Shape) -> np.ndarray:
    return random.normal(size=shape).astype("float32")


def uniform(random: np.random.Generator, shape: Shape) -> np.ndarray:
    return random.random(shape).astype("float32")


def shares(random: np.random.Generator, shape: Shape) -> np.ndarray:
    values = uniform(random, shape) + np.float32(0.05)
    return values / values.sum(-1, keepdims=True)


def one_hot(random: np.random.Generator, shape: Shape) -> np.ndarray:
    return np.eye(shape[-1], dtype="float32")[random.integers(0, shape[-1], shape[:-1])]


def labels(random: np.random.Generator, shape: Shape) -> np.ndarray:
    return random.integers(0, shape[-1], shape[:-1])


def yes(random: np.random.Generator, shape: Shape) -> np.ndarray:
    return random.integers(0, 2, shape).astype("float32")


def signs(random: np.random.Generator, shape: Shape) -> np.ndarray:
    return yes(random, shape) * 2 - 1


def counts(random: np.random.Generator, shape: Shape) -> np.ndarray:
    return random.poisson(3, shape).astype("float32")


def unit(random: np.random.Generator, shape: Shape) -> np.ndarray:
    values = normal(random, shape)
    return values / np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), 1e-6)


def two_classes(random: np.random.Generator, shape: Shape) -> np.ndarray:
    return random.integers(0, 2, shape[:1])


def words(random: np.random.Generator, shape: Shape) -> np.ndarray:
    found = random.integers(1, shape[-1], (shape[0], 3)) if len(shape) > 2 else np.zeros((shape[0], 3), int)
    found[1::2, 1:] = 0
    return found


SORTS: dict[str, tuple[Callable, Callable]] = {
    "values": (normal, normal),
    "counts": (counts, uniform),
    "rows": (one_hot, shares),
    "shares": (shares, shares),
    "scores": (one_hot, normal),
    "labels": (labels, shares),
    "scored labels": (labels, normal),
    "yes": (yes, uniform),
    "scored yes": (yes, normal),
    "signs": (signs, normal),
    "unit": (two_classes, unit),
    "speech": (words, normal),
}


def batch(sort: str, shape: Shape = (6, CLASSES), seed: int = 0) -> Batch:
    """Targets and predictions; `shape` is that of the predictions."""
    random = source(seed, *shape)
    of_targets, of_predictions = SORTS[sort]
    return of_targets(random, shape), of_predictions(random, shape)


LOSSES: dict[str, tuple[str, dict[str, Any], str]] = {
    "mse": ("MeanSquaredError", {}, "values"),
    "mae": ("MeanAbsoluteError", {}, "values"),
    "mape": ("MeanAbsolutePercentageError", {}, "values"),
    "msle": ("MeanSquaredLogarithmicError", {}, "counts"),
    "huber": ("Huber", {}, "values"),
    "huber delta 0.3": ("Huber", {"delta": 0.3}, "values"),
    "huber delta 3": ("Huber", {"delta": 3.0}, "values"),
    "log cosh": ("LogCosh", {}, "values"),
    "cosine": ("CosineSimilarity", {}, "values"),
    "cosine axis 0": ("CosineSimilarity", {"axis": 0}, "values"),
    "poisson": ("Poisson", {}, "counts"),
    "hinge of signs": ("Hinge", {}, "signs"),
    "hinge of yes": ("Hinge", {}, "yes"),
    "squared hinge of signs": ("SquaredHinge", {}, "signs"),
    "squared hinge of yes": ("SquaredHinge", {}, "yes"),
    "categorical hinge": ("CategoricalHinge", {}, "scores"),
    "kl": ("KLDivergence", {}, "shares"),
    "binary": ("BinaryCrossentropy", {}, "yes"),
    "binary logits": ("BinaryCrossentropy", {"from_logits": True}, "scored yes"),
    "binary smoothed": ("BinaryCrossentropy", {"label_smoothing": 0.1}, "yes"),
    "binary smoothed logits": ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.3}, "scored yes"),
    "binary axis 0": ("BinaryCrossentropy", {"axis": 0}, "yes"),
    "binary focal": ("BinaryFocalCrossentropy", {}, "yes"),
    "binary focal balanced": (
        "BinaryFocalCrossentropy",
        {"apply_class_balancing": True, "alpha": 0.3, "gamma": 1.5},
        "yes",
    ),
    "binary focal logits": (
        "BinaryFocalCrossentropy",
        {"from_logits": True, "label_smoothing": 0.1, "gamma": 3.0},
        "scored yes",
    ),
    "binary focal axis 0": ("BinaryFocalCrossentropy", {"axis": 0}, "yes"),
    "categorical": ("CategoricalCrossentropy", {}, "rows"),
    "categorical logits": ("CategoricalCrossentropy", {"from_logits": True}, "scores"),
    "categorical smoothed": ("CategoricalCrossentropy", {"label_smoothing": 0.2}, "rows"),
    "categorical smoothed logits": ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, "scores"),
    "categorical axis 0": ("CategoricalCrossentropy", {"axis": 0}, "rows"),
    "categorical focal": ("CategoricalFocalCrossentropy", {}, "rows"),
    "categorical focal alpha": ("CategoricalFocalCrossentropy", {"alpha": 0.3, "gamma": 1.5}, "rows"),
    "categorical focal alphas": ("CategoricalFocalCrossentropy", {"alpha": [0.1, 0.2, 0.3, 0.4]}, "rows"),
    "categorical focal logits": (
        "CategoricalFocalCrossentropy",
        {"from_logits": True, "label_smoothing": 0.1},
        "scores",
    ),
    "categorical focal axis 0": ("CategoricalFocalCrossentropy", {"axis": 0}, "rows"),
    "sparse": ("SparseCategoricalCrossentropy", {}, "labels"),
    "sparse logits": ("SparseCategoricalCrossentropy", {"from_logits": True}, "scored labels"),
    "sparse ignoring": ("SparseCategoricalCrossentropy", {"ignore_class": 2}, "labels"),
    "sparse ignoring logits": (
        "SparseCategoricalCrossentropy",
        {"from_logits": True, "ignore_class": 1},
        "scored labels",
    ),
    "generalized": ("CategoricalGeneralizedCrossEntropy", {}, "labels"),
    "generalized q": ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, "labels"),
    "dice": ("Dice", {}, "yes"),
    "dice axis 1": ("Dice", {"axis": 1}, "yes"),
    "dice axes": ("Dice", {"axis": [0, -1]}, "yes"),
    "tversky": ("Tversky", {}, "yes"),
    "tversky alpha": ("Tversky", {"alpha": 0.3, "beta": 0.8}, "yes"),
    "tversky axis 1": ("Tversky", {"axis": 1, "alpha": 0.9}, "yes"),
    "tversky axes": ("Tversky", {"axis": [0, -1], "beta": 0.1}, "yes"),
    "circle": ("Circle", {}, "unit"),
    "circle gamma": ("Circle", {"gamma": 10.0, "margin": 0.2}, "unit"),
    "circle diagonal": ("Circle", {"gamma": 5.0, "remove_diagonal": False}, "unit"),
    "ctc": ("CTC", {}, "speech"),
}


def shape_of(sort: str) -> Shape:
    """The usual shape of predictions."""
    return (4, 7, 5) if sort == "speech" else (6, CLASSES)


def outcome(loss: Any, y_true: Any, y_pred: Any, *rest: Any, mask: Any = None) -> dict[str, Any]:
    """The value, and its gradient with respect to the predictions."""
    y_pred = torch.as_tensor(y_pred).detach().clone().requires_grad_()
    if mask is not None:
        y_pred._keras_mask = torch.as_tensor(mask)  # type: ignore[attr-defined]
    value = loss(torch.as_tensor(y_true), y_pred, *rest)
    (gradient,) = torch.autograd.grad(value.sum(), y_pred, allow_unused=True)
    return {"value": value, "gradient": gradient}
