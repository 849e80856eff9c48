import numpy as np
import pytest

from kerasviz.runs.series import Series, thinned
from kerasviz.runs.stream import Stream


def filled(count, **columns):
    series = Series(capacity=4)
    for index in range(count):
        series.append(index, {name: float(values[index]) for name, values in columns.items()})
    return series


def test_a_name_that_comes_later_is_nan_before():
    series = Series()
    series.append(1, {"loss": 0.5})
    series.append(2, {"loss": 0.4, "val_loss": 0.6})
    _, columns = series.read()
    assert np.isnan(columns["val_loss"][0])
    assert columns["val_loss"][1] == 0.6


def test_buffers_grow_without_losing_points():
    series = filled(1000, loss=range(1000))
    x, columns = series.read()
    assert x.tolist() == list(range(1000))
    assert columns["loss"].tolist() == list(range(1000))


def test_points_between_two_places_are_all_there():
    x, _ = filled(100, loss=range(100)).between(10, 20)
    assert x.tolist() == list(range(10, 21))


@pytest.mark.parametrize("count", [4001, 50_000, 1_000_000])
def test_thinning_keeps_to_the_limit(count):
    x = np.arange(count, dtype=float)
    columns = {name: np.random.default_rng(0).normal(size=count) for name in "abc"}
    assert len(thinned(x, columns)[0]) <= 4000


@pytest.mark.parametrize("place", [0, 1, 12_345, 99_999])
@pytest.mark.parametrize("sign", [1, -1])
def test_thinning_keeps_a_spike(place, sign):
    x, noise = np.arange(100_000, dtype=float), np.random.default_rng(0).normal(size=100_000)
    noise[place] = 100 * sign
    kept, columns = thinned(x, {"loss": noise, "calm": np.zeros(100_000)})
    assert place in kept
    assert 100 * sign in columns["loss"]


def test_thinning_shows_that_a_value_was_not_a_number():
    values = np.zeros(100_000)
    values[777] = np.nan
    kept, _ = thinned(np.arange(100_000, dtype=float), {"loss": values})
    assert 777 in kept


def test_thinning_leaves_a_short_series_alone():
    x = np.arange(10, dtype=float)
    assert thinned(x, {"loss": x})[0] is x


def columns_of(buffers):
    return [np.frombuffer(buffers[0]), *(np.frombuffer(column, np.float32) for column in buffers[1:])]


def frames_of(iterator):
    return [(head, columns_of(buffers)) for head, buffers in iterator]


def test_a_stream_sends_only_what_is_new():
    series = filled(3, loss=[3, 2, 1])
    stream = Stream("run", {"batch": series})
    list(stream.frames())
    series.append(3, {"loss": 0.5})
    ((head, (x, loss)),) = frames_of(stream.frames())
    assert (head["reset"], head["count"], x.tolist(), loss.tolist()) == (False, 1, [3.0], [0.5])
    assert list(stream.frames()) == []


def test_frames_are_numbered_without_gaps():
    series = filled(1, loss=[1])
    stream = Stream("run", {"batch": series, "epoch": filled(1, loss=[1])})
    numbers = [head["sequence"] for head, _ in stream.frames()]
    series.append(1, {"loss": 1.0})
    numbers += [head["sequence"] for head, _ in stream.frames()]
    assert numbers == [1, 2, 3]


def test_a_new_name_sends_the_level_whole():
    series = filled(2, loss=[2, 1])
    stream = Stream("run", {"epoch": series})
    list(stream.frames())
    series.append(2, {"loss": 1.0, "val_loss": 2.0})
    ((head, columns),) = frames_of(stream.frames())
    assert head["reset"]
    assert head["names"] == ["loss", "val_loss"]
    assert len(columns[0]) == 3


def test_a_late_view_gets_everything():
    series = filled(500, loss=range(500))
    stream = Stream("run", {"batch": series})
    list(stream.frames())
    ((head, columns),) = frames_of(stream.snapshot())
    assert head["reset"]
    assert len(columns[0]) == 500


def test_the_page_never_holds_more_points_than_the_limit():
    series, stream, held = Series(), None, 0
    stream = Stream("run", {"batch": series}, limit=100)
    for index in range(1000):
        series.append(index, {"loss": float(index)})
        for head, _ in stream.frames():
            held = head["count"] if head["reset"] else held + head["count"]
        assert held <= 100
