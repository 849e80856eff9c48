"""Tables of layers: a class, its arguments, and what it is called with. The tests of each theme fill one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

LAST: dict[str, Any] = {"data_format": "channels_last"}
FIRST: dict[str, Any] = {"data_format": "channels_first"}
PENALTY = {"class_name": "L1L2", "config": {"l1": 0.01, "l2": 0.02}}
LIMIT = {"class_name": "MaxNorm", "config": {"max_value": 1.5, "axis": 0}}
TOLERANCES = {"bfloat16": 2e-2, "float16": 3e-3}


def seeded(name: str, seed: int = 3) -> dict[str, Any]:
    """The config of an initializer that draws the same numbers each time."""
    return {"class_name": name, "config": {"seed": seed}}


@dataclass(frozen=True)
class Inner:
    """A layer that is an argument of another: made of ours in ours, of the oracle's in the oracle's."""

    kind: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return shown(self.kind, self.args, self.kwargs)


@dataclass(frozen=True)
class Fresh:
    """An argument that is made anew for each layer, as torch's modules are."""

    make: Callable[[], Any]

    def __str__(self) -> str:
        return self.make.__name__


def inner(kind: str, *args: Any, **kwargs: Any) -> Inner:
    """A layer as an argument."""
    return Inner(kind, args, kwargs)


@dataclass(frozen=True)
class Case:
    """One layer, and one way to call it.

    Args:
        kind: name of the class.
        args, kwargs: of the constructor.
        shapes: of the inputs, with the batch axis.
        listed: whether several inputs come as one list; else each is an argument.
        call: other arguments of the call; lists are boolean masks.
        carried: masks that come with the inputs, one for each or None.
        integers: inputs are whole numbers from 0 up to, and without, this; 0 for floats.
        dtype: of the inputs.
        rows: size of the batch, instead of that in `shapes`.
        tolerance: of float32.
        note: what is special about the case.
        apart: checks in which the oracle fails or is wrong: "numbers", "symbol", "config".
    """

    kind: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    shapes: tuple[tuple[int, ...], ...]
    listed: bool = False
    call: dict[str, Any] = field(default_factory=dict)
    carried: tuple[Any, ...] = ()
    integers: int = 0
    dtype: str = "float32"
    rows: int | None = None
    tolerance: float = 1e-5
    note: str = ""
    apart: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = " ".join("x".join(map(str, shape)) or "()" for shape in self.input_shapes)
        facts = [self.note, "masked" if self.carried else "", "" if self.dtype == "float32" else self.dtype]
        facts += [name if value is True else f"{name}={value}" for name, value in self.call.items()]
        return " ".join([shown(self.kind, self.args, self.kwargs), where, *filter(None, facts)])

    @property
    def input_shapes(self) -> list[tuple[int, ...]]:
        """With the batch size of the case."""
        return [(shape[0] if self.rows is None else self.rows, *shape[1:]) for shape in self.shapes]

    @property
    def nearness(self) -> float:
        """The tolerance: that of its dtype."""
        policy = str(self.kwargs.get("dtype", "float32"))
        return next((limit for name, limit in TOLERANCES.items() if name in policy), self.tolerance)

    def but(self, **facts: Any) -> Case:
        """The same with other arguments of the constructor."""
        return dataclasses.replace(self, kwargs={**self.kwargs, **facts})


def shown(kind: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """As code, shortly."""
    parts = [short(value) for value in args] + [f"{name}={short(value)}" for name, value in kwargs.items()]
    return f"{kind}({','.join(parts)})"


def short(value: Any) -> str:
    """A value in an id."""
    if isinstance(value, dict) and "class_name" in value:
        return value["class_name"]
    if isinstance(value, np.ndarray) or (isinstance(value, list) and value and isinstance(value[0], np.ndarray)):
        return "array" if isinstance(value, np.ndarray) else "[array]"
    if callable(value):
        return value.__name__
    return str(value).replace(" ", "").replace("'", "").replace("/", "|")


FACTS = {"listed", "call", "carried", "integers", "rows", "tolerance", "note", "apart"}


def case(kind: str, shape: Any, *args: Any, training: bool | None = None, mask: Any = None, **given: Any) -> Case:
    """A case: the shape of its input, or of each of its inputs; facts about the call go by name, as arguments do.

    `training`, `mask`: of the call. `of`: the dtype of the inputs.
    """
    facts = {name: given.pop(name) for name in FACTS & set(given)}
    call = dict(facts.pop("call", {}))
    if training is not None:
        call["training"] = training
    if mask is not None:
        call["mask"] = mask
    shapes = tuple(shape) if shape and isinstance(shape[0], tuple) else (tuple(shape),)
    dtype = given.pop("of", "int32" if facts.get("integers") else "float32")
    listed = facts.pop("listed", len(shapes) > 1)
    return Case(kind, args, given, shapes, listed=listed, call=call, dtype=dtype, **facts)


UNKNOWN = {  # arguments that Keras's class does not take
    "ActivityRegularization": ("activity_regularizer",),
    **{f"SpatialDropout{rank}D": ("activity_regularizer", "trainable", "autocast") for rank in (1, 2, 3)},
}
TYPED = {"EinsumDense", *(f"{form}Conv{rank}D" for form in ("", "Depthwise", "Separable") for rank in (1, 2, 3))}
TYPED |= {f"Conv{rank}D{form}" for form in ("Transpose",) for rank in (1, 2, 3)}
TYPED |= {"TimeDistributed", "SpectralNormalization"}
TYPED |= {"SimpleRNN", "GRU", "LSTM", "RNN", "Bidirectional", *(f"ConvLSTM{rank}D" for rank in (1, 2, 3))}
TYPED |= {"AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"}  # inputs must be of the weights' dtype
SIXTEEN = ("mixed_bfloat16", "mixed_float16", "bfloat16")
WALKING = ("SimpleRNN", "GRU", "LSTM", "RNN", "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
FLOAT32 = ("Maximum", "Minimum", "Dot", "Attention", "AdditiveAttention")
AROUND = ("Wrapper", "RNN", "TimeDistributed", "Bidirectional", "SpectralNormalization")
APART: dict[str, dict[str, tuple[str, ...]]] = {  # where Keras fails on torch, or is wrong: by class and what varies
    "BatchNormalization": {"rows=0": ("numbers",)},  # makes statistics NaN
    "AveragePooling3D": dict.fromkeys(SIXTEEN, ("numbers",)),
    **{f"GlobalMaxPooling{rank}D": {"rows=0": ("numbers",)} for rank in (1, 2, 3)},
    **{f"SpatialDropout{rank}D": dict.fromkeys(SIXTEEN[:2], ("config",)) for rank in (1, 2, 3)},  # loses the policy
    **{kind: {"float64": ("numbers",)} for kind in FLOAT32},  # gives float32
    **{kind: {"bfloat16": ("numbers",)} for kind in WALKING},  # cannot draw an orthogonal matrix
    **{kind: {"bfloat16": ("numbers",), "trainable": ("config",)} for kind in AROUND},  # only it is frozen, not inside
    "SimpleRNN": {"bfloat16": ("numbers",), "activity_regularizer": ("numbers",)},  # forgets the penalty
    "TimeDistributed": {
        "float64": ("numbers",),
        "bfloat16": ("numbers",),
        "trainable": ("config",),
    },  # gives what the layer inside does
    # SpectralNormalization divides in 16 bits
    "SpectralNormalization": {**dict.fromkeys(SIXTEEN, ("numbers",)), "trainable": ("config",)},
}
STARTS = ["HeNormal", "RandomUniform", "LecunNormal", "RandomNormal"]
POLICIES = ["mixed_bfloat16", "mixed_float16", "float64", "bfloat16"]


def variations(*bases: Case, without: tuple[str, ...] = ()) -> list[Case]:
    """Each case, and once with every argument that all layers take, and with few rows.

    Args:
        bases: one for each class.
        without: arguments that the oracle's class does not take.
    """
    found = []
    for base in bases:
        unknown, apart = {*without, *UNKNOWN.get(base.kind, ())}, APART.get(base.kind, {})
        cast = {"autocast": False} if base.kind in TYPED else {"autocast": False, "dtype": "mixed_bfloat16"}
        changes: list[dict[str, Any]] = [
            {"activity_regularizer": PENALTY},
            {"trainable": False},
            cast,
            {"name": "another"},
        ]
        found.append(base)
        found += [dataclasses.replace(base.but(dtype=policy), apart=apart.get(policy, ())) for policy in POLICIES]
        for change in changes:
            if not set(change) & unknown:
                wrong = apart.get(next(iter(change)), ())
                if change is cast:
                    wrong = (*wrong, "symbol")  # Keras says the compute dtype, whatever comes out
                found.append(dataclasses.replace(base.but(**change), apart=wrong))
        few = sorted({0, 1} - {shape[0] for shape in base.shapes})
        found += [dataclasses.replace(base, rows=rows, apart=apart.get(f"rows={rows}", ())) for rows in few]
    return found


def limits(base: Case, *weights: str, constraints: bool = True) -> list[Case]:
    """A case with other starts, with penalties, and with constraints of these weights.

    Args:
        base: a layer.
        weights: their names.
        constraints: whether they take penalties and constraints.
    """
    found = [
        base.but(**{f"{name}_initializer": seeded(start) for name, start in zip(weights, STARTS * 2, strict=False)})
    ]
    if constraints:
        found.append(base.but(**{f"{name}_regularizer": PENALTY for name in weights}))
        found.append(base.but(**{f"{name}_constraint": LIMIT for name in weights}))
    return found
