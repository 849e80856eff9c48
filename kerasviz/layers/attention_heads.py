"""What attention with several heads shares: projections to heads, and gathering in each of them."""

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.modules.module import _has_any_global_hook as has_any_global_hook

from kerasviz.declare import Invalid, arg, weight
from kerasviz.layers.attention_masks import lowest
from kerasviz.layers.attention_scores import ScoreDropout
from kerasviz.layers.layer import Layer


class Projection(Layer):
    """Multiplies the last axes by a kernel of any rank, and adds a bias.

    Shapes:
        inputs: (batch, *rest, *inner)
        kernel: (*inner, *outer)
        outputs: (batch, *rest, *outer)
    """

    outer: Any = arg(doc="Sizes of the axes that take the place of the inner ones.")
    num_inner: int = arg(1, at_least=1, doc="Number of axes that are multiplied away.")
    use_bias: bool = arg(True, doc="Whether to add a bias.")
    kernel = weight("glorot_uniform")
    bias = weight("zeros")

    def build(self, input_shape: tuple) -> None:
        """Make the kernel for these inputs."""
        self.kernel = self.add_weight(name="kernel", shape=(*input_shape[-self.num_inner :], *self.outer))
        self.bias = self.add_weight(name="bias", shape=self.outer) if self.use_bias else None

    def call(self, inputs: Tensor) -> Tensor:
        """One matrix product."""
        kernel, bias = self.kernel, self.bias
        width = math.prod(self.outer)
        matrix = kernel.reshape(-1, width)
        if self.num_inner > 1:
            inputs = inputs.flatten(-self.num_inner)
        outputs = F.linear(inputs, matrix.t(), None if bias is None else bias.reshape(width))
        return outputs.unflatten(-1, self.outer) if len(self.outer) > 1 else outputs

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The inner axes become the outer ones."""
        return (*input_shape[: -self.num_inner], *self.outer)


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

    def projection(self, name: str, outer: tuple, num_inner: int = 1) -> Projection:
        """A projection with the layer's initializers, regularizers and constraints."""
        roles = ("initializer", "regularizer", "constraint")
        shared = {f"{array}_{role}": getattr(self, f"{array}_{role}") for array in ("kernel", "bias") for role in roles}
        base = {"name": name, "dtype": self.dtype_policy, "trainable": self.trainable}
        return Projection(outer, num_inner, self.use_bias, **shared, **base)

    def project(self, layer: Any, inputs: Tensor) -> Tensor:
        """`layer(inputs)`; by its `call` alone where a whole call would do nothing more."""
        return layer.call(inputs) if not hooked(layer) and layer.activity_regularizer is None else layer(inputs)

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
        return inside and all(mask is None for mask in masks) and self.fused_rate(bool(self.dropout)) is not None

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
        rate = self.fused_rate(training)
        if rate is None:
            return self.attend(q, k, v, mask, training)[0]
        if mask is not None and mean_of_none:
            mask = torch.zeros_like(mask, dtype=q.dtype).masked_fill_(~mask, lowest(q.dtype))
        k, v = self.for_every_head(q, k), self.for_every_head(q, v)
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, dropout_p=rate, is_causal=causal)


def hooked(module: Any) -> bool:
    """Whether torch would run a hook when the module is called."""
    return bool(
        module._forward_hooks
        or module._forward_pre_hooks
        or module._backward_hooks
        or module._backward_pre_hooks
        or has_any_global_hook()
    )


def fits(one: Any, other: Any) -> bool:
    """Whether two shapes can be equal."""
    pairs = zip(one, other, strict=False)
    return len(one) == len(other) and all(None in (a, b) or a == b for a, b in pairs)
