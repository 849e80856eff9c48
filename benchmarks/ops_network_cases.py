"""Operations of networks and on images against torch's functions."""

import torch
from cases import IMAGES, SERIES, Case, alike, first, last, numbers, signed, sizes, table, together, truths, whole
from torch.nn import functional as F

from kerasviz import ops
from kerasviz.ops import image

VECTORS = sizes((16, 16), (512, 512))
PICTURES = sizes((2, 16, 16, 3), (8, 128, 128, 3))
BRIGHTNESS = torch.tensor([0.2989, 0.587, 0.114])

ACTIVATIONS = {
    "celu": F.celu,
    "elu": F.elu,
    "glu": F.glu,
    "hard_shrink": F.hardshrink,
    "hard_sigmoid": F.hardsigmoid,
    "hard_silu": F.hardswish,
    "hard_swish": F.hardswish,
    "hard_tanh": F.hardtanh,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "log_sigmoid": F.logsigmoid,
    "log_softmax": lambda x: F.log_softmax(x, dim=-1),
    "relu": F.relu,
    "relu6": F.relu6,
    "selu": F.selu,
    "sigmoid": torch.sigmoid,
    "silu": F.silu,
    "soft_shrink": F.softshrink,
    "softmax": lambda x: F.softmax(x, dim=-1),
    "softplus": F.softplus,
    "softsign": F.softsign,
    "sparse_plus": lambda x: torch.where(x <= -1, 0, torch.where(x < 1, (x + 1) ** 2 / 4, x)),
    "sparse_sigmoid": lambda x: torch.clamp((x + 1) * 0.5, 0, 1),
    "squareplus": lambda x: (x + torch.sqrt(x * x + 4)) / 2,
    "swish": F.silu,
    "tanh_shrink": F.tanhshrink,
}
POOLS = {
    "adaptive_average_pool": (
        lambda x: ops.adaptive_average_pool(x, 4),
        lambda x: last(F.adaptive_avg_pool2d(first(x), 4)),
    ),
    "adaptive_max_pool": (
        lambda x: ops.adaptive_max_pool(x, 4),
        lambda x: last(F.adaptive_max_pool2d(first(x), 4)),
    ),
    "average_pool": (lambda x: ops.average_pool(x, 2), lambda x: last(F.avg_pool2d(first(x), 2))),
    "max_pool": (lambda x: ops.max_pool(x, 2), lambda x: last(F.max_pool2d(first(x), 2))),
    "max_pool same": (
        lambda x: ops.max_pool(x, 3, 1, padding="same"),
        lambda x: last(F.max_pool2d(first(x), 3, 1, 1)),
    ),
    "unfold": (lambda x: ops.unfold(first(x), 3), lambda x: F.unfold(first(x), 3)),
    "space_to_depth": (
        lambda x: ops.space_to_depth(x, 2),
        lambda x: x.unflatten(1, (-1, 2)).unflatten(3, (-1, 2)).permute(0, 1, 3, 2, 4, 5).flatten(3),
    ),
    "depth_to_space": (
        lambda x: ops.depth_to_space(x, 2, "channels_first"),
        lambda x: F.pixel_shuffle(x, 2),
    ),
}
MOMENTS = {
    "layer_normalization": (
        lambda x, g, b: ops.layer_normalization(x, g, b, epsilon=1e-5),
        lambda x, g, b: F.layer_norm(x, x.shape[-1:], g, b),
    ),
    "rms_normalization": (
        lambda x, g, b: ops.rms_normalization(x, g, epsilon=1e-5),
        lambda x, g, b: F.rms_norm(x, x.shape[-1:], g, 1e-5),
    ),
    "batch_normalization": (
        lambda x, m, v: ops.batch_normalization(x, m, v, -1, epsilon=1e-5),
        lambda x, m, v: F.batch_norm(x.transpose(1, 2), m.detach(), v.detach()).transpose(1, 2),
    ),
}
OF_TENSORS = {
    "moments": (
        lambda x: ops.moments(x, axes=(0,)),
        lambda x: torch.var_mean(x, dim=0, correction=0)[::-1],
    ),
    "normalize": (ops.normalize, lambda x: F.normalize(x, dim=-1)),
}
CROSSENTROPIES = {
    "binary_crossentropy": (ops.binary_crossentropy, lambda t, p: F.binary_cross_entropy(p, t, reduction="none")),
    "binary_crossentropy of logits": (
        lambda t, p: ops.binary_crossentropy(t, p, from_logits=True),
        lambda t, p: F.binary_cross_entropy_with_logits(p, t, reduction="none"),
    ),
    "categorical_crossentropy of logits": (
        lambda t, p: ops.categorical_crossentropy(t, p, from_logits=True),
        lambda t, p: F.cross_entropy(p, t, reduction="none"),
    ),
    "psnr": (
        lambda x, y: ops.psnr(x, y, 1.0),
        lambda x, y: -10 * torch.log10(F.mse_loss(x, y)),
    ),
    "polar": (ops.polar, torch.polar),
}
CLASSES = {
    "sparse_categorical_crossentropy of logits": (
        lambda t, p: ops.sparse_categorical_crossentropy(t, p, from_logits=True),
        lambda t, p: F.cross_entropy(p, t, reduction="none"),
    )
}
THRESHOLD = {"threshold": (lambda x: ops.threshold(x, 0.5, 0.0), lambda x: F.threshold(x, 0.5, 0.0))}
FOLD = {"fold": (lambda x: ops.fold(x, 16, 4, stride=4), lambda x: F.fold(x, 16, 4, stride=4))}
HOT = {
    "one_hot": (lambda x: ops.one_hot(x, 100), lambda x: F.one_hot(x, 100).float()),
    "multi_hot": (lambda x: ops.multi_hot(x, 100), lambda x: F.one_hot(x, 100).amax(dim=1).float()),
}
ATTENTION = {
    "dot_product_attention": (
        lambda q, k, v: ops.dot_product_attention(q, k, v),
        lambda q, k, v: attended(q, k, v, is_causal=False),
    ),
    "dot_product_attention, causal": (
        lambda q, k, v: ops.dot_product_attention(q, k, v, is_causal=True),
        lambda q, k, v: attended(q, k, v, is_causal=True),
    ),
}


def attended(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, is_causal: bool) -> torch.Tensor:
    """torch's attention with heads after time."""
    q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
    return F.scaled_dot_product_attention(q, k, v, is_causal=is_causal).transpose(1, 2)


def convolved(x: torch.Tensor, kernel: torch.Tensor, padding: int = 0) -> torch.Tensor:
    """torch's convolution on channels last."""
    return last(F.conv2d(first(x), kernel.permute(3, 2, 0, 1), padding=padding))


CONVOLUTIONS = {
    "conv": (lambda x, k: ops.conv(x, k), convolved),
    "conv same": (
        lambda x, k: ops.conv(x, k, padding="same"),
        lambda x, k: convolved(x, k, 1),
    ),
    "conv strided": (
        lambda x, k: ops.conv(x, k, strides=2),
        lambda x, k: last(F.conv2d(first(x), k.permute(3, 2, 0, 1), stride=2)),
    ),
    "conv_transpose": (
        lambda x, k: ops.conv_transpose(x, k, strides=2),
        lambda x, k: last(F.conv_transpose2d(first(x), k.permute(3, 2, 0, 1), stride=2)),
    ),
}
APART = {
    "depthwise_conv": (
        ops.depthwise_conv,
        lambda x, k, p: last(F.conv2d(first(x), k.permute(2, 3, 0, 1), groups=x.shape[-1])),
    ),
    "separable_conv": (
        ops.separable_conv,
        lambda x, k, p: convolved(last(F.conv2d(first(x), k.permute(2, 3, 0, 1), groups=x.shape[-1])), p),
    ),
}
APART["depthwise_conv"] = (lambda x, k, p: ops.depthwise_conv(x, k), APART["depthwise_conv"][1])


def network_cases() -> list[Case]:
    """Activations, windows on maps, normalizations, crossentropies, attention."""
    kernels = together(IMAGES, sizes((3, 3, 16, 16), (3, 3, 64, 64)))
    apart = together(IMAGES, sizes((3, 3, 16, 1), (3, 3, 64, 1)), sizes((1, 1, 16, 16), (1, 1, 64, 64)))
    heads = sizes((2, 10, 4, 8), (8, 128, 4, 32), 3)
    return [
        *alike("ops", ops, ACTIVATIONS, VECTORS, signed),
        *table(
            "ops", {"threshold": (lambda x: ops.threshold(x, 0.5, 0.0), lambda x: F.threshold(x, 0.5, 0.0))}, VECTORS
        ),
        *table("ops", POOLS, IMAGES),
        *table("ops", CONVOLUTIONS, kernels, same=False),
        *table("ops", APART, apart, same=False),
        *table("ops", MOMENTS, together(SERIES, sizes((16,), (64,), 2))),
        *table("ops", OF_TENSORS, VECTORS),
        *table("ops", CROSSENTROPIES, sizes((16, 16), (512, 512), 2)),
        *table("ops", CLASSES, together(sizes((16,), (512,)), VECTORS), whole(16), signed),
        *table("ops", HOT, sizes((4, 10), (64, 200)), whole(100)),
        *table("ops", ATTENTION, heads),
        *table(
            "ops",
            {
                "dot_product_attention, masked": (
                    lambda q, k, v, m: ops.dot_product_attention(q, k, v, mask=m),
                    lambda q, k, v, m: F.scaled_dot_product_attention(
                        q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), m
                    ).transpose(1, 2),
                )
            },
            together(heads, sizes((10, 10), (128, 128))),
            numbers,
            numbers,
            numbers,
            truths,
        ),
        *table(
            "ops",
            {
                "ctc_loss": (
                    lambda t, x: ops.ctc_loss(t, x, lengths(t), lengths(x)),
                    lambda t, x: F.ctc_loss(
                        F.log_softmax(x, -1).transpose(0, 1), t, lengths(x), lengths(t), reduction="none"
                    ),
                )
            },
            together(sizes((4, 5), (32, 20)), sizes((4, 16, 12), (32, 100, 30))),
            whole(12, 1),
            signed,
        ),
        *table(
            "ops",
            {"fold": (lambda x: ops.fold(x, 16, 4, stride=4), lambda x: F.fold(x, 16, 4, stride=4))},
            sizes((2, 48, 16), (64, 1024, 16)),
        ),
    ]


def lengths(x: torch.Tensor) -> torch.Tensor:
    """The whole second axis of every sample."""
    return torch.full((x.shape[0],), x.shape[1])


def resized(x: torch.Tensor, mode: str, **how: bool) -> torch.Tensor:
    """torch's resizing on channels last."""
    return last(F.interpolate(first(x), (50, 60), mode=mode, **how))


ON_IMAGES = {
    "resize": (lambda x: image.resize(x, (50, 60)), lambda x: resized(x, "bilinear", align_corners=False)),
    "resize nearest": (
        lambda x: image.resize(x, (50, 60), interpolation="nearest"),
        lambda x: resized(x, "nearest-exact"),
    ),
    "resize bicubic": (
        lambda x: image.resize(x, (50, 60), interpolation="bicubic"),
        lambda x: resized(x, "bicubic", align_corners=False),
    ),
    "resize antialias": (
        lambda x: image.resize(x, (50, 60), antialias=True),
        lambda x: resized(x, "bilinear", align_corners=False, antialias=True),
    ),
    "rgb_to_grayscale": (image.rgb_to_grayscale, lambda x: (x * BRIGHTNESS).sum(-1, keepdim=True)),
    "crop_images": (
        lambda x: image.crop_images(x, 2, 2, target_height=8, target_width=8),
        lambda x: x[:, 2:10, 2:10],
    ),
    "pad_images": (
        lambda x: image.pad_images(x, 2, 2, 2, 2),
        lambda x: F.pad(x, (0, 0, 2, 2, 2, 2)),
    ),
    "extract_patches": (
        lambda x: image.extract_patches(x, 4),
        lambda x: x.unflatten(1, (-1, 4)).unflatten(3, (-1, 4)).permute(0, 1, 3, 2, 4, 5).flatten(3),
    ),
    "sobel_edges": (image.sobel_edges, lambda x: edged(x)),
}
SOBEL = torch.tensor([[-1.0, -2, -1], [0, 0, 0], [1, 2, 1]])


def edged(x: torch.Tensor) -> torch.Tensor:
    """Sobel's two kernels on each channel."""
    kernels = torch.stack([SOBEL, SOBEL.t()]).unsqueeze(1).repeat(x.shape[-1], 1, 1, 1)
    found = F.conv2d(first(x), kernels, padding=1, groups=x.shape[-1])
    return found.unflatten(1, (-1, 2)).permute(0, 3, 4, 1, 2)


def image_cases() -> list[Case]:
    """Operations on images."""
    return table("ops", {f"image.{name}": call for name, call in ON_IMAGES.items()}, PICTURES)
