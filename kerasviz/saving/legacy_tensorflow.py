"""Calls of TensorFlow in graphs of Keras 2: those that `keras.ops` can do, under its names."""

from collections.abc import Mapping
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.saving.function_classes import class_of

CALLS = ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty")
ANY = object()
NEEDLESS: dict[str, Any] = {  # arguments that may be left out where they have this value
    **{"name": ANY, "conjugate": False, "validate_indices": None, "batch_dims": 0, "mode": "CONSTANT"},
    **dict.fromkeys(("transpose_a", "transpose_b", "adjoint_a", "adjoint_b", "exclusive", "reverse"), False),
}
TWO = {"y": "x2"}
AXES = {"axis": "axis", "keepdims": "keepdims"}
AXIS = {"axis": "axis"}
SAME = (  # names that tf.math and keras.ops have alike
    *("abs", "ceil", "cos", "cosh", "erf", "exp", "expm1", "floor", "log", "log1p", "log_sigmoid", "logical_not"),
    *("negative", "reciprocal", "round", "rsqrt", "sigmoid", "sign", "sin", "sinh", "softplus", "sqrt", "square"),
    *("tan", "tanh"),
)
SAME_OF_TWO = (
    *("add", "divide_no_nan", "equal", "greater", "greater_equal", "less", "less_equal", "logical_and", "logical_or"),
    *("logical_xor", "maximum", "minimum", "multiply", "not_equal", "subtract"),
)
REDUCTIONS = {
    **{name: name for name in ("all", "any", "logsumexp", "max", "mean", "min", "prod", "sum")},
    **{"std": "std", "variance": "var"},
}
FUNCTIONS: dict[str, tuple[str, dict[str, str]]] = {  # TensorFlow's name -> ours, and the arguments besides the first
    **{f"math.{name}": (name, {}) for name in SAME},
    **{f"math.{name}": (name, TWO) for name in SAME_OF_TWO},
    **{f"math.a{name}": (f"arc{name}", {}) for name in ("cos", "cosh", "sin", "sinh", "tan", "tanh")},
    **{f"math.is_{name}": (f"is{name}", {}) for name in ("finite", "inf", "nan")},
    **{f"math.reduce_{name}": (ours, AXES) for name, ours in REDUCTIONS.items()},
    **{f"math.{name}": (name, AXIS) for name in ("argmax", "argmin", "cumprod", "cumsum")},
    **{f"__operators__.{name}": (name, TWO) for name in ("add", "subtract", "multiply")},
    **{
        f"nn.{name}": (name, {}) for name in ("elu", "relu", "relu6", "selu", "sigmoid", "silu", "softplus", "softsign")
    },
    **{f"nn.{name}": (name, AXIS) for name in ("log_softmax", "softmax")},
    **{name: (name, {}) for name in ("ones_like", "stop_gradient", "zeros_like")},
    **{name: (name, AXIS) for name in ("expand_dims", "squeeze", "stack", "unstack")},
    **dict.fromkeys(("math.divide", "math.truediv"), ("true_divide", TWO)),
    **dict.fromkeys(("transpose", "compat.v1.transpose"), ("transpose", {"perm": "axes"})),
    **dict.fromkeys(("pad", "compat.v1.pad"), ("pad", {"paddings": "pad_width", "constant_values": "constant_values"})),
    **dict.fromkeys(("gather", "compat.v1.gather"), ("take", {"indices": "indices", "axis": "axis"})),
    **dict.fromkeys(("math.floordiv", "compat.v1.floor_div"), ("floor_divide", TWO)),
    "cast": ("cast", {"dtype": "dtype"}),
    "clip_by_value": ("clip", {"clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "compat.v1.squeeze": ("squeeze", AXIS),
    "concat": ("concatenate", AXIS),
    "identity": ("copy", {}),
    "linalg.matmul": ("matmul", {"b": "x2"}),
    "math.floormod": ("mod", TWO),
    "math.l2_normalize": ("normalize", {"axis": "axis", "epsilon": "epsilon"}),
    "math.pow": ("power", TWO),
    "nn.gelu": ("gelu", {"approximate": "approximate"}),
    "nn.leaky_relu": ("leaky_relu", {"alpha": "negative_slope"}),
    "nn.tanh": ("tanh", {}),
    "one_hot": ("one_hot", {"depth": "num_classes", "axis": "axis"}),
    "repeat": ("repeat", {"repeats": "repeats", "axis": "axis"}),
    "reshape": ("reshape", {"shape": "newshape"}),
    "reverse": ("flip", AXIS),
    "roll": ("roll", {"shift": "shift", "axis": "axis"}),
    "split": ("split", {"num_or_size_splits": "indices_or_sections", "axis": "axis"}),
    "tile": ("tile", {"multiples": "repeats"}),
    "where": ("where", {"x": "x1", "y": "x2"}),
}
ASSUMED: dict[str, dict[str, Any]] = {  # defaults that are others in keras.ops
    "compat.v1.gather": {"axis": 0},
    "gather": {"axis": 0},
    "math.argmax": {"axis": 0},
    "math.argmin": {"axis": 0},
    "math.cumprod": {"axis": 0},
    "math.cumsum": {"axis": 0},
    "math.l2_normalize": {"axis": None, "epsilon": 1e-12},
    "nn.gelu": {"approximate": False},
    "nn.leaky_relu": {"alpha": 0.2},
    "one_hot": {"axis": -1},
    "split": {"axis": 0},
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
        named = {**ASSUMED.get(name, {}), **named}
        given = {ours: named.pop(theirs) for theirs, ours in arguments.items() if theirs in named}
        for argument, value in named.items():
            if argument not in NEEDLESS or (NEEDLESS[argument] is not ANY and value != NEEDLESS[argument]):
                raise Invalid(f"{place}, `{name}`", f"no {argument}={value!r}", "it")
        return {"args": [inputs], "kwargs": given}

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
