"""Configs of Keras 1 and 2, and those in Keras 3's `.h5` files, as Keras 3 writes them elsewhere: data into data."""

import re
from collections.abc import Mapping
from typing import Any

from kerasviz.declare import Invalid, registered_object
from kerasviz.declare.registry import names_of
from kerasviz.saving import values
from kerasviz.saving.function_classes import function_of
from kerasviz.saving.legacy_arguments import EVERYWHERE, now_called, plain_name, translated
from kerasviz.saving.legacy_graph import translated_graph
from kerasviz.saving.legacy_keras1 import merging, penalty
from kerasviz.saving.legacy_tensorflow import is_tensorflow_call, translated_operation

MODELS = ("Functional", "Sequential")
HOLDING_LAYERS = ("layer", "backward_layer", "forward_layer", "cell", "cells")  # arguments that are layers
GONE_POLICIES = ("Policy", "PolicyV1", "MixedPrecision")
NOT_HERE = {
    **dict.fromkeys(("LocallyConnected1D", "LocallyConnected2D"), "Keras 2 had it; Keras 3 has no such layer."),
    "TensorFlowOpLayer": "It holds a piece of TensorFlow's graph. Save the model without raw TensorFlow operations.",
}


def is_legacy(config: Any) -> bool:
    """Whether the config of a model is in the form without modules."""
    return isinstance(config, Mapping) and "class_name" in config and not config.get("module")


def modern(config: Mapping[str, Any], version: str | None, where: str) -> dict[str, Any]:
    """The config of a model in the form of today.

    Args:
        config: with `class_name` and `config`.
        version: of the Keras that wrote it; None where that is not known.
        where: for errors.

    Raises:
        Invalid: where it has what there is no more, or is no config.
    """
    values.check_depth(config, where)
    told = {key: config[key] for key in ("class_name", "config", "registered_name") if key in config}
    return Translator(is_before_3(version), where).layer(told)


def is_before_3(version: str | None) -> bool:
    """Whether a version is that of Keras 1 or 2."""
    return version is None or re.match(r"[3-9]\.", version) is None


def model_from_config(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None, where: str) -> Any:
    """The model, with new weights, that a config without modules describes.

    Raises:
        Invalid: where it has what there is no more, or names what is not known.
    """
    from kerasviz.saving.config import deserialize_keras_object, scope

    version = config.get("keras_version")
    with scope(custom_objects):
        return deserialize_keras_object(modern(config, version if isinstance(version, str) else None, where))


class Translator:
    """Translates layers, and what is in them.

    Args:
        before_3: whether names and arguments are those of Keras 1 and 2.
        where: for errors.
    """

    def __init__(self, before_3: bool, where: str) -> None:
        self.before_3 = before_3
        self.where = where

    def layer(self, entry: Any) -> dict[str, Any]:
        """A layer, or a model."""
        if not isinstance(entry, Mapping) or not isinstance(entry.get("class_name"), str):
            raise Invalid(self.where, "the config of a layer", entry)
        name, config = entry["class_name"], entry.get("config")
        made = dict(entry)
        if entry.get("module") and not self.before_3:
            return made  # as Keras 3 writes it elsewhere
        if registered_object(name) is not None or registered_object(str(entry.get("registered_name"))) is not None:
            return {**made, "config": self.of_the_user(config)}
        if now_called(name) in MODELS:
            return self.model(made, now_called(name), config)
        if not isinstance(config, Mapping):
            raise Invalid(f'{name} of "{self.where}"', "its arguments by name", config)
        if is_tensorflow_call(name):
            return translated_operation(entry, self.where)
        if name == "Lambda":
            return {**made, "module": "keras.layers", "config": self.function_layer(config)}
        if name == "Merge" and self.before_3:
            name, config = merging(config, self.where)
        return self.layer_of_ours(made, name, config)

    def layer_of_ours(self, entry: dict[str, Any], name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """A layer of the library, with its arguments."""
        cls = names_of("keras.layers").get(now_called(name))
        if cls is None:
            return self.unknown(entry, name)
        config = {key: self.value(key, value) for key, value in given.items()}
        if self.before_3:
            config = translated(name, config, getattr(cls, "args", None))
        if name == "InputLayer" and given.get("batch_input_shape") is not None:
            config["batch_shape"] = given["batch_input_shape"]
        return {**entry, "module": "keras.layers", "class_name": now_called(name), "config": config}

    def value(self, key: str, value: Any) -> Any:
        """An argument: layers inside are translated, names too, and those of dtype policies."""
        if key == "name" and self.before_3 and isinstance(value, str):
            return plain_name(value)
        if key in HOLDING_LAYERS and isinstance(value, (list, tuple)):
            return [self.layer(part) for part in value]
        if key in HOLDING_LAYERS and isinstance(value, Mapping):
            return self.layer(value)
        if isinstance(value, Mapping) and self.before_3 and key.endswith(("regularizer", "constraint")):
            return penalty(key, value)
        if not isinstance(value, Mapping) or not isinstance(value.get("config"), Mapping):
            return value
        if key == "dtype" and value.get("class_name") in GONE_POLICIES:
            return value["config"].get("name")
        if self.before_3 and key.endswith("initializer") and not value.get("registered_name"):
            config = {name: part for name, part in value["config"].items() if name not in ("dtype", "partition_info")}
            return {**value, "class_name": re.sub(r"V[12]$", "", str(value.get("class_name"))), "config": config}
        return value

    def of_the_user(self, config: Any) -> Any:
        """The arguments of a layer that the user brought: as they are, but for what Keras 2 put into all."""
        if not isinstance(config, Mapping) or not self.before_3:
            return config
        return {key: self.value(key, value) for key, value in config.items() if key not in EVERYWHERE}

    def function_layer(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """A Lambda: its function is known by name, or refused."""
        gone = ("function_type", "module", "output_shape_type", "output_shape_module")
        kept = {name: self.value(name, value) for name, value in config.items() if name not in (*gone, *EVERYWHERE)}
        function = config.get("function")
        code = isinstance(function, (list, tuple)) or config.get("output_shape_type") == "lambda"
        if code or config.get("function_type") == "lambda":
            hint = "Make the model anew from its code, and give it the weights of the file with load_weights."
            raise Invalid(f'Lambda "{config.get("name")}" of "{self.where}"', "a layer that is data", "bytecode", hint)
        if isinstance(function, str):
            found = registered_object(function)
            if found is None:
                hint = "Pass it in `custom_objects`."
                raise Invalid(f'Lambda "{config.get("name")}" of "{self.where}"', "a known function", function, hint)
            kept["function"] = {"module": "builtins", "class_name": "function", "config": function}
        return kept

    def unknown(self, entry: dict[str, Any], name: str) -> dict[str, Any]:
        """A class that is no layer of ours: a function of `keras.ops` in a graph, or an error."""
        if name in NOT_HERE:
            raise Invalid(f'{name} of "{self.where}"', "a layer that there is", name, NOT_HERE[name])
        if not entry.get("module") and not self.before_3 and function_of(name) is not None:
            return {**entry, "module": "keras.ops"}
        return entry  # whoever makes it says that the name is not known

    # --- models -----------------------------------------------------------------------------------------------------

    def model(self, entry: dict[str, Any], name: str, config: Any) -> dict[str, Any]:
        """A Sequential or a Functional."""
        if isinstance(config, (list, tuple)):
            config = {"layers": list(config)}  # a Sequential of Keras 1
        if not isinstance(config, Mapping) or not isinstance(config.get("layers"), list):
            hint = "Only the weights of a model with code of its own are in the file: load_weights reads them."
            raise Invalid(self.where, f"the layers of a {name}", config, hint)
        if name == "Functional" and "input_layers" not in config:
            name = "Sequential"
        if name == "Sequential":
            made = {**config, "layers": self.stack([self.layer(layer) for layer in config["layers"]], config["layers"])}
        else:
            made = translated_graph(config, self.entry, self.before_3, self.where)
        made = {key: self.value(key, value) for key, value in made.items() if key not in EVERYWHERE}
        return {**entry, "module": "keras", "class_name": name, "config": made}

    def stack(self, layers: list[dict[str, Any]], before: list[Any]) -> list[dict[str, Any]]:
        """The layers of a Sequential; its input first, which Keras 2 wrote into the first layer."""
        given = before[0].get("config") if before else None
        if not isinstance(given, Mapping) or layers[0]["class_name"] == "InputLayer":
            return layers
        shape = given.get("batch_input_shape")
        if shape is None and given.get("input_dim") is not None and layers[0]["class_name"] != "Embedding":
            shape = [None, given["input_dim"]]  # Keras 1
        if shape is None:
            return layers
        dtype = given.get("input_dtype") or given.get("dtype")
        config = {"batch_shape": shape, "name": plain_name(f"{given.get('name', 'layer')}_input")}
        config |= {"dtype": dtype} if isinstance(dtype, str) and not dtype.startswith("mixed") else {}
        return [{"module": "keras.layers", "class_name": "InputLayer", "config": config}, *layers]

    def entry(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """A layer in a graph; functions stand there too."""
        if self.is_operation(entry):
            return {**entry, "module": "keras.ops"}
        return self.layer(entry)

    def is_operation(self, entry: Any) -> bool:
        """Whether an entry of Keras 3 is a function: of those, layers of the same name always say `trainable`."""
        if not isinstance(entry, Mapping) or self.before_3 or entry.get("module"):
            return False
        config, name = entry.get("config"), str(entry.get("class_name"))
        plain = isinstance(config, Mapping) and "trainable" not in config and name != "InputLayer"
        return plain and registered_object(name) is None and function_of(name) is not None
