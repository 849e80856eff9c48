"""Weights as safetensors: the arrays of `state_dict` under its names, which torch reads too.

`safetensors.torch.load_file` gives what `load_state_dict` takes. The file also says where in the model each array
belongs, so that weights find their places in an equal model whose layers were named otherwise. The state of the
optimizer is not in it.
"""

import contextlib
import json
import warnings
from collections.abc import Collection, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from kerasviz.declare import Invalid
from kerasviz.layers.layer import Layer
from kerasviz.saving.archive import parsed
from kerasviz.saving.files import replacing
from kerasviz.saving.weights import saved_objects

ENDING = ".safetensors"
PLACES = "places"  # the entry of the file's own facts


def write_tensors(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write a model's weights.

    Raises:
        Invalid: where safetensors is not installed, or a state is neither numbers nor JSON.
        OSError: where it could not be written.
    """
    library = the_library()
    state = model.state_dict()
    facts = {"format": "pt", PLACES: json.dumps(places(model, state))}
    seen: set[int] = set()
    tensors = {name: alone(as_tensor(value, name), seen) for name, value in state.items()}
    with replacing(filepath, overwrite) as beside:
        try:
            library.torch.save_file(tensors, str(beside), metadata=facts)
        except library.SafetensorError as error:
            raise OSError(f"{beside.name} could not be written: {error}") from error


def read_tensors(model: Any, filepath: Any, skip_mismatch: bool = False, skipped: Collection[Any] = ()) -> None:
    """Give a model the weights in a file. Nothing changes unless all of them fit and can be read.

    Args:
        model: built as the one that was saved.
        filepath: of the file.
        skip_mismatch: whether weights that do not fit stay as they are.
        skipped: layers to leave alone.

    Raises:
        Invalid: where safetensors is not installed, the file is damaged, or its arrays do not fit.
    """
    where = str(filepath)
    left_alone = starts_of(model, skipped)
    own = {name: value for name, value in model.state_dict().items() if not name.startswith(left_alone)}
    with opened(filepath, where) as file:
        seeds = seed_names(model)
        sources = found_names(model, own, file, where)
        values = {}
        for name, value in own.items():
            problem = misfit(name, value, sources.get(name), file, where)
            if problem is None:
                values[name] = file.get_tensor(sources[name])
            elif skip_mismatch:
                warnings.warn(f"Kept what it had: {problem}", stacklevel=4)
            elif name not in seeds:
                raise problem
        unknown = sorted(set(file.keys()) - set(sources.values()))
        if unknown and not (skip_mismatch or skipped):
            raise Invalid(where, "arrays that the model has", unknown[:10])
    put_in(model, values)


def the_library() -> Any:
    """The package safetensors.

    Raises:
        Invalid: where it is not installed.
    """
    try:
        import safetensors.torch
    except ImportError as error:
        hint = 'pip install "kerasviz[safetensors]"'
        raise Invalid("files that end in `.safetensors`", "the package safetensors", "none installed", hint) from error
    return safetensors


@contextlib.contextmanager
def opened(filepath: Any, where: str) -> Iterator[Any]:
    """An open file; whatever the library trips over is told as damage."""
    library = the_library()
    try:
        with library.safe_open(where, framework="pt", device="cpu") as file:
            yield file
    except FileNotFoundError:
        raise Invalid(where, "a file that is there", "none") from None
    except (library.SafetensorError, OSError) as error:
        raise Invalid(where, "an undamaged file of safetensors", str(error)) from error


def places(model: Any, names: Collection[str]) -> dict[str, str]:
    """Where in the model the array of each name belongs: the object's place in files, and the rest of the name."""
    paths = {id(thing): "/".join(path) for path, thing in saved_objects(model)}
    known = {name: paths[id(module)] for name, module in modules(model) if id(module) in paths}
    made = {}
    for name in names:
        start = name
        while start not in known:
            start = start.rpartition(".")[0]
        made[name] = f"{known[start]}:{name[len(start) :].lstrip('.')}"
    return made


def modules(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """All modules under all their names."""
    return model.named_modules(remove_duplicate=False)


def found_names(model: Any, own: Collection[str], file: Any, where: str) -> dict[str, str]:
    """The name in the file for each of ours: by its place, or the same where the file has no places."""
    there = set(file.keys())
    text = (file.metadata() or {}).get(PLACES)
    if text is None or there == set(own):
        return {name: name for name in own if name in there}
    told = parsed(text, f"{where}, {PLACES}")
    if not isinstance(told, dict) or not all(isinstance(place, str) for place in told.values()):
        raise Invalid(f"{where}, {PLACES}", "a place for each name", type(told).__name__)
    by_place: dict[str, list[str]] = {}
    for name in sorted(there & set(told)):
        by_place.setdefault(told[name], []).append(name)
    ours: dict[str, list[str]] = {}
    for name, place in places(model, own).items():
        ours.setdefault(place, []).append(name)
    pairs = [(names, by_place.get(place, ())) for place, names in ours.items()]
    return {mine: theirs for names, others in pairs for mine, theirs in zip(sorted(names), others, strict=False)}


def misfit(name: str, value: Any, source: str | None, file: Any, where: str) -> Invalid | None:
    """What does not fit, told before anything is read; None where all does."""
    if source is None:
        return Invalid(where, f"an array for `{name}`", sorted(file.keys())[:10])
    shape = tuple(file.get_slice(source).get_shape())
    if isinstance(value, Tensor) and shape != tuple(value.shape):
        return Invalid(f"{where}, {source}", f"shape {tuple(value.shape)} for `{name}`", shape)
    return None


def put_in(model: nn.Module, values: dict[str, Tensor]) -> None:
    """Load; what was there comes back where a module refuses its part."""
    has_own_way = any(type(module).set_extra_state is not nn.Module.set_extra_state for module in model.modules())
    before = {name: copied(value) for name, value in model.state_dict().items()} if has_own_way else None
    try:
        model.load_state_dict(values, strict=False)
    except BaseException:
        if before is not None:
            model.load_state_dict(before, strict=False)
        raise


def as_tensor(value: Any, name: str) -> Tensor:
    """An entry of a `state_dict` as numbers on the host; what is no tensor, as the bytes of its JSON.

    Raises:
        Invalid: where it has no JSON.
    """
    if isinstance(value, Tensor):
        return value.detach().cpu().contiguous()
    try:
        text = json.dumps(value)
    except (TypeError, ValueError) as error:
        raise Invalid(f"state_dict, {name}", "numbers, or what JSON can say", type(value).__name__) from error
    return torch.frombuffer(bytearray(text, "utf-8"), dtype=torch.uint8)


def alone(tensor: Tensor, seen: set[int]) -> Tensor:
    """A tensor that shares its memory with none before it."""
    address = tensor.untyped_storage().data_ptr()
    if address in seen and tensor.numel():
        return tensor.clone()
    seen.add(address)
    return tensor


def starts_of(model: nn.Module, skipped: Collection[Any]) -> tuple[str, ...]:
    """What the names of the entries begin with that are parts of layers to leave alone."""
    inner = {id(layer) for thing in skipped for layer in thing._flatten_layers()}
    return tuple(f"{name}." for name, module in modules(model) if id(module) in inner and name)


def seed_names(model: nn.Module) -> set[str]:
    """The entries that are states of random numbers, which files of others may lack."""
    layers = [(name, module) for name, module in modules(model) if isinstance(module, Layer)]
    return {f"{name}.{own}.state".lstrip(".") for name, layer in layers for own in layer._own_seeds()}


def copied(value: Any) -> Any:
    """A tensor with memory of its own."""
    return value.detach().clone() if isinstance(value, Tensor) else value
