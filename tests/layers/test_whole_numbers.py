import pytest
import torch

from kerasviz import layers, models

LAYERS = {
    "Conv1D": (lambda **o: layers.Conv1D(2, 3, **o), (2, 5, 3)),
    "DepthwiseConv2D": (lambda **o: layers.DepthwiseConv2D(2, **o), (2, 5, 4, 3)),
    "SeparableConv2D": (lambda **o: layers.SeparableConv2D(2, 3, **o), (2, 5, 4, 3)),
    "Conv2DTranspose": (lambda **o: layers.Conv2DTranspose(2, 3, **o), (2, 5, 4, 3)),
    "ConvLSTM1D": (lambda **o: layers.ConvLSTM1D(2, 3, **o), (2, 3, 5, 2)),
    "Dense": (lambda **o: layers.Dense(2, **o), (2, 5)),
    "EinsumDense": (lambda **o: layers.EinsumDense("ab,bc->ac", 2, **o), (2, 5)),
    "AveragePooling2D": (lambda **o: layers.AveragePooling2D(2, **o), (2, 5, 4, 3)),
    "AdaptiveMaxPooling1D": (lambda **o: layers.AdaptiveMaxPooling1D(2, **o), (2, 5, 3)),
    "GlobalAveragePooling1D": (lambda **o: layers.GlobalAveragePooling1D(**o), (2, 5, 3)),
    "BatchNormalization": (lambda **o: layers.BatchNormalization(**o), (2, 5)),
    "LayerNormalization": (lambda **o: layers.LayerNormalization(**o), (2, 5)),
    "RMSNormalization": (lambda **o: layers.RMSNormalization(**o), (2, 5)),
    "UnitNormalization": (lambda **o: layers.UnitNormalization(**o), (2, 5)),
    "Softmax": (lambda **o: layers.Softmax(**o), (2, 5)),
    "PReLU": (lambda **o: layers.PReLU("ones", **o), (2, 5)),
    "LSTM": (lambda **o: layers.LSTM(2, **o), (2, 5, 3)),
    "GRU": (lambda **o: layers.GRU(2, **o), (2, 5, 3)),
    "RNN": (lambda **o: layers.RNN(layers.SimpleRNNCell(2, **o), **o), (2, 5, 3)),
    "Bidirectional": (lambda **o: layers.Bidirectional(layers.LSTM(2, **o), **o), (2, 5, 3)),
}


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("dtype", ["uint8", "int32", "bool"])
@pytest.mark.parametrize("name", LAYERS)
def test_arithmetic_takes_whole_numbers_as_floats(name, dtype, policy):
    make, shape = LAYERS[name]
    layer = make(dtype=policy)
    numbers = torch.randint(0, 9, shape).to(getattr(torch, dtype))
    expected = layer(numbers.float())
    for _ in range(5):
        torch.testing.assert_close(layer(numbers), expected)
    symbol = layers.Input(shape[1:], dtype=dtype)
    model = models.Model(symbol, layer(symbol))
    torch.testing.assert_close(model(numbers), expected)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_maps_of_whole_numbers_stay_whole(interpolation):
    layer = layers.UpSampling2D(2, interpolation=interpolation)
    numbers = torch.randint(0, 9, (2, 3, 4, 1), dtype=torch.int32)
    expected = layer(numbers.float()).round().int()
    assert (layer(numbers) == expected).all()
    assert layer(numbers).dtype == torch.int32
