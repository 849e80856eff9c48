"""A training that is killed goes on as if it had not been."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from kerasviz import Input, Sequential, callbacks, layers, optimizers
from kerasviz.callbacks.backup import ENDED, OLDER, STATE
from kerasviz.callbacks.nests import read_nest, write_nest
from kerasviz.declare import Invalid

SCRIPT = Path(__file__).parent / "trainings_to_kill.py"
EACH_3 = {"save_freq": 3}
EACH_EPOCH = {"save_freq": "epoch"}
TRAININGS = [
    *("arrays", "exact_rate", "several_per_execution", "steps", "generator", "dataset", "loader"),
    *("own_step", "unbuilt", "torch", "averages", "averages_swapped", "steered"),
    *("two_inputs", "time", "threads", "classes"),
]


class Server:
    """Runs trainings in processes, and kills those that wait for it."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment()
        )

    def run(self, training, folder, options, at=None):
        """How the process ended, and its results."""
        result = folder / "result.npz"
        request = {"training": training, "folder": str(folder), "result": str(result), "options": options, "at": at}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        while True:
            word, _, rest = self.process.stdout.readline().partition(" ")
            if word == "at":
                os.kill(int(rest), signal.SIGKILL)
            elif word == "ended":
                return int(rest), dict(np.load(result)) if result.exists() else None
            else:
                self.process.stdout.readline()  # that it has ended
                pytest.fail(json.loads(rest) if word == "raised" else f"the process said {word!r}")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def environment():
    return {**os.environ, "PYTHONPATH": str(SCRIPT.parents[2])}


@pytest.fixture(scope="module")
def server():
    started = Server()
    yield started
    started.close()


@pytest.fixture(scope="module")
def never_killed(server, tmp_path_factory):
    """The results of trainings that nobody kills."""
    known = {}

    def results(training, options):
        key = training, str(options)
        if key not in known:
            status, known[key] = server.run(training, tmp_path_factory.mktemp("whole"), options)
            assert status == 0
        return known[key]

    return results


def check_same(whole, got):
    """All is the same, and the history as far as it goes."""
    assert whole.keys() == got.keys()
    count = len(got["epochs"])
    assert 0 < count <= len(whole["epochs"])
    for name, value in whole.items():
        is_history = name.startswith("log ") or name == "epochs"
        np.testing.assert_array_equal(got[name], value[-count:] if is_history else value, name)


@pytest.mark.parametrize("training", TRAININGS)
def test_a_training_killed_in_mid_epoch_ends_as_one_never_killed(server, never_killed, tmp_path, training):
    status, _ = server.run(training, tmp_path, EACH_3, ["batch", 8])
    assert status == signal.SIGKILL
    assert (tmp_path / "backup" / STATE).exists()
    status, got = server.run(training, tmp_path, EACH_3)
    assert status == 0
    check_same(never_killed(training, EACH_3), got)
    assert not (tmp_path / "backup").exists()


@pytest.mark.parametrize("training", ["arrays", "loader", "steered", "two_inputs", "averages", "dataset", "threads"])
def test_a_training_saved_each_epoch_ends_as_one_never_killed(server, never_killed, tmp_path, training):
    assert server.run(training, tmp_path, EACH_EPOCH, ["batch", 8])[0] == signal.SIGKILL
    _, got = server.run(training, tmp_path, EACH_EPOCH)
    assert got["epochs"][0] == 1
    check_same(never_killed(training, EACH_EPOCH), got)


@pytest.mark.parametrize("options", [EACH_3, EACH_3 | {"double_checkpoint": True}], ids=["one state", "two states"])
@pytest.mark.parametrize(
    "at",
    [["batch", 1], ["batch", 4], ["batch", 5], ["batch", 16], ["half", 1], ["half", 3], ["written", 4], ["move", 2],
     ["move", 3], ["move", 4], ["delete", 1], ["delete", 2], ["delete", 3]],
    ids=lambda at: f"{at[0]}-{at[1]}",
)  # fmt: skip
def test_wherever_it_is_killed_also_within_a_save(server, never_killed, tmp_path, at, options):
    assert server.run("arrays", tmp_path, options, at)[0] == signal.SIGKILL
    status, got = server.run("arrays", tmp_path, options)
    assert status == 0
    check_same(never_killed("arrays", options), got)


def test_it_is_killed_again_and_again(server, never_killed, tmp_path):
    for _ in range(4):
        assert server.run("arrays", tmp_path, EACH_3, ["batch", 4])[0] == signal.SIGKILL
    _, got = server.run("arrays", tmp_path, EACH_3)
    check_same(never_killed("arrays", EACH_3), got)


def test_a_new_process_goes_on_too(never_killed, tmp_path):
    result = tmp_path / "result.npz"
    request = {"training": "own_step", "folder": str(tmp_path), "result": str(result), "options": EACH_3}
    killed = subprocess.Popen(
        [sys.executable, str(SCRIPT), json.dumps(request | {"at": ["batch", 8]})],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert killed.stdout.readline().split() == ["at", str(killed.pid)]
    killed.kill()
    assert killed.wait() == -signal.SIGKILL
    killed.stdout.close()
    subprocess.run([sys.executable, str(SCRIPT), json.dumps(request | {"at": None})], env=environment(), check=True)
    check_same(never_killed("own_step", EACH_3), dict(np.load(result)))


# in this process


class Stopped(Exception):
    pass


class Raises(callbacks.Callback):
    def __init__(self, count):
        self.count = count

    def on_train_batch_end(self, batch, logs=None):
        self.count -= 1
        if self.count == 0:
            raise Stopped


X, Y = np.random.default_rng(0).normal(size=(2, 24, 3)).astype("float32")


def network(units=3, optimizer="adam"):
    torch.manual_seed(0)
    model = Sequential([Input((3,)), layers.Dense(units, kernel_initializer="ones"), layers.Dense(3)])
    model.compile(optimizer, "mse")
    return model


def fit(folder, *others, model=None, epochs=2, **options):
    model = model or network()
    backup = callbacks.BackupAndRestore(folder, **options)
    return model, model.fit(X, Y, batch_size=8, epochs=epochs, verbose=0, callbacks=[backup, *others])


def broken(folder, count=5, **options):
    """A training that failed in its second epoch."""
    with pytest.raises(Stopped):
        fit(folder, Raises(count), **options)


def test_the_state_is_deleted_at_the_end_and_other_files_stay(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    fit(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_state_that_is_kept_lets_a_longer_training_go_on(tmp_path):
    fit(tmp_path, delete_checkpoint=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([STATE, ENDED])
    model, history = fit(tmp_path, epochs=4, delete_checkpoint=False)
    assert history.epoch == [2, 3]
    _, history = fit(tmp_path, epochs=4, delete_checkpoint=False, model=network())
    assert history.epoch == []
    whole, _ = fit(tmp_path / "whole", epochs=4)
    for ours, theirs in zip(model.weights, whole.weights, strict=True):
        assert torch.equal(ours, theirs)


def test_the_state_before_the_last_is_used_where_the_last_is_damaged(tmp_path):
    broken(tmp_path, save_freq=1, double_checkpoint=True)
    (tmp_path / STATE).write_bytes((tmp_path / STATE).read_bytes()[:200])
    model, _ = fit(tmp_path, save_freq=1, double_checkpoint=True)
    whole, _ = fit(tmp_path / "whole", save_freq=1)
    assert all(torch.equal(a, b) for a, b in zip(model.weights, whole.weights, strict=True))


def test_one_state_is_kept_unless_two_are_asked_for(tmp_path):
    broken(tmp_path / "one", save_freq=1)
    broken(tmp_path / "two", save_freq=1, double_checkpoint=True)
    assert [path.name for path in (tmp_path / "one").iterdir()] == [STATE]
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == sorted([STATE, OLDER])


def test_a_damaged_state_is_refused_and_kept(tmp_path):
    broken(tmp_path)
    (tmp_path / STATE).write_bytes(b"no state")
    with pytest.raises(Invalid, match="Delete the folder"):
        fit(tmp_path)
    assert (tmp_path / STATE).read_bytes() == b"no state"


@pytest.mark.parametrize(
    ("options", "message"),
    [({"units": 4}, "shape"), ({"optimizer": "sgd"}, "variables")],
    ids=["weights", "optimizer"],
)
def test_the_state_of_another_model_is_refused_and_changes_nothing(tmp_path, options, message):
    broken(tmp_path)
    before = (tmp_path / STATE).read_bytes()
    model = network(**options)
    weights = [weight.detach().clone() for weight in model.weights]
    with pytest.raises(Invalid, match=message):
        fit(tmp_path, model=model)
    assert all(torch.equal(a, b) for a, b in zip(weights, model.weights, strict=True))
    assert (tmp_path / STATE).read_bytes() == before


def test_the_rate_and_the_count_of_steps_are_exact(tmp_path):
    rate = 0.1 + 1e-12  # float32 cannot hold it
    broken(tmp_path, save_freq=1, model=network(optimizer=optimizers.SGD(rate)))
    model = network(optimizer=optimizers.SGD(0.5))

    class Looks(callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            seen.append((float(self.model.optimizer.learning_rate), self.model.optimizer.num_updates))

    seen = []
    fit(tmp_path, Looks(), model=model, save_freq=1)
    assert seen[0] == (rate, 4)


def test_never_saving_is_possible(tmp_path):
    broken(tmp_path / "never", save_freq=False)
    assert not (tmp_path / "never").exists()


def test_states_hold_no_pickles(tmp_path):
    broken(tmp_path)
    with np.load(tmp_path / STATE, allow_pickle=False) as arrays:
        assert all(arrays[name].dtype == np.uint8 for name in arrays.files)


def test_a_state_that_a_callback_cannot_write_says_so_and_keeps_the_last(tmp_path):
    class Odd(callbacks.Callback):
        state = None

        def get_state(self):
            return self.state

        def on_epoch_begin(self, epoch, logs=None):
            self.state = object() if epoch else 1

    with pytest.raises(Invalid, match="numbers, text"):
        fit(tmp_path, Odd())
    assert read_nest(tmp_path / STATE)["epoch"] == 1


def test_what_callbacks_know_goes_back_to_each_of_them(tmp_path):
    class Counts(callbacks.Callback):
        def __init__(self, step):
            self.step, self.count = step, 0

        def on_train_batch_end(self, batch, logs=None):
            self.count += self.step

        def get_state(self):
            return {"count": self.count}

        def set_state(self, state):
            self.count = state["count"]

    with pytest.raises(Stopped):
        fit(tmp_path, Counts(1), Counts(10), Raises(5))
    one, ten = Counts(1), Counts(10)
    fit(tmp_path, one, ten)
    assert (one.count, ten.count) == (6, 60)


def test_a_backup_that_is_switched_on_in_a_training_does_not_take_it_back(tmp_path):
    broken(tmp_path, save_freq=1)
    backup, model, told = callbacks.BackupAndRestore(tmp_path, save_freq="epoch"), network(), callbacks.CallbackList()

    def switch(epoch, logs):
        {1: told.append, 2: told.remove, 3: told.append}.get(epoch, lambda one: None)(backup)

    told.append(callbacks.LambdaCallback(on_epoch_begin=switch))
    torch.manual_seed(0)
    history = model.fit(X, Y, batch_size=8, epochs=5, verbose=0, callbacks=told, shuffle=False)
    plain = network()
    torch.manual_seed(0)
    plain.fit(X, Y, batch_size=8, epochs=5, verbose=0, shuffle=False)
    assert history.epoch == [0, 1, 2, 3, 4]
    assert all(torch.equal(a, b) for a, b in zip(model.weights, plain.weights, strict=True))


def test_an_interrupted_training_goes_on(tmp_path):
    class Interrupts(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path, Interrupts(), save_freq=1)
    model, _ = fit(tmp_path, save_freq=1)
    whole, _ = fit(tmp_path / "whole", save_freq=1)
    assert all(torch.equal(a, b) for a, b in zip(model.weights, whole.weights, strict=True))


def test_data_that_became_shorter_is_told(tmp_path):
    broken(tmp_path, 6, save_freq=1)
    backup = callbacks.BackupAndRestore(tmp_path, save_freq=1)
    with pytest.raises(Invalid, match="as it was"):
        network().fit(X[:4], Y[:4], batch_size=8, epochs=2, verbose=0, callbacks=[backup])


def test_nests_come_back_as_they_were(tmp_path):
    nest = {
        "numbers": [1, 2.5, -0.0, float("inf"), True, None, "text", 10**30],
        "tuple": (1, (2,)),
        3: {"$tensor": "a key of ours"},
        "tensors": [torch.arange(3), torch.ones(2, 0), torch.tensor(1.5, dtype=torch.bfloat16), torch.tensor(1 + 2j)],
        "arrays": [np.arange(6).reshape(2, 3).T, np.array(2.5), np.zeros(0, "int8")],
    }
    write_nest(tmp_path / "nest", nest)
    back = read_nest(tmp_path / "nest")
    assert [repr(n) for n in back["numbers"]] == [repr(n) for n in nest["numbers"]]
    assert back["tuple"] == (1, (2,))
    assert back[3] == {"$tensor": "a key of ours"}
    for ours, theirs in zip(back["tensors"], nest["tensors"], strict=True):
        assert ours.dtype == theirs.dtype
        assert torch.equal(ours, theirs)
    for ours, theirs in zip(back["arrays"], nest["arrays"], strict=True):
        np.testing.assert_array_equal(ours, theirs, strict=True)
