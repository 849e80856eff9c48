"""What `compile` was told, as `.h5` files have it: `training_config`, of Keras 2 and of Keras 3."""

from collections.abc import Callable, Mapping
from typing import Any

from kerasviz.declare import Invalid, did_you_mean, family, registered_object
from kerasviz.declare.registry import names_of

OPTIONS = ("run_eagerly", "steps_per_execution", "jit_compile")
GONE = ("decay", "is_legacy_optimizer", "jit_compile", "schedule_decay", "sparse_rate")  # arguments of optimizers
RENAMED = {"lr": "learning_rate", "initial_accumulator": "initial_accumulator_value"}
SCALING = ("LossScaleOptimizer", "LossScaleOptimizerV1", "LossScaleOptimizerV3")
OLD_LOSSES = {"cosine_proximity": "cosine_similarity", "cosine": "cosine_similarity"}
DEFAULT_REDUCTIONS = (None, "auto")
OF_FUNCTIONS = ("MeanMetricWrapper", "SumOverBatchSizeMetricWrapper")
WORDS = ("accuracy", "acc", "crossentropy", "ce")  # metrics whose meaning the outputs decide


def compile_arguments(config: Any, before_3: bool, where: str) -> dict[str, Any]:
    """The arguments of `compile` for those in a file.

    Args:
        config: `training_config`.
        before_3: whether Keras 1 or 2 wrote it.
        where: for errors.

    Raises:
        Invalid: where it names what is not known.
    """
    if not isinstance(config, Mapping) or not isinstance(config.get("optimizer_config"), Mapping):
        raise Invalid(where, "what the model was compiled with", config)
    made = {
        "optimizer": optimizer_of(config["optimizer_config"], where),
        "loss": each(config.get("loss"), loss_of),
        "metrics": each(config.get("metrics"), metric_of),
        "weighted_metrics": each(config.get("weighted_metrics"), metric_of),
        "loss_weights": config.get("loss_weights"),
    }
    return made | {} if before_3 else made | {name: config[name] for name in OPTIONS if name in config}


def each(value: Any, make: Callable[[Any], Any]) -> Any:
    """Losses or metrics in the nest that the file has them in."""
    if value is None or isinstance(value, str) or (isinstance(value, Mapping) and "class_name" in value):
        return None if value is None else make(value)
    if isinstance(value, Mapping):
        return {name: each(part, make) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [each(part, make) for part in value]
    raise Invalid("training_config of the file", "a name, a config, or a list or dict of them", value)


# --- optimizers -----------------------------------------------------------------------------------------------------


def optimizer_of(config: Mapping[str, Any], where: str) -> Any:
    """The optimizer that a file describes; the `decay` of Keras 2 becomes the schedule that it was.

    Raises:
        Invalid: where there is none of that name.
    """
    name, given = str(config.get("class_name", config.get("name"))), config.get("config")
    if "class_name" not in config:
        given = {key: value for key, value in config.items() if key != "name"}  # Keras 1
    given = given if isinstance(given, Mapping) else {}
    mine = registered_object(name)
    if mine is not None:
        return mine.from_config(dict(given))
    if name in SCALING:
        return scaling(given, where)
    members = family("optimizer").names()
    cls = members.get(name) or members.get(name.lower()) or members.get(name.split(">")[-1])
    if not isinstance(cls, type):
        hint = did_you_mean(name, members) or "Pass it in `custom_objects`, or load with compile=False."
        raise Invalid(f"optimizer of {where}", "an optimizer that is known", name, hint)
    known: Mapping[str, Any] = getattr(cls, "args", {})
    named = {RENAMED.get(key, key): value for key, value in given.items()}
    rate, decay = named.get("learning_rate"), named.get("decay")
    if isinstance(rate, Mapping):
        named["learning_rate"] = schedule(rate)
    elif isinstance(rate, (int, float)) and isinstance(decay, (int, float)) and decay > 0:
        falling = {"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay}
        named["learning_rate"] = names_of("keras.optimizers.schedules")["InverseTimeDecay"](**falling)
    if named.get("weight_decay") is False or (named.get("weight_decay") == 0 and known["weight_decay"].default is None):
        named["weight_decay"] = None
    kept = {key: value for key, value in named.items() if key in known and not (value is None and key == "epsilon")}
    return cls.from_config(kept)


def schedule(config: Mapping[str, Any]) -> dict[str, Any]:
    """A schedule of the learning rate in the form of today."""
    made = dict(config)
    if not made.get("module") and registered_object(str(made.get("class_name"))) is None:
        made["module"] = "keras.optimizers.schedules"
    if isinstance(made.get("config"), Mapping):
        made["config"] = {key: value for key, value in made["config"].items() if (key, value) != ("name", None)}
    return made


def scaling(config: Mapping[str, Any], where: str) -> Any:
    """An optimizer that scales the loss; where the scale is fixed, the one inside with that scale."""
    inner = config.get("inner_optimizer")
    if not isinstance(inner, Mapping):
        raise Invalid(f"optimizer of {where}", "an optimizer whose loss is scaled", inner)
    if config.get("dynamic") is False:
        told = inner.get("config")
        told = told if isinstance(told, Mapping) else {}
        return optimizer_of({**inner, "config": {**told, "loss_scale_factor": config.get("initial_scale")}}, where)
    cls = family("optimizer").names()["LossScaleOptimizer"]
    known = {key: value for key, value in config.items() if key in cls.args and key != "inner_optimizer"}
    return cls(optimizer_of(inner, where), **known)


def optimizer_config(optimizer: Any) -> dict[str, Any]:
    """An optimizer as files have it."""
    from kerasviz.saving.config import serialize_keras_object

    config = serialize_keras_object(optimizer)
    return {"class_name": config.get("registered_name") or config["class_name"], "config": config["config"]}


# --- losses and metrics ---------------------------------------------------------------------------------------------


def loss_of(given: Any) -> Any:
    """A loss: a name, or an object."""
    if isinstance(given, str):
        return OLD_LOSSES.get(given, given) if registered_object(given) is None else registered_object(given)
    return object_of(given, "loss")


def metric_of(given: Any) -> Any:
    """A metric: a name, or an object."""
    if isinstance(given, str):
        return given if given in WORDS or registered_object(given) is None else registered_object(given)
    return object_of(given, "metric")


def object_of(given: Mapping[str, Any], kind: str) -> Any:
    """The loss or metric that a config describes, in the form of Keras 2 or of Keras 3.

    Raises:
        Invalid: where it names what is not known.
    """
    from kerasviz.saving.config import deserialize_keras_object

    config = given.get("config")
    if not isinstance(config, Mapping):
        return deserialize_keras_object(given)
    config = {key: value for key, value in config.items() if key != "fn"}
    if config.get("reduction", "") in DEFAULT_REDUCTIONS:
        del config["reduction"]
    name, function = str(given["class_name"]), given["config"].get("fn")
    if name in OF_FUNCTIONS and isinstance(function, str):
        cls = names_of("keras.metrics")["MeanMetricWrapper"]
        return cls(function_named(function), **deserialize_keras_object(config))
    module = given.get("module") or ("" if registered_object(name) else f"keras.{LIBRARIES[kind]}")
    return deserialize_keras_object({**given, "module": module, "config": config})


LIBRARIES = {"loss": "losses", "metric": "metrics"}


def function_named(name: str) -> Any:
    """A function of targets and predictions.

    Raises:
        Invalid: where there is none of that name.
    """
    found = registered_object(name)
    for library in LIBRARIES.values():
        found = found if found is not None else names_of(f"keras.{library}").get(name)
    if found is None or isinstance(found, type):
        hint = "Pass it in `custom_objects`, or load with compile=False."
        raise Invalid("training_config of the file", "a function of y_true and y_pred", name, hint)
    return found


# --- writing --------------------------------------------------------------------------------------------------------


def training_config(model: Any) -> dict[str, Any] | None:
    """What a model was compiled with, as Keras 3 reads it; None for one that is not, or with parts of torch."""
    told = model.get_compile_config()
    if told is None or model.optimizer is None:
        return None
    told = {name: value for name, value in told.items() if name != "optimizer"}
    told["loss"] = each(told.get("loss"), lambda loss: written(loss, long_name))
    for name in ("metrics", "weighted_metrics"):
        told[name] = each(told.get(name), lambda metric: written(metric, str))
    return {**told, "optimizer_config": optimizer_config(model.optimizer)}


def written(given: Any, name_of: Callable[[str], str]) -> Any:
    """A loss or metric as Keras 3 reads it: functions by name."""
    if isinstance(given, str):
        return name_of(given)
    if given["class_name"] == "function":
        known = given.get("registered_name")
        return given["config"] if known in (None, "function") else known
    if given.get("registered_name"):
        return {"class_name": given["registered_name"], "config": given["config"]}
    return {"class_name": given["class_name"], "config": given["config"]}


def long_name(name: str) -> str:
    """The name of a loss as it is written out: Keras does not read back the short ones."""
    found = family("loss").names().get(name) if registered_object(name) is None else None
    return getattr(found, "__name__", name) if found is not None and not isinstance(found, type) else name
