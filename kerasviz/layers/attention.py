"""MultiHeadAttention."""

from typing import Any

from torch import Tensor

from kerasviz.declare import Axis, Invalid, Shape, arg, weight
from kerasviz.layers.attention_heads import HeadedAttention
from kerasviz.layers.attention_masks import attention_mask_of
from kerasviz.tensors import KerasTensor, Seed


class MultiHeadAttention(HeadedAttention):
    """Lets each place of the query gather values from all places, by how well their keys fit it; several times over.

    Shapes:
        query: (batch, *places, features); T stands for the places attended over
        value, key: (batch, *sources, features); S stands for the sources
        attention_mask: (batch, T, S), True where a place may look
        outputs: (batch, *places, output_shape or the query's features)
        scores: (batch, heads, T, S)

    Source: A. Vaswani et al., "Attention Is All You Need", 2017.
    """

    supports_masking: bool = True

    num_heads: int = arg(at_least=1, doc="How many times attention is done, each with kernels of its own.")
    key_dim: int = arg(at_least=1, doc="Size of queries and keys in each head.")
    value_dim: int | None = arg(None, at_least=1, doc="Size of values in each head; `key_dim` by default.")
    dropout: float = arg(0.0, at_least=0, at_most=1, doc="Share of the attention dropped.", group="dropout")
    use_bias: bool = arg(True, doc="Whether the projections add a bias.")
    output_shape: Shape | None = arg(None, doc="Last axes of the output; the query's features by default.")
    attention_axes: Axis | None = arg(None, doc="Axes attended over; all but batch and features by default.")
    sliding_window: int | None = arg(None, at_least=1, doc="How near a source must be to be looked at.")
    flash_attention: bool | None = arg(None, doc="Kept for Keras: the fused kernel runs wherever it can.", quiet=True)
    kernel = weight("glorot_uniform")
    bias = weight("zeros")
    use_gate: bool = arg(False, doc="Scale what each head gathered by a gate that sees the query.")
    seed: Seed = arg(None, doc="Seed of what is dropped.", group="dropout")

    def check(self) -> None:
        """Values are as large as keys, by default."""
        super().check()
        self.value_dim = self.value_dim or self.key_dim

    def _is_default(self, a: Any, value: Any) -> bool:
        return (a.name == "value_dim" and value == self.key_dim) or super()._is_default(a, value)

    @property
    def head_size(self) -> int:
        """Size of queries and keys in each head."""
        return self.key_dim

    def build(self, query_shape: tuple, value_shape: Any = None, key_shape: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Make the weights for inputs of these shapes."""
        self.check_shapes(query_shape, value_shape, key_shape)
        keys, values = (self.num_heads, self.key_dim), (self.num_heads, self.value_dim)
        self.query_dense = self.projection("query", query_shape, keys)
        self.key_dense = self.projection("key", key_shape or value_shape, keys)
        self._gate_dense = self.projection("gate", query_shape, values, 1, "sigmoid") if self.use_gate else None
        self.value_dense = self.projection("value", value_shape, values)
        outer = self.output_shape or (query_shape[-1],)
        self.output_dense = self.projection("attention_output", (*query_shape[:-1], *values), outer, 2)

    def check_shapes(self, query_shape: tuple, value_shape: Any, key_shape: Any = None) -> None:
        """Refuse shapes that cannot attend to each other.

        Raises:
            Invalid: naming the axis that does not fit.
        """
        self.check_triple(query_shape, value_shape, key_shape)
        self.axes_of(len(query_shape))

    def axes_of(self, rank: int) -> tuple[int, ...]:
        """The axes attended over, counted from the start."""
        axes = self.attention_axes
        if axes is None:
            return tuple(range(1, rank - 1))
        axes = axes if isinstance(axes, list) else [axes]
        if any(not -rank < axis < rank or axis % rank in (0, rank - 1) for axis in axes):
            where = f'MultiHeadAttention "{self.name}"'
            raise Invalid(where, f"attention_axes between 1 and {rank - 2}, neither batch nor features", axes)
        return tuple(axis % rank for axis in axes)

    def compute_output_shape(self, query_shape: tuple, value_shape: tuple, key_shape: Any = None) -> tuple:
        """The query's places with the output's features."""
        self.check_shapes(query_shape, value_shape, key_shape)
        return (*query_shape[:-1], *(self.output_shape or (query_shape[-1],)))

    def compute_output_spec(self, query: Any, value: Any, key: Any = None, *args: Any, **options: Any) -> Any:
        """Symbols for the output, and for the scores where they are asked for."""
        shapes = (query.shape, value.shape, None if key is None else key.shape)
        output = KerasTensor(self.compute_output_shape(*shapes), self.compute_dtype)
        asked = args[4] if len(args) > 4 else options.get("return_attention_scores", False)
        if not asked:
            return output
        axes = self.axes_of(len(query.shape))
        kept = [query.shape[axis] for axis in range(1, len(query.shape) - 1) if axis not in axes]
        places = [query.shape[axis] for axis in axes] + [value.shape[axis] for axis in axes]
        return output, KerasTensor((query.shape[0], *kept, self.num_heads, *places), self.compute_dtype)

    def call(
        self,
        query: Tensor,
        value: Tensor,
        key: Tensor | None = None,
        query_mask: Tensor | None = None,
        value_mask: Tensor | None = None,
        key_mask: Tensor | None = None,
        attention_mask: Tensor | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """Project, attend, project back."""
        axes = self.axes_of(query.ndim)
        heads = [
            self.project(self.query_dense, query),
            self.project(self.key_dense, value if key is None else key),
            self.project(self.value_dense, value),
        ]
        q, k, v = (self.places_together(part, axes) for part in heads)
        sizes = (q.shape[-2], k.shape[-2])
        masks = (attention_mask, value_mask, key_mask)
        query_mask = getattr(query, "_keras_mask", None)  # as in Keras, one given apart does not count
        causal = use_causal_mask and self.causal_alone(return_attention_scores, query_mask, *masks)
        near_by = (use_causal_mask and not causal, self.sliding_window)
        mask = attention_mask_of(*masks, sizes, *near_by, q.device, len(axes), query_mask)
        if mask is not None and q.ndim > 4 and mask.ndim == 4:
            mask = mask.reshape(mask.shape[0], *[1] * (q.ndim - 4), *mask.shape[1:])
        if return_attention_scores:
            outputs, scores = self.attend(q, k, v, mask, bool(training))
        else:
            mean_of_none = self.dropout == 0 and len(axes) == 1
            outputs, scores = self.fused(q, k, v, mask, bool(training), mean_of_none, causal), None
        outputs = self.places_apart(outputs, heads[0].shape, axes)
        if self._gate_dense is not None:
            outputs = outputs * self.project(self._gate_dense, query)
        outputs = self.project(self.output_dense, outputs)
        if scores is None:
            return outputs
        spread = [heads[0].shape[axis] for axis in axes] + [heads[1].shape[axis] for axis in axes]
        return outputs, scores.reshape(*scores.shape[:-2], *spread)

    def _regularize(self, outputs: Any) -> None:
        """Nothing: the penalty is on the projections, of which the last gives the outputs."""

    def places_together(self, heads: Tensor, axes: tuple[int, ...]) -> Tensor:
        """(batch, *places, heads, size) as (batch, *kept, heads, T, size)."""
        if heads.ndim == 4:
            return heads.transpose(1, 2)
        rank = heads.ndim
        kept = [axis for axis in range(1, rank - 2) if axis not in axes]
        moved = heads.permute(0, *kept, rank - 2, *axes, rank - 1)
        return moved.flatten(-1 - len(axes), -2)

    def places_apart(self, outputs: Tensor, like: Any, axes: tuple[int, ...]) -> Tensor:
        """The inverse of `places_together`, for queries of shape `like`."""
        rank = len(like)
        if rank == 4:
            return outputs.transpose(1, 2)
        kept = [axis for axis in range(1, rank - 2) if axis not in axes]
        order = [0, *kept, rank - 2, *axes, rank - 1]
        moved = outputs.unflatten(-2, [like[axis] for axis in axes])
        return moved.permute([order.index(axis) for axis in range(rank)])


__all__ = ["MultiHeadAttention"]
