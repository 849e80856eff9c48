"""Save and load models and weights."""

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.saving import archive as archives
from kerasviz.saving import legacy_config, legacy_file, legacy_groups, legacy_weights, shards, tensors_file
from kerasviz.saving.assets import collect_assets, restore_assets
from kerasviz.saving.budget import Budget
from kerasviz.saving.checkpoints import newest_in, weights_in
from kerasviz.saving.config import deserialize_keras_object, serialize_keras_object
from kerasviz.saving.files import replacing
from kerasviz.saving.folder import folder_weights, is_folder, opened_folder, write_folder
from kerasviz.saving.hdf5 import check_file
from kerasviz.saving.hdf5_writing import new_hdf5
from kerasviz.saving.weights import read_weights, write_weights


def save_model(model: Any, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
    """Write a model to a file: its config, weights, and what `compile` was told.

    The file is written beside its place and then moved there: a failed save leaves the last good file as it was.

    Args:
        model: what to save.
        filepath: ending in `.keras`; in `.h5` or `.hdf5` for the old form, as Keras 3 writes and reads it; of a folder,
            without such an ending, for `zipped=False`.
        overwrite: whether what is there may be replaced; a folder only where it has nothing but a model in it.
        zipped: False for a folder with the same files, unpacked.
        kwargs: `include_optimizer`, for `.h5`: whether to write what the model was compiled with.

    Raises:
        Invalid: where the path or the model is not one that can be saved.
    """
    path = Path(filepath)
    if zipped is False and path.suffix == ".keras":
        raise Invalid("save_model(filepath=...)", "a folder, without `.keras` at its end", str(filepath))
    of_weights = str(path).endswith(shards.SHARD_ENDING)
    if zipped is not False and (of_weights or path.suffix not in (".keras", *legacy_file.ENDINGS)):
        hint = "save_weights writes `.weights.h5`; zipped=False makes a folder."
        raise Invalid("save_model(filepath=...)", "a path that ends in `.keras` or `.h5`", str(filepath), hint)
    unknown = [name for name in kwargs if name not in ("include_optimizer", "save_format")]
    if unknown:
        raise TypeError(f"save_model has no argument `{unknown[0]}`.")
    if zipped is None and path.suffix in legacy_file.ENDINGS:
        include = kwargs.get("include_optimizer", True)
        write_hdf5(path, overwrite, lambda file: legacy_file.write_legacy(model, file, include))
        return
    texts = archives.texts_of(serialize_keras_object(model))
    assets = collect_assets(model)
    if zipped is False:
        write_folder(path, overwrite, texts, lambda file: write_weights(model, file), assets)
        return
    with replacing(path, overwrite) as beside:
        archives.write_archive(beside, texts, lambda file: write_weights(model, file), assets)


def load_model(
    filepath: Any, custom_objects: Mapping[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """The model in a file, with its weights, and compiled as it was.

    Args:
        filepath: of a `.keras` file; of a `.h5` or `.hdf5` file of Keras 2 or 3; of a folder made with `zipped=False`;
            of a folder of `OrbaxCheckpoint`, for the newest in it.
        custom_objects: classes and functions of yours that it names.
        compile: whether to compile it as it was, and restore the optimizer's state.
        safe_mode: kept for Keras. Code in a file is never run, with it or without.

    Raises:
        Invalid: where the file is damaged, is no plain data, or names what is not known.
    """
    where = str(filepath)
    if where.endswith(legacy_file.ENDINGS):
        return legacy_file.load_legacy(filepath, custom_objects, compile, safe_mode, broken)
    filepath = newest_in(filepath)
    if not is_folder(filepath) and not zip_like(filepath):
        raise Invalid("load_model(filepath=...)", "a `.keras` or `.h5` file, or a model's folder", where)
    with opened_model(filepath) as (archive, weights):
        config = archives.read_json(archive, archives.CONFIG, where)
        if not isinstance(config, Mapping) or "class_name" not in config:
            raise Invalid(f"{where}, {archives.CONFIG}", "the config of a model", type(config).__name__)
        if not compile:
            config = {name: value for name, value in config.items() if name != "compile_config"}
        with weights(where) as file:
            stored = check_file(file, f"{where}, {archives.WEIGHTS}", archives.packed_size(archive))
            with Budget(stored, where), broken(where):
                model = deserialize_keras_object(config, custom_objects, safe_mode)
            restore_assets(model, archive, where)
            read_weights(model, file, f"{where}, {archives.WEIGHTS}")
    return model


@contextlib.contextmanager
def opened_model(filepath: Any) -> Iterator[tuple[Any, Callable[[str], Any]]]:
    """A model's archive or folder, checked, and what opens its weights."""
    if is_folder(filepath):
        with opened_folder(filepath) as folder:
            yield folder, lambda where: folder_weights(folder)
    else:
        with archives.opened(filepath) as archive:
            yield archive, lambda where: archives.weights_file(archive, where)


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
    """Write a model's weights to a file, with its optimizer's state and the states of its random numbers.

    Args:
        model: whose weights.
        filepath: ending in `.weights.h5`; in `.weights.json` for several files, named after this one and beside it; in
            `.safetensors` for a file by the names of `state_dict`, without the optimizer.
        overwrite: whether a file that is there may be replaced.
        max_shard_size: gigabytes that no one of several files has more than; 1 for None.

    Raises:
        Invalid: where the path does not end so, the model has no weights yet, or one array is larger than a file.
    """
    if kwargs:
        raise TypeError(f"save_weights has no argument `{next(iter(kwargs))}`.")
    if max_shard_size is not None and str(filepath).endswith(shards.SHARD_ENDING):
        renamed = str(filepath).removesuffix(shards.SHARD_ENDING) + shards.ENDING
        warnings.warn(f"Several files need one that names them: `{renamed}`, and not `{filepath}`.", stacklevel=2)
        filepath = renamed
    endings = (shards.ENDING,) if max_shard_size is not None else tuple(WRITERS)
    ending = next((ending for ending in endings if str(filepath).endswith(ending)), None)
    if ending is None:
        words = " or ".join(f"`{ending}`" for ending in endings)
        raise Invalid("save_weights(filepath=...)", f"a path that ends in {words}", str(filepath))
    if not getattr(model, "built", True):
        raise Invalid(f'Model "{model.name}".save_weights', "a built model", "one without weights yet")
    WRITERS[ending](model, filepath, overwrite, *(() if max_shard_size is None else (max_shard_size,)))


def write_hdf5(filepath: Any, overwrite: bool, write: Callable[[Any], None]) -> None:
    """Write one HDF5 file."""
    with replacing(filepath, overwrite) as beside, new_hdf5(beside) as file:
        write(file)


def write_one(model: Any, filepath: Any, overwrite: bool) -> None:
    """Write the weights to one HDF5 file."""
    write_hdf5(filepath, overwrite, lambda file: write_weights(model, file))


WRITERS: dict[str, Callable[..., None]] = {
    shards.SHARD_ENDING: write_one,
    shards.ENDING: shards.write_shards,
    tensors_file.ENDING: tensors_file.write_tensors,
}


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Give a model the weights of a file. Nothing changes unless all of them fit.

    Args:
        model: built as the one that was saved.
        filepath: `.weights.h5` or `.keras`; `.weights.json` where there are several; `.safetensors`; or `.h5` and
            `.hdf5` of Keras 1 and 2, where the first layer with weights gets those of the first, and so on; a model's
            folder, or that of `OrbaxCheckpoint`, for the newest in it.
        skip_mismatch: whether layers that do not fit keep what they have.
        kwargs: `objects_to_skip`, layers to leave alone; `by_name`, for files of Keras 1 and 2: layers get the weights
            that the file has under their names, and others keep theirs.

    Raises:
        Invalid: where the file is no plain data, or does not fit.
    """
    where = str(filepath)
    skipped, by_name = kwargs.pop("objects_to_skip", None) or (), kwargs.pop("by_name", None)
    if kwargs:
        raise TypeError(f"load_weights has no argument `{next(iter(kwargs))}`.")
    if by_name is not None and not where.endswith(legacy_file.ENDINGS):
        raise Invalid("load_weights(by_name=...)", "a `.h5` or `.hdf5` file of Keras 1 or 2", where)
    if where.endswith(tensors_file.ENDING):
        tensors_file.read_tensors(model, filepath, skip_mismatch, skipped)
        return
    with opened_weights(filepath) as file:
        if legacy_groups.has_legacy_weights(file, where):
            legacy_weights.read_legacy_weights(model, file, where, skip_mismatch, by_name, skipped)
            return
        if by_name is not None:
            raise Invalid("load_weights(by_name=...)", "weights in the form of Keras 1 and 2", where)
        read_weights(model, file, where, skip_mismatch, skipped)


@contextlib.contextmanager
def opened_weights(filepath: Any) -> Iterator[Any]:
    """The weights in a file of any of our forms, open and checked."""
    where = str(filepath)
    if where.endswith(".keras"):
        with archives.opened(filepath) as archive, archives.weights_file(archive, where) as file:
            check_file(file, f"{where}, {archives.WEIGHTS}", archives.packed_size(archive))
            yield file
    elif where.endswith(shards.ENDING):
        with shards.opened_shards(filepath) as files:
            yield files
    elif where.endswith((".h5", ".hdf5")) or Path(filepath).is_dir():
        with archives.open_hdf5(weights_in(filepath) if Path(filepath).is_dir() else filepath, where) as file:
            check_file(file, where)
            yield file
    else:
        words = "a `.weights.h5`, `.weights.json`, `.safetensors` or `.keras` file"
        raise Invalid("load_weights(filepath=...)", words, where)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The model, with new weights, that `to_json` described, in Keras 3 or before.

    Raises:
        Invalid: where the text is no JSON, or no model.
    """
    config = archives.parsed(json_string, "model_from_json")
    if not isinstance(config, Mapping) or "class_name" not in config:
        raise Invalid("model_from_json", "the config of a model", type(config).__name__)
    with broken("model_from_json"):
        if legacy_config.is_legacy(config):
            return legacy_config.model_from_config(config, custom_objects, "model_from_json")
        return deserialize_keras_object(config, custom_objects)
