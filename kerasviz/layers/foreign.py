"""Layers of other frameworks: they need the framework's own package, and say so where it is missing."""

import importlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.layers.layer import Layer
from kerasviz.tensors import map_leaves


def needed(package: str, where: str, use: str) -> Any:
    """The package.

    Raises:
        Invalid: where it is not installed, with how to install it.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        name = package.partition(".")[0]
        hint = f"Install it with `pip install {name}`, or write the layer with PyTorch (TorchModuleWrapper)."
        raise Invalid(where, f"the package `{name}`, which {use}", "no such package", hint) from error


class TFSMLayer(Layer):
    """Runs a TensorFlow SavedModel, for inference: no gradients pass through it, and its weights are its own.

    Needs the package `tensorflow`. Tensors go to TensorFlow and back through numpy, on the host.

    Args:
        filepath: folder of the SavedModel.
        call_endpoint: name of the function or signature to run.
        call_training_endpoint: that in training; the same by default.
        trainable: kept for Keras.
        name: unique in the model.
        dtype: of the inputs.
    """

    def __init__(
        self,
        filepath: Any,
        call_endpoint: str = "serve",
        call_training_endpoint: str | None = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        tensorflow = needed("tensorflow", f"{type(self).__name__}(filepath=...)", "runs SavedModels")
        super().__init__(trainable=trainable, name=name, dtype=dtype)
        self.filepath = str(filepath)
        self.call_endpoint = call_endpoint
        self.call_training_endpoint = call_training_endpoint
        model = tensorflow.saved_model.load(self.filepath)
        endpoint = self.endpoint(model, call_endpoint)
        training = endpoint if call_training_endpoint is None else self.endpoint(model, call_training_endpoint)
        self.__dict__.update(_tensorflow=tensorflow, _saved_model=model, _endpoints=(endpoint, training))
        self.built = True

    def endpoint(self, model: Any, name: str) -> Any:
        """A function or signature of the SavedModel.

        Raises:
            Invalid: where it has none of that name.
        """
        if hasattr(model, name):
            return getattr(model, name)
        signatures = getattr(model, "signatures", {})
        if name in signatures:
            return signatures[name]
        where = f'{type(self).__name__} "{self.name}"(call_endpoint=...)'
        raise Invalid(where, f"one of {sorted(signatures)}, the signatures in {self.filepath}", name)

    def call(self, inputs: Any, training: bool = False, **kwargs: Any) -> Any:
        """What the endpoint gives."""
        device = next(iter(tensors_in(inputs)), torch.empty(0)).device

        def there(value: Any) -> Any:
            return self._tensorflow.convert_to_tensor(value.detach().cpu().numpy()) if is_tensor(value) else value

        def back(value: Any) -> Any:
            return torch.from_numpy(value.numpy().copy()).to(device) if hasattr(value, "numpy") else value

        outputs = self._endpoints[bool(training)](map_leaves(there, inputs), **map_leaves(there, kwargs))
        return map_leaves(back, dict(outputs) if isinstance(outputs, Mapping) else outputs)

    def get_config(self) -> dict[str, Any]:
        """Where the SavedModel lies, and what is run of it."""
        base = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype_policy.name}
        names = ("filepath", "call_endpoint", "call_training_endpoint")
        return {**base, **{name: getattr(self, name) for name in names}}

    @classmethod
    def from_config(  # pyright: ignore[reportIncompatibleMethodOverride]
        cls, config: Mapping[str, Any], custom_objects: Any = None, safe_mode: bool | None = None
    ) -> "TFSMLayer":
        """The layer that `get_config` described.

        Raises:
            Invalid: unless `safe_mode` is False: a SavedModel is code, and a config may name anybody's.
        """
        if safe_mode is not False:
            hint = "If you trust the file, make the layer with `TFSMLayer.from_config(config, safe_mode=False)`."
            raise Invalid("TFSMLayer.from_config", "a layer that is data", f"code in {config.get('filepath')!r}", hint)
        return cls(**config)


def is_tensor(value: Any) -> bool:
    """Whether it is one of torch's."""
    return isinstance(value, Tensor)


def tensors_in(structure: Any) -> list[Tensor]:
    """All of torch's tensors in a nest."""
    found: list[Tensor] = []
    map_leaves(lambda value: found.append(value) if isinstance(value, Tensor) else None, structure)
    return found


__all__ = ["TFSMLayer"]
