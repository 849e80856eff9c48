"""Models that read and write sequences: recurrence, attention, masks."""

from __future__ import annotations

from typing import Any

from .interchange_models_architectures import one_of
from .interchange_table import exchanged


@exchanged
def text_classifier(k: Any) -> Any:
    of = k.layers
    words = k.Input((6,), dtype="int32", name="words")
    x = of.Embedding(5, 3, mask_zero=True)(words)
    x = of.Bidirectional(of.LSTM(2, return_sequences=True))(x)
    return k.Model(words, of.Dense(2, "softmax")(of.GRU(3)(x)), name="texts")


@exchanged
def masked_average(k: Any) -> Any:
    of = k.layers
    x = k.Input((None, 3), name="series")
    y = of.LSTM(2, return_sequences=True)(of.Masking()(x))
    return k.Model(x, of.GlobalAveragePooling1D()(of.TimeDistributed(of.Dense(2))(y)), name="masked")


@exchanged
def encoder_decoder(k: Any) -> Any:
    of = k.layers
    source, target = k.Input((4, 3), name="source"), k.Input((5, 2), name="target")
    _, h, c = of.LSTM(3, return_state=True, name="encoder")(source)
    y, *_ = of.LSTM(3, return_sequences=True, return_state=True, name="decoder")(target, initial_state=[h, c])
    return k.Model([source, target], of.Dense(2, "softmax")(y), name="translator")


@exchanged
def states_in_and_out(k: Any) -> Any:
    x, h, c = k.Input((5, 3), name="x"), k.Input((2,), name="h"), k.Input((2,), name="c")
    y, h_last, c_last = k.layers.LSTM(2, return_state=True)(x, initial_state=[h, c])
    z, last = k.layers.GRU(2, return_state=True)(x, initial_state=h)
    return k.Model([x, [h, c]], {"y": y, "states": [h_last, c_last], "gru": [z, last]}, name="states")


@exchanged
def attending_translator(k: Any) -> Any:
    of = k.layers
    source = k.Input((6,), dtype="int32", name="source")
    target = k.Input((4,), dtype="int32", name="target")
    read, h = of.GRU(3, return_sequences=True, return_state=True)(of.Embedding(5, 3, mask_zero=True)(source))
    written = of.GRU(3, return_sequences=True)(of.Embedding(5, 3)(target), initial_state=h)
    context = of.AdditiveAttention()([written, read])
    return k.Model([source, target], of.Dense(5, "softmax")(of.Concatenate()([written, context])), name="attending")


@exchanged(compiled=True, targets=one_of)
def transformer(k: Any) -> Any:
    of, ops = k.layers, k.ops
    words = k.Input((None,), dtype="int32", name="words")
    x = of.Embedding(5, 4, mask_zero=True, name="tokens")(words)
    x = x + of.Embedding(8, 4, name="places")(ops.cumsum(ops.ones_like(words), axis=1) - 1)
    y = of.MultiHeadAttention(2, 2, name="looks")(x, x, use_causal_mask=True)
    x = of.LayerNormalization(epsilon=1e-5)(of.Add()([x, y]))
    y = of.Dense(4)(of.Dense(6, "relu")(x))
    x = of.LayerNormalization(epsilon=1e-5)(of.Add()([x, y]))
    model = k.Model(words, of.Dense(3)(x), name="transformer")
    loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(k.optimizers.Adam(0.01, beta_2=0.98), loss, metrics=["sparse_categorical_accuracy"])
    return model


@exchanged
def cross_attention(k: Any) -> Any:
    of = k.layers
    q, v = k.Input((3, 4), name="q"), k.Input((5, 4), name="v")
    allowed = k.Input((3, 5), dtype="bool", name="allowed")
    y = of.MultiHeadAttention(2, 2)(q, v, attention_mask=allowed)
    z = of.GroupQueryAttention(2, 2, 1)(query=q, value=v, key=v, attention_mask=allowed)
    scored, weights = of.Attention()([y, v], return_attention_scores=True)
    return k.Model([q, v, allowed], [y, z, scored, weights], name="crossing")


@exchanged
def masks_as_arguments(k: Any) -> Any:
    of = k.layers
    x, kept = k.Input((5, 3), name="x"), k.Input((5,), dtype="bool", name="kept")
    y = of.LSTM(2)(x, mask=kept)
    z = of.Softmax()(x, mask=k.ops.expand_dims(kept, -1))
    return k.Model([x, kept], [y, z], name="masks")


@exchanged
def stacked_cells(k: Any) -> Any:
    of = k.layers
    x = k.Input((5, 3), name="x")
    cells = [of.LSTMCell(2, name="low"), of.GRUCell(3, reset_after=False), of.SimpleRNNCell(2)]
    y = of.RNN(cells, return_sequences=True, return_state=True)(x)
    return k.Model(x, k.tree.flatten(y), name="stacked")


@exchanged(trains=False)
def stateful_lstm(k: Any) -> Any:
    x = k.Input(batch_shape=(4, 3, 2), name="x")
    return k.Model(x, k.layers.LSTM(2, stateful=True)(x), name="stateful")


@exchanged
def video(k: Any) -> Any:
    of = k.layers
    x = k.Input((3, 6, 6, 1), name="video")
    y = of.ConvLSTM2D(2, 3, padding="same", return_sequences=True)(x)
    y = of.TimeDistributed(of.BatchNormalization())(y)
    return k.Model(x, of.Conv3D(1, 3, padding="same", activation="sigmoid")(y), name="video")


@exchanged
def tied_language_model(k: Any) -> Any:
    of = k.layers
    words = k.Input((4,), dtype="int32", name="words")
    embedding = of.ReversibleEmbedding(5, 3)
    x = of.RMSNormalization()(embedding(words))
    return k.Model(words, embedding(of.Dense(3)(x), reverse=True), name="tied")
