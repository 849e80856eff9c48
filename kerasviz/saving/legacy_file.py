"""Whole models in `.h5` files: config, weights and state in one HDF5 file, as Keras 2 wrote them and Keras 3 does."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.saving import archive as archives
from kerasviz.saving.budget import Budget
from kerasviz.saving.config import deserialize_keras_object, scope, serialize_keras_object
from kerasviz.saving.hdf5 import check_file, plain_attribute
from kerasviz.saving.legacy_config import is_before_3, modern
from kerasviz.saving.legacy_groups import WHOLE, has_member, member, text_of
from kerasviz.saving.legacy_optimizer import restore_optimizer, write_optimizer
from kerasviz.saving.legacy_training import compile_arguments, training_config
from kerasviz.saving.legacy_weights import plan_of_whole, write_legacy_weights

ENDINGS = (".h5", ".hdf5")
MODEL, TRAINING = "model_config", "training_config"
VERSIONS = {"keras_version": archives.FORMAT_VERSION, "backend": "torch"}


def text_attribute(file: Any, name: str, where: str) -> str | None:
    """A text that an attribute of the file holds."""
    value = plain_attribute(file, name, where)
    return None if value is None else text_of(value, f"{where}, attribute {name!r}")


def json_attribute(file: Any, name: str, where: str) -> Any:
    """What an attribute says in JSON; None where there is none.

    Raises:
        Invalid: where it is too long, or no JSON.
    """
    text = text_attribute(file, name, where)
    if text is not None and len(text) > archives.LARGEST_TEXT:
        raise Invalid(f"{where}, attribute {name!r}", f"at most {archives.LARGEST_TEXT} characters", len(text))
    return None if text is None else archives.parsed(text, f"{where}, attribute {name!r}")


def version_of(file: Any, where: str) -> str | None:
    """The version of the Keras that wrote a file."""
    places = [file, *([member(file, WHOLE, where, "a group")] if has_member(file, WHOLE, where) else [])]
    found = (text_attribute(place, "keras_version", where) for place in places)
    return next((version for version in found if version), None)


def load_legacy(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None,
    compile: bool,
    safe_mode: bool,
    broken: Callable[[str], Any],
) -> Any:
    """The model in a `.h5` file.

    Args:
        filepath: of the file.
        custom_objects: classes and functions of the user's that it names.
        compile: whether to compile it as it was, and restore the optimizer's state.
        safe_mode: as in `load_model`.
        broken: tells of errors in a config as errors in the file.

    Raises:
        Invalid: where it is damaged, has no config, or names what is not known.
    """
    where = str(filepath)
    with archives.open_hdf5(filepath, where) as file, scope(custom_objects):
        stored = check_file(file, where)
        config = json_attribute(file, MODEL, where)
        if not isinstance(config, Mapping) or "class_name" not in config:
            hint = "It may hold weights only: make the model and call its load_weights." if config is None else ""
            raise Invalid(f"{where}, attribute {MODEL!r}", "the config of a model", type(config).__name__, hint)
        version = version_of(file, where)
        with Budget(stored, where), broken(where):
            model = deserialize_keras_object(modern(config, version, where), None, safe_mode)
        plan_of_whole(model, member(file, WHOLE, where, "a group"), where).carry_out()
        told = json_attribute(file, TRAINING, where) if compile else None
        if told is not None:
            with Budget(stored, where), broken(where):
                model.compile(**compile_arguments(told, is_before_3(version), where))
            restore_optimizer(model, file, version, where)
    return model


def write_legacy(model: Any, file: Any, include_optimizer: bool = True) -> None:
    """Put a model into an open HDF5 file, as Keras 3 reads it.

    Raises:
        Invalid: where the model has no weights yet.
    """
    config = serialize_keras_object(model)
    made = {"class_name": config.get("registered_name") or config["class_name"], "config": config["config"]}
    for name, version in VERSIONS.items():
        file.attrs[name] = version
    write_text(file, MODEL, json.dumps(made))
    write_legacy_weights(model, file.create_group(WHOLE), VERSIONS)
    told = training_config(model) if include_optimizer else None
    if told is not None:
        write_text(file, TRAINING, json.dumps(told))
        write_optimizer(model.optimizer, file)


def write_text(file: Any, name: str, text: str) -> None:
    """Write a text of any length as an attribute."""
    import h5py

    file.attrs.create(name, text, dtype=h5py.string_dtype())
