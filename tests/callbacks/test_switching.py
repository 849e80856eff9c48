"""Every callback is switched off and on again while a training runs: nothing fails, nothing is lost."""

import threading

import numpy as np
import pytest
import torch

from kerasviz import Input, Sequential, callbacks, layers, optimizers
from kerasviz.callbacks.backup import STATE
from kerasviz.callbacks.lists import CallbackList
from kerasviz.callbacks.nests import read_nest
from kerasviz.declare import Invalid
from kerasviz.models import load_model
from kerasviz.runs import Run

NOISE = np.random.default_rng(0)
X, Y = NOISE.normal(size=(8, 3)).astype("float32"), NOISE.normal(size=(8, 1)).astype("float32")
PER_EPOCH = 10  # events: begin and end of the epoch, of two batches, of the validation and of its batch
EPOCHS = 3
LOOKING_ON = {
    "BackupAndRestore": lambda at: callbacks.BackupAndRestore(at / "backup", save_freq=1),
    "CSVLogger": lambda at: callbacks.CSVLogger(at / "log.csv"),
    "Callback": lambda at: callbacks.Callback(),
    "EarlyStopping": lambda at: callbacks.EarlyStopping(patience=9, restore_best_weights=False),
    "History": lambda at: callbacks.History(),
    "LambdaCallback": lambda at: callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: dict(logs)),
    "LearningRateScheduler": lambda at: callbacks.LearningRateScheduler("lr"),
    "ModelCheckpoint": lambda at: callbacks.ModelCheckpoint(at / "{epoch}-{batch}.keras", save_freq=1),
    "OrbaxCheckpoint": lambda at: callbacks.OrbaxCheckpoint(at / "checkpoints", max_to_keep=None),
    "ProgbarLogger": lambda at: callbacks.ProgbarLogger(),
    "ReduceLROnPlateau": lambda at: callbacks.ReduceLROnPlateau(patience=9),
    "RemoteMonitor": lambda at: callbacks.RemoteMonitor("http://127.0.0.1:1"),
    "SwapEMAWeights": lambda at: callbacks.SwapEMAWeights(),
    "SwapEMAWeights on epoch": lambda at: callbacks.SwapEMAWeights(swap_on_epoch=True),
    "TensorBoard": lambda at: callbacks.TensorBoard(at / "logs", update_freq=1, write_graph=False),
    "TerminateOnNaN": lambda at: callbacks.TerminateOnNaN(),
}


def network(rate=0.1, use_ema=True):
    model = Sequential([Input((3,)), layers.Dense(1, kernel_initializer="ones")])
    model.compile(optimizers.SGD(rate, use_ema=use_ema, ema_momentum=0.5), "mse")
    return model


class Training:
    """Events one by one, with a switch between any two of them.

    Args:
        switches: functions of the list of callbacks, by the number of the event that they follow.
    """

    def __init__(self, switches, model=None, values=None, always=(), epochs=EPOCHS):
        self.model, self.done, self.seen = model or network(), 0, []
        told = {"verbose": 1, "epochs": epochs, "steps": 2, "do_validation": True}
        self.told = CallbackList(list(always), add_history=True, model=self.model, **told)
        data = {"batch_size": 4, "shuffle": False, "validation_data": (X, Y), "validation_batch_size": 8}
        for event in self.model.training_events(X, Y, epochs=epochs, **data):
            self.told.handle(event)
            if self.done in switches:
                switches[self.done](self.told)
            self.done += 1
            self.seen.append([weight.detach().clone() for weight in self.model.weights])
            for value in values(event) if values else ():
                self.seen[-1].append(value)

    @property
    def history(self):
        return self.told.history


def on(callback):
    return lambda told: told.append(callback)


def off(callback):
    return lambda told: told.remove(callback)


def end_of(epoch):
    """The number of the event that ends an epoch; epochs are counted from 0, behind the training's begin."""
    return PER_EPOCH * (epoch + 1)


def middle_of(epoch):
    """That of the end of an epoch's first batch."""
    return end_of(epoch) - PER_EPOCH + 3


def are_same(ours, theirs):
    return all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_all_callbacks_are_here():
    here = {name.partition(" ")[0] for name in LOOKING_ON} | {"CallbackList", "MonitorCallback"}
    assert here == {name for name in callbacks.__all__ if name[0].isupper()}


@pytest.mark.filterwarnings("ignore:Could not reach")
@pytest.mark.parametrize("kind", LOOKING_ON)
def test_it_is_switched_off_and_on_again_after_any_event(kind, tmp_path):
    plain = Training({})
    for moment in range(end_of(1)):
        callback = LOOKING_ON[kind](tmp_path / str(moment))
        switches = {moment: off(callback), moment + 4: on(callback)}
        got = Training(switches, always=[callback])
        assert got.done == plain.done == 2 + EPOCHS * PER_EPOCH
        assert are_same(got.model.weights, plain.model.weights)
        assert got.history.history["loss"][-1] == plain.history.history["loss"][-1]
    assert not [thread for thread in threading.enumerate() if thread.name == kind]


@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_averages_never_stay_in_the_model(swap_on_epoch):
    plain = Training({})
    for moment in range(plain.done - 2):  # before the averages take the weights' place for good
        callback = callbacks.SwapEMAWeights(swap_on_epoch)
        got = Training({moment: off(callback)}, always=[callback])
        assert are_same(got.seen[moment], plain.seen[moment]), f"after event {moment}"
        later = Training({moment: on(callbacks.SwapEMAWeights(swap_on_epoch))})
        assert are_same(later.seen[moment], plain.seen[moment]), f"after event {moment}"
        assert are_same(later.model.weights, plain.model.weights)


def test_a_checkpoint_that_is_switched_on_in_mid_epoch_is_named_after_that_epoch(tmp_path):
    for number, always in enumerate((False, True)):
        at = tmp_path / str(number)
        saves = callbacks.ModelCheckpoint(at / "{epoch}.weights.h5", save_weights_only=True, save_freq=1)
        first = {end_of(0): off(saves)} if always else {}
        Training({**first, middle_of(2): on(saves)}, always=[saves] if always else [])
        assert sorted(path.name[0] for path in at.iterdir()) == (["1", "3"] if always else ["3"])


def test_batches_that_a_checkpoint_did_not_see_do_not_count(tmp_path):
    saves = callbacks.ModelCheckpoint(tmp_path / "{epoch}-{batch}.weights.h5", save_weights_only=True, save_freq=3)
    Training({middle_of(0): on(saves)})  # the second batch of the first epoch, and both of the second
    assert [path.name for path in tmp_path.iterdir()] == ["2-2.weights.h5"]


def test_the_best_model_stays_where_a_later_one_is_worse(tmp_path):
    model = network(use_ema=False)
    saves = callbacks.ModelCheckpoint(tmp_path / "best.weights.h5", save_best_only=True, save_weights_only=True)

    def spoil(told):
        told.remove(saves)
        model.optimizer.learning_rate = 3.0

    got = Training({end_of(0): spoil, end_of(1): on(saves)}, model, always=[saves])
    losses = got.history.history["val_loss"]
    assert saves.best == losses[0] < losses[2]
    fresh = network(use_ema=False)
    fresh.load_weights(tmp_path / "best.weights.h5")
    assert are_same(fresh.weights, got.seen[end_of(0)])


def test_early_stopping_goes_on_to_wait_and_ends_nothing_while_it_is_off():
    stop = callbacks.EarlyStopping(patience=2, min_delta=100.0, restore_best_weights=True)
    got = Training({end_of(1): off(stop), end_of(4): on(stop)}, always=[stop], epochs=9)
    assert len(got.history.epoch) == 6  # it had waited for an epoch, and waited for another
    assert are_same(got.model.weights, got.seen[end_of(0)])


def test_the_rate_goes_on_to_fall_where_it_was():
    model = network(0.1, use_ema=False)
    lowers = callbacks.ReduceLROnPlateau(patience=2, min_delta=100.0, factor=0.5)
    got = Training({end_of(1): off(lowers), end_of(3): on(lowers)}, model, always=[lowers], epochs=6)
    assert (lowers.wait, float(model.optimizer.learning_rate)) == (1, pytest.approx(0.05))
    assert got.history.history["learning_rate"] == pytest.approx([0.1, 0.1, 0.1, 0.05])


def test_a_rate_stays_as_it_is_while_its_schedule_is_off():
    model = network(1.0)
    halves = callbacks.LearningRateScheduler("lr / 2")
    rates = Training(
        {end_of(0): off(halves), middle_of(2): on(halves)}, model, lambda event: [float(model.optimizer.learning_rate)],
        always=[halves], epochs=4,
    )  # fmt: skip
    assert [rates.seen[end_of(epoch)][-1] for epoch in range(4)] == [0.5, 0.5, 0.5, 0.25]


def test_a_checkpoint_under_way_is_finished_when_its_callback_is_switched_off(tmp_path):
    keeps = callbacks.OrbaxCheckpoint(tmp_path, max_to_keep=None)
    newest = []

    def leave(told):
        told.remove(keeps)
        assert keeps._writer is None
        newest.append([weight.clone() for weight in load_model(tmp_path).weights])

    got = Training({end_of(0): leave, end_of(1): on(keeps)}, always=[keeps])
    assert are_same(newest[0], got.seen[end_of(0)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "2"]


def test_steps_of_checkpoints_go_on(tmp_path):
    keeps = callbacks.OrbaxCheckpoint(tmp_path, max_to_keep=None, save_freq=1, save_weights_only=True)
    Training({end_of(0): off(keeps), end_of(1): on(keeps)}, always=[keeps])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2", "3", "4"]


def batches_of(switch, moment, always=()):
    """How many batches a training learns from whose loss is not a number behind the first."""
    counted = []
    counts = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: counted.append(batch))
    Training({moment: switch}, network(float("inf")), always=[counts, *always])
    return len(counted)


def test_not_a_number_ends_the_training_once_somebody_looks():
    assert batches_of(on(callbacks.TerminateOnNaN()), middle_of(1) - 1) == 3


def test_not_a_number_ends_nothing_where_nobody_looks_any_more():
    watch = callbacks.TerminateOnNaN()
    assert batches_of(off(watch), 0, [watch]) == 2 * EPOCHS


def test_functions_are_called_while_they_are_on():
    heard = []
    tells = callbacks.LambdaCallback(
        on_train_begin=lambda logs: heard.append("begin"),
        on_epoch_end=lambda epoch, logs: heard.append(epoch),
        on_train_end=lambda logs: heard.append("end"),
    )
    Training({middle_of(1): on(tells), end_of(1): off(tells), end_of(2): on(tells)}, epochs=4)
    assert heard == ["begin", 1, "begin", 3, "end"]


def test_a_history_keeps_the_epochs_from_before():
    kept = callbacks.History()
    Training({end_of(0): off(kept), middle_of(2): on(kept)}, always=[kept])
    assert kept.epoch == [0, 2]
    assert len(kept.history["loss"]) == 2


def test_a_state_saved_in_mid_epoch_has_the_number_of_its_epoch(tmp_path):
    backup, states = callbacks.BackupAndRestore(tmp_path, save_freq=1), []

    def look(told):
        state = read_nest(tmp_path / STATE)
        states.append((state["epoch"], state["batch"]))

    Training(
        {middle_of(0): look, end_of(0): off(backup), middle_of(2) - 1: on(backup), middle_of(2): look}, always=[backup]
    )
    assert states == [(0, 1), (2, 1)]


# where one cannot begin


class Refuses(callbacks.Callback):
    closed = False

    def on_train_begin(self, logs=None):
        raise Invalid("Refuses", "another training", "this one")

    def close(self):
        self.closed = True


def test_one_that_cannot_begin_is_closed_and_takes_no_part():
    refused = Refuses()

    def try_it(told):
        with pytest.raises(Invalid):
            told.append(refused)
        assert refused not in list(told)

    assert Training({middle_of(0): try_it}).history.epoch == [0, 1, 2]
    assert refused.closed
    assert refused.joins is None


def test_one_that_cannot_begin_in_a_run_is_told_of_and_training_goes_on():
    model = network(use_ema=False)
    run = Run(model, lambda: model.training_events(X, Y, batch_size=4, epochs=4), epochs=4)
    run.on("epoch_begin", lambda event: run.add_callback(callbacks.SwapEMAWeights()) if event.epoch == 1 else None)
    assert len(run.start().result(30)["loss"]) == 4
    assert any("keeps averages" in marker.text for marker in run.events if marker.kind == "error")


@pytest.mark.parametrize("kind", ["LearningRateScheduler", "ReduceLROnPlateau"])
def test_an_optimizer_without_a_rate_is_refused_when_training_begins(kind, tmp_path):
    model, seen, inner = network(), [], optimizers.SGD(0.1)
    model.compile(optimizers.MultiOptimizer(lambda variable: inner), "mse")
    look = callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(epoch))
    with pytest.raises(Invalid, match="an optimizer with a `learning_rate`"):
        model.fit(X, Y, validation_data=(X, Y), verbose=0, callbacks=[LOOKING_ON[kind](tmp_path), look])
    assert seen == []
