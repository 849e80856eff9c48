import threading

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import Invalid, backend, config, layers, utils


@pytest.fixture(autouse=True)
def defaults():
    yield
    config.set_max_epochs(None)
    config.set_max_steps_per_epoch(None)
    config.enable_flash_attention()
    config.enable_interactive_logging()
    config.enable_traceback_filtering()


@pytest.fixture
def model():
    model = kerasviz.Sequential([kerasviz.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


X, Y = np.ones((20, 2), "float32"), np.ones((20, 1), "float32")


@pytest.mark.parametrize(
    ("on", "off", "asked", "default"),
    [
        (config.enable_flash_attention, config.disable_flash_attention, config.is_flash_attention_enabled, None),
        (
            config.enable_interactive_logging,
            config.disable_interactive_logging,
            config.is_interactive_logging_enabled,
            True,
        ),
        (
            config.enable_traceback_filtering,
            config.disable_traceback_filtering,
            config.is_traceback_filtering_enabled,
            True,
        ),
    ],
    ids=["flash", "interactive", "traceback"],
)
def test_a_switch_is_off_after_it_was_turned_off(on, off, asked, default):
    assert asked() is default
    off()
    assert asked() is False
    on()
    assert asked() is default


def test_fit_makes_no_more_epochs_than_allowed(model):
    config.set_max_epochs(2)
    with pytest.warns(UserWarning, match="2 epochs"):
        history = model.fit(X, Y, epochs=5, verbose=0)
    assert history.epoch == [0, 1]
    assert model.fit(X, Y, epochs=1, verbose=0).epoch == [0]


@pytest.mark.filterwarnings("ignore:An epoch ends")
def test_no_epoch_takes_more_steps_than_allowed(model):
    config.set_max_steps_per_epoch(3)
    model.fit(X, Y, batch_size=2, epochs=2, verbose=0)
    assert int(model.optimizer.iterations) == 6
    assert model.predict(X, batch_size=2, verbose=0).shape == (6, 1)


def test_what_is_within_the_limit_is_left_alone(model, recwarn):
    config.set_max_steps_per_epoch(10)
    model.fit(X, Y, batch_size=2, epochs=1, steps_per_epoch=4, verbose=0)
    assert int(model.optimizer.iterations) == 4
    assert not recwarn.list


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "3", True])
def test_limits_are_whole_numbers(wrong):
    with pytest.raises(Invalid):
        config.set_max_epochs(wrong)
    with pytest.raises(Invalid):
        config.set_max_steps_per_epoch(wrong)


def test_there_is_one_backend():
    assert config.backend() == backend.backend() == "torch"
    config.set_backend("torch")
    with pytest.raises(Invalid, match="PyTorch"):
        config.set_backend("other")


def test_no_setting_lets_a_file_run_code():
    with pytest.warns(UserWarning, match="data"):
        config.enable_unsafe_deserialization()


@pytest.mark.parametrize("wrong", [0, -1e-7, "small"])
def test_epsilon_is_above_zero(wrong):
    with pytest.raises(Invalid):
        config.set_epsilon(wrong)


def test_there_is_no_nnx():
    assert config.is_nnx_enabled() is False


def test_uids_count_by_prefix():
    backend.clear_session()
    assert [backend.get_uid(p) for p in ("a", "a", "", "b", "")] == [1, 2, 1, 1, 2]
    backend.clear_session(free_memory=False)
    assert backend.get_uid("a") == 1


def test_clear_session_begins_names_anew():
    backend.clear_session()
    first = layers.Dense(1).name, layers.Dense(1).name
    backend.clear_session()
    assert (layers.Dense(1).name, layers.Dense(1).name) == first == ("dense", "dense_1")


@pytest.mark.parametrize(
    ("dtype", "is_float", "is_int"),
    [
        ("float16", True, False),
        ("bfloat16", True, False),
        ("float8_e4m3fn", True, False),
        (torch.int64, False, True),
        ("uint8", False, True),
        ("bool", False, False),
        ("complex64", False, False),
        (None, True, False),
        (np.float64, True, False),
    ],
)
def test_kinds_of_dtypes(dtype, is_float, is_int):
    assert (backend.is_float_dtype(dtype), backend.is_int_dtype(dtype)) == (is_float, is_int)


def test_device_holds_for_what_is_made_inside_it():
    with kerasviz.device("meta"):
        layer = layers.Dense(2)
        layer.build((None, 3))
        assert layer.kernel.device.type == "meta"
        assert torch.ones(2).device.type == "meta"
    assert kerasviz.Variable([1.0]).device.type == "cpu"


def test_device_holds_for_its_thread_alone():
    found = []
    with kerasviz.device("meta"):
        thread = threading.Thread(target=lambda: found.append(kerasviz.Variable([1.0]).device.type))
        thread.start()
        thread.join()
    assert found == ["cpu"]


@pytest.mark.parametrize("name", ["cpu", "cpu:0", "/device:CPU:0", torch.device("cpu")])
def test_devices_have_the_names_of_both(name):
    with kerasviz.device(name) as device:
        assert device.type == "cpu"


@pytest.mark.parametrize("wrong", ["toaster:0", 3])
def test_a_device_that_there_is_not_is_refused(wrong):
    with pytest.raises(Invalid), kerasviz.device(wrong):
        pass


def test_utils_have_the_same_functions():
    for name in ("clear_session", "is_keras_tensor", "standardize_dtype"):
        if hasattr(utils, name):
            assert getattr(utils, name) is getattr(backend, name)


def test_progress_goes_to_the_log_where_nobody_looks_at_a_screen(model, caplog, capsys):
    config.disable_interactive_logging()
    with caplog.at_level("INFO", "kerasviz"):
        model.fit(X, Y, epochs=1)
    assert "loss" in caplog.text
    assert not capsys.readouterr().out
