"""How Keras's files name the functions of `keras.ops`: class, module, and which arguments are given in the call.

In a file a function is an object: its settings are the object's config, and the rest is what it is called with.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from kerasviz import ops

PLACES = ("core", "linalg", "math", "nn", "image")  # Keras's modules of operations; the others are in `numpy`
ELSEWHERE = {"rearrange": "einops", "slogdet": "numpy"}
SAME = {"abs": "absolute", "conj": "conjugate"}  # Keras writes one class for both names
CLASSES = {  # named otherwise than by the words of the function
    "allclose": "AllClose",
    "batch_normalization": "BatchNorm",
    "cdist": "CDist",
    "ctc_decode": "CTCDecode",
    "ctc_loss": "CTCLoss",
    "fft": "FFT",
    "fft2": "FFT2",
    "hsv_to_rgb": "HSVToRGB",
    "ifft2": "IFFT2",
    "irfft": "IRFFT",
    "isin": "IsIn",
    "istft": "ISTFT",
    "jvp": "JVP",
    "layer_normalization": "LayerNorm",
    "psnr": "PSNR",
    "rfft": "RFFT",
    "rgb_to_grayscale": "RGBToGrayscale",
    "rgb_to_hsv": "RGBToHSV",
    "rms_normalization": "RMSNorm",
    "searchsorted": "SearchSorted",
    "ssim": "SSIM",
    "stft": "STFT",
    "svd": "SVD",
}

# how many of the first arguments are given in the call: one, but for these
GIVEN = {
    2: """
        add affine_transform allclose append arctan2 associative_scan binary_crossentropy bitwise_and bitwise_left_shift
        bitwise_or bitwise_right_shift bitwise_xor categorical_crossentropy cdist conv conv_transpose correlate cross
        ctc_decode depthwise_conv digitize divide divide_no_nan dot equal floor_divide fmax fmin fmod full_like gcd
        geomspace get_item greater greater_equal heaviside hypot in_top_k inner isin kron lcm ldexp left_shift less
        less_equal linspace logaddexp logaddexp2 logical_and logical_or logical_xor logspace lstsq map map_coordinates
        matmul maximum minimum mod multiply nanpercentile nanquantile nextafter not_equal outer percentile polar power
        psnr quantile rearrange right_shift rms_normalization scatter searchsorted segment_max segment_min segment_prod
        segment_sum slice solve solve_triangular sparse_categorical_crossentropy ssim subtract take take_along_axis
        tensordot true_divide vdot
    """,
    3: """
        arange cond jvp layer_normalization perspective_transform scan scatter_update select separable_conv slice_update
        switch where
    """,
    4: "ctc_loss isclose scale_and_translate",
    6: "dot_product_attention",
}
COUNT = {name: count for count, names in GIVEN.items() for name in names.split()}
GIVEN_BY_NAME = {  # those that are not the first
    "average": ("x", "weights"),
    "batch_normalization": ("x", "mean", "variance", "offset", "scale"),
    "einsum": ("operands",),
    "fori_loop": ("init_val",),
    "full": ("fill_value",),
    "pad": ("x", "constant_values"),
    "vectorized_map": ("elements",),
    "while_loop": ("loop_vars",),
}
NAMED_IN_CALL = ("einsum", "rearrange")  # more of them by name


def class_of(name: str) -> str:
    """The class that Keras writes for a function."""
    name = SAME.get(name, name)
    return CLASSES.get(name) or "".join(part.capitalize() for part in name.split("_"))


def module_of(name: str) -> str:
    """Where Keras keeps the class behind one of its functions."""
    name = SAME.get(name, name)
    found = ELSEWHERE.get(name) or next((place for place in PLACES if name in _namespace(place)), "numpy")
    return f"keras.src.ops.{found}"


def _namespace(place: str) -> dict[str, Any]:
    return vars(getattr(ops, place)) if hasattr(ops, place) else {}


@functools.cache
def functions() -> dict[str, Callable]:
    """All functions that a file may name, by their names: those of `keras.ops` and of `keras.ops.image`."""
    image = _namespace("image").items()
    public = {name: thing for name, thing in image if inspect.isfunction(thing) and not name.startswith("_")}
    return public | {name: vars(ops)[name] for name in ops.__all__}


@functools.cache
def names_of_classes() -> dict[str, str]:
    """The function behind each class, by the letters of the class's name."""
    names = {name.replace("_", ""): name for name in functions()}
    return names | {written.lower(): name for name, written in CLASSES.items()}


def function_of(class_name: str) -> str | None:
    """The function that Keras's class stands for; None where there is none."""
    found = names_of_classes().get(class_name.lower())
    return found if found in functions() else None


def given_in_call(name: str, function: Callable) -> tuple[str, ...]:
    """The arguments that Keras's class of a function takes in the call, in its order."""
    named = GIVEN_BY_NAME.get(name)
    return named or tuple(inspect.signature(function).parameters)[: COUNT.get(name, 1)]
