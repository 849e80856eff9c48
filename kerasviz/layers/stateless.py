"""Calls of a layer with other values in place of its variables, and calls that keep less for the gradient."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.layers.calling import CONTEXT
from kerasviz.layers.weights import WeightOwner
from kerasviz.tensors import RematScope, SeedGenerator, StatelessScope, remat


class Stateless(WeightOwner):
    """The part of a layer that calls it in unusual ways."""

    losses: Any
    call: Callable[..., Any]
    compute_output_shape: Callable[..., Any]
    _remat: RematScope | None = None

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> tuple:
        """Call with other values in place of the variables; no variable changes, and gradients flow to the values.

        Args:
            trainable_variables: a value for each of `self.trainable_variables`.
            non_trainable_variables: a value for each of `self.non_trainable_variables`.
            args: of the call, as `kwargs`.
            return_losses: whether to return the losses of the call too.

        Returns:
            The outputs, and the values of the non-trainable variables after the call; and the losses.

        Raises:
            Invalid: where the layer is not built, or numbers or shapes of the values differ from the variables'.
        """
        where = f'{type(self).__name__} "{self.name}".stateless_call'
        if not self.built:
            raise Invalid(where, "a built layer", "one without variables yet", "Call it once, or `build` it, first.")
        states = self.non_trainable_variables
        mapping = [*_pairs(self.trainable_variables, trainable_variables, f"{where}(trainable_variables=...)")]
        mapping += _pairs(states, non_trainable_variables, f"{where}(non_trainable_variables=...)")
        with StatelessScope(mapping) as scope:
            outputs = self(*args, **kwargs)
            losses = list(self.losses) if return_losses else []
        values = [scope.value_of(variable) for variable in states]
        return (outputs, values, losses) if return_losses else (outputs, values)

    def rematerialized_call(self, layer_call: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """`layer_call` as the RematScope in which the layer was made wants it: keeping only its inputs, or as it is.

        Args:
            layer_call: what computes the layer's output.
            args: of the call that is to come, as `kwargs`: their shapes say how large the output is.
        """
        scope = self._remat
        if scope is None or scope.mode == "activations":
            return layer_call
        if scope.mode == "list_of_layers" and self.name not in scope.layer_names:
            return layer_call
        if scope.mode == "larger_than":
            shape = self.compute_output_shape(tuple(args[0].shape)) if args else ()
            if torch.Size(size or 1 for size in shape).numel() <= scope.output_size_threshold:
                return layer_call
        return remat(self._same_again(layer_call))

    def _recomputed(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        """The call as its RematScope wants it."""
        scope = self._remat
        activation = self.__dict__.get("activation")
        if scope is None or scope.mode != "activations":
            return self.rematerialized_call(self.call, *args, **kwargs)(*args, **kwargs)
        if activation is None:
            return self.call(*args, **kwargs)
        self.__dict__["activation"] = remat(activation)
        try:
            return self.call(*args, **kwargs)
        finally:
            self.__dict__["activation"] = activation

    def _same_again(self, layer_call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, which in the backward pass finds the mode, dtype and seeds of the forward pass."""
        mode = CONTEXT.training, CONTEXT.cast, CONTEXT.depth
        seeds = [seed.state.detach() for seed in self._seed_generators()]
        started = [state.clone() for state in seeds]
        losses = [(layer._losses, len(layer._losses)) for layer in self._flatten_layers()]
        calls = 0

        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == 1:
                return layer_call(*args, **kwargs)
            with going_on(mode, seeds, started):
                outputs = layer_call(*args, **kwargs)
            for own, count in losses:
                del own[count:]
            return outputs

        return call

    def _seed_generators(self) -> list[SeedGenerator]:
        """Those that are attributes of it, or of layers inside."""
        found = [seed for layer in self._flatten_layers() for seed in layer._own_seeds().values()]
        return list({id(seed): seed for seed in found}.values())


@contextmanager
def going_on(mode: tuple, seeds: list[Tensor], started: list[Tensor]) -> Any:
    """Inside, the mode of an earlier call, and its seeds."""
    outer = CONTEXT.training, CONTEXT.cast, CONTEXT.depth
    now = [state.clone() for state in seeds]
    CONTEXT.training, CONTEXT.cast, CONTEXT.depth = mode
    for state, value in zip(seeds, started, strict=True):
        state.copy_(value)
    try:
        yield
    finally:
        CONTEXT.training, CONTEXT.cast, CONTEXT.depth = outer
        for state, value in zip(seeds, now, strict=True):
            state.copy_(value)


def _pairs(variables: list[Any], values: Iterable[Any], where: str) -> list[tuple[Any, Any]]:
    values = list(values)
    if len(values) != len(variables):
        raise Invalid(where, f"{len(variables)} values", f"{len(values)}")
    return list(zip(variables, values, strict=True))
