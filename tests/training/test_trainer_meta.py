"""Every way to train, evaluate and predict with all tensors on `meta`: no step reads a value or mixes devices."""

import functools

import pytest
import torch
from torch.optim import lr_scheduler

import kerasviz
from kerasviz import layers
from kerasviz.events import PredictBatchEnd, TestBatchEnd, TrainBatchEnd
from kerasviz.training import loop
from kerasviz.training.data import Passes, make_source
from tests.on_meta import OnlyMeta

pytestmark = pytest.mark.usefixtures("meta_device")
ROWS, BATCH = 12, 4


def on_meta(*shape, dtype=torch.float32):
    return torch.empty((ROWS, *shape), dtype=dtype, device="meta")


def pull(events, kind, steps):
    for event in events:
        steps -= isinstance(event, kind)
        if not steps:
            return


def trained(model, x, y, **options):
    """Two guarded steps after a first, with the values of the metrics; then evaluation and prediction."""
    fitting = model.training_events(x, y, **{"batch_size": BATCH, "shuffle": False, **options})
    pull(fitting, TrainBatchEnd, 1)
    with OnlyMeta():
        pull(fitting, TrainBatchEnd, 2)
        values = model.get_metrics_result()
    assert all(value.device.type == "meta" for value in values.values())
    source = make_source(x, y, options.get("sample_weight"), batch_size=BATCH, device=torch.device("meta"))
    for run, function, kind in (
        (loop.testing, model._test_function, TestBatchEnd),
        (loop.predicting, model._predict_function, PredictBatchEnd),
    ):
        events = run(model, model._phase(Passes(source), function))
        pull(events, kind, 1)
        with OnlyMeta():
            pull(events, kind, 2)
    return values


def graph(cls=kerasviz.Model, dtype=None):
    symbol = layers.Input((5,))
    hidden = layers.Dense(4, "tanh", kernel_regularizer="l2", dtype=dtype)(symbol)
    return cls(symbol, layers.Dense(1, dtype=dtype)(layers.Dropout(0.5, dtype=dtype)(hidden)))


class OwnStep(kerasviz.Model):
    def train_step(self, data):
        x, y = data[:2]
        loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
        for variable in self.trainable_variables:
            variable.grad = None
        loss.backward()
        self.optimizer.apply([v.grad for v in self.trainable_variables], self.trainable_variables)
        return {"loss": loss.detach()}


class Through(kerasviz.Model):
    def train_step(self, data):
        return super().train_step(data)

    def test_step(self, data):
        return super().test_step(data)

    def predict_step(self, data):
        return super().predict_step(data) * 2


class OwnLoss(kerasviz.Model):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return super().compute_loss(x, y, y_pred, sample_weight, training) + (y - y_pred).abs().mean()


class OwnMetrics(kerasviz.Model):
    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        return super().compute_metrics(x, y, y_pred, sample_weight) | {"largest": y_pred.detach().max()}


class OwnFunction(kerasviz.Model):
    def make_train_function(self, force=False):
        return super().make_train_function(force)


WAYS = {
    "plain": (graph, {}),
    "own step": (lambda: graph(OwnStep), {}),
    "through super": (lambda: graph(Through), {}),
    "own loss": (lambda: graph(OwnLoss), {}),
    "own metrics": (lambda: graph(OwnMetrics), {}),
    "own function": (lambda: graph(OwnFunction), {}),
    "layer by layer": (graph, {"run_eagerly": True}),
    "loss of the user": (graph, {"loss": lambda y, y_pred: (y - y_pred).square().mean(-1)}),
    "loss of torch": (graph, {"loss": torch.nn.SmoothL1Loss()}),
    "function of torch": (graph, {"loss": torch.nn.functional.l1_loss}),
    "class of torch": (graph, {"optimizer": torch.optim.Adam}),
    "momentum of torch": (graph, {"optimizer": functools.partial(torch.optim.SGD, lr=0.1, momentum=0.9)}),
    "scheduler": (
        graph,
        {"optimizer": (torch.optim.AdamW, functools.partial(lr_scheduler.StepLR, step_size=1), "batch")},
    ),
    "bfloat16": (lambda: graph(dtype="mixed_bfloat16"), {}),
    "float16, scaled": (
        lambda: graph(dtype="mixed_float16"),
        {"optimizer": lambda: kerasviz.optimizers.LossScaleOptimizer("adam")},
    ),
    "float64": (lambda: graph(dtype="float64"), {}),
    "float16": (lambda: graph(dtype="float16"), {"auto_scale_loss": False}),
}


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_steps_of_every_way_stay_on_their_device(way, weighted):
    make, options = way
    model = make()
    optimizer = options.get("optimizer", "adam")
    optimizer = optimizer() if getattr(optimizer, "__name__", "") == "<lambda>" else optimizer
    given = {"loss": "mse", "metrics": ["mae"], "weighted_metrics": ["mse"], **options, "optimizer": optimizer}
    model.compile(**given)
    trained(model, on_meta(5), on_meta(1), **({"sample_weight": on_meta()} if weighted else {}))


OUTPUTS = {
    "list": (lambda a, b: [a, b], ["mse", "mae"]),
    "dict": (lambda a, b: {"a": a, "b": b}, {"a": "mse", "b": "mae"}),
    "nested": (lambda a, b: {"a": [a, b], "b": a}, {"a": ["mse", "mae"], "b": None}),
}


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("form", OUTPUTS.values(), ids=OUTPUTS)
def test_steps_of_several_outputs_stay_on_their_device(form, weighted):
    make, losses = form
    symbol = layers.Input((5,))
    model = kerasviz.Model(symbol, make(layers.Dense(1)(symbol), layers.Dense(2)(symbol)))
    model.compile("adam", losses)
    options = {"sample_weight": make(on_meta(), on_meta())} if weighted else {}
    trained(model, on_meta(5), make(on_meta(1), on_meta(2)), **options)


def masked(cls=kerasviz.Model):
    words = layers.Input((3,), dtype="int32")
    return cls(words, layers.Dense(4, "softmax")(layers.Embedding(4, 2, mask_zero=True)(words)))


@pytest.mark.parametrize("weight", [(), (1,), (3,)], ids=["sample", "column", "moment"])
@pytest.mark.parametrize("cls", [kerasviz.Model, Through], ids=["plain", "through super"])
def test_steps_with_masks_and_weights_stay_on_their_device(cls, weight):
    model = masked(cls)
    options = {"metrics": ["accuracy"], "weighted_metrics": ["accuracy"]}
    model.compile("adam", "sparse_categorical_crossentropy", **options)
    words, y = on_meta(3, dtype=torch.int32), on_meta(3, dtype=torch.int64)
    trained(model, words, y, sample_weight=on_meta(*weight))


def test_a_mask_counts_in_a_function_on_its_device():
    words = layers.Input((3,), dtype="int32")
    model = kerasviz.Model(words, layers.Dense(1)(layers.Embedding(4, 2, mask_zero=True)(words)))
    model.compile("adam", lambda y, y_pred: (y - y_pred).square().mean(-1))
    trained(model, on_meta(3, dtype=torch.int32), on_meta(3, 1), sample_weight=on_meta())


def test_a_subclass_with_losses_and_metrics_of_its_layers_stays_on_its_device():
    class Adding(kerasviz.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)
            self.gauges = [kerasviz.metrics.Mean(name="gauge")]

        def call(self, inputs):
            outputs = self.dense(inputs)
            self.add_loss(outputs.square().mean())
            self.gauges[0].update_state(outputs.detach())
            return outputs

    model = Adding()
    model.compile("adam", "mse", metrics=["mae"])
    assert "gauge" in trained(model, on_meta(5), on_meta(1))


@pytest.mark.filterwarnings("ignore:The model has no weights")
def test_a_frozen_model_stays_on_its_device():
    model = graph()
    model.trainable = False
    model.compile("adam", "mse")
    trained(model, on_meta(5), on_meta(1))


def test_single_batches_stay_on_their_device():
    model = graph()
    model.compile("adam", "mse", metrics=["mae"])
    source = model._one_batch(on_meta(5), on_meta(1))
    for step in (model.make_train_function(), model.make_test_function()):
        step([source.peek()])
        with OnlyMeta():
            step([source.peek()])


def test_stateless_losses_stay_on_their_device():
    model = kerasviz.Sequential([layers.Input((5,)), layers.Dense(1, kernel_regularizer="l2")])
    model.compile("adam", "mse", metrics=["mae"])
    x, y = on_meta(5), on_meta(1)
    with OnlyMeta():
        given = model.trainable_variables, model.non_trainable_variables
        y_pred, _ = model.stateless_call(*given, x, training=True)
        loss, _ = model.stateless_compute_loss(*given, model.metrics_variables, y=y, y_pred=y_pred)
    assert loss.device.type == "meta"
