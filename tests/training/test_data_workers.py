"""PyDataset: what makes its batches, in which order, and what is left when training ends."""

import multiprocessing
import os
import random
import threading
import traceback

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz.training.data import Passes, make_source
from kerasviz.training.workers import prefetched

CPU = torch.device("cpu")
SECONDS = 60  # for what would otherwise wait for ever
KINDS = {
    "when needed": {},
    "threads": {"workers": 3},
    "process": {"workers": 1, "use_multiprocessing": True},
    "processes": {"workers": 2, "use_multiprocessing": True},
}


class Numbered(kerasviz.utils.PyDataset):
    """Batch i has i in every place; it notes what is asked of it, in this process."""

    def __init__(self, count, **options):
        super().__init__(**options)
        self.count = count
        self.told = []

    @property
    def num_batches(self):
        return self.count

    def __getitem__(self, index):
        return np.full((2, 1), index, "float32"), np.full((2, 1), index, "float32")

    def on_epoch_begin(self):
        self.told.append("begin")

    def on_epoch_end(self):
        self.told.append("end")


def regressor():
    model = kerasviz.Sequential([kerasviz.layers.Input((1,)), kerasviz.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def numbers_of(batches):
    return [int(batch[1][0, 0]) for batch in batches]


def workers_left():
    names = [thread.name for thread in threading.enumerate() if thread.name.startswith("batches")]
    return names + multiprocessing.active_children()


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_batches_come_in_order_whatever_makes_them(options):
    passes = Passes(make_source(Numbered(7, **options), device=CPU))
    assert [numbers_of(passes.epoch()) for _ in range(2)] == [list(range(7))] * 2
    assert not workers_left()


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_shuffled_batches_come_once_each_and_as_the_seed_says(options):
    def orders():
        kerasviz.utils.set_random_seed(3)
        source = make_source(Numbered(9), shuffle=True, device=CPU)
        plain = numbers_of(source)
        kerasviz.utils.set_random_seed(3)
        return plain, numbers_of(make_source(Numbered(9, **options), shuffle=True, device=CPU))

    plain, made = orders()
    assert made == plain != sorted(made)
    assert sorted(made) == list(range(9))


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_an_endless_dataset_goes_on_where_an_epoch_ended(options):
    passes = Passes(make_source(Numbered(None, **options), shuffle=True, device=CPU), steps=3)
    assert [numbers_of(passes.epoch()) for _ in range(3)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    passes.close()
    assert not workers_left()


class Meeting(Numbered):
    """Each batch waits until as many are being made as there are workers."""

    def __init__(self, count, workers):
        super().__init__(count, workers=workers)
        self.barrier = threading.Barrier(workers)

    def __getitem__(self, index):
        self.barrier.wait(SECONDS)
        return super().__getitem__(index)


def test_slow_batches_are_made_side_by_side():
    assert numbers_of(make_source(Meeting(8, 4), device=CPU)) == list(range(8))


class Late(Numbered):
    """The first batch is done after the second."""

    def __init__(self):
        super().__init__(3, workers=2)
        self.second_is_done = threading.Event()

    def __getitem__(self, index):
        if index == 0:
            assert self.second_is_done.wait(SECONDS)
        elif index == 1:
            self.second_is_done.set()
        return super().__getitem__(index)


def test_a_batch_that_is_done_early_waits_for_its_turn():
    assert numbers_of(make_source(Late(), device=CPU)) == [0, 1, 2]


def test_no_more_batches_wait_than_the_queue_has_room_for():
    asked = []
    batches = prefetched({n: n for n in range(50)}, (asked.append(n) or n for n in range(50)), 2, False, 4)
    assert next(batches) == 0
    assert asked == [0, 1, 2, 3, 4]
    assert next(batches) == 1
    assert asked == [0, 1, 2, 3, 4, 5]
    batches.close()
    assert not workers_left()


class Drawn(Numbered):
    def __getitem__(self, index):
        x = np.array([[random.random(), np.random.random(), float(torch.rand(()))]], "float32")
        return x, np.array([[float(os.getpid())]])


def test_processes_draw_other_numbers_for_each_batch_and_the_same_for_a_seed():
    def drawn(workers):
        kerasviz.utils.set_random_seed(5)
        batches = list(make_source(Drawn(6, workers=workers, use_multiprocessing=True), device=CPU))
        assert all(int(pid) != os.getpid() for _, pid in batches)
        return torch.cat([x for x, _ in batches])

    first = drawn(2)
    assert first.unique().numel() == 18
    assert torch.equal(first, drawn(1))


class Broken(Numbered):
    def __getitem__(self, index):
        if index == 2:
            raise ZeroDivisionError("batch 2 cannot be made")
        return super().__getitem__(index)


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_an_error_comes_out_of_fit_where_it_was_raised_and_nothing_is_left_running(options):
    with pytest.raises(ZeroDivisionError, match="batch 2 cannot be made") as caught:
        regressor().fit(Broken(5, **options), shuffle=False, verbose=0)
    assert not workers_left()
    assert 'raise ZeroDivisionError("batch 2 cannot be made")' in "".join(traceback.format_exception(caught.value))


class Vanishing(Numbered):
    def __getitem__(self, index):
        os._exit(3)


def test_a_process_that_dies_is_an_error_of_fit():
    from concurrent.futures.process import BrokenProcessPool

    source = make_source(Vanishing(5, workers=1, use_multiprocessing=True), device=CPU)
    with pytest.raises(BrokenProcessPool):
        list(source)
    assert not workers_left()


class Stops(kerasviz.callbacks.Callback):
    def __init__(self, error=None):
        super().__init__()
        self.error = error

    def on_train_batch_end(self, batch, logs=None):
        if batch == 1:
            if self.error is not None:
                raise self.error
            self.model.stop_training = True


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("error", [None, KeyboardInterrupt, ValueError("of a callback")], ids=["stop", "^C", "error"])
@pytest.mark.parametrize("steps", [None, 4])
def test_a_training_that_stops_early_leaves_nothing_running(options, error, steps):
    data, model = Numbered(6, **options), regressor()
    kept = None  # an error that somebody keeps, with all its frames
    try:
        model.fit(data, epochs=2, steps_per_epoch=steps, callbacks=[Stops(error)], verbose=0)
    except (KeyboardInterrupt, ValueError) as caught:
        kept = caught
    assert (kept is None) == (error is None)
    assert not workers_left()


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_steps_and_validation_leave_nothing_running(options):
    model = regressor()
    valid = Numbered(4, **options)
    history = model.fit(
        Numbered(None, **options), epochs=2, steps_per_epoch=3, validation_data=valid, validation_steps=2, verbose=0
    )
    assert len(history.history["val_loss"]) == 2
    model.evaluate(Numbered(None, **options), steps=2, verbose=0)
    assert model.predict(Numbered(5, **options), steps=3, verbose=0).shape == (6, 1)
    assert not workers_left()


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize(("count", "steps"), [(3, None), (3, 2), (None, 2)], ids=["all", "steps", "endless"])
def test_the_dataset_is_told_of_every_epoch(options, count, steps):
    data = Numbered(count, **options)
    regressor().fit(data, epochs=3, steps_per_epoch=steps, verbose=0)
    assert data.told == ["begin", "end"] * 4  # the first batch is looked at before the first epoch, as in Keras


class Growing(Numbered):
    def on_epoch_end(self):
        self.count += 1


def test_an_epoch_has_as_many_batches_as_the_dataset_has_then():
    passes = Passes(make_source(Growing(1), device=CPU))
    assert [numbers_of(passes.epoch()) for _ in range(3)] == [[0], [0, 1], [0, 1, 2]]


def test_an_empty_dataset_is_refused():
    with pytest.raises(kerasviz.declare.Invalid, match="at least one batch"):
        regressor().fit(Numbered(0), verbose=0)


def test_a_dataset_is_an_iterable_of_its_batches():
    assert numbers_of(Numbered(3)) == [0, 1, 2]
    endless = iter(Numbered(None))
    assert numbers_of(next(endless) for _ in range(4)) == [0, 1, 2, 3]
