"""Settings and callbacks that do not go together with the model or the data."""

import difflib
from collections.abc import Iterator

from kerasviz.declare import family, snake_case
from kerasviz.document.document import Json
from kerasviz.document.problems.base import Fix, Problem, View, rule

SHORT = {"mse": "mean_squared_error", "mae": "mean_absolute_error", "acc": "accuracy"}


def log_names(view: View) -> list[str]:
    """The names that logs will have."""
    names = ["loss"]
    if len(view.document.output_tensors) > 1:
        names += [f"{view.name(call)}_loss" for call in view.output_calls]
    for metric in view.context.settings.get("metrics") or []:
        name = (metric.get("args") or {}).get("name") or metric.get("kind", "")
        names.append(name if name.islower() else snake_case(name))
    return names + [f"val_{name}" for name in names] if view.context.validates else names


@rule
def incomplete_choices(view: View) -> Iterator[Problem]:
    """An optimizer, loss or metric without an argument that it needs."""
    settings = view.context.settings
    chosen = [(name, settings.get(name) or {}) for name in ("optimizer", "loss")]
    chosen += [("metric", metric) for metric in settings.get("metrics") or []]
    for family_name, choice in chosen:
        cls = family(family_name).members().get(choice.get("kind", ""))
        given = choice.get("args") or {}
        for name, argument in getattr(cls, "args", {}).items():
            if argument.required and name not in given:
                message = f"The {family_name} {choice['kind']} needs `{name}`. {argument.doc}".strip()
                hint = "Give it in the form of the training."
                yield Problem(f"incomplete-{family_name}", "error", None, message, name, "a value", "none", hint)


@rule
def monitors(view: View) -> Iterator[Problem]:
    """Row 40: a callback watches a value that there will not be."""
    known = log_names(view)
    for callback in view.context.callbacks:
        name = monitored(callback)
        if name is None or not callback.get("enabled", True) or name in known or len(view.document.output_tensors) > 1:
            continue
        kind = callback["kind"]
        fixes = [watching(callback, other) for other in nearest(name, known)]
        bare = name.removeprefix("val_")
        if name.startswith("val_") and not view.context.validates:
            message = f"{kind} watches `{name}`, but there is no validation data."
            if bare in known:
                fixes.insert(0, Fix("Set validation_split=0.1", settings={"validation_split": 0.1}))
        else:
            message = f"{kind} watches `{name}`, which is not among the logs: {', '.join(known)}."
        expected = " or ".join(f"`{n}`" for n in known)
        yield Problem("unknown-monitor", "error", None, message, "monitor", expected, name, fixes=tuple(fixes))


def monitored(callback: Json) -> str | None:
    """What a callback watches: as given, else its default; None where it watches nothing."""
    args = callback.get("args") or {}
    if "monitor" in args:
        return args["monitor"]
    from kerasviz import callbacks

    declared = getattr(getattr(callbacks, callback["kind"], None), "args", {}).get("monitor")
    if declared is None or (callback["kind"] == "ModelCheckpoint" and not args.get("save_best_only")):
        return None
    return declared.default if isinstance(declared.default, str) else None


def nearest(name: str, known: list[str]) -> list[str]:
    """The names most like the wanted one, the likeliest first."""
    full = name.replace("val_acc", "val_accuracy") if name.endswith("val_acc") else SHORT.get(name, name)
    best = [full] if full in known else []
    close = difflib.get_close_matches(name, known, n=2, cutoff=0.4)
    return list(dict.fromkeys([*best, *close, "val_loss" if "val_loss" in known else "loss"]))[:3]


def watching(callback: Json, name: str) -> Fix:
    """Let a callback watch another value."""
    args = {**(callback.get("args") or {}), "monitor": name}
    return Fix(f"Watch `{name}`", callbacks={callback.get("id", callback["kind"]): args})


@rule
def batch_of_one(view: View) -> Iterator[Problem]:
    """Row 38: a batch normalization of a batch of one sample."""
    norms = list(view.calls("BatchNormalization"))
    batch = view.context.settings.get("batch_size")
    samples = next((facts.samples for facts in view.context.inputs), None)
    if not norms or not isinstance(batch, int):
        return
    if batch == 1:
        message = f"{view.name(norms[0])} normalizes by the batch; a batch of 1 has no spread."
        fix = Fix("Set batch_size=32", settings={"batch_size": 32})
        yield Problem("batch-of-one", "warning", norms[0], message, "batch_size", "at least 2", "1", fixes=(fix,))
    elif samples and samples % batch == 1:
        message = f"The last batch has 1 sample, which {view.name(norms[0])} cannot normalize by."
        better = next((n for n in range(batch + 1, 2 * batch + 2) if samples % n != 1), batch)
        fix = Fix(f"Set batch_size={better}", settings={"batch_size": better})
        yield Problem(
            "batch-of-one", "warning", norms[0], message, "batch_size", "no rest of 1", str(batch), fixes=(fix,)
        )
