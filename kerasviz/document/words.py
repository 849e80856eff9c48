"""The words of the quick-add language: short names of layers, and words that set an argument."""

from typing import Any

from kerasviz.declare import Choice, Kind, Maybe, Named, family, snake_case
from kerasviz.declare.kinds import AnyOf, Flag
from kerasviz.document.kinds import kind_names

# word -> kind; where the kind ends in 2D, the rank of the tensor before it decides between 1D, 2D and 3D
ALIASES = {
    "in": "Input",
    "input": "Input",
    "dense": "Dense",
    "fc": "Dense",
    "linear": "Dense",
    "conv": "Conv2D",
    "deconv": "Conv2DTranspose",
    "convt": "Conv2DTranspose",
    "sepconv": "SeparableConv2D",
    "dwconv": "DepthwiseConv2D",
    "pool": "MaxPooling2D",
    "maxpool": "MaxPooling2D",
    "avgpool": "AveragePooling2D",
    "gap": "GlobalAveragePooling2D",
    "gmp": "GlobalMaxPooling2D",
    "globalpool": "GlobalAveragePooling2D",
    "up": "UpSampling2D",
    "upsample": "UpSampling2D",
    "pad": "ZeroPadding2D",
    "zeropad": "ZeroPadding2D",
    "crop": "Cropping2D",
    "flatten": "Flatten",
    "flat": "Flatten",
    "reshape": "Reshape",
    "permute": "Permute",
    "repeat": "RepeatVector",
    "dropout": "Dropout",
    "drop": "Dropout",
    "noise": "GaussianNoise",
    "bn": "BatchNormalization",
    "batchnorm": "BatchNormalization",
    "ln": "LayerNormalization",
    "layernorm": "LayerNormalization",
    "gn": "GroupNormalization",
    "rms": "RMSNormalization",
    "rmsnorm": "RMSNormalization",
    "act": "Activation",
    "relu": "ReLU",
    "leaky": "LeakyReLU",
    "leakyrelu": "LeakyReLU",
    "prelu": "PReLU",
    "softmax": "Softmax",
    "add": "Add",
    "sub": "Subtract",
    "mul": "Multiply",
    "multiply": "Multiply",
    "avg": "Average",
    "max": "Maximum",
    "min": "Minimum",
    "concat": "Concatenate",
    "cat": "Concatenate",
    "dot": "Dot",
    "embed": "Embedding",
    "embedding": "Embedding",
    "lstm": "LSTM",
    "gru": "GRU",
    "rnn": "SimpleRNN",
    "convlstm": "ConvLSTM2D",
    "mha": "MultiHeadAttention",
    "gqa": "GroupQueryAttention",
    "rescale": "Rescaling",
    "scale": "Rescaling",
    "normalize": "Normalization",
    "mask": "Masking",
    "identity": "Identity",
}
WRAPPED = {"bilstm": "LSTM", "bigru": "GRU", "birnn": "SimpleRNN"}  # Bidirectional around these
WRAPPERS = {  # kinds around another layer, whose words may follow -> the argument it is
    "Bidirectional": "layer",
    "RNN": "cell",
    "SpectralNormalization": "layer",
    "TimeDistributed": "layer",
}
DEFAULTS: dict[str, dict[str, Any]] = {  # what the language fills in where the constructor needs more
    "Conv1D": {"kernel_size": 3},
    "Conv2D": {"kernel_size": 3},
    "Conv3D": {"kernel_size": 3},
    "Conv1DTranspose": {"kernel_size": 3},
    "Conv2DTranspose": {"kernel_size": 3},
    "SeparableConv1D": {"kernel_size": 3},
    "SeparableConv2D": {"kernel_size": 3},
    "DepthwiseConv1D": {"kernel_size": 3},
    "DepthwiseConv2D": {"kernel_size": 3},
    "ConvLSTM1D": {"kernel_size": 3},
    "ConvLSTM2D": {"kernel_size": 3},
    "ConvLSTM3D": {"kernel_size": 3},
    "AveragePooling1D": {"pool_size": 2},
    "AveragePooling2D": {"pool_size": 2},
    "AveragePooling3D": {"pool_size": 2},
    "Dropout": {"rate": 0.5},
    "AlphaDropout": {"rate": 0.5},
    "GaussianDropout": {"rate": 0.5},
    "SpatialDropout1D": {"rate": 0.5},
    "SpatialDropout2D": {"rate": 0.5},
    "SpatialDropout3D": {"rate": 0.5},
    "GaussianNoise": {"stddev": 0.1},
    "Rescaling": {"scale": 1 / 255},
    "Dot": {"axes": -1},
}
FLAGS = {  # word -> argument and value, for kinds that have the argument
    "nobias": ("use_bias", False),
    "bias": ("use_bias", True),
    "seq": ("return_sequences", True),
    "sequences": ("return_sequences", True),
    "state": ("return_state", True),
    "stateful": ("stateful", True),
    "backwards": ("go_backwards", True),
    "frozen": ("trainable", False),
    "nocenter": ("center", False),
    "noscale": ("scale", False),
}
KEYS = {"k": "kernel_size", "kernel": "kernel_size", "s": "strides", "stride": "strides", "act": "activation"}


def kind_of_word(word: str) -> str | None:
    """The kind that a word means: an alias, the class's name in any case, or its snake_case form."""
    lower = word.lower()
    if lower in ALIASES:
        return ALIASES[lower]
    known = {name.lower(): name for name in kind_names()}
    return known.get(lower.replace("_", "")) or legacy_name(word)


def legacy_name(word: str) -> str | None:
    """The kind that an alias of a class means: `MaxPool2D`."""
    from kerasviz import layers

    found = {name.lower(): cls for name, cls in vars(layers).items() if isinstance(cls, type)}.get(word.lower())
    return found.__name__ if found is not None and found.__name__ in kind_names() else None


def names() -> dict[str, str]:
    """Every word that starts a step, and the kind it makes."""
    return {**{snake_case(kind): kind for kind in kind_names()}, **ALIASES, **dict.fromkeys(WRAPPED, "Bidirectional")}


def activation_names() -> list[str]:
    """Names of activations."""
    return [name for name in family("activation").names() if name.islower()]


def choices_of(kind: Kind) -> list[str]:
    """The words that a kind of argument takes."""
    inner = kind.inner if isinstance(kind, Maybe) else kind
    if isinstance(inner, AnyOf):
        return [word for part in inner.kinds for word in choices_of(part)]
    if isinstance(inner, Choice):
        return [choice for choice in inner.choices if isinstance(choice, str)]
    if isinstance(inner, Named) and inner.family in ("activation", "initializer"):
        return [name for name in family(inner.family).names() if name.islower() and name not in ("zeros", "ones")]
    return []


def is_flag(kind: Kind) -> bool:
    """Whether an argument is True or False."""
    return isinstance(kind.inner if isinstance(kind, Maybe) else kind, Flag)


def words_of(args: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    """Each bare word that a layer with these arguments understands: word -> (argument, value)."""
    known: dict[str, tuple[str, Any]] = {}
    for name in sorted(args, key=lambda n: (n == "recurrent_activation", n.startswith("bias_"))):
        for word in choices_of(args[name].kind):
            known.setdefault(word, (name, word))
    for word, (name, value) in FLAGS.items():
        if name in args:
            known.setdefault(word, (name, value))
    for name, argument in args.items():
        if is_flag(argument.kind):
            known.setdefault(name, (name, True))
    if "dtype" in args and "shape" in args:
        known |= {word: ("dtype", word) for word in ("float32", "float16", "int32", "int64", "uint8", "bool", "string")}
    return known
