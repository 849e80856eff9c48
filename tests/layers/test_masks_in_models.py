"""Masks through models, and dtypes that stay."""

import pytest
import torch

from kerasviz import layers, models


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
