"""Calls of TensorFlow in graphs of Keras 2: those that `keras.ops` can do, under its names."""

from collections.abc import Mapping
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.saving.function_classes import class_of

CALLS = ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty")
IGNORED = ("name", "data_format")
TWO = {"y": "x2"}
AXES = {"axis": "axis", "keepdims": "keepdims"}
FUNCTIONS: dict[str, tuple[str, dict[str, str]]] = {  # TensorFlow's name -> ours, and the arguments besides the first
    **{f"math.{name}": (name, TWO) for name in ("add", "subtract", "multiply", "maximum", "minimum")},
    **{f"__operators__.{name}": (name, TWO) for name in ("add", "subtract", "multiply")},
    **{f"math.{name}": (name, {}) for name in ("abs", "exp", "log", "negative", "sigmoid", "sqrt", "square", "tanh")},
    **{f"nn.{name}": (name, {}) for name in ("elu", "relu", "relu6", "selu", "sigmoid", "softplus", "tanh")},
    **{f"math.reduce_{name}": (name, AXES) for name in ("max", "mean", "min", "prod", "sum")},
    "math.divide": ("true_divide", TWO),
    "math.truediv": ("true_divide", TWO),
    "math.pow": ("power", TWO),
    "math.rsqrt": ("rsqrt", {}),
    "nn.softmax": ("softmax", {"axis": "axis"}),
    "nn.silu": ("silu", {}),
    "cast": ("cast", {"dtype": "dtype"}),
    "concat": ("concatenate", {"axis": "axis"}),
    "expand_dims": ("expand_dims", {"axis": "axis"}),
    "linalg.matmul": ("matmul", {"b": "x2"}),
    "reshape": ("reshape", {"shape": "newshape"}),
    "squeeze": ("squeeze", {"axis": "axis"}),
    "stack": ("stack", {"axis": "axis"}),
    "transpose": ("transpose", {"perm": "axes"}),
}
GET_ITEM = "__operators__.getitem"


def is_tensorflow_call(class_name: str) -> bool:
    """Whether it is the class of a call of TensorFlow."""
    return class_name in CALLS


def translated_operation(entry: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The entry of a function of `keras.ops` for that of a call of TensorFlow; `reordered` makes its calls.

    Raises:
        Invalid: for a function that is not among those that are known.
    """
    config = entry["config"]
    name = str(config.get("function"))
    place = f'{entry["class_name"]} "{entry.get("name")}" of "{where}"'
    if name == GET_ITEM:
        return operation(entry, "get_item", lambda inputs, named: sliced(inputs, named, place))
    if name not in FUNCTIONS or entry["class_name"] != "TFOpLambda":
        hint = "Write the model with layers or keras.ops, and save it again."
        raise Invalid(place, f"one of {len(FUNCTIONS)} functions of TensorFlow that keras.ops has", name, hint)
    ours, arguments = FUNCTIONS[name]

    def reordered(inputs: Any, named: dict[str, Any]) -> dict[str, Any]:
        unknown = [argument for argument in named if argument not in arguments and argument not in IGNORED]
        if unknown:
            raise Invalid(f"{place}, `{name}`", f"arguments among {', '.join(arguments) or 'none'}", unknown[0])
        renamed = {arguments[argument]: value for argument, value in named.items() if argument in arguments}
        return {"args": [inputs], "kwargs": renamed}

    return operation(entry, ours, reordered)


def operation(entry: Mapping[str, Any], name: str, reordered: Any) -> dict[str, Any]:
    """The entry of a function of ours."""
    made = {**entry, "module": "keras.ops", "class_name": class_of(name), "registered_name": None}
    return {**made, "config": {"name": entry.get("name")}, "reordered": reordered}


def sliced(inputs: Any, named: dict[str, Any], place: str) -> dict[str, Any]:
    """The call of `get_item` for TensorFlow's."""
    parts = named.get("slice_spec")
    key = [sliced_part(part) for part in (parts if isinstance(parts, list) else [parts])]
    if not isinstance(inputs, Mapping) or "class_name" not in inputs:
        raise Invalid(place, "one tensor to slice", inputs)
    return {"args": [inputs, key], "kwargs": {}}


def sliced_part(part: Any) -> Any:
    """A slice, an ellipsis or a whole number."""
    if isinstance(part, Mapping) and set(part) == {"start", "stop", "step"}:
        return {"class_name": "__slice__", "config": dict(part)}
    if isinstance(part, Mapping) and part.get("class_name") == "__ellipsis__":
        return {"class_name": "__ellipsis__", "config": {}}
    return part
