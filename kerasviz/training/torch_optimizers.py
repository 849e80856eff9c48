"""Torch's optimizers and schedulers of learning rates, given to `compile`."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from kerasviz.declare import Invalid

WHERE = "compile(optimizer=...)"
EPOCH, BATCH = "epoch", "batch"


class TorchOptimizer:
    """One of torch's optimizers, with what training needs of an optimizer of ours; the rest is the optimizer's own.

    Args:
        given: an optimizer over the model's parameters, or a class or function that makes one of them.
        schedule: one of torch's schedulers, or what makes one of the optimizer.
        every: whether the scheduler goes on after each "epoch" or each "batch".

    Attributes:
        inner: torch's optimizer; None until one is made.
        scheduler: torch's scheduler, if there is one.
        iterations: the steps made.
    """

    inner: Any = None
    scheduler: Any = None
    loss_scale_factor: float | None = None

    def __init__(self, given: Any, schedule: Any = None, every: str = EPOCH) -> None:
        self.given = given
        self.inner = given if isinstance(given, torch.optim.Optimizer) else None
        self.schedule = schedule
        self.every = every
        self.iterations = 0
        self.built = False
        self.variables: list[Any] = []
        made_by = getattr(given, "func", given)  # of a functools.partial
        self.name = type(given).__name__ if self.inner is not None else getattr(made_by, "__name__", "optimizer")
        self._trainable_variables: list[Any] | None = None
        self._constrained: list[Any] = []
        self._scaler: Any = None
        self._each_batch: Callable[[], Any] | None = None

    def __getattr__(self, name: str) -> Any:
        if self.inner is None or name.startswith("_"):
            raise AttributeError(f"{type(self).__name__} has no `{name}`.")
        return getattr(self.inner, name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def build(self, variables: list[Any]) -> None:
        """Take the weights that are trained."""
        if self.inner is None:
            if not variables:
                return  # torch's refuse to be made of none
            self.inner = self.given(variables)
            self._trainable_variables = list(variables)
        mine = {id(parameter) for group in self.inner.param_groups for parameter in group["params"]}
        if variables and not any(id(variable) in mine for variable in variables):
            hint = "Make it from model.parameters(), or pass the class: compile(torch.optim.Adam)."
            raise Invalid(WHERE, "an optimizer over this model's weights", self.name, hint)
        closure = inspect.signature(self.inner.step).parameters.get("closure")
        if closure is not None and closure.default is inspect.Parameter.empty:
            hint = "It calls the loss itself: write a loop."
            raise Invalid(WHERE, "an optimizer whose step needs one gradient", self.name, hint)
        self._constrained = [v for v in variables if getattr(v, "constraint", None) is not None]
        self._make_scheduler()
        if self.loss_scale_factor is not None:
            kind = variables[0].device.type if variables else "cpu"
            self._scaler = torch.amp.GradScaler(kind, init_scale=self.loss_scale_factor)
        self.built = True

    def _make_scheduler(self) -> None:
        """The scheduler, over this optimizer."""
        if self.schedule is None or self.scheduler is not None:
            return
        is_made = is_scheduler(self.schedule)
        self.scheduler = self.schedule if is_made else self.schedule(self.inner)
        if self.scheduler.optimizer is not self.inner:
            hint = "Make it from the optimizer that stands beside it."
            raise Invalid(WHERE, "a scheduler over the same optimizer", type(self.scheduler).__name__, hint)
        if self.every == BATCH:
            self._each_batch = self.scheduler.step

    def step(self) -> None:
        """Change the weights against their gradients."""
        if self._scaler is None:
            self.inner.step()
        else:
            self._scaler.step(self.inner)
            self._scaler.update()
        self.iterations += 1
        if self._each_batch is not None:
            self._each_batch()
        if self._constrained:
            with torch.no_grad():
                for variable in self._constrained:
                    variable.copy_(variable.constraint(variable))

    def end_epoch(self, logs: dict[str, Any]) -> None:
        """Note the rate of an epoch that is over, and let the scheduler go on.

        Args:
            logs: of the epoch; gets "learning_rate". A ReduceLROnPlateau looks at its "val_loss", or "loss".
        """
        if self.scheduler is None:
            return
        logs["learning_rate"] = self.learning_rate
        if self.every != EPOCH:
            return
        if isinstance(self.scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
            watched = next((logs[name] for name in ("val_loss", "loss") if name in logs), None)
            if watched is None:
                raise Invalid(WHERE, '"val_loss" or "loss" in the logs, for ReduceLROnPlateau', sorted(logs))
            self.scheduler.step(watched)
        else:
            self.scheduler.step()

    def scale_losses(self) -> None:
        """Scale losses by `torch.amp.GradScaler`, which reads from the device at each step whether all is finite."""
        self.loss_scale_factor = 2.0**15

    def scale_loss(self, loss: Any) -> Any:
        """The loss to call `backward` on."""
        return loss if self._scaler is None else self._scaler.scale(loss)

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Change `trainable_variables` against `grads`."""
        variables = list(trainable_variables or self._trainable_variables or ())
        if not self.built:
            self.build(variables)
        for variable, grad in zip(variables, grads, strict=True):
            variable.grad = grad
        self.step()

    def apply_gradients(self, grads_and_vars: Any) -> None:
        """Change variables against gradients, given in pairs."""
        grads, variables = zip(*grads_and_vars, strict=True)
        self.apply(grads, variables)

    @property
    def learning_rate(self) -> float:
        """The rate of the first group; setting it sets all groups'."""
        return float(self._groups()[0]["lr"])

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        for group in self._groups():
            group["lr"] = float(value)

    def _groups(self) -> list[dict[str, Any]]:
        if self.inner is None:
            hint = "The first training makes it."
            raise Invalid("optimizer.learning_rate", "an optimizer that is made already", self.name, hint)
        return self.inner.param_groups

    def state_dict(self) -> dict[str, Any]:
        """The state of optimizer, scheduler and scaling, and the number of steps."""
        parts = {"optimizer": self.inner, "scheduler": self.scheduler, "scaler": self._scaler}
        kept = {name: part.state_dict() for name, part in parts.items() if part is not None}
        return {**kept, "iterations": self.iterations}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` gave."""
        parts = {"optimizer": self.inner, "scheduler": self.scheduler, "scaler": self._scaler}
        for name, part in parts.items():
            if part is not None and name in state_dict:
                part.load_state_dict(state_dict[name])
        self.iterations = state_dict["iterations"]


def is_scheduler(value: Any) -> bool:
    """Whether it is one of torch's schedulers, made already."""
    return isinstance(value, torch.optim.lr_scheduler.LRScheduler)


def torch_optimizer(given: Any) -> TorchOptimizer | None:
    """The optimizer for one of torch's, its class, or a pair of one and a scheduler; None for anything else.

    Raises:
        Invalid: for a tuple of something else.
    """
    if isinstance(given, TorchOptimizer):
        return given
    if isinstance(given, torch.optim.Optimizer):
        return TorchOptimizer(given)
    if isinstance(given, type) and issubclass(given, torch.optim.Optimizer):
        return TorchOptimizer(given)
    if is_scheduler(given):
        return TorchOptimizer(given.optimizer, given)
    return with_schedule(given) if isinstance(given, (tuple, list)) else None


def with_schedule(given: Sequence[Any]) -> TorchOptimizer:
    """(optimizer, scheduler) or (optimizer, scheduler, "batch")."""
    expected = 'torch\'s (optimizer, scheduler), with "epoch" or "batch" as a third where it is said when it goes on'
    if len(given) not in (2, 3) or not callable(getattr(given[1], "step", given[1])):
        raise Invalid(WHERE, expected, given)
    optimizer, schedule, every = (*given, EPOCH)[:3]
    makes = callable(optimizer) and not hasattr(optimizer, "learning_rate")
    if every not in (EPOCH, BATCH) or not (isinstance(optimizer, torch.optim.Optimizer) or makes):
        hint = "Rates of Keras's optimizers follow `keras.optimizers.schedules` or a callback."
        raise Invalid(WHERE, expected, given, hint)
    return TorchOptimizer(optimizer, schedule, every)
