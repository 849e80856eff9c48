"""Checkpoints in folders: which there are, that they are whole, and that a training goes on from them."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from kerasviz import Input, Sequential, callbacks, layers, models, optimizers
from kerasviz.callbacks import orbax
from kerasviz.declare import Invalid
from kerasviz.saving import checkpoints

ROWS, BATCH = 12, 4
X = np.random.default_rng(0).normal(size=(ROWS, 3)).astype("float32")
Y = X.sum(1, keepdims=True)


class Stopped(Exception):
    pass


def network(optimizer="adam"):
    start = [Input((3,)), layers.Dense(4, "relu", kernel_initializer="ones"), layers.Dropout(0.3, seed=3)]
    model = Sequential([*start, layers.BatchNormalization(), layers.Dense(1, kernel_initializer="ones")])
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


def fit(folder, *others, model=None, epochs=3, initial_epoch=0, **options):
    model = model or network()
    keep = callbacks.OrbaxCheckpoint(folder, **options)
    options = {"epochs": epochs, "initial_epoch": initial_epoch, "shuffle": False, "callbacks": [*others, keep]}
    with contextlib.suppress(Stopped):
        model.fit(X, Y, BATCH, verbose=0, **options)
    return model


def steps(folder):
    return sorted(int(path.name) for path in Path(folder).iterdir())


def same(model, other):
    return all(torch.equal(a, b) for a, b in zip(model.weights, other.weights, strict=True))


class Tells(callbacks.Callback):
    """Adds a value to the logs of each epoch."""

    def __init__(self, *values):
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        logs["score"] = self.values[epoch]


# which checkpoints there are: as Keras names them (with orbax-checkpoint 0.12)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [2]),
        ({"max_to_keep": None}, [0, 1, 2]),
        ({"max_to_keep": 2}, [1, 2]),
        ({"save_freq": 2, "max_to_keep": None}, [2, 4, 6, 8]),
        ({"save_freq": 4, "max_to_keep": None}, [4, 8]),
        ({"save_freq": 100}, []),
        ({"max_to_keep": None, "initial_epoch": 1}, [1, 2]),
        ({"save_weights_only": True}, [2]),
        ({"save_on_background": False, "max_to_keep": 2}, [1, 2]),
    ],
    ids=["newest", "all", "two", "2 batches", "4 batches", "never", "initial_epoch", "weights", "foreground"],
)
def test_the_newest_are_kept(tmp_path, options, expected):
    fit(tmp_path, **options)
    assert steps(tmp_path) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"mode": "min"}, [0, 2]),
        ({"mode": "max"}, [0, 1, 3]),
        ({"mode": "max", "initial_value_threshold": 4.5}, [3]),
        ({"mode": "min", "max_to_keep": 1}, [2]),
    ],
    ids=["min", "max", "threshold", "one"],
)
def test_the_best_are_kept(tmp_path, options, expected):
    options = {"max_to_keep": None, "monitor": "score", "save_best_only": True, **options}
    fit(tmp_path, Tells(3.0, 4.0, 2.0, 5.0), epochs=4, **options)
    assert steps(tmp_path) == expected


def test_several_batches_of_one_execution_are_counted(tmp_path):
    model = network()
    model.compile("adam", "mse", steps_per_execution=2)
    fit(tmp_path, model=model, save_freq=2, max_to_keep=None)
    assert steps(tmp_path) == [2, 5, 8]


def test_a_save_is_told_of(tmp_path, capsys):
    fit(tmp_path, verbose=1, epochs=1)
    assert capsys.readouterr().out == f"\nEpoch 1: saving model to {tmp_path / '0'}\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"directory": ""}, "a path"),
        ({"save_freq": 0}, "number of batches"),
        ({"mode": "up"}, "'min' or 'max'"),
        ({"max_to_keep": 0}, "at least 1"),
        ({"verbose": 2}, "at most 1"),
        ({"save_best_only": "yes"}, "True or False"),
    ],
)
def test_what_cannot_work_is_refused_at_once(options, message):
    with pytest.raises(Invalid, match=message):
        callbacks.OrbaxCheckpoint(**{"directory": "checkpoints", **options})


def test_a_file_in_the_folders_place_is_refused_before_the_training(tmp_path):
    (tmp_path / "mine").write_text("mine")
    model = network()
    with pytest.raises(Invalid, match="a folder, got"):
        fit(tmp_path / "mine", model=model)
    assert same(model, network())
    assert (tmp_path / "mine").read_text() == "mine"


# reading them


def test_the_newest_is_loaded_from_the_folder_and_each_from_its_own(tmp_path):
    model = fit(tmp_path, max_to_keep=None)
    assert same(models.load_model(tmp_path), model)
    assert same(models.load_model(tmp_path / "0"), fit(tmp_path / "other", epochs=1))


@pytest.mark.parametrize("options", [{}, {"save_weights_only": True}], ids=["whole", "weights"])
def test_weights_are_loaded_from_the_folder(tmp_path, options):
    trained, first = fit(tmp_path, max_to_keep=None, **options), fit(tmp_path / "other", epochs=1)
    for place, expected in ((tmp_path, trained), (tmp_path / "0", first)):
        model = network()
        model.optimizer.build(model.trainable_variables)
        model.load_weights(place)
        assert same(model, expected)
        assert model.optimizer.num_updates == expected.optimizer.num_updates


def test_the_files_are_those_of_a_keras_archive(tmp_path):
    fit(tmp_path / "whole")
    fit(tmp_path / "weights", save_weights_only=True)
    assert sorted(path.name for path in (tmp_path / "whole" / "2").iterdir()) == [
        *("checkpoint.json", "config.json", "metadata.json", "model.weights.h5")
    ]
    found = sorted(path.name for path in (tmp_path / "weights" / "2").iterdir())
    assert found == ["checkpoint.json", "model.weights.h5"]


def test_assets_are_kept(tmp_path):
    lookup = layers.StringLookup(vocabulary=["b", "a"])
    checkpoints.write_checkpoint(tmp_path, 1, files_of(Sequential([lookup, layers.Embedding(4, 2)])))
    model = models.load_model(tmp_path)
    assert model.layers[0].get_vocabulary() == lookup.get_vocabulary()


def files_of(model):
    model(np.array([["a"]]))
    keep = callbacks.OrbaxCheckpoint("unused")
    keep.set_model(model)
    return keep._files()


@pytest.mark.parametrize("kind", ["nothing", "empty", "other files"])
def test_a_folder_without_checkpoints_is_refused(tmp_path, kind):
    folder = tmp_path / "folder"
    if kind != "nothing":
        folder.mkdir()
    if kind == "other files":
        (folder / "7").mkdir()
        (folder / "7" / "model.weights.h5").write_bytes(b"")
    with pytest.raises(Invalid):
        models.load_model(folder)
    with pytest.raises(Invalid):
        network().load_weights(folder)


FACTS = {
    "none": None,
    "no json": b"{",
    "a list": b"[1]",
    "text": b'{"order": "9"}',
    "a fraction": b'{"order": 1e400}',
    "deep": b"[" * 4000,
    "long": b'{"order": ' + b"9" * 5000 + b"}",
    "bytes": b"\xff\xfe",
}


@pytest.mark.parametrize("case", FACTS)
def test_folders_whose_facts_are_damaged_are_no_checkpoints(tmp_path, case):
    model = fit(tmp_path)
    odd = tmp_path / "9"
    odd.mkdir()
    if FACTS[case] is not None:
        (odd / "checkpoint.json").write_bytes(FACTS[case])
    assert checkpoints.checkpoints_in(tmp_path) == [tmp_path / "2"]
    assert same(models.load_model(tmp_path), model)


@pytest.mark.parametrize("what", ["checkpoint", "facts", "weights"])
def test_links_are_not_followed(tmp_path, what):
    fit(tmp_path / "elsewhere", epochs=1)
    source, folder = tmp_path / "elsewhere" / "0", tmp_path / "folder"
    folder.mkdir()
    if what == "checkpoint":
        (folder / "0").symlink_to(source)
    else:
        (folder / "0").mkdir()
        for path in source.iterdir():
            is_link = path.name == {"facts": "checkpoint.json", "weights": "model.weights.h5"}[what]
            (os.symlink if is_link else shutil.copy)(path, folder / "0" / path.name)
    with pytest.raises(Invalid):
        models.load_model(folder)
    with pytest.raises(Invalid):
        network().load_weights(folder)


def test_facts_that_nobody_writes_into_keep_nobody_waiting(tmp_path):
    (tmp_path / "3").mkdir()
    os.mkfifo(tmp_path / "3" / "checkpoint.json")
    assert checkpoints.checkpoints_in(tmp_path) == []


# going on


@pytest.mark.parametrize("optimizer", ["adam", "averages", "schedule"])
def test_a_training_goes_on_from_its_newest_checkpoint_as_if_it_had_not_ended(tmp_path, optimizer):
    make = {
        "adam": lambda: "adam",
        "averages": lambda: optimizers.SGD(0.1, momentum=0.9, use_ema=True, ema_overwrite_frequency=5),
        "schedule": lambda: optimizers.RMSprop(optimizers.schedules.ExponentialDecay(0.1, 3, 0.7)),
    }[optimizer]
    whole = fit(tmp_path / "whole", epochs=4, model=network(make()))
    fit(tmp_path / "part", callbacks.LambdaCallback(on_epoch_end=stops_after(1)), epochs=4, model=network(make()))
    assert steps(tmp_path / "part") == [1]
    model = fit(tmp_path / "part", epochs=4, initial_epoch=2, model=models.load_model(tmp_path / "part"))
    assert steps(tmp_path / "part") == [3]
    assert same(models.load_model(tmp_path / "part"), models.load_model(tmp_path / "whole"))
    assert same(model, whole)


def stops_after(last):
    """A hook for the callback behind; a training that fails there has saved what was before."""

    def stop(epoch, logs):
        if epoch > last:
            raise Stopped

    return stop


def test_a_step_that_is_there_is_replaced_and_is_the_newest_then(tmp_path):
    fit(tmp_path, max_to_keep=None)
    model = fit(tmp_path, max_to_keep=None, epochs=1, model=network("sgd"))
    assert steps(tmp_path) == [0, 1, 2]
    assert same(models.load_model(tmp_path), model)
    fit(tmp_path, max_to_keep=2, epochs=2, model=network("sgd"))
    assert steps(tmp_path) == [0, 1]


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_no_checkpoint_is_never_taken_away(tmp_path, kind):
    mine = tmp_path / "1"
    if kind == "file":
        mine.write_text("mine")
    else:
        (tmp_path / "year").mkdir()
        mine.mkdir() if kind == "folder" else mine.symlink_to(tmp_path / "year")
    (tmp_path / "2024").mkdir()
    (tmp_path / "2024" / "photo.png").write_text("mine")
    with pytest.raises(Invalid, match="no checkpoint"):
        fit(tmp_path)
    assert os.path.lexists(mine)
    assert (tmp_path / "2024" / "photo.png").exists()
    assert (tmp_path / "0" / "checkpoint.json").exists()


def test_a_state_tells_the_batches_so_far(tmp_path):
    keep, again = (callbacks.OrbaxCheckpoint(tmp_path / "checkpoints", save_freq=2, max_to_keep=None) for _ in "ab")
    backup = {"backup_dir": tmp_path / "backup", "save_freq": 1}

    def fails(batch, logs):
        if keep._counter.total == 4 and again._counter.total == 0:
            raise Stopped

    options = {"epochs": 2, "batch_size": BATCH, "verbose": 0}
    fail = callbacks.LambdaCallback(on_train_batch_end=fails)
    with pytest.raises(Stopped):
        network().fit(X, Y, callbacks=[keep, callbacks.BackupAndRestore(**backup), fail], **options)
    assert steps(tmp_path / "checkpoints") == [2, 4]
    network().fit(X, Y, callbacks=[again, callbacks.BackupAndRestore(**backup)], **options)
    assert steps(tmp_path / "checkpoints") == [2, 4, 6]


# in the background


@pytest.fixture
def gate(monkeypatch):
    """What holds back every write, until it is set."""
    event, write = threading.Event(), orbax.write_checkpoint

    def late(*args):
        assert event.wait(60)
        write(*args)

    monkeypatch.setattr(orbax, "write_checkpoint", late)
    return event


def test_the_training_goes_on_while_a_checkpoint_is_written_and_it_has_the_weights_of_its_moment(tmp_path, gate):
    batches = []

    def open_late(batch, logs):
        batches.append(batch)
        if len(batches) == 5:
            assert not list(tmp_path.iterdir())
            gate.set()

    note = callbacks.LambdaCallback(on_train_batch_end=open_late)
    fit(tmp_path, note, epochs=2, max_to_keep=None)
    gate.set()
    assert same(models.load_model(tmp_path / "0"), fit(tmp_path / "one", epochs=1))


def test_nothing_is_being_written_when_a_training_has_ended(tmp_path, gate):
    threading.Timer(0.05, gate.set).start()
    fit(tmp_path, epochs=1)
    assert steps(tmp_path) == [0]


def test_a_training_that_fails_waits_for_what_is_being_written(tmp_path, gate):
    def fails(epoch, logs):
        if epoch == 1:
            gate.set()
            raise Stopped

    fit(tmp_path, callbacks.LambdaCallback(on_epoch_begin=fails))
    assert steps(tmp_path) == [0]


def full(*args):
    raise OSError("No space left on device")


@pytest.mark.parametrize("options", [{}, {"epochs": 1}, {"save_on_background": False}], ids=["next", "end", "at once"])
def test_a_save_that_failed_fails_the_training(tmp_path, monkeypatch, options):
    monkeypatch.setattr(orbax, "write_checkpoint", full)
    with pytest.raises(OSError, match="No space"):
        fit(tmp_path, **options)


def test_a_save_that_failed_is_warned_of_when_the_callback_is_taken_off(tmp_path, monkeypatch):
    monkeypatch.setattr(orbax, "write_checkpoint", full)
    keep = callbacks.OrbaxCheckpoint(tmp_path)
    told = callbacks.CallbackList([keep], model=network())
    told.on_train_begin()
    told.on_epoch_end(0, {})
    with pytest.warns(UserWarning, match="No space"):
        told.remove(keep)
    keep.wait_until_finished()


def test_a_failed_save_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    model = fit(tmp_path, epochs=1)
    monkeypatch.setattr(checkpoints, "flush", full)
    with pytest.raises(OSError, match="No space"):
        fit(tmp_path, epochs=2, initial_epoch=1)
    assert os.listdir(tmp_path) == ["0"]
    assert same(models.load_model(tmp_path), model)


KILLED = """
import os, signal, sys
import numpy as np
from kerasviz.saving import checkpoints
folder, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
plain = getattr(checkpoints.os if name == "rename" else checkpoints, name)
left = [count]
def dies(*values, **named):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return plain(*values, **named)
for step in range(3):
    if step == 2:
        setattr(checkpoints.os if name == "rename" else checkpoints, name, dies)
    checkpoints.write_checkpoint(folder, step, {"model.weights.h5": b"x" * 1000, "assets/a": b"y"}, 2)
"""


@pytest.mark.parametrize(
    ("name", "count", "expected"),
    [("flush", 1, [0, 1]), ("flush", 3, [0, 1]), ("put_in_place", 1, [0, 1]), ("rename", 2, [0, 1, 2])],
    ids=["first file", "last file", "before its place", "before the old one goes"],
)
def test_a_process_killed_in_a_save_leaves_whole_checkpoints(tmp_path, name, count, expected):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", KILLED, str(tmp_path), name, str(count)]
    assert subprocess.run(command, env=environment).returncode == -signal.SIGKILL
    found = checkpoints.checkpoints_in(tmp_path)
    assert [int(path.name) for path in found] == expected
    assert all((path / "model.weights.h5").read_bytes() == b"x" * 1000 for path in found)
    checkpoints.write_checkpoint(tmp_path, 3, {"model.weights.h5": b""}, 2)
    assert [int(path.name) for path in checkpoints.checkpoints_in(tmp_path)] == [expected[-1], 3]
    assert json.loads((tmp_path / "3" / "checkpoint.json").read_text()) == {"step": 3, "order": len(expected)}


# several processes


@pytest.mark.parametrize(("rank", "expected"), [(0, [2]), (1, [])], ids=["first", "second"])
def test_the_first_of_several_processes_writes(tmp_path, monkeypatch, rank, expected):
    for name, value in {"is_available": True, "is_initialized": True, "get_world_size": 2, "get_rank": rank}.items():
        monkeypatch.setattr(torch.distributed, name, lambda value=value: value)
    keep = callbacks.OrbaxCheckpoint(tmp_path)
    assert keep.is_multihost_enabled()
    assert keep.is_primary_host() == (rank == 0)
    network().fit(X, Y, BATCH, epochs=3, verbose=0, callbacks=[keep])
    assert steps(tmp_path) == expected


def test_a_process_alone_is_the_first():
    keep = callbacks.OrbaxCheckpoint("checkpoints")
    assert (keep.is_multihost_enabled(), keep.is_primary_host()) == (False, True)
