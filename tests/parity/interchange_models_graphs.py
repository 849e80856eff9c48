"""Graphs of every form: structures of inputs and outputs, shared and nested models, operations, names."""

from __future__ import annotations

from typing import Any

import numpy as np

from .interchange_table import exchanged


@exchanged
def dict_to_dict(k: Any) -> Any:
    dense = k.layers.Dense
    inputs = {"right": k.Input((3,), name="r"), "left": k.Input((2,), name="l")}
    outputs = {"sum": dense(2)(inputs["left"]) + dense(2)(inputs["right"]), "alone": dense(1)(inputs["left"])}
    return k.Model(inputs, outputs, name="dicts")


@exchanged
def nested_structures(k: Any) -> Any:
    dense = k.layers.Dense
    a, b, c = k.Input((2,), name="a"), k.Input((3,), name="b"), k.Input((1,), name="c")
    outputs = {"one": [dense(1)(a), dense(2)(b)], "two": {"deep": dense(1)(c)}}
    return k.Model({"x": [a, b], "y": {"z": c}}, outputs, name="structures")


@exchanged
def list_of_one(k: Any) -> Any:
    x = k.Input((3,), name="x")
    return k.Model([x], [k.layers.Dense(2)(x)], name="lists")


@exchanged
def an_input_is_an_output(k: Any) -> Any:
    x = k.Input((3,), name="x")
    y = k.layers.Dense(3)(x)
    return k.Model(x, [x, y, y], name="through")


@exchanged
def shared_layers(k: Any) -> Any:
    of = k.layers
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    dense, norm = of.Dense(4, "relu", name="shared"), of.BatchNormalization(name="norm")
    x = dense(dense(a))
    return k.Model([a, b], [norm(x), norm(dense(b))], name="sharing")


@exchanged
def nested_functional(k: Any) -> Any:
    of = k.layers

    def block(name: str) -> Any:
        x = k.Input((4,))
        return k.Model(x, of.Add()([x, of.Dense(4, "relu", name="inner")(x)]), name=name)

    x = k.Input((4,), name="x")
    first, second = block("first"), block("second")
    return k.Model(x, of.Dense(2)(second(first(first(x)))), name="nesting")


@exchanged(lost="that a model has another inside, and both stand in one graph")
def deeply_nested(k: Any) -> Any:
    of = k.layers
    inner = k.Sequential([k.Input((3,)), of.Dense(3, name="same")], name="inner")
    middle = k.Sequential([k.Input((3,)), inner, of.Dense(3, name="same")], name="middle")
    x = k.Input((3,), name="x")
    outer = k.Model(x, middle(x) + inner(x), name="outer")
    return k.Sequential([k.Input((3,)), outer, of.Dense(1, name="same")], name="deep")


@exchanged
def nested_with_many(k: Any) -> Any:
    of = k.layers
    a, b = k.Input((3,), name="a"), k.Input((2,), name="b")
    inner = k.Model({"a": a, "b": b}, [of.Dense(2)(a), of.Dense(2)(b)], name="two_to_two")
    x, y = k.Input((3,), name="x"), k.Input((2,), name="y")
    one, two = inner({"a": x, "b": y})
    return k.Model([x, y], {"one": one, "both": of.Concatenate()([one, two])}, name="around")


@exchanged
def frozen_base(k: Any) -> Any:
    of = k.layers
    base = k.Sequential([k.Input((4,)), of.Dense(3, "relu"), of.BatchNormalization()], name="base")
    base.trainable = False
    x = k.Input((4,), name="x")
    return k.Model(x, of.Dense(2)(base(x)), name="transfer")


@exchanged
def partly_frozen(k: Any) -> Any:
    of = k.layers
    stack = [of.Dense(3, trainable=False), of.BatchNormalization(), of.Dense(3), of.Dense(2)]
    model = k.Sequential([k.Input((4,)), *stack], name="partly")
    stack[2].trainable = False
    return model


@exchanged
def operators(k: Any) -> Any:
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    parts = [(a - b) / 2.0 + 3.0 * b, -a, abs(b), (a * b) ** 2, a[:, 1:3], a[:, -1:], a @ k.ops.transpose(b)]
    parts += [k.ops.cast(a > b, "float32"), 1.0 - a, 2.0 / (1.0 + k.ops.exp(b))]
    return k.Model([a, b], parts, name="operators")


@exchanged
def operations(k: Any) -> Any:
    ops = k.ops
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    parts = [
        ops.concatenate([a, b], axis=-1),
        ops.stack([a, b, a], axis=1),
        ops.mean(a, axis=1, keepdims=True),
        ops.reshape(ops.transpose(ops.reshape(a, (-1, 2, 2)), (0, 2, 1)), (-1, 4)),
        ops.where(a > 0, a, b),
        ops.clip(a, 0.0, 1.0),
        ops.einsum("bi,bj->bij", a, b),
        ops.split(b, 2, axis=1)[1],
        ops.softmax(a, axis=-1),
        ops.pad(a, ((0, 0), (1, 2))),
        ops.logsumexp(b, axis=1),
        ops.maximum(a, b),
    ]
    return k.Model([a, b], parts, name="operations")


@exchanged
def constants(k: Any) -> Any:
    x = k.Input((3,), name="x")
    row = np.arange(3, dtype="float32")
    parts = [x + row, x * k.ops.convert_to_tensor([[1.0, 2.0, 3.0]]), k.ops.matmul(x, np.eye(3, 2, dtype="float32"))]
    return k.Model(x, parts, name="constants")


@exchanged
def names_of_every_kind(k: Any) -> Any:
    of = k.layers
    names = ["with space", "Größe", "x-y_z", "1st", "layers", "vars", "*[0]"]
    x = inputs = k.Input((3,), name="in put")
    for name in names:
        x = of.Dense(3, name=name)(x)
    return k.Model(inputs, x, name="Names: all")


@exchanged
def same_names_inside(k: Any) -> Any:
    of = k.layers
    one = k.Sequential([k.Input((3,)), of.Dense(3, name="dense")], name="one")
    two = k.Sequential([k.Input((3,)), of.Dense(3, name="dense")], name="two")
    x = k.Input((3,), name="dense_input")
    return k.Model(x, of.Dense(2, name="dense")(two(one(x))), name="dense_model")


@exchanged
def unknown_sizes(k: Any) -> Any:
    of = k.layers
    x = k.Input((None, None, 2), name="images")
    y = of.Conv2D(2, 3, padding="same")(x)
    return k.Model(x, [of.GlobalMaxPooling2D()(y), y], name="any_size")


@exchanged
def fixed_batch(k: Any) -> Any:
    x = k.Input(batch_shape=(4, 3), name="x")
    return k.Model(x, k.layers.Dense(2)(x), name="fixed")


@exchanged(trains=False, tolerance=1e-3)
def other_dtypes(k: Any) -> Any:
    i, f, b = k.Input((3,), dtype="int64", name="i"), k.Input((3,), dtype="float16", name="f"), k.Input((3,), name="b")
    parts = [k.ops.cast(i, "float32") + b, k.layers.Dense(2, dtype="float16")(f), i * 2, f + 1.0, b > 0.0]
    return k.Model([i, f, b], parts, name="dtypes")


@exchanged(lost="that a wrapper has a layer that stands in the graph too")
def shared_in_wrappers(k: Any) -> Any:
    of = k.layers
    shared = of.Dense(3, name="shared")
    x, y = k.Input((4, 2), name="x"), k.Input((2,), name="y")
    return k.Model([x, y], [of.TimeDistributed(shared)(x), shared(y)], name="wrapped")


@exchanged(trains=False)
def a_mode_that_was_said(k: Any) -> Any:
    of = k.layers
    x = k.Input((3,), name="x")
    return k.Model(x, of.Dense(2)(of.Dropout(0.5)(of.Dense(3)(x), training=None)), name="modes")


@exchanged
def one_layer_many_outputs(k: Any) -> Any:
    x = k.Input((6,), name="x")
    parts = k.ops.split(k.layers.Dense(6)(x), 3, axis=-1)
    value, _ = k.ops.top_k(x, 2)
    return k.Model(x, [*parts[::2], value], name="parts")


@exchanged
def regularized(k: Any) -> Any:
    of, r, c = k.layers, k.regularizers, k.constraints
    stack = [
        of.Dense(4, kernel_regularizer=r.L1(0.01), bias_regularizer="l2", kernel_constraint=c.NonNeg()),
        of.Dense(4, kernel_regularizer=r.L1L2(0.01, 0.02), kernel_constraint=c.MinMaxNorm(0.1, 0.9, rate=0.5, axis=0)),
        of.Dense(4, kernel_regularizer=r.OrthogonalRegularizer(0.01), bias_constraint=c.MaxNorm(0.4)),
        of.Dense(4, activity_regularizer=r.L2(0.01), kernel_constraint="unit_norm"),
        of.Dense(2, kernel_regularizer=r.L1L2(l2=0.1)),
    ]
    return k.Sequential([k.Input((4,)), *stack], name="regularized")


@exchanged
def initialized(k: Any) -> Any:
    of, i = k.layers, k.initializers
    kinds = [
        "zeros",
        i.Ones(),
        i.Constant(0.2),
        i.RandomNormal(0.1, 0.2, seed=1),
        i.RandomUniform(-0.1, 0.2, seed=2),
        i.TruncatedNormal(stddev=0.3, seed=3),
        i.VarianceScaling(2.0, "fan_avg", "uniform", seed=4),
        i.GlorotNormal(seed=5),
        i.GlorotUniform(seed=6),
        i.HeNormal(seed=7),
        i.HeUniform(seed=8),
        i.LecunNormal(seed=9),
        i.LecunUniform(seed=10),
        i.Orthogonal(gain=0.5, seed=11),
        i.Identity(gain=0.7),
    ]
    x = k.Input((3,), name="x")
    return k.Model(x, [of.Dense(3, kernel_initializer=kind)(x) for kind in kinds], name="initialized")
