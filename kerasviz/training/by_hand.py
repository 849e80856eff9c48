"""What a loop written by hand takes from a model: its steps as functions, its loss with other values as weights."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from kerasviz.declare import Invalid
from kerasviz.tensors import StatelessScope
from kerasviz.training.overridable import Overridable
from kerasviz.training.results import joined_tensors

BatchFunction = Callable[[Iterable[Any]], Any]


class ByHand(Overridable):
    """The part of a trainer that `fit` does not need.

    Attributes:
        train_function: what `make_train_function` made, if it was called.
        test_function: what `make_test_function` made.
        predict_function: what `make_predict_function` made.
    """

    non_trainable_variables: list[Any]
    metrics_variables: list[Any]
    train_function: BatchFunction | None = None
    test_function: BatchFunction | None = None
    predict_function: BatchFunction | None = None

    def make_train_function(self, force: bool = False) -> BatchFunction:
        """A function that learns from batches, a list or iterator of them, and gives the logs of the last.

        Where a model overrides this method, `fit` calls the function with each batch, in a list.

        Args:
            force: whether to make it anew where there is one.
        """
        if self.train_function is None or force:
            self.train_function = last_of(self.train_step, "make_train_function")
        return self.train_function

    def make_test_function(self, force: bool = False) -> BatchFunction:
        """A function that evaluates batches, and gives the logs of the last. `evaluate` calls it where overridden.

        Args:
            force: whether to make it anew where there is one.
        """
        if self.test_function is None or force:
            self.test_function = torch.no_grad()(last_of(self.test_step, "make_test_function"))
        return self.test_function

    def make_predict_function(self, force: bool = False) -> BatchFunction:
        """A function that gives the outputs for batches, joined. `predict` calls it where overridden.

        Args:
            force: whether to make it anew where there is one.
        """
        if self.predict_function is None or force:
            self.predict_function = torch.no_grad()(all_of(self.predict_step))
        return self.predict_function

    def stateless_compute_loss(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        metrics_variables: Sequence[Any],
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tuple[Any, tuple[list[Any], list[Any], list[Any]]]:
        """The loss with other values in place of the variables; no variable changes, and gradients flow to the values.

        Args:
            trainable_variables: a value for each of `self.trainable_variables`.
            non_trainable_variables: a value for each of `self.non_trainable_variables`.
            metrics_variables: a value for each of `self.metrics_variables`.
            x: inputs, as `compute_loss` takes them; so are the rest.
            y: targets.
            y_pred: outputs.
            sample_weight: a weight for each sample.
            training: whether the loss is learned from.

        Returns:
            The loss, and the values of the three kinds of variables after it.

        Raises:
            Invalid: where the number of values or a shape does not fit.
        """
        where = f"{type(self).__name__}.stateless_compute_loss"
        kinds = {
            "trainable_variables": (self.trainable_variables, trainable_variables),
            "non_trainable_variables": (self.non_trainable_variables, non_trainable_variables),
            "metrics_variables": (self.metrics_variables, metrics_variables),
        }
        pairs = []
        for name, (variables, values) in kinds.items():
            if len(values) != len(variables):
                raise Invalid(f"{where}({name}=...)", f"{len(variables)} values", f"{len(values)}")
            pairs += zip(variables, values, strict=True)
        with StatelessScope(pairs) as scope:
            loss = self._loss_of(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
        first, second, third = ([scope.value_of(v) for v in variables] for variables, _ in kinds.values())
        return loss, (first, second, third)


def last_of(step: Callable[[Any], Any], where: str) -> BatchFunction:
    """A function of batches that gives what the step says of the last."""

    def of_batches(batches: Iterable[Any]) -> Any:
        logs = None
        for batch in batches:
            logs = step(batch)
        if logs is None:
            raise Invalid(where, "at least one batch", "none", "Pass a list of them: `function([(x, y)])`.")
        return logs

    return of_batches


def all_of(step: Callable[[Any], Any]) -> BatchFunction:
    """A function of batches that gives their outputs, joined."""
    return lambda batches: joined_tensors([step(batch) for batch in batches])
