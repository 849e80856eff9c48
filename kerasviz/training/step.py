"""What is done with a batch, put together once before a phase: no choices are left inside."""

import functools
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.graph.plan import is_hooked
from kerasviz.tensors import leaves
from kerasviz.training.compiled import Compiled
from kerasviz.training.data import Source, unpack
from kerasviz.training.extra_losses import extra_losses, has_losses, may_add_losses
from kerasviz.training.kept_step import renewed
from kerasviz.training.logs import floats
from kerasviz.training.losses import sum_losses
from kerasviz.training.shortcut import objective_for, shortcut_for
from kerasviz.training.tally import Tally

NO_PARTS: list[Tensor] = []
NOTHING_TO_TRAIN = "The model has no weights to train: all its layers are frozen, or have none."
Read = Callable[[], dict[str, Any]]
Objective = Callable[[Any, Any, Any], tuple[Tensor, list[Tensor]]]


def train_step(trainer: Any, compiled: Compiled, tally: Tally) -> Callable[[tuple], Read]:
    """The step of a model that overrides nothing: forward, loss, backward, optimizer; values wait in the tally."""
    forward = forward_of(trainer, compiled, training=True)
    variables = trainer.trainable_variables
    optimizer = ready_optimizer(compiled.optimizer, variables)
    apply, add, read = optimizer.step, tally.add, Reader(trainer, tally)
    scale = scaler(optimizer)
    if not variables:
        warnings.warn(NOTHING_TO_TRAIN, stacklevel=2)
        return test_step(trainer, compiled, tally)
    loss = compiled.loss
    if loss is not None:
        loss.check_reductions()
    if loss is not None and loss.is_plain and extra_losses(trainer, variables) is None and scale is None:
        return renewed(
            lambda variables: (
                descent_step(trainer, compiled, variables, apply, add, read)
                or plain_step(forward, loss.losses[0], variables, apply, add, read)
            ),
            trainer,
            variables,
        )
    objective = objective_of(trainer, compiled)

    def step(batch: tuple) -> Read:
        x, y, weight = unpack(batch)
        y_pred = forward(x)
        loss, parts = objective(y, y_pred, weight)
        for variable in variables:
            variable.grad = None
        (loss if scale is None else scale(loss)).backward()
        apply()
        add(loss, num_rows(x), parts, y, y_pred, weight)
        return read

    return step


def plain_step(
    forward: Callable[[Any], Any],
    loss_of: Any,
    variables: list[Any],
    apply: Callable[[], None],
    add: Callable[..., None],
    read: Read,
) -> Callable[[tuple], Read]:
    """The step of a model with one output and one loss."""
    shortcut = shortcut_for(loss_of)

    def step(batch: tuple) -> Read:
        x, y, weight = batch if len(batch) == 3 else (*batch, None, None)[:3]
        if type(y) is not Tensor:
            y = only(y)
        y_pred = forward(x)
        for variable in variables:
            variable.grad = None
        if shortcut is not None and weight is None and shortcut.fits(y, y_pred):
            loss = shortcut.backward(y, y_pred)
        else:
            loss = loss_of(y, y_pred) if weight is None else loss_of(y, y_pred, only(weight))
            loss.backward()
        apply()
        add(loss, len(y_pred), NO_PARTS, y, y_pred, weight)
        return read

    return step


def descent_step(
    trainer: Any,
    compiled: Compiled,
    variables: list[Any],
    apply: Callable[[], None],
    add: Callable[..., None],
    read: Read,
) -> Callable[[tuple], Read] | None:
    """The step of a model whose backward pass is written out; None where autograd is needed."""
    assert compiled.loss is not None
    calls_layers = compiled.run_eagerly or compiled.jit_compile or is_hooked(trainer)
    descent = None if calls_layers or not hasattr(trainer, "descent") else trainer.descent(variables)
    if descent is None or (objective := objective_for(compiled.loss.losses[0], descent.ends_with)) is None:
        return None
    function, flat = descent.function, trainer.flattener()
    trained = {id(weight) for weight in descent.trained()}
    others = [variable for variable in variables if id(variable) not in trained]

    @torch.no_grad()
    def step(batch: tuple) -> Read:
        x, y, weight = batch if len(batch) == 3 else (*batch, None, None)[:3]
        y = y if type(y) is Tensor else only(y)
        for variable in others:
            variable.grad = None
        y_pred, loss = function(*flat(x), objective, y, weight if weight is None else only(weight))
        apply()
        add(loss, len(y_pred), NO_PARTS, y, y_pred, weight)
        return read

    return step


def test_step(trainer: Any, compiled: Compiled, tally: Tally) -> Callable[[tuple], Read]:
    """Forward and loss, without gradients."""
    forward = forward_of(trainer, compiled, training=False)
    objective = objective_of(trainer, compiled)
    add, read = tally.add, Reader(trainer, tally)
    has_loss = compiled.loss is not None and any(loss is not None for loss in compiled.loss.losses)
    has_loss = has_loss or extra_losses(trainer) is not None
    nothing = torch.zeros(())

    @torch.no_grad()
    def step(batch: tuple) -> Read:
        x, y, weight = unpack(batch)
        y_pred = forward(x)
        loss, parts = objective(y, y_pred, weight) if has_loss else (nothing, NO_PARTS)
        add(loss, num_rows(x), parts, y, y_pred, weight)
        return read

    return step


test_step.__test__ = False  # type: ignore[attr-defined]  # pytest: not a test


def predict_step(trainer: Any, compiled: Compiled | None) -> Callable[[tuple], Any]:
    """Forward, without gradients."""
    forward = forward_of(trainer, compiled, training=False)

    @torch.no_grad()
    def step(batch: tuple) -> Any:
        return forward(batch[0])

    return step


def custom_step(trainer: Any, method: Callable[[Any], Any], source: Source) -> Callable[[tuple], Read]:
    """The user's own `train_step` or `test_step`, with data in the form that Keras gives it."""
    read = Reader(trainer)
    method = with_data_of(source, method)

    def step(batch: tuple) -> Read:
        logs = method(batch)
        if not isinstance(logs, Mapping):
            return read if logs is None else functools.partial(floats, {"loss": logs})
        return functools.partial(floats, logs)

    return step


def with_data_of(source: Source, method: Callable[[Any], Any]) -> Callable[[tuple], Any]:
    """The user's own step, for batches: inputs alone come as they are, and not in a tuple."""
    return lambda batch: method(batch[0] if source.bare else batch)


class Reader:
    """Reads the values of all metrics; or only the loss of the newest batch, which costs less."""

    __slots__ = ("tally", "trainer")

    def __init__(self, trainer: Any, tally: Tally | None = None) -> None:
        self.trainer = trainer
        self.tally = tally

    def __call__(self) -> dict[str, Any]:
        """All values, by name."""
        return floats(self.trainer.get_metrics_result())

    def newest_loss(self) -> float | None:
        """The loss of the newest batch alone."""
        newest = None if self.tally is None else self.tally.newest
        return None if newest is None else float(newest)


def forward_of(trainer: Any, compiled: Compiled | None, training: bool) -> Callable[[Any], Any]:
    """The function from inputs to outputs: the model's plan, or a call where the user wants to look inside."""
    if (compiled is not None and compiled.run_eagerly) or is_hooked(trainer):
        return functools.partial(trainer, training=training)
    forward = trainer.forward_function(training)
    if compiled is not None and compiled.jit_compile:
        forward = torch.compile(forward)
    if not may_add_losses(trainer) and not has_losses(trainer):
        return forward

    def forgetting(x: Any) -> Any:
        trainer._clear_losses()  # those of the last batch
        return forward(x)

    return forgetting if hasattr(trainer, "_clear_losses") else forward


def ready_optimizer(optimizer: Any, variables: list[Any]) -> Any:
    """The optimizer, knowing its weights.

    Raises:
        Invalid: where nothing can be trained.
    """
    if optimizer is None:
        raise Invalid("fit", "an optimizer", None, "Call model.compile(optimizer=...).")
    if not getattr(optimizer, "built", False):
        optimizer.build(variables)
    known = getattr(optimizer, "_trainable_variables", None)
    if known is not None:
        ids = {id(variable) for variable in known}
        for variable in variables:
            if id(variable) not in ids:
                where, hint = "compile(optimizer=...)", "Compile again after weights became trainable."
                expected = "an optimizer built for all weights that are trained"
                raise Invalid(where, expected, f"one that does not know {variable.path}", hint)
        for variable in known:
            variable.grad = None  # a weight frozen since the last step must not move by an old gradient
    return optimizer


def scaler(optimizer: Any) -> Callable[[Tensor], Tensor] | None:
    """What scales the loss before `backward`, so that small float16 gradients survive."""
    if getattr(optimizer, "loss_scale_factor", None) or type(optimizer).__name__ == "LossScaleOptimizer":
        return optimizer.scale_loss
    return None


def objective_of(trainer: Any, compiled: Compiled) -> Objective:
    """The total loss of a batch, and the loss of each output."""
    loss_of = compiled.loss
    extra_of = extra_losses(trainer)

    def objective(y: Any, y_pred: Any, weight: Any) -> tuple[Tensor, list[Tensor]]:
        total, parts = loss_of(y, y_pred, weight) if loss_of is not None else (None, [])
        if extra_of is not None:
            extra = sum_losses(extra_of())
            total = extra if total is None else total if extra is None else total + extra
        if total is None:
            hint = "Pass compile(loss=...), or call add_loss in a layer."
            raise Invalid("fit", "a loss to make smaller", None, hint)
        return total, parts

    return objective


def only(value: Any) -> Any:
    """The single tensor in a list or dict of one."""
    return value if isinstance(value, Tensor) else next(leaves(value))


def num_rows(x: Any) -> int:
    """How many samples the batch has."""
    return next(len(leaf) for leaf in leaves(x) if hasattr(leaf, "shape"))  # texts are no tensors
