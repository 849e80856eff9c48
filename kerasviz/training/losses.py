"""The loss that `compile` was told, resolved: one number from targets, predictions and weights."""

import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.declare.families import family
from kerasviz.losses.reduction import masked_weight, reduce_values
from kerasviz.training.outputs import Outputs


class TorchLoss:
    """One of torch's losses, which take predictions first, as a loss of ours.

    Class labels become int64 for losses over classes; targets take the predictions' shape where only that differs.
    """

    reduction = "sum_over_batch_size"

    def __init__(self, function: Any) -> None:
        import copy

        self.given = function
        self.name = getattr(function, "__name__", type(function).__name__)
        self.function = copy.copy(function)
        self.over_classes = "nll" in self.name.lower() or "crossentropy" in self.name.lower().replace("_", "")
        self.over_classes = self.over_classes and "binary" not in self.name.lower()
        self.per_sample = copy.copy(function)
        if isinstance(function, torch.nn.Module):
            self.per_sample.reduction = "none"

    def __call__(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """The loss as torch reduces it; with weights, their weighted mean."""
        y_true = self._fitted(y_true, y_pred)
        if sample_weight is None:
            return self.function(y_pred, y_true)
        if not isinstance(self.function, torch.nn.Module):
            values = self.function(y_pred, y_true, reduction="none")
        else:
            values = self.per_sample(y_pred, y_true)
        weight = sample_weight.reshape(sample_weight.shape + (1,) * (values.ndim - sample_weight.ndim))
        return (values * weight).mean()

    def _fitted(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        if self.over_classes and y_true.shape != y_pred.shape:
            return y_true.squeeze(-1).long() if y_true.ndim == y_pred.ndim else y_true.long()
        return y_true.reshape(y_pred.shape).to(y_pred.dtype) if y_true.numel() == y_pred.numel() else y_true


class FunctionLoss:
    """A function of the user's, `f(y_true, y_pred)`, averaged over samples."""

    reduction = "sum_over_batch_size"

    def __init__(self, function: Callable) -> None:
        self.given = function
        self.function = function
        self.name = getattr(function, "__name__", type(function).__name__).strip("<>")  # of a lambda

    def __call__(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None) -> Tensor:
        """The mean over what the function returns for each sample."""
        if y_true.is_floating_point() and y_true.ndim != y_pred.ndim and y_true.numel() == y_pred.numel():
            y_true = y_true.reshape(y_pred.shape)
        values = self.function(y_true, y_pred)
        mask = getattr(y_pred, "_keras_mask", None)
        if mask is not None and mask.shape != values.shape:
            mask = None  # the function has summed over what it would weigh
        weight = masked_weight(sample_weight, mask, values.dtype, self.reduction)
        return reduce_values(values, weight, self.reduction)


def resolve_loss(given: Any, where: str = "compile(loss=...)") -> Any:
    """A loss object for a name, config, class, object, function, or one of torch's losses."""
    if isinstance(given, (TorchLoss, FunctionLoss)) or given is None:
        return given
    if is_torch_loss(given):
        return TorchLoss(given)
    found = family("loss").get(given, where)
    if isinstance(found, torch.nn.modules.loss._Loss):
        return TorchLoss(found)
    if hasattr(found, "call") and hasattr(found, "reduction"):
        return found
    if isinstance(given, str):
        wrapped = loss_object(found)
        if wrapped is not None:
            return wrapped
    return FunctionLoss(found) if callable(found) else found


def loss_object(function: Callable) -> Any:
    """The class of ours that stands for a loss function of ours: `mean_squared_error` -> `MeanSquaredError()`."""
    from kerasviz.declare import snake_case

    for name, member in family("loss").members().items():
        if isinstance(member, type) and snake_case(name) == function.__name__:
            return member()
    return None


def is_torch_loss(given: Any) -> bool:
    """Whether it is one of torch's losses or their functions."""
    return isinstance(given, torch.nn.modules.loss._Loss) or getattr(given, "__module__", "") == "torch.nn.functional"


def torch_losses(given: Any) -> list[str]:
    """The names of torch's losses in a nest."""
    if is_one_loss(given):
        is_class = isinstance(given, type) and issubclass(given, torch.nn.modules.loss._Loss)
        return [getattr(given, "__name__", type(given).__name__)] if is_class or is_torch_loss(given) else []
    ones = given.values() if isinstance(given, Mapping) else given
    return [name for one in ones for name in torch_losses(one)]


def is_one_loss(given: Any) -> bool:
    """Whether `given` is one loss, and not a list or dict of them."""
    return not isinstance(given, (list, tuple)) and not (isinstance(given, Mapping) and "class_name" not in given)


def is_number(given: Any) -> bool:
    """Whether it is one weight, and not a list or dict of them."""
    return isinstance(given, numbers.Real)


def check_losses(given: Any) -> None:
    """Resolve every loss in a nest once, so that a wrong name is an error of `compile`."""
    if is_one_loss(given):
        resolve_loss(given)
        return
    for one in given.values() if isinstance(given, Mapping) else given:
        check_losses(one)


class CompiledLoss:
    """The weighted sum of the outputs' losses.

    Args:
        outputs: the model's outputs.
        loss: what `compile` was told: one loss, or a nest of them.
        weights: a factor per output.

    Attributes:
        losses: one per output; None where it has none.
        names: of the outputs' losses in the logs, where there are several.
    """

    def __init__(self, outputs: Outputs, loss: Any, weights: Any = None) -> None:
        self.outputs = outputs
        placed = outputs.settings(loss, "compile(loss=...)", is_one_loss)
        self.losses = [resolve_loss(one) for one in outputs.in_order(placed)]
        self.order = [place for place in placed if self.losses[place] is not None]
        self.factors = [1.0] * len(outputs)
        for place, factor in outputs.settings(weights, "compile(loss_weights=...)", is_number).items():
            if factor is not None and not is_number(factor):
                raise Invalid("compile(loss_weights=...)", "a number for each output", factor)
            self.factors[place] = 1.0 if factor is None else float(factor)
        own = {p: placed[p] if isinstance(placed[p], str) else self.losses[p].name for p in self.order}
        self.names = unique([outputs.loss_name(place, own[place]) for place in self.order]) if len(own) > 1 else []

    @property
    def is_plain(self) -> bool:
        """Whether it is one loss of one output, as it is."""
        return self.outputs.is_single and self.factors == [1.0] and self.losses[0] is not None

    def check_reductions(self) -> None:
        """Only a number can be made smaller.

        Raises:
            Invalid: naming a loss that gives several.
        """
        for place in self.order:
            loss = self.losses[place]
            reduction = getattr(getattr(loss, "function", loss), "reduction", "mean")
            if reduction in (None, "none"):
                where = f'compile(loss=...), output "{self.outputs.names[place]}"'
                hint = "Leave `reduction` out."
                raise Invalid(where, "a loss that is one number for a batch", f"reduction={reduction!r}", hint)

    def __call__(self, y: Any, y_pred: Any, sample_weight: Any = None) -> tuple[Tensor | None, list[Tensor]]:
        """The sum, and the loss of each output that has one where there are several."""
        targets = self.outputs.targets(y)
        weights = self.outputs.weights(sample_weight)
        predictions = self.outputs.predictions(y_pred)
        total, parts = None, []
        for place in self.order:
            if targets[place] is None:
                where = f'output "{self.outputs.names[place]}"'
                raise Invalid(where, "targets, since it has a loss", None, "Pass y for it, or leave its loss out.")
            part = self.losses[place](targets[place], predictions[place], weights[place])
            parts.append(part)
            part = part if self.factors[place] == 1.0 else part * self.factors[place]
            total = part if total is None else total + part
        return total, parts if self.names else []


def unique(names: list[str]) -> list[str]:
    """The names, with a number after those that came before."""
    counts: dict[str, int] = {}
    made = []
    for name in names:
        count = counts[name] = counts.get(name, -1) + 1
        made.append(f"{name}_{count}" if count else name)
    return made


def sum_losses(losses: Sequence[Tensor]) -> Tensor | None:
    """Their sum; None of none."""
    total = None
    for loss in losses:
        loss = loss if loss.ndim == 0 else loss.mean()
        total = loss if total is None else total + loss
    return total
