"""Any torch module as a layer."""

from typing import Any

from torch import nn

from kerasviz.declare import Invalid
from kerasviz.layers.layer import Layer, map_shapes
from kerasviz.tensors import KerasTensor


class TorchModuleWrapper(Layer):
    """Runs a torch module as a layer: in functional graphs, in `Sequential`, in `fit`.

    The module's parameters become weights of the layer, as those of any torch module that is an attribute of a layer;
    the module goes on using them. Its buffers are saved by `state_dict`.

    Args:
        module: a torch module; called with what the layer is called with.
        name: unique in the model.
        output_shape: shape of the output, None where unknown; found by a call if not given.
    """

    def __init__(self, module: nn.Module, name: str | None = None, output_shape: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        if not isinstance(module, nn.Module):
            raise Invalid("TorchModuleWrapper(module=...)", "a torch.nn.Module", module)
        self.module = module
        self.output_shape = output_shape
        self.built = True

    def call(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """The module's output, in its training or evaluation mode."""
        if self.module.training != bool(training):
            self.module.train(bool(training))
        return self.module(*args, **kwargs)

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """What was said, or what a call shows."""
        if self.output_shape is not None:
            return self.output_shape
        return super().compute_output_shape(*args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbols of that shape."""
        if self.output_shape is not None:
            return map_shapes(lambda shape: KerasTensor(shape, self.compute_dtype), self.output_shape)
        return self._spec_by_calling(args, kwargs)

    def get_config(self) -> dict[str, Any]:
        """Not to be had: a module is code.

        Raises:
            Invalid: always, with what to do.
        """
        hint = "Save `state_dict()` and make the module anew, or write it with Keras layers."
        raise Invalid(f'TorchModuleWrapper "{self.name}".get_config', "a layer that has a config", self.module, hint)
