import numpy as np
import pytest

import kerasviz
from kerasviz import Invalid, layers


@pytest.fixture
def model():
    kerasviz.backend.clear_session()
    stack = [kerasviz.Input((3,)), layers.Dense(2, name="d"), layers.BatchNormalization(name="bn")]
    model = kerasviz.Sequential(stack, name="m")
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    return model


def test_the_tree_has_all_state_by_path(model):
    tree = model.get_state_tree()
    assert set(tree["trainable_variables"]["m"]["d"]) == {"kernel", "bias"}
    assert tree["trainable_variables"]["m"]["d"]["kernel"] is model.layers[0].kernel
    assert set(tree["non_trainable_variables"]["m"]["bn"]) == {"moving_mean", "moving_variance"}
    assert set(tree["metrics_variables"]) == {"loss", "mean_absolute_error"}
    assert len(tree["optimizer_variables"]["adam"]) == 2 + 2 * 4


def test_the_tree_comes_back(model):
    tree = model.get_state_tree("numpy_array")
    expected = model.predict(np.ones((2, 3)), verbose=0)
    steps = int(model.optimizer.iterations)
    model.fit(np.ones((4, 3)), np.zeros((4, 2)), epochs=3, verbose=0)
    model.set_state_tree(tree)
    np.testing.assert_array_equal(model.predict(np.ones((2, 3)), verbose=0), expected)
    assert int(model.optimizer.iterations) == steps


def test_a_part_of_a_tree_sets_that_part(model):
    model.set_state_tree({"trainable_variables": {"m": {"d": {"kernel": np.ones((3, 2))}}}})
    assert model.layers[0].kernel.numpy().sum() == 6


@pytest.mark.parametrize(
    "wrong",
    [
        {"foo": {}},
        {"trainable_variables": {"m": {"d": {"kernl": 1}}}},
        {"trainable_variables": {"m": {"d": {"kernel": np.ones(3)}}}},
    ],
)
def test_what_does_not_fit_changes_nothing(model, wrong):
    before = model.get_weights()
    first = {"trainable_variables": {"m": {"d": {"bias": np.full(2, 9.0)}}}}
    with pytest.raises(Invalid):
        model.set_state_tree({**first, **wrong} if "foo" in wrong else wrong)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_models_cannot_do_is_said(model, tmp_path):
    with pytest.raises(Invalid, match="numpy_array"):
        model.get_state_tree("foo")
    with pytest.raises(Invalid, match="later version"):
        model.quantize("int8")
    with pytest.raises(Invalid, match=r"torch\.export"):
        model.export(tmp_path / "a")
    assert model.get_quantization_layer_structure() is None
