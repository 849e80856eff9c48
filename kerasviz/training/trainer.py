"""Trainer: compile, fit, evaluate and predict, for every model."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import torch

from kerasviz.callbacks import History, check_monitors
from kerasviz.events import Event, PredictBatchEnd
from kerasviz.tensors import map_leaves
from kerasviz.training.arrays import is_empty
from kerasviz.training.by_hand import ByHand
from kerasviz.training.checks import refuse_unknown
from kerasviz.training.compiled import Compiled, resolve_optimizer
from kerasviz.training.data import Passes, make_source
from kerasviz.training.loop import predicting, testing, training
from kerasviz.training.place import Place, closed_on_error, place_of
from kerasviz.training.reading import as_tensor
from kerasviz.training.results import joined_outputs

Verbosity = Literal[0, 1, 2, "auto"]


class Trainer(ByHand):
    """What a model needs to train, be tested and predict. A mixin: the model gives `forward_function` and its weights.

    `train_step`, `test_step`, `predict_step`, `compute_loss` and `compute_metrics` may be overridden; where none is,
    a step put together once for the whole phase runs instead of them.
    """

    stop_training: bool = False
    stop_evaluating: bool = False
    stop_predicting: bool = False
    first_epoch: int = 0  # a callback may raise it at the beginning of a training
    history: History | None = None

    # --- compile --------------------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how to train: optimizer, loss, metrics.

        Args:
            optimizer: name, config or object; also one of torch's, its class, or what makes one of parameters. With one
                of torch's schedulers: (optimizer, scheduler), which goes on after each epoch; a third, "batch", lets it
                go on after each batch.
            loss: name, object or function of (y_true, y_pred); one of torch's; a list or dict of them per output.
            loss_weights: a factor for the loss of each output.
            metrics: a list of names, objects or functions; per output a list or dict of lists.
            weighted_metrics: the same, taking sample weights into account.
            run_eagerly: whether layers are called one by one, so that a debugger can step in.
            steps_per_execution: batches between two calls of the callbacks' hooks, which are told the number of the
                first and of the last of them. The hooks cost less then; the training is the same.
            jit_compile: True runs the model through `torch.compile`.
            auto_scale_loss: whether float16 policies scale the loss.
        """
        arguments = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        compiled = Compiled(arguments)
        if auto_scale_loss and getattr(getattr(self, "dtype_policy", None), "name", "") == "mixed_float16":
            compiled.scale_losses()
        self._compiled = compiled

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self._compiled is not None

    @property
    def optimizer(self) -> Any:
        """The optimizer, once compiled."""
        return None if self._compiled is None else self._compiled.optimizer

    @optimizer.setter
    def optimizer(self, value: Any) -> None:
        self._known("optimizer").optimizer = resolve_optimizer(value)

    @property
    def loss(self) -> Any:
        """What `compile` was told."""
        return None if self._compiled is None else self._compiled.arguments["loss"]

    @property
    def run_eagerly(self) -> bool:
        """Whether layers are called one by one."""
        return self._compiled is not None and self._compiled.run_eagerly

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._known("run_eagerly").run_eagerly = bool(value)

    @property
    def jit_compile(self) -> bool:
        """Whether the model runs through `torch.compile`."""
        return self._compiled is not None and self._compiled.jit_compile

    @jit_compile.setter
    def jit_compile(self, value: bool) -> None:
        self._known("jit_compile").jit_compile = value is True

    def get_compile_config(self) -> dict[str, Any] | None:
        """What `compile` was told, in JSON form; None, with a warning, where there are parts of torch."""
        return None if self._compiled is None else self._compiled.config()

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compile as `get_compile_config` says, and build the optimizer's state where the model is built."""
        from kerasviz.declare import deserialize

        if not config:
            return
        self.compile(**{name: deserialize(value) for name, value in config.items()})
        if getattr(self, "built", False) and self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    # --- fit ------------------------------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Verbosity = "auto",
        callbacks: Any = None,
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
    ) -> History:
        """Train for a number of epochs.

        Args:
            x: arrays, tensors, frames, or a nested structure of them; a DataLoader, generator or dataset of batches.
            y: targets; None where x yields them.
            batch_size: samples of a step; 32 by default.
            epochs: number of the epoch to stop before.
            verbose: 0 is silent, 1 a progress bar, 2 a line per epoch.
            callbacks: a list of callbacks, or a CallbackList.
            validation_split: share of the rows, from the end, that is not trained on but validated.
            validation_data: (x, y), (x, y, sample_weight), or batches.
            shuffle: whether each epoch has a new order; "batch" shuffles whole batches.
            class_weight: weight of each label's samples in the loss.
            sample_weight: weight of each sample in the loss.
            initial_epoch: number of the first epoch.
            steps_per_epoch: batches of an epoch; all of the data by default.
            validation_steps: batches of a validation.
            validation_batch_size: samples of a validation step.
            validation_freq: epochs between validations, or the numbers of the epochs that have one, from 1.

        Returns:
            The history: `history.history["loss"]` is a list with a value per epoch.
        """
        options = {name: value for name, value in locals().items() if name not in ("self", "callbacks", "verbose")}
        plan = self._plan_training(**options)
        told = {
            "verbose": 1 if verbose == "auto" else verbose,
            "epochs": plan.epochs.stop,
            "steps": plan.fitting.passes.length,
            "validation_freq": validation_freq,
            "do_validation": plan.validating is not None,
        }
        callbacks = self._as_list(callbacks, told, add_history=True)
        check_monitors(callbacks, plan.validating is not None, self._log_names(), self)
        with closed_on_error(callbacks, training(plan)) as events:
            for event in events:
                callbacks.handle(event)
        self.history = callbacks.history
        return callbacks.history

    def training_events(self, x: Any = None, y: Any = None, **options: Any) -> Iterator[Event]:
        """The training that `fit` with these arguments runs, for whoever wants to pull it: not pulling is a pause.

        All checks are made now; the work begins with the first `next`.
        """
        return training(self._plan_training(x, y, **options))

    def _place(self) -> Place | None:
        """Where the training that is running is in its data."""
        return place_of(self)

    # --- evaluate, predict ----------------------------------------------------------------------------------------

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Verbosity = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Loss and metrics over data.

        Returns:
            A number, or a list of them in the order loss, losses of the outputs, metrics; or a dict by name.
        """
        self._known("evaluate")
        refuse_unknown(kwargs, "evaluate")
        source = make_source(x, y, sample_weight, batch_size=batch_size, device=self._device())
        self._learn_outputs(source, "evaluate", "test_step")
        passes = Passes(source, steps)
        told = {"verbose": 1 if verbose == "auto" else verbose, "epochs": 1, "steps": passes.length}
        callbacks = self._as_list(callbacks, told)
        self.stop_training = False
        logs: dict[str, Any] = {}
        with closed_on_error(callbacks, testing(self, self._phase(passes, self._test_function))) as events:
            while True:
                try:
                    event = next(events)
                except StopIteration as end:
                    logs = end.value
                    break
                callbacks.handle(event)
        return logs if return_dict else self._as_numbers(logs)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Verbosity = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Outputs for data, as numpy arrays in the structure that the model returns; no rows for no rows."""
        if is_empty(x):
            return self.predict_on_batch(x)
        source = make_source(x, batch_size=batch_size, device=self._device())
        self._check_inputs(source, "predict(x=...)")
        passes = Passes(source, steps)
        told = {"verbose": 1 if verbose == "auto" else verbose, "epochs": 1, "steps": passes.length}
        callbacks = self._as_list(callbacks, told)
        collected = []
        with closed_on_error(callbacks, predicting(self, self._phase(passes, self._predict_function))) as events:
            for event in events:
                if type(event) is PredictBatchEnd:
                    collected.append(event.logs["outputs"])
                callbacks.handle(event)
        return joined_outputs(collected)

    # --- single batches -------------------------------------------------------------------------------------------

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Learn from one batch. The values are those of this batch.

        Returns:
            A number, or a list of them, or a dict by name.
        """
        self._known("train_on_batch")
        source = self._one_batch(x, y, sample_weight, class_weight)
        self._learn_outputs(source, "train_on_batch", "train_step")
        step = self._train_function(source)
        self.reset_metrics()
        logs = step(source.peek())()
        return logs if return_dict else self._as_numbers(logs)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Evaluate one batch. The values are those of this batch."""
        self._known("test_on_batch")
        source = self._one_batch(x, y, sample_weight)
        self._learn_outputs(source, "test_on_batch", "test_step")
        step = self._test_function(source)
        self.reset_metrics()
        logs = step(source.peek())()
        return logs if return_dict else self._as_numbers(logs)

    test_on_batch.__test__ = False  # type: ignore[attr-defined]

    def predict_on_batch(self, x: Any) -> Any:
        """Outputs for one batch, as numpy arrays."""
        if is_empty(x):
            with torch.no_grad():
                return joined_outputs([self(map_leaves(lambda leaf: as_tensor(leaf, "x"), x), training=False)])
        source = self._one_batch(x)
        return joined_outputs([self._predict_function(source)(source.peek())])
