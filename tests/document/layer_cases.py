"""Every layer that the page offers, with arguments and inputs that suit it, as a document."""

from __future__ import annotations

from typing import Any

from kerasviz.document.document import Document
from kerasviz.document.edits import add
from kerasviz.document.kinds import rank_of
from kerasviz.document.patch import apply

Json = dict[str, Any]
VECTOR, SERIES, IMAGE, VOLUME = (6,), (7, 4), (8, 6, 4), (6, 5, 4, 2)
BY_RANK = {1: SERIES, 2: IMAGE, 3: VOLUME}
IDS: Json = {"shape": [5], "dtype": "int32"}
WORDS: Json = {"shape": [3], "dtype": "string"}


def inner(kind: str, **args: Any) -> Json:
    """A layer inside another, as its form writes it."""
    return {"module": "keras.layers", "class_name": kind, "config": args, "registered_name": None}


ARGS: dict[str, Json] = {  # what each kind of layer needs
    "Activation": {"activation": "gelu"},
    "AlphaDropout": {"rate": 0.2},
    "Bidirectional": {"layer": inner("LSTM", units=3), "merge_mode": "sum"},
    "CategoryEncoding": {"num_tokens": 6, "output_mode": "count"},
    "Dense": {"units": 3, "activation": "relu"},
    "Discretization": {"bin_boundaries": [0.2, 0.5], "output_mode": "one_hot"},
    "Dot": {"axes": 1},
    "Dropout": {"rate": 0.2, "seed": 7},
    "EinsumDense": {"equation": "abc,cd->abd", "output_shape": [7, 3], "bias_axes": "d"},
    "Embedding": {"input_dim": 10, "output_dim": 3, "mask_zero": True},
    "GaussianDropout": {"rate": 0.2},
    "GaussianNoise": {"stddev": 0.1},
    "GroupNormalization": {"groups": 2},
    "GroupQueryAttention": {"head_dim": 4, "num_query_heads": 4, "num_key_value_heads": 2},
    "GRU": {"units": 3, "reset_after": False},
    "HashedCrossing": {"num_bins": 9, "output_mode": "one_hot"},
    "Hashing": {"num_bins": 9, "salt": 133},
    "IntegerLookup": {"vocabulary": [3, 1, 4], "num_oov_indices": 2, "output_mode": "multi_hot"},
    "LSTM": {"units": 3, "return_sequences": True, "recurrent_dropout": 0.1},
    "MultiHeadAttention": {"num_heads": 2, "key_dim": 4, "dropout": 0.1},
    "Normalization": {"mean": 0.5, "variance": 2.0},
    "Permute": {"dims": [2, 1]},
    "Pipeline": {"layers": [inner("Rescaling", scale=2.0), inner("Dense", units=3)]},
    "RepeatVector": {"n": 4},
    "Rescaling": {"scale": 1 / 255, "offset": -1.0},
    "Reshape": {"target_shape": [3, 2]},
    "ReversibleEmbedding": {"input_dim": 10, "output_dim": 3, "tie_weights": False},
    "RNN": {"cell": inner("GRUCell", units=3)},
    "SimpleRNN": {"units": 3},
    "SpectralNormalization": {"layer": inner("Dense", units=3)},
    "StringLookup": {"vocabulary": ["red", "it's", 'a "b"'], "oov_token": None, "num_oov_indices": 0},
    "TimeDistributed": {"layer": inner("Dense", units=3, activation="relu")},
    **{f"SpatialDropout{rank}D": {"rate": 0.2} for rank in BY_RANK},
    **{f"Conv{rank}D": {"filters": 3, "kernel_size": 3, "padding": "same"} for rank in BY_RANK},
    **{f"Conv{rank}DTranspose": {"filters": 3, "kernel_size": 2, "strides": 2} for rank in BY_RANK},
    **{f"ConvLSTM{rank}D": {"filters": 2, "kernel_size": 2} for rank in BY_RANK},
    **{f"DepthwiseConv{rank}D": {"kernel_size": 3, "depth_multiplier": 2} for rank in (1, 2)},
    **{f"SeparableConv{rank}D": {"filters": 3, "kernel_size": 3} for rank in (1, 2)},
    **{f"AveragePooling{rank}D": {"pool_size": 2} for rank in BY_RANK},
    **{f"Adaptive{pool}Pooling{rank}D": {"output_size": 2} for rank in BY_RANK for pool in ("Average", "Max")},
}
INPUTS: dict[str, list[Json]] = {  # where the shape does not follow from the kind's name
    "BatchNormalization": [{"shape": IMAGE}],
    "CategoryEncoding": [IDS],
    "Embedding": [IDS],
    "Flatten": [{"shape": IMAGE}],
    "GroupNormalization": [{"shape": IMAGE}],
    "Hashing": [WORDS],
    "HashedCrossing": [{"shape": [], "dtype": "string"}, {"shape": [], "dtype": "int64"}],
    "IntegerLookup": [IDS],
    "ReversibleEmbedding": [IDS],
    "StringLookup": [WORDS],
    **{key: [{"shape": SERIES}] for key in ("EinsumDense", "Masking", "Permute", "PReLU", "TimeDistributed")},
    **{key: [{"shape": SERIES}] for key in ("Bidirectional", "GRU", "LSTM", "RNN", "SimpleRNN")},
    **{key: [{"shape": SERIES}, {"shape": SERIES}] for key in ("Attention", "AdditiveAttention")},
    **{key: [{"shape": SERIES}, {"shape": (5, 4)}] for key in ("MultiHeadAttention", "GroupQueryAttention")},
    **{f"ConvLSTM{rank}D": [{"shape": (3, *shape)}] for rank, shape in BY_RANK.items()},
}


def inputs_of(spec: Json) -> list[Json]:
    """The arguments of an Input for each tensor that the layer needs."""
    rank = rank_of(spec["kind"])
    if spec["kind"] in INPUTS:
        return INPUTS[spec["kind"]]
    return [{"shape": BY_RANK[rank] if rank else VECTOR}] * spec["inputs"]["min"]


def document_of(spec: Json) -> tuple[Document, str]:
    """Inputs and the layer behind them, and its call.

    Args:
        spec: of the layer in the page's catalog.
    """
    document, calls = Document(), []
    for args in inputs_of(spec):
        document, call = added(document, "Input", {**args, "shape": list(args["shape"])}, [])
        calls.append(call)
    return added(document, spec["kind"], ARGS.get(spec["kind"], {}), calls)


def added(document: Document, kind: str, args: Json, after: list[str]) -> tuple[Document, str]:
    """The document with one more layer, and its call."""
    change = add(document, kind, args, after=after)
    return apply(document, change)[0], next(iter(change["set"]["calls"]))
