"""The moving averages of the weights, in the place of the weights while a model is tested."""

from collections.abc import Iterator
from typing import Any

from kerasviz.callbacks.base import Callback
from kerasviz.declare import Invalid, arg
from kerasviz.optimizers.kernels import kernels


class SwapEMAWeights(Callback):
    """Lets the moving averages take the place of the weights while the model is validated, tested and predicts.

    The optimizer has to keep them: `Adam(use_ema=True)`. Weights and averages change places before a validation,
    `evaluate` or `predict`, and back after it, also where that fails. With `swap_on_epoch` they change places at the
    end of each epoch too, for callbacks behind this one such as `ModelCheckpoint`, and back at the beginning of the
    next. The model ends with the averages, as with every optimizer that keeps them.

    Raises:
        Invalid: where the optimizer keeps no averages, or has none yet.
    """

    swap_on_epoch: bool = arg(False, doc="Whether they also change places from the end of an epoch to the next.")

    def prepare(self) -> None:
        """Nothing has changed places."""
        self._ema_weights_in_model = False
        self._swaps_back = False  # after a test or prediction

    def hears(self, hook: str) -> bool:
        """Epochs matter for `swap_on_epoch` only."""
        return self.swap_on_epoch or not hook.startswith("on_epoch")

    def get_state(self) -> dict[str, Any]:
        """Whether weights and averages have changed places."""
        return {"swapped": self._ema_weights_in_model}

    def set_state(self, state: Any) -> None:
        """Go on from there: the model's state has both of them, where they were."""
        self._mark(state["swapped"])

    def on_train_begin(self, logs: Any = None) -> None:
        """Refuse optimizers without averages at once."""
        self._keepers()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Train on with the weights."""
        if self._ema_weights_in_model:
            self._swap()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Let the callbacks behind this one have the averages."""
        if not self._ema_weights_in_model:
            self._swap()

    def on_train_end(self, logs: Any = None) -> None:
        """End with the averages, in both places."""
        if self._ema_weights_in_model:
            for weights, averages in self._pairs():
                kernels._foreach_copy_(averages, weights)
            self._mark(False)

    def on_test_begin(self, logs: Any = None) -> None:
        """Test the averages."""
        self._swaps_back = not self._ema_weights_in_model
        if self._swaps_back:
            self._swap()

    def on_test_end(self, logs: Any = None) -> None:
        """Put the weights back."""
        if self._swaps_back:
            self._swap()
        self._swaps_back = False

    def on_predict_begin(self, logs: Any = None) -> None:
        """Predict with the averages."""
        self.on_test_begin()

    def on_predict_end(self, logs: Any = None) -> None:
        """Put the weights back."""
        self.on_test_end()

    def close(self) -> None:
        """Put the weights back where what was done with the averages failed."""
        self._swaps_back = False
        if self._ema_weights_in_model:
            self._swap()

    def _swap(self) -> None:
        for weights, averages in self._pairs():
            kept = [weight.detach().clone() for weight in weights]
            kernels._foreach_copy_(weights, averages)
            kernels._foreach_copy_(averages, kept)
        self._mark(not self._ema_weights_in_model)

    def _mark(self, swapped: bool) -> None:
        self._ema_weights_in_model = swapped
        for optimizer in self._keepers():
            optimizer.averages_in_place = swapped

    def _keepers(self) -> list[Any]:
        """The optimizers that keep averages."""
        optimizer = getattr(self.model, "optimizer", None)
        found = [one for one in held_by(optimizer) if getattr(one, "use_ema", False)]
        if not found:
            raise Invalid("SwapEMAWeights", "an optimizer that keeps averages: use_ema=True", optimizer)
        return found

    def _pairs(self) -> list[tuple[list[Any], list[Any]]]:
        """Weights and their averages, an optimizer after another."""
        keepers = self._keepers()
        if not all(optimizer.built for optimizer in keepers):
            hint = "Train it first, or load what a training has saved."
            raise Invalid("SwapEMAWeights", "an optimizer that has averages", "one that is not built", hint)
        kept = [(optimizer._trainable_variables, optimizer._averages) for optimizer in keepers]
        return [([w.detach() for w in weights], [a.detach() for a in averages]) for weights, averages in kept]


def held_by(optimizer: Any) -> Iterator[Any]:
    """An optimizer, and those inside it."""
    yield optimizer
    inner = getattr(optimizer, "inner_optimizer", None)
    for one in (*([] if inner is None else [inner]), *(getattr(optimizer, "optimizers", None) or ())):
        yield from held_by(one)
