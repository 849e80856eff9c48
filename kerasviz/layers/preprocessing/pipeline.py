"""Pipeline."""

from collections.abc import Iterator
from typing import Annotated, Any, Self

from kerasviz.declare import Invalid, Kind, arg, family
from kerasviz.layers.calling import call_facts
from kerasviz.layers.layer import Layer
from kerasviz.tensors import KerasTensor, map_leaves


class LayersKind(Kind):
    """A list of layers."""

    input = "json"

    def parse(self, value: Any, where: str = "") -> list[Any]:
        """The layers; their configs are read."""
        if not isinstance(value, (list, tuple)):
            self.reject(where, "a list of layers", value)
        layers = [family("layer").get(part, where) for part in value]
        wrong = next((layer for layer in layers if not isinstance(layer, Layer)), None)
        if wrong is not None:
            self.reject(where, "layers", wrong)
        return layers

    def to_config(self, value: Any) -> Any:
        """Their configs."""
        return [family("layer").serialize(layer) for layer in value]

    def to_source(self, value: Any) -> str:
        """The calls that make them."""
        return f"[{', '.join(family('layer').source(layer) for layer in value)}]"


class Pipeline(Layer):
    """Applies layers one after the other, for data on its way to a model. By default they behave as in training.

    Shapes:
        inputs: as the first layer takes them
        outputs: as the last layer makes them
    """

    layers: Annotated[Any, LayersKind()] = arg(doc="The layers, the first one first.")
    name: str | None = arg(  # pyright: ignore[reportIncompatibleMethodOverride]  # Layer guards it
        None, doc="Unique name in the model.", group="base"
    )

    def check(self) -> None:
        """There is a layer."""
        super().check()
        if not self.layers:
            raise Invalid("Pipeline(layers=...)", "at least one layer", self.layers)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer."""
        config = super().get_config()
        frozen = {} if self.trainable else {"trainable": False}
        return {"layers": config["layers"], "name": config["name"], **frozen}

    @classmethod
    def from_config(cls, config: Any) -> Self:
        """The layer that `get_config` described."""
        return cls(**config)

    def build(self, input_shape: Any) -> None:
        """Build each layer for what the one before makes."""
        shape = input_shape
        for layer in self.layers:
            if not layer.built:
                layer.build(shape)
            shape = layer.compute_output_shape(shape)

    def _options(self, training: Any, mask: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Each layer, with what its `call` takes besides inputs."""
        for index, layer in enumerate(self.layers):
            facts = call_facts(type(layer))
            options: dict[str, Any] = {"training": training} if facts.takes_training else {}
            if index == 0 and mask is not None and "mask" in facts.masks:
                options["mask"] = mask
            yield layer, options

    def _prepared(self, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        return args, kwargs  # the first layer takes lists and texts, or converts them

    def call(self, inputs: Any, training: bool = True, mask: Any = None) -> Any:
        """What the last layer makes."""
        for layer, options in self._options(training, mask):
            inputs = layer(inputs, **options)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the last layer."""
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def compute_output_spec(self, inputs: Any, training: bool = True, mask: Any = None) -> Any:
        """A symbol for what the last layer makes."""
        for layer in self.layers:
            inputs = layer.compute_output_spec(inputs)
        return map_leaves(lambda symbol: KerasTensor(symbol.shape, symbol.dtype), inputs)
