"""What a classifier makes of its samples: confusion and mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasviz.widgets.data import Data, with_axes

MOST = 20_000  # samples that are predicted


class Evaluation:
    """Predictions of the shown samples, as they were with the weights of one moment.

    Args:
        model: predicts classes: one probability each, or one for two.
        data: the samples.
        labels: the true class of each.
    """

    def __init__(self, model: Any, data: Data, labels: np.ndarray) -> None:
        from kerasviz.insight.statistics import confusion
        from kerasviz.widgets.training_view import input_shape

        x, _ = data.shown
        self._mark = mark_of(model)
        self.labels = labels[:MOST]
        self.scores = predicted(model, with_axes(x[:MOST], input_shape(model)))
        self.matrix = confusion(self.labels, self.scores, data.num_classes)
        self.names = [str(index) for index in range(len(self.matrix))]

    def is_of(self, model: Any) -> bool:
        """Whether the model's weights are still those."""
        return mark_of(model) == self._mark

    def mistakes(self, true: int | None, predicted: int | None, limit: int) -> list[dict[str, Any]]:
        """Wrong predictions, the most confident first; of one true or predicted class where that is asked for."""
        from kerasviz.insight.statistics import mistakes

        return mistakes(self.labels, self.scores, true=true, predicted=predicted, limit=limit)


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


def mark_of(model: Any) -> tuple:
    """What changes when the weights do: their sums. torch's own counters miss fused optimizers."""
    return id(model), tuple(float(weight.detach().double().sum()) for weight in model.weights)


def device_of(model: Any) -> Any:
    """Where the weights are."""
    return next((weight.device for weight in model.weights), "cpu")
