"""A save that is cut off anywhere leaves the last one whole: the disk fails at any write, or the process is killed."""

import builtins
import contextlib
import io
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import h5py
import numpy as np
import pytest

import kerasviz
from kerasviz import callbacks, layers
from kerasviz.saving import KerasFileEditor, files, folder, shards

KILOBYTE = 2**-20  # in gigabytes


def model(value=0.0):
    made = kerasviz.Sequential([kerasviz.Input((64,)), layers.Dense(64), layers.Dropout(0.5), layers.Dense(64)])
    made.compile("adam", "mse")
    made.set_weights([np.full(v.shape, value, "float32") for v in made.weights])
    return made


def edited(made, path):
    made.save_weights(path.parent / "source.weights.h5")
    with contextlib.redirect_stdout(io.StringIO()):
        KerasFileEditor(path.parent / "source.weights.h5").save(path)


def read_weights(path):
    made = model(-1.0)
    made.load_weights(path)
    return made


def checkpoint(**options):
    return lambda made, path: told(made, callbacks.ModelCheckpoint(path, **options))


def backup(**options):
    return lambda made, path: told(made, callbacks.BackupAndRestore(path, delete_checkpoint=False, **options))


def told(made, callback):
    """Have a callback save."""
    callback.set_model(made)
    callback.on_epoch_end(0, {"loss": 1.0})


def read_backup(path):
    made = model(-1.0)
    callback = callbacks.BackupAndRestore(path)
    callback.set_model(made)
    callback.on_train_begin()
    return made


WRITERS = {  # the name of the file or folder; what writes it, and what reads it
    "keras": ("a.keras", lambda made, path: made.save(path), kerasviz.saving.load_model),
    "folder": ("a", lambda made, path: made.save(path, zipped=False), kerasviz.saving.load_model),
    "h5": ("a.h5", lambda made, path: made.save(path), kerasviz.saving.load_model),
    "weights.h5": ("a.weights.h5", lambda made, path: made.save_weights(path), read_weights),
    "shards": (
        "a.weights.json",
        lambda made, path: made.save_weights(path, max_shard_size=32 * KILOBYTE),
        read_weights,
    ),
    "safetensors": ("a.safetensors", lambda made, path: made.save_weights(path), read_weights),
    "editor": ("a.weights.h5", edited, read_weights),
    "checkpoint": ("a.keras", checkpoint(), kerasviz.saving.load_model),
    "checkpoint of weights": ("a.weights.h5", checkpoint(save_weights_only=True), read_weights),
    "backup": ("a", backup(), read_backup),
    "two backups": ("a", backup(double_checkpoint=True), read_backup),
}


def value_of(made):
    """The one value that all weights have: none comes from one save and another from the next."""
    values = {float(value) for array in made.get_weights() for value in (array.min(), array.max())}
    assert len(values) == 1
    return values.pop()


def everything_in(folder):
    """The names of all files in a folder, and what is in them."""
    return tuple((str(path), path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file())


class DiskError(OSError):
    """What a full disk raises."""


class Failing:
    """Lets `left` calls through, then fails each that follows, if `lasting`, or one."""

    def __init__(self, left, lasting):
        self.left, self.lasting, self.count = left, lasting, 0

    def __call__(self, name):
        self.count += 1
        if self.count == self.left + 1 or (self.lasting and self.count > self.left):
            raise DiskError(28, f"No space left on device ({name}, call {self.count})")


def patched(patch, step):
    """Have every function that changes the disk ask `step` first."""

    def guard(holder, name):
        true = getattr(holder, name)

        def asking(*args, **options):
            step(name)
            return true(*args, **options)

        patch.setattr(holder, name, asking)

    for name in ("replace", "rename", "fsync", "link", "mkdir"):
        guard(os, name)
    for name in ("write_text", "write_bytes", "mkdir"):
        guard(pathlib.Path, name)
    for name in ("__setitem__", "require_group", "create_dataset"):
        guard(h5py.Group, name)
    guard(shutil, "copymode")
    guard(shutil, "copyfile")
    guard(folder, "swapped")
    true_open = builtins.open

    def opening(path, mode="r", *args, **options):
        if set(mode) & set("wxa+"):
            step("open")
        opened = true_open(path, mode, *args, **options)
        if set(mode) & set("wxa+") and not isinstance(opened, io.TextIOBase):
            return Disk(opened, step)
        return opened

    patch.setattr(builtins, "open", opening)
    patch.setattr(io, "open", opening)


class Disk:
    """An open file whose writes may fail."""

    def __init__(self, file, step):
        self.file, self.step = file, step

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def write(self, data):
        self.step("write")
        return self.file.write(data)


@contextlib.contextmanager
def room_for(size):
    """A disk that has so many bytes left for each file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def writes_of(write, made, path, monkeypatch):
    step = Failing(10**9, lasting=False)
    with monkeypatch.context() as patch:
        patched(patch, step)
        write(made, path)
    return step.count


@pytest.mark.parametrize("lasting", [False, True], ids=["one write", "all that follow"])
@pytest.mark.parametrize("name", WRITERS)
def test_whatever_write_fails_a_whole_file_is_there(name, lasting, tmp_path, monkeypatch):
    file, write, read = WRITERS[name]
    path = tmp_path / file
    old, new = model(1.0), model(2.0)
    write(old, path)
    write(old, path)
    many = writes_of(write, old, path, monkeypatch)
    assert many > 3
    found, known = 1.0, {everything_in(tmp_path): 1.0}
    for k in range(many):
        if found != 1.0:
            write(old, path)
            known = {everything_in(tmp_path): 1.0}
        step = Failing(k, lasting)
        failed = False
        with monkeypatch.context() as patch:
            patched(patch, step)
            try:
                write(new, path)
            except (OSError, RuntimeError, ValueError):
                failed = True
        found = known.get(everything_in(tmp_path)) or value_of(read(path))
        assert found == 2.0 or (failed and found == 1.0), f"write {k}"
    with contextlib.suppress(OSError):
        (tmp_path / "source.weights.h5").unlink()
    write(new, path)
    assert value_of(read(path)) == 2.0


@pytest.mark.parametrize("name", WRITERS)
def test_a_failed_save_leaves_nothing_behind(name, tmp_path, monkeypatch):
    file, write, _ = WRITERS[name]
    path = tmp_path / file
    made = model(1.0)
    write(made, path)
    write(made, path)
    before = sorted(p.name for p in tmp_path.iterdir())
    for k in range(writes_of(write, made, path, monkeypatch)):
        with monkeypatch.context() as patch, contextlib.suppress(OSError, RuntimeError, ValueError):
            patched(patch, Failing(k, lasting=False))
            write(made, path)
        left = sorted(p.name for p in tmp_path.iterdir())
        named = [file, *shards.shard_names(path)] if name == "shards" else before  # its files may have other names
        assert left == sorted(named)
    write(made, path)
    write(made, path)
    assert sorted(p.name for p in tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", WRITERS)
def test_the_first_save_that_fails_leaves_no_file(name, tmp_path, monkeypatch):
    file, write, read = WRITERS[name]
    made = model(1.0)
    trial = tmp_path / "trial"
    trial.mkdir()
    for k in range(writes_of(write, made, trial / file, monkeypatch)):
        place = tmp_path / f"{k}"
        place.mkdir()
        with monkeypatch.context() as patch, contextlib.suppress(OSError, RuntimeError, ValueError):
            patched(patch, Failing(k, lasting=True))
            write(made, place / file)
        if (place / file).is_file() or any((place / file).glob("*")):
            assert value_of(read(place / file)) == 1.0


@pytest.mark.parametrize("name", WRITERS)
def test_a_disk_without_room_is_an_error_and_no_harm(name, tmp_path):
    file, write, read = WRITERS[name]
    path = tmp_path / file
    old, new = model(1.0), model(2.0)
    write(old, path)
    write(old, path)
    before = sorted(p.name for p in tmp_path.iterdir())
    for size in (0, 1, 500, 2000, 3000, 5000, 9000, 14_000, 17_000, 20_000):
        with room_for(size), pytest.raises(OSError, match=r"(?i)too large"):
            write(new, path)
        assert value_of(read(path)) == 1.0
        assert sorted(p.name for p in tmp_path.iterdir()) == before
    write(new, path)
    assert value_of(read(path)) == 2.0


def test_hdf5_files_that_had_no_room_do_not_end_the_process(tmp_path):
    script = textwrap.dedent(WITHOUT_ROOM.format(tests=os.path.dirname(__file__)))
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    assert ended.stdout == "the disk is full\n" * len(range(0, 40_000, 2000))


WITHOUT_ROOM = """
    import sys
    sys.path.insert(0, {tests!r})
    from test_atomic import model, room_for
    made = model(1.0)
    for size in range(0, 40_000, 2000):
        try:
            with room_for(size):
                made.save_weights(f"{{sys.argv[1]}}/a.weights.h5")
        except OSError:
            print("the disk is full")
"""


def test_an_interrupt_is_as_harmless(tmp_path, monkeypatch):
    path = tmp_path / "a.keras"
    model(1.0).save(path)
    monkeypatch.setattr(files.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model(2.0).save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["a.keras"]
    assert value_of(kerasviz.saving.load_model(path)) == 1.0


def interrupted(*args):
    raise KeyboardInterrupt


SAVING = """
    import os, sys
    sys.path.insert(0, {tests!r})
    from pathlib import Path
    from test_atomic import WRITERS, model
    made = [model(float(value)) for value in (1, 2, 3)]
    for line in sys.stdin:
        name, path = line.rstrip().split("|")
        child = os.fork()
        if child == 0:
            print(os.getpid(), flush=True)
            number = 0
            while True:
                WRITERS[name][1](made[number % 3], Path(path))
                number += 1
                os.write(1, b"saved\\n")  # whole or not at all, whenever it is killed
        os.waitpid(child, 0)
        print("gone", flush=True)
"""
KILLS = 6  # moments at which a save is killed


@pytest.fixture(scope="module")
def saving():
    """A process that saves in processes of its own, which are killed."""
    script = textwrap.dedent(SAVING.format(tests=os.path.dirname(__file__)))
    command = [sys.executable, "-c", script]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    yield process
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("name", WRITERS)
def test_a_killed_process_leaves_a_whole_file(name, saving, tmp_path):
    file, write, read = WRITERS[name]
    path = tmp_path / file
    for moment in range(KILLS):
        saving.stdin.write(f"{name}|{path}\n")
        saving.stdin.flush()
        child = int(saving.stdout.readline())
        try:
            for _ in range(2):
                assert saving.stdout.readline() == "saved\n"
            time.sleep(moment * 0.002)  # somewhere in a save
        finally:
            os.kill(child, signal.SIGKILL)
        for line in iter(saving.stdout.readline, "gone\n"):
            assert line == "saved\n"
        assert value_of(read(path)) in (1.0, 2.0, 3.0)
    write(model(5.0), path)
    assert value_of(read(path)) == 5.0


def test_what_a_killed_process_left_is_taken_away_a_day_later(tmp_path):
    made = model(1.0)
    made.save(tmp_path / "a.keras")
    left = tmp_path / ".a.keras.0123456789ab.tmp"
    left.write_bytes(b"half")
    made.save(tmp_path / "a.keras")
    assert left.exists()
    long_ago = left.stat().st_mtime - files.ABANDONED_SECONDS - 10
    os.utime(left, (long_ago, long_ago))
    made.save(tmp_path / "a.keras")
    assert not left.exists()


def test_what_a_killed_checkpoint_left_is_taken_away_a_day_later(tmp_path):
    left, other = tmp_path / ".saving-abcdefgh", tmp_path / ".saving-01234567"
    for one in (left, other):
        one.mkdir()
        (one / "a.keras").write_bytes(b"half")
    os.utime(left, (1, 1))
    told(model(1.0), callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras"))
    assert sorted(p.name for p in tmp_path.iterdir()) == [other.name, "1.keras"]


def test_files_of_a_map_that_was_cut_off_are_not_mixed_with_new_ones(tmp_path, monkeypatch):
    path = tmp_path / "a.weights.json"
    model(1.0).save_weights(path, max_shard_size=32 * KILOBYTE)
    with monkeypatch.context() as patch:
        patch.setattr(shards, "settle", interrupted)
        with pytest.raises(KeyboardInterrupt):
            model(2.0).save_weights(path, max_shard_size=32 * KILOBYTE)
    assert value_of(read_weights(path)) == 2.0
    model(3.0).save_weights(path, max_shard_size=32 * KILOBYTE)
    assert value_of(read_weights(path)) == 3.0


def test_files_that_a_killed_save_of_several_left_are_taken_away_a_day_later(tmp_path):
    made, path = model(1.0), tmp_path / "a.weights.json"
    made.save_weights(path, max_shard_size=32 * KILOBYTE)
    left, other = tmp_path / "a_0123abcd_00000.weights.h5", tmp_path / "a_00009.weights.h5"
    for one in (left, other):
        one.write_bytes(b"half")
        os.utime(one, (1, 1))
    made.save_weights(path, max_shard_size=32 * KILOBYTE)
    assert not left.exists()
    assert other.exists()
