"""Steps, losses and metrics that models override, against Keras: each alone, together, and with `super()`."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import kerasviz

from .comparing import assert_close
from .models import called, filled, fitted

ROWS = 40
RNG = np.random.default_rng(7)
X = RNG.normal(size=(ROWS, 5)).astype("float32")
Y = (X @ RNG.normal(size=(5, 1))).astype("float32")
W = RNG.uniform(0.2, 2.0, ROWS).astype("float32")


def graph(k, cls, dropout=False):
    inputs = k.layers.Input((5,))
    hidden = k.layers.Dense(6, "tanh", kernel_regularizer="l2" if dropout else None)(inputs)
    return cls(inputs, k.layers.Dense(1)(hidden))


def by_hand(k):
    class ByHand(k.Model):
        def train_step(self, data):
            x, y, weight = k.utils.unpack_x_y_sample_weight(data)
            self.zero_grad()
            y_pred = self(x, training=True)
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=weight)
            loss.backward()
            variables = list(self.trainable_weights)
            gradients = [v.value.grad for v in variables]
            with torch.no_grad():
                self.optimizer.apply(gradients, variables)
            self._loss_tracker.update_state(loss)
            return self.compute_metrics(x, y, y_pred, sample_weight=weight)

    return ByHand


def own_loss(k):
    class OwnLoss(k.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            loss = k.ops.mean(k.ops.abs(y_pred - k.ops.convert_to_tensor(y)))
            return loss + k.ops.sum(self.losses) if self.losses else loss

    return OwnLoss


def more_loss(k):
    class MoreLoss(k.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return super().compute_loss(x, y, y_pred, sample_weight, training) * 2.0 + 1.0

    return MoreLoss


def short_signature(k):
    class Short(k.Model):
        def compute_loss(self, x, y, y_pred, sample_weight):
            return k.ops.mean(k.ops.square(y_pred - k.ops.convert_to_tensor(y)))

    return Short


def own_metrics(k):
    class OwnMetrics(k.Model):
        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            found = super().compute_metrics(x, y, y_pred, sample_weight)
            found["largest"] = k.ops.max(k.ops.abs(y_pred))
            return found

    return OwnMetrics


def own_results(k):
    class OwnResults(k.Model):
        def get_metrics_result(self):
            return super().get_metrics_result() | {"twice": 2 * self.metrics[0].result()}

    return OwnResults


def listed_metrics(k):
    class ListedMetrics(k.Model):
        @property
        def metrics(self):
            return [*super().metrics, self.extra]

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            self.extra.update_state(y_pred)
            return super().compute_metrics(x, y, y_pred, sample_weight)

    return ListedMetrics


def tracked(k):
    class Tracked(k.Model):
        def train_step(self, data):
            logs = super().train_step(data)
            self.tracker.update_state(self(data[0]))
            return logs | {"size": self.tracker.result()}

    return Tracked


def through_super(k):
    class Through(k.Model):
        def train_step(self, data):
            x, y, weight = k.utils.unpack_x_y_sample_weight(data)
            return super().train_step((x * 0.5, y, weight))

        def test_step(self, data):
            x, y, weight = k.utils.unpack_x_y_sample_weight(data)
            return super().test_step((x * 0.5, y, weight))

        def predict_step(self, data):
            x = data[0] if isinstance(data, tuple) else data
            return super().predict_step((x * 0.5,)) + 1.0

    return Through


def checked_only(k):
    class TestOnly(k.Model):
        def test_step(self, data):
            x, y, weight = k.utils.unpack_x_y_sample_weight(data)
            y_pred = self(x, training=False)
            loss = self.compute_loss(y=y, y_pred=y_pred, sample_weight=weight)
            return {"loss": loss, "mean": k.ops.mean(y_pred)}

    return TestOnly


def scalar_logs(k):
    class Scalars(k.Model):
        def train_step(self, data):
            logs = super().train_step(data)
            return {"zeta": logs["loss"], "alpha": 1.5, "count": 3}

    return Scalars


STEPS = {
    "own loss": own_loss,
    "more loss": more_loss,
    "short signature": short_signature,
    "own metrics": own_metrics,
    "own results": own_results,
    "through super": through_super,
    "test only": checked_only,
    "scalar logs": scalar_logs,
}
OPTIONS = {
    "plain": {"loss": "mse", "metrics": ["mae"]},
    "weighted": {"loss": "mse", "metrics": ["mae"], "weighted_metrics": ["mse"]},
}


def answer(k, make, options, penalty=False, weight=None):
    model = graph(k, make(k), penalty)
    filled(model)
    model.compile(k.optimizers.SGD(0.05), **options)
    data = {"sample_weight": weight, "epochs": 2}
    history = fitted(model, X, Y, validation_data=(X[:20], Y[:20]), **data)
    return {
        "history": history,
        "evaluate": called(model, "evaluate", X, Y, verbose=0, return_dict=True),
        "list": np.asarray(called(model, "evaluate", X, Y, verbose=0)),
        "names": list(model.metrics_names),
        "predict": called(model, "predict", X[:7], verbose=0),
        "weights": model.get_weights(),
        "batch": called(model, "train_on_batch", X[:8], Y[:8], return_dict=True),
        "test": called(model, "test_on_batch", X[:8], Y[:8], return_dict=True),
        "after": model.get_weights(),
    }


@pytest.mark.parametrize("penalty", [False, True], ids=["", "penalty"])
@pytest.mark.parametrize("make", STEPS.values(), ids=STEPS)
def test_overridden_steps_equal_keras(reference, make, penalty):
    ours = answer(kerasviz, make, OPTIONS["plain"], penalty)
    assert_close(ours, reference(lambda keras: answer(keras, make, OPTIONS["plain"], penalty)), dtypes=False)


@pytest.mark.parametrize("name", ["own loss", "more loss", "own metrics", "own results"])
def test_overridden_steps_with_weights_equal_keras(reference, name):
    make, options = STEPS[name], OPTIONS["weighted"]
    ours = answer(kerasviz, make, options, weight=W)
    assert_close(ours, reference(lambda keras: answer(keras, make, options, weight=W)), dtypes=False)


def test_metrics_that_are_attributes_of_models_and_layers_equal_keras(reference):
    def run(k):
        class Measuring(k.layers.Layer):
            def __init__(self, **options):
                super().__init__(**options)
                self.size = k.metrics.Mean(name="size")

            def call(self, inputs):
                self.size.update_state(k.ops.abs(inputs))
                return inputs

        inputs = k.layers.Input((5,))
        model = k.Model(inputs, k.layers.Dense(1)(Measuring(name="measuring")(inputs)))
        filled(model)
        model.compile("sgd", "mse", metrics=["mae"])
        history = fitted(model, X, Y, validation_data=(X[:10], Y[:10]))
        return history, list(model.metrics_names), called(model, "evaluate", X, Y, verbose=0, return_dict=True)

    assert_close(run(kerasviz), reference(run), dtypes=False)


def test_metrics_of_a_subclass_with_own_step_equal_keras(reference):
    def run(k):
        class Gauged(k.Model):
            def __init__(self):
                super().__init__()
                self.dense = k.layers.Dense(1)
                self.gauge = k.metrics.Mean(name="gauge")
                self.error = k.metrics.MeanAbsoluteError(name="error")

            def call(self, inputs):
                return self.dense(inputs)

            @property
            def metrics(self):
                return [self.gauge, self.error]

            def step(self, data, training):
                x, y = data
                y_pred = self(x, training=training)
                loss = k.ops.mean(k.ops.square(y - y_pred))
                if training:
                    self.zero_grad()
                    loss.backward()
                    with torch.no_grad():
                        self.optimizer.apply([v.value.grad for v in self.trainable_weights], self.trainable_weights)
                self.gauge.update_state(loss)
                self.error.update_state(y, y_pred)
                return {metric.name: metric.result() for metric in self.metrics}

            def train_step(self, data):
                return self.step(data, True)

            def test_step(self, data):
                return self.step(data, False)

        model = Gauged()
        model(X[:2])
        filled(model)
        model.compile(optimizer=k.optimizers.SGD(0.1))
        history = fitted(model, X, Y, validation_data=(X[:10], Y[:10]))
        names = sorted(model.metrics_names)
        return history, names, called(model, "evaluate", X, Y, verbose=0, return_dict=True), model.get_weights()

    assert_close(run(kerasviz), reference(run), dtypes=False)


def test_a_generator_and_a_critic_trained_in_turn_equal_keras(reference):
    """Two models in one step, each with its optimizer; the critic alone too, which is frozen for the generator."""

    def run(k):
        critic = k.Sequential([k.layers.Input((5,)), k.layers.Dense(6, "tanh"), k.layers.Dense(1, "sigmoid")])
        maker = k.Sequential([k.layers.Input((3,)), k.layers.Dense(5)])
        filled(critic), filled(maker)
        critic.compile(k.optimizers.SGD(0.1), "binary_crossentropy")
        critic.trainable = False
        noise = k.layers.Input((3,))
        both = k.Model(noise, critic(maker(noise)))
        both.compile(k.optimizers.SGD(0.2), "binary_crossentropy")
        critic.trainable = True
        values = []
        for turn in range(3):
            rows = X[turn * 8 : turn * 8 + 8]
            made = called(maker, "predict", rows[:, :3], verbose=0)
            values.append(called(critic, "train_on_batch", rows, np.ones((8, 1), "float32")))
            values.append(called(critic, "train_on_batch", made, np.zeros((8, 1), "float32")))
            critic.trainable = False
            values.append(called(both, "train_on_batch", rows[:, :3], np.ones((8, 1), "float32")))
            critic.trainable = True
        return np.asarray(values), critic.get_weights(), maker.get_weights()

    assert_close(run(kerasviz), reference(run), dtypes=False)


def test_a_model_with_two_optimizers_of_its_own_equals_keras(reference):
    def run(k):
        class Pair(k.Model):
            def __init__(self, first, second):
                super().__init__()
                self.first, self.second = first, second
                self.loss_of_first = k.metrics.Mean(name="first")

            def compile(self, one, other, **options):
                super().compile(**options)
                self.one, self.other = one, other

            def call(self, inputs):
                return self.second(self.first(inputs))

            def train_step(self, data):
                x, y = data
                for part, optimizer in ((self.first, self.one), (self.second, self.other)):
                    self.zero_grad()
                    loss = k.ops.mean(k.ops.square(self(x) - y))
                    loss.backward()
                    with torch.no_grad():
                        optimizer.apply([v.value.grad for v in part.trainable_weights], part.trainable_weights)
                self.loss_of_first.update_state(loss)
                return {"first": self.loss_of_first.result()}

        first = k.Sequential([k.layers.Input((5,)), k.layers.Dense(4, "tanh")])
        second = k.Sequential([k.layers.Input((4,)), k.layers.Dense(1)])
        filled(first), filled(second)
        model = Pair(first, second)
        model.compile(k.optimizers.SGD(0.1), k.optimizers.Adam(0.01))
        return fitted(model, X, Y), first.get_weights(), second.get_weights()

    assert_close(run(kerasviz), reference(run), dtypes=False)


def test_a_loop_by_hand_equals_keras(reference):
    def run(k):
        model = graph(k, k.Model, True)
        filled(model)
        optimizer, loss_of, metric = k.optimizers.Adam(0.02), k.losses.Huber(), k.metrics.MeanAbsoluteError()
        values = []
        for start in range(0, ROWS, 8):
            x, y = torch.tensor(X[start : start + 8]), torch.tensor(Y[start : start + 8])
            y_pred = model(x, training=True)
            loss = loss_of(y, y_pred) + sum(model.losses)
            model.zero_grad()
            loss.backward()
            with torch.no_grad():
                optimizer.apply([v.value.grad for v in model.trainable_weights], model.trainable_weights)
            metric.update_state(y, y_pred)
            values.append(float(loss.detach()))
        return np.asarray(values), float(metric.result()), model.get_weights()

    assert_close(run(kerasviz), reference(run), dtypes=False)


def test_a_loop_with_an_optimizer_of_torch_equals_keras(reference):
    def run(k):
        model = graph(k, k.Model)
        filled(model)
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.02, weight_decay=0.1)
        values = []
        for start in range(0, ROWS, 8):
            loss = (model(torch.tensor(X[start : start + 8])) - torch.tensor(Y[start : start + 8])).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            values.append(float(loss.detach()))
        return np.asarray(values), model.get_weights()

    assert_close(run(kerasviz), reference(run), dtypes=False)


def test_stateless_losses_equal_keras(reference):
    def run(k):
        model = graph(k, k.Model, True)
        filled(model)
        model.compile("sgd", "mse", metrics=["mae"])
        fitted(model, X, Y, epochs=1)
        variables = [v.value + 0.1 for v in model.trainable_variables]
        others = [v.value for v in model.non_trainable_variables]
        measured = [k.ops.copy(v.value) for v in model.metrics_variables]
        y_pred, others = model.stateless_call(variables, others, X, training=True)
        before = model.get_weights()
        given = variables, others, measured
        loss, (first, second, third) = model.stateless_compute_loss(*given, x=X, y=Y, y_pred=y_pred)
        same = all((one == other).all() for one, other in zip(before, model.get_weights(), strict=True))
        return float(loss.detach()), [k.ops.convert_to_numpy(v) for v in first], len(second), len(third), same

    assert_close(run(kerasviz), reference(run), dtypes=False)
