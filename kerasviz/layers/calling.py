"""What a layer's `call` and `build` take, read once per class; and what an outer call passes on to inner ones."""

import importlib
import inspect
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.modules import module as torch_module

from kerasviz.tensors import KerasTensor, leaves, map_leaves


class CallContext(threading.local):
    """The call that is going on in this thread: its mode, and the dtype weights are cast to."""

    training: bool | None = None
    cast: torch.dtype | None = None
    depth: int = 0


CONTEXT = CallContext()
TRAINING = {"training"}
FORWARD_HOOKS = torch_module._global_forward_hooks  # hooks on all modules; is_hooked in graph.plan asks for the others
PRE_HOOKS = torch_module._global_forward_pre_hooks
BACK_HOOKS = torch_module._global_backward_hooks


class Structure:
    """Counts the changes that can make a compiled plan wrong: hooks, weights, what is trainable."""

    version = 0
    losing = 0  # how many layers have ever added a loss; until there is one nobody looks for old losses


def structure_changed() -> None:
    """Tell all plans to look again."""
    Structure.version += 1


class Parts(dict):
    """The parameters of a layer, or the layers inside it; torch's own tools, too, put others in their place."""

    def __setitem__(self, name: str, value: Any) -> None:
        structure_changed()
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        structure_changed()
        super().__delitem__(name)

    def pop(self, *args: Any) -> Any:
        """Take one out."""
        structure_changed()
        return super().pop(*args)


class ShortWays:
    """The short ways of a layer (see `graph.short`), by mode; looked for after a few calls alike."""

    __slots__ = ("attempts", "by_mode", "calls", "closed", "version")

    def __init__(self) -> None:
        self.version = -1  # of the structure that they are right for
        self.closed = -1  # of a structure for which there is none
        self.calls = 0
        self.attempts = 0
        self.by_mode: dict[bool | None, Any] = dict.fromkeys((None, False, True), no_way)

    def missed(self, layer: Any, x: torch.Tensor, mode: bool | None) -> None:
        """A call went the long way: after the third, look for a short one; give up where shapes keep changing."""
        self.calls += 1
        if self.calls < PATIENCE or self.attempts > MOST_ATTEMPTS:
            return
        way = importlib.import_module("kerasviz.graph.short").shorten(layer, x, bool(mode))
        self.calls = 0
        self.attempts += 1
        if way is None:
            self.closed = Structure.version
            return
        if self.version != Structure.version:
            self.by_mode = dict.fromkeys((None, False, True), no_way)
        self.version = Structure.version
        self.by_mode.update({True: way} if mode else {None: way, False: way})


PATIENCE, MOST_ATTEMPTS = 3, 30


def no_way(x: torch.Tensor) -> None:
    """Where nothing shorter is known."""


def remember(layer: Any, x: torch.Tensor, mode: bool | None) -> None:
    """Take note of a call that went the long way."""
    if torch.compiler.is_compiling() or not layer.built:
        return
    ways = layer.__dict__.get("_ways")
    if ways is None:
        ways = layer.__dict__["_ways"] = ShortWays()
    ways.missed(layer, x, mode)


@dataclass(frozen=True)
class CallFacts:
    """The signatures of a layer class."""

    names: tuple[str, ...]  # parameters of `call`, without self
    takes_training: bool
    training_default: bool | None
    masks: tuple[str, ...]  # parameters of `call` that are masks
    build_names: tuple[str, ...]
    shape_names: tuple[str, ...]
    rest: bool  # *args or **kwargs


known_facts: dict[type, CallFacts] = {}


def call_facts(cls: type) -> CallFacts:
    """What `call`, `build` and `compute_output_shape` of the class take."""
    found = known_facts.get(cls)
    if found is None:
        found = known_facts[cls] = _read(cls)
    return found


def _read(cls: Any) -> CallFacts:
    parameters = list(inspect.signature(cls.call).parameters.values())[1:]
    names = tuple(p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))
    training = next((p.default for p in parameters if p.name == "training"), None)
    return CallFacts(
        names=names,
        takes_training="training" in names,
        training_default=training if isinstance(training, bool) else None,
        masks=tuple(name for name in names if name == "mask" or name.endswith("_mask")),
        build_names=_names(cls.build),
        shape_names=_names(cls.compute_output_shape),
        rest=any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters),
    )


def _names(function: Any) -> tuple[str, ...]:
    parameters = list(inspect.signature(inspect.unwrap(function)).parameters.values())[1:]
    return tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)


def shape_of(value: Any) -> Any:
    """The shape of a tensor; of each in a nested structure."""
    return map_leaves(lambda tensor: tuple(tensor.shape) if hasattr(tensor, "shape") else None, value)


def holds_tensors(value: Any) -> bool:
    """Whether a tensor or symbol is in it."""
    return any(isinstance(leaf, (torch.Tensor, KerasTensor)) for leaf in leaves(value))


def shape_arguments(names: Sequence[str], facts: CallFacts, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Arguments for `build` or `compute_output_shape`: one shape, or `<argument>_shape` of each tensor argument."""
    if not names:
        return {}
    given = dict(zip(facts.names, args, strict=False)) | kwargs
    by_name = {f"{name}_shape": value for name, value in given.items()}
    if len(names) > 1 and any(name in by_name for name in names):
        return {name: shape_of(by_name[name]) for name in names if name in by_name and holds_tensors(by_name[name])}
    first = args[0] if args else next(iter(given.values()), None)
    return {names[0]: shape_of(first)}


def only_tensors(args: tuple, kwargs: dict[str, Any], dtype: torch.dtype | None = None) -> bool:
    """Whether a call holds nothing but tensors (of one dtype), alone or in flat lists, and settings.

    Most calls do, and need no walk through nests; False says only that this quick look did not show it.
    """
    for value in args:
        if isinstance(value, torch.Tensor):
            if dtype is not None and value.dtype is not dtype:
                return False
        elif type(value) is not list and type(value) is not tuple:
            return False
        else:
            for item in value:
                if not isinstance(item, torch.Tensor) or (dtype is not None and item.dtype is not dtype):
                    return False
    for value in kwargs.values():
        if value is None or type(value) is bool:
            continue
        if not isinstance(value, torch.Tensor) or (dtype is not None and value.dtype is not dtype):
            return False
    return True


def no_masks(args: tuple, kwargs: dict[str, Any]) -> bool:
    """Whether a call holds nothing but tensors without masks, alone or in flat lists, and settings."""
    for value in (*args, *kwargs.values()):
        kind = type(value)
        if value is None or kind is bool:
            continue
        for item in value if kind is list or kind is tuple else (value,):
            if not isinstance(item, torch.Tensor) or getattr(item, "_keras_mask", None) is not None:
                return False
    return True


def mask_of(value: Any) -> Any:
    """The mask that comes with a tensor; a list of them for a list; None where there is none."""
    if isinstance(value, (list, tuple, dict)):
        if no_masks((value,), {}):
            return None
        masks = map_leaves(lambda tensor: getattr(tensor, "_keras_mask", None), value)
        return masks if any(mask is not None for mask in leaves(masks)) else None
    return getattr(value, "_keras_mask", None)


def map_shapes(function: Any, shapes: Any) -> Any:
    """`function` of each shape in a nested structure of shapes."""
    if isinstance(shapes, dict):
        return {key: map_shapes(function, value) for key, value in shapes.items()}
    if isinstance(shapes, (list, tuple)) and any(isinstance(part, (list, tuple, dict)) for part in shapes):
        return type(shapes)(map_shapes(function, part) for part in shapes)
    return None if shapes is None else function(tuple(shapes))
