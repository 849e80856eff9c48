"""What `compile` was told, resolved."""

import numbers
import warnings
from collections.abc import Sequence
from typing import Any

from kerasviz.declare import Invalid, serialize
from kerasviz.declare.families import family
from kerasviz.training.losses import CompiledLoss, check_losses, torch_losses
from kerasviz.training.metrics import CompiledMetrics, metric_class
from kerasviz.training.outputs import Outputs
from kerasviz.training.tally import Tally
from kerasviz.training.torch_optimizers import TorchOptimizer, torch_optimizer


def resolve_optimizer(given: Any) -> Any:
    """An optimizer object for a name, config, class or object of ours, or for one of torch's, or it and a scheduler."""
    if given is None:
        return None
    of_torch = torch_optimizer(given)
    if of_torch is not None:
        return of_torch
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
        self.kept_step: Any = None  # of the last training, for the next: see `kept_step`
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
        if isinstance(self.optimizer, TorchOptimizer):
            self.optimizer.scale_losses()
            return
        scaling = family("optimizer").members().get("LossScaleOptimizer")
        if self.optimizer is not None and scaling is not None and not isinstance(self.optimizer, scaling):
            self.optimizer = scaling(self.optimizer)

    def config(self) -> dict[str, Any] | None:
        """The arguments of `compile` in JSON form; the optimizer as it is now. None, with a warning, of torch's."""
        of_torch = [f"optimizer={self.optimizer.name}"] if isinstance(self.optimizer, TorchOptimizer) else []
        of_torch += [f"loss={name}" for name in torch_losses(self.arguments["loss"])]
        if of_torch:
            kept = "The file keeps architecture and weights, but not how the model was compiled"
            warnings.warn(
                f"{kept}: {', '.join(of_torch)} is torch's. Compile again after loading; "
                "`torch.save(model.optimizer.state_dict(), path)` keeps the optimizer's state.",
                stacklevel=3,
            )
            return None
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
