"""Operations of neural networks and on images where there are no numbers yet, and in compiled functions."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from kerasviz import ops
from kerasviz.ops import (
    attending,
    colors,
    convolving,
    crossentropies,
    ctc,
    encoding,
    filtering,
    folding,
    framing,
    noise,
    normalizing,
    patching,
    polar_form,
    pooling,
    resampling,
    sampling,
    squashing,
    warping,
)

NN = (attending, convolving, crossentropies, ctc, encoding, folding, noise, normalizing, polar_form, pooling, squashing)
IMAGE = (colors, filtering, framing, patching, resampling, sampling, warping)
X = torch.linspace(-1, 1, 24).reshape(2, 3, 4)
MAP = torch.linspace(0, 1, 2 * 6 * 5 * 3).reshape(2, 6, 5, 3)
LABELS = torch.tensor([[1, 2, 0], [3, 1, 2]])
SIZES = torch.tensor([3, 2])
CORNERS = torch.tensor([[0.0, 0], [0, 4], [3, 0], [3, 4]])
SPECIAL: dict[str, tuple[Callable[..., Any], tuple[torch.Tensor, ...]]] = {
    "threshold": (lambda x: ops.threshold(x, 0.2, 1.0), (X,)),
    "dot_product_attention": (ops.dot_product_attention, (MAP, MAP, MAP)),
    "conv": (lambda x, k: ops.conv(x, k, 2, "same"), (MAP, torch.ones(3, 2, 3, 4))),
    "depthwise_conv": (lambda x, k: ops.depthwise_conv(x, k, 1, "same"), (MAP, torch.ones(3, 2, 3, 2))),
    "separable_conv": (ops.separable_conv, (MAP, torch.ones(3, 2, 3, 2), torch.ones(1, 1, 6, 4))),
    "conv_transpose": (lambda x, k: ops.conv_transpose(x, k, 3, "same"), (MAP, torch.ones(2, 2, 4, 3))),
    "binary_crossentropy": (ops.binary_crossentropy, (X.abs(), X.abs())),
    "categorical_crossentropy": (ops.categorical_crossentropy, (X.abs(), X.abs())),
    "sparse_categorical_crossentropy": (lambda y, x: ops.sparse_categorical_crossentropy(y, x, True), (LABELS, X)),
    "ctc_loss": (lambda y, x, n, t: ops.ctc_loss(y, x, n, t), (LABELS, MAP[:, :, :4].mean(-1), SIZES - 1, SIZES + 3)),
    "ctc_decode": (lambda x, n: ops.ctc_decode(x, n, "beam_search", 4, 2), (X, SIZES)),
    "one_hot": (lambda x: ops.one_hot(x, 4), (LABELS,)),
    "multi_hot": (lambda x: ops.multi_hot(x, 4), (LABELS,)),
    "unfold": (lambda x: ops.unfold(x, 2), (MAP,)),
    "fold": (lambda x: ops.fold(x, 4, 2), (torch.ones(1, 4, 9),)),
    "depth_to_space": (lambda x: ops.depth_to_space(x[..., :1].repeat(1, 1, 1, 4), 2), (MAP,)),
    "space_to_depth": (lambda x: ops.space_to_depth(x, 2), (MAP[:, :, :4],)),
    "psnr": (lambda x, y: ops.psnr(x, y, 1.0), (X, X + 1)),
    "batch_normalization": (lambda x, m: ops.batch_normalization(x, m, m.abs(), -1, m, m), (X, X[0, 0])),
    "layer_normalization": (ops.layer_normalization, (X, X[0, 0], X[0, 0])),
    "moments": (lambda x: ops.moments(x, [0]), (X,)),
    "polar": (ops.polar, (X, X)),
    "max_pool": (lambda x: ops.max_pool(x, 3, 1, "same"), (MAP,)),
    "average_pool": (lambda x: ops.average_pool(x, (3, 2), 1, "same"), (MAP,)),
    "adaptive_average_pool": (lambda x: ops.adaptive_average_pool(x, 2), (MAP,)),
    "adaptive_max_pool": (lambda x: ops.adaptive_max_pool(x, 2), (MAP,)),
    "ssim": (lambda x, y: ops.image.ssim(x, y, filter_size=3), (MAP, MAP.flip(0))),
    "crop_images": (lambda x: ops.image.crop_images(x, 1, 1, target_height=2, target_width=3), (MAP,)),
    "pad_images": (lambda x: ops.image.pad_images(x, 1, 1, 0, 2), (MAP,)),
    "extract_patches": (lambda x: ops.image.extract_patches(x, 2, 1, padding="same"), (MAP,)),
    "extract_patches_3d": (lambda x: ops.image.extract_patches_3d(x[None], 2), (MAP,)),
    "resize": (lambda x: ops.image.resize(x, (3, 7), "bicubic", antialias=True), (MAP,)),
    "scale_and_translate": (
        lambda x, s: ops.image.scale_and_translate(x, (2, 3, 7, 3), s, s, (1, 2), "lanczos3"),
        (MAP, torch.tensor([0.5, 1.4])),
    ),
    "map_coordinates": (lambda x, p: ops.image.map_coordinates(x, p, 1, "reflect"), (X[0], torch.rand(2, 5) * 4)),
    "affine_transform": (ops.image.affine_transform, (MAP, torch.tensor([1, 0.2, 0.1, 0, 1, 0.3, 0, 0]))),
    "perspective_transform": (ops.image.perspective_transform, (MAP, CORNERS, CORNERS + 0.2)),
    "elastic_transform": (lambda x: ops.image.elastic_transform(x, alpha=0.0), (MAP,)),
}
OWN = {name: (ops, X) for module in NN for name in module.__all__}
OWN |= {name: (ops.image, MAP) for module in IMAGE for name in module.__all__}
NOWHERE_ELSE = {"ctc_loss"}  # torch's kernel reads the lengths


def call(name: str) -> tuple[Callable[..., Any], tuple[torch.Tensor, ...]]:
    home, x = OWN[name]
    return SPECIAL.get(name) or (getattr(home, name), (x,))


def flat(value: Any) -> list[torch.Tensor]:
    return list(value) if isinstance(value, tuple) else [value]


@pytest.mark.parametrize("name", sorted(set(OWN) - NOWHERE_ELSE))
def test_runs_on_the_meta_device(name: str) -> None:
    function, given = call(name)
    answers, planned = flat(function(*given)), flat(function(*(x.to("meta") for x in given)))
    for answer, plan in zip(answers, planned, strict=True):
        assert (plan.shape, plan.dtype, plan.device.type) == (answer.shape, answer.dtype, "meta")


@pytest.mark.parametrize("name", sorted(set(OWN) - NOWHERE_ELSE))
def test_compiles_to_one_graph(name: str) -> None:
    torch.compiler.reset()
    function, given = call(name)
    compiled = torch.compile(function, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(*given), function(*given))
