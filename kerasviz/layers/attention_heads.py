"""What attention with several heads shares: projections to heads, and gathering in each of them."""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.modules import module as torch_module

from kerasviz.declare import Invalid
from kerasviz.initializers import Initializer
from kerasviz.layers.attention_masks import lowest, near
from kerasviz.layers.attention_scores import ScoreDropout
from kerasviz.layers.dense import EinsumDense

LETTERS = "abcdefghijklmnopqrstuvwxyz"


class HeadedAttention(ScoreDropout):
    """Base of the layers that attend in several heads.

    Shapes:
        q: (batch, *kept, heads, T, head size)
        k, v: (batch, *kept, heads, S, head size); fewer heads are shared by neighbours
        mask: broadcasts to (batch, *kept, heads, T, S), True where a place may look
    """

    use_bias: Any
    sliding_window: Any
    flash_attention: Any

    def check(self) -> None:
        """Whoever insists on the fused kernel alone can drop nothing, as in Keras."""
        super().check()
        if self.flash_attention and self.dropout:
            raise Invalid(f"{type(self).__name__}(dropout=...)", "0, because flash_attention=True", self.dropout)

    @property
    def head_size(self) -> int:
        """Size of queries and keys in each head."""
        raise NotImplementedError

    def projection(
        self, name: str, input_shape: tuple, outer: tuple, num_inner: int = 1, activation: str | None = None
    ) -> EinsumDense:
        """A built layer that multiplies the last axes away, with this layer's initializers and penalties."""
        rest, inner, made = (LETTERS[i::3] for i in range(3))
        rest, inner, made = rest[: len(input_shape) - num_inner], inner[:num_inner], made[: len(outer)]
        roles = ("initializer", "regularizer", "constraint")
        shared = {f"{array}_{role}": getattr(self, f"{array}_{role}") for array in ("kernel", "bias") for role in roles}
        for array in ("kernel", "bias"):  # without a seed, each projection starts with numbers of its own
            start = shared[f"{array}_initializer"]
            shared[f"{array}_initializer"] = start.clone() if isinstance(start, Initializer) else start
        layer = EinsumDense(
            f"{rest}{inner},{inner}{made}->{rest}{made}",
            (*[None] * (len(rest) - 1), *outer),
            activation,
            made if self.use_bias else None,
            **shared,
            activity_regularizer=self.activity_regularizer,
            dtype=self.dtype_policy,
            trainable=self.trainable,
            name=name,
        )
        layer.build(input_shape)
        return layer

    def project(self, layer: Any, inputs: Tensor) -> Tensor:
        """`layer(inputs)`; by its `call` alone where a whole call would do nothing more."""
        hooked = (
            layer._forward_hooks
            or layer._forward_pre_hooks
            or layer._backward_hooks
            or layer._backward_pre_hooks
            or torch_module._global_forward_hooks
            or torch_module._global_forward_pre_hooks
            or torch_module._global_backward_hooks
            or torch_module._global_backward_pre_hooks
        )
        return layer(inputs) if hooked or layer.activity_regularizer is not None else layer.call(inputs)

    def check_triple(self, query_shape: tuple, value_shape: Any, key_shape: Any = None) -> None:
        """Refuse shapes that cannot attend to each other.

        Raises:
            Invalid: naming the axis that does not fit.
        """
        where = f'{type(self).__name__} "{self.name}"'
        words = "(batch, places, features)"
        if value_shape is None:
            raise Invalid(where, "a query and a value", "a query alone", "For self-attention write layer(x, x).")
        for name, shape in (("query", query_shape), ("value", value_shape), ("key", key_shape or value_shape)):
            if len(shape) < 3:
                raise Invalid(where, f"{name} {words}", tuple(shape))
            if len(shape) != len(query_shape):
                raise Invalid(where, f"{name} with as many axes as the query {tuple(query_shape)}", tuple(shape))
            if None not in (shape[0], query_shape[0]) and shape[0] != query_shape[0]:
                raise Invalid(where, f"{name} with the query's batch size {query_shape[0]}", tuple(shape))
        if key_shape is not None and not fits(key_shape[1:-1], value_shape[1:-1]):
            raise Invalid(where, f"one key for each value of {tuple(value_shape)}", tuple(key_shape))

    def causal_alone(self, wants_scores: bool, *masks: Tensor | None) -> bool:
        """Whether looking back is all that is forbidden, so that the fused kernel needs no mask.

        Raises:
            Invalid: where scores are asked for that the fused kernel, asked for too, does not give.
        """
        if wants_scores and self.flash_attention:
            where = f'{type(self).__name__} "{self.name}"(return_attention_scores=...)'
            raise Invalid(where, "False, because flash_attention=True", True)
        inside = self.sliding_window is None and not wants_scores
        return inside and all(mask is None for mask in masks)

    def attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, training: bool) -> tuple[Tensor, Tensor]:
        """What is gathered, and the scores: step by step."""
        k, v = self.for_every_head(q, k), self.for_every_head(q, v)
        scores = (q * self.head_size**-0.5) @ k.transpose(-1, -2)
        if mask is None:
            scores = scores.softmax(-1)
        else:
            scores = scores.masked_fill(~mask, lowest(scores.dtype)).softmax(-1).masked_fill(~mask, 0.0)
        kept = self.drop(scores) if training and self.dropout else scores
        return kept @ v, scores

    def for_every_head(self, q: Tensor, shared: Tensor) -> Tensor:
        """Keys or values, repeated where several heads of the query share them."""
        share = q.shape[-3] // shared.shape[-3]
        return shared if share == 1 else shared.repeat_interleave(share, -3)

    def fused(
        self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, training: bool, mean_of_none: bool, causal: bool
    ) -> Tensor:
        """What is gathered, on torch's fused kernel.

        Args:
            q, k, v, mask: as above.
            training: whether scores are dropped.
            mean_of_none: whether a place that may look nowhere gathers the mean of all values, or nothing.
            causal: whether a place sees only itself and what was before; the mask is None then.
        """
        rate = self.fused_rate(training, q.device)
        if rate is None:
            mask = near((q.shape[-2], k.shape[-2]), True, None, q.device) if causal else mask
            return self.attend(q, k, v, mask, training)[0]
        if mask is not None and mean_of_none:
            mask = torch.zeros_like(mask, dtype=q.dtype).masked_fill_(~mask, lowest(q.dtype))
        k, v = self.for_every_head(q, k), self.for_every_head(q, v)
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=rate, is_causal=causal)


def fits(one: Any, other: Any) -> bool:
    """Whether two shapes can be equal."""
    pairs = zip(one, other, strict=False)
    return len(one) == len(other) and all(None in (a, b) or a == b for a, b in pairs)
