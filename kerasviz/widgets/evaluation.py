"""What a classifier makes of its samples: confusion and mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasviz.widgets.data import Data, with_axes
from kerasviz.widgets.messages import Mistake

MOST = 20_000  # samples that are predicted


class Evaluation:
    """Predictions of the shown samples, as they were with the weights of one moment.

    Args:
        model: predicts classes: one probability each, or one for two.
        data: the samples.
        labels: the true class of each.
    """

    def __init__(self, model: Any, data: Data, labels: np.ndarray) -> None:
        from kerasviz.widgets.training_view import input_shape

        x, _ = data.shown
        self._mark = mark_of(model)
        self.true = labels[:MOST]
        scores = predicted(model, with_axes(x[:MOST], input_shape(model)))
        self.predicted, self.confidence = classes_of(scores)
        count = max(data.num_classes or 0, int(self.predicted.max(initial=0)) + 1, int(self.true.max(initial=0)) + 1)
        self.names = [str(index) for index in range(count)]

    def is_of(self, model: Any) -> bool:
        """Whether the model's weights are still those."""
        return mark_of(model) == self._mark

    def confusion(self) -> np.ndarray:
        """How often which class (row) was taken for which (column)."""
        count = len(self.names)
        return np.bincount(self.true * count + self.predicted, minlength=count * count).reshape(count, count)

    def mistakes(self, true: int | None, predicted: int | None, limit: int) -> list[Mistake]:
        """Wrong predictions, the most confident first; of one true or predicted class where that is asked for."""
        wrong = self.true != self.predicted
        if true is not None and true == predicted:
            wrong = np.ones_like(wrong)  # a cell of the diagonal: what it got right
        for asked, values in ((true, self.true), (predicted, self.predicted)):
            if asked is not None:
                wrong = wrong & (values == asked)
        found = np.flatnonzero(wrong)
        found = found[np.argsort(-self.confidence[found], kind="stable")][:limit]
        return [
            {
                "index": int(index),
                "true": int(self.true[index]),
                "predicted": int(self.predicted[index]),
                "confidence": float(self.confidence[index]),
            }
            for index in found
        ]


def predicted(model: Any, x: np.ndarray) -> np.ndarray:
    """The model's outputs, without touching the state of a training."""
    import torch

    run = model.forward_function(training=False)
    parts = []
    with torch.no_grad():
        for begin in range(0, len(x), 256):
            outputs = run(torch.as_tensor(np.ascontiguousarray(x[begin : begin + 256]), device=device_of(model)))
            parts.append(outputs.detach().float().cpu().numpy())
    return np.concatenate(parts)


def classes_of(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The class of each row of outputs, and how sure it is; logits are brought to probabilities."""
    if scores.ndim == 1 or scores.shape[-1] == 1:
        one = scores.reshape(-1)
        one = 1 / (1 + np.exp(-one)) if (one < 0).any() or (one > 1).any() else one
        return (one > 0.5).astype(int), np.maximum(one, 1 - one)
    scores = scores.reshape(len(scores), -1)
    if (scores < 0).any() or not np.allclose(scores.sum(1), 1, atol=1e-3):
        scores = np.exp(scores - scores.max(1, keepdims=True))
        scores = scores / scores.sum(1, keepdims=True)
    return scores.argmax(1), scores.max(1)


def mark_of(model: Any) -> tuple:
    """What changes when the weights do."""
    return id(model), tuple(weight._version for weight in model.weights)


def device_of(model: Any) -> Any:
    """Where the weights are."""
    return next((weight.device for weight in model.weights), "cpu")
