"""Optimizer: changes weights against their gradients. What all optimizers do is here, once."""

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.optimizers import clipping
from kerasviz.optimizers.kernels import kernels
from kerasviz.optimizers.state import OptimizerState


class Optimizer(OptimizerState):
    """Changes weights against their gradients.

    A subclass says in `slots` which arrays it keeps for every weight, and in `update` what it does with lists of
    weights, gradients and slots. A class of the user's may write `build` and `update_step`, as in Keras.
    """

    def scale_loss(self, loss: Any) -> Any:
        """The loss to call `backward` on: scaled where `loss_scale_factor` is set."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # --- steps ----------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Change the weights against the gradients that `loss.backward()` left in their `grad`."""
        variables = self._trainable_variables
        gradients = [g for v in variables if (g := v.grad) is not None]
        if len(gradients) != len(variables):
            missing = [v for v in variables if v.grad is None and v.requires_grad]
            variables = [v for v in variables if v.grad is not None]
            self._check_missing(missing, variables)
        self._step(gradients, variables)

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """Change the weights against `grads`, one for each; None where a weight has none.

        Args:
            trainable_variables: the weights; by default those that the optimizer was built for.
        """
        grads = list(grads)
        if not grads and not trainable_variables:
            return
        if trainable_variables is None:
            self._check_one_for_each(grads)
            trainable_variables = self._trainable_variables
        variables = list(trainable_variables)
        if not self.built:
            self.build(variables)
        known = self._where_known(variables)
        pairs = [(g, v) for g, v in zip(grads, known, strict=True) if g is not None]
        if len(pairs) != len(grads):
            self._check_missing([v for g, v in zip(grads, known, strict=True) if g is None], [v for _, v in pairs])
        gradients = [clipping.laid_out_as(g.detach(), v) for g, v in pairs]
        self._step(gradients, [v for _, v in pairs])

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> Any:
        """Change weights against gradients given as pairs; returns the step count."""
        gradients, variables = zip(*grads_and_vars, strict=True)
        self.apply(gradients, variables)
        return self._iterations

    def _step(self, gradients: list[Tensor], variables: list[Any]) -> None:
        with torch.no_grad():
            if variables and (variables[0].device, variables[0].dtype) != self._place:
                self._moved()
            if self.loss_scale_factor is not None:
                gradients = list(kernels._foreach_div(gradients, self.loss_scale_factor))
            if self.gradient_accumulation_steps:
                gradients = self._accumulated(gradients, variables)
            if gradients:
                self._change(gradients, variables)
            if self.use_ema:
                self._average()
            for variable in self._constrained:
                variable.copy_(variable.constraint(variable))
            self._iterations.count()

    def _change(self, gradients: list[Tensor], variables: list[Any]) -> None:
        gradients = self._clipped(gradients)
        rate = self.rate()
        if self.weight_decay is not None and not self._decays_inside:
            decayed = [v for v in variables if self._decayed[self._positions[id(v)]]]
            if decayed:
                kernels._foreach_mul_(decayed, 1.0 - self.weight_decay * rate)
        if self._by_variable:
            learning_rate = self.learning_rate
            for gradient, variable in zip(gradients, variables, strict=True):
                self.update_step(gradient, variable, learning_rate)
        elif len(self._groups) == 1 and variables is self._trainable_variables:
            self.update(variables, gradients, rate, self._slots)
        else:
            self._update_groups(gradients, variables, rate)

    def _update_groups(self, gradients: list[Tensor], variables: list[Any], rate: float) -> None:
        """Weights of each device and dtype by themselves, and only those that have a gradient."""
        given = {self._positions[id(v)]: (v, g) for v, g in zip(variables, gradients, strict=True)}
        for group in self._groups:
            chosen = [index for index in group if index in given]
            if chosen:
                slots = {name: [arrays[index] for index in chosen] for name, arrays in self._slots.items()}
                chosen_variables, chosen_gradients = zip(*(given[index] for index in chosen), strict=True)
                self.update(list(chosen_variables), list(chosen_gradients), rate, slots)

    def update(self, variables: list[Any], gradients: list[Tensor], rate: float, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype. `slots`: the arrays of each name, one for each of these weights."""
        raise NotImplementedError(f"{type(self).__name__} needs an `update_step(self, gradient, variable, rate)`.")

    def update_step(self, gradient: Tensor, variable: Any, learning_rate: Any) -> None:
        """Change one weight."""
        index = self._positions[id(variable)]
        slots = {name: [arrays[index]] for name, arrays in self._slots.items()}
        with torch.no_grad():
            self.update([variable], [gradient], float(learning_rate), slots)

    def _clipped(self, gradients: list[Tensor]) -> list[Tensor]:
        if self.clipnorm:
            return clipping.clip_each_by_norm(gradients, self.clipnorm)
        if self.global_clipnorm:
            return clipping.clip_together_by_norm(gradients, self.global_clipnorm)
        if self.clipvalue:
            return clipping.clip_by_value(gradients, self.clipvalue)
        return gradients

    def _accumulated(self, gradients: list[Tensor], variables: list[Any]) -> list[Tensor]:
        """The mean gradient of the last steps when it is time for an update; nothing else."""
        kept = [self._accumulators[self._positions[id(v)]] for v in variables]
        steps = self.gradient_accumulation_steps or 1
        if (self._iterations.host() + 1) % steps:
            kernels._foreach_add_(kept, gradients)
            return []
        total = kernels._foreach_add(kept, gradients)
        kernels._foreach_div_(total, float(steps))
        kernels._foreach_zero_(self._accumulators)
        return list(total)

    def _average(self) -> None:
        updates = self.num_updates
        momentum = self.ema_momentum if updates else 0.0
        clipping.move_averages(self._averages, self._trainable_variables, momentum)
        if self.ema_overwrite_frequency and (updates + 1) % self.ema_overwrite_frequency == 0:
            self._overwrite_with_averages()

    # --- checks ---------------------------------------------------------------------------------------------------

    def _where_known(self, variables: list[Any]) -> list[Any]:
        """The list of all weights itself where `variables` are they."""
        for variable in variables:
            if id(variable) not in self._positions:
                hint = "Make a new optimizer for other weights."
                got = getattr(variable, "path", tuple(variable.shape))
                raise Invalid(f"{self.name}.apply", "the weights that it was built for", got, hint)
        mine = self._trainable_variables
        same = len(variables) == len(mine) and all(a is b for a, b in zip(variables, mine, strict=True))
        return mine if same else variables

    def _check_one_for_each(self, grads: list[Any]) -> None:
        if not self.built:
            hint = "Call optimizer.build(trainable_variables) first."
            raise Invalid(f"{self.name}.apply(grads)", "an optimizer built for a list of weights", "none", hint)
        if len(grads) != len(self._trainable_variables):
            expected = f"a gradient for each of {len(self._trainable_variables)} weights"
            raise Invalid(f"{self.name}.apply(grads)", expected, len(grads))

    def _check_missing(self, missing: list[Any], left: list[Any]) -> None:
        names = ", ".join(str(getattr(v, "path", tuple(v.shape))) for v in missing[:5])
        if not left:
            hint = f"Weights: {names}. Does the loss depend on them?"
            raise Invalid(self.name or "optimizer", "a gradient for at least one weight", None, hint)
        if missing and not self._warned:
            self._warned = True
            warnings.warn(f"The loss does not depend on these weights: {names}.", stacklevel=3)
