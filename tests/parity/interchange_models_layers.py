"""Models that hold every class of layer, theme by theme, with arguments away from their defaults."""

from __future__ import annotations

from typing import Any

from .interchange_table import exchanged


def branching(k: Any, shape: tuple[Any, ...], *layers: Any, dtype: str = "float32") -> Any:
    """A model that calls each layer on the same input."""
    x = k.Input(shape, dtype=dtype, name="x")
    return k.Model(x, [layer(x) for layer in layers], name="layers")


@exchanged
def activations_layers(k: Any) -> Any:
    of = k.layers
    return branching(
        k,
        (6, 3),
        of.Activation("gelu"),
        of.Activation("hard_swish", name="swished"),
        of.ELU(0.7),
        of.LeakyReLU(0.2),
        of.PReLU(alpha_initializer="ones", alpha_regularizer="l2", shared_axes=[1]),
        of.ReLU(max_value=0.8, negative_slope=0.1, threshold=0.05),
        of.Softmax(axis=1),
        of.ActivityRegularization(l1=0.01, l2=0.02),
        of.Identity(),
    )


@exchanged
def dense_layers(k: Any) -> Any:
    of = k.layers
    return branching(
        k,
        (6, 3),
        of.Dense(4, "selu", use_bias=False, kernel_initializer="lecun_normal"),
        of.Dense(2, k.activations.tanh, bias_initializer=k.initializers.Constant(0.3)),
        of.EinsumDense("abc,cd->abd", output_shape=(None, 5), bias_axes="d", activation="relu"),
        of.Flatten(),
        of.Permute((2, 1)),
        of.Reshape((3, -1)),
        of.Lambda(k.activations.softplus),
    )


@exchanged
def convolutions_1d(k: Any) -> Any:
    of = k.layers
    return branching(
        k,
        (8, 2),
        of.Conv1D(3, 3, strides=2, padding="causal", activation="relu"),
        of.Conv1D(4, 2, dilation_rate=2, groups=2, use_bias=False),
        of.Conv1DTranspose(2, 3, strides=2, padding="same"),
        of.DepthwiseConv1D(3, depth_multiplier=2, padding="same", depthwise_regularizer="l1"),
        of.SeparableConv1D(3, 2, depth_multiplier=2, pointwise_constraint="unit_norm"),
        of.ZeroPadding1D((1, 2)),
        of.Cropping1D((1, 2)),
        of.UpSampling1D(3),
    )


@exchanged
def convolutions_2d(k: Any) -> Any:
    of = k.layers
    return branching(
        k,
        (7, 6, 2),
        of.Conv2D(3, (3, 2), strides=(2, 1), padding="same", activation="swish", bias_initializer="ones"),
        of.Conv2D(2, 3, data_format="channels_first", padding="same"),
        of.Conv2DTranspose(2, 3, strides=2, output_padding=1),
        of.DepthwiseConv2D((2, 3), depth_multiplier=2, dilation_rate=2),
        of.SeparableConv2D(3, 3, strides=2, depth_multiplier=2, use_bias=False),
        of.ZeroPadding2D(((1, 0), (2, 1))),
        of.Cropping2D(((1, 2), (0, 1))),
        of.UpSampling2D((2, 1), interpolation="bilinear"),
    )


@exchanged
def convolutions_3d(k: Any) -> Any:
    of = k.layers
    return branching(
        k,
        (4, 3, 5, 2),
        of.Conv3D(2, (2, 1, 3), padding="same", activation="elu"),
        of.Conv3DTranspose(2, 2, strides=(1, 2, 1)),
        of.ZeroPadding3D(((1, 0), (0, 1), (0, 0))),
        of.Cropping3D((1, (1, 0), 2)),
        of.UpSampling3D((1, 2, 1)),
    )


@exchanged
def poolings_1d(k: Any) -> Any:
    of = k.layers
    return branching(
        k,
        (7, 3),
        of.AveragePooling1D(3, strides=2, padding="same"),
        of.MaxPooling1D(2),
        of.GlobalAveragePooling1D(keepdims=True),
        of.GlobalMaxPooling1D(),
        of.AdaptiveAveragePooling1D(3),
        of.AdaptiveMaxPooling1D(2),
    )


@exchanged
def poolings_2d(k: Any) -> Any:
    of = k.layers
    return branching(
        k,
        (7, 6, 2),
        of.AveragePooling2D((3, 2), strides=(1, 2), padding="same"),
        of.MaxPooling2D(2, data_format="channels_first", padding="same"),
        of.GlobalAveragePooling2D(),
        of.GlobalMaxPooling2D(keepdims=True),
        of.AdaptiveAveragePooling2D((3, 2)),
        of.AdaptiveMaxPooling2D(2),
    )


@exchanged
def poolings_3d(k: Any) -> Any:
    of = k.layers
    return branching(
        k,
        (4, 5, 3, 2),
        of.AveragePooling3D((2, 1, 3)),
        of.MaxPooling3D(2, padding="same"),
        of.GlobalAveragePooling3D(),
        of.GlobalMaxPooling3D(),
        of.AdaptiveAveragePooling3D(2),
        of.AdaptiveMaxPooling3D((1, 2, 3)),
    )


@exchanged
def normalizations(k: Any) -> Any:
    of = k.layers
    return branching(
        k,
        (6, 4),
        of.BatchNormalization(momentum=0.7, epsilon=0.01, center=False),
        of.BatchNormalization(axis=1, gamma_regularizer="l2"),
        of.LayerNormalization(axis=[1, 2], epsilon=0.01, scale=False),
        of.GroupNormalization(2, gamma_initializer="ones"),
        of.RMSNormalization(epsilon=0.01),
        of.UnitNormalization(axis=1),
        of.SpectralNormalization(of.Dense(3, name="normalized"), power_iterations=2),
        of.Rescaling(0.5, offset=0.1),
        of.Normalization(mean=[0.1, 0.2, 0.3, 0.4], variance=[1.0, 2.0, 3.0, 4.0]),
        of.Normalization(mean=0.5, variance=2.0, invert=True, name="inverted"),
    )


@exchanged(trains=False)
def noises(k: Any) -> Any:
    of = k.layers
    return branching(
        k,
        (6, 4),
        of.Dropout(0.3, noise_shape=(None, 1, 4), seed=3),
        of.AlphaDropout(0.2, seed=4),
        of.GaussianDropout(0.1, seed=5),
        of.GaussianNoise(0.4, seed=6),
        of.SpatialDropout1D(0.5, seed=7),
    )


@exchanged(trains=False)
def noises_of_images(k: Any) -> Any:
    x, y = k.Input((4, 3, 2)), k.Input((4, 2, 3, 2))
    drop = [k.layers.SpatialDropout2D(0.5, "channels_first", seed=1)(x), k.layers.SpatialDropout3D(0.2, seed=2)(y)]
    return k.Model([x, y], drop)


@exchanged
def mergings(k: Any) -> Any:
    of = k.layers
    a, b, c = k.Input((3, 4), name="a"), k.Input((3, 4), name="b"), k.Input((1, 4), name="c")
    outputs = [
        of.Add()([a, b, c]),
        of.Average()([a, b]),
        of.Multiply()([a, c]),
        of.Subtract()([a, b]),
        of.Maximum()([a, b, c]),
        of.Minimum()([a, b]),
        of.Concatenate(axis=1)([a, b, c]),
        of.Dot(axes=(2, 2), normalize=True)([a, b]),
        of.Dot(axes=1)([a, b]),
    ]
    return k.Model([a, b, c], outputs)


@exchanged
def recurrences(k: Any) -> Any:
    of = k.layers
    return branching(
        k,
        (5, 3),
        of.SimpleRNN(3, "relu", return_sequences=True),
        of.GRU(3, reset_after=False, go_backwards=True, recurrent_activation="hard_sigmoid"),
        of.GRU(2, use_bias=False, return_sequences=True, kernel_regularizer="l2"),
        of.LSTM(3, unit_forget_bias=False, recurrent_initializer="glorot_normal", unroll=True),
        of.LSTM(2, return_sequences=True, recurrent_constraint=k.constraints.MaxNorm(0.5), zero_output_for_mask=True),
        of.RNN(of.SimpleRNNCell(3, "sigmoid"), return_sequences=True),
        of.RNN(of.GRUCell(2, use_bias=False)),
        of.RNN([of.LSTMCell(3), of.GRUCell(2)]),
        of.RNN(of.StackedRNNCells([of.LSTMCell(2), of.LSTMCell(3, name="second")]), return_sequences=True),
    )


@exchanged
def both_directions(k: Any) -> Any:
    of = k.layers
    modes = [of.Bidirectional(of.LSTM(2), merge_mode=mode) for mode in ("sum", "mul", "concat", "ave")]
    apart = of.Bidirectional(of.GRU(2, return_sequences=True), merge_mode=None)
    own = of.Bidirectional(of.LSTM(3), backward_layer=of.SimpleRNN(3, go_backwards=True))
    x = k.Input((4, 3))
    return k.Model(x, [*(mode(x) for mode in modes), *apart(x), own(x)])


@exchanged
def conv_recurrences(k: Any) -> Any:
    of = k.layers
    x, y, z = k.Input((3, 5, 2)), k.Input((3, 4, 5, 2)), k.Input((2, 3, 3, 2, 1))
    outputs = [
        of.ConvLSTM1D(2, 3, padding="same", return_sequences=True)(x),
        of.ConvLSTM2D(2, (2, 3), strides=2, recurrent_activation="hard_sigmoid")(y),
        of.ConvLSTM3D(1, 2, padding="same", use_bias=False)(z),
    ]
    return k.Model([x, y, z], outputs)


@exchanged
def attentions(k: Any) -> Any:
    of = k.layers
    q, v = k.Input((3, 4), name="q"), k.Input((5, 4), name="v")
    heads, scores = of.MultiHeadAttention(2, 3, value_dim=2, output_shape=5)(q, v, return_attention_scores=True)
    outputs = [
        of.Attention(use_scale=True)([q, v]),
        of.Attention(score_mode="concat")([q, v, v]),
        of.AdditiveAttention()([q, v]),
        heads,
        scores,
        of.MultiHeadAttention(2, 2, use_bias=False, attention_axes=(1,))(v, v, use_causal_mask=True),
        of.GroupQueryAttention(3, 4, 2)(q, v),
    ]
    return k.Model([q, v], outputs)


@exchanged
def embeddings(k: Any) -> Any:
    of = k.layers
    words, more = k.Input((6,), dtype="int32", name="words"), k.Input((3,), name="more")
    tied = of.ReversibleEmbedding(5, 3, tie_weights=False, reverse_dtype="float32", logit_soft_cap=2.0)
    outputs = [
        of.Embedding(5, 3, embeddings_initializer="normal", embeddings_regularizer="l2")(words),
        tied(tied(words), reverse=True),
        of.RepeatVector(3)(more),
        of.Masking(0.5)(of.Reshape((3, 1))(more)),
    ]
    return k.Model([words, more], outputs)


@exchanged
def at_every_moment(k: Any) -> Any:
    of = k.layers
    frames = k.Input((3, 5, 5, 1), name="frames")
    cnn = k.Sequential([k.Input((5, 5, 1)), of.Conv2D(2, 3, activation="relu"), of.GlobalMaxPooling2D()], name="cnn")
    x = of.TimeDistributed(cnn)(frames)
    x = of.TimeDistributed(of.Dense(3, "tanh"), name="each")(x)
    return k.Model(frames, of.LSTM(2)(x), name="moments")


@exchanged(trains=False)
def columns(k: Any) -> Any:
    of = k.layers
    numbers, places = k.Input((3,), name="numbers"), k.Input((2,), dtype="int32", name="places")
    outputs = [
        of.CategoryEncoding(5, output_mode="count")(places),
        of.CategoryEncoding(5, output_mode="multi_hot")(places),
        of.Discretization(bin_boundaries=[-0.5, 0.0, 0.7])(numbers),
        of.Discretization(bin_boundaries=[0.0], output_mode="multi_hot", name="binned")(numbers),
    ]
    return k.Model([numbers, places], outputs)


@exchanged
def adapted(k: Any) -> Any:
    import numpy as np

    layer = k.layers.Normalization(axis=-1)
    layer.build((None, 3))
    layer.adapt(np.arange(24, dtype="float32").reshape(8, 3) ** 0.5)
    return k.Sequential([k.Input((3,)), layer, k.layers.Dense(2)], name="adapted")


@exchanged
def pipelines(k: Any) -> Any:
    of = k.layers
    pipeline = of.Pipeline([of.Rescaling(0.5), of.Rescaling(2.0, offset=-1.0)], name="before")
    return k.Sequential([k.Input((3,)), pipeline, of.Dense(2)], name="piped")
