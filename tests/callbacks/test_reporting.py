"""Callbacks that write and send, switched on and off while a training runs; and what they keep of it."""

import csv
import http.server
import json
import threading
import urllib.parse

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from kerasviz import Input, Sequential, callbacks, layers
from kerasviz.callbacks.lists import CallbackList
from kerasviz.runs import Run
from kerasviz.widgets import Studio

X, Y = np.ones((12, 3), "float32"), np.ones((12, 1), "float32")


def network():
    model = Sequential([Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


@pytest.fixture
def stepped():
    """A run of real epochs, three batches each, that waits after every one."""
    made = []

    def make(**options):
        model = network()
        made.append(Run(model, lambda: model.training_events(X, Y, batch_size=4, epochs=6), epochs=6, **options))
        return made[-1]

    yield make
    for run in made:
        run.stop()
        run.wait(10)
        run.exception = None


@pytest.fixture
def step(until):
    def go(run, unit="epoch"):
        before = run.step_count
        run.step_epoch() if unit == "epoch" else run.step()
        until(lambda: run.step_count > before and run.state in ("paused", "finished", "failed"))
        assert run.state != "failed", run.error

    return go


@pytest.fixture
def until():
    import time

    def wait(claim, seconds=30.0):
        end = time.monotonic() + seconds
        while not claim():
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.001)

    return wait


def switched(run, callback, on):
    """Switch a callback, and wait until it is."""
    (run.add_callback if on else run.remove_callback)(callback)
    run.between_batches(lambda: None, timeout=30)


def epochs_of(path):
    return [int(row["epoch"]) for row in csv.DictReader(path.read_text().splitlines())]


def curve(folder, tag="epoch_loss"):
    reader = EventAccumulator(str(folder / "train"), size_guidance={"tensors": 0})
    reader.Reload()
    return [event.step for event in reader.Tensors(tag)]


@pytest.fixture
def server():
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            made.got.append(json.loads(urllib.parse.parse_qs(body)["data"][0])["epoch"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    made = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    made.got = []
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


# on and off in a running training


def test_a_csv_file_is_opened_when_its_callback_is_switched_on_and_closed_when_it_is_off(stepped, step, tmp_path):
    run, path = stepped(), tmp_path / "new" / "log.csv"
    logger = callbacks.CSVLogger(path)
    step(run)
    assert not path.exists()
    switched(run, logger, on=True)
    assert path.exists()
    step(run)
    switched(run, logger, on=False)
    assert logger._file is None
    step(run)
    assert epochs_of(path) == [1]


def test_a_csv_file_keeps_its_rows_when_its_callback_is_switched_on_again(stepped, step, tmp_path):
    run, path = stepped(), tmp_path / "log.csv"
    path.write_text("of another training\n")
    logger = callbacks.CSVLogger(path)
    switched(run, logger, on=True)
    step(run)
    switched(run, logger, on=False)
    step(run)
    switched(run, logger, on=True)
    step(run)
    step(run)
    assert epochs_of(path) == [0, 2, 3]
    assert path.read_text().splitlines()[0] == "epoch,loss,val_loss"


def test_a_file_that_is_switched_on_again_in_the_next_training_begins_anew(tmp_path):
    path, model = tmp_path / "log.csv", network()
    logger = callbacks.CSVLogger(path)
    told = CallbackList(model=model)
    for _ in range(2):
        told.on_train_begin()
        told.append(logger)
        told.on_epoch_end(0, {"loss": 1.0})
        told.remove(logger)
        told.on_train_end()
    assert epochs_of(path) == [0]


def test_curves_have_the_epochs_in_which_tensorboard_was_on(stepped, step, tmp_path):
    run = stepped()
    board = callbacks.TensorBoard(tmp_path, histogram_freq=1)
    step(run)
    switched(run, board, on=True)
    step(run)
    switched(run, board, on=False)
    assert board._files == {}
    step(run)
    switched(run, board, on=True)
    step(run)
    switched(run, board, on=False)
    assert curve(tmp_path) == [1, 3]
    assert curve(tmp_path, f"{run.model.weights[0].path}/histogram") == [1, 3]


def test_batches_go_on_where_tensorboard_was_switched_off(stepped, step, tmp_path):
    run = stepped()
    board = callbacks.TensorBoard(tmp_path, update_freq="batch", write_steps_per_second=True)
    step(run, "batch")
    switched(run, board, on=True)
    step(run, "batch")
    step(run)
    switched(run, board, on=False)
    step(run)
    switched(run, board, on=True)
    step(run)
    switched(run, board, on=False)
    assert curve(tmp_path, "batch_loss") == [2, 3, 4, 5, 6]
    speeds = EventAccumulator(str(tmp_path / "train"), size_guidance={"tensors": 0}).Reload()
    found = [event.tensor_proto.float_val[0] for event in speeds.Tensors("epoch_steps_per_second")]
    assert len(found) == 2
    assert min(found) > 0


@pytest.mark.parametrize("begun", ["an epoch", "a batch"])
def test_a_speed_that_was_not_measured_from_its_beginning_is_left_out(tmp_path, begun):
    told = CallbackList(model=network())
    told.on_train_begin()
    told.on_epoch_begin(0)
    told.on_train_batch_begin(0)
    board = callbacks.TensorBoard(tmp_path, update_freq="batch", write_steps_per_second=True, write_graph=False)
    if begun == "a batch":
        told.append(board)
    told.on_train_batch_end(0, {"loss": 1.0})
    if begun == "an epoch":
        told.append(board)
    told.on_epoch_end(0, {"loss": 1.0})
    told.on_train_end()
    reader = EventAccumulator(str(tmp_path / "train"), size_guidance={"tensors": 0}).Reload()
    assert not [tag for tag in reader.Tags()["tensors"] if tag.endswith("steps_per_second")]


def test_a_profile_is_written_when_tensorboard_is_switched_off_in_its_middle(stepped, step, tmp_path):
    run = stepped()
    board = callbacks.TensorBoard(tmp_path, profile_batch=(1, 100))
    switched(run, board, on=True)
    step(run, "batch")
    switched(run, board, on=False)
    assert len(list(tmp_path.rglob("*.pt.trace.json.gz"))) == 1


def test_a_server_hears_of_the_epochs_in_which_the_monitor_was_on(stepped, step, server):
    run = stepped()
    monitor = callbacks.RemoteMonitor(f"http://127.0.0.1:{server.server_port}")
    for on in (False, True, False, True):
        switched(run, monitor, on)
        step(run)
    assert server.got == [1, 3]
    assert not [thread for thread in threading.enumerate() if thread.name == "RemoteMonitor"]


@pytest.mark.parametrize("kind", ["CSVLogger", "TensorBoard"])
def test_a_file_is_closed_when_the_training_ends_stops_or_fails(stepped, step, tmp_path, kind):
    for end in ("finished", "stopped", "failed"):
        made = {"CSVLogger": callbacks.CSVLogger, "TensorBoard": callbacks.TensorBoard}[kind](tmp_path / end)
        run = stepped(callbacks=[made])
        step(run)
        if end == "failed":
            run.add_callback(callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: 1 / 0))
        run.resume() if end != "stopped" else run.stop()
        assert run.wait(30)
        assert run.state == end
        assert not (made._file if kind == "CSVLogger" else made._files)


# the studio


@pytest.fixture
def studio():
    made = Studio(np.random.default_rng(0).random((24, 3), "float32"), np.arange(24) % 2)
    made.add("dense 4 relu > dense 2 softmax")
    yield made
    if made.run is not None:
        made.run.stop()
        made.run.wait(10)
    made.close()


ENTRIES = {
    "CSVLogger": lambda path: {"filename": str(path / "log.csv")},
    "TensorBoard": lambda path: {"log_dir": str(path)},
    "RemoteMonitor": lambda path: {"root": "http://127.0.0.1:1"},
}


@pytest.mark.filterwarnings("ignore:Could not reach")
@pytest.mark.parametrize("kind", ENTRIES)
def test_the_studio_switches_it_on_and_off_and_on_again(studio, until, tmp_path, kind):
    run, told = studio.start(epochs=100_000, batch_size=8), []
    for on in (True, False, True):
        told.append(f"{kind} {'on' if on else 'off'}")
        studio.switch(kind, enabled=on, **ENTRIES[kind](tmp_path))
        until(lambda: [marker.text for marker in run.events if kind in marker.text] == told)
        target = len(run.history.get("loss", ())) + 3
        until(lambda: len(run.history.get("loss", ())) >= target)  # noqa: B023
    run.stop()
    assert run.wait(30)
    assert run.exception is None
    if kind == "RemoteMonitor":
        return
    written = epochs_of(tmp_path / "log.csv") if kind == "CSVLogger" else curve(tmp_path)
    assert written == sorted(set(written))
    gaps = np.diff(written)
    assert (gaps > 1).sum() == 1  # rows from before and after, none of the time between


# what is kept of a training that goes on


@pytest.mark.parametrize("append", [False, True])
def test_a_csv_file_goes_on_with_its_state(tmp_path, append):
    path = tmp_path / "log.csv"
    path.write_text("old\n")
    first, later = (callbacks.CSVLogger(path, append=append, separator=";") for _ in range(2))
    first.on_train_begin()
    first.on_epoch_end(0, {"b": "é", "a": 1.0})
    state = first.get_state()
    first.on_epoch_end(1, {"b": "lost", "a": 2.0})
    first.close()
    later.on_train_begin()
    later.set_state(state)
    later.on_epoch_end(1, {"a": 3.0, "b": "x"})
    later.on_train_end()
    header = "old" if append else "epoch;a;b;val_a;val_b"
    assert path.read_text(encoding="utf-8").splitlines() == [header, "0;1.0;é;NA;NA", "1;3.0;x;NA;NA"]
