"""The steps, loss and metrics of a model that its class may replace by its own."""

import functools
import inspect
import warnings
from collections.abc import Mapping
from typing import Any

import torch

from kerasviz.declare import Invalid
from kerasviz.training import step as steps
from kerasviz.training.data import unpack
from kerasviz.training.losses import sum_losses
from kerasviz.training.preparing import Preparing


class Overridable(Preparing):
    """What runs where a model overrides a part of training; else a step does that is put together once."""

    def train_step(self, data: Any) -> Any:
        """Learn from a batch; returns the logs. Override to train in another way."""
        x, y, sample_weight = unpack(data)
        compiled = self._known("train_step")
        y_pred = self(x, training=True)
        loss = self._loss_of(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
        rows = torch.tensor(float(steps.num_rows(x)), device=loss.device)
        with torch.no_grad():
            compiled.loss_tracker.update_state(loss.detach(), sample_weight=rows)
        variables = self.trainable_variables
        optimizer = steps.ready_optimizer(compiled.optimizer, variables)
        if not variables:
            warnings.warn(steps.NOTHING_TO_TRAIN, stacklevel=2)
            return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)
        for variable in variables:
            variable.grad = None
        scale = steps.scaler(optimizer)
        (loss if scale is None else scale(loss)).backward()
        optimizer.step()
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def test_step(self, data: Any) -> Any:
        """Evaluate a batch; returns the logs. Override to evaluate in another way."""
        x, y, sample_weight = unpack(data)
        y_pred = self(x, training=False)
        loss = self._loss_of(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)
        rows = torch.tensor(float(steps.num_rows(x)), device=loss.device)
        self._known("test_step").loss_tracker.update_state(loss, sample_weight=rows)
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    test_step.__test__ = False  # type: ignore[attr-defined]

    def predict_step(self, data: Any) -> Any:
        """Predict a batch. Override to predict in another way."""
        return self(unpack(data)[0], training=False)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The total loss of a batch, penalties and `add_loss` included. Override to train on another."""
        compiled = self._known("compute_loss")
        compiled.match(y, y_pred, getattr(self, "output_names", None))
        total, parts = compiled.loss(y, y_pred, sample_weight) if compiled.loss is not None else (None, [])
        if parts:
            rows = torch.tensor(float(steps.num_rows(y_pred)), device=parts[0].device)
            with torch.no_grad():
                for tracker, part in zip(compiled.part_trackers, parts, strict=True):
                    tracker.update_state(part.detach(), sample_weight=rows)
        losses = [*([] if total is None else [total]), *self.losses]
        total = sum_losses(losses)
        if total is None:
            raise Invalid("fit", "a loss to make smaller", None, "Pass compile(loss=...), or call add_loss in a layer.")
        return total

    def _loss_of(self, training: bool, **batch: Any) -> Any:
        """`compute_loss`, also where the model's own has no `training`, as older code writes it."""
        own = type(self).compute_loss
        if own is not Overridable.compute_loss and not takes_training(own):
            return self.compute_loss(**batch)
        return self.compute_loss(**batch, training=training)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Bring the metrics up to date with a batch; returns their values. Override to add some."""
        compiled = self._known("compute_metrics")
        compiled.match(y, y_pred, getattr(self, "output_names", None))
        if y is not None:
            compiled.metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """The values of all metrics by name, as tensors."""
        values: dict[str, Any] = {}
        for metric in self.metrics:
            value = metric.result()
            values.update(value if isinstance(value, Mapping) else {metric.name: value})
        return values

    @property
    def metrics(self) -> list[Any]:
        """The loss tracker, the metrics of `compile`, and those that are attributes of the model or its layers."""
        own = list(getattr(super(), "metrics", ()))
        if self._compiled is None:
            return own
        self._compiled.flush()
        mine = self._compiled.all_metrics
        known = {id(metric) for entry in mine for metric in (entry, *getattr(entry, "metrics", ()))}
        return mine + [metric for metric in own if id(metric) not in known]

    @property
    def metrics_names(self) -> list[str]:
        """Their names."""
        return [metric.name for metric in self.metrics]

    def reset_metrics(self) -> None:
        """Forget all batches."""
        if self._compiled is not None and self._compiled.tally is not None:
            self._compiled.tally.clear()
        for metric in self.metrics:
            metric.reset_state()


@functools.cache
def takes_training(function: Any) -> bool:
    """Whether it has an argument of that name, or takes any."""
    parameters = inspect.signature(function).parameters
    return "training" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
