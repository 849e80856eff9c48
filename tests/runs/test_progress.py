from kerasviz.runs.progress import Meter


def metered(epochs=3, batches=4, seconds=0.5):
    meter = Meter(epochs, batches, batch_size=32)
    meter.start()
    meter.begin_epoch(0)
    for _ in range(2):
        meter.end_batch(meter._last + seconds)
    return meter


def test_time_left_is_the_median_step_times_the_steps_left():
    assert metered().eta_seconds == 10 * 0.5


def test_one_slow_step_does_not_change_the_time_left():
    meter = metered()
    meter.end_batch(meter._last + 60)
    assert meter.eta_seconds == 9 * 0.5


def test_time_left_counts_the_validations_to_come():
    meter = metered()
    meter._validations.append(2.0)
    assert meter.eta_seconds == 10 * 0.5 + 3 * 2.0


def test_batches_are_learned_from_the_first_epoch():
    meter = metered(batches=None)
    assert meter.eta_seconds is None
    meter.end_epoch()
    assert meter.batches == 2
    assert meter.eta_seconds == 2 * 2 * 0.5


def test_speed_is_samples_over_step_time():
    assert metered().read()["samples_per_second"] == 64
