"""What a layer costs: multiply-adds and memory, from shapes alone.

A MAC is one multiply-add of a weight, or of two activations in attention. Biases, activations, pooling and merges are
counted as element-wise operations: FLOPs = 2 x MACs + those.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from kerasviz.document.document import Document
from kerasviz.document.inference import Inferred, Outcome
from kerasviz.document.kinds import ELEMENTWISE_MERGES, GLOBAL_POOLS, NORMALIZATIONS, POOLS

Shape = Sequence[int | None]
BYTES = {"float64": 8, "int64": 8, "uint64": 8, "float16": 2, "bfloat16": 2, "int16": 2, "uint16": 2}
BYTES |= {"int8": 1, "uint8": 1, "bool": 1}


@dataclass(frozen=True)
class Cost:
    """Of one call, for one sample.

    Args:
        macs: multiply-adds.
        elementwise: other operations on numbers.
        activation_bytes: of its outputs.
        parameter_bytes: of its weights.
        known: False where the kind has no rule: then macs and elementwise are 0.
    """

    macs: int = 0
    elementwise: int = 0
    activation_bytes: int = 0
    parameter_bytes: int = 0
    known: bool = True

    @property
    def flops(self) -> int:
        """Operations: a multiply-add is two."""
        return 2 * self.macs + self.elementwise

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.macs + other.macs,
            self.elementwise + other.elementwise,
            self.activation_bytes + other.activation_bytes,
            self.parameter_bytes + other.parameter_bytes,
            self.known and other.known,
        )


def size(shape: Shape) -> int:
    """Numbers in a sample; an axis of unknown size counts as 1."""
    return math.prod(1 if n is None else n for n in shape[1:])


def weights(outcome: Outcome) -> dict[str, int]:
    """Numbers in each weight, by name."""
    counts: dict[str, int] = {}
    for name, shape, _ in outcome.weights:
        counts[name] = counts.get(name, 0) + math.prod(shape)
    return counts


def conv(outcome: Outcome, inputs: list[Shape], output: Shape) -> int:
    """Each output place sees the whole kernel once."""
    counts, layer = weights(outcome), outcome.layer
    channels = output[1 if layer.data_format == "channels_first" else -1] or 1
    places = size(output) // channels
    pointwise = counts.get("pointwise_kernel", 0)
    return places * (counts.get("kernel", 0) + counts.get("depthwise_kernel", 0) + pointwise)


def transposed(outcome: Outcome, inputs: list[Shape], output: Shape) -> int:
    """Each input place spreads the whole kernel once."""
    channels = inputs[0][1 if outcome.layer.data_format == "channels_first" else -1] or 1
    return size(inputs[0]) // channels * weights(outcome).get("kernel", 0)


def dense(outcome: Outcome, inputs: list[Shape], output: Shape) -> int:
    """The kernel, once at each position."""
    return size(output) // (output[-1] or 1) * weights(outcome).get("kernel", 0)


def recurrent(outcome: Outcome, inputs: list[Shape], output: Shape) -> int:
    """Both kernels, once a step."""
    counts = weights(outcome)
    kernels = sum(count for name, count in counts.items() if name.endswith("kernel"))
    return (inputs[0][1] or 1) * kernels


def convolved_recurrent(outcome: Outcome, inputs: list[Shape], output: Shape) -> int:
    """Both kernels, once at each place of the state, once a step."""
    counts, layer = weights(outcome), outcome.layer
    kernels = sum(count for name, count in counts.items() if name.endswith("kernel"))
    places = output[2:] if layer.return_sequences else output[1:]
    return (inputs[0][1] or 1) * kernels * (math.prod(n or 1 for n in places) // layer.filters)


def attention(outcome: Outcome, inputs: list[Shape], output: Shape) -> int:
    """Projections of query, key, value and output; products of queries with keys and of weights with values."""
    layer = outcome.layer
    query, value = inputs[0], inputs[min(1, len(inputs) - 1)]
    n, m = size(query) // (query[-1] or 1), size(value) // (value[-1] or 1)
    grouped = hasattr(layer, "num_query_heads")
    heads, key_dim = (layer.num_query_heads, layer.head_dim) if grouped else (layer.num_heads, layer.key_dim)
    value_dim = getattr(layer, "value_dim", None) or key_dim
    key_heads = getattr(layer, "num_key_value_heads", heads)
    projections = n * heads * key_dim * (query[-1] or 1) + m * key_heads * (key_dim + value_dim) * (value[-1] or 1)
    projections += n * heads * value_dim * (output[-1] or 1)
    return projections + n * m * heads * (key_dim + value_dim)


def plain_attention(outcome: Outcome, inputs: list[Shape], output: Shape) -> int:
    """The products of queries with keys and of weights with values."""
    query, value = inputs[0], inputs[min(1, len(inputs) - 1)]
    n, m = size(query) // (query[-1] or 1), size(value) // (value[-1] or 1)
    return n * m * ((query[-1] or 1) + (value[-1] or 1))


def dot(outcome: Outcome, inputs: list[Shape], output: Shape) -> int:
    """One multiply-add a pair of numbers."""
    axes = outcome.layer.axes
    axis = axes if isinstance(axes, int) else axes[0]
    return max(size(output), 1) * (inputs[0][axis] or 1)


MACS: dict[str, Callable[[Outcome, list[Shape], Shape], int]] = {
    **{f"Conv{rank}D": conv for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": transposed for rank in (1, 2, 3)},
    **{f"{kind}Conv{rank}D": conv for kind in ("Separable", "Depthwise") for rank in (1, 2)},
    "Dense": dense,
    "LSTM": recurrent,
    "GRU": recurrent,
    "SimpleRNN": recurrent,
    "RNN": recurrent,
    **{f"ConvLSTM{rank}D": convolved_recurrent for rank in (1, 2, 3)},
    "Bidirectional": recurrent,
    "MultiHeadAttention": attention,
    "GroupQueryAttention": attention,
    "Attention": plain_attention,
    "AdditiveAttention": plain_attention,
    "Dot": dot,
}
FREE = ("Input", "InputLayer", "Flatten", "Reshape", "Permute", "Dropout", "Embedding", "Identity", "RepeatVector")
FREE += ("Concatenate", "Masking", "GaussianNoise", "GaussianDropout", "AlphaDropout", "ActivityRegularization")


def elementwise(kind: str, outcome: Outcome, inputs: list[Shape], output: Shape) -> int | None:
    """Operations besides multiply-adds; None where the kind has no rule."""
    if kind in POOLS:
        return size(output) * math.prod(outcome.layer.pool_size)
    if kind in GLOBAL_POOLS:
        return size(inputs[0])
    if kind in NORMALIZATIONS:
        return (2 if kind == "BatchNormalization" else 8) * size(output)
    if kind in ELEMENTWISE_MERGES:
        return size(output) * (len(inputs) - 1)
    if kind in ("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Rescaling", "Normalization"):
        return size(output)
    if kind == "Softmax":
        return 5 * size(output)
    if kind in FREE or kind.startswith(("SpatialDropout", "ZeroPadding", "Cropping", "UpSampling")):
        return 0
    return None


def cost(kind: str, found: Inferred) -> Cost:
    """What a call costs for one sample; zeros where its shape is not known."""
    outcome = found.outcome
    if outcome is None or outcome.outputs is None or found.inputs is None:
        return Cost(known=False)
    if not found.inputs and kind not in FREE:
        kind = "Input"  # asked without its kind
    inputs: list[Shape] = [shape for shape, _ in found.inputs]
    memory = sum(size(shape) * BYTES.get(dtype, 4) for shape, dtype in outcome.outputs)
    own = outcome.params * BYTES.get(getattr(outcome.layer, "variable_dtype", "float32"), 4) if found.first else 0
    if outcome.inner is not None:
        inner = total(*outcome.inner)
        return Cost(inner.macs, inner.elementwise, inner.activation_bytes, own, inner.known)
    output = outcome.outputs[0][0]
    if kind in MACS:
        extra = bias_and_activation(outcome, output)
        return Cost(MACS[kind](outcome, inputs, output), extra, memory, own)
    others = elementwise(kind, outcome, inputs, output)
    return Cost(0, others or 0, memory, own, others is not None)


def bias_and_activation(outcome: Outcome, output: Shape) -> int:
    """Additions of a bias and calls of an activation."""
    activation = getattr(outcome.layer, "activation", None)
    active = getattr(activation, "__name__", "linear") != "linear"
    return size(output) * (("bias" in weights(outcome)) + active)


def macs(found: Inferred) -> int | None:
    """Multiply-adds of a call for one sample; None where no rule knows them."""
    if found.outcome is None or found.outcome.outputs is None:
        return None
    kind = type(found.layer).__name__ if found.layer is not None else "Functional"
    spent = cost(kind, found)
    return spent.macs if spent.known else None


def costs(document: Document, known: dict[str, Inferred]) -> dict[str, Cost]:
    """What each call costs."""
    return {call: cost(document.kind_of(call), known[call]) for call in document.calls if call in known}


def total(document: Document, known: dict[str, Inferred]) -> Cost:
    """What the whole model costs."""
    return summed(costs(document, known).values())


def summed(parts: Iterable[Cost]) -> Cost:
    """The sum of costs."""
    whole = Cost()
    for part in parts:
        whole = whole + part
    return whole


def training_bytes(cost: Cost, batch_size: int, slots: int = 2) -> int:
    """Memory of training: parameters, gradients, optimizer slots, and activations kept for the way back."""
    return cost.parameter_bytes * (2 + slots) + cost.activation_bytes * batch_size
