import pytest
import torch

from kerasviz import layers
from kerasviz.declare import Invalid


@pytest.mark.parametrize(
    ("layer", "shape", "order"),
    [
        (layers.Conv1D(4, 3), (None, 9, 5), (2, 1, 0)),
        (layers.Conv2D(4, 3), (None, 9, 9, 5), (3, 2, 0, 1)),
        (layers.Conv3D(4, 3), (None, 9, 9, 9, 5), (4, 3, 0, 1, 2)),
        (layers.Conv2DTranspose(4, 3), (None, 9, 9, 5), (3, 2, 0, 1)),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_kernels_lie_in_memory_as_torch_reads_them(layer, shape, order):
    layer.build(shape)
    view = layer.kernel.permute(order)
    memory = {4: torch.channels_last, 5: torch.channels_last_3d}.get(view.ndim, torch.contiguous_format)
    assert view.is_contiguous(memory_format=memory)


def test_outputs_of_images_are_contiguous_in_memory_order_height_width_channels():
    layer = layers.Conv2D(4, 3, padding="same")
    assert layer(torch.rand(2, 9, 9, 3)).is_contiguous()


def test_gradient_has_the_memory_order_of_its_kernel():
    layer = layers.Conv2D(4, 3)
    layer(torch.rand(2, 9, 9, 3)).sum().backward()
    assert layer.kernel.grad.stride() == layer.kernel.stride()


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_kernel_larger_than_the_map_is_refused_before_any_weight_is_made(rank):
    layer = getattr(layers, f"Conv{rank}D")(4, 5, name="c")
    with pytest.raises(Invalid, match=r'"c": expected .* at least 5, .*same'):
        layer.compute_output_shape((None, *(4,) * rank, 3))


def test_wrong_rank_names_the_axes():
    with pytest.raises(Invalid, match=r"inputs \(batch, height, width, channels\), got \(None, 28, 28\)"):
        layers.Conv2D(4, 3).build((None, 28, 28))


def test_unknown_channels_are_refused():
    with pytest.raises(Invalid, match="a known number of channels"):
        layers.Conv2D(4, 3).build((None, 28, 28, None))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": 0}, "filters=...): expected a whole number at least 1"),
        ({"groups": 3}, "a divisor of filters=4"),
        ({"padding": "sme"}, "Did you mean 'same'"),
        ({"kernel_size": (3, 3, 3)}, "2 of them"),
        ({"strides": 2, "dilation_rate": 2}, "Set one of the two to 1"),
        ({"data_format": "channels_middle"}, "channels_last"),
    ],
)
def test_bad_arguments_say_what_fits(arguments, message):
    with pytest.raises(Invalid) as caught:
        layers.Conv2D(**({"filters": 4, "kernel_size": 3} | arguments))
    assert message in str(caught.value)


def test_channels_that_groups_do_not_divide_are_refused():
    with pytest.raises(Invalid, match="channels that groups=2 divides"):
        layers.Conv2D(4, 3, groups=2).compute_output_shape((None, 9, 9, 3))


def test_unknown_sizes_stay_unknown():
    assert layers.Conv2D(4, 3, padding="same").compute_output_shape((None, None, 9, 3)) == (None, None, 9, 4)
    assert layers.Conv2DTranspose(4, 3, 2).compute_output_shape((None, None, 9, 3)) == (None, None, 19, 4)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("extra", [None, 0, 1])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
def test_transposed_output_is_as_large_as_promised(padding, extra, kernel):
    layer = layers.Conv2DTranspose(2, kernel, strides=2, padding=padding, output_padding=extra)
    assert tuple(layer(torch.rand(1, 4, 5, 3)).shape) == layer.compute_output_shape((1, 4, 5, 3))


def test_output_padding_below_the_stride():
    with pytest.raises(Invalid, match="numbers below strides"):
        layers.Conv2DTranspose(2, 3, strides=2, output_padding=2)


@pytest.mark.parametrize("size", [60, 61])
def test_a_kernel_of_one_place_with_strides_leaves_the_places_between_without_gradient(size):
    layer = layers.Conv2D(5, 1, strides=2, use_bias=False)
    x = torch.ones(2, size, size, 3, requires_grad=True)
    layer(x).sum().backward()
    expected = torch.zeros(2, size, size, 3)
    expected[:, ::2, ::2] = layer.kernel.detach().sum(dim=-1)[0, 0]
    torch.testing.assert_close(x.grad, expected)
