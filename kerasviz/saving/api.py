"""Save and load models and weights."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.saving import archive as archives
from kerasviz.saving import shards
from kerasviz.saving.assets import collect_assets, restore_assets
from kerasviz.saving.budget import Budget
from kerasviz.saving.config import deserialize_keras_object, serialize_keras_object
from kerasviz.saving.files import replacing
from kerasviz.saving.hdf5 import check_file
from kerasviz.saving.weights import read_weights, write_weights


def save_model(model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
    """Write a model to a `.keras` file: its config, weights, and what `compile` was told.

    The file is written beside its place and then moved there: a failed save leaves the last good file as it was.

    Args:
        model: what to save.
        filepath: ending in `.keras`.
        overwrite: whether a file that is there may be replaced.
        zipped: True or None; folders are not written.

    Raises:
        Invalid: where the path or the model is not one that can be saved.
    """
    path = Path(filepath)
    if path.suffix != ".keras":
        hint = "The old `.h5` form and folders are not written; save_weights writes `.weights.h5`."
        raise Invalid("save_model(filepath=...)", "a path that ends in `.keras`", str(filepath), hint)
    if zipped is False:
        raise Invalid("save_model(zipped=...)", "True or None", zipped)
    unknown = [name for name in kwargs if name not in ("include_optimizer", "save_format")]
    if unknown:
        raise TypeError(f"save_model has no argument `{unknown[0]}`.")
    config = serialize_keras_object(model)
    with replacing(path, overwrite) as beside:
        archives.write_archive(beside, config, lambda file: write_weights(model, file), collect_assets(model))


def load_model(
    filepath: Any, custom_objects: Mapping[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """The model in a `.keras` file, with its weights, and compiled as it was.

    Args:
        filepath: of the file.
        custom_objects: classes and functions of yours that it names.
        compile: whether to compile it as it was, and restore the optimizer's state.
        safe_mode: kept for Keras. Code in a file is never run, with it or without.

    Raises:
        Invalid: where the file is damaged, is no plain data, or names what is not known.
    """
    where = str(filepath)
    if not zip_like(filepath):
        hint = "Models in the old `.h5` form are not read yet." if where.endswith((".h5", ".hdf5")) else ""
        raise Invalid("load_model(filepath=...)", "a `.keras` file", where, hint)
    with archives.opened(filepath) as archive:
        config = archives.read_json(archive, archives.CONFIG, where)
        if not isinstance(config, Mapping) or "class_name" not in config:
            raise Invalid(f"{where}, {archives.CONFIG}", "the config of a model", type(config).__name__)
        if not compile:
            config = {name: value for name, value in config.items() if name != "compile_config"}
        with archives.weights_file(archive, where) as file:
            stored = check_file(file, f"{where}, {archives.WEIGHTS}")
            with Budget(stored, where), broken(where):
                model = deserialize_keras_object(config, custom_objects, safe_mode)
            restore_assets(model, archive, where)
            read_weights(model, file, f"{where}, {archives.WEIGHTS}")
    return model


def zip_like(filepath: Any) -> bool:
    """Whether a path may be that of a `.keras` file: by name, or by what it begins with."""
    import zipfile

    return str(filepath).endswith((".keras", ".zip")) or (Path(filepath).is_file() and zipfile.is_zipfile(filepath))


@contextlib.contextmanager
def broken(where: str) -> Iterator[None]:
    """Tell of any error in a config as one in the file."""
    try:
        yield
    except Invalid:
        raise
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, RuntimeError, RecursionError) as error:
        raise Invalid(where, "the config of a model", f"{type(error).__name__}: {error}") from error


def save_weights(
    model: Any, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None, **kwargs: Any
) -> None:
    """Write a model's weights, and its optimizer's state, to a `.weights.h5` file.

    Args:
        model: whose weights.
        filepath: ending in `.weights.h5`; in `.weights.json` with `max_shard_size`.
        overwrite: whether a file that is there may be replaced.
        max_shard_size: gigabytes that one file may have; the weights then go to several, beside the JSON file.

    Raises:
        Invalid: where the path does not end so, or the model has no weights yet.
    """
    import h5py

    if kwargs:
        raise TypeError(f"save_weights has no argument `{next(iter(kwargs))}`.")
    ending = shards.SHARD_ENDING if max_shard_size is None else shards.ENDING
    if not str(filepath).endswith(ending):
        raise Invalid("save_weights(filepath=...)", f"a path that ends in `{ending}`", str(filepath))
    if not getattr(model, "built", True):
        raise Invalid(f'Model "{model.name}".save_weights', "a built model", "one without weights yet")
    if max_shard_size is not None:
        shards.write_shards(model, filepath, overwrite, max_shard_size)
        return
    with replacing(filepath, overwrite) as beside, h5py.File(beside, "w") as file:
        write_weights(model, file)


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Give a model the weights of a file. Nothing changes unless all of them fit.

    Args:
        model: built as the one that was saved.
        filepath: `.weights.h5` or `.keras`; `.weights.json` where there are several.
        skip_mismatch: whether layers that do not fit keep what they have.
        kwargs: `objects_to_skip`, layers to leave alone.

    Raises:
        Invalid: where the file is no plain data, or does not fit.
    """
    where = str(filepath)
    skipped = kwargs.pop("objects_to_skip", None) or ()
    if kwargs:
        raise TypeError(f"load_weights has no argument `{next(iter(kwargs))}`.")
    with opened_weights(filepath) as file:
        read_weights(model, file, where, skip_mismatch, skipped)


@contextlib.contextmanager
def opened_weights(filepath: Any) -> Iterator[Any]:
    """The weights in a file of any of our forms, open and checked."""
    where = str(filepath)
    if where.endswith(".keras"):
        with archives.opened(filepath) as archive, archives.weights_file(archive, where) as file:
            check_file(file, f"{where}, {archives.WEIGHTS}")
            yield file
    elif where.endswith(shards.ENDING):
        with shards.opened_shards(filepath) as files:
            yield files
    elif where.endswith((".h5", ".hdf5")):
        with archives.open_hdf5(filepath, where) as file:
            check_file(file, where)
            yield file
    else:
        raise Invalid("load_weights(filepath=...)", "a `.weights.h5`, `.weights.json` or `.keras` file", where)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The model, with new weights, that `to_json` described.

    Raises:
        Invalid: where the text is no JSON, or no model.
    """
    try:
        config = json.loads(json_string)
    except (ValueError, RecursionError, TypeError) as error:
        raise Invalid("model_from_json", "JSON", str(error)) from error
    if not isinstance(config, Mapping) or "class_name" not in config:
        raise Invalid("model_from_json", "the config of a model", type(config).__name__)
    with broken("model_from_json"):
        return deserialize_keras_object(config, custom_objects)
