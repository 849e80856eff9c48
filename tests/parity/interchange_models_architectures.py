"""Small copies of architectures that people build."""

from __future__ import annotations

from typing import Any

from .interchange_table import exchanged

CLASSES = 3


def one_of(random: Any, predicted: Any) -> Any:
    """Whole numbers as targets, one for each row."""
    return random.integers(0, CLASSES, size=predicted.shape[:-1]).astype("int32")


def classifier(k: Any, inputs: Any, features: Any, optimizer: Any = "adam") -> Any:
    """The model that ends in classes, compiled."""
    model = k.Model(inputs, k.layers.Dense(CLASSES, "softmax", name="classes")(features), name="classifier")
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@exchanged(compiled=True, targets=one_of)
def mlp(k: Any) -> Any:
    dense = k.layers.Dense
    model = k.Sequential([k.Input((5,)), dense(4, "relu"), dense(4, "tanh"), dense(CLASSES, "softmax")], name="mlp")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@exchanged
def mlp_without_input(k: Any) -> Any:
    model = k.Sequential([k.layers.Dense(4, "relu"), k.layers.Dense(2)], name="later")
    model.build((None, 5))
    return model


@exchanged(inputs=(5,))
def mlp_built_by_data(k: Any) -> Any:
    return k.Sequential([k.layers.Dense(4, "relu"), k.layers.BatchNormalization(), k.layers.Dense(2)], name="by_data")


@exchanged
def residual(k: Any) -> Any:
    x = inputs = k.Input((4,), name="x")
    for _ in range(2):
        y = k.layers.Dense(4, "relu")(x)
        x = k.layers.Add()([x, k.layers.Dense(4)(y)])
    return k.Model(inputs, x, name="residual")


@exchanged(compiled=True, targets=one_of)
def resnet(k: Any) -> Any:
    of = k.layers
    x = inputs = k.Input((8, 8, 2), name="images")
    for filters, strides in ((2, 1), (3, 2)):
        y = of.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
        y = of.ReLU()(of.BatchNormalization()(y))
        y = of.BatchNormalization()(of.Conv2D(filters, 3, padding="same", use_bias=False)(y))
        if strides > 1:
            x = of.Conv2D(filters, 1, strides=strides, use_bias=False)(x)
        x = of.Activation("relu")(of.Add()([x, y]))
    return classifier(k, inputs, of.GlobalAveragePooling2D()(x), k.optimizers.SGD(0.1, momentum=0.9, nesterov=True))


@exchanged(compiled=True, targets=one_of)
def mobilenet(k: Any) -> Any:
    of = k.layers
    x = inputs = k.Input((8, 8, 2), name="images")
    y = of.Conv2D(4, 1, use_bias=False)(x)
    y = of.ReLU(6.0)(of.BatchNormalization()(y))
    y = of.DepthwiseConv2D(3, padding="same", use_bias=False)(y)
    y = of.ReLU(6.0)(of.BatchNormalization()(y))
    x = of.Add()([x, of.Conv2D(2, 1)(y)])
    x = of.SeparableConv2D(3, 3, strides=2)(x)
    squeezed = of.Reshape((1, 1, 3))(of.Dense(3, "sigmoid")(of.GlobalAveragePooling2D()(x)))
    x = of.Multiply()([x, squeezed])
    return classifier(k, inputs, of.Flatten()(x), "rmsprop")


@exchanged
def inception(k: Any) -> Any:
    of = k.layers
    x = k.Input((6, 6, 2), name="images")
    towers = [
        of.Conv2D(2, 1, activation="relu")(x),
        of.Conv2D(2, 3, padding="same")(of.Conv2D(2, 1)(x)),
        of.Conv2D(1, 5, padding="same")(x),
        of.Conv2D(1, 1)(of.MaxPooling2D(3, strides=1, padding="same")(x)),
    ]
    return k.Model(x, of.Concatenate()(towers), name="inception")


@exchanged
def unet(k: Any) -> Any:
    of = k.layers
    x = inputs = k.Input((8, 8, 1), name="images")
    kept = []
    for filters in (2, 3):
        x = of.Conv2D(filters, 3, padding="same", activation="relu")(x)
        kept.append(x)
        x = of.MaxPooling2D()(x)
    x = of.Conv2D(3, 3, padding="same", activation="relu")(x)
    for filters in (3, 2):
        x = of.UpSampling2D()(x) if filters == 3 else of.Conv2DTranspose(filters, 2, strides=2)(x)
        x = of.concatenate([x, kept.pop()])
        x = of.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return k.Model(inputs, of.Conv2D(1, 1, activation="sigmoid")(x), name="unet")


@exchanged(compiled=True, targets=one_of)
def vision_transformer(k: Any) -> Any:
    of, ops = k.layers, k.ops
    inputs = k.Input((6, 6, 1), name="images")
    x = of.Reshape((4, 4))(of.Conv2D(4, 3, strides=3)(inputs))
    x = x + of.Embedding(4, 4, k.initializers.Constant(0.3), name="places")(ops.arange(4))
    for _ in range(2):
        y = of.LayerNormalization(epsilon=1e-6)(x)
        x = x + of.MultiHeadAttention(2, 2)(y, y)
        y = of.LayerNormalization(epsilon=1e-6)(x)
        x = x + of.Dense(4)(ops.gelu(of.Dense(6)(y)))
    return classifier(k, inputs, x[:, 0], k.optimizers.AdamW(0.01, weight_decay=0.1))


@exchanged
def autoencoder(k: Any) -> Any:
    of = k.layers
    encoder = k.Sequential([k.Input((6,)), of.Dense(4, "relu"), of.Dense(2)], name="encoder")
    decoder = k.Sequential([of.Dense(4, "relu"), of.Dense(6, "sigmoid")], name="decoder")
    x = k.Input((6,), name="x")
    return k.Model(x, decoder(encoder(x)), name="autoencoder")


@exchanged
def gan(k: Any) -> Any:
    of = k.layers
    generator = k.Sequential(
        [
            k.Input((3,)),
            of.Dense(2 * 2 * 2, use_bias=False),
            of.BatchNormalization(),
            of.LeakyReLU(0.2),
            of.Reshape((2, 2, 2)),
            of.Conv2DTranspose(1, 3, strides=2, padding="same", activation="tanh"),
        ],
        name="generator",
    )
    discriminator = k.Sequential([k.Input((4, 4, 1)), of.Conv2D(2, 3), of.Flatten(), of.Dense(1)], name="discriminator")
    discriminator.trainable = False
    noise = k.Input((3,), name="noise")
    return k.Model(noise, discriminator(generator(noise)), name="gan")


@exchanged
def siamese(k: Any) -> Any:
    of, ops = k.layers, k.ops
    x = k.Input((5,))
    tower = k.Model(x, of.UnitNormalization()(of.Dense(3, "tanh")(x)), name="tower")
    a, b = k.Input((5,), name="left"), k.Input((5,), name="right")
    distance = ops.sqrt(ops.sum(ops.square(tower(a) - tower(b)), axis=1, keepdims=True) + 1e-6)
    return k.Model([a, b], of.Dense(1, "sigmoid")(distance), name="siamese")


@exchanged
def wavenet(k: Any) -> Any:
    of = k.layers
    x = inputs = k.Input((None, 2), name="sound")
    skips = []
    for rate in (1, 2, 4):
        gate = of.Conv1D(2, 2, dilation_rate=rate, padding="causal", activation="sigmoid")(x)
        value = of.Conv1D(2, 2, dilation_rate=rate, padding="causal", activation="tanh")(x)
        y = of.Multiply()([gate, value])
        skips.append(of.Conv1D(2, 1)(y))
        x = of.Add()([x, skips[-1]])
    return k.Model(inputs, of.Conv1D(1, 1)(of.ReLU()(of.Add()(skips))), name="wavenet")


@exchanged
def mixture(k: Any) -> Any:
    of, ops = k.layers, k.ops
    x = k.Input((5,), name="x")
    experts = ops.stack([of.Dense(3, "relu", name=f"expert_{n}")(x) for n in range(3)], axis=1)
    gates = ops.expand_dims(ops.softmax(of.Dense(3, name="gate")(x)), -1)
    return k.Model(x, ops.sum(experts * gates, axis=1), name="mixture")


@exchanged
def wide_and_deep(k: Any) -> Any:
    of = k.layers
    numbers, place = k.Input((4,), name="numbers"), k.Input((1,), dtype="int32", name="place")
    known = of.Flatten()(of.Embedding(5, 2)(place))
    deep = of.Dense(3, "relu")(of.Concatenate()([of.Normalization(mean=0.1, variance=1.5)(numbers), known]))
    wide = of.CategoryEncoding(5, "one_hot")(place)
    return k.Model({"numbers": numbers, "place": place}, of.Dense(1)(of.concatenate([wide, deep])), name="wide")
