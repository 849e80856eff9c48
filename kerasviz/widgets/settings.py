"""How to train, as data: what the page's forms hold, and what `compile` and `fit` are given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerasviz.declare import Invalid, did_you_mean, snake_case
from kerasviz.declare.families import family
from kerasviz.widgets.data import Data

Chosen = dict[str, Any]
KEYS = ("optimizer", "loss", "metrics", "epochs", "batch_size", "validation_split", "shuffle")
FAMILIES = {"optimizer": "optimizer", "loss": "loss", "metrics": "metric"}


def defaults(data: Data) -> dict[str, Any]:
    """What fits the data: crossentropy for classes, squared errors for numbers."""
    loss, metric = "MeanSquaredError", "MeanAbsoluteError"
    if data.num_classes is not None:
        loss, metric = "SparseCategoricalCrossentropy", "accuracy"
        if data.is_one_hot:
            loss = "CategoricalCrossentropy"
    known = data.y is not None
    return {
        "optimizer": {"kind": "Adam", "args": {}},
        "loss": {"kind": loss, "args": {}} if known else None,
        "metrics": [{"kind": metric, "args": {}}] if known else [],
        "epochs": 5,
        "batch_size": 64,
        "validation_split": 0.0,
        "shuffle": True,
    }


def chosen(name: str, value: Any) -> Chosen | None:
    """A component as data: of its name, config, class or object."""
    if value is None:
        return None
    if isinstance(value, Mapping) and "kind" in value:
        return {"kind": value["kind"], "args": dict(value.get("args") or {})}
    if isinstance(value, str):
        return {"kind": kind_of(name, value), "args": {}}
    if isinstance(value, Mapping):
        return {"kind": value["class_name"], "args": dict(value.get("config") or {})}
    if isinstance(value, type):
        return {"kind": value.__name__, "args": {}}
    if hasattr(value, "get_config") and hasattr(type(value), "args"):
        return {"kind": type(value).__name__, "args": changed_args(value)}
    return {"kind": getattr(value, "__name__", type(value).__name__), "args": {}}


def kind_of(name: str, word: str) -> str:
    """The class that a short name stands for; words that have none stay as they are."""
    if word in ("accuracy", "acc"):
        return "accuracy"
    found = family(name).names().get(word)
    if isinstance(found, type):
        return found.__name__
    classes = {snake_case(kind): kind for kind, cls in family(name).members().items() if isinstance(cls, type)}
    return classes.get(getattr(found, "__name__", word), word)


def changed_args(component: Any) -> dict[str, Any]:
    """The arguments that are not the default, in config form."""
    config = component.get_config()
    args = type(component).args
    return {
        name: value
        for name, value in config.items()
        if name in args
        and name != "name"
        and (args[name].required or not component._is_default(args[name], getattr(component, name)))
    }


def component(name: str, entry: Mapping[str, Any] | None) -> Any:
    """What `compile` takes for an entry of the settings: a word where that is enough, else the object."""
    if entry is None:
        return None
    kind, args = entry["kind"], entry.get("args") or {}
    if not args and kind in ("accuracy", "acc"):
        return kind
    where = f"{name} {kind}"
    if name == "metric" and isinstance(family(name).members().get(kind), type):
        args = {"name": snake_case(kind), **args}  # the same in each run, and as in the training script
    if not args:
        return family(name).get(kind, where)
    return family(name).get({"class_name": kind, "config": dict(args)}, where)


def checked(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings, if they can be trained with.

    Raises:
        Invalid: naming the field.
    """
    unknown = [key for key in settings if key not in KEYS]
    if unknown:
        raise Invalid("settings", f"some of {', '.join(KEYS)}", unknown[0], did_you_mean(unknown[0], KEYS))
    for key, least in (("epochs", 1), ("batch_size", 1)):
        value = settings[key]
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise Invalid(f"settings({key}=...)", f"a whole number at least {least}", value)
    split = settings["validation_split"]
    if not isinstance(split, (int, float)) or not 0 <= split < 1:
        raise Invalid("settings(validation_split=...)", "a number at least 0 and below 1", split)
    return dict(settings)
