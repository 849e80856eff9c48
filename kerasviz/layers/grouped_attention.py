"""GroupQueryAttention: attention in which several heads share one key and one value."""

from typing import Any

from torch import Tensor

from kerasviz.declare import Invalid, arg, weight
from kerasviz.layers.attention_heads import HeadedAttention
from kerasviz.layers.attention_masks import attention_mask_of
from kerasviz.tensors import KerasTensor, Seed


class GroupQueryAttention(HeadedAttention):
    """Lets each place of the query gather values in several heads, groups of which share their keys and values.

    Shapes:
        query: (batch, T, features)
        value, key: (batch, S, features)
        attention_mask: (batch, T, S), or (batch, heads, T, S); True where a place may look
        outputs: (batch, T, the query's features); with `return_attention_scores` a tuple of these and the scores
        scores: (batch, num_query_heads, T, S)

    Source: J. Ainslie et al., "GQA: Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints",
        2023.
    """

    supports_masking: bool = True

    head_dim: int = arg(at_least=1, doc="Size of queries, keys and values in each head.")
    num_query_heads: int = arg(at_least=1, doc="How many times attention is done.")
    num_key_value_heads: int = arg(at_least=1, doc="How many keys and values there are; divides the heads.")
    dropout: float = arg(0.0, at_least=0, at_most=1, doc="Share of the attention dropped.", group="dropout")
    use_bias: bool = arg(True, doc="Whether the projections add a bias.")
    sliding_window: int | None = arg(None, at_least=1, doc="How near a source must be to be looked at.")
    flash_attention: bool | None = arg(None, doc="Kept for Keras: the fused kernel runs wherever it can.", quiet=True)
    kernel = weight("glorot_uniform")
    bias = weight("zeros")
    use_gate: bool = arg(False, doc="Scale what each head gathered by a gate that sees the query.")
    seed: Seed = arg(None, doc="Seed of what is dropped.", group="dropout")

    def check(self) -> None:
        """Heads are shared evenly."""
        super().check()
        if self.num_query_heads % self.num_key_value_heads:
            where = f"{type(self).__name__}(num_key_value_heads=...)"
            expected = f"a divisor of num_query_heads={self.num_query_heads}"
            raise Invalid(where, expected, self.num_key_value_heads)

    @property
    def head_size(self) -> int:
        """Size of queries and keys in each head."""
        return self.head_dim

    def build(self, query_shape: tuple, value_shape: Any = None, key_shape: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Make the projections, in the order in which Keras does."""
        self.compute_output_shape(query_shape, value_shape, key_shape)
        heads, shared = (self.num_query_heads, self.head_dim), (self.num_key_value_heads, self.head_dim)
        self._query_dense = self.projection("query", query_shape, heads)
        self._key_dense = self.projection("key", key_shape or value_shape, shared)
        self._gate_dense = self.projection("gate", query_shape, heads, 1, "sigmoid") if self.use_gate else None
        self._value_dense = self.projection("value", value_shape, shared)
        gathered = (*query_shape[:-1], *heads)
        self._output_dense = self.projection("attention_output", gathered, (query_shape[-1],), 2)

    def compute_output_shape(self, query_shape: tuple, value_shape: Any = None, key_shape: Any = None) -> tuple:
        """The query's.

        Raises:
            Invalid: where query, value and key do not fit each other.
        """
        self.check_rank(query_shape, 3, "(batch, places, features) for the query")
        self.check_triple(query_shape, value_shape, key_shape)
        return tuple(query_shape)

    def compute_output_spec(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """Symbols for the output, and for the scores where they are asked for."""
        shapes = (query.shape, value.shape, None if key is None else key.shape)
        output = KerasTensor(self.compute_output_shape(*shapes), self.compute_dtype)
        if not return_attention_scores:
            return output
        sizes = (query.shape[0], self.num_query_heads, query.shape[1], value.shape[1])
        return output, KerasTensor(sizes, self.compute_dtype)

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
        q = self.project(self._query_dense, query).transpose(1, 2)
        k = self.project(self._key_dense, value if key is None else key).transpose(1, 2)
        v = self.project(self._value_dense, value).transpose(1, 2)
        masks = (attention_mask, value_mask, key_mask)
        causal = use_causal_mask and self.causal_alone(return_attention_scores, query_mask, *masks)
        mask = attention_mask_of(
            *masks,
            (q.shape[-2], k.shape[-2]),
            use_causal_mask and not causal,
            self.sliding_window,
            q.device,
            query_mask=query_mask,
        )
        if return_attention_scores:
            outputs, scores = self.attend(q, k, v, mask, bool(training))
        else:
            outputs, scores = self.fused(q, k, v, mask, bool(training), self.dropout == 0, causal), None
        outputs = outputs.transpose(1, 2)
        if self._gate_dense is not None:
            outputs = outputs * self.project(self._gate_dense, query)
        outputs = self.project(self._output_dense, outputs)
        return outputs if scores is None else (outputs, scores)


__all__ = ["GroupQueryAttention"]
