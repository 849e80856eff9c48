"""Layers against Keras 3 on torch: outputs, gradients, shapes and configs, with the same weights."""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
import pytest
import torch

from kerasviz import layers
from kerasviz.ops.sliding import same_padding

pytestmark = [  # the oracle's own
    pytest.mark.filterwarnings("ignore:__array__ implementation"),
    pytest.mark.filterwarnings("ignore:You passed `rms_scaling=True`"),
]


def case(name, shape, *args, training=None, mask=None, integers=0, tolerance=1e-5, **kwargs):
    """One comparison: a layer class, its arguments, the shape of its input or inputs."""
    shown = [str(v) for v in args] + [f"{k}={v}" for k, v in kwargs.items()]
    label = f"{name}({', '.join(shown)}) on {shape}" + (" training" if training else "") + (" masked" if mask else "")
    facts = {"training": training, "mask": mask, "integers": integers, "tolerance": tolerance}
    return pytest.param(name, args, kwargs, shape, facts, id=label)


LAST, FIRST = {"data_format": "channels_last"}, {"data_format": "channels_first"}

CORE = [
    case("Dense", (3, 5), 4),
    case("Dense", (3, 5), 4, "relu", use_bias=False),
    case("Dense", (2, 3, 4, 5), 7, activation="gelu", bias_initializer="ones"),
    case("Dense", (2, 3, 5), 1, use_bias=False, kernel_regularizer="l2", bias_constraint="non_neg"),
    case("Dense", (2, 3), 2, activation="softmax", activity_regularizer="l1", kernel_constraint="max_norm"),
    case("EinsumDense", (2, 5, 3), "abc,cd->abd", (None, 4), bias_axes="d"),
    case("EinsumDense", (2, 5, 3), "abc,cd->abd", output_shape=(5, 4), bias_axes="bd", activation="tanh"),
    case("EinsumDense", (2, 3), "ab,bc->ac", 4),
    case("EinsumDense", (2, 5, 3), "...x,xy->...y", 4, bias_axes="y"),
    case("EinsumDense", (2, 5, 7), "ab...,bc->ac...", (3,), bias_axes="c"),
    case("EinsumDense", (2, 5, 3), "abc,cde->abde", (None, 2, 4), bias_axes="de"),
    case("Identity", (2, 3)),
    case("Embedding", (3, 4), 6, 5, integers=6),
    case("Embedding", (3,), 6, 5, integers=6, mask_zero=True, embeddings_regularizer="l2"),
    case("Embedding", (2, 3, 2), 9, 1, "ones", integers=9, embeddings_constraint="unit_norm"),
    case("Masking", (2, 3, 2), integers=2),
    case("Masking", (2, 3, 2), mask_value=1.0, integers=2),
    case("Rescaling", (2, 3, 3), 0.5),
    case("Rescaling", (2, 3, 3), scale=1 / 255, offset=-1),
    case("Rescaling", (2, 3, 3), [1.0, 2.0, 3.0], offset=[0.5, 1, 0]),
    case("ActivityRegularization", (2, 3), 0.1, 0.01),
]

CONVOLUTIONS = [
    *(
        case("Conv2D", (2, *space, 3), 4, kernel, strides=strides, padding=padding)
        for space, kernel, strides, padding in [
            ((7, 9), 3, 1, "valid"),
            ((7, 9), 3, 1, "same"),
            ((7, 9), 2, 1, "same"),
            ((7, 9), (2, 3), 1, "same"),
            ((7, 9), 3, 2, "same"),
            ((8, 6), 3, 2, "same"),
            ((8, 6), 4, (2, 3), "same"),
            ((8, 7), 5, (3, 2), "valid"),
            ((5, 5), 1, 2, "same"),
            ((5, 6), 1, 3, "same"),
            ((5, 6), 2, 3, "same"),
        ]
    ),
    case("Conv2D", (2, 7, 9, 3), 4, 3, dilation_rate=2, padding="same"),
    case("Conv2D", (2, 7, 9, 3), 4, (3, 2), dilation_rate=(2, 3), padding="same", activation="relu"),
    case("Conv2D", (2, 7, 9, 3), 4, 3, dilation_rate=(1, 2)),
    case("Conv2D", (2, 7, 7, 4), 6, 3, groups=2, use_bias=False),
    case("Conv2D", (2, 7, 7, 4), 4, 3, groups=4, padding="same", strides=2),
    case(
        "Conv2D", (2, 7, 7, 3), 2, 3, kernel_initializer="he_normal", kernel_regularizer="l2", bias_constraint="non_neg"
    ),
    case("Conv2D", (2, 3, 7, 9), 4, 3, strides=2, padding="same", **FIRST),
    case("Conv2D", (2, 4, 7, 9), 4, (2, 3), groups=2, dilation_rate=2, **FIRST),
    case("Conv1D", (2, 9, 3), 4, 3),
    case("Conv1D", (2, 9, 3), 4, 4, padding="same"),
    case("Conv1D", (2, 10, 3), 4, 3, strides=2, padding="same", activation="tanh"),
    case("Conv1D", (2, 9, 3), 4, 3, padding="causal"),
    case("Conv1D", (2, 9, 3), 4, 3, padding="causal", dilation_rate=2),
    case("Conv1D", (2, 9, 4), 4, 3, padding="causal", strides=2, groups=2),
    case("Conv1D", (2, 3, 9), 4, 3, padding="same", strides=2, **FIRST),
    case("Conv3D", (2, 5, 6, 7, 2), 3, 3),
    case("Conv3D", (2, 5, 6, 7, 2), 4, (1, 2, 3), strides=(2, 1, 2), padding="same", groups=2),
    case("Conv3D", (2, 5, 6, 7, 2), 3, 2, dilation_rate=2, padding="same"),
    case("Conv3D", (2, 2, 5, 6, 7), 3, 2, padding="same", **FIRST),
    case("DepthwiseConv1D", (2, 9, 3), 3, depth_multiplier=2, padding="same"),
    case("DepthwiseConv1D", (2, 9, 3), 3, strides=2),
    case("DepthwiseConv2D", (2, 7, 9, 3), 3),
    case("DepthwiseConv2D", (2, 7, 9, 3), (2, 3), strides=2, padding="same", depth_multiplier=2, activation="relu"),
    case("DepthwiseConv2D", (2, 7, 9, 3), 3, dilation_rate=2, padding="same", use_bias=False),
    case("DepthwiseConv2D", (2, 3, 7, 9), 3, depth_multiplier=2, **FIRST),
    case("SeparableConv1D", (2, 9, 3), 4, 3, padding="same", depth_multiplier=2),
    case("SeparableConv2D", (2, 7, 9, 3), 4, 3),
    case(
        "SeparableConv2D", (2, 7, 9, 3), 4, 2, strides=2, padding="same", depth_multiplier=2, pointwise_regularizer="l2"
    ),
    case("SeparableConv2D", (2, 3, 7, 9), 4, 3, dilation_rate=2, use_bias=False, **FIRST),
    *(
        case("Conv2DTranspose", (2, 4, 5, 3), 2, kernel, strides=strides, padding=padding)
        for kernel in (1, 2, 3, 4, (3, 5))
        for strides in (1, 2, (3, 2))
        for padding in ("valid", "same")
    ),
    case("Conv2DTranspose", (2, 4, 5, 3), 2, 3, dilation_rate=2, activation="relu"),
    case("Conv2DTranspose", (2, 4, 5, 3), 2, 2, dilation_rate=2, padding="same", use_bias=False),
    case("Conv2DTranspose", (2, 3, 4, 5), 2, 3, strides=2, padding="same", **FIRST),
    case("Conv2DTranspose", (2, 4, 5, 3), 2, 3, strides=2, output_padding=0),
    case("Conv2DTranspose", (2, 4, 5, 3), 2, 3, strides=2, output_padding=1),
    case("Conv2DTranspose", (2, 4, 5, 3), 2, 3, strides=2, output_padding=0, padding="same"),
    case("Conv1DTranspose", (2, 5, 3), 2, 3, strides=2),
    case("Conv1DTranspose", (2, 5, 3), 2, 4, strides=3, padding="same"),
    case("Conv1DTranspose", (2, 3, 5), 2, 4, strides=2, padding="same", **FIRST),
    case("Conv3DTranspose", (2, 3, 4, 3, 2), 2, 3, strides=(1, 2, 2), padding="same"),
]

POOLING = [
    *(
        case(f"{kind}Pooling2D", (2, *space, 3), pool, strides=strides, padding=padding)
        for kind in ("Max", "Average")
        for space, pool, strides, padding in [
            ((8, 6), 2, None, "valid"),
            ((7, 9), 2, None, "valid"),
            ((7, 9), 2, None, "same"),
            ((7, 9), 3, 2, "same"),
            ((8, 6), 3, 2, "same"),
            ((7, 8), 2, 1, "same"),
            ((7, 8), (2, 3), (1, 2), "same"),
            ((7, 8), 3, 1, "same"),
            ((9, 7), 4, 3, "same"),
            ((7, 7), 2, 3, "same"),
            ((6, 6), (3, 2), (1, 3), "valid"),
        ]
    ),
    case("MaxPooling2D", (2, 3, 7, 8), 2, padding="same", **FIRST),
    case("AveragePooling2D", (2, 3, 7, 8), 3, 2, padding="same", **FIRST),
    case("MaxPooling1D", (2, 7, 3)),
    case("MaxPooling1D", (2, 7, 3), 3, strides=1, padding="same"),
    case("MaxPooling1D", (2, 3, 7), 2, padding="same", **FIRST),
    case("AveragePooling1D", (2, 7, 3), 2),
    case("AveragePooling1D", (2, 7, 3), 4, strides=2, padding="same"),
    case("AveragePooling1D", (2, 3, 7), 2, 1, "same", **FIRST),
    case("MaxPooling3D", (2, 5, 6, 7, 2), 2, padding="same"),
    case("MaxPooling3D", (2, 5, 6, 7, 2), (1, 2, 3), strides=(1, 2, 1)),
    case("AveragePooling3D", (2, 5, 6, 7, 2), 2, padding="same"),
    case("AveragePooling3D", (2, 2, 5, 6, 7), 3, 1, padding="same", **FIRST),
    *(
        case(f"Global{kind}Pooling{rank}D", (2, *(5, 4, 3)[:rank], 2), **options)
        for kind in ("Max", "Average")
        for rank in (1, 2, 3)
        for options in ({}, {"keepdims": True}, FIRST, {"keepdims": True, **FIRST})
    ),
    case("GlobalAveragePooling1D", (2, 3, 4), mask=[[1, 0, 1], [1, 0, 0]]),
    case("GlobalAveragePooling1D", (2, 3, 4), mask=[[1, 0, 1], [1, 0, 0]], keepdims=True),
    case("GlobalAveragePooling1D", (2, 4, 3), mask=[[1, 0, 1], [1, 0, 0]], **FIRST),
]

ADAPTIVE = [
    case(f"Adaptive{kind}Pooling{rank}D", shape, size, **options)
    for kind in ("Average", "Max")
    for rank, shape, size, options in [
        (1, (2, 7, 3), 3, {}),
        (1, (2, 3, 7), 4, FIRST),
        (2, (2, 7, 8, 3), 3, {}),
        (2, (2, 7, 8, 3), (2, 5), {}),
        (2, (2, 3, 7, 8), (7, 1), FIRST),
        (3, (2, 5, 6, 7, 2), (2, 3, 4), {}),
    ]
]

NORMALIZATION = [
    *(
        case("BatchNormalization", shape, training=training, tolerance=1e-4 if training else 1e-5, **options)
        for training in (False, True)
        for shape, options in [
            ((6, 3), {}),
            ((4, 5, 3), {"momentum": 0.5, "epsilon": 1e-5}),
            ((4, 5, 6, 3), {"center": False}),
            ((4, 5, 6, 3), {"scale": False, "momentum": 0.9}),
            ((4, 3, 5, 6), {"axis": 1}),
            ((4, 5, 3, 6), {"axis": 2, "center": False, "scale": False}),
            ((3, 2, 3, 4, 2), {"beta_initializer": "ones", "gamma_regularizer": "l2"}),
            ((6, 3), {"renorm": True, "renorm_clipping": {"rmax": 1.1, "rmin": 0.9, "dmax": 0.2}}),
            ((4, 5, 3), {"renorm": True, "renorm_momentum": 0.5}),
        ]
    ),
    case("BatchNormalization", (2, 3, 4), training=True, momentum=0.5, mask=[[1, 0, 1], [1, 1, 0]]),
    case("BatchNormalization", (2, 3, 4), training=False, mask=[[1, 0, 1], [1, 1, 0]]),
    case("BatchNormalization", (4, 3), training=True, trainable=False),
    case("LayerNormalization", (3, 5)),
    case("LayerNormalization", (3, 4, 5), epsilon=1e-5, center=False),
    case("LayerNormalization", (3, 4, 5), axis=[1, 2], scale=False),
    case("LayerNormalization", (3, 4, 5, 2), axis=(1, 3)),
    case("LayerNormalization", (3, 4, 5, 2), axis=(-1, -2, -3), beta_constraint="non_neg"),
    case("LayerNormalization", (3, 4, 5), rms_scaling=True),
    case("GroupNormalization", (3, 4, 6), groups=3),
    case("GroupNormalization", (3, 6), groups=2, epsilon=1e-2, center=False),
    case("GroupNormalization", (3, 4, 5, 6), groups=-1, scale=False),
    case("GroupNormalization", (3, 6, 4, 5), groups=2, axis=1),
    case("GroupNormalization", (3, 5, 4, 32)),
    case("UnitNormalization", (3, 4, 5)),
    case("UnitNormalization", (3, 4, 5), axis=1),
    case("UnitNormalization", (3, 4, 5), axis=[1, 2]),
    case("RMSNormalization", (3, 4, 5)),
    case("RMSNormalization", (3, 4, 5), epsilon=0.1),
    case("RMSNormalization", (3, 4, 5), axis=(1, 2)),
]

SHAPING = [
    case("Flatten", (2, 3, 4)),
    case("Flatten", (2,)),
    case("Flatten", (2, 3, 4, 5), **FIRST),
    case("Reshape", (2, 3, 4), (4, 3)),
    case("Reshape", (2, 3, 4), (-1, 2)),
    case("Reshape", (2, 12), target_shape=(2, -1, 3)),
    case("Reshape", (2, 1), ()),
    case("Permute", (2, 3, 4), (2, 1)),
    case("Permute", (2, 3, 4, 5), (3, 1, 2)),
    case("RepeatVector", (2, 3), 4),
    case("Cropping1D", (2, 6, 3)),
    case("Cropping1D", (2, 6, 3), (0, 2)),
    case("Cropping2D", (2, 6, 7, 3)),
    case("Cropping2D", (2, 6, 7, 3), 1),
    case("Cropping2D", (2, 6, 7, 3), (1, 2)),
    case("Cropping2D", (2, 3, 6, 7), ((1, 0), (2, 3)), **FIRST),
    case("Cropping3D", (2, 5, 6, 7, 2)),
    case("Cropping3D", (2, 5, 6, 7, 2), ((0, 1), (2, 0), (1, 1))),
    case("Cropping3D", (2, 2, 5, 6, 7), (1, 0, 2), **FIRST),
    case("ZeroPadding1D", (2, 3, 4)),
    case("ZeroPadding1D", (2, 3, 4), (0, 2), **FIRST),
    case("ZeroPadding2D", (2, 3, 4, 2)),
    case("ZeroPadding2D", (2, 3, 4, 2), (2, 1)),
    case("ZeroPadding2D", (2, 2, 3, 4), ((0, 1), (2, 3)), **FIRST),
    case("ZeroPadding3D", (2, 3, 4, 3, 2)),
    case("ZeroPadding3D", (2, 3, 4, 3, 2), (0, 1, 2)),
    case("ZeroPadding3D", (2, 2, 3, 4, 3), ((0, 1), (1, 0), (2, 1)), **FIRST),
    case("UpSampling1D", (2, 3, 4)),
    case("UpSampling1D", (2, 3, 4), 3),
    case("UpSampling2D", (2, 3, 4, 2)),
    case("UpSampling2D", (2, 3, 4, 2), (3, 2)),
    case("UpSampling2D", (2, 3, 4, 2), 2, interpolation="bilinear"),
    case("UpSampling2D", (2, 3, 4, 2), (1, 3), interpolation="bicubic"),
    case("UpSampling2D", (2, 2, 3, 4), 2, interpolation="bilinear", **FIRST),
    case("UpSampling3D", (2, 3, 2, 3, 2)),
    case("UpSampling3D", (2, 2, 3, 2, 3), (1, 2, 3), **FIRST),
]

ACTIVATIONS = [
    case("Activation", (3, 4), "relu"),
    case("Activation", (3, 4), "softmax"),
    case("ReLU", (3, 4)),
    case("ReLU", (3, 4), 1.0, 0.1, 0.5),
    case("ReLU", (3, 4), negative_slope=0.2),
    case("ReLU", (3, 4), max_value=6.0),
    case("LeakyReLU", (3, 4)),
    case("LeakyReLU", (3, 4), 0.01),
    case("PReLU", (3, 4, 5), "uniform"),
    case("PReLU", (3, 4, 5, 2), alpha_initializer="ones", shared_axes=[1, 2]),
    case("PReLU", (3, 4, 5), shared_axes=1, alpha_regularizer="l1"),
    case("ELU", (3, 4)),
    case("ELU", (3, 4), alpha=0.3),
    case("Softmax", (3, 4)),
    case("Softmax", (3, 4, 5), axis=1),
    case("Softmax", (3, 4, 5), axis=(1, 2)),
    case("Softmax", (2, 3), mask=[[1, 0, 1], [1, 0, 0]]),
    case("Softmax", (2, 3), mask=[[0, 0, 0], [1, 1, 0]]),
]

NOISE_OUTSIDE_TRAINING = [
    case("Dropout", (2, 3), 0.5),
    case("Dropout", (2, 3), 0.5, noise_shape=(None, 1), seed=3),
    case("Dropout", (2, 3), 0, training=True),
    case("SpatialDropout1D", (2, 3, 4), 0.5, seed=1),
    case("SpatialDropout2D", (2, 3, 4, 5), 0.3),
    case("SpatialDropout2D", (2, 3, 4, 5), 0.3, "channels_first", 2),
    case("SpatialDropout3D", (2, 3, 4, 5, 2), 0.3, seed=4),
    case("GaussianNoise", (2, 3), 0.5, seed=1),
    case("GaussianDropout", (2, 3), 0.5),
    case("AlphaDropout", (2, 3), 0.5, (None, 1), 7),
]

PAIRS = ((3, 4, 5), (3, 4, 5))
MERGING = [
    *(
        case(name, shapes)
        for name in ("Add", "Multiply", "Average", "Maximum", "Minimum")
        for shapes in (PAIRS, (*PAIRS, (3, 4, 5)), ((3, 4, 5), (3, 1, 5)), ((3, 4, 5), (3, 5)), ((3, 1), (3, 2, 4)))
    ),
    case("Subtract", PAIRS),
    case("Subtract", ((3, 4, 5), (3, 4, 1))),
    case("Concatenate", PAIRS),
    case("Concatenate", ((3, 4, 5), (3, 2, 5), (3, 1, 5)), axis=1),
    case("Concatenate", ((3, 4), (3, 2)), axis=-1),
    case("Dot", ((3, 4), (3, 4)), 1),
    case("Dot", ((3, 4), (3, 4)), -1, normalize=True),
    case("Dot", ((3, 4, 5), (3, 6, 4)), (1, 2)),
    case("Dot", ((3, 4, 5), (3, 6, 5)), axes=-1, normalize=True),
    case("Dot", ((3, 4, 5), (3, 4, 2)), 1),
    case("Dot", ((3, 4, 5), (3, 5)), (2, 1)),
    case("Dot", ((3, 4, 5), (3, 4, 2, 6)), (1, 1)),
    case("Dot", ((3, 2, 4, 5), (3, 4, 6)), (2, 1)),
]


def pads_unevenly(name, args, kwargs, shape):
    """Where Keras on torch repeats the edge instead of leaving places outside out of the mean, as it documents."""
    layer = getattr(layers, name)(*args, **kwargs)
    pairs = same_padding(layer.space(shape), layer.pool_size, layer.strides)
    return layer.padding == "same" and any(before != after for before, after in pairs)


UNEVEN_MEANS = [p for p in POOLING if p.values[0].startswith("Average") and pads_unevenly(*p.values[:4])]
EVERY = [
    *CORE,
    *CONVOLUTIONS,
    *(p for p in POOLING if p not in UNEVEN_MEANS),
    *ADAPTIVE,
    *NORMALIZATION,
    *SHAPING,
    *ACTIVATIONS,
    *NOISE_OUTSIDE_TRAINING,
    *MERGING,
]


def arrays(shape, integers):
    rng = np.random.default_rng(7)
    shapes = shape if isinstance(shape[0], tuple) else [shape]
    if integers:
        return [rng.integers(0, integers, s).astype("int32") for s in shapes]
    return [rng.normal(size=s).astype("float32") for s in shapes]


def call(layer, inputs, facts):
    options = {} if facts["training"] is None else {"training": facts["training"]}
    if facts["mask"] is not None:
        options["mask"] = torch.tensor(facts["mask"], dtype=torch.bool)
    return layer(inputs if len(inputs) > 1 else inputs[0], **options)


def run(layer, shape, facts, floats_only=True):
    """Output, gradients of inputs and weights of a fixed mixture of the outputs, weights after, penalties."""
    inputs = [torch.tensor(a) for a in arrays(shape, facts["integers"])]
    if type(layer).__name__ == "Masking":
        inputs = [x.float() for x in inputs]
    for x in inputs:
        x.requires_grad_(x.is_floating_point())
    output = call(layer, inputs, facts)
    losses = [float(loss.detach()) for loss in layer.losses]
    mixture = torch.tensor(np.random.default_rng(3).normal(size=tuple(output.shape)).astype("float32"))
    values = [v.value if hasattr(v, "value") else v for v in layer.trainable_variables]
    wanted = [x for x in (*inputs, *values) if x.requires_grad]
    gradients = torch.autograd.grad((output * mixture).sum(), wanted, allow_unused=True) if output.requires_grad else []
    found = [output, *(torch.zeros(()) if g is None else g for g in gradients)]
    return [t.detach().numpy() for t in found], [np.asarray(v.numpy()) for v in layer.weights], sorted(losses)


def built_alike(name, args, kwargs, shape, facts):
    theirs = getattr(keras.layers, name)(*args, **kwargs, name="same")
    ours = getattr(layers, name)(*args, **kwargs, name="same")
    shapes = [list(shape)] if isinstance(shape[0], tuple) else [shape]
    theirs.build(*shapes)
    ours.build(*shapes)
    rng = np.random.default_rng(5)
    values = [rng.uniform(0.2, 1.0, v.shape).astype("float32") for v in theirs.weights]
    theirs.set_weights(values)
    ours.set_weights(values)
    return theirs, ours


@pytest.mark.parametrize(("name", "args", "kwargs", "shape", "facts"), EVERY)
def test_outputs_gradients_and_states_equal(name, args, kwargs, shape, facts):
    theirs, ours = built_alike(name, args, kwargs, shape, facts)
    assert [(v.name, tuple(v.shape), v.trainable) for v in ours.weights] == [
        (v.name, tuple(v.shape), v.trainable) for v in theirs.weights
    ]
    expected, states, penalties = run(theirs, shape, facts)
    found, our_states, our_penalties = run(ours, shape, facts)
    assert len(found) == len(expected)
    for ours_is, theirs_is in zip(found + our_states, expected + states, strict=True):
        assert ours_is.shape == theirs_is.shape or theirs_is.shape == ()
        scale = max(1.0, float(np.abs(theirs_is).max(initial=0)))
        np.testing.assert_allclose(ours_is, theirs_is, rtol=0, atol=facts["tolerance"] * scale)
    np.testing.assert_allclose(our_penalties, penalties, rtol=1e-5)


@pytest.mark.parametrize(("name", "args", "kwargs", "shape", "facts"), EVERY)
def test_shapes_equal_with_and_without_sizes(name, args, kwargs, shape, facts):
    theirs = getattr(keras.layers, name)(*args, **kwargs)
    ours = getattr(layers, name)(*args, **kwargs)
    several = isinstance(shape[0], tuple)
    known = list(shape) if several else shape
    open_batch = [(None, *s[1:]) for s in shape] if several else (None, *shape[1:])
    for asked in (known, open_batch):
        expected, found = tuple(theirs.compute_output_shape(asked)), tuple(ours.compute_output_shape(asked))
        if name == "EinsumDense":  # ours knows sizes that Keras leaves open
            found = tuple(m and n for n, m in zip(found, expected, strict=True))
        assert found == expected
    assert not ours.built or not ours.weights


def plain(config):
    """As a file has it; Keras rounds some numbers to float32."""
    return json.loads(json.dumps(config), parse_float=lambda digits: float(f"{float(digits):.6g}"))


@pytest.mark.parametrize(("name", "args", "kwargs", "shape", "facts"), EVERY)
def test_configs_equal_and_load_on_both_sides(name, args, kwargs, shape, facts):
    theirs = getattr(keras.layers, name)(*args, **kwargs, name="same")
    ours = getattr(layers, name)(*args, **kwargs, name="same")
    config = plain(keras.saving.serialize_keras_object(theirs)["config"])
    found = plain(ours.get_config())
    assert found == config
    assert plain(type(ours).from_config(config).get_config()) == config
    assert plain(type(theirs).from_config(found).get_config()) == config
