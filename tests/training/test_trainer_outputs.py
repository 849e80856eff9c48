"""Models of several outputs: what is taken beside Keras's forms, and which mistakes are told."""

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import layers, losses
from kerasviz.declare import Invalid

X = np.random.default_rng(0).normal(size=(24, 5)).astype("float32")
LABELS = np.random.default_rng(1).integers(0, 3, 24)
NUMBERS = X[:, :1].copy()
SPARSE = "sparse_categorical_crossentropy"
Y = {"label": LABELS, "number": NUMBERS}


def heads(form=dict, **options):
    inputs = layers.Input((5,))
    label, number = layers.Dense(3, "softmax", name="label")(inputs), layers.Dense(1, name="number")(inputs)
    outputs = {"label": label, "number": number} if form is dict else [label, number]
    model = kerasviz.Model(inputs, outputs)
    model.compile("sgd", **{"loss": {"label": SPARSE, "number": "mse"}, **options})
    return model


def twins():
    """A subclass whose outputs have no names."""

    class Twins(kerasviz.Model):
        def __init__(self):
            super().__init__()
            self.left, self.right = layers.Dense(1), layers.Dense(1)

        def call(self, inputs):
            return [self.left(inputs), self.right(inputs)]

    return Twins()


def quiet(model, y=Y, **options):
    return model.fit(X, y, verbose=0, **options).history


WRONG = {
    "loss": (
        {"loss": {"label": SPARSE, "nummer": "mse"}},
        {},
        r"compile\(loss=...\): .*'nummer'. Did you mean 'number'",
    ),
    "too many losses": ({"loss": [SPARSE, "mse", "mse"]}, {}, "one for each output: label, number"),
    "too few losses": ({"loss": [SPARSE]}, {}, "one for each output: label, number"),
    "factor": ({"loss_weights": {"labels": 1.0}}, {}, r"compile\(loss_weights=...\): .*Did you mean 'label'"),
    "too few factors": ({"loss_weights": [0.5]}, {}, r"compile\(loss_weights=...\): expected one for each"),
    "text as a factor": ({"loss_weights": {"label": "much"}}, {}, "a number for each output"),
    "metric": ({"metrics": {"labell": ["acc"]}}, {}, r"compile\(metrics=...\): .*Did you mean 'label'"),
    "too few metrics": ({"metrics": ["mae"]}, {}, r"compile\(metrics=...\): expected one for each"),
    "target": ({}, {"y": {"label": LABELS, "nummer": NUMBERS}}, "y: .*'nummer'. Did you mean 'number'"),
    "missing target": ({}, {"y": {"label": LABELS}}, 'output "number": expected targets'),
    "one target of two": ({}, {"y": [LABELS]}, "y: expected an array for each output"),
    "weight": ({}, {"sample_weight": {"labell": np.ones(24)}}, "sample_weight: .*Did you mean 'label'"),
    "too few weights": ({}, {"sample_weight": [np.ones(24)]}, "sample_weight: expected an array for each output"),
}


@pytest.mark.parametrize(("compiled", "told", "message"), WRONG.values(), ids=WRONG)
def test_what_does_not_match_the_outputs_is_told_before_training(compiled, told, message):
    model = heads(**compiled)
    before = model.get_weights()
    with pytest.raises(Invalid, match=message):
        quiet(model, **told)
    assert all((one == other).all() for one, other in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("name", ["loss", "metrics", "weighted_metrics"])
@pytest.mark.parametrize("given", [["mse", ["mze"]], {"label": "mze"}, {"label": {"a": "mze"}}], ids=str)
def test_an_unknown_name_deep_in_a_nest_is_an_error_of_compile(name, given):
    with pytest.raises(Invalid, match=rf"compile\({name}"):
        heads(**{name: given})


def test_factors_of_some_outputs_leave_the_others_at_one():
    model = heads(loss_weights={"label": 0.0})
    assert model.evaluate(X, Y, verbose=0, return_dict=True)["loss"] == pytest.approx(
        model.evaluate(X, Y, verbose=0, return_dict=True)["number_loss"]
    )


def test_one_factor_is_for_all_outputs():
    values = heads(loss_weights=0.5).evaluate(X, Y, verbose=0, return_dict=True)
    assert values["loss"] == pytest.approx((values["label_loss"] + values["number_loss"]) / 2, rel=1e-6)


def test_outputs_of_a_dict_may_be_told_by_the_names_of_their_layers():
    inputs = layers.Input((5,))
    model = kerasviz.Model(inputs, {"z": layers.Dense(3, name="label")(inputs), "a": layers.Dense(1, name="n")(inputs)})
    model.compile("sgd", {"label": "mse", "n": "mse"}, metrics={"n": ["mae"]})
    history = model.fit(X, {"z": X[:, :3], "a": NUMBERS}, verbose=0).history
    assert list(history) == ["a_loss", "a_mae", "loss", "z_loss"]


def test_outputs_without_names_that_have_equal_losses_keep_both_values():
    model = twins()
    model.compile("sgd", "mse", metrics=["mae", "mae"])
    history = model.fit(X, [NUMBERS, -NUMBERS], verbose=0).history
    assert list(history) == ["loss", "mae", "mae_1", "mse_loss", "mse_loss_1"]
    assert history["loss"][0] == pytest.approx(history["mse_loss"][0] + history["mse_loss_1"][0], rel=1e-5)
    assert len(model.evaluate(X, [NUMBERS, NUMBERS], verbose=0)) == 5


def test_a_loss_of_several_numbers_cannot_be_trained_on_but_evaluated():
    inputs = layers.Input((5,))
    model = kerasviz.Model(inputs, layers.Dense(1)(inputs))
    model.compile("sgd", losses.MeanSquaredError(reduction=None))
    with pytest.raises(Invalid, match=r"one number for a batch, got .*reduction=None"):
        model.fit(X, NUMBERS, verbose=0)
    model.compile("sgd", torch.nn.MSELoss(reduction="none"))
    with pytest.raises(Invalid, match=r"one number for a batch, got .*reduction='none'"):
        model.fit(X, NUMBERS, verbose=0)


def test_metrics_are_there_before_the_first_batch():
    model = heads(metrics={"label": ["acc"]})
    assert model.metrics_names == ["loss", "compile_metrics"]
    quiet(model)
    assert model.metrics_names == ["loss", "compile_metrics", "label_loss", "number_loss"]


def test_metrics_are_matched_by_the_first_targets_that_come():
    inputs = layers.Input((5,))
    model = kerasviz.Model(inputs, layers.Dense(5, activity_regularizer="l2")(inputs))
    model.compile("sgd", metrics=["mae"])
    assert list(model.fit(X, verbose=0).history) == ["loss"]
    assert list(model.fit(X, X, verbose=0).history) == ["loss", "mae"]


@pytest.mark.parametrize("y", [[LABELS], (LABELS,), {"label": LABELS}], ids=["list", "tuple", "dict"])
@pytest.mark.parametrize("streamed", [False, True], ids=["arrays", "stream"])
def test_the_target_of_one_output_may_be_in_a_list_or_a_dict(y, streamed):
    inputs = layers.Input((5,))
    model = kerasviz.Model(inputs, layers.Dense(3, "softmax", name="label")(inputs))
    model.compile("sgd", SPARSE, metrics=["accuracy"])
    start = model.get_weights()
    expected = model.fit(X, LABELS, verbose=0, shuffle=False, batch_size=24).history
    model.set_weights(start)
    data = (iter([(X, y)]),) if streamed else (X, y)
    found = model.fit(*data, verbose=0, shuffle=False, **({} if streamed else {"batch_size": 24})).history
    assert found == expected
