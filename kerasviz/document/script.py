"""The training script: the model's code, compile, callbacks and fit, with the settings of the studio."""

import importlib
from collections.abc import Iterable
from typing import Any

from kerasviz.declare import Invalid, did_you_mean, snake_case
from kerasviz.declare.kinds import literal
from kerasviz.document.document import Document, Json
from kerasviz.document.expressions import argument_sources
from kerasviz.document.formatting import statement
from kerasviz.document.source import source

WORDLESS = ("CategoricalGeneralizedCrossEntropy", "Lamb", "LossScaleOptimizer", "ScheduleFreeAdamW")
DEFAULTS = {"epochs": 1, "batch_size": 32, "validation_split": 0.0, "shuffle": True}


def training_script(
    document: Document, settings: Json, callbacks: Iterable[Json] = (), *, validation: bool = False, **options: Any
) -> str:
    """A script that makes, compiles and fits the model.

    Args:
        document: without errors.
        settings: {"optimizer": {"kind", "args"}, "loss", "metrics", "epochs", "batch_size", ...}.
        callbacks: [{"kind", "args", "enabled"}].
        validation: whether there is validation data of its own.
        options: of `source`.
    """
    lines = [source(document, **options).rstrip(), ""]
    parts = [f"optimizer={chosen('optimizers', settings.get('optimizer') or {'kind': 'Adam'})}"]
    if settings.get("loss"):
        parts.append(f"loss={chosen('losses', settings['loss'])}")
    if settings.get("metrics"):
        parts.append(f"metrics=[{', '.join(metric(m) for m in settings['metrics'])}]")
    lines += statement(f"model.compile({', '.join(parts)})")
    used = [callback for callback in callbacks if callback.get("enabled", True)]
    if used:
        lines += statement(f"callbacks = [{', '.join(chosen('callbacks', callback) for callback in used)}]")
    data = "x_train, y_train" + (", x_test, y_test" if validation else "")
    lines += ["", f"# {data}: your data, as arrays"]
    fit = ["x_train", "y_train", *(["validation_data=(x_test, y_test)"] if validation else [])]
    fit += [
        f"{name}={literal(settings[name])}"
        for name, default in DEFAULTS.items()
        if settings.get(name, default) != default and not (validation and name == "validation_split")
    ]
    fit += ["callbacks=callbacks"] if used else []
    lines += [*statement(f"history = model.fit({', '.join(fit)})"), 'model.save("model.keras")', ""]
    return "\n".join(lines)


def metric(data: Json) -> str:
    """A metric; the accuracy that fits the loss goes by its short name."""
    return '"accuracy"' if data["kind"] in ("accuracy", "Accuracy") else chosen("metrics", data)


def chosen(family: str, data: Json) -> str:
    """The expression that makes an optimizer, loss, metric or callback: its name where it has no arguments."""
    module = importlib.import_module(f"kerasviz.{family}")
    cls = getattr(module, data["kind"], None)
    if not isinstance(cls, type):
        named = getattr(module, "FAMILY", None)
        cls = named.names().get(data["kind"]) if named else None
    if cls is None:
        raise Invalid(f"code of {family}", "a known name", data["kind"], did_you_mean(data["kind"], vars(module)))
    args = argument_sources(cls, data.get("args", {})) if isinstance(cls, type) else []
    word = short_name(family, cls)
    if not args and word is not None:
        return literal(word)
    return f"keras.{family}.{cls.__name__}({', '.join(args)})"


def short_name(family: str, cls: type) -> str | None:
    """The word for a component without arguments, which Keras knows as well; None where there is none."""
    needs = any(a.required for a in getattr(cls, "args", {}).values())
    if family == "callbacks" or needs or cls.__name__ in WORDLESS:
        return None
    return cls.__name__.lower() if family == "optimizers" else snake_case(cls.__name__)
