"""TensorBoard: a training as curves, histograms, pictures, a graph, a profile and embeddings on its page."""

import contextlib
import time
from pathlib import Path
from typing import Annotated, Any

import torch

from kerasviz.callbacks.base import Callback
from kerasviz.callbacks.checkpoints import PathKind
from kerasviz.callbacks.tensorboard_embeddings import Projector
from kerasviz.callbacks.tensorboard_events import EventFile, pictures_of, pixels, require_tensorboard
from kerasviz.callbacks.tensorboard_graph import definition_of, graph_of
from kerasviz.callbacks.tensorboard_kinds import BatchesKind, MetadataKind, UpdateKind
from kerasviz.callbacks.tensorboard_profile import Profile
from kerasviz.declare import Invalid, arg
from kerasviz.layers import Layer

PER_BATCH = ("on_train_batch_begin", "on_train_batch_end")


class TensorBoard(Callback):
    """Writes a training for TensorBoard: curves, histograms, pictures, the graph, a profile, embeddings.

    Look at it with `tensorboard --logdir logs`. Training and validation are two runs, `train` and `validation`, with
    Keras's names: `epoch_loss` by epoch, `batch_loss` by batch, `evaluation_loss_vs_iterations` by the optimizer's
    steps. Needs the package `tensorboard`, and no TensorFlow. The graph has a node for each layer; the profile is one
    of torch, which TensorBoard's torch plugin and https://ui.perfetto.dev open. `summary` takes values of your own.

    Nothing is read from the device but at the end of an epoch, and in the batches that `update_freq` names.
    """

    log_dir: Annotated[str, PathKind()] = arg("logs", doc="Folder for the logs; one for each training.")
    histogram_freq: int = arg(0, at_least=0, doc="Epochs between histograms of the weights; 0 for none.")
    write_graph: bool = arg(True, doc="Whether to write the model's graph.")
    write_images: bool = arg(False, doc="Whether weights are written as pictures too, along with their histograms.")
    write_steps_per_second: bool = arg(False, doc="Whether to write how many batches are learned from in a second.")
    update_freq: Annotated[Any, UpdateKind()] = arg(
        "epoch", doc="'epoch'; or 'batch' or a number of batches, after which the values so far are written too."
    )
    profile_batch: Annotated[Any, BatchesKind()] = arg(
        0, doc="Number of the batch to profile, counted from 1 over all epochs, or of the first and last; 0 for none."
    )
    embeddings_freq: int = arg(0, at_least=0, doc="Epochs between tables of the embedding layers; 0 for none.")
    embeddings_metadata: Annotated[Any, MetadataKind()] = arg(
        None, doc="File with a line for each row of the embeddings, or such files by the name of the layer."
    )

    def prepare(self) -> None:
        """No file is open yet."""
        self._files: dict[str, EventFile] = {}
        self._profile: Profile | None = None
        self._projector: Projector | None = None
        self._in_fit = self._has_graph = False
        self._step = self._step_before = self._timed_from = 0
        self._epoch_began = self._batch_began = 0.0
        self._joins = True  # it has not seen the epoch begin

    def check(self) -> None:
        """See whether TensorBoard is there."""
        require_tensorboard("TensorBoard")
        batches = self.profile_batch
        self._profiled = (batches, batches) if isinstance(batches, int) else batches
        self._every = {"epoch": 0, "batch": 1}.get(self.update_freq, self.update_freq)

    def hears(self, hook: str) -> bool:
        """Batches are counted only where something is written of them."""
        return hook not in PER_BATCH or bool(self._every or self._profiled[0] or self.write_steps_per_second)

    @property
    def summary(self) -> "Summary":
        """Writes values of your own into the run `train`: `summary.scalar("name", value)`."""
        return Summary(self)

    def set_model(self, model: Any) -> None:
        """Learn about the model."""
        self.close()
        super().set_model(model)
        self._has_graph = False
        if self.embeddings_freq:
            self._projector = Projector(model, Path(self.log_dir), self.embeddings_metadata)

    # --- training -------------------------------------------------------------------------------------------------

    def on_train_begin(self, logs: Any = None) -> None:
        """Write the graph."""
        self.close()
        self._in_fit = self._joins = True
        self._step = self._step_before = 0
        self._write_graph()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Start the clock."""
        self._step_before = self._step
        self._start_clock()

    def _start_clock(self) -> None:
        self._joins = False
        self._timed_from, self._epoch_began = self._step, time.perf_counter()

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Begin to profile, where this batch is the first to be."""
        if self._joins:
            self._step_before = max(self._step_before, self._step - batch)  # in a later epoch than it was taken off in
            self._step = self._step_before + batch
            self._start_clock()
        first, last = self._profiled
        if self._profile is None and first and first <= self._step_before + batch + 1 <= last:
            self._profile = Profile(self._folder("train"))
            self._profile.start()
        self._batch_began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Write the values so far, every `update_freq` batches."""
        before, self._step = self._step, self._step_before + batch + 1
        if self._every and self._step // self._every > before // self._every:
            values = {f"batch_{name}": number(value) for name, value in (logs or {}).items()}
            if self.write_steps_per_second and not self._joins:
                seconds = time.perf_counter() - self._batch_began
                values = {"batch_steps_per_second": (self._step - before) / seconds, **values}
            self._run("train").scalars(values, self._step)
        if self._profile is not None and self._step >= self._profiled[1]:
            self._end_profile()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write the epoch's values, and what else is due."""
        logs = dict(logs or {})
        rate = getattr(getattr(self._model, "optimizer", None), "learning_rate", None)
        if rate is not None:
            logs["learning_rate"] = float(rate)
        if self.write_steps_per_second and not self._joins:
            logs["steps_per_second"] = (self._step - self._timed_from) / (time.perf_counter() - self._epoch_began)
        prefix = "val_"
        own = {f"epoch_{name}": number(value) for name, value in logs.items() if not name.startswith(prefix)}
        validation = {name.removeprefix(prefix): v for name, v in logs.items() if name.startswith(prefix)}
        self._write_graph()
        self._run("train").scalars(own, epoch)
        if validation:
            self._run("validation").scalars({f"epoch_{n}": number(v) for n, v in validation.items()}, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self._projector is not None and epoch % self.embeddings_freq == 0:
            self._projector.write()
        for file in self._files.values():
            file.flush()

    def on_train_end(self, logs: Any = None) -> None:
        """Close the files."""
        self.close()
        self._in_fit = False

    # --- evaluation -----------------------------------------------------------------------------------------------

    def on_test_begin(self, logs: Any = None) -> None:
        """Write the graph, where this is an evaluation of its own."""
        if not self._in_fit:
            self._write_graph()

    def on_test_end(self, logs: Any = None) -> None:
        """Write the values by the number of the optimizer's steps."""
        optimizer = getattr(self._model, "optimizer", None)
        if optimizer is not None and logs:
            values = {f"evaluation_{name}_vs_iterations": number(value) for name, value in logs.items()}
            self._run("validation").scalars(values, num_updates(optimizer))
        if not self._in_fit:
            self.close()

    # --- files ----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Write what is left, and close the files; a training that goes on begins new ones."""
        self._end_profile()
        for file in self._files.values():
            file.close()
        self._files = {}

    def get_state(self) -> dict[str, int]:
        """How many batches there have been."""
        return {"step": self._step, "step_before": self._step_before}

    def set_state(self, state: Any) -> None:
        """Count on from there."""
        self._step, self._step_before = state["step"], state["step_before"]
        self._joins = True

    def _folder(self, run: str) -> Path:
        return Path(self.log_dir) / run

    def _run(self, run: str) -> EventFile:
        """The file of a run, `train` or `validation`."""
        if run not in self._files:
            self._files[run] = EventFile(self._folder(run))
        return self._files[run]

    def _write_graph(self) -> None:
        """Write the graph, once, as soon as the model is built: by nodes, and as the model's JSON form."""
        model = self._model
        if self._has_graph or not self.write_graph or not getattr(model, "built", False):
            return
        self._has_graph = True
        file = self._run("train")
        if graph_of(model) is not None:
            with contextlib.suppress(Invalid, TypeError, ValueError, NotImplementedError):  # not all has a JSON form
                file.model(model.to_json())
        file.graph(definition_of(model))

    def _write_weights(self, epoch: int) -> None:
        """Write a histogram of each weight, and pictures where they are asked for."""
        file = self._run("train")
        for weight in weights_of(self._model):
            file.histogram(f"{weight.path}/histogram", weight, epoch)
            pictures = pictures_of(weight) if self.write_images else []
            if pictures:
                file.images(f"{weight.path}/image", pictures, epoch)

    def _end_profile(self) -> None:
        if self._profile is not None:
            self._profile.stop()
            self._profile = None


class Summary:
    """Writes values of your own, beside those of the training.

    A name is what TensorBoard shows; a step is where the value stands, by default the number of the optimizer's steps.

    Args:
        callback: whose run `train` it writes into.
    """

    def __init__(self, callback: TensorBoard) -> None:
        self._callback = callback

    def scalar(self, name: str, data: Any, step: int | None = None) -> None:
        """A number."""
        self._file().scalars({name: number(data)}, self._step(step))

    def histogram(self, name: str, data: Any, step: int | None = None) -> None:
        """How the values of an array are spread."""
        self._file().histogram(name, torch.as_tensor(data), self._step(step))

    def image(self, name: str, data: Any, step: int | None = None, max_outputs: int = 3) -> None:
        """Pictures.

        Shapes:
            data: (pictures, height, width, channels), from 0 to 1, or bytes
        """
        self._file().images(name, pixels(data, max_outputs), self._step(step))

    def text(self, name: str, data: str, step: int | None = None) -> None:
        """A text in Markdown."""
        self._file().text(name, data, self._step(step))

    def flush(self) -> None:
        """Let readers see it now."""
        self._file().flush()

    def _file(self) -> EventFile:
        return self._callback._run("train")

    def _step(self, step: int | None) -> int:
        optimizer = getattr(self._callback.model, "optimizer", None)
        return step if step is not None else num_updates(optimizer) if optimizer is not None else 0


def number(value: Any) -> float:
    """A value of the logs; of several values their mean."""
    return float(value.mean() if getattr(value, "ndim", 0) else value)


def num_updates(optimizer: Any) -> int:
    """How many steps an optimizer has made."""
    known = getattr(optimizer, "num_updates", None)
    return int(getattr(optimizer, "iterations", 0)) if known is None else known


def weights_of(model: Any) -> list[Any]:
    """The weights of a model's layers, each once."""
    layers = [layer for layer in getattr(model, "layers", ()) if isinstance(layer, Layer)]
    found = [weight for layer in layers for weight in layer.weights] + list(getattr(model, "weights", ()))
    return list({id(weight): weight for weight in found}.values())
