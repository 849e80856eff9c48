"""Model: a layer that trains, saves and describes itself."""

import functools
import json
from collections.abc import Callable
from typing import Any

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.layers.layer import Layer
from kerasviz.models.state_names import rename_by_place
from kerasviz.tensors import KerasTensor
from kerasviz.training.trainer import Trainer


class Model(Trainer, Layer):  # pyright: ignore[reportIncompatibleVariableOverride]  # Trainer declares what Layer has
    """Layers as one torch module, with `compile`, `fit`, `evaluate`, `predict`, `save` and `summary`.

    `Model(inputs, outputs)` is the functional way: symbols from `keras.Input` through layers. A subclass makes its
    layers in its constructor and writes `call(inputs)`.

    Entries of `state_dict` are named `layer.weight`, inner layers `layer.inner.weight`: by the names of layers in a
    Functional or Sequential, where `load_state_dict` lets the numbers differ that follow names given by us; by those of
    attributes elsewhere, and `attribute_0` and so on for lists. Weights have their Keras names and shapes: `kernel`,
    `bias`. `seed_generator.state` is that of random numbers, which need not be there.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """`Model(inputs, outputs)` makes a Functional."""
        from kerasviz.models.functional import Functional

        if cls is Model and is_functional_call(args, kwargs):
            made: Any = Functional
            return super().__new__(made, *args, **kwargs)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        from kerasviz.models.functional import Functional, functional_class

        if is_functional_call(args, kwargs) and not isinstance(self, Functional):
            itself: Any = self
            itself.__class__ = functional_class(type(self))  # a subclass that begins as a graph
            Functional.__init__(itself, *args, **kwargs)
            return
        Layer.__init__(self, **kwargs)

    @property
    def layers(self) -> list[Layer]:
        """Its layers, in order."""
        return self._inner_layers()

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of that name, or at that place."""
        if (name is None) == (index is None):
            raise Invalid(f'Model "{self.name}".get_layer', "a name or an index", (name, index))
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise Invalid(f'Model "{self.name}".get_layer(index=...)', f"at most {len(self.layers) - 1}", index)
            return self.layers[index]
        found = {layer.name: layer for layer in self.layers}
        if name not in found:
            hint = did_you_mean(name, found)
            raise Invalid(f'Model "{self.name}".get_layer(name=...)', "the name of a layer", name, hint)
        return found[name]

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *args: Any, **options: Any) -> None:
        """Take layers by their place, where only the numbers in their names differ."""
        if "graph" in vars(self) or "_stack" in vars(self):
            rename_by_place(self, state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args, **options)

    def forward_function(self, training: bool) -> Callable[[Any], Any]:
        """The fastest function from inputs to outputs for the mode."""
        return functools.partial(self, training=training)

    def summary(
        self,
        line_length: int | None = None,
        positions: list | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: list | None = None,
    ) -> None:
        """Print a table of the layers: output shapes and numbers of parameters."""
        from kerasviz.models.summary import summary_text

        text = summary_text(self, line_length, positions, expand_nested, show_trainable, layer_range)
        (print_fn or print)(text)

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
        """Write the whole model to a `.keras` file."""
        from kerasviz.saving import save_model

        save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None) -> None:
        """Write the weights to a `.weights.h5` file."""
        from kerasviz.saving import save_weights

        save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Read the weights from a file."""
        from kerasviz.saving import load_weights

        load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def export(
        self,
        filepath: Any,
        format: str = "tf_saved_model",  # Keras's name
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> None:
        """Refused: files for other engines are not there yet.

        Raises:
            Invalid: always.
        """
        hint = "`save` writes a `.keras` file. The model is a torch module: torch.export and torch.onnx take it."
        raise Invalid(f'Model "{self.name}".export(format=...)', "a format that there is", format, hint)

    def quantize(self, mode: str | None = None, config: Any = None, filters: Any = None, **kwargs: Any) -> None:  # type: ignore[override]
        """Refused: weights of few bits are not there yet.

        Raises:
            Invalid: always.
        """
        self._refuse_to_quantize("quantize", mode if config is None else getattr(config, "mode", mode))

    def get_quantization_layer_structure(self, mode: str | None = None) -> Any:
        """None: what a model overrides to say which layers stand before, within and after its blocks."""
        return None

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """The values of all its variables, nested by the parts of their paths.

        Args:
            value_format: "backend_tensor" for the variables themselves, "numpy_array" for copies.

        Returns:
            A dict with "trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables".

        Raises:
            Invalid: for another format.
        """
        from kerasviz.models.states import state_tree

        return state_tree(self, value_format)

    def set_state_tree(self, state_tree: Any) -> None:
        """Give variables the values that a tree as `get_state_tree` makes has for them; others keep theirs.

        Raises:
            Invalid: for a kind, path or shape that does not fit; nothing changes then.
        """
        from kerasviz.models.states import set_state_tree

        set_state_tree(self, state_tree)

    def to_json(self, **kwargs: Any) -> str:
        """Its architecture as JSON."""
        from kerasviz.saving import serialize_keras_object

        return json.dumps(serialize_keras_object(self), **kwargs)

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> Any:
        """The model that `get_config` described."""
        from kerasviz.models.functional import Functional, functional_class

        if isinstance(config, dict) and {"layers", "input_layers", "output_layers"} <= set(config):
            from kerasviz.saving.functional import functional_from_config

            wanted = Functional if cls is Model else cls
            wanted = wanted if issubclass(wanted, Functional) else functional_class(wanted)
            return functional_from_config(config, custom_objects, wanted)
        return super().from_config(config)

    def build_from_config(self, config: Any) -> None:
        """Build with recorded shapes, by a call on symbols."""
        if not config or self.built:
            return
        shape = config.get("input_shape") or config.get("shapes_dict")
        if shape is not None:
            self.build(shape)

    def build(self, input_shape: Any) -> None:
        """Make the weights by a call on symbols of this shape."""
        from kerasviz.layers.layer import map_shapes

        if type(self).call is Layer.call:
            return
        self.built = True
        symbols = map_shapes(lambda shape: KerasTensor(shape, self.compute_dtype), input_shape)
        self._spec_by_calling((symbols,), {})


def is_functional_call(args: tuple, kwargs: dict[str, Any]) -> bool:
    """Whether these arguments are inputs and outputs."""
    return (len(args) >= 2) or (len(args) == 1 and "outputs" in kwargs) or ("inputs" in kwargs and "outputs" in kwargs)
