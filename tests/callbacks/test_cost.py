"""What callbacks cost a training: no call for a hook that is not overridden, no look at the device for unread logs."""

import contextlib
import gc
import sys
from collections import Counter

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from kerasviz import Input, Sequential, callbacks, layers, tensors
from kerasviz.callbacks.base import HOOKS
from kerasviz.callbacks.lists import CallbackList
from kerasviz.events import TrainBatchEnd

PER_BATCH = [hook for hook in HOOKS if "batch" in hook]
BATCH = 4


def network():
    model = Sequential([Input((3,)), layers.Dense(2, "relu"), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def data(batches):
    return np.ones((BATCH * batches, 3), "float32"), np.ones((BATCH * batches, 1), "float32")


# calls, counted


def calls_of(work):
    """How often each Python function is called, and each function of C from one."""
    found = Counter()

    def count(frame, event, what):
        if event == "call":
            found[frame.f_code.co_qualname] += 1
        elif event == "c_call":
            found[f"C: {what.__qualname__}"] += 1

    gc.collect()
    gc.disable()  # what the collector calls comes at any time
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return found


def calls_of_five_batches(chosen, method="fit"):
    """What five more batches call."""
    model = network()
    given = {"fit": 2, "evaluate": 2, "predict": 1}[method]

    def work(batches):
        getattr(model, method)(*data(batches)[:given], batch_size=BATCH, verbose=0, callbacks=chosen)

    for batches in (3, 8):
        work(batches)  # fills caches
    few, many = calls_of(lambda: work(3)), calls_of(lambda: work(8))
    return more(many, few)


def more(calls, than):
    """What is called more often, at least once in each of the five batches: less has to do with time, not batches."""
    return {name: calls[name] - than[name] for name in calls if calls[name] - than[name] >= 5}


class Empty(callbacks.Callback):
    pass


class EpochsOnly(callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        pass


class Unread(callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        pass


FREE = {
    "Callback": lambda path: callbacks.Callback(),
    "empty": lambda path: Empty(),
    "of epochs": lambda path: EpochsOnly(),
    "LambdaCallback": lambda path: callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
    "History": lambda path: callbacks.History(),
    "EarlyStopping": lambda path: callbacks.EarlyStopping("loss"),
    "ReduceLROnPlateau": lambda path: callbacks.ReduceLROnPlateau("loss"),
    "LearningRateScheduler": lambda path: callbacks.LearningRateScheduler("lr"),
    "CSVLogger": lambda path: callbacks.CSVLogger(path / "log.csv"),
    "TensorBoard": lambda path: callbacks.TensorBoard(path / "logs", histogram_freq=1),
    "ModelCheckpoint": lambda path: callbacks.ModelCheckpoint(path / "a.keras"),
    "OrbaxCheckpoint": lambda path: callbacks.OrbaxCheckpoint(path / "checkpoints", save_on_background=False),
}


@pytest.mark.parametrize("case", FREE)
def test_a_batch_makes_no_call_more_for_a_callback_that_overrides_no_hook_of_batches(tmp_path, case):
    assert calls_of_five_batches([FREE[case](tmp_path)]) == calls_of_five_batches([])


@pytest.mark.parametrize("method", ["evaluate", "predict"])
def test_nor_does_a_batch_that_is_tested_or_predicted(method):
    chosen = [Empty(), EpochsOnly(), Unread(), callbacks.History()]
    assert calls_of_five_batches(chosen, method) == calls_of_five_batches([], method)


def test_a_hook_that_is_overridden_is_called_once_a_batch_and_nothing_else_is():
    with_it, without = (Counter(calls_of_five_batches(chosen)) for chosen in ([Unread()], []))
    assert more(with_it, without) == {"C: getattr": 5, "Unread.on_train_batch_end": 5}


@pytest.mark.parametrize("case", FREE)
@pytest.mark.parametrize("hook", PER_BATCH)
def test_nobody_listens_to_a_hook_that_is_not_overridden(tmp_path, case, hook):
    assert not CallbackList([FREE[case](tmp_path)], add_history=True).listens(hook)


@pytest.mark.parametrize("freq", ["epoch", False])
def test_a_backup_by_epochs_does_not_listen_to_batches(tmp_path, freq):
    told = CallbackList([callbacks.BackupAndRestore(tmp_path, save_freq=freq)])
    assert not any(told.listens(hook) for hook in PER_BATCH)


def test_a_bar_that_is_no_screen_makes_few_calls_a_batch_and_no_read():
    with_it, without = (Counter(calls_of_five_batches(chosen)) for chosen in ([callbacks.ProgbarLogger()], []))
    hook = {"ProgbarLogger.on_train_batch_end": 5, "ProgbarLogger._advance": 5}
    assert more(with_it, without) == {"C: getattr": 5, **hook}


# the device, guarded


@pytest.fixture
def on_meta():
    tensors.set_device("meta")
    yield
    tensors.set_device(None)


def batches_on_meta(chosen, batches=4):
    """A training whose tensors have no values: who reads one fails."""
    model = network()
    x, y = (torch.empty(array.shape, device="meta") for array in data(batches))
    told = CallbackList(chosen, add_history=True, model=model, verbose=1, epochs=1, steps=batches)
    ended = 0
    for event in model.training_events(x, y, batch_size=BATCH):
        told.handle(event)
        ended += isinstance(event, TrainBatchEnd)
        if ended == batches:
            break
    told.close()


UNREAD = {
    **FREE,
    "hook": lambda path: Unread(),
    "bar": lambda path: callbacks.ProgbarLogger(),
    "batches of LambdaCallback": lambda path: callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None),
    "tests of truth": lambda path: callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: dict if logs else 0),
    "TensorBoard by batches": lambda path: callbacks.TensorBoard(path / "logs", update_freq=100),
    "TensorBoard and speed": lambda path: callbacks.TensorBoard(path / "logs", write_steps_per_second=True),
    "ModelCheckpoint by batches": lambda path: callbacks.ModelCheckpoint(path / "a.keras", save_freq=100),
    "OrbaxCheckpoint by batches": lambda path: callbacks.OrbaxCheckpoint(path / "checkpoints", save_freq=100),
    "BackupAndRestore": lambda path: callbacks.BackupAndRestore(path / "backup", save_freq=False),
    "BackupAndRestore by batches": lambda path: callbacks.BackupAndRestore(path / "backup", save_freq=100),
    "RemoteMonitor": lambda path: callbacks.RemoteMonitor(),
}


@pytest.mark.usefixtures("on_meta")
@pytest.mark.parametrize("case", UNREAD)
def test_logs_that_are_not_read_are_never_fetched_from_the_device(tmp_path, case):
    batches_on_meta([UNREAD[case](tmp_path)])


READ = {
    "value": lambda logs: logs["loss"],
    "get": lambda logs: logs.get("loss"),
    "dict": dict,
    "names": list,
    "text": repr,
}


@pytest.mark.usefixtures("on_meta")
@pytest.mark.parametrize("case", READ)
def test_logs_that_are_read_are_fetched(case):
    with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
        batches_on_meta([callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: READ[case](logs))])


class Fetches(TorchDispatchMode):
    """Counts how often a number goes from a tensor to Python."""

    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


def fetches(batches, chosen):
    model = network()
    with contextlib.redirect_stdout(None):
        model.fit(*data(batches), batch_size=BATCH, verbose=0, callbacks=chosen)
        with Fetches() as counted:
            model.fit(*data(batches), batch_size=BATCH, verbose=0, callbacks=chosen)
    return counted.count


@pytest.mark.parametrize("case", UNREAD)
def test_an_epoch_of_many_batches_fetches_as_few_numbers_as_one_of_few(tmp_path, monkeypatch, case):
    monkeypatch.setattr(callbacks.RemoteMonitor, "on_epoch_end", lambda self, epoch, logs=None: dict(logs))
    chosen = [UNREAD[case](tmp_path)]
    assert fetches(3, chosen) == fetches(30, chosen)


def test_each_batch_whose_logs_are_read_fetches_its_numbers():
    chosen = [callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: logs["loss"])]
    assert fetches(30, chosen) - fetches(3, chosen) >= 27
