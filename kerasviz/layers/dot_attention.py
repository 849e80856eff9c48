"""Attention and AdditiveAttention: queries gather values by how well their keys fit, without projections."""

from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Invalid, arg
from kerasviz.layers.attention_masks import near
from kerasviz.layers.attention_scores import ScoreDropout
from kerasviz.tensors import KerasTensor, Seed

HINT = "Call it as layer([query, value]) or layer([query, value, key])."
FAR = 1e9  # what is taken from the score of a place that may not be seen, as in Keras
FAR_IN_HALF = 65504.0  # the largest float16


class Attention(ScoreDropout):
    """Lets each place of the query gather values from all places, by the product of query and key.

    Shapes:
        query: (batch, T, features)
        value: (batch, S, width)
        key: (batch, S, features); the value by default
        mask: a list, (batch, T) of the query and (batch, S) of the value; True where something is
        outputs: (batch, T, width); with `return_attention_scores` a tuple of these and (batch, T, S)

    Source: M.-T. Luong et al., "Effective Approaches to Attention-based Neural Machine Translation", 2015.
    """

    supports_masking: bool = True

    use_scale: bool = arg(False, doc="Whether to learn a factor of the scores.")
    score_mode: Literal["dot", "concat"] = arg(
        "dot", doc="How query and key make a score: their product, or the sum of the tanh of their sum."
    )
    dropout: float = arg(0.0, at_least=0, at_most=1, doc="Share of the scores dropped.", group="dropout")
    seed: Seed = arg(None, doc="Seed of what is dropped.", group="dropout")

    def build(self, input_shape: Any) -> None:
        """Make the factors."""
        self.compute_output_shape(input_shape)
        self.scale = self.add_weight(name="scale", shape=(), initializer="ones") if self.use_scale else None
        self.concat_score_weight: Any = None
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(name="concat_score_weight", shape=(), initializer="ones")

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """What each place of the query gathers."""
        query, value, key = self.parts(inputs)
        of_query, of_value = self.mask_parts(mask)
        rate = self.fused_rate(training, query.device)
        scores = None
        if self.score_mode == "dot" and of_value is None and rate is not None and not return_attention_scores:
            outputs = self.fused(query, value, key, use_causal_mask, rate)
        else:
            scores = self.scores(query, key)
            seen = self.seen_places(scores, of_value, use_causal_mask)
            scores = (scores if seen is None else torch.where(seen, scores, scores - far(scores.dtype))).softmax(-1)
            scores = self.drop(scores) if training and self.dropout else scores
            outputs = scores @ value
        if of_query is not None:
            outputs = outputs.masked_fill(~of_query.bool().unsqueeze(-1), 0)
        return (outputs, scores) if return_attention_scores else outputs

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        """(batch, T, S): how well each key fits each query."""
        if self.score_mode == "dot":
            scores = query @ key.transpose(-1, -2)
            return scores if self.scale is None else scores * self.scale
        sums = query.unsqueeze(-2) + key.unsqueeze(-3)
        sums = sums if self.scale is None else sums * self.scale
        return self.concat_score_weight * sums.tanh().sum(-1)

    def fused(self, query: Tensor, value: Tensor, key: Tensor, causal: bool, rate: float) -> Tensor:
        """What is gathered, on torch's fused kernel: where no mask is given.

        With one, a row may have no place to look at; the kernel's gradient is not the softmax's there.
        """
        query = query if self.scale is None else query * self.scale
        heads = [part.unsqueeze(1) if part.ndim == 3 else part for part in (query, key, value)]
        outputs = F.scaled_dot_product_attention(*heads, dropout_p=rate, is_causal=causal, scale=1.0)
        return outputs.squeeze(1) if query.ndim == 3 else outputs

    def seen_places(self, scores: Tensor, of_value: Any, causal: bool) -> Tensor | None:
        """Where a query may look, (batch or 1, T or 1, S); None for everywhere."""
        seen = None if of_value is None else of_value.bool().unsqueeze(-2)
        if not causal:
            return seen
        earlier = near((scores.shape[-2], scores.shape[-1]), True, None, scores.device).unsqueeze(0)
        return earlier if seen is None else seen & earlier

    def parts(self, inputs: Any) -> tuple[Any, Any, Any]:
        """Query, value and key.

        Raises:
            Invalid: where it is called on something else than a list of two or three.
        """
        if not isinstance(inputs, (list, tuple)) or not 2 <= len(inputs) <= 3:
            got = f"{len(inputs)} inputs" if isinstance(inputs, (list, tuple)) else "one input"
            raise Invalid(f'{type(self).__name__} "{self.name}"', "a query, a value and perhaps a key", got, HINT)
        query, value, *rest = inputs
        return query, value, rest[0] if rest else value

    def mask_parts(self, mask: Any) -> tuple[Any, Any]:
        """The query's and the value's mask."""
        if mask is None:
            return None, None
        if not isinstance(mask, (list, tuple)) or not 2 <= len(mask) <= 3:
            where = f'{type(self).__name__} "{self.name}"(mask=...)'
            raise Invalid(where, "[query_mask, value_mask]", mask, "None stands for a mask that is not there.")
        return mask[0], mask[1]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The query's."""
        return self.mask_parts(mask)[0]

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """The query's places with the value's features.

        Raises:
            Invalid: where query, value and key do not fit each other.
        """
        if not isinstance(input_shape, (list, tuple)) or not all(isinstance(s, (list, tuple)) for s in input_shape):
            input_shape = "one shape"
        query, value, key = (tuple(shape) for shape in self.parts(input_shape))
        where = f'{type(self).__name__} "{self.name}"'
        for name, shape in (("query", query), ("value", value), ("key", key)):
            if len(shape) < 3 or len(shape) != len(query):
                raise Invalid(where, f"{name} (batch, places, features)", shape)
        if None not in (query[-1], key[-1]) and query[-1] != key[-1]:
            raise Invalid(where, f"a key with the query's {query[-1]} features", key, "Put a Dense before one of them.")
        if None not in (value[-2], key[-2]) and value[-2] != key[-2]:
            raise Invalid(where, f"one key for each of {value[-2]} values", key)
        for name, shape in (("value", value), ("key", key)):
            if None not in (query[0], shape[0]) and query[0] != shape[0]:
                raise Invalid(where, f"a {name} with the query's batch size {query[0]}", shape)
        return (*query[:-1], value[-1])

    def compute_output_spec(
        self,
        inputs: Any,
        mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """Symbols for the output, and for the scores where they are asked for."""
        query, value, key = (tuple(part.shape) for part in self.parts(inputs))
        output = KerasTensor(self.compute_output_shape([query, value, key]), self.compute_dtype)
        if not return_attention_scores:
            return output
        return output, KerasTensor((*query[:-1], key[-2]), self.compute_dtype)


class AdditiveAttention(Attention):
    """Lets each place of the query gather values from all places, by the tanh of the sum of query and key.

    Shapes:
        query: (batch, T, features)
        value: (batch, S, width)
        key: (batch, S, features); the value by default
        scale: (features), what each feature counts
        mask: a list, (batch, T) of the query and (batch, S) of the value; True where something is
        outputs: (batch, T, width); with `return_attention_scores` a tuple of these and (batch, T, S)

    Source: D. Bahdanau et al., "Neural Machine Translation by Jointly Learning to Align and Translate", 2014.
    """

    without = ("score_mode",)
    score_mode = "additive"  # pyright: ignore[reportAssignmentType]  # as its base asks

    use_scale: bool = arg(True, doc="Whether to learn what each feature counts.")
    seed: Seed = arg(None, keyword=True, doc="Seed of what is dropped.", group="dropout")

    def build(self, input_shape: Any) -> None:
        """Make the factors."""
        self.compute_output_shape(input_shape)
        features = input_shape[0][-1]
        self.scale = None
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(features,), initializer="glorot_uniform")

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        """(batch, T, S): how well each key fits each query."""
        shapes = (query.unsqueeze(-2) + key.unsqueeze(-3)).tanh()
        return shapes.sum(-1) if self.scale is None else shapes @ self.scale


def far(dtype: torch.dtype) -> float:
    """What is taken from the score of a place that may not be seen."""
    return FAR_IN_HALF if dtype == torch.float16 else FAR


__all__ = ["AdditiveAttention", "Attention"]
