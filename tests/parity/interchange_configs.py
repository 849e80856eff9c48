"""Whether two configs say the same, whichever of the two libraries wrote them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np


def config_in(path: Path) -> dict[str, Any]:
    """The config that stands in a `.keras` file."""
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))


def said(config: Any) -> Any:
    """A config without what the two libraries spell in their own way.

    Keras numbers objects that it writes twice (`shared_object_id`), names inner modules of its optimizers, writes that
    a model inside was compiled with nothing, how a mask is computed, and `training: false` where nobody said so. It
    forgets the seed of SimpleRNN, the gain of Identity, and the axis of a loss over classes. We write the policy of a
    Functional, and arguments of layers as they were given.
    """
    if isinstance(config, list):
        return [said(part) for part in config]
    if not isinstance(config, dict):
        return config
    made = {key: said(value) for key, value in config.items() if key != "shared_object_id"}
    if "keras_history" in made or "class_name" not in made:
        return made
    if ".optimizers" in str(made.get("module")):
        made |= {"module": "keras.optimizers", "registered_name": None}
    if not made.get("compile_config", True):
        del made["compile_config"]
    for call in made.get("inbound_nodes", ()):
        call.pop("explicit", None)
        while call["args"] and call["args"][-1] is None:
            call["args"].pop()
        call["kwargs"] = {name: value for name, value in call["kwargs"].items() if value not in (None, False)}
    if "input_shape" in (made.get("build_config") or {}):
        made["build_config"]["input_shape"] = any_batch(made["build_config"]["input_shape"])
    if isinstance(made.get("config"), dict):
        settle(str(made["class_name"]), made["config"])
    return made


def any_batch(shape: Any) -> Any:
    """A shape with any number of rows; Keras keeps the number that the first batch had."""
    return [None, *shape[1:]] if isinstance(shape, list) and shape and not isinstance(shape[0], (list, dict)) else shape


def is_function(layer: dict[str, Any]) -> bool:
    """Whether a layer in a config is a function of `keras.ops`."""
    return str(layer.get("module")).startswith("keras.src.ops")


def without_masks(layers: list[Any]) -> list[Any]:
    """The layers of a graph without the functions that compute masks: Keras writes them, and finds them anew."""
    functions = {layer["name"] for layer in layers if is_function(layer)}

    def is_found(mask: Any) -> bool:
        if isinstance(mask, list):
            return all(is_found(part) for part in mask)
        if isinstance(mask, dict) and "class_name" not in mask:
            return all(is_found(part) for part in mask.values())
        return mask is None or (mask.get("config") or {}).get("keras_history", [None])[0] in functions

    calls = [call for layer in layers for call in layer["inbound_nodes"]]
    for call in calls:
        call["kwargs"] = {
            name: value for name, value in call["kwargs"].items() if name != "mask" or not is_found(value)
        }
    return layers


def settle(kind: str, config: dict[str, Any]) -> None:
    """Arguments that are spelled in two ways."""
    if {"input_layers", "output_layers"} <= set(config):
        config.pop("dtype", None)
        config["layers"] = used(without_masks(config["layers"]), config)
    if "build_input_shape" in config:
        config["build_input_shape"] = any_batch(config["build_input_shape"])
    if kind == "Sequential":
        config["layers"][0]["config"]["batch_shape"] = any_batch(config["layers"][0]["config"].get("batch_shape"))
    if kind == "Identity":
        config.pop("gain", None)
    if kind == "SimpleRNN" and config.get("seed") is None:
        config.pop("seed", None)
    if kind == "MultiHeadAttention":
        config.pop("attention_axes", None)
    if kind == "SparseCategoricalCrossentropy":
        config.pop("axis", None)
    if kind in ("LayerNormalization", "RMSNormalization") and isinstance(config["axis"], int):
        config["axis"] = [config["axis"]]


def used(layers: list[Any], config: dict[str, Any]) -> list[Any]:
    """The layers of a graph without functions whose results nobody takes."""
    while True:
        taken = names_taken([[layer["inbound_nodes"] for layer in layers]]) | names_taken(config["output_layers"])
        kept = [layer for layer in layers if layer["name"] in taken or not is_function(layer)]
        if len(kept) == len(layers):
            return layers
        layers = kept


def names_taken(value: Any) -> set[str]:
    """The first part of each place in a graph that a nest has."""
    if isinstance(value, dict):
        return set().union(*(names_taken(part) for part in value.values()))
    if isinstance(value, list):
        place = len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], int)
        return {value[0]} if place else set().union(*(names_taken(part) for part in value))
    return set()


def differences(ours: Any, theirs: Any) -> Iterator[str]:
    """Where two configs do not say the same."""
    return unequal(said(ours), said(theirs), "")


def unequal(ours: Any, theirs: Any, where: str) -> Iterator[str]:
    """Where two nests are not equal."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}, key=str):
            if key == "build_config" and not (key in ours and key in theirs):
                continue  # Keras writes it for layers that have a `build` of their own, we for those that were built
            if key not in ours or key not in theirs:
                yield f"{where}.{key}: only {'theirs' if key in theirs else 'ours'}"
            else:
                yield from unequal(ours[key], theirs[key], f"{where}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for place, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from unequal(one, other, f"{where}[{place}]")
    elif isinstance(ours, float) and isinstance(theirs, float) and np.float32(ours) == np.float32(theirs):
        return  # Keras's numbers of optimizers have been variables
    elif ours != theirs:
        yield f"{where}: {ours!r}, not {theirs!r}"


def config_of(model: Any) -> Any:
    """What `to_json` says."""
    return json.loads(model.to_json())
