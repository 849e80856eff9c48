"""Bidirectional: a recurrent layer that reads the sequence both ways."""

from typing import Annotated, Any, Literal

import torch
from torch import Tensor

from kerasviz.declare import Data, Invalid, LayerRef, Named, arg
from kerasviz.layers.layer import Layer
from kerasviz.layers.recurrent_states import first

WHERE = "Bidirectional(layer=...)"


class Turnable(Named):
    """A recurrent layer of which a copy will run; the source shows the layer as it was given."""

    def to_source(self, value: Any) -> str:
        """Without what `Bidirectional` has changed."""
        changes = {"zero_output_for_mask": False} if value.return_sequences else {}
        return super().to_source(copied(value, name=value.name.removeprefix("forward_"), **changes))


class Bidirectional(Layer):
    """Runs one recurrent layer forward, one backward, and merges what they say.

    The forward layer is a copy of `layer`; the backward layer another, that reads from the end.

    Shapes:
        inputs: (batch, time, features)
        outputs: as the layer's; twice as wide with merge_mode "concat"; a list of both with None. With `return_state`
            a list of these, the forward layer's states and the backward layer's

    Source: M. Schuster and K. K. Paliwal, "Bidirectional Recurrent Neural Networks", 1997.
    """

    supports_masking: bool = True

    layer: Annotated[Any, Turnable("layer")] = arg(doc="The recurrent layer to run both ways.")
    merge_mode: Literal["concat", "sum", "mul", "ave"] | None = arg(
        "concat", doc="How both outputs become one; None keeps both."
    )
    weights: Data = arg(None, doc="Arrays to start from: the forward layer's, then the backward layer's.", quiet=True)
    backward_layer: LayerRef = arg(None, doc="Another layer to read from the end.")

    def check(self) -> None:
        """Make the two layers."""
        super().check()
        layer: Any = self._modules.pop("layer", None)
        given: Any = self.__dict__.pop("backward_layer", None)
        given = self._modules.pop("backward_layer", given)  # the forward layer comes first
        required = ("go_backwards", "return_sequences", "return_state", "stateful")
        for one in (layer, given):
            if one is not None and not all(hasattr(one, name) for name in required):
                raise Invalid(WHERE, "a recurrent layer, such as LSTM(64)", one)
        if layer is None:
            raise Invalid(WHERE, "a recurrent layer, such as LSTM(64)", None)
        self.needs_floats = layer.needs_floats
        name = layer.name.removeprefix("forward_")
        self.forward_layer: Any = copied(layer, name=f"forward_{name}")
        self.backward_layer: Any = given or type(layer).from_config(self.turned_config())
        self.check_pair()
        self.return_sequences, self.return_state = layer.return_sequences, layer.return_state
        self.stateful = layer.stateful
        if self.return_sequences:  # a repeated output would tell one direction what the other has not seen
            self.forward_layer.zero_output_for_mask = self.backward_layer.zero_output_for_mask = True
        if not self.trainable:
            self.trainable = False

    def check_pair(self) -> None:
        """The two must read in opposite directions, and answer in the same form."""
        ahead, back = self.forward_layer, self.backward_layer
        where = "Bidirectional(backward_layer=...)"
        if ahead.go_backwards == back.go_backwards:
            raise Invalid(where, f"go_backwards={not ahead.go_backwards}", back.go_backwards)
        for name in ("return_sequences", "return_state", "stateful"):
            if getattr(ahead, name) != getattr(back, name):
                raise Invalid(where, f"{name}={getattr(ahead, name)}, as the forward layer has", getattr(back, name))

    def __getattr__(self, name: str) -> Any:
        return self.forward_layer if name == "layer" else super().__getattr__(name)

    def _is_default(self, a: Any, value: Any) -> bool:
        if a.name == "backward_layer":
            return value is None or value.get_config() == self.turned_config()
        return a.name == "weights" or super()._is_default(a, value)

    def turned_config(self) -> dict[str, Any]:
        """The config of the backward layer that follows from the forward one."""
        ahead = self.forward_layer
        name = f"backward_{ahead.name.removeprefix('forward_')}"
        return {**ahead.get_config(), "name": name, "go_backwards": not ahead.go_backwards}

    def build(self, sequences_shape: tuple, initial_state_shape: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Build both layers, and put the given weights in."""
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
        if self.initial_weights is not None:
            self.set_weights(self.initial_weights)
            self.initial_weights = None

    def compute_output_shape(self, sequences_shape: tuple, initial_state_shape: Any = None) -> Any:
        """Shapes of the merged output, and of the states."""
        ahead = self.forward_layer.compute_output_shape(sequences_shape)
        back = self.backward_layer.compute_output_shape(sequences_shape)
        (one, *states), (other, *others) = (ahead, back) if self.return_state else ([ahead], [back])
        if self.merge_mode is None:
            merged = [one, other]
        elif self.merge_mode == "concat":
            merged = [(*one[:-1], one[-1] + other[-1])]
        else:
            self.check_equal(one, other)
            merged = [one]
        shapes = [*merged, *states, *others]
        return shapes if len(shapes) > 1 else shapes[0]

    def check_equal(self, one: tuple, other: tuple) -> None:
        """Sums and products need outputs of one shape."""
        if one != other:
            raise Invalid(
                f'Bidirectional "{self.name}"',
                f"outputs of equal shape for merge_mode={self.merge_mode!r}",
                (one, other),
                'Give both layers the same units, or use merge_mode="concat".',
            )

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """The input's mask for outputs that keep the time axis."""
        mask = first(previous_mask) if self.return_sequences else None
        masks = [mask] if self.merge_mode is not None else [mask, mask]
        if self.return_state:
            masks += [None] * (len(self.forward_layer.state_sizes) + len(self.backward_layer.state_sizes))
        return masks if len(masks) > 1 else mask

    def call(self, sequences: Tensor, initial_state: Any = None, mask: Any = None, training: bool | None = None) -> Any:
        """Run both ways and merge."""
        states: list[Any] = [None, None]
        if initial_state is not None:
            half = len(initial_state) // 2
            states = [initial_state[:half], initial_state[half:]]
        ahead = self.forward_layer(sequences, initial_state=states[0], mask=mask, training=training)
        back = self.backward_layer(sequences, initial_state=states[1], mask=mask, training=training)
        (one, *kept), (other, *others) = (ahead, back) if self.return_state else ([ahead], [back])
        if self.return_sequences:
            other = other.flip(1)
        outputs = [*self.merge(one, other), *kept, *others]
        if self._compute_dtype is not self.forward_layer._compute_dtype:
            outputs = [output.to(self._compute_dtype) for output in outputs]
        return outputs if len(outputs) > 1 else outputs[0]

    def merge(self, one: Tensor, other: Tensor) -> list[Tensor]:
        """Both outputs as one; or both."""
        if self.merge_mode is None:
            return [one, other]
        if self.merge_mode == "concat":
            return [torch.cat([one, other], dim=-1)]
        if self.merge_mode == "mul":
            return [one * other]
        total = one + other
        return [total / 2 if self.merge_mode == "ave" else total]

    def reset_state(self) -> None:
        """Forget where the last batch ended."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def reset_states(self) -> None:
        """As `reset_state`, under its older name."""
        self.reset_state()

    @property
    def states(self) -> Any:
        """The states of both layers, the forward layer's first."""
        both = (self.forward_layer.states, self.backward_layer.states)
        return None if None in both else [*both[0], *both[1]]


def _start_from(self: Bidirectional, arrays: Any) -> None:
    self.__dict__["initial_weights"] = arrays


Bidirectional.weights = property(Layer.weights.fget, _start_from)  # type: ignore[assignment,attr-defined]


def copied(layer: Layer, **changes: Any) -> Any:
    """A layer with the same arguments but for these, and weights of its own."""
    return type(layer).from_config({**layer.get_config(), **changes})
