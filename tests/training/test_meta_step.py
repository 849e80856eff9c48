"""A training step with every tensor on `meta`: what reads a value there, or mixes devices, fails.

The step is that of `fit`, pulled batch by batch. The first step may prepare things; from the second on, no operation
may touch a tensor of another device.
"""

import pytest
import torch

import kerasviz
from kerasviz import catalog, layers, losses, metrics, optimizers
from kerasviz.events import TrainBatchEnd
from tests.on_meta import OnlyMeta

pytestmark = pytest.mark.usefixtures("meta_device")
ROWS, BATCH = 12, 4
VECTOR, SERIES, IMAGE, VOLUME = (6,), (7, 4), (7, 8, 4), (5, 6, 7, 2)


def on_meta(shape, dtype=torch.float32):
    return torch.empty((ROWS, *shape), dtype=dtype, device="meta")


def pull(events, steps):
    """Go on until so many batches have ended. No event is kept: its logs would be read before the next batch."""
    for event in events:
        steps -= isinstance(event, TrainBatchEnd)
        if not steps:
            return


def train_on_meta(model, x, y, sample_weight=None):
    """Three steps of `fit`, the first without the guard, and the values of the metrics as tensors."""
    events = model.training_events(x, y, sample_weight=sample_weight, batch_size=BATCH, shuffle=False)
    pull(events, 1)
    model.get_metrics_result()
    with OnlyMeta():
        pull(events, 2)
        values = model.get_metrics_result()
    assert all(value.device.type == "meta" for value in values.values())
    assert model.optimizer.num_updates == 3 // (model.optimizer.gradient_accumulation_steps or 1)


ACTIVATIONS = catalog.components("activation")
LAYERS = {
    "Dense": (lambda: layers.Dense(3, "relu"), VECTOR),
    "Dense on series": (lambda: layers.Dense(3, "gelu", kernel_regularizer="l2", bias_constraint="non_neg"), SERIES),
    "Dense watched": (lambda: layers.Dense(3, activity_regularizer="l1"), VECTOR),
    "EinsumDense": (lambda: layers.EinsumDense("abc,cd->abd", (None, 3), bias_axes="d"), SERIES),
    "Conv1D": (lambda: layers.Conv1D(4, 3, padding="causal", dilation_rate=2), SERIES),
    "Conv2D": (lambda: layers.Conv2D(4, (2, 3), strides=2, padding="same", groups=2, activation="relu"), IMAGE),
    "Conv2D valid": (lambda: layers.Conv2D(4, 3, kernel_constraint="max_norm"), IMAGE),
    "Conv2D channels first": (lambda: layers.Conv2D(4, 3, data_format="channels_first"), (4, 7, 8)),
    "Conv3D": (lambda: layers.Conv3D(4, 2, padding="same"), VOLUME),
    "Conv1DTranspose": (lambda: layers.Conv1DTranspose(3, 3, strides=2), SERIES),
    "Conv2DTranspose": (lambda: layers.Conv2DTranspose(3, 3, strides=2, padding="same"), IMAGE),
    "Conv3DTranspose": (lambda: layers.Conv3DTranspose(3, 2), VOLUME),
    "DepthwiseConv1D": (lambda: layers.DepthwiseConv1D(3), SERIES),
    "DepthwiseConv2D": (lambda: layers.DepthwiseConv2D(3, depth_multiplier=2), IMAGE),
    "SeparableConv1D": (lambda: layers.SeparableConv1D(3, 2), SERIES),
    "SeparableConv2D": (lambda: layers.SeparableConv2D(3, 2, padding="same"), IMAGE),
    "BatchNormalization": (lambda: layers.BatchNormalization(), IMAGE),
    "BatchNormalization of vectors": (lambda: layers.BatchNormalization(), VECTOR),
    "BatchNormalization of rows": (lambda: layers.BatchNormalization(axis=1), IMAGE),
    "BatchNormalization with renorm": (lambda: layers.BatchNormalization(renorm=True), SERIES),
    "LayerNormalization": (lambda: layers.LayerNormalization(), SERIES),
    "LayerNormalization of axes": (lambda: layers.LayerNormalization(axis=[1, 2]), SERIES),
    "GroupNormalization": (lambda: layers.GroupNormalization(2), IMAGE),
    "UnitNormalization": (lambda: layers.UnitNormalization(), VECTOR),
    "RMSNormalization": (lambda: layers.RMSNormalization(), VECTOR),
    "Dropout": (lambda: layers.Dropout(0.5), VECTOR),
    "Dropout with seed": (lambda: layers.Dropout(0.5, seed=1), VECTOR),
    "Dropout with noise shape": (lambda: layers.Dropout(0.5, noise_shape=(None, 1, 4)), SERIES),
    "SpatialDropout1D": (lambda: layers.SpatialDropout1D(0.5), SERIES),
    "SpatialDropout2D": (lambda: layers.SpatialDropout2D(0.5, seed=1), IMAGE),
    "SpatialDropout3D": (lambda: layers.SpatialDropout3D(0.5), VOLUME),
    "GaussianNoise": (lambda: layers.GaussianNoise(0.5, seed=1), VECTOR),
    "GaussianDropout": (lambda: layers.GaussianDropout(0.5), VECTOR),
    "AlphaDropout": (lambda: layers.AlphaDropout(0.5), VECTOR),
    "ActivityRegularization": (lambda: layers.ActivityRegularization(0.1, 0.1), VECTOR),
    "Flatten": (lambda: layers.Flatten(), IMAGE),
    "Reshape": (lambda: layers.Reshape((-1, 2)), VECTOR),
    "Permute": (lambda: layers.Permute((2, 1)), SERIES),
    "RepeatVector": (lambda: layers.RepeatVector(3), VECTOR),
    "Rescaling": (lambda: layers.Rescaling(0.5, 1.0), VECTOR),
    "Rescaling of channels": (lambda: layers.Rescaling([0.5] * 6, [1.0] * 6), VECTOR),
    "UpSampling1D": (lambda: layers.UpSampling1D(), SERIES),
    "UpSampling2D": (lambda: layers.UpSampling2D(2), IMAGE),
    "UpSampling2D bilinear": (lambda: layers.UpSampling2D((2, 3), interpolation="bilinear"), IMAGE),
    "UpSampling3D": (lambda: layers.UpSampling3D(2), VOLUME),
    "Identity": (lambda: layers.Identity(), VECTOR),
    "Masking": (lambda: layers.Masking(), SERIES),
    "ELU": (lambda: layers.ELU(), VECTOR),
    "PReLU": (lambda: layers.PReLU(shared_axes=[1]), SERIES),
    "ReLU": (lambda: layers.ReLU(), VECTOR),
    "ReLU with all arguments": (lambda: layers.ReLU(6.0, 0.1, 0.5), VECTOR),
    "LeakyReLU": (lambda: layers.LeakyReLU(), VECTOR),
    "Softmax": (lambda: layers.Softmax(), VECTOR),
    "Softmax of axes": (lambda: layers.Softmax(axis=[1, 2]), SERIES),
    "LSTM": (lambda: layers.LSTM(3), SERIES),
    "LSTM all moments": (lambda: layers.LSTM(3, return_sequences=True, dropout=0.2, recurrent_dropout=0.2), SERIES),
    "LSTM its own way": (lambda: layers.LSTM(3, activation="relu", go_backwards=True, use_bias=False), SERIES),
    "LSTM with memory": (lambda: layers.LSTM(3, unroll=True), SERIES),
    "GRU": (lambda: layers.GRU(3), SERIES),
    "GRU all moments": (lambda: layers.GRU(3, return_sequences=True, dropout=0.2, recurrent_dropout=0.2), SERIES),
    "GRU reset before": (lambda: layers.GRU(3, reset_after=False), SERIES),
    "SimpleRNN": (lambda: layers.SimpleRNN(3), SERIES),
    "RNN": (lambda: layers.RNN(layers.LSTMCell(3), return_sequences=True), SERIES),
    "RNN of cells": (lambda: layers.RNN(layers.StackedRNNCells([layers.GRUCell(3), layers.LSTMCell(2)])), SERIES),
    "Bidirectional": (lambda: layers.Bidirectional(layers.LSTM(3, return_sequences=True)), SERIES),
    "Bidirectional sum": (lambda: layers.Bidirectional(layers.GRU(3), merge_mode="sum"), SERIES),
    "TimeDistributed": (lambda: layers.TimeDistributed(layers.Dense(3)), SERIES),
    "TorchModuleWrapper": (lambda: layers.TorchModuleWrapper(torch.nn.Linear(6, 3, device="meta")), VECTOR),
    **{f"Activation {name}": (lambda name=name: layers.Activation(name), VECTOR) for name in ACTIVATIONS},
    **{f"{k}Pooling{n}D": (lambda k=k, n=n: getattr(layers, f"{k}Pooling{n}D")(2, padding="same"), shape)
       for k in ("Max", "Average") for n, shape in ((1, SERIES), (2, IMAGE), (3, VOLUME))},
    **{f"AveragePooling{n}D valid": (lambda n=n: getattr(layers, f"AveragePooling{n}D")(2, 1), shape)
       for n, shape in ((1, SERIES), (2, IMAGE), (3, VOLUME))},
    **{f"Global{k}Pooling{n}D": (lambda k=k, n=n: getattr(layers, f"Global{k}Pooling{n}D")(), shape)
       for k in ("Max", "Average") for n, shape in ((1, SERIES), (2, IMAGE), (3, VOLUME))},
    **{f"Adaptive{k}Pooling{n}D": (lambda k=k, n=n: getattr(layers, f"Adaptive{k}Pooling{n}D")(3), shape)
       for k in ("Max", "Average") for n, shape in ((1, SERIES), (2, IMAGE), (3, VOLUME))},
    **{f"ZeroPadding{n}D": (lambda n=n: getattr(layers, f"ZeroPadding{n}D")(1), shape)
       for n, shape in ((1, SERIES), (2, IMAGE), (3, VOLUME))},
    **{f"Cropping{n}D": (lambda n=n: getattr(layers, f"Cropping{n}D")(1), shape)
       for n, shape in ((1, SERIES), (2, IMAGE), (3, VOLUME))},
}  # fmt: skip
MERGING = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate")


def surrounded(layer, shape, units=2, activation=None):
    """The layer between others, so that gradients go through it."""
    symbol = layers.Input(shape)
    outputs = layer(layers.Dense(shape[-1])(symbol))
    return kerasviz.Model(symbol, layers.Dense(units, activation)(layers.Flatten()(outputs)))


@pytest.mark.parametrize(("make", "shape"), LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("loss", ["mse", "sparse_categorical_crossentropy"])
def test_step_of_a_layer_stays_on_its_device(make, shape, loss):
    model = surrounded(make(), shape, 2, None if loss == "mse" else "softmax")
    model.compile("adam", loss, metrics=["mae"] if loss == "mse" else ["accuracy"])
    train_on_meta(model, on_meta(shape), on_meta((2,)) if loss == "mse" else on_meta((), torch.int64))


@pytest.mark.parametrize("name", [*MERGING, "Dot"])
def test_step_of_a_merge_stays_on_its_device(name):
    merge = layers.Dot(1, normalize=True) if name == "Dot" else getattr(layers, name)()
    symbols = [layers.Input(VECTOR), layers.Input(VECTOR)]
    outputs = merge([layers.Dense(3)(symbol) for symbol in symbols])
    model = kerasviz.Model(symbols, layers.Dense(1)(outputs))
    model.compile("sgd", "mse")
    train_on_meta(model, [on_meta(VECTOR), on_meta(VECTOR)], on_meta((1,)))


@pytest.mark.parametrize("causal", [False, True])
def test_step_of_attention_stays_on_its_device(causal):
    symbol = layers.Input(SERIES)
    x = layers.Dense(4)(symbol)
    x = layers.MultiHeadAttention(2, 3, dropout=0.1)(x, x, use_causal_mask=causal)
    model = kerasviz.Model(symbol, layers.Dense(1)(layers.GlobalAveragePooling1D()(x)))
    model.compile("adamw", "binary_crossentropy")
    train_on_meta(model, on_meta(SERIES), on_meta((1,)))


MASKED = {
    "LSTM": lambda: [layers.LSTM(3)],
    "GRU": lambda: [layers.GRU(3)],
    "SimpleRNN": lambda: [layers.SimpleRNN(3)],
    "Bidirectional": lambda: [layers.Bidirectional(layers.LSTM(3))],
    "stack": lambda: [layers.LSTM(3, return_sequences=True), layers.GRU(2)],
    "mean": lambda: [layers.Dense(3), layers.GlobalAveragePooling1D()],
    "BatchNormalization": lambda: [layers.BatchNormalization(), layers.GlobalAveragePooling1D()],
    "Activation": lambda: [layers.Activation("softmax"), layers.GlobalAveragePooling1D()],
}


@pytest.mark.parametrize("make", MASKED.values(), ids=MASKED)
def test_step_with_a_mask_stays_on_its_device(make):
    stack = [layers.Input((7,), dtype="int32"), layers.Embedding(9, 4, mask_zero=True), *make(), layers.Dense(2)]
    model = kerasviz.Sequential(stack)
    model.compile("rmsprop", losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    train_on_meta(model, on_meta((7,), torch.int64), on_meta((), torch.int64))


def test_step_with_a_mask_on_the_output_stays_on_its_device():
    stack = [layers.Input((7,), dtype="int32"), layers.Embedding(9, 4, mask_zero=True), layers.Dense(3, "softmax")]
    model = kerasviz.Sequential(stack)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"])
    train_on_meta(model, on_meta((7,), torch.int64), on_meta((7,), torch.int64))


def regressor(activation=None, units=3, **dense):
    return kerasviz.Sequential([layers.Input(VECTOR), layers.Dense(4, **dense), layers.Dense(units, activation)])


OPTIONS = {
    "plain": {},
    "clipnorm": {"clipnorm": 1.0},
    "clipvalue": {"clipvalue": 1.0},
    "global_clipnorm": {"global_clipnorm": 1.0},
    "weight_decay": {"weight_decay": 0.01},
    "ema": {"use_ema": True, "ema_overwrite_frequency": 2},
    "accumulation": {"gradient_accumulation_steps": 2},
    "loss_scale": {"loss_scale_factor": 128.0},
    "all": {
        "clipnorm": 1.0, "weight_decay": 0.01, "use_ema": True,
        "gradient_accumulation_steps": 2, "loss_scale_factor": 8.0,
    },
    "schedule": {"learning_rate": lambda: optimizers.schedules.CosineDecay(0.1, 100)},
    "function": {"learning_rate": lambda: lambda: 0.1},
}  # fmt: skip
OWN = {
    "SGD": [{"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}],
    "Adam": [{"amsgrad": True}],
    "AdamW": [{"amsgrad": True}],
    "RMSprop": [{"momentum": 0.9}, {"centered": True}],
}
OPTIMIZERS = [
    pytest.param(name, options, id=f"{name}-{label}")
    for name in catalog.components("optimizer")
    if name not in ("LossScaleOptimizer", "MultiOptimizer")
    for label, options in [*OPTIONS.items(), *((str(own), own) for own in OWN.get(name, []))]
]


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_step_of_an_optimizer_stays_on_its_device(name, options):
    options = {key: value() if callable(value) else value for key, value in options.items()}
    model = regressor(kernel_constraint="unit_norm", bias_constraint="max_norm")
    model.compile(getattr(optimizers, name)(**options), "mse")
    train_on_meta(model, on_meta(VECTOR), on_meta((3,)))


LOSSES = catalog.components("loss")
LABELS = {"SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy", "Circle"}
VARIANTS = {
    "logits": ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}),
    "logits of classes": ("CategoricalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}),
    "logits of labels": ("SparseCategoricalCrossentropy", {"from_logits": True}),
    "ignored class": ("SparseCategoricalCrossentropy", {"ignore_class": 1}),
    "focal": ("BinaryFocalCrossentropy", {"apply_class_balancing": True}),
    "sum": ("MeanSquaredError", {"reduction": "sum"}),
    "mean": ("MeanSquaredError", {"reduction": "mean_with_sample_weight"}),
}
EACH_LOSS = {name: (name, {}) for name in LOSSES if name != "CTC"} | VARIANTS  # torch's CTC reads lengths on the host


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("name", "options"), EACH_LOSS.values(), ids=EACH_LOSS)
def test_step_with_a_loss_stays_on_its_device(name, options, weighted):
    model = regressor(None if options.get("from_logits") else "softmax")
    model.compile("sgd", LOSSES[name](**options))
    y = on_meta((), torch.int64) if name in LABELS else on_meta((3,))
    train_on_meta(model, on_meta(VECTOR), y, sample_weight=on_meta(()) if weighted else None)


REQUIRED = {
    "IoU": {"num_classes": 3, "target_class_ids": [0]},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [0]},
    "MeanIoU": {"num_classes": 3},
    "OneHotMeanIoU": {"num_classes": 3},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
}
OF_VALUES = {"Mean", "Sum", "MeanMetricWrapper"}  # take values, and no targets
OF_LABELS = {"SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy"}
METRICS = [name for name in catalog.components("metric") if name not in OF_VALUES]


@pytest.mark.parametrize("kind", ["metrics", "weighted_metrics"])
@pytest.mark.parametrize("name", METRICS)
def test_step_with_a_metric_stays_on_its_device(name, kind):
    model = regressor("sigmoid")
    model.compile("sgd", lambda y, p: p.sum(-1), **{kind: [getattr(metrics, name)(**REQUIRED.get(name, {}))]})
    y = on_meta((), torch.int64) if name in OF_LABELS else on_meta((3,))
    train_on_meta(model, on_meta(VECTOR), y, sample_weight=on_meta(()))


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_step_of_mixed_precision_stays_on_its_device(policy):
    stack = [layers.Input(IMAGE), layers.Conv2D(4, 3, dtype=policy), layers.BatchNormalization(dtype=policy)]
    model = kerasviz.Sequential([*stack, layers.Flatten(dtype=policy), layers.Dense(3, dtype=policy)])
    model.compile("adam", "mse", metrics=["mae"])
    train_on_meta(model, on_meta(IMAGE), on_meta((3,)))


def test_step_of_several_inputs_and_outputs_stays_on_its_device():
    left, right = layers.Input(VECTOR, name="left"), layers.Input(VECTOR, name="right")
    shared = layers.Dense(4, "relu", kernel_regularizer="l2")
    hidden = layers.Add()([shared(left), shared(right)]) * 0.5 + 1.0
    label, number = layers.Dense(3, "softmax", name="label")(hidden), layers.Dense(1, name="number")(hidden)
    model = kerasviz.Model([left, right], {"label": label, "number": number})
    losses_of = {"label": "sparse_categorical_crossentropy", "number": "huber"}
    model.compile("adam", losses_of, {"label": 2.0, "number": 0.5}, {"label": ["accuracy"], "number": ["mae", "mse"]})
    y = {"label": on_meta((), torch.int64), "number": on_meta((1,))}
    train_on_meta(model, {"left": on_meta(VECTOR), "right": on_meta(VECTOR)}, y)


def test_a_frozen_layer_and_a_nested_model_stay_on_their_device():
    inner = regressor("tanh")
    inner.trainable = False
    model = kerasviz.Sequential([layers.Input(VECTOR), layers.Dense(6), inner, layers.Dense(1)])
    model.compile("adam", "mse")
    train_on_meta(model, on_meta(VECTOR), on_meta((1,)))


@pytest.mark.parametrize("how", ["run_eagerly", "train_step"])
def test_steps_called_layer_by_layer_stay_on_their_device(how):
    class Own(kerasviz.Model):
        def train_step(self, data):
            return super().train_step(data)

    symbol = layers.Input(SERIES)
    outputs = layers.Dense(1)(layers.LSTM(3)(symbol))
    model = (Own if how == "train_step" else kerasviz.Model)(symbol, outputs)
    model.compile("adam", "mse", metrics=["mae"], run_eagerly=how == "run_eagerly")
    train_on_meta(model, on_meta(SERIES), on_meta((1,)))


def test_a_shuffled_epoch_reads_nothing_before_its_logs():
    model = regressor("softmax")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    events = model.training_events(on_meta(VECTOR), on_meta((), torch.int64), batch_size=BATCH)
    pull(events, 3)
    with pytest.raises(NotImplementedError, match="meta"):
        next(events)  # the end of the epoch has its logs


def test_batches_of_a_stream_with_class_weights_are_not_read():
    model = regressor("softmax")
    model.compile("adam", "sparse_categorical_crossentropy")
    batches = (on_meta(VECTOR), on_meta((), torch.int64), on_meta(()))
    events = model.training_events((batches for _ in range(5)), class_weight={0: 1.0, 1: 2.0})
    pull(events, 4)
