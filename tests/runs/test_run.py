import threading
import time

import pytest
import torch

from kerasviz.callbacks import Callback
from kerasviz.declare import Invalid
from kerasviz.events import EpochEnd, TrainBatchEnd, TrainEnd
from kerasviz.runs import Run
from kerasviz.runs.failure import described


class Watcher(Callback):
    def __init__(self):
        self.seen = []

    def on_train_begin(self, logs=None):
        self.seen.append("train_begin")

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append("batch")

    def on_train_end(self, logs=None):
        self.seen.append("train_end")


def test_history_has_a_value_for_each_epoch(gated):
    run, gate = gated()
    gate.open()
    assert run.start().result(5) == {"loss": [1 / 3, 1 / 6], "val_loss": [2 / 3, 1 / 3]}
    assert run.state == "finished"


def test_a_paused_run_pulls_no_event(gated, until):
    run, gate = gated()
    run.start()
    gate.let(4)
    until(lambda: run.step_count == 1)
    run.pause()
    gate.let(1)
    until(lambda: run.state == "paused")
    gate.open()
    time.sleep(0.05)
    assert run.step_count == 1


def test_step_trains_on_one_batch_and_waits(gated, until):
    run, gate = gated()
    gate.open()
    run.step()
    until(lambda: run.state == "paused")
    assert run.step_count == 1
    run.step()
    until(lambda: run.state == "paused" and run.step_count == 2)


def test_step_epoch_trains_to_the_end_of_the_epoch_and_waits(gated, until):
    run, gate = gated()
    gate.open()
    run.step_epoch()
    until(lambda: run.state == "paused")
    assert run.history == {"loss": [1 / 3], "val_loss": [2 / 3]}


def test_values_at_a_pause_are_those_of_the_last_batch(gated, until):
    run, gate = gated()
    gate.open()
    run.step()
    until(lambda: run.state == "paused")
    run.step()
    until(lambda: run.state == "paused" and run.step_count == 2)
    assert run.logs["loss"] == 1 / 2


def test_stop_at_the_end_of_the_epoch_finishes_the_epoch(gated, until):
    run, gate = gated()
    run.start()
    gate.let(3)
    until(lambda: run.state == "running")
    run.stop("epoch")
    gate.open()
    run.wait(5)
    assert run.state == "stopped"
    assert len(run.history["val_loss"]) == 1


def test_stop_now_leaves_the_epoch_unfinished(gated, until):
    run, gate = gated()
    run.start()
    gate.let(4)
    until(lambda: run.step_count == 1)
    run.stop()
    gate.let(1)
    run.wait(5)
    assert run.state == "stopped"
    assert run.history == {}


def test_a_stopped_run_tells_its_callbacks_of_the_end(gated, until):
    watcher = Watcher()
    run, gate = gated(callbacks=[watcher])
    run.start()
    gate.let(4)
    until(lambda: run.step_count == 1)
    run.stop()
    gate.let(1)
    run.wait(5)
    assert watcher.seen == ["train_begin", "batch", "train_end"]


def test_stop_keeping_the_best_brings_the_weights_of_the_best_epoch_back(gated, until, training):
    model = None

    def worse_after_one():
        for event in training(epochs=3):
            if isinstance(event, EpochEnd):
                model.weight.fill_(event.epoch + 1)
                event = EpochEnd(event.epoch, logs={"loss": float(event.epoch)})
            yield event

    run, gate = gated(worse_after_one)
    model = run.model
    gate.open()
    run.step_epoch()
    until(lambda: run.state == "paused")
    run.step_epoch()
    until(lambda: run.state == "paused" and len(run.history["loss"]) == 2)
    run.stop(restore_best=True)
    run.wait(5)
    assert model.weight.tolist() == [1.0, 1.0, 1.0]
    assert "epoch 1" in run.message


def test_stop_with_an_unknown_manner_says_which_there_are(gated):
    run, _ = gated()
    with pytest.raises(Invalid, match="'now', 'epoch' or 'best'"):
        run.stop("later")


def test_failure_in_the_thread_is_raised_by_result_and_kept(gated):
    run, gate = gated()
    gate.error = Invalid('Dense "hidden"', "inputs (batch, features)", (None, 28, 28), "Put a Flatten before it.")
    run.calls = {"hidden": "dense_1"}
    gate.open()
    run.start()
    with pytest.raises(Invalid, match="Put a Flatten"):
        run.result(5)
    assert run.state == "failed"
    assert (run.error["call"], run.error["where"]) == ("dense_1", 'Dense "hidden"')
    assert run.error["hint"] == "Put a Flatten before it."
    assert "Traceback" in run.error["traceback"]


def test_failure_of_a_callback_fails_the_run_and_keeps_its_history(gated):
    class Breaks(Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise RuntimeError("disk full")

    run, gate = gated(callbacks=[Breaks()])
    gate.open()
    run.start().wait(5)
    assert run.state == "failed"
    assert run.error["message"] == "disk full"
    assert run.history["loss"] == [1 / 3]


def test_failure_is_traced_to_the_layer_at_work():
    class Layer:
        name = "conv_1"

        def call(self):
            raise RuntimeError("shapes cannot be multiplied")

    with pytest.raises(RuntimeError) as raised:
        Layer().call()
    assert described(raised.value, {"conv_1": "c1"})["call"] == "c1"


def test_a_listener_that_fails_does_not_end_the_training(gated):
    run, gate = gated()
    run.on("epoch_end", lambda event: 1 / 0)
    gate.open()
    run.start().wait(5)
    assert run.state == "finished"
    assert any("division by zero" in marker.text for marker in run.events)


def test_a_listener_hears_its_event_until_it_is_taken_off(gated):
    run, gate = gated()
    heard = []
    remove = run.on("epoch_end", lambda event: (heard.append(event.epoch), remove()))
    gate.open()
    run.start().wait(5)
    assert heard == [0]


def test_listening_to_an_unknown_event_names_the_near_one(gated):
    run, _ = gated()
    with pytest.raises(Invalid, match="epoch_end"):
        run.on("epoch_ends", print)


def test_learning_rate_changes_before_the_next_batch_and_is_marked(gated, until):
    run, gate = gated()
    run.start()
    gate.let(4)
    until(lambda: run.step_count == 1)
    run.lr = 0.01
    assert run.lr == 0.01
    gate.open()
    run.wait(5)
    assert run.model.optimizer.learning_rate == 0.01
    assert [m.kind for m in run.events if m.kind == "learning_rate"] == ["learning_rate"]


@pytest.mark.parametrize("value", [-1, float("nan"), "fast", True])
def test_a_learning_rate_that_is_no_rate_is_refused(gated, value):
    run, _ = gated()
    with pytest.raises(Invalid, match="at least 0"):
        run.lr = value


def test_a_callback_switched_on_during_training_begins_and_is_marked(gated, until):
    watcher = Watcher()
    run, gate = gated()
    run.start()
    gate.let(4)
    until(lambda: run.step_count == 1)
    run.add_callback(watcher)
    gate.open()
    run.wait(5)
    assert watcher.seen == ["train_begin", *["batch"] * 5, "train_end"]
    assert "Watcher on" in [marker.text for marker in run.events]


def test_a_callback_switched_off_during_training_sees_no_more(gated, until):
    watcher = Watcher()
    run, gate = gated(callbacks=[watcher])
    run.start()
    gate.let(4)
    until(lambda: run.step_count == 1)
    run.remove_callback(watcher)
    gate.open()
    run.wait(5)
    assert watcher.seen == ["train_begin", "batch"]


def test_between_batches_runs_in_the_training_thread(gated, until):
    run, gate = gated()
    run.start()
    gate.let(2)
    until(lambda: run.state == "running")
    future = run.post(threading.current_thread)
    gate.open()
    assert future.result(5) is run._thread


def test_between_batches_answers_while_paused(gated, until):
    run, gate = gated()
    gate.open()
    run.step()
    until(lambda: run.state == "paused")
    assert run.between_batches(lambda: 7, timeout=5) == 7


def test_between_batches_of_an_ended_run_answers_at_once(gated):
    run, gate = gated()
    gate.open()
    run.start().wait(5)
    assert run.between_batches(lambda: 7) == 7


def test_a_pause_keeps_the_random_state(until, training, model_class):
    def draws(pause):
        drawn = []

        def events():
            for event in training(1, 4):
                if isinstance(event, TrainBatchEnd):
                    drawn.append(torch.rand(1).item())
                yield event

        torch.manual_seed(0)
        run = Run(model_class(), events)
        if pause:
            run.step()
            until(lambda: run.state == "paused")
            torch.rand(100)
            run.resume()
        else:
            run.start()
        run.result(5)
        return drawn

    assert draws(pause=True) == draws(pause=False)


def test_best_knows_which_way_is_better(gated, training):
    def rising():
        for event in training():
            yield (
                EpochEnd(event.epoch, logs={"accuracy": [0.9, 0.8][event.epoch]})
                if isinstance(event, EpochEnd)
                else event
            )

    run, gate = gated(rising)
    gate.open()
    run.start().wait(5)
    assert run.best["accuracy"] == {"epoch": 1, "value": 0.9}


def test_commands_from_many_threads_leave_a_run_that_ends(gated, training):
    run, gate = gated(lambda: training(epochs=40, batches=20))
    gate.open()
    run.start()

    def press():
        for _ in range(50):
            run.pause()
            run.step()
            run.resume()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.resume()
    assert run.wait(10)
    assert run.state == "finished"
    assert len(run.history["loss"]) == 40


def test_a_batch_costs_less_than_20_microseconds(model_class):
    events = [TrainBatchEnd(index, index, logs={"loss": 1.0}) for index in range(20_000)]
    run = Run(model_class(), lambda: iter(events))
    begin = time.perf_counter()
    run.start().result(10)
    seconds = time.perf_counter() - begin
    assert run.step_count == len(events)
    assert seconds / len(events) < 20e-6


def test_elapsed_time_leaves_pauses_out(gated, until):
    run, gate = gated()
    gate.open()
    run.step()
    until(lambda: run.state == "paused")
    before = run.progress["elapsed_seconds"]
    time.sleep(0.05)
    assert run.progress["elapsed_seconds"] == before


def test_time_left_is_unknown_before_the_first_batch(gated):
    run, _ = gated()
    assert run.progress["eta_seconds"] is None


def test_time_left_is_nothing_at_the_end(gated):
    run, gate = gated()
    gate.open()
    run.start().wait(5)
    assert run.progress["eta_seconds"] == 0


def test_figure_has_a_chart_for_each_metric(gated):
    run, gate = gated()
    gate.open()
    run.start().wait(5)
    titles = [annotation.text for annotation in run.figure("dark").layout.annotations]
    assert titles == ["Loss", "Learning rate"]


def test_train_end_reaches_callbacks_once_when_the_run_finishes(gated):
    watcher = Watcher()
    run, gate = gated(callbacks=[watcher])
    gate.open()
    run.start().wait(5)
    assert watcher.seen.count("train_end") == 1
    assert TrainEnd.hook == "on_train_end"


def test_a_value_that_is_not_a_number_is_told_once(gated, training):
    def broken():
        for event in training():
            is_end = isinstance(event, (TrainBatchEnd, EpochEnd))
            if is_end:
                event.logs["loss"] = float("nan")
            yield event

    run, gate = gated(broken)
    gate.open()
    run.start().wait(5)
    assert [marker.kind for marker in run.events].count("nan") == 1


def test_a_training_that_ends_early_says_so(gated, training):
    run, gate = gated(lambda: training(epochs=1))
    gate.open()
    run.start().wait(5)
    assert (run.state, run.message) == ("finished", "Training has ended early, in epoch 1 of 2.")
