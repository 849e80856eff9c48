"""What classes and arguments of Keras 1 and 2 are called now, and which of them mean nothing any more."""

import warnings
from collections.abc import Mapping
from typing import Any

from kerasviz.declare import Invalid

ANY = object()  # whatever it is, it changes no result

CLASSES = {  # names that are gone, and what stands for them
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "Deconvolution2D": "Conv2DTranspose",
    "Model": "Functional",
    "SeparableConvolution2D": "SeparableConv2D",
    "SyncBatchNormalization": "BatchNormalization",
    "ThresholdedReLU": "ReLU",
}
ADDED = {  # what such a name says, as arguments
    "CuDNNGRU": {"reset_after": True},
    "SyncBatchNormalization": {"synchronized": True},
}
ASSUMED = {"GRU": {"reset_after": False}}  # defaults that were others before Keras wrote the argument

# arguments that are gone, with the values that may be left out; any other is refused
EVERYWHERE: dict[str, Any] = {"batch_input_shape": ANY, "dynamic": False, "input_dtype": ANY, "input_shape": ANY}
RECURRENT = {"implementation": ANY, "time_major": False, "consume_less": ANY, "input_dim": ANY, "input_length": ANY}
LSTM = {**RECURRENT, "forget_bias_init": ANY}
KERNEL = {"kernel_initializer": ANY, "kernel_regularizer": None, "kernel_constraint": None, "groups": 1}
GONE: dict[str, dict[str, Any]] = {
    "Attention": {"causal": False},
    "AdditiveAttention": {"causal": False},
    "BatchNormalization": {"fused": ANY, "virtual_batch_size": None, "adjustment": None, "mode": 0},
    "Bidirectional": {"input_dim": ANY, "input_length": ANY},
    "Conv1D": {"input_dim": ANY, "input_length": ANY},
    **{f"Conv{rank}DTranspose": {"groups": 1} for rank in (1, 2, 3)},
    **{f"ConvLSTM{rank}D": {"time_major": False, "implementation": ANY} for rank in (1, 2, 3)},
    "Dense": {"input_dim": ANY},
    "DepthwiseConv1D": {**KERNEL, "filters": ANY},
    "DepthwiseConv2D": {**KERNEL, "filters": ANY},
    "Embedding": {"input_length": ANY, "dropout": 0.0},
    "GRU": RECURRENT,
    "GRUCell": {"implementation": ANY},
    "LSTM": LSTM,
    "LSTMCell": {"implementation": ANY},
    "MultiHeadAttention": {"query_shape": ANY, "key_shape": ANY, "value_shape": ANY},
    "RNN": {"implementation": ANY, "time_major": False, "num_constants": None},
    "SeparableConv1D": KERNEL,
    "SeparableConv2D": KERNEL,
    "SimpleRNN": RECURRENT,
    "SimpleRNNCell": {"implementation": ANY},
    **{f"SpatialDropout{rank}D": {"noise_shape": None} for rank in (1, 2, 3)},
    "StackedRNNCells": {"reverse_state_order": False},
    "Normalization": {"count": ANY},
}

RENAMED = {  # names that Keras 2 had
    "CategoryEncoding": {"max_tokens": "num_tokens"},
    "LeakyReLU": {"alpha": "negative_slope"},
    "ReLU": {"theta": "threshold"},
}
PENALTIES = {"W_regularizer": "kernel_regularizer", "W_constraint": "kernel_constraint", "init": "kernel_initializer"}
BIASES = {"b_regularizer": "bias_regularizer", "b_constraint": "bias_constraint", "bias": "use_bias"}
OLD_CONV = {
    **PENALTIES,
    **BIASES,
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "dim_ordering": "data_format",
    "atrous_rate": "dilation_rate",
}
OLD_POOL = {
    "pool_length": "pool_size",
    "stride": "strides",
    "border_mode": "padding",
    "dim_ordering": "data_format",
}
OLD_RNN = {
    **PENALTIES,
    "b_regularizer": "bias_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "output_dim": "units",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
}
OLD_NAMES: dict[str, dict[str, str]] = {  # names that Keras 1 had
    "BatchNormalization": {
        "gamma_init": "gamma_initializer",
        "beta_init": "beta_initializer",
    },
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "SeparableConv2D"), OLD_CONV),
    "Dense": {**PENALTIES, **BIASES, "output_dim": "units"},
    "Dropout": {"p": "rate"},
    "Embedding": {
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    "Flatten": {"dim_ordering": "data_format"},
    "GaussianDropout": {"p": "rate"},
    "GaussianNoise": {"sigma": "stddev"},
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), OLD_RNN),
    **dict.fromkeys(
        (f"{kind}Pooling{rank}D" for kind in ("Max", "Average", "GlobalMax", "GlobalAverage") for rank in (1, 2, 3)),
        OLD_POOL,
    ),
    "SpatialDropout1D": {"p": "rate"},
    "SpatialDropout2D": {"p": "rate", "dim_ordering": "data_format"},
    "UpSampling1D": {"length": "size"},
    "UpSampling2D": {"dim_ordering": "data_format"},
    "ZeroPadding2D": {"dim_ordering": "data_format"},
}
KERNEL_SIZES = (("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3"))
DATA_FORMATS = {"tf": "channels_last", "th": "channels_first"}


def now_called(class_name: str) -> str:
    """The name of a class of Keras 1 or 2 today."""
    return CLASSES.get(class_name, class_name)


def plain_name(name: str) -> str:
    """The name of a layer today, where `/` stands between layers only."""
    return name.replace("/", "_")


def translated(class_name: str, config: Mapping[str, Any], known: Mapping[str, Any] | None) -> dict[str, Any]:
    """The arguments of a layer of ours for those in an old config.

    Args:
        class_name: as in the file.
        config: its arguments; layers and other objects in it are translated already.
        known: the arguments that the layer has now; None where it takes others too.

    Raises:
        Invalid: for an argument that is gone and did something.
    """
    name = now_called(class_name)
    made = {**ASSUMED.get(name, {}), **renamed(name, config, known or {}), **ADDED.get(class_name, {})}
    gone = EVERYWHERE | GONE.get(name, {})
    for argument in [argument for argument in made if argument in gone and argument not in (known or {})]:
        value = made.pop(argument)
        if gone[argument] is not ANY and value != gone[argument]:
            where = f'{class_name} "{config.get("name")}" of the file'
            raise Invalid(where, f"{argument}={gone[argument]!r}, the only one that there still is", value)
    if isinstance(made.get("axis"), list) and len(made["axis"]) == 1:
        made["axis"] = made["axis"][0]
    if "hard_sigmoid" in (made.get("activation"), made.get("recurrent_activation")):
        tell_of_hard_sigmoid(name, config)
    return made


def renamed(name: str, config: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments by their names of today; those that the class still has keep theirs."""
    names = OLD_NAMES.get(name, {}) | RENAMED.get(name, {})
    made = {names.get(old, old) if old not in known else old: value for old, value in config.items()}
    for sizes in KERNEL_SIZES:
        if all(size in made for size in sizes):
            made["kernel_size"] = [made.pop(size) for size in sizes]
    if isinstance(made.get("data_format"), str):
        made["data_format"] = DATA_FORMATS.get(made["data_format"], made["data_format"])
    return made


def tell_of_hard_sigmoid(name: str, config: Mapping[str, Any]) -> None:
    """Say that the function of this name has another slope since Keras 3."""
    warnings.warn(
        f'{name} "{config.get("name")}" of the file: `hard_sigmoid` was clip(0.2 x + 0.5, 0, 1) in Keras 2, and is '
        "clip(x / 6 + 0.5, 0, 1) since Keras 3. The model predicts a little differently, as in Keras 3.",
        stacklevel=2,
    )
