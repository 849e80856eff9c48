"""What `compile` was told, resolved."""

import inspect
import numbers
from collections.abc import Sequence
from typing import Any

import torch

from kerasviz.declare import Invalid, serialize
from kerasviz.declare.families import family
from kerasviz.training.losses import CompiledLoss, check_losses
from kerasviz.training.metrics import CompiledMetrics, metric_class
from kerasviz.training.outputs import Outputs
from kerasviz.training.tally import Tally


class TorchOptimizer:
    """One of torch's optimizers, with what training needs of an optimizer of ours.

    Args:
        given: an optimizer over the model's parameters, or a class or function that makes one of them.
    """

    def __init__(self, given: Any) -> None:
        self.given = given
        self.inner: Any = given if isinstance(given, torch.optim.Optimizer) else None
        self.iterations = 0
        self.built = False
        self.variables: list[Any] = []
        self.name = type(given).__name__ if self.inner is not None else getattr(given, "__name__", "optimizer")
        self._constrained: list[Any] = []

    def build(self, variables: list[Any]) -> None:
        """Take the weights that are trained."""
        if self.inner is None:
            self.inner = self.given(variables)
        mine = {id(parameter) for group in self.inner.param_groups for parameter in group["params"]}
        if variables and not any(id(variable) in mine for variable in variables):
            hint = "Make it from model.parameters(), or pass the class: compile(torch.optim.Adam)."
            raise Invalid("compile(optimizer=...)", "an optimizer over this model's weights", self.name, hint)
        closure = inspect.signature(self.inner.step).parameters.get("closure")
        if closure is not None and closure.default is inspect.Parameter.empty:
            expected = "an optimizer whose step needs one gradient"
            raise Invalid("compile(optimizer=...)", expected, self.name, "It calls the loss itself: write a loop.")
        self._constrained = [v for v in variables if getattr(v, "constraint", None) is not None]
        self.built = True

    def step(self) -> None:
        """Change the weights against their gradients."""
        self.inner.step()
        self.iterations += 1
        if self._constrained:
            with torch.no_grad():
                for variable in self._constrained:
                    variable.copy_(variable.constraint(variable))

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Change `trainable_variables` against `grads`."""
        for variable, grad in zip(trainable_variables or (), grads, strict=True):
            variable.grad = grad
        self.step()

    @property
    def learning_rate(self) -> float:
        """The rate of the first group; setting it sets all groups'."""
        return float(self.inner.param_groups[0]["lr"])

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        for group in self.inner.param_groups:
            group["lr"] = float(value)


def resolve_optimizer(given: Any) -> Any:
    """An optimizer object for a name, config, class or object of ours, or one of torch's."""
    if isinstance(given, torch.optim.Optimizer):
        return TorchOptimizer(given)
    if isinstance(given, type) and issubclass(given, torch.optim.Optimizer):
        return TorchOptimizer(given)
    if given is None or isinstance(given, TorchOptimizer):
        return given
    found = family("optimizer").get(given, "compile(optimizer=...)")
    if not hasattr(found, "step") and callable(found):
        return TorchOptimizer(found)
    return found


def whole_steps(given: Any) -> int:
    """How many batches a step takes.

    Raises:
        Invalid: where it is not a whole number above zero.
    """
    if isinstance(given, bool) or not isinstance(given, numbers.Integral) or int(given) < 1:
        raise Invalid("compile(steps_per_execution=...)", "a whole number at least 1", given)
    return int(given)


class Compiled:
    """Optimizer, loss and metrics of a model. Loss and metrics are matched to the outputs by the first batch.

    Args:
        arguments: those of `compile`, by name.
    """

    def __init__(self, arguments: dict[str, Any]) -> None:
        self.arguments = arguments
        self.optimizer = resolve_optimizer(arguments["optimizer"])
        self.run_eagerly = bool(arguments["run_eagerly"])
        self.jit_compile = arguments["jit_compile"] is True
        self.steps_per_execution = whole_steps(arguments["steps_per_execution"])
        self.loss_tracker = metric_class("Mean")(name="loss")
        self.part_trackers: list[Any] = []
        self.outputs: Outputs | None = None
        self.loss: CompiledLoss | None = None
        self.metrics = CompiledMetrics(arguments["metrics"], arguments["weighted_metrics"])
        self.tally: Tally | None = None
        self.kept_step: Any = None  # of the last training, for the next: see `step.KeptStep`
        check_losses(arguments["loss"])

    def __getstate__(self) -> dict[str, Any]:
        """For copies and pickles: the step is put together anew."""
        return self.__dict__ | {"kept_step": None}

    def match(self, y: Any, y_pred: Any, names: Sequence[str] | None) -> None:
        """Learn the outputs from a batch's predictions, and match losses and metrics to them."""
        if self.outputs is None:
            outputs = Outputs(y_pred, names)
            self.loss = CompiledLoss(outputs, self.arguments["loss"], self.arguments["loss_weights"])
            self.part_trackers = [metric_class("Mean")(name=name) for name in self.loss.names]
            self.outputs = outputs
        if not self.metrics.built and y is not None:  # none: an autoencoder's add_loss, nothing to compare with
            self.metrics.match(self.outputs, y, y_pred)

    def new_tally(self, lasting: bool) -> Tally:
        """A tally for batches of a source; what waited in the last one is taken into account first."""
        if self.tally is not None:
            self.tally.flush()
        self.tally = Tally(self.loss_tracker, self.part_trackers, self.metrics, lasting)
        return self.tally

    def scale_losses(self) -> None:
        """Let the optimizer scale the loss, so that small float16 gradients survive."""
        scaling = family("optimizer").members().get("LossScaleOptimizer")
        if self.optimizer is not None and scaling is not None and not isinstance(self.optimizer, scaling):
            self.optimizer = scaling(self.optimizer)

    def config(self) -> dict[str, Any]:
        """The arguments of `compile` in JSON form; the optimizer as it is now."""
        given = {name: value for name, value in self.arguments.items() if name != "auto_scale_loss"}
        given |= {"optimizer": self.optimizer, "jit_compile": self.jit_compile}
        return {name: serialize(value) for name, value in given.items()}

    def flush(self) -> None:
        """Bring trackers and metrics up to date."""
        if self.tally is not None:
            self.tally.flush()

    @property
    def all_metrics(self) -> list[Any]:
        """Trackers and metrics in Keras's order."""
        collected = [self.metrics] if self.metrics else []
        return [self.loss_tracker, *collected, *self.part_trackers]
