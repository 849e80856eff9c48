"""What every layer here promises: a step on `meta`, code that makes the same layer, the same numbers in a model."""

import pytest
import torch

from kerasviz import layers, models, tensors

IMAGE, SERIES, VECTOR = (2, 7, 8, 4), (2, 7, 4), (2, 6)
EVERY = [
    (layers.Dense(3, "relu"), VECTOR),
    (layers.Dense(3), SERIES),
    (layers.EinsumDense("abc,cd->abd", (None, 3), bias_axes="d"), SERIES),
    (layers.Conv1D(4, 3, padding="causal"), SERIES),
    (layers.Conv2D(4, (2, 3), strides=2, padding="same", groups=2), IMAGE),
    (layers.Conv2D(4, 3, data_format="channels_first"), (2, 4, 7, 8)),
    (layers.Conv3D(4, 2), (2, 5, 6, 7, 2)),
    (layers.DepthwiseConv1D(3), SERIES),
    (layers.DepthwiseConv2D(3, depth_multiplier=2), IMAGE),
    (layers.SeparableConv2D(3, 2, padding="same"), IMAGE),
    (layers.Conv2DTranspose(3, 3, strides=2, padding="same"), IMAGE),
    (layers.MaxPooling2D(padding="same"), IMAGE),
    (layers.AveragePooling2D(2, 1, padding="same"), IMAGE),
    (layers.GlobalMaxPooling2D(), IMAGE),
    (layers.GlobalAveragePooling1D(keepdims=True), SERIES),
    (layers.BatchNormalization(), IMAGE),
    (layers.BatchNormalization(axis=1), IMAGE),
    (layers.BatchNormalization(renorm=True, renorm_clipping={"rmax": 2.0}), SERIES),
    (layers.LayerNormalization(axis=[1, 2]), SERIES),
    (layers.LayerNormalization(axis=1), SERIES),
    (layers.GroupNormalization(2), IMAGE),
    (layers.UnitNormalization(), VECTOR),
    (layers.RMSNormalization(), VECTOR),
    (layers.Dropout(0.5, seed=1), VECTOR),
    (layers.Dropout(0.5, (None, 1)), VECTOR),
    (layers.SpatialDropout1D(0.5), SERIES),
    (layers.SpatialDropout2D(0.5, seed=1), IMAGE),
    (layers.GaussianNoise(0.5), VECTOR),
    (layers.GaussianDropout(0.5), VECTOR),
    (layers.AlphaDropout(0.5), VECTOR),
    (layers.ActivityRegularization(0.1), VECTOR),
    (layers.Flatten(), IMAGE),
    (layers.Reshape((-1, 2)), VECTOR),
    (layers.Permute((2, 1)), SERIES),
    (layers.RepeatVector(3), VECTOR),
    (layers.Cropping2D(1), IMAGE),
    (layers.ZeroPadding1D((0, 2)), SERIES),
    (layers.UpSampling2D(2, interpolation="bilinear"), IMAGE),
    (layers.UpSampling1D(), SERIES),
    (layers.Activation("gelu"), VECTOR),
    (layers.ReLU(6.0, 0.1, 0.5), VECTOR),
    (layers.LeakyReLU(), VECTOR),
    (layers.PReLU(shared_axes=[1]), SERIES),
    (layers.ELU(), VECTOR),
    (layers.Softmax(axis=[1, 2]), SERIES),
    (layers.Masking(), SERIES),
    (layers.Rescaling([0.5] * 6, 1.0), VECTOR),
    (layers.Identity(), VECTOR),
    *((cls(), (VECTOR, VECTOR)) for cls in (layers.Add, layers.Subtract, layers.Multiply, layers.Average)),
    *((cls(), (VECTOR, VECTOR)) for cls in (layers.Maximum, layers.Minimum, layers.Concatenate)),
    (layers.Dot(1, normalize=True), (VECTOR, VECTOR)),
]
NAMES = [f"{type(layer).__name__}-{index}" for index, (layer, _) in enumerate(EVERY)]


@pytest.fixture
def meta_device():
    tensors.set_device("meta")
    yield
    tensors.set_device(None)


@pytest.mark.parametrize(("layer", "shape"), EVERY, ids=NAMES)
@pytest.mark.usefixtures("meta_device")
def test_a_training_step_needs_no_values(layer, shape):
    layer = type(layer).from_config(layer.get_config())
    shapes = shape if isinstance(shape[0], tuple) else (shape,)
    layer.build(list(shapes) if len(shapes) > 1 else shape)
    inputs = [torch.empty(s, device="meta", requires_grad=True) for s in shapes]
    call = {"training": True} if "training" in layer.call.__code__.co_varnames else {}
    outputs = layer(inputs if len(inputs) > 1 else inputs[0], **call)
    outputs.sum().backward()
    assert outputs.device.type == "meta"
    assert all(v.grad is not None for v in layer.trainable_variables)


@pytest.mark.parametrize(("layer", "shape"), EVERY, ids=NAMES)
def test_code_makes_the_same_layer(layer, shape):
    again = eval(layer.source(), {type(layer).__name__: type(layer)})
    ours, theirs = layer.get_config(), again.get_config()
    assert {**ours, "name": None} == {**theirs, "name": None}


@pytest.mark.parametrize(("layer", "shape"), EVERY, ids=NAMES)
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_policies_compute_in_16_bits(layer, shape, policy):
    layer = type(layer).from_config(layer.get_config() | {"dtype": policy})
    shapes = shape if isinstance(shape[0], tuple) else (shape,)
    inputs = [torch.rand(s) for s in shapes]
    call = {"training": True} if "training" in layer.call.__code__.co_varnames else {}
    outputs = layer(inputs if len(inputs) > 1 else inputs[0], **call)
    assert outputs.dtype == getattr(torch, policy.removeprefix("mixed_"))
    assert all(v.dtype == torch.float32 for v in layer.weights)
    assert torch.isfinite(outputs).all()


QUIET = [
    pytest.param(layer, shape, id=name)
    for (layer, shape), name in zip(EVERY, NAMES, strict=True)
    if not isinstance(layer, (layers.Dropout, layers.GaussianNoise, layers.GaussianDropout, layers.AlphaDropout))
    and "SpatialDropout" not in name
]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(("layer", "shape"), QUIET)
def test_model_computes_what_its_layer_does(layer, shape, training):
    layer = type(layer).from_config(layer.get_config())
    shapes = shape if isinstance(shape[0], tuple) else (shape,)
    symbols = [layers.Input(s[1:]) for s in shapes]
    output = layer(symbols if len(symbols) > 1 else symbols[0])
    assert tuple(output.shape) == tuple(
        layer.compute_output_shape([s.shape for s in symbols] if len(shapes) > 1 else symbols[0].shape)
    )
    model = models.Model(symbols, output)
    twin = type(layer).from_config(layer.get_config())
    twin.build(list(shapes) if len(shapes) > 1 else shape)
    twin.set_weights(layer.get_weights())
    inputs = [torch.rand(s) for s in shapes]
    found = model(inputs if len(inputs) > 1 else inputs[0], training=training)
    options = {"training": training} if "training" in layer.call.__code__.co_varnames else {}
    expected = twin(inputs if len(inputs) > 1 else inputs[0], **options)
    assert found.dtype == expected.dtype
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    "between", [[], [layers.Dense(3)], [layers.Dropout(0.5)], [layers.LayerNormalization(), layers.ReLU()]]
)
def test_mask_of_an_embedding_reaches_the_mean(between):
    tokens = torch.tensor([[3, 1, 0, 0], [2, 2, 2, 0]])
    x = symbol = layers.Input((4,), dtype="int32")
    x = layers.Embedding(5, 3, mask_zero=True)(x)
    for layer in between:
        x = type(layer).from_config(layer.get_config())(x)
    steps = models.Model(symbol, x)
    model = models.Model(symbol, layers.GlobalAveragePooling1D()(x))
    kept = (tokens != 0).unsqueeze(-1)
    values = steps(tokens)
    torch.testing.assert_close(model(tokens), (values * kept).sum(1) / kept.sum(1))


def test_flatten_keeps_whole_numbers_whole():
    symbol = layers.Input((2, 3), dtype="int32")
    assert layers.Flatten()(symbol).dtype == "int32"
