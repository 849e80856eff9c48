"""One model for each operation that a file can hold: how it is called, on what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Given = tuple[tuple[int, ...], str, float, float]
X: Given = ((3, 4), "float32", -2, 2)
POSITIVE: Given = ((3, 4), "float32", 0.2, 0.9)
ABOVE_ONE: Given = ((3, 4), "float32", 1.1, 3)
WHOLE: Given = ((3, 4), "int32", 1, 9)
IDS: Given = ((3,), "int32", 0, 2)
FLAGS: Given = ((3, 4), "bool", -1, 1)
CUBE: Given = ((3, 4, 2), "float32", -2, 2)
SQUARE: Given = ((3, 3, 3), "float32", 0, 1)
IMAGES: Given = ((3, 8, 8, 3), "float32", 0, 1)
SIGNAL: Given = ((3, 24), "float32", -1, 1)


def words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


ONE = words(
    """
    abs absolute angle arcsinh arctan argmax argmin argsort average cbrt ceil conj conjugate copy cos cosh deg2rad
    diff elu erf erfc exp exp2 expm1 fabs flip fliplr flipud floor gelu hard_shrink hard_sigmoid hard_silu hard_tanh
    i0 imag isfinite isinf isnan isneginf isposinf isreal leaky_relu log_sigmoid log_softmax logical_not logsumexp
    max mean median min nan_to_num nanmax nanmean nanmedian nanmin nanprod nanstd nansum nanvar nancumsum nancumprod
    nanargmax nanargmin negative normalize ones_like prod ptp rad2deg ravel real relu relu6 selu sigmoid sign
    signbit silu sin sinc sinh soft_shrink softmax softplus softsign sort sparse_plus sparse_sigmoid sparsemax
    square squareplus squeeze std stop_gradient sum tan tanh tanh_shrink transpose tril triu trunc var zeros_like
    any all amax amin convert_to_tensor count_nonzero celu corrcoef cumprod cumsum hard_swish swish norm
    """
)
OF_POSITIVE = words(
    """
    arccos arcsin arctanh erfinv log log10 log1p log2 reciprocal rsqrt sqrt
    """
)
TWO = words(
    """
    add arctan2 divide divide_no_nan equal floor_divide fmax fmin fmod greater greater_equal heaviside hypot inner
    less less_equal logaddexp logaddexp2 logical_and logical_or logical_xor maximum minimum mod multiply nextafter
    not_equal subtract true_divide isclose cdist outer vdot allclose
    """
)
OF_TWO_WHOLE = words(
    """
    bitwise_and bitwise_or bitwise_xor left_shift right_shift bitwise_left_shift bitwise_right_shift gcd lcm
    """
)
OF_MATRICES = words(
    """
    cholesky_inverse det eigh inv lu_factor pinv qr svd slogdet matrix_rank
    """
)


def by_name(name: str) -> Callable[..., Any]:
    return lambda ops, *inputs: getattr(ops, name)(*inputs)


Case = tuple[Callable[..., Any], tuple[Given, ...]]
ELEMENTWISE: dict[str, Case] = {
    **{name: (by_name(name), (X,)) for name in ONE},
    **{name: (by_name(name), (POSITIVE,)) for name in OF_POSITIVE},
    **{name: (by_name(name), (X, X)) for name in TWO},
    **{name: (by_name(name), (WHOLE, WHOLE)) for name in OF_TWO_WHOLE},
    **{name: (by_name(name), (SQUARE,)) for name in OF_MATRICES},
    "arccosh": (by_name("arccosh"), (ABOVE_ONE,)),
    "power": (by_name("power"), (POSITIVE, X)),
    "bitwise_not": (by_name("bitwise_not"), (WHOLE,)),
    "bitwise_invert": (by_name("bitwise_invert"), (WHOLE,)),
    "ldexp": (by_name("ldexp"), (X, WHOLE)),
}
WITH_SETTINGS: dict[str, Case] = {
    "add a number": (lambda ops, x: ops.add(x, 3.5), (X,)),
    "subtract from a number": (lambda ops, x: 1 - x, (X,)),
    "operators": (lambda ops, x, y: (x + y) * 2 / (abs(y) + 1) - (-x) ** 2, (X, X)),
    "isclose limits": (lambda ops, a, b: ops.isclose(a, b, rtol=0.3, atol=0.5, equal_nan=True), (X, X)),
    "allclose limits": (lambda ops, a, b: ops.allclose(a, b, rtol=0.3, atol=5), (X, X)),
    "argmax axis": (lambda ops, x: ops.argmax(x, axis=1, keepdims=True), (X,)),
    "argpartition": (lambda ops, x: ops.argpartition(x, 1, axis=-1), (X,)),
    "array_split": (lambda ops, x: ops.array_split(x, 3, axis=1), (X,)),
    "append": (lambda ops, a, b: ops.append(a, b, axis=1), (X, X)),
    "average weights": (lambda ops, x, w: ops.average(x, axis=1, weights=w), (X, POSITIVE)),
    "bincount": (lambda ops, x: ops.bincount(x, minlength=10), (WHOLE,)),
    "broadcast_to": (lambda ops, x: ops.broadcast_to(x, (2, 3, 4)), (X,)),
    "cast": (lambda ops, x: ops.cast(x, "int32"), (X,)),
    "clip": (lambda ops, x: ops.clip(x, -0.5, 1.0), (X,)),
    "concatenate": (lambda ops, a, b: ops.concatenate([a, b], axis=-1), (X, X)),
    "correlate": (lambda ops, a, b: ops.correlate(a[0], b[0], mode="full"), (X, X)),
    "cross": (lambda ops, a, b: ops.cross(a, b), (((3, 3), "float32", -1, 1),) * 2),
    "cumsum axis": (lambda ops, x: ops.cumsum(x, axis=1), (X,)),
    "diag": (lambda ops, x: ops.diag(x, k=1), (X,)),
    "diagflat": (lambda ops, x: ops.diagflat(x, k=-1), (X,)),
    "diagonal": (lambda ops, x: ops.diagonal(x, offset=1, axis1=1, axis2=2), (CUBE,)),
    "diff twice": (lambda ops, x: ops.diff(x, n=2, axis=1), (X,)),
    "digitize": (lambda ops, x: ops.digitize(x, np.array([-1.0, 0.0, 1.0], "float32")), (X,)),
    "dot": (lambda ops, a, b: ops.dot(a, ops.transpose(b)), (X, X)),
    "dsplit": (lambda ops, x: ops.dsplit(x, 2), (CUBE,)),
    "dstack": (lambda ops, a, b: ops.dstack([a, b]), (X, X)),
    "einsum": (lambda ops, a, b: ops.einsum("ij,kj->ik", a, b), (X, X)),
    "expand_dims": (lambda ops, x: ops.expand_dims(x, axis=1), (X,)),
    "extract_sequences": (lambda ops, x: ops.extract_sequences(x, 4, 2), (SIGNAL,)),
    "fft": (lambda ops, a, b: ops.fft((a, b)), (X, X)),
    "fft2": (lambda ops, a, b: ops.fft2((a, b)), (CUBE, CUBE)),
    "ifft2": (lambda ops, a, b: ops.ifft2((a, b)), (CUBE, CUBE)),
    "flip axis": (lambda ops, x: ops.flip(x, axis=1), (X,)),
    "full_like": (lambda ops, x: ops.full_like(x, 7.5), (X,)),
    "get_item": (lambda ops, x: x[:, 1:3], (X,)),
    "get_item one": (lambda ops, x: x[:, None, 2], (X,)),
    "get_item dots": (lambda ops, x: x[..., ::2], (CUBE,)),
    "histogram": (lambda ops, x: ops.histogram(x[0], bins=4, range=(-2, 2)), (X,)),
    "hsplit": (lambda ops, x: ops.hsplit(x, 2), (X,)),
    "hstack": (lambda ops, a, b: ops.hstack([a, b]), (X, X)),
    "isin": (lambda ops, x: ops.isin(x, [1, 3, 5], invert=True), (WHOLE,)),
    "in_top_k": (lambda ops, t, x: ops.in_top_k(t, x, 2), (IDS, X)),
    "irfft": (lambda ops, a, b: ops.irfft((a, b), fft_length=7), (X, X)),
    "istft": (lambda ops, a, b: ops.istft((a, b), 6, 2, 6, length=8), (((2, 5, 4), "float32", -1, 1),) * 2),
    "kron": (lambda ops, a, b: ops.kron(a, b), (X, X)),
    "leaky_relu slope": (lambda ops, x: ops.leaky_relu(x, negative_slope=0.4), (X,)),
    "linspace": (lambda ops, a, b: ops.linspace(a, b, num=3, axis=1), (X, X)),
    "logspace": (lambda ops, a, b: ops.logspace(a, b, num=3, base=2), (X, X)),
    "geomspace": (lambda ops, a, b: ops.geomspace(a, b, num=3), (POSITIVE, POSITIVE)),
    "logdet": (lambda ops, x: ops.logdet(ops.matmul(x, ops.transpose(x, (0, 2, 1)))), (SQUARE,)),
    "logsumexp axis": (lambda ops, x: ops.logsumexp(x, axis=1, keepdims=True), (X,)),
    "lstsq": (lambda ops, a, b: ops.lstsq(a, b), (((4, 3), "float32", -1, 1), ((4, 2), "float32", -1, 1))),
    "matmul": (lambda ops, a, b: ops.matmul(a, ops.transpose(b)), (X, X)),
    "max axis": (lambda ops, x: ops.max(x, axis=(0, 1), keepdims=True, initial=0.5), (X,)),
    "amax axis": (lambda ops, x: ops.amax(x, axis=1, keepdims=True), (X,)),
    "meshgrid": (lambda ops, a, b: ops.meshgrid(a, b, indexing="ij"), (IDS, IDS)),
    "moveaxis": (lambda ops, x: ops.moveaxis(x, 1, -1), (CUBE,)),
    "multi_hot": (lambda ops, x: ops.multi_hot(x, 10), (WHOLE,)),
    "nan_to_num numbers": (lambda ops, x: ops.nan_to_num(x, nan=1.0, posinf=2.0, neginf=-2.0), (X,)),
    "norm rows": (lambda ops, x: ops.norm(x, ord=1, axis=1, keepdims=True), (X,)),
    "normalize order": (lambda ops, x: ops.normalize(x, axis=1, order=3), (X,)),
    "one_hot": (lambda ops, x: ops.one_hot(x, 10, axis=1, dtype="int32"), (WHOLE,)),
    "pad": (lambda ops, x: ops.pad(x, ((0, 0), (1, 2)), constant_values=3), (X,)),
    "pad reflect": (lambda ops, x: ops.pad(x, ((0, 0), (1, 2)), mode="reflect"), (X,)),
    "quantile": (lambda ops, x: ops.quantile(x, 0.3, axis=1, keepdims=True), (X,)),
    "percentile": (lambda ops, x: ops.percentile(x, 30.0, axis=1, keepdims=True), (X,)),
    "nanquantile": (lambda ops, x: ops.nanquantile(x, 0.3, axis=1), (X,)),
    "nanpercentile": (lambda ops, x: ops.nanpercentile(x, 30.0, axis=1), (X,)),
    "polar": (lambda ops, a, b: ops.polar(a, b), (POSITIVE, X)),
    "rearrange": (lambda ops, x: ops.rearrange(x[0], "(h w) c -> c w h", h=2), (CUBE,)),
    "repeat": (lambda ops, x: ops.repeat(x, 2, axis=1), (X,)),
    "reshape": (lambda ops, x: ops.reshape(x, (-1, 2, 2)), (X,)),
    "rfft": (lambda ops, x: ops.rfft(x, fft_length=6), (X,)),
    "roll": (lambda ops, x: ops.roll(x, 2, axis=1), (X,)),
    "rot90": (lambda ops, x: ops.rot90(x, k=3, axes=(1, 2)), (CUBE,)),
    "round": (lambda ops, x: ops.round(x, decimals=1), (X,)),
    "saturate_cast": (lambda ops, x: ops.saturate_cast(x, "uint8"), (X,)),
    "scatter": (lambda ops, i, x: ops.scatter(ops.expand_dims(i, -1), x, (5, 4)), (IDS, X)),
    "scatter_update": (
        lambda ops, x, i, u: ops.scatter_update(x, ops.expand_dims(i, -1), u, reduction="add"),
        (X, IDS, X),
    ),
    "searchsorted": (lambda ops, x: ops.searchsorted(ops.sort(x), x, side="right"), (((5,), "float32", -2, 2),)),
    **{
        f"segment_{name}": (lambda ops, x, i, n=f"segment_{name}": getattr(ops, n)(x, i, num_segments=4), (X, IDS))
        for name in ("sum", "max", "min", "prod")
    },
    "select": (lambda ops, a, b: ops.select([a > 1, a > 0], [a, b], -1.0), (X, X)),
    "slice": (lambda ops, x: ops.slice(x, (0, 1), (2, 2)), (X,)),
    "slice_update": (lambda ops, x, u: ops.slice_update(x, (0, 0), u), (X, X)),
    "softmax axis": (lambda ops, x: ops.softmax(x, axis=0), (X,)),
    "solve": (lambda ops, a, b: ops.solve(a, b), (SQUARE, SQUARE)),
    "solve_triangular": (lambda ops, a, b: ops.solve_triangular(a, b, lower=True), (SQUARE, SQUARE)),
    "split": (lambda ops, x: ops.split(x, [1, 3], axis=1), (X,)),
    "squeeze axis": (lambda ops, x: ops.squeeze(x[:, :1], axis=1), (X,)),
    "stack": (lambda ops, a, b: ops.stack([a, b], axis=1), (X, X)),
    "stft": (lambda ops, x: ops.stft(x, 6, 3, 8, window="hamming", center=False), (SIGNAL,)),
    "sum axis": (lambda ops, x: ops.sum(x, axis=(0, 1), keepdims=True), (CUBE,)),
    "svd values": (lambda ops, x: ops.svd(x, compute_uv=False), (SQUARE,)),
    "swapaxes": (lambda ops, x: ops.swapaxes(x, 1, 2), (CUBE,)),
    "take": (lambda ops, x, i: ops.take(x, i, axis=1), (X, IDS)),
    "take numbers": (lambda ops, x: ops.take(x, [0, 2], axis=1), (X,)),
    "take_along_axis": (lambda ops, x: ops.take_along_axis(x, ops.argsort(x, axis=1), axis=1), (X,)),
    "tensordot": (lambda ops, a, b: ops.tensordot(a, ops.transpose(b), axes=1), (X, X)),
    "threshold": (lambda ops, x: ops.threshold(x, 0.5, -1.0), (X,)),
    "tile": (lambda ops, x: ops.tile(x, (1, 2)), (X,)),
    "top_k": (lambda ops, x: ops.top_k(x, 2), (X,)),
    "trace": (lambda ops, x: ops.trace(x, offset=1, axis1=1, axis2=2), (CUBE,)),
    "transpose axes": (lambda ops, x: ops.transpose(x, axes=(0, 2, 1)), (CUBE,)),
    "trapezoid": (lambda ops, x: ops.trapezoid(x, dx=0.5, axis=1), (X,)),
    "tril k": (lambda ops, x: ops.tril(x, k=1), (X,)),
    "unstack": (lambda ops, x: ops.unstack(x, axis=1), (X,)),
    "vander": (lambda ops, x: ops.vander(x, N=3, increasing=True), (((5,), "float32", -2, 2),)),
    "view": (lambda ops, x: ops.view(x, dtype="int32"), (X,)),
    "view_as_complex": (lambda ops, x: ops.view_as_complex(x), (CUBE,)),
    "view_as_real": (lambda ops, x: ops.view_as_real(ops.view_as_complex(x)), (CUBE,)),
    "vsplit": (lambda ops, x: ops.vsplit(x, [1]), (X,)),
    "vstack": (lambda ops, a, b: ops.vstack([a, b]), (X, X)),
    "where": (lambda ops, c, x: ops.where(c, x, 0.0), (FLAGS, X)),
    "where two": (lambda ops, c, x, y: ops.where(c, x, y), (FLAGS, X, X)),
}

# inputs that are weights have no batch: all sizes are known
WITHOUT_BATCH = words(
    """
    conv depthwise_conv conv_transpose separable_conv batch_normalization layer_normalization rms_normalization
    """
)
KERNEL: Given = ((3, 3, 3, 2), "float32", -1, 1)
NETWORKS: dict[str, Case] = {
    "adaptive_average_pool": (lambda ops, x: ops.adaptive_average_pool(x, (3, 2)), (IMAGES,)),
    "adaptive_max_pool": (lambda ops, x: ops.adaptive_max_pool(x, (2, 3)), (IMAGES,)),
    "average_pool": (lambda ops, x: ops.average_pool(x, 2, strides=1, padding="same"), (IMAGES,)),
    "max_pool": (lambda ops, x: ops.max_pool(x, (2, 3), padding="same"), (IMAGES,)),
    "conv": (lambda ops, x, k: ops.conv(x, k, strides=2, padding="same"), (IMAGES, KERNEL)),
    "depthwise_conv": (
        lambda ops, x, k: ops.depthwise_conv(x, k, padding="same"),
        (IMAGES, KERNEL),
    ),
    "conv_transpose": (
        lambda ops, x, k: ops.conv_transpose(x, k, strides=2, output_padding=1),
        (IMAGES, ((3, 3, 2, 3), "float32", -1, 1)),
    ),
    "separable_conv": (
        lambda ops, x, k, p: ops.separable_conv(x, k, p),
        (IMAGES, KERNEL, ((1, 1, 6, 4), "float32", -1, 1)),
    ),
    "batch_normalization": (
        lambda ops, x, m, v, o, s: ops.batch_normalization(x, m, v, axis=-1, offset=o, scale=s, epsilon=0.1),
        (X, *(((4,), "float32", 0.5, 1),) * 4),
    ),
    "layer_normalization": (
        lambda ops, x, g, b: ops.layer_normalization(x, g, b, axis=-1, epsilon=0.1),
        (X, *(((4,), "float32", 0.5, 1),) * 2),
    ),
    "rms_normalization": (
        lambda ops, x, s: ops.rms_normalization(x, s, epsilon=0.1),
        (X, ((4,), "float32", 0.5, 1)),
    ),
    "moments": (lambda ops, x: ops.moments(x, axes=[1], keepdims=True), (X,)),
    "binary_crossentropy": (lambda ops, a, b: ops.binary_crossentropy(a, b, from_logits=True), (POSITIVE, X)),
    "categorical_crossentropy": (lambda ops, a, b: ops.categorical_crossentropy(a, b), (POSITIVE, POSITIVE)),
    "sparse_categorical_crossentropy": (
        lambda ops, a, b: ops.sparse_categorical_crossentropy(a, b, from_logits=True),
        (IDS, X),
    ),
    "dot_product_attention": (
        lambda ops, q, k, v: ops.dot_product_attention(q, k, v, scale=0.3, is_causal=True),
        (((3, 4, 2, 5), "float32", -1, 1),) * 3,
    ),
    "glu": (lambda ops, x: ops.glu(x, axis=1), (X,)),
    "gelu exact": (lambda ops, x: ops.gelu(x, approximate=False), (X,)),
    "psnr": (lambda ops, a, b: ops.psnr(a, b, max_val=2), (X, X)),
    "depth_to_space": (lambda ops, x: ops.depth_to_space(x, 2), (((2, 3, 3, 8), "float32", -1, 1),)),
    "space_to_depth": (lambda ops, x: ops.space_to_depth(x, 2), (((2, 4, 4, 3), "float32", -1, 1),)),
    "unfold": (lambda ops, x: ops.unfold(x, 2), (((2, 3, 4, 4), "float32", -1, 1),)),
}
IMAGE: dict[str, Case] = {
    "rgb_to_grayscale": (lambda ops, x: ops.image.rgb_to_grayscale(x), (IMAGES,)),
    "rgb_to_hsv": (lambda ops, x: ops.image.rgb_to_hsv(x), (IMAGES,)),
    "hsv_to_rgb": (lambda ops, x: ops.image.hsv_to_rgb(x), (IMAGES,)),
    "resize": (lambda ops, x: ops.image.resize(x, (5, 6), interpolation="nearest"), (IMAGES,)),
    "extract_patches": (lambda ops, x: ops.image.extract_patches(x, (2, 2)), (IMAGES,)),
    "pad_images": (lambda ops, x: ops.image.pad_images(x, 1, 2, target_height=12, target_width=12), (IMAGES,)),
    "crop_images": (lambda ops, x: ops.image.crop_images(x, 1, 2, target_height=4, target_width=4), (IMAGES,)),
    "gaussian_blur": (lambda ops, x: ops.image.gaussian_blur(x, kernel_size=(3, 3)), (IMAGES,)),
    "sobel_edges": (lambda ops, x: ops.image.sobel_edges(x), (IMAGES,)),
    "ssim": (lambda ops, a, b: ops.image.ssim(a, b, filter_size=3), (IMAGES, IMAGES)),
    "affine_transform": (
        lambda ops, x, t: ops.image.affine_transform(x, ops.pad(t, ((0, 0), (0, 2))), fill_mode="nearest"),
        (IMAGES, ((3, 6), "float32", 0, 0.1)),
    ),
}


CASES = ELEMENTWISE | WITH_SETTINGS | NETWORKS
ALL_CASES = CASES | IMAGE
