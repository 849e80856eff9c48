"""What the document has to know of the kinds of layers: how many tensors they take, and how they are related."""

from typing import Any

MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")
ELEMENTWISE_MERGES = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
ATTENTION = ("MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention")
SEPARATE_INPUTS = ("MultiHeadAttention", "GroupQueryAttention")  # called as layer(query, value), not layer([...])
CONVOLUTIONS = (
    *(f"Conv{rank}D" for rank in (1, 2, 3)),
    *(f"Conv{rank}DTranspose" for rank in (1, 2, 3)),
    *(f"{kind}Conv{rank}D" for kind in ("Separable", "Depthwise") for rank in (1, 2)),
)
POOLS = tuple(f"{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3))
GLOBAL_POOLS = tuple(f"Global{pool}" for pool in POOLS)
RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
NORMALIZATIONS = (
    "BatchNormalization",
    "LayerNormalization",
    "GroupNormalization",
    "UnitNormalization",
    "RMSNormalization",
)
DROPOUTS = (
    "Dropout",
    "AlphaDropout",
    "GaussianDropout",
    "GaussianNoise",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
)
ACTIVATION_LAYERS = ("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "GELU", "Swish")
# layers that hand every number on, or drop some: what stands before them stands behind them too
TRANSPARENT = (*DROPOUTS, "Flatten", "Reshape", "Permute", "Identity", "ActivityRegularization", "Masking")
# layers that do not change the shape
SHAPE_KEEPING = (*DROPOUTS, *NORMALIZATIONS, *ACTIVATION_LAYERS, "Identity", "Rescaling", "Normalization")


def layer_class(kind: str) -> Any:
    """The class of a kind; None where there is none."""
    from kerasviz import layers
    from kerasviz.declare import registered_object

    if kind in NESTED or kind.startswith("ops."):
        return None
    found = vars(layers).get(kind) or CUSTOM.get(kind) or registered_object(kind) or registered_object(f"Custom>{kind}")
    return found if isinstance(found, type) and hasattr(found, "args") else None


NESTED = ("Functional", "Sequential", "Model")
CUSTOM: dict[str, Any] = {}  # the user's own layer classes, by name, once a model with them was read
UNLISTED = ("Layer", "InputLayer", "Wrapper")  # no choice for a canvas


def kind_names() -> list[str]:
    """Every public kind of layer."""
    from kerasviz import layers
    from kerasviz.layers.layer import Layer

    return [
        name
        for name, cls in vars(layers).items()
        if isinstance(cls, type) and issubclass(cls, Layer) and name == cls.__name__ and name not in UNLISTED
    ]


def input_limits(kind: str) -> tuple[int, int | None]:
    """The fewest and the most tensors a kind takes; None for no limit."""
    if kind in ("Input", "InputLayer"):
        return 0, 0
    if kind == "Dot":
        return 2, 2
    if kind in MERGES or kind == "HashedCrossing":
        return 2, None
    if kind in ATTENTION:
        return 2, 4 if kind in SEPARATE_INPUTS else 3
    if kind in RECURRENT or kind in NESTED or kind.startswith("ops."):
        return 1, None
    return 1, 1


def takes_list(kind: str) -> bool:
    """Whether several tensors go in as one list, as merges want it."""
    return kind not in SEPARATE_INPUTS


def input_names(kind: str) -> list[str]:
    """What each of several tensors is for the layer; empty where they are all the same to it."""
    if kind in ATTENTION:
        return ["query", "value", "key", "query mask"][: input_limits(kind)[1]]
    return ["sequence", "initial state"] if kind in RECURRENT else []


def starts_with(kind: str) -> int:
    """How often a new layer takes the one tensor it is put behind: attention, twice, looks at its own places."""
    return 2 if kind in ATTENTION else 1


def input_rank(kind: str) -> int | None:
    """The number of axes that a kind's input has, with the batch; None where it takes several, or nobody knows."""
    rank = rank_of(kind)
    if rank is not None:
        return rank + (3 if kind.startswith("ConvLSTM") else 2)
    return 3 if kind in RECURRENT or kind in SEPARATE_INPUTS[1:] else None


def rank_of(kind: str) -> int | None:
    """The number of spatial axes in a kind's name; None where it names none."""
    digits = [int(a) for a, b in zip(kind, kind[1:] + " ", strict=True) if a in "123" and b == "D"]
    return digits[0] if digits else None


def ranked(kind: str, rank: int) -> str:
    """The kind's sibling for another number of spatial axes: Conv2D -> Conv1D."""
    own = rank_of(kind)
    return kind.replace(f"{own}D", f"{rank}D") if own else kind
