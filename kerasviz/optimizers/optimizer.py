"""Optimizer: changes weights against their gradients. What all optimizers do is here, once."""

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.optimizers import clipping
from kerasviz.optimizers.arithmetic import choose
from kerasviz.optimizers.kernels import kernels
from kerasviz.optimizers.state import OptimizerState
from kerasviz.optimizers.undoing import only_where


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
            if self.loss_scale_factor is not None:
                gradients = list(kernels._foreach_div(gradients, self.loss_scale_factor))
            self._advance(gradients, variables)

    def _advance(self, gradients: list[Tensor], variables: list[Any]) -> None:
        """A step on gradients that are not scaled any more."""
        self._follow_weights(variables)
        if self.gradient_accumulation_steps:
            self._accumulate(gradients, variables)
        elif gradients:
            self._change(gradients, variables)
        if self.use_ema:
            self._average()
        for variable in self._constrained:
            variable.copy_(variable.constraint(variable))
        self._count()

    def _follow_weights(self, variables: list[Any]) -> None:
        if variables and (variables[0].device, variables[0].dtype) != self._place:
            self._moved()

    def _count(self) -> None:
        if not self.counts_on_device:
            self._iterations.count()
        else:
            self._iterations.add_(1 if self.goes is None else self.goes)

    def count_on_device(self) -> None:
        """Let the device count the steps: the host does not know which are left out."""
        self.counts_on_device = True

    def advance_where(self, goes: Tensor, gradients: list[Tensor], variables: list[Any]) -> None:
        """A step if `goes` holds on the device, else none; nothing is read.

        Args:
            goes: one truth value; `counts_on_device` is set.
            gradients: not scaled any more.
            variables: the weights that they belong to.
        """
        self._follow_weights(variables)
        kept = self.use_ema or self.gradient_accumulation_steps or self._constrained or self._decays
        if not kept and len(self._groups) == 1 and self.can_leave_out(self._place[0]):
            self.goes = goes
            try:
                self._advance(gradients, variables)
            finally:
                self.goes = None
        else:
            with only_where(goes, [*self._trainable_variables, *self.changing()]):
                self._advance(gradients, variables)

    def changing(self) -> list[Any]:
        """What a step changes besides the weights; the rate is not among it."""
        return [self._iterations, *self._state]

    def can_leave_out(self, device: torch.device) -> bool:
        """Whether `update` changes nothing on this device where `goes` does not hold."""
        return False

    def _change(self, gradients: list[Tensor], variables: list[Any]) -> None:
        gradients = self._clipped(gradients)
        rate = self.rate()
        for share, decayed in self._decays.items():
            if variables is not self._trainable_variables:
                given = {id(v) for v in variables}
                decayed = [v for v in decayed if id(v) in given]
            if decayed:
                kernels._foreach_mul_(decayed, 1.0 - share * rate)
        if self._by_variable:
            learning_rate = rate if self.counts_on_device else self.learning_rate
            for gradient, variable in zip(gradients, variables, strict=True):
                self.update_step(gradient, variable, learning_rate)
        elif len(self._groups) == 1 and variables is self._trainable_variables:
            for part, some, slots in self._blocks:
                self.work.clear()
                self.update(some, gradients[part], rate, slots)
        else:
            self._update_groups(gradients, variables, rate)
        self.update_scalars()

    def _update_groups(self, gradients: list[Tensor], variables: list[Any], rate: float) -> None:
        """Weights of each device and dtype by themselves, and only those that have a gradient."""
        given = {self._positions[id(v)]: (v, g) for v, g in zip(variables, gradients, strict=True)}
        for group in self._groups:
            chosen = [index for index in group if index in given]
            if chosen:
                slots = {name: [arrays[index] for index in chosen] for name, arrays in self._slots.items()}
                chosen_variables, chosen_gradients = zip(*(given[index] for index in chosen), strict=True)
                self.work.clear()
                self.update(list(chosen_variables), list(chosen_gradients), rate, slots)

    def update(self, variables: list[Any], gradients: list[Tensor], rate: Any, slots: dict[str, list[Any]]) -> None:
        """Change weights of one device and dtype.

        Args:
            variables: the weights.
            gradients: one for each.
            rate: a number, or a tensor where only the device knows it.
            slots: the arrays of each name, one for each of these weights.
        """
        raise NotImplementedError(f"{type(self).__name__} needs an `update_step(self, gradient, variable, rate)`.")

    def update_scalars(self) -> None:
        """Change what is kept once for all weights, after all of them have changed."""

    def update_step(self, gradient: Tensor, variable: Any, learning_rate: Any) -> None:
        """Change one weight."""
        index = self._positions[id(variable)]
        slots = {name: [arrays[index]] for name, arrays in self._slots.items()}
        with torch.no_grad():
            rate = learning_rate if type(learning_rate) is Tensor else float(learning_rate)
            self.work.clear()
            self.update([variable], [gradient], rate, slots)

    def _clipped(self, gradients: list[Tensor]) -> list[Tensor]:
        if self.clipnorm:
            return clipping.clip_each_by_norm(gradients, self.clipnorm)
        if self.global_clipnorm:
            return clipping.clip_together_by_norm(gradients, self.global_clipnorm)
        if self.clipvalue:
            return clipping.clip_by_value(gradients, self.clipvalue)
        return gradients

    def _accumulate(self, gradients: list[Tensor], variables: list[Any]) -> None:
        """Keep the gradients; change the weights by their mean when it is time for that."""
        kept = [self._accumulators[self._positions[id(v)]] for v in variables]
        steps = self.gradient_accumulation_steps or 1
        if self.counts_on_device:
            due: Any = (self._iterations.detach() + 1) % steps == 0
        else:
            due = (self._iterations.host() + 1) % steps == 0
        if due is False:
            kernels._foreach_add_(kept, gradients)
            return
        total = kernels._foreach_add(kept, gradients)
        mean = list(kernels._foreach_div(total, float(steps)))
        if due is True:
            self._change(mean, variables)
            kernels._foreach_zero_(self._accumulators)
            return
        others = {id(v) for v in (*self._accumulators, *self._averages)}
        with only_where(due, [*variables, *(v for v in self._state if id(v) not in others)]):
            self._change(mean, variables)
        kernels._foreach_copy_(kept, total)
        with only_where(due, self._accumulators):
            kernels._foreach_zero_(self._accumulators)

    def _average(self) -> None:
        updates = self.updates()
        momentum = choose(updates > 0, self.ema_momentum, 0.0)
        clipping.move_averages(self._averages, self._trainable_variables, momentum)
        if not self.ema_overwrite_frequency:
            return
        due = (updates + 1) % self.ema_overwrite_frequency == 0
        if isinstance(due, Tensor):
            with only_where(due, self._trainable_variables):
                self._overwrite_with_averages()
        elif due:
            self._overwrite_with_averages()

    # --- without effect ---------------------------------------------------------------------------------------------

    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Any], trainable_variables: Sequence[Any]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """What a step would make of these weights and this state; neither they nor the optimizer change.

        Args:
            optimizer_variables: values for `variables`.
            grads: one for each weight.
            trainable_variables: values for the weights.

        Returns:
            the new weights, and the new state.
        """
        self._check_built("stateless_apply")
        self._check_one_for_each(list(grads))
        weights, state = list(self._trainable_variables), list(self.variables)
        with torch.no_grad():
            before = [tensor.detach().clone() for tensor in (*weights, *state)]
            try:
                for tensor, value in zip((*weights, *state), (*trainable_variables, *optimizer_variables), strict=True):
                    tensor.copy_(torch.as_tensor(value))
                self.apply(grads)
                after = [tensor.detach().clone() for tensor in (*weights, *state)]
            finally:
                for tensor, value in zip((*weights, *state), before, strict=True):
                    tensor.copy_(value)
        return after[: len(weights)], after[len(weights) :]

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
        self._check_built("apply(grads)")
        if len(grads) != len(self._trainable_variables):
            expected = f"a gradient for each of {len(self._trainable_variables)} weights"
            raise Invalid(f"{self.name}.apply(grads)", expected, len(grads))

    def _check_built(self, method: str) -> None:
        if not self.built:
            hint = "Call optimizer.build(trainable_variables) first."
            raise Invalid(f"{self.name}.{method}", "an optimizer built for a list of weights", "none", hint)

    def _check_missing(self, missing: list[Any], left: list[Any]) -> None:
        names = ", ".join(str(getattr(v, "path", tuple(v.shape))) for v in missing[:5])
        if not left:
            hint = f"Weights: {names}. Does the loss depend on them?"
            raise Invalid(self.name or "optimizer", "a gradient for at least one weight", None, hint)
        if missing and not self._warned:
            self._warned = True
            warnings.warn(f"The loss does not depend on these weights: {names}.", stacklevel=3)
