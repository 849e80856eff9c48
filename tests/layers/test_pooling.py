import math

import pytest
import torch

from kerasviz import layers
from kerasviz.declare import Invalid


def mean_by_hand(x, pool, stride):
    """'same' pooling of (batch, time, channels) written out: places outside do not count."""
    size = x.shape[1]
    count = math.ceil(size / stride)
    before = max((count - 1) * stride + pool - size, 0) // 2
    starts = [index * stride - before for index in range(count)]
    return torch.stack([x[:, max(start, 0) : start + pool].mean(dim=1) for start in starts], dim=1)


@pytest.mark.parametrize("size", [4, 5, 7, 8])
@pytest.mark.parametrize("pool", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_mean_at_the_edge_leaves_out_places_outside(size, pool, stride):
    x = torch.rand(2, size, 3)
    found = layers.AveragePooling1D(pool, stride, padding="same")(x)
    torch.testing.assert_close(found, mean_by_hand(x, pool, stride))


@pytest.mark.parametrize(("pool", "strides"), [(2, 2), ((2, 3), (1, 2)), (3, 2), ((4, 2), (3, 1))])
def test_mean_of_images_is_that_of_rows_then_columns(pool, strides):
    x = torch.rand(2, 6, 9, 3)
    rows, columns = (pool, pool) if isinstance(pool, int) else pool
    down, right = (strides, strides) if isinstance(strides, int) else strides
    by_rows = mean_by_hand(x.flatten(2), rows, down).unflatten(2, (9, 3))
    expected = mean_by_hand(by_rows.transpose(1, 2).flatten(2), columns, right)
    expected = expected.unflatten(2, (by_rows.shape[1], 3)).transpose(1, 2)
    torch.testing.assert_close(layers.AveragePooling2D(pool, strides, padding="same")(x), expected)


def test_negative_values_win_against_places_outside():
    assert layers.MaxPooling2D(2, 1, padding="same")(-torch.ones(1, 3, 3, 1)).max() == -1


def test_window_larger_than_the_map_is_refused():
    with pytest.raises(Invalid, match="height at least 5"):
        layers.MaxPooling2D(5).compute_output_shape((None, 3, 9, 1))


def test_wrong_rank_names_the_axes():
    with pytest.raises(Invalid, match=r"\(batch, time, channels\)"):
        layers.GlobalAveragePooling1D().compute_output_shape((None, 3))
