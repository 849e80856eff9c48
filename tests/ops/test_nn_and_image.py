"""What operations of neural networks and on images promise beyond Keras's numbers, and what they refuse."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from kerasviz import KerasTensor, activations, ops
from kerasviz.declare import Invalid
from kerasviz.tensors import SeedGenerator

T = torch.tensor
X = torch.linspace(-2, 2, 60).reshape(3, 4, 5)
IMAGES = torch.rand(2, 6, 5, 3, generator=torch.Generator().manual_seed(1))


def test_activations_and_ops_are_one_implementation() -> None:
    import inspect

    for name in ("silu", "celu", "sparsemax", "softmax", "threshold", "hard_swish"):
        assert inspect.unwrap(getattr(activations, name)) is inspect.unwrap(getattr(ops, name))


@pytest.mark.parametrize("name", ["celu", "elu", "gelu", "leaky_relu", "silu", "softmax", "sigmoid", "softplus"])
def test_whole_numbers_become_floats(name: str) -> None:
    assert getattr(ops, name)(T([1, 2, 3])).dtype == torch.float32


@pytest.mark.parametrize("name", ["relu", "relu6", "hard_tanh"])
def test_cutting_leaves_whole_numbers_whole(name: str) -> None:
    assert getattr(ops, name)(T([-3, 0, 9])).dtype == torch.int64


def test_sparsemax_sums_to_one() -> None:  # in Keras 3.15 on torch it does not, along the last axis
    torch.testing.assert_close(ops.sparsemax(X).sum(-1), torch.ones(3, 4))


def test_unsigned_numbers_are_squashed_as_floats() -> None:  # Keras on torch compares 255 with -1 as bytes
    x = T([0, 1, 200], dtype=torch.uint8)
    torch.testing.assert_close(ops.sparse_plus(x), ops.sparse_plus(x.float()))
    torch.testing.assert_close(ops.sparse_sigmoid(x), ops.sparse_sigmoid(x.float()))


def test_one_hot_of_no_class_is_zero() -> None:
    assert ops.one_hot(T([-1, 0, 3]), 3).tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize("axis", [1, (1, 2), [0, 2], 0])
def test_layers_are_normalized_over_any_axes(axis: Any) -> None:  # Keras on torch refuses all but the last
    y = ops.layer_normalization(X, axis=axis)
    torch.testing.assert_close(y.mean(axis), torch.zeros(y.mean(axis).shape), atol=1e-6, rtol=0)
    torch.testing.assert_close(y.var(axis, correction=0), torch.ones(y.mean(axis).shape), atol=1e-5, rtol=0)
    y = ops.rms_normalization(X, axis=axis)
    torch.testing.assert_close(y.square().mean(axis), torch.ones(y.mean(axis).shape), atol=1e-4, rtol=0)


def test_rms_scaling_does_not_centre() -> None:
    expected = X / torch.sqrt(X.var(-1, keepdim=True, correction=0) + 1e-7)
    torch.testing.assert_close(ops.layer_normalization(X, rms_scaling=True), expected)


def test_norm_over_several_axes_takes_them_together() -> None:
    torch.testing.assert_close(ops.normalize(X, (0, 2), 3).abs().pow(3).sum((0, 2)), torch.ones(4))


def test_moments_of_whole_numbers_are_floats() -> None:
    mean, variance = ops.moments(T([[1, 2], [3, 6]]), [0])
    assert (mean.tolist(), variance.tolist()) == ([2.0, 4.0], [1.0, 4.0])
    both = ops.moments(X, [0, 1], synchronized=True)  # without other processes: the same
    torch.testing.assert_close(both, ops.moments(X, [0, 1]))


def test_moments_of_bfloat16_are_those_of_its_float32() -> None:
    x = X.bfloat16()
    mean, variance = ops.moments(x, [0])
    torch.testing.assert_close(variance, x.float().var(0, correction=0).bfloat16())
    torch.testing.assert_close(mean, x.float().mean(0).bfloat16())


@pytest.mark.parametrize(("size", "stride"), [((3, 2), 1), (3, (1, 2)), (2, 1)], ids=str)
def test_mean_pooling_leaves_out_places_outside(size: Any, stride: Any) -> None:
    ones = ops.average_pool(torch.ones(1, 5, 6, 1), size, stride, "same")
    torch.testing.assert_close(ones, torch.ones_like(ones))


def test_convolution_with_both_formats_is_one() -> None:
    kernel = torch.rand(3, 2, 3, 4)
    last = ops.conv(IMAGES, kernel, 2, "same")
    torch.testing.assert_close(
        ops.conv(IMAGES.movedim(-1, 1), kernel, 2, "same", "channels_first"), last.movedim(-1, 1)
    )


def test_blocks_and_depth_are_inverse() -> None:
    x = torch.rand(2, 4, 6, 8)
    for way in ("channels_last", "channels_first"):
        torch.testing.assert_close(ops.depth_to_space(ops.space_to_depth(x, 2, way), 2, way), x)


def test_crossentropy_takes_targets_of_whole_numbers() -> None:
    probabilities = T([[0.2, 0.7], [0.9, 0.4]])
    torch.testing.assert_close(
        ops.binary_crossentropy(T([[0, 1], [1, 0]]), probabilities),
        -torch.log(T([[0.8, 0.7], [0.9, 0.6]])),
    )


def test_attention_takes_mask_and_bias_together() -> None:
    q, k, v = torch.rand(3, 2, 4, 3, 6).unbind()
    bias, mask = torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4) > 0.3
    scores = torch.einsum("btnh,bsnh->bnts", q, k) / math.sqrt(6) + bias
    shares = torch.softmax(scores.masked_fill(~mask, -1e30), -1)
    expected = torch.einsum("bnts,bsnh->btnh", shares, v)
    torch.testing.assert_close(ops.dot_product_attention(q, k, v, bias=bias, mask=mask), expected)


# CTC


def probability_of(labels: list[int], scores: torch.Tensor, blank: int = 0) -> float:
    """Summed over all ways, one by one."""
    import itertools

    shares = torch.softmax(scores, -1)
    total = 0.0
    for path in itertools.product(range(scores.shape[1]), repeat=scores.shape[0]):
        said = [c for i, c in enumerate(path) if c != blank and (i == 0 or path[i - 1] != c)]
        if said == labels:
            total += math.prod(float(shares[t, c]) for t, c in enumerate(path))
    return total


def test_ctc_loss_sums_over_all_ways() -> None:
    scores = torch.rand(1, 4, 3, generator=torch.Generator().manual_seed(3)) * 3
    loss = ops.ctc_loss(T([[1, 2]]), scores, T([2]), T([4]))
    assert math.isclose(math.exp(-float(loss)), probability_of([1, 2], scores[0]), rel_tol=1e-5)


def test_wide_beam_search_finds_the_most_probable_labels_and_their_probability() -> None:
    scores = torch.rand(1, 4, 3, generator=torch.Generator().manual_seed(4)) * 3
    labels, logarithms = ops.ctc_decode(scores, T([4]), "beam_search", beam_width=100, top_paths=5)
    found = [[int(n) for n in path if n >= 0] for path in labels[:, 0]]
    assert len({tuple(path) for path in found}) == 5
    for path, logarithm in zip(found, logarithms[0], strict=True):
        assert math.isclose(math.exp(float(logarithm)), probability_of(path, scores[0]), rel_tol=1e-4)
    assert (logarithms[0].diff() <= 0).all()


def test_nothing_is_said_in_no_time() -> None:  # Keras on torch looks at the first moment all the same
    labels, logarithms = ops.ctc_decode(torch.rand(2, 3, 4), T([0, 3]), "beam_search", beam_width=4)
    assert (labels[0, 0] == -1).all()
    assert logarithms[0, 0] == 0


def test_blank_may_be_counted_from_the_end() -> None:
    scores = torch.rand(2, 5, 4)
    for strategy in ("greedy", "beam_search"):
        ours = ops.ctc_decode(scores, T([5, 5]), strategy, mask_index=-1)
        torch.testing.assert_close(ours, ops.ctc_decode(scores, T([5, 5]), strategy, mask_index=3))


# images


def test_blur_is_a_bell_in_both_directions() -> None:  # Keras 3.15 on torch blurs along width only, and darkens
    dot = torch.zeros(7, 9, 1)
    dot[3, 4] = 1
    rows = torch.exp(-0.5 * (torch.arange(-1.0, 2) / 0.8) ** 2)
    columns = torch.exp(-0.5 * (torch.arange(-2.0, 3) / 1.3) ** 2)
    expected = torch.outer(rows / rows.sum(), columns / columns.sum())
    blurred = ops.image.gaussian_blur(dot, (3, 5), (0.8, 1.3))[..., 0]
    torch.testing.assert_close(blurred[2:5, 2:7], expected)
    torch.testing.assert_close(blurred.sum(), T(1.0))
    inside = ops.image.gaussian_blur(torch.ones(5, 5, 2), (3, 3))[1:-1, 1:-1]
    torch.testing.assert_close(inside, torch.ones(3, 3, 2))


def test_blur_takes_one_number_whole_numbers_and_channels_first() -> None:
    once = ops.image.gaussian_blur(IMAGES, (4, 4), (1.5, 1.5))
    torch.testing.assert_close(ops.image.gaussian_blur(IMAGES, 4, 1.5), once)  # type: ignore[arg-type]
    first = ops.image.gaussian_blur(IMAGES.movedim(-1, 1), 4, 1.5, "channels_first")  # type: ignore[arg-type]
    torch.testing.assert_close(first, once.movedim(-1, 1))
    whole = (IMAGES * 255).to(torch.uint8)
    found = ops.image.gaussian_blur(whole)
    torch.testing.assert_close(found, ops.image.gaussian_blur(whole.float()).round().to(torch.uint8))


def test_turning_images_of_whole_numbers_keeps_the_fractions_of_the_transform() -> None:  # Keras on torch drops them
    whole = (IMAGES[0] * 255).to(torch.int32)
    how = T([1.0, 0.2, -0.7, -0.1, 0.9, 0.4, 0, 0])
    torch.testing.assert_close(
        ops.image.affine_transform(whole, how), ops.image.affine_transform(whole.float(), how).round().int()
    )


def test_transform_is_left_alone_and_its_last_numbers_are_not_looked_at() -> None:
    how = T([1.0, 0.2, -0.7, -0.1, 0.9, 0.4, 0.1, 0.1])
    before = how.clone()
    found = ops.image.affine_transform(IMAGES, how)
    assert torch.equal(how, before)
    torch.testing.assert_close(
        found, ops.image.affine_transform(IMAGES, torch.stack([how, how]) * (torch.arange(8) < 6))
    )


def test_perspective_puts_points_on_points() -> None:
    image = torch.arange(25.0).reshape(5, 5, 1)
    corners = T([[0.0, 0], [4, 0], [4, 4], [0, 4]])
    turned = ops.image.perspective_transform(image, corners, corners.roll(1, 0))
    torch.testing.assert_close(turned, image.rot90(1))


@pytest.mark.parametrize("method", ["lanczos3", "lanczos5"])
@pytest.mark.parametrize("antialias", [True, False])
def test_lanczos_resizing_is_scaling(method: str, antialias: bool) -> None:  # Keras on torch has none
    scale = T([4 / 6, 9 / 5])
    expected = ops.image.scale_and_translate(IMAGES, (2, 4, 9, 3), scale, T([0.0, 0]), (1, 2), method, antialias)
    torch.testing.assert_close(ops.image.resize(IMAGES, (4, 9), method, antialias), expected)


def test_resized_whole_numbers_stay_in_their_range() -> None:  # Keras on torch lets bicubic ones wrap around
    image = T([[0, 127, 10], [7, 9, 100]], dtype=torch.int8)[..., None]
    exact = ops.image.resize(image.float(), (3, 5), "bicubic")
    torch.testing.assert_close(ops.image.resize(image, (3, 5), "bicubic").float(), exact.round().clamp(-128, 127))


def test_likeness_of_whole_numbers_is_a_float() -> None:
    whole = (IMAGES * 255).to(torch.uint8)
    found = ops.image.ssim(whole, whole, 255.0, 3)
    torch.testing.assert_close(found, torch.ones(2))


def test_elastic_bends_come_again_with_their_seed() -> None:
    bent = ops.image.elastic_transform(IMAGES, seed=5)
    assert torch.equal(bent, ops.image.elastic_transform(IMAGES, seed=5))
    assert not torch.equal(bent, ops.image.elastic_transform(IMAGES, seed=6))
    assert not torch.equal(ops.image.elastic_transform(IMAGES), ops.image.elastic_transform(IMAGES))
    source = SeedGenerator(3)
    assert not torch.equal(*(ops.image.elastic_transform(IMAGES, seed=source) for _ in range(2)))


def test_elastic_transform_bends_each_image_in_its_own_way_and_all_channels_alike() -> None:
    slope = torch.arange(30.0)[:, None, None].expand(2, 30, 30, 2)
    bent = ops.image.elastic_transform(slope, seed=1)
    torch.testing.assert_close(bent[..., 0], bent[..., 1])
    assert not torch.equal(bent[0], bent[1])


def test_symbols_of_elastic_transform_draw_nothing() -> None:
    state = torch.get_rng_state()
    ops.image.elastic_transform(KerasTensor((None, 5, 5, 1)))
    assert torch.equal(state, torch.get_rng_state())


def symbol(*shape: int | None, dtype: str = "float32") -> KerasTensor:
    return KerasTensor(shape, dtype)


UNKNOWN: dict[str, tuple[Callable[[], Any], list[tuple[int | None, ...]]]] = {  # where Keras cannot say, or is wrong
    "moments": (lambda: ops.moments(symbol(None, 3, 4), [0, 2]), [(3,), (3,)]),
    "greedy": (lambda: ops.ctc_decode(symbol(None, 6, 4), symbol(None)), [(1, None, 6), (None, 1)]),
    "beams": (
        lambda: ops.ctc_decode(symbol(None, None, 4), symbol(None), "beam_search", top_paths=2),
        [(2, None, None), (None, 2)],
    ),
    "adaptive": (lambda: ops.adaptive_average_pool(symbol(None, None, 6, 4), 2), [(None, 2, 2, 4)]),
    "crossentropy": (lambda: ops.categorical_crossentropy(symbol(None, 3, 4), symbol(None, 3, 4), axis=1), [(None, 4)]),
    "multi_hot": (lambda: ops.multi_hot(symbol(None, 5, dtype="int32"), 3), [(None, 3)]),
    "unfold": (lambda: ops.unfold(symbol(None, 4, None, 7), 2), [(None, 16, None)]),
    "cropping": (lambda: ops.image.crop_images(symbol(None, 9, None, 3), 1, 2, 3, 4), [(None, 5, None, 3)]),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_symbols_tell_shapes(name: str) -> None:
    call, shapes = UNKNOWN[name]
    found = call()
    assert [tuple(one.shape) for one in (found if isinstance(found, tuple) else (found,))] == shapes


WRONG: dict[str, Callable[[], Any]] = {
    "conv of a flat map": lambda: ops.conv(X[0], torch.ones(3, 5, 2)),
    "conv with a kernel of another rank": lambda: ops.conv(X, torch.ones(3, 3, 5, 2)),
    "conv with channels that do not fit": lambda: ops.conv(X, torch.ones(2, 3, 2)),
    "conv with a word of padding": lambda: ops.conv(X, torch.ones(2, 5, 2), padding="sme"),
    "conv with a stride too many": lambda: ops.conv(X, torch.ones(2, 5, 2), strides=(1, 2)),
    "conv with no stride": lambda: ops.conv(X, torch.ones(2, 5, 2), strides=0),
    "conv of a small map": lambda: ops.conv(X[:, :1], torch.ones(2, 5, 2)),
    "conv in a third format": lambda: ops.conv(X, torch.ones(2, 5, 2), data_format="last"),
    "pool of a flat map": lambda: ops.max_pool(X[0], 2),
    "pool of a small map": lambda: ops.average_pool(X, 9),
    "adaptive pool to nothing": lambda: ops.adaptive_max_pool(X, 0),
    "unfold of a volume": lambda: ops.unfold(X, 2),
    "depth that no block divides": lambda: ops.depth_to_space(IMAGES, 2),
    "space that no block divides": lambda: ops.space_to_depth(IMAGES, 4),
    "one_hot at an axis that is not there": lambda: ops.one_hot(T([1]), 3, axis=3),
    "one_hot, sparse": lambda: ops.one_hot(T([1]), 3, sparse=True),
    "multi_hot without classes": lambda: ops.multi_hot(T([1])),
    "multi_hot with another argument": lambda: ops.multi_hot(T([1]), 3, tokens=3),
    "norm of a fraction": lambda: ops.normalize(X, order=2.5),  # type: ignore[arg-type]
    "layer normalization with another argument": lambda: ops.layer_normalization(X, scaling=True),
    "normalization over an axis that is not there": lambda: ops.rms_normalization(X, axis=5),
    "batch normalization by means of another size": lambda: ops.batch_normalization(X, torch.ones(4), torch.ones(4), 2),
    "crossentropy of shapes that differ": lambda: ops.binary_crossentropy(X[:1], X),
    "labels that are no class": lambda: ops.sparse_categorical_crossentropy(T([0, 9]), torch.rand(2, 3)),
    "attention over three axes": lambda: ops.dot_product_attention(X, X, X),
    "attention with heads that do not fit": lambda: ops.dot_product_attention(
        IMAGES, IMAGES[:, :, :3], IMAGES[:, :, :3]
    ),
    "attention with a cap": lambda: ops.dot_product_attention(IMAGES, IMAGES, IMAGES, attn_logits_soft_cap=1.0),
    "ctc of a flat target": lambda: ops.ctc_loss(T([1]), X, T([1]), T([4])),
    "ctc by another strategy": lambda: ops.ctc_decode(X, T([4, 4, 4]), "greed"),
    "psnr of shapes that differ": lambda: ops.psnr(X, X[:1], 1.0),
    "an image without channels": lambda: ops.image.resize(X[0], (2, 2)),
    "a size of one number": lambda: ops.image.resize(IMAGES, 2),  # type: ignore[arg-type]
    "cropped and padded": lambda: ops.image.resize(IMAGES, (2, 2), crop_to_aspect_ratio=True, pad_to_aspect_ratio=True),
    "another way to resize": lambda: ops.image.resize(IMAGES, (2, 2), "bicubik"),
    "grey of two channels": lambda: ops.image.rgb_to_grayscale(IMAGES[..., :2]),
    "hue of whole numbers": lambda: ops.image.rgb_to_hsv(IMAGES.int()),
    "hue of two channels": lambda: ops.image.hsv_to_rgb(IMAGES[..., :2]),
    "cropping without a width": lambda: ops.image.crop_images(IMAGES, 1, target_height=2),
    "cropping with all three": lambda: ops.image.crop_images(IMAGES, 1, 1, 1, 1, 4),
    "cropping more than there is": lambda: ops.image.crop_images(IMAGES, 4, 0, 4, 0),
    "padding to a smaller height": lambda: ops.image.pad_images(IMAGES, 1, 1, target_height=3, target_width=9),
    "patches larger than the image": lambda: ops.image.extract_patches(IMAGES, 9),
    "patches of four sizes": lambda: ops.image.extract_patches(IMAGES, (1, 1, 1, 1)),
    "coordinates for another array": lambda: ops.image.map_coordinates(X, torch.ones(2, 4), 1),
    "coordinates by a cubic": lambda: ops.image.map_coordinates(X, torch.ones(3, 4), 3),
    "coordinates beyond a wall": lambda: ops.image.map_coordinates(X, torch.ones(3, 4), 1, "wall"),
    "a transform of seven numbers": lambda: ops.image.affine_transform(IMAGES, torch.ones(7)),
    "a transform too many": lambda: ops.image.affine_transform(IMAGES, torch.ones(3, 8)),
    "three points": lambda: ops.image.perspective_transform(IMAGES, torch.ones(3, 2), torch.ones(3, 2)),
    "bends of no width": lambda: ops.image.elastic_transform(IMAGES, sigma=0.0),
    "blur of no width": lambda: ops.image.gaussian_blur(IMAGES, sigma=(0.0, 1.0)),
    "edges of a single image": lambda: ops.image.sobel_edges(IMAGES[0]),
    "likeness of shapes that differ": lambda: ops.image.ssim(IMAGES, IMAGES[:, 1:], filter_size=3),
    "likeness of small images": lambda: ops.image.ssim(IMAGES, IMAGES),
    "scaling along an axis that is not there": lambda: ops.image.scale_and_translate(
        X, (3, 4, 5), T([1.0]), T([0.0]), (3,), "linear"
    ),
    "scaling by another method": lambda: ops.image.scale_and_translate(
        X, (3, 4, 5), T([1.0]), T([0.0]), (1,), "nearest"
    ),
    "two scales for an axis": lambda: ops.image.scale_and_translate(
        X, (3, 4, 5), T([1.0, 2]), T([0.0]), (1,), "linear"
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_says_what_does_not_fit(name: str) -> None:
    with pytest.raises(Invalid, match="expected"):
        WRONG[name]()
