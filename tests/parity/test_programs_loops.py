"""Programs that write a training step themselves, in the style of Keras's guides for PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import kerasviz

from .comparing import assert_close
from .models import filled, fitted
from .programs import Programs, descend, drawn, sequential

X, Y = drawn(32, 4), drawn(32, 1)
IMAGES = drawn(16, 8, 8, 1)
LABELS = np.arange(16) % 3
program = Programs()


@program
def a_loop_by_hand(keras):
    model = sequential(
        keras, keras.layers.Flatten(), keras.layers.Dense(8, "relu"), keras.layers.Dense(3), inputs=(8, 8, 1)
    )
    optimizer = keras.optimizers.Adam(1e-2)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    accuracy = keras.metrics.SparseCategoricalAccuracy()
    rows = torch.utils.data.TensorDataset(torch.from_numpy(IMAGES), torch.from_numpy(LABELS))
    told, loss = [], torch.zeros(())
    for _ in range(2):
        for images, labels in torch.utils.data.DataLoader(rows, batch_size=8):
            logits = model(images, training=True)
            loss = loss_of(labels, logits)
            model.zero_grad()
            descend(loss, model.trainable_weights, optimizer)
            accuracy.update_state(labels, logits)
        told.append([loss.item(), float(accuracy.result())])
        accuracy.reset_state()
    return told


@program
def gradients_given_with_their_variables(keras):
    model, optimizer = sequential(keras, keras.layers.Dense(1)), keras.optimizers.SGD(0.1)
    keras.ops.mean(keras.ops.square(model(torch.tensor(X)) - torch.tensor(Y))).backward()
    optimizer.apply_gradients([(weight.value.grad, weight) for weight in model.trainable_variables])
    return [int(keras.ops.convert_to_numpy(optimizer.iterations)), model.get_weights()]


@program
def a_train_step_of_ones_own(keras):
    class Regressor(keras.Model):
        def train_step(self, data):
            x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
            predicted = self(x, training=True)
            loss = self.compute_loss(x=x, y=y, y_pred=predicted, sample_weight=weight)
            self.zero_grad()
            descend(loss, self.trainable_weights, self.optimizer)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, predicted)
            return {metric.name: metric.result() for metric in self.metrics}

    inputs = keras.Input((4,))
    model = Regressor(inputs, keras.layers.Dense(1)(inputs))
    filled(model)
    model.compile("adam", "mse", metrics=["mae"])
    history = fitted(model, X, Y, sample_weight=np.linspace(0, 1, 32))
    return [history, model.evaluate(X, Y, verbose=0, return_dict=True)]


@program
def a_loss_of_the_model(keras):
    class Penalized(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return keras.losses.MeanSquaredError()(y, y_pred) + sum(self.losses)

    inputs = keras.Input((4,))
    model = Penalized(inputs, keras.layers.Dense(1, kernel_regularizer="l2")(inputs))
    filled(model)
    model.compile("sgd")
    return fitted(model, X, Y)


@program
def a_variational_autoencoder(keras):
    layers, ops = keras.layers, keras.ops

    class Sampling(layers.Layer):
        def __init__(self, **options):
            super().__init__(**options)
            self.seed_generator = keras.random.SeedGenerator(1337)

        def call(self, inputs):
            mean, log_variance = inputs
            noise = keras.random.normal(shape=ops.shape(mean), seed=self.seed_generator)
            return mean + ops.exp(0.5 * log_variance) * noise

    inputs = keras.Input((8, 8, 1))
    hidden = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(inputs)
    hidden = layers.Dense(6, activation="relu")(layers.Flatten()(hidden))
    mean, log_variance = layers.Dense(2, name="mean")(hidden), layers.Dense(2, name="log_variance")(hidden)
    code = keras.Input((2,))
    image = layers.Reshape((4, 4, 2))(layers.Dense(32, activation="relu")(code))
    image = layers.Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid")(image)

    class Autoencoder(keras.Model):
        def __init__(self, encoder, decoder):
            super().__init__()
            self.encoder, self.decoder = encoder, decoder
            self.means = [keras.metrics.Mean(name=name) for name in ("total", "reconstruction", "divergence")]
            self.built = True

        @property
        def metrics(self):
            return self.means

        def train_step(self, data):
            mean, log_variance, code = self.encoder(data)
            errors = keras.losses.mean_squared_error(data, self.decoder(code))
            reconstruction = ops.mean(ops.sum(errors, axis=(1, 2)))
            divergence = -0.5 * (1 + log_variance - ops.square(mean) - ops.exp(log_variance))
            divergence = ops.mean(ops.sum(divergence, axis=1))
            self.zero_grad()
            descend(reconstruction + divergence, self.trainable_weights, self.optimizer)
            for metric, loss in zip(self.means, (reconstruction + divergence, reconstruction, divergence), strict=True):
                metric.update_state(loss)
            return {metric.name: metric.result() for metric in self.means}

    encoder = keras.Model(inputs, [mean, log_variance, Sampling()([mean, log_variance])])
    model = Autoencoder(encoder, keras.Model(code, image))
    filled(model.encoder)
    filled(model.decoder)
    model.compile(optimizer=keras.optimizers.Adam())
    return fitted(model, IMAGES, batch_size=8)


@program
def two_models_against_each_other(keras):
    layers, ops = keras.layers, keras.ops

    class Adversaries(keras.Model):
        def __init__(self, discriminator, generator):
            super().__init__()
            self.discriminator, self.generator = discriminator, generator
            self.seeds = keras.random.SeedGenerator(1)
            self.built = True

        def compile(self, critic, artist, loss_fn):
            super().compile()
            self.critic, self.artist, self.loss_fn = critic, artist, loss_fn

        def train_step(self, data):
            count = data.shape[0]
            made = self.generator(keras.random.normal((count, 3), seed=self.seeds))
            truth = ops.concatenate([ops.ones((count, 1)), ops.zeros((count, 1))], axis=0)
            self.zero_grad()
            judged = self.loss_fn(truth, self.discriminator(ops.concatenate([made, data], axis=0)))
            descend(judged, self.discriminator.trainable_weights, self.critic)
            self.zero_grad()
            code = keras.random.normal((count, 3), seed=self.seeds)
            fooled = self.loss_fn(ops.zeros((count, 1)), self.discriminator(self.generator(code)))
            descend(fooled, self.generator.trainable_weights, self.artist)
            return {"judged": judged, "fooled": fooled}

    judge = [layers.Conv2D(2, 3, strides=2, padding="same"), layers.LeakyReLU(negative_slope=0.2)]
    discriminator = sequential(keras, *judge, layers.GlobalMaxPooling2D(), layers.Dense(1), inputs=(8, 8, 1))
    paint = [layers.Reshape((4, 4, 2)), layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="sigmoid")]
    model = Adversaries(discriminator, sequential(keras, layers.Dense(32), *paint, inputs=(3,)))
    adam, loss = keras.optimizers.Adam, keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(adam(3e-3), adam(3e-3), loss)
    return fitted(model, IMAGES, batch_size=8)


@program
def three_images_through_one_model(keras):
    layers, ops = keras.layers, keras.ops

    class Distances(layers.Layer):
        def call(self, anchor, near, far):
            return ops.sum(ops.square(anchor - near), -1), ops.sum(ops.square(anchor - far), -1)

    class Siamese(keras.Model):
        def __init__(self, network):
            super().__init__()
            self.network, self.tracker = network, keras.metrics.Mean(name="loss")

        @property
        def metrics(self):
            return [self.tracker]

        def call(self, inputs):
            return self.network(inputs)

        def train_step(self, data):
            images = data[0] if len(data) == 1 else data
            near, far = self.network(images)
            losses = ops.maximum(near - far + 0.5, 0.0)
            self.zero_grad()
            descend(ops.mean(losses), self.trainable_weights, self.optimizer)
            self.tracker.update_state(losses)
            return {"loss": self.tracker.result()}

    embed = sequential(keras, layers.Flatten(), layers.Dense(5), inputs=(8, 8, 1))
    inputs = [keras.Input((8, 8, 1), name=name) for name in ("anchor", "near", "far")]
    model = Siamese(keras.Model(inputs, Distances()(*map(embed, inputs))))
    model.compile(optimizer="adam")
    return fitted(model, [IMAGES, IMAGES[::-1].copy(), np.roll(IMAGES, 1, 0)])


@program
def steps_of_one_batch_each(keras):
    model = sequential(keras, keras.layers.Dense(1))
    model.compile("sgd", "mse", metrics=["mae"])
    trained = [model.train_on_batch(X, Y) for _ in range(2)]
    return [np.asarray(trained), np.asarray(model.test_on_batch(X, Y)), model.predict_on_batch(X[:2])]


@program
def weights_passed_in_and_out(keras):
    model = sequential(keras, keras.layers.Dense(2), keras.layers.BatchNormalization())
    weights = model.trainable_variables, model.non_trainable_variables
    outputs, changed = model.stateless_call(*weights, X[:3], training=True)
    return [outputs, len(changed)]


@program
def gradients_at_an_inner_layer(keras):
    inputs = keras.Input((8, 8, 1))
    seen = keras.layers.Conv2D(2, 3, name="last")(inputs)
    model = keras.Model(inputs, [seen, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(seen))])
    filled(model)
    features, classes = model(torch.tensor(IMAGES[:1]))
    features.retain_grad()
    classes[0, 2].backward()
    return features.grad


@program
def a_model_as_a_part_of_a_torch_module(keras):
    class Squared(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = sequential(keras, keras.layers.Dense(3, "tanh"), keras.layers.Dense(1))

        def forward(self, inputs):
            return self.inner(inputs).square()

    module = Squared()
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    module(torch.tensor(X)).mean().backward()
    optimizer.step()
    return [len(list(module.parameters())), module.inner.get_weights()]


@program
def a_torch_module_as_a_part_of_a_layer(keras):
    class Linear(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(4, 2)

        def call(self, inputs):
            return self.linear(inputs)

    model = keras.Sequential([keras.Input((4,)), Linear(), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    before = model.get_weights()
    names = fitted(model, X, Y)["names"]
    moved = [not np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True)]
    return [names, moved, [list(weight.shape) for weight in model.trainable_weights], model.output_shape]


@pytest.mark.parametrize("run", program.values(), ids=program)
def test_program_gives_what_keras_gives(reference, run):
    assert_close(run(kerasviz), reference(run), 2e-4)
