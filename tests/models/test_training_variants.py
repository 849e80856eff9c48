"""The ways people train a model: policies, own steps, torch's parts, loaders, frames, hooks, bars."""

import copy
import functools
import io

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import layers, optimizers

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(64, 5)).astype("float32")
NUMBERS = (X @ RANDOM.normal(size=(5, 1))).astype("float32")
LABELS = RANDOM.integers(0, 3, 64)
IMAGES = RANDOM.normal(size=(64, 8, 8, 1)).astype("float32")


def regressor(**dense):
    return kerasviz.Sequential([layers.Input((5,)), layers.Dense(8, "relu", **dense), layers.Dense(1, **dense)])


def compiled(model=None, optimizer="adam", loss="mse", **options):
    model = model or regressor()
    model.compile(optimizer, loss, **options)
    return model


def losses_of(model, x=X, y=NUMBERS, **options):
    return model.fit(x, y, **{"verbose": 0, "epochs": 3, **options}).history["loss"]


# policies


@pytest.fixture
def float16():
    kerasviz.config.set_dtype_policy("mixed_float16")
    yield
    kerasviz.config.set_dtype_policy("float32")


def convolutional():
    inputs = layers.Input((8, 8, 1))
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(inputs))
    x = layers.Flatten()(layers.MaxPooling2D()(layers.ReLU()(x)))
    return kerasviz.Model(inputs, layers.Dense(3, "softmax", dtype="float32")(x))


@pytest.mark.usefixtures("float16")
def test_mixed_float16_trains_with_a_scaled_loss():
    model = compiled(convolutional(), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    losses = losses_of(model, IMAGES, LABELS, epochs=5)
    assert isinstance(model.optimizer, optimizers.LossScaleOptimizer)
    assert losses[-1] < losses[0]
    assert all(weight.dtype == torch.float32 for weight in model.weights)
    assert int(model.optimizer.iterations) == 10


@pytest.mark.usefixtures("float16")
def test_steps_whose_gradients_overflow_are_left_out_and_lower_the_scale():
    scaled = optimizers.LossScaleOptimizer(optimizers.SGD(0.01), initial_scale=2.0**40)
    model = compiled(convolutional(), scaled, "sparse_categorical_crossentropy")
    before = model.trainable_variables[0].numpy().copy()
    losses_of(model, IMAGES, LABELS, epochs=1)
    assert float(scaled.dynamic_scale) == 2.0**38
    assert int(scaled.iterations) == 0
    assert (model.trainable_variables[0].numpy() == before).all()


@pytest.mark.parametrize("dtype", ["float64", "mixed_bfloat16", "bfloat16"])
def test_policies_of_layers_train(dtype):
    losses = losses_of(compiled(regressor(dtype=dtype), optimizers.SGD(0.02)), epochs=5)
    assert losses[-1] < losses[0]


# own steps


class Twice(kerasviz.Model):
    """Learns from every batch twice, and reports a metric of its own."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)
        self.error = kerasviz.metrics.Mean(name="error")

    def call(self, inputs):
        return self.dense(inputs)

    @property
    def metrics(self):
        return [self.error]

    def train_step(self, data):
        x, y = data
        for _ in range(2):
            error = (self(x, training=True) - y).square().mean()
            self.zero_grad()
            error.backward()
            with torch.no_grad():
                self.optimizer.apply([v.grad for v in self.trainable_weights], self.trainable_weights)
        self.error.update_state(error.detach())
        return {"error": self.error.result()}


def test_own_train_step_with_own_metrics_trains():
    model = Twice()
    model.compile(optimizers.SGD(0.05))
    history = model.fit(X, NUMBERS, epochs=4, verbose=0).history
    assert list(history) == ["error"]
    assert history["error"][-1] < history["error"][0] / 2
    assert int(model.optimizer.iterations) == 2 * 2 * 4


def test_run_eagerly_calls_every_layer_with_tensors():
    seen = []

    class Look(layers.Layer):
        def call(self, inputs):
            seen.append((type(inputs), len(inputs)))
            return inputs

    inputs = layers.Input((5,))
    model = compiled(kerasviz.Model(inputs, layers.Dense(1)(Look()(inputs))), run_eagerly=True)
    seen.clear()
    losses_of(model, epochs=1, batch_size=16)
    assert seen[-4:] == [(torch.Tensor, 16)] * 4


# torch's parts


@pytest.mark.parametrize(
    "make",
    [
        lambda model: torch.optim.AdamW(model.parameters(), lr=0.01),
        lambda model: torch.optim.RMSprop,
        lambda model: functools.partial(torch.optim.SGD, lr=0.05, momentum=0.9),
    ],
    ids=["object", "class", "partial"],
)
def test_optimizers_and_losses_of_torch_train_and_are_steered(make):
    model = regressor()
    compiled(model, make(model), torch.nn.SmoothL1Loss())
    slower = kerasviz.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    start = model.optimizer.given.param_groups[0]["lr"] if hasattr(model.optimizer.given, "param_groups") else None
    history = model.fit(X, NUMBERS, epochs=3, verbose=0, callbacks=[slower]).history
    assert history["loss"][-1] < history["loss"][0]
    assert history["learning_rate"][2] == pytest.approx(history["learning_rate"][0] / 4)
    assert start is None or history["learning_rate"][0] == start / 2


def test_an_optimizer_that_needs_a_closure_is_refused():
    with pytest.raises(kerasviz.declare.Invalid, match="LBFGS"):
        losses_of(compiled(optimizer=torch.optim.LBFGS))


def test_a_loop_in_plain_torch_trains_the_model():
    model = regressor()
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    losses = []
    for _ in range(20):
        loss = torch.nn.functional.mse_loss(model(torch.tensor(X)), torch.tensor(NUMBERS))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 1.2


def test_model_may_be_compiled_by_torch():
    model = regressor()
    x = torch.tensor(X)
    expected = model(x)
    fast = torch.compile(model, backend="eager")
    torch.testing.assert_close(fast(x), expected)
    fast(x).sum().backward()
    assert all(variable.grad is not None for variable in model.trainable_variables)


def inner():
    inputs = kerasviz.Input((5,))
    return kerasviz.Model(inputs, layers.BatchNormalization()(layers.Dense(3, "relu")(inputs)))


def subclassed():
    class Outer(kerasviz.Model):
        def __init__(self):
            super().__init__()
            self.inner = inner()
            self.head = layers.Dense(2)

        def call(self, inputs, training=None):
            return self.head(self.inner(inputs, training=training))

    model = Outer()
    model.build((None, 5))
    return model


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("make", [inner, regressor, subclassed])
def test_model_is_one_graph_for_torch_before_its_first_call_and_after_changes(make, training):
    torch.compiler.reset()
    model = make()
    twin = copy.deepcopy(model)
    fast = torch.compile(model, backend="eager", fullgraph=True)
    x = torch.tensor(X[:6])
    torch.testing.assert_close(fast(x, training=training), twin(x, training=training))
    layers.Dense(2)(torch.ones(1, 2))  # plans look whether they are still right
    torch.testing.assert_close(fast(x, training=training), twin(x, training=training))
    for changed in (model, twin):
        changed.trainable = False  # moving statistics stay
    torch.testing.assert_close(fast(x, training=training), twin(x, training=training))


# data


def test_loaders_generators_and_frames_train_as_arrays_do():
    from torch.utils.data import DataLoader, TensorDataset

    class Frame:
        """What any DataFrame can do."""

        __module__ = "some_frames"

        def __init__(self, values):
            self.values = values

        def __len__(self):
            return len(self.values)

        def to_numpy(self):
            return self.values.astype("float64")

    def batches():
        while True:
            for start in range(0, 64, 16):
                yield X[start : start + 16], NUMBERS[start : start + 16]

    loader = DataLoader(TensorDataset(torch.tensor(X), torch.tensor(NUMBERS)), batch_size=16)
    ways = {
        "arrays": ((X, NUMBERS), {"batch_size": 16, "shuffle": False, "validation_data": (X, NUMBERS)}),
        "loader": ((loader, None), {"validation_data": loader}),
        "generator": (
            (batches(), None), {"steps_per_epoch": 4, "validation_data": batches(), "validation_steps": 4},
        ),
        "frames": ((Frame(X), Frame(NUMBERS)), {"batch_size": 16, "shuffle": False, "validation_data": loader}),
    }  # fmt: skip
    start = regressor().get_weights()
    histories = {}
    for name, (data, options) in ways.items():
        model = compiled()
        model.set_weights(start)
        histories[name] = model.fit(*data, epochs=2, verbose=0, **options).history
    for name, history in histories.items():
        for key, values in histories["arrays"].items():
            np.testing.assert_allclose(history[key], values, rtol=1e-4, err_msg=f"{name} {key}")


def test_evaluate_and_predict_take_loaders():
    from torch.utils.data import DataLoader, TensorDataset

    model = compiled()
    loader = DataLoader(TensorDataset(torch.tensor(X), torch.tensor(NUMBERS)), batch_size=10)
    assert model.evaluate(loader, verbose=0) == pytest.approx(model.evaluate(X, NUMBERS, verbose=0), rel=1e-5)
    np.testing.assert_allclose(model.predict(loader, verbose=0), model.predict(X, verbose=0), rtol=1e-5, atol=1e-6)


# hooks


def test_hooks_of_layers_fire_in_every_batch_of_fit():
    model, heard = compiled(), []
    losses_of(model, epochs=1)
    first, last = model.layers
    handles = [
        first.register_forward_hook(lambda module, inputs, output: heard.append("forward")),
        first.register_forward_pre_hook(lambda module, inputs: heard.append("before")),
        last.register_full_backward_hook(lambda module, entering, leaving: heard.append("backward")),
    ]
    losses_of(model, epochs=2, batch_size=16)
    assert heard.count("backward") == 8
    assert heard.count("forward") >= 8
    assert heard.count("before") == heard.count("forward")
    for handle in handles:
        handle.remove()
    heard.clear()
    losses_of(model, epochs=1)
    assert heard == []


@pytest.mark.parametrize("model", [regressor, convolutional], ids=["sequential", "functional"])
def test_hooks_of_the_model_fire_in_every_batch_of_fit_and_predict(model):
    model, heard = model(), []
    x, y, loss = (X, NUMBERS, "mse") if len(model.input_shape) == 2 else (IMAGES, LABELS, None)
    compiled(model, loss=loss or "sparse_categorical_crossentropy")
    losses_of(model, x, y, epochs=1)
    model.register_forward_hook(lambda module, inputs, output: heard.append(len(output)))
    losses_of(model, x, y, epochs=1, batch_size=16)
    assert heard[-4:] == [16] * 4
    heard.clear()
    model.predict(x, batch_size=32, verbose=0)
    assert heard == [32, 32]


# frozen weights


def test_a_layer_frozen_after_a_training_stays_as_it_is():
    model = compiled(optimizer=optimizers.AdamW(0.01, weight_decay=0.1))
    losses_of(model, epochs=1)
    model.layers[0].trainable = False
    frozen, free = (layer.get_weights()[0] for layer in model.layers)
    losses_of(model, epochs=1)
    assert (model.layers[0].get_weights()[0] == frozen).all()
    assert (model.layers[1].get_weights()[0] != free).any()


def test_a_layer_thawed_after_a_training_needs_compile():
    model = regressor()
    model.layers[0].trainable = False
    losses_of(compiled(model), epochs=1)
    model.layers[0].trainable = True
    with pytest.raises(kerasviz.declare.Invalid, match="Compile again"):
        losses_of(model, epochs=1)
    before = model.layers[0].get_weights()[0]
    losses_of(compiled(model), epochs=1)
    assert (model.layers[0].get_weights()[0] != before).any()


# the bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


class OutStream(io.StringIO):
    """As a notebook has it: no terminal, but it knows carriage returns."""

    __module__ = "ipykernel.iostream"

    def isatty(self):
        return False


@pytest.mark.parametrize("screen", [Terminal, OutStream], ids=["terminal", "notebook"])
def test_bar_of_a_screen_is_drawn_over_itself(screen, monkeypatch):
    out = screen()
    model = compiled(kerasviz.Sequential([layers.Input((5,)), layers.Dense(1)]), metrics=["mae"])
    monkeypatch.setattr("sys.stdout", out)
    model.fit(X, NUMBERS, epochs=2, batch_size=8, validation_split=0.25)
    text = out.getvalue()
    lines = text.split("\n")
    assert lines[0] == "Epoch 1/2"
    assert lines[2] == "Epoch 2/2"
    assert len(lines) == 5
    last = lines[1].split("\r")[-1]
    assert "6/6" in last
    assert "━" * 20 in last
    names = [part.split(":")[0] for part in last.split(" - ")[1:]]
    assert names == ["loss", "mae", "val_loss", "val_mae"]


def test_bar_in_a_file_has_a_line_for_each_epoch(monkeypatch):
    out = io.StringIO()
    model = compiled()
    monkeypatch.setattr("sys.stdout", out)
    model.fit(X, NUMBERS, epochs=2)
    model.evaluate(X, NUMBERS)
    model.predict(X)
    text = out.getvalue()
    assert "\r" not in text
    assert "\x1b" not in text
    assert [line.split(" ")[0] for line in text.splitlines()] == ["Epoch", "2/2", "Epoch", "2/2", "2/2", "2/2"]
