"""What happens before the first batch: data found and checked, outputs learned, steps put together."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from kerasviz.callbacks import CallbackList
from kerasviz.declare import Invalid
from kerasviz.tensors import StatelessScope, default_device, leaves, map_leaves, settings, torch_dtype
from kerasviz.training import step as steps
from kerasviz.training.arrays import Arrays
from kerasviz.training.checks import check_ids, check_inputs, check_targets
from kerasviz.training.compiled import Compiled
from kerasviz.training.data import Passes, Source, make_source, unpack
from kerasviz.training.extra_losses import may_add_losses
from kerasviz.training.kept_step import KeptStep, facts_of
from kerasviz.training.loop import Phase, Step, Training


class Preparing:
    """The part of a trainer that nobody calls by hand."""

    _compiled: Compiled | None = None

    if TYPE_CHECKING:  # what the model brings
        trainable_variables: list[Any]
        losses: list[torch.Tensor]
        metrics: Any
        forward_function: Callable[[bool], Callable[[Any], Any]]
        parameters: Callable[[], Any]
        train_step: Callable[[Any], Any]
        test_step: Callable[[Any], Any]
        predict_step: Callable[[Any], Any]
        make_train_function: Callable[[], Callable[[list[Any]], Any]]
        make_test_function: Callable[[], Callable[[list[Any]], Any]]
        make_predict_function: Callable[[], Callable[[list[Any]], Any]]

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            """The forward pass."""

    def _known(self, where: str) -> Compiled:
        """What `compile` was told.

        Raises:
            Invalid: where it was not called.
        """
        if self._compiled is None:
            hint = 'Call model.compile(optimizer="adam", loss="mse") first.'
            raise Invalid(f"{type(self).__name__}.{where}", "a model on which compile() was called", None, hint)
        return self._compiled

    def _overrides(self, *names: str) -> bool:
        """Whether the model has a method of its own for one of these."""
        from kerasviz.training.trainer import Trainer

        return any(getattr(type(self), name) is not getattr(Trainer, name) for name in names)

    def _device(self) -> torch.device:
        """Where the weights are."""
        first = next(iter(self.parameters()), None)
        return first.device if first is not None else torch.device(default_device())

    # --- training -------------------------------------------------------------------------------------------------

    def _plan_training(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
    ) -> Training:
        """Everything `fit` needs, checked."""
        self._known("fit")
        if not isinstance(epochs, int) or isinstance(epochs, bool) or epochs < 1:
            raise Invalid("fit(epochs=...)", "a whole number at least 1", epochs)
        if not isinstance(initial_epoch, int) or initial_epoch < 0:
            raise Invalid("fit(initial_epoch=...)", "a whole number at least 0", initial_epoch)
        device = self._device()
        source = make_source(
            x, y, sample_weight, batch_size=batch_size, shuffle=shuffle, class_weight=class_weight, device=device
        )
        validation: Source | None = None
        if validation_data is not None:
            size = validation_batch_size or batch_size
            validation = make_source(*validation_parts(validation_data), batch_size=size, device=device)
        elif validation_split:
            source, validation = split(source, validation_split, validation_batch_size)
        self._learn_outputs(source, "fit", "train_step")
        if self._is_built() and (self._known("fit").optimizer is not None or not self._overrides("train_step")):
            steps.ready_optimizer(self._known("fit").optimizer, self.trainable_variables)
        validating = None
        if validation is not None:
            self._learn_outputs(validation, "fit(validation_data=...)", "test_step")
            validating = self._phase(Passes(validation, validation_steps), self._test_function)
        fitting = self._phase(Passes(source, steps_per_epoch), self._train_function)
        all_epochs = range(initial_epoch, limited_epochs(epochs))
        return Training(self, fitting, all_epochs, validating, validation_epochs(validation_freq))

    def _phase(self, passes: Passes, function: Callable[[Any], Any]) -> Phase:
        """Batches, and what is done with them: one of the three functions below."""
        return Phase(passes, lambda: function(passes.source), self.steps_per_execution)

    def _learn_outputs(self, source: Source, where: str, step: str) -> None:
        """Look at the first batch: build the model, match losses and metrics to its outputs, check the targets.

        A model with a step of its own is left alone: it may have no `call` at all.
        """
        compiled = self._known(where)
        if self._overrides(step):
            return
        is_known = compiled.outputs is not None and getattr(self, "built", True)
        if is_known and not isinstance(source, Arrays):
            return
        batch = source.peek()
        x, y, _ = unpack(batch)
        check_inputs(self, x, where if "(" in where else f"{where}(x=...)")
        if isinstance(source, Arrays):
            check_ids(self, unpack(source.columns)[0])
        y_pred = known_outputs(self, x)
        if y_pred is None:
            with looking():
                y_pred = self(x, training=False)
        compiled.match(y, y_pred, getattr(self, "output_names", None))
        if compiled.loss is not None:
            check_targets(compiled.loss, source, batch, y_pred)

    def _check_inputs(self, source: Source, where: str) -> None:
        """Compare arrays with the model's inputs."""
        if isinstance(source, Arrays):
            check_inputs(self, unpack(source.peek())[0], where)
            check_ids(self, unpack(source.columns)[0])

    def _train_function(self, source: Source) -> Step:
        """What is done with a batch of a training."""
        if self._overrides("make_train_function"):
            return steps.custom_step(self, of_one(self.make_train_function()), source)
        if self._overrides("train_step", "compute_loss", "compute_metrics"):
            return steps.custom_step(self, self.train_step, source)
        compiled = self._known("fit")
        facts = facts_of(self, compiled, source.lasting)
        known = compiled.kept_step
        if known is None or not known.fits(facts):
            tally = compiled.new_tally(source.lasting)
            made, variables = steps.train_step(self, compiled, tally), self.trainable_variables
            known = compiled.kept_step = KeptStep(made, tally, facts, variables)
        elif compiled.tally is not known.tally:
            compiled.flush()
            compiled.tally = known.tally
        return known.step

    def _test_function(self, source: Source) -> Step:
        """What is done with a batch of an evaluation."""
        if self._overrides("make_test_function"):
            return steps.custom_step(self, of_one(self.make_test_function()), source)
        if self._overrides("test_step", "compute_loss", "compute_metrics"):
            return steps.custom_step(self, torch.no_grad()(self.test_step), source)
        compiled = self._known("evaluate")
        return steps.test_step(self, compiled, compiled.new_tally(source.lasting))

    def _predict_function(self, source: Source) -> Callable[[tuple], Any]:
        """What is done with a batch of a prediction."""
        if self._overrides("make_predict_function"):
            return steps.with_data_of(source, of_one(self.make_predict_function()))
        if self._overrides("predict_step"):
            return steps.with_data_of(source, torch.no_grad()(self.predict_step))
        if not self._is_built():
            with looking():
                self(unpack(source.peek())[0], training=False)
        return steps.predict_step(self, self._compiled)

    @property
    def steps_per_execution(self) -> int:
        """Batches between two calls of the callbacks' hooks."""
        return 1 if self._compiled is None else self._compiled.steps_per_execution

    def _is_built(self) -> bool:
        return bool(getattr(self, "built", True))

    def _one_batch(self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None) -> Arrays:
        """All rows as one batch."""
        source = make_source(x, y, sample_weight, class_weight=class_weight, device=self._device())
        if not isinstance(source, Arrays):
            raise Invalid("x", "arrays: one batch", type(x).__name__)
        return source.in_order(source.rows)

    # --- callbacks and results ------------------------------------------------------------------------------------

    def _as_list(self, callbacks: Any, told: dict[str, Any], add_history: bool = False) -> CallbackList:
        """The callbacks of `fit`, `evaluate` or `predict`, with bar and history."""
        if told["verbose"] not in (0, 1, 2):
            raise Invalid("verbose", "0, 1, 2 or 'auto'", told["verbose"])
        if isinstance(callbacks, CallbackList):
            callbacks.set_params(told)
            callbacks.set_model(self)
            if add_history and callbacks.history is None:
                from kerasviz.callbacks import History

                callbacks.append(History())
            return callbacks
        return CallbackList(callbacks, add_history, bool(told["verbose"]), model=self, **told)

    def _log_names(self) -> list[str] | None:
        """The names in the logs, without validation; None where only the first batch tells."""
        if self._overrides("train_step", "compute_metrics", "get_metrics_result"):
            return None
        compiled = self._compiled
        if compiled is None or compiled.outputs is None:
            return None
        names = [name for name, *_ in compiled.metrics.entries]
        own = [metric.name for metric in self.metrics if metric is not compiled.metrics]
        return [*own, *names]

    def _as_numbers(self, logs: Mapping[str, Any]) -> Any:
        """Values in the order loss, losses of the outputs, metrics, then the rest by name; a single one as it is."""
        order: dict[str, None] = {}
        for metric in self.metrics:
            order |= dict.fromkeys(inner.name for inner in getattr(metric, "metrics", (metric,)))
        values = [logs[name] for name in order if name in logs]
        values += [value for name, value in logs.items() if name not in order]
        return values[0] if len(values) == 1 else values


def of_one(function: Callable[[list[Any]], Any]) -> Callable[[Any], Any]:
    """A function of lists of batches for one batch."""
    return lambda batch: function([batch])


def validation_parts(data: Any) -> tuple:
    """(x, y, sample_weight) of `validation_data`; a source of batches is x alone."""
    if isinstance(data, (tuple, list)):
        if not 1 <= len(data) <= 3:
            raise Invalid("fit(validation_data=...)", "(x, y) or (x, y, sample_weight)", f"{len(data)} parts")
        return (*data, None, None)[:3]
    return (data,)


def split(source: Source, share: float, batch_size: int | None) -> tuple[Source, Source]:
    """The rows to train on, and those to validate on."""
    where = "fit(validation_split=...)"
    if not isinstance(source, Arrays):
        raise Invalid(where, "arrays or tensors as x", "a source of batches", "Pass validation_data instead.")
    if not isinstance(share, (int, float)) or not 0 < share < 1:
        raise Invalid(where, "a number above 0 and below 1", share)
    first, last = source.split(share)
    if batch_size:
        last = last.in_order(batch_size)
    return first, last


def validation_epochs(frequency: int | Sequence[int]) -> Callable[[int], bool]:
    """Whether an epoch, counted from 0, ends with a validation."""
    if isinstance(frequency, int):
        if frequency < 1:
            raise Invalid("fit(validation_freq=...)", "a whole number at least 1, or a list of epochs", frequency)
        return lambda epoch: (epoch + 1) % frequency == 0
    chosen = set(frequency)
    return lambda epoch: epoch + 1 in chosen


@contextmanager
def looking() -> Iterator[None]:
    """Inside the `with`, a model may be called for its shapes: variables are made, but none changes."""
    with torch.no_grad(), StatelessScope():
        yield


def known_outputs(model: Any, x: Any) -> Any:
    """Tensors of the shapes that the outputs will have; None where only a forward pass can tell."""
    is_plain = getattr(model, "built", False) and getattr(model, "inlines", bool)()
    is_plain = is_plain and not may_add_losses(model)  # else a call tells whether there are any
    first = next(iter(leaves(x)), None)
    if not is_plain or not isinstance(first, torch.Tensor):
        return None
    graph = model.graph
    symbols = list(leaves(graph.outputs))
    if any(None in symbol.shape[1:] or symbol._keras_mask is not None for symbol in symbols):
        return None
    rows = first.shape[0]
    return map_leaves(
        lambda symbol: torch.zeros((rows, *symbol.shape[1:]), dtype=torch_dtype(symbol.dtype), device=first.device),
        graph.result,
    )


def limited_epochs(epochs: int) -> int:
    """The epoch to stop before: as asked, or as `keras.config.set_max_epochs` allows."""
    most = settings.max_epochs()
    if most is None or epochs <= most:
        return epochs
    warnings.warn(f"Training ends after {most} epochs: keras.config.set_max_epochs.", stacklevel=4)
    return most
