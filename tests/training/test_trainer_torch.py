"""Torch's optimizers, schedulers and losses in `compile`: they train as a loop by hand; files say what they keep."""

import functools
import warnings

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

import kerasviz
from kerasviz import layers
from kerasviz.declare import Invalid

RANDOM = np.random.default_rng(4)
X = RANDOM.normal(size=(48, 5)).astype("float32")
Y = (X @ RANDOM.normal(size=(5, 1))).astype("float32")


def regressor(**dense):
    return kerasviz.Sequential([layers.Input((5,)), layers.Dense(6, "tanh", **dense), layers.Dense(1, **dense)])


def fitted(model, epochs=3, **options):
    return model.fit(X, Y, **{"batch_size": 16, "shuffle": False, "verbose": 0, "epochs": epochs, **options}).history


def by_hand(model, optimizer, schedule=None, every="epoch", epochs=3, loss_of=torch.nn.functional.mse_loss):
    for _ in range(epochs):
        losses = []
        for start in range(0, 48, 16):
            loss = loss_of(model(torch.tensor(X[start : start + 16])), torch.tensor(Y[start : start + 16]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
            if schedule is not None and every == "batch":
                schedule.step()
        if isinstance(schedule, lr_scheduler.ReduceLROnPlateau):
            schedule.step(float(np.mean(losses)))
        elif schedule is not None and every == "epoch":
            schedule.step()


def compiled_and_fitted(model, optimizer):
    model.compile(optimizer, "mse")
    fitted(model)


SCHEDULES = {
    "steps": lambda o: lr_scheduler.StepLR(o, 1, 0.5),
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, 3),
    "warm-up, then decay": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o, 0.1, total_iters=1), lr_scheduler.ExponentialLR(o, 0.5)], [1]
    ),
    "plateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=0, threshold=10.0),
}


@pytest.mark.parametrize("make", SCHEDULES.values(), ids=SCHEDULES)
def test_a_scheduler_goes_on_after_each_epoch(make):
    model, other = regressor(), regressor()
    other.set_weights(model.get_weights())
    mine = torch.optim.AdamW(model.parameters(), lr=0.05)
    theirs = torch.optim.AdamW(other.parameters(), lr=0.05)
    model.compile((mine, make(mine)), "mse")
    fitted(model)
    by_hand(other, theirs, make(theirs))
    for one, same in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(one, same, rtol=1e-4, atol=1e-6)
    assert model.optimizer.learning_rate == pytest.approx(theirs.param_groups[0]["lr"])


def test_a_scheduler_may_go_on_after_each_batch():
    model, other = regressor(), regressor()
    other.set_weights(model.get_weights())
    make = functools.partial(lr_scheduler.OneCycleLR, max_lr=0.1, total_steps=9)
    model.compile((functools.partial(torch.optim.SGD, lr=0.01), make, "batch"), torch.nn.MSELoss())
    history = fitted(model)
    theirs = torch.optim.SGD(other.parameters(), lr=0.01)
    by_hand(other, theirs, make(theirs), "batch")
    for one, same in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(one, same, rtol=1e-4, atol=1e-6)
    assert len(history["learning_rate"]) == 3


def test_the_history_has_the_rate_of_each_epoch():
    model = regressor()
    model.compile(
        (functools.partial(torch.optim.SGD, lr=0.08), functools.partial(lr_scheduler.StepLR, step_size=1)), "mse"
    )
    assert fitted(model)["learning_rate"] == pytest.approx([0.08, 0.008, 0.0008])


def test_a_scheduler_alone_brings_its_optimizer():
    model = regressor()
    model.compile(lr_scheduler.StepLR(torch.optim.SGD(model.parameters(), lr=0.08), 1, 0.5), "mse")
    assert fitted(model)["learning_rate"] == pytest.approx([0.08, 0.04, 0.02])


def test_a_plateau_looks_at_the_validation_where_there_is_one():
    model, seen = regressor(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer)
    plain = schedule.step
    schedule.step = lambda value: (seen.append(value), plain(value))
    model.compile((optimizer, schedule), "mse")
    history = fitted(model, validation_data=(X[:8], Y[:8]))
    assert seen == history["val_loss"]


@pytest.mark.parametrize(
    "make",
    [
        lambda o: (o, lr_scheduler.StepLR(torch.optim.SGD(regressor().parameters()), 1)),
        lambda o: (o, lr_scheduler.StepLR(o, 1), "step"),
        lambda o: (o,),
        lambda o: ("adam", lr_scheduler.StepLR(o, 1)),
        lambda o: (kerasviz.optimizers.Adam(), lr_scheduler.StepLR(o, 1)),
        lambda o: (o, 3),
    ],
    ids=["another optimizer's", "when", "one", "name", "ours", "no scheduler"],
)
def test_pairs_that_do_not_fit_are_refused(make):
    model = regressor()
    before = model.get_weights()
    with pytest.raises(Invalid, match=r"compile\(optimizer"):
        compiled_and_fitted(model, make(torch.optim.SGD(model.parameters(), lr=0.1)))
    assert all((one == other).all() for one, other in zip(before, model.get_weights(), strict=True))


def test_the_wrapper_shows_what_torchs_optimizer_has():
    model = regressor()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model.compile(optimizer, "mse")
    fitted(model)
    assert model.optimizer.inner is optimizer
    assert model.optimizer.param_groups is optimizer.param_groups
    assert model.optimizer.iterations == 9
    model.optimizer.zero_grad()
    assert not hasattr(model.optimizer, "no such thing")


def test_the_state_of_optimizer_and_scheduler_goes_on():
    """Three epochs, and three more in another model that takes over: the same as six."""
    make = functools.partial(torch.optim.Adam, lr=0.05), functools.partial(lr_scheduler.ExponentialLR, gamma=0.7)
    whole, first, second = regressor(), regressor(), regressor()
    for model in (first, second):
        model.set_weights(whole.get_weights())
    for model in (whole, first, second):
        model.compile(make, "mse")
    fitted(whole, 6)
    fitted(first, 3)
    second.optimizer.build(second.trainable_variables)
    second.optimizer.load_state_dict(first.optimizer.state_dict())
    second.set_weights(first.get_weights())
    assert fitted(second, 3)["learning_rate"][0] == pytest.approx(0.05 * 0.7**3)
    for one, other in zip(whole.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_an_optimizer_over_a_part_of_the_model_trains_that_part():
    model = regressor()
    model.compile(torch.optim.SGD(model.layers[1].parameters(), lr=0.1), "mse")
    before = model.get_weights()
    fitted(model)
    changed = [bool((one != other).any()) for one, other in zip(before, model.get_weights(), strict=True)]
    assert changed == [False, False, True, True]


def test_a_layer_thawed_after_its_optimizer_was_made_needs_compile():
    model = regressor()
    model.layers[0].trainable = False
    model.compile(torch.optim.SGD, "mse")
    fitted(model, 1)
    model.layers[0].trainable = True
    with pytest.raises(Invalid, match="Compile again"):
        fitted(model, 1)
    model.compile(torch.optim.SGD, "mse")
    fitted(model, 1)


@pytest.mark.filterwarnings("ignore:The model has no weights")
def test_a_class_of_optimizers_has_nothing_to_do_in_a_frozen_model():
    model = regressor()
    model.trainable = False
    model.compile(torch.optim.SGD, "mse")
    assert len(fitted(model)["loss"]) == 3


@pytest.mark.parametrize(
    "given", [torch.optim.Adam, "adam", kerasviz.optimizers.SGD(0.1)], ids=["torch", "name", "ours"]
)
def test_the_optimizer_may_be_replaced(given):
    model = regressor()
    model.compile("sgd", "mse")
    fitted(model, 1)
    model.optimizer = given
    fitted(model, 2)
    assert int(model.optimizer.iterations) == 6


def test_own_steps_and_loops_use_it():
    class Own(kerasviz.Model):
        def train_step(self, data):
            x, y = data
            loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            return {"loss": loss}

    symbol = layers.Input((5,))
    model = Own(symbol, layers.Dense(1)(symbol))
    model.compile(torch.optim.SGD(model.parameters(), lr=0.1), "mse")
    losses = fitted(model)["loss"]
    assert losses[-1] < losses[0]


def test_gradients_may_be_applied_in_keras_way():
    model, other = regressor(), regressor()
    other.set_weights(model.get_weights())
    for one, optimizer in ((model, torch.optim.SGD), (other, kerasviz.optimizers.SGD(0.001))):
        one.compile(optimizer, "mse")
        gradients = [torch.ones_like(v) for v in one.trainable_variables]
        one.optimizer.apply(gradients, one.trainable_variables)
        one.optimizer.apply_gradients(zip(gradients, one.trainable_variables, strict=True))
    for one, same in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(one, same, rtol=1e-6)


def test_float16_scales_the_loss_for_it():
    model = regressor(dtype="mixed_float16")
    model.dtype_policy = kerasviz.dtype_policies.DTypePolicy("mixed_float16")
    model.compile(functools.partial(torch.optim.SGD, lr=0.05), "mse")
    losses = fitted(model, 6)["loss"]
    assert model.optimizer.loss_scale_factor
    assert losses[-1] < losses[0]


def test_float16_leaves_out_steps_that_overflow():
    model = regressor()
    model.dtype_policy = kerasviz.dtype_policies.DTypePolicy("mixed_float16")
    model.compile(torch.optim.SGD, lambda y, y_pred: (y_pred * float("inf")).sum(-1))
    before = model.get_weights()
    fitted(model, 1)
    assert all((one == other).all() for one, other in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize(
    ("optimizer", "loss", "named"),
    [
        (torch.optim.Adam, "mse", "optimizer=Adam"),
        (functools.partial(torch.optim.SGD, lr=0.1), "mse", "optimizer=SGD"),
        ("adam", torch.nn.L1Loss(), "loss=L1Loss"),
        ("adam", [torch.nn.functional.mse_loss], "loss=mse_loss"),
    ],
    ids=["class", "partial", "loss", "function"],
)
def test_a_file_keeps_architecture_and_weights_and_says_so(tmp_path, optimizer, loss, named):
    model = regressor()
    model.compile(optimizer, loss)
    fitted(model, 1)
    with pytest.warns(UserWarning, match=f"keeps architecture and weights.*{named}"):
        model.save(tmp_path / "model.keras")
    loaded = kerasviz.models.load_model(tmp_path / "model.keras")
    assert not loaded.compiled
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_weights_alone_are_kept_without_a_word(tmp_path):
    model = regressor()
    model.compile(torch.optim.Adam, torch.nn.MSELoss())
    fitted(model, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.save_weights(tmp_path / "model.weights.h5")
    other = regressor()
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))
