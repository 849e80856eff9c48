"""Kinds of value an argument takes: how to check one, store it, print it and edit it."""

import numbers
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NoReturn, Union, get_args, get_origin

from kerasviz.declare.errors import Invalid, did_you_mean
from kerasviz.declare.families import family
from kerasviz.declare.registry import public_name


def quoted(text: str) -> str:
    """A Python string literal, in double quotes unless single ones need fewer escapes."""
    if text.isprintable() and "\\" not in text:
        single = text.count('"') > text.count("'")  # as a formatter: in the quotes that need fewer escapes
        return "'" + text.replace("'", "\\'") + "'" if single else '"' + text.replace('"', '\\"') + '"'
    written = repr(text)  # Python's own escapes, in single or double quotes
    return written if written.startswith('"') else '"' + written[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'


def literal(value: Any) -> str:
    """A Python literal, as a formatter would write it; for a component, the call that makes it."""
    if hasattr(value, "source") and not isinstance(value, type):
        known = public_name(type(value))
        return f"{known[0].removeprefix('keras.')}.{value.source()}" if known else value.source()
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    return fraction(value) if isinstance(value, float) else repr(value)


def fraction(value: float) -> str:
    """A float as a person writes it: `1 / 255` where that is exactly the number and its digits are many."""
    if value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    parts = round(1 / value) if 1e-6 < abs(value) < 1 else 0
    return f"1 / {parts}" if parts and len(repr(value)) > 8 and 1 / parts == value else repr(value)


def listed(value: Any) -> Any:
    """The value as JSON gives it back: tuples are lists."""
    return [listed(part) for part in value] if isinstance(value, (list, tuple)) else value


class Kind:
    """What an argument may be. Subclasses say how to check, store, print and edit it."""

    input = "text"  # the form component in js/src/fields/

    def fit(self, cls: type) -> "Kind":
        """This kind as the class needs it that declares the argument."""
        return self

    def default(self, value: Any) -> Any:
        """The default as the signature shows it."""
        return value

    def parse(self, value: Any, where: str = "") -> Any:
        """The checked value, in the form in which it is kept."""
        return value

    def to_config(self, value: Any) -> Any:
        """The JSON form."""
        return value

    def to_source(self, value: Any) -> str:
        """The Python expression that makes it."""
        return literal(value)

    def schema(self) -> dict[str, Any]:
        """What the form needs to show an input."""
        return {"input": self.input}

    def samples(self) -> list[Any]:
        """Values that must work, for the contract tests."""
        return []

    def reject(self, where: str, expected: str, value: Any, hint: str = "") -> NoReturn:
        """Raise `Invalid`."""
        raise Invalid(where, expected, value, hint)


@dataclass(frozen=True)
class Number(Kind):
    """A number within limits; `above` and `below` exclude the limit itself."""

    type: type
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    below: float | None = None
    input = "number"

    def parse(self, value: Any, where: str = "") -> Any:
        if type(value) not in (int, float):
            value = self._plain(value)
        ok = isinstance(value, int if self.type is int else (int, float)) and not isinstance(value, bool)
        return value if ok and self._within(value) else self.reject(where, self.words(), value)

    def _within(self, value: Any) -> bool:
        low = (self.at_least is None or value >= self.at_least) and (self.above is None or value > self.above)
        return low and (self.at_most is None or value <= self.at_most) and (self.below is None or value < self.below)

    def _plain(self, value: Any) -> Any:
        """numpy's and torch's numbers as Python's."""
        if isinstance(value, bool):
            return value
        if isinstance(value, numbers.Integral):
            return int(value)
        if isinstance(value, numbers.Real):
            return float(value)
        return value.item() if getattr(value, "shape", None) == () else value

    def words(self) -> str:
        """The limits in words."""
        named = [("at least", self.at_least), ("above", self.above), ("at most", self.at_most), ("below", self.below)]
        limits = " and ".join(f"{words} {limit:g}" for words, limit in named if limit is not None)
        return f"{'a whole number' if self.type is int else 'a number'} {limits}".strip()

    def schema(self) -> dict[str, Any]:
        low = self.at_least if self.at_least is not None else self.above
        high = self.at_most if self.at_most is not None else self.below
        return {"input": self.input, "step": 1 if self.type is int else "any", "min": low, "max": high}

    def samples(self) -> list[Any]:
        limits = [limit for limit in (self.at_least, self.at_most) if limit is not None]
        if limits:
            return [self.type(limit) for limit in limits]
        low = self.above if self.above is not None else 0
        return [self.type(low + 1 if self.below is None else (low + self.below) / 2)]


class Flag(Kind):
    """True or False."""

    input = "switch"

    def parse(self, value: Any, where: str = "") -> bool:
        if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
            return bool(value)
        return self.reject(where, "True or False", value)

    def samples(self) -> list[Any]:
        return [True, False]


class Text(Kind):
    """A string."""

    def parse(self, value: Any, where: str = "") -> str:
        if not isinstance(value, str):
            self.reject(where, "a string", value)
        return value

    def samples(self) -> list[Any]:
        return ["text"]


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few values."""

    choices: tuple
    input = "select"

    def parse(self, value: Any, where: str = "") -> Any:
        word = value.lower() if isinstance(value, str) and value not in self.choices else value
        if isinstance(word, (str, bool, int, float, NoneType)) and word in self.choices:
            return word
        hint = did_you_mean(value, [c for c in self.choices if isinstance(c, str)]) if isinstance(value, str) else ""
        return self.reject(where, " or ".join(map(repr, self.choices)), value, hint)

    def schema(self) -> dict[str, Any]:
        return {"input": self.input, "choices": list(self.choices)}

    def samples(self) -> list[Any]:
        return list(self.choices)


@dataclass(frozen=True)
class PerAxis(Kind):
    """A size for each spatial axis; one number stands for all of them."""

    rank: int | None = None
    at_least: int = 1
    input = "sizes"

    def fit(self, cls: type) -> "PerAxis":
        return PerAxis(self.rank or getattr(cls, "rank", None), self.at_least)

    def default(self, value: Any) -> Any:
        rank = self.rank or 0
        return (value,) * rank if isinstance(value, int) and rank > 1 else value

    def parse(self, value: Any, where: str = "") -> tuple[int, ...]:
        given = [value] * (self.rank or 1) if isinstance(value, numbers.Integral) else value
        sizes = list(given) if isinstance(given, Iterable) and not isinstance(given, (str, Mapping)) else []
        whole = all(isinstance(size, numbers.Integral) and not isinstance(size, bool) for size in sizes)
        if not sizes or len(sizes) != (self.rank or len(sizes)) or not whole or min(sizes) < self.at_least:
            count = f"{self.rank} of them" if self.rank != 1 else "a list of one"
            self.reject(where, f"a whole number or {count}, each at least {self.at_least}", value)
        return tuple(int(size) for size in sizes)

    def to_source(self, value: Any) -> str:
        return literal(value[0] if len(set(value)) == 1 else tuple(value))

    def schema(self) -> dict[str, Any]:
        return {"input": self.input, "count": self.rank, "min": self.at_least}

    def samples(self) -> list[Any]:
        return [2, (max(self.at_least, 1),) * (self.rank or 1)]


@dataclass(frozen=True)
class ShapeKind(Kind):
    """A shape: sizes, None where any size will do."""

    input = "shape"

    def parse(self, value: Any, where: str = "") -> tuple[int | None, ...]:
        given = (value,) if isinstance(value, numbers.Integral) else value
        if not isinstance(given, Iterable) or isinstance(given, (str, Mapping)):
            self.reject(where, "a tuple of sizes, such as (28, 28, 1)", value)
        sizes = tuple(given)
        if not all(size is None or (isinstance(size, numbers.Integral) and int(size) >= -1) for size in sizes):
            self.reject(where, "whole numbers, or None where any size will do", value)
        return tuple(None if size is None else int(size) for size in sizes)

    def to_config(self, value: Any) -> Any:
        return tuple(value)

    def samples(self) -> list[Any]:
        return [(4, 4)]


@dataclass(frozen=True)
class AxisKind(Kind):
    """One axis, or several; negative ones count from the end."""

    input = "axis"

    def parse(self, value: Any, where: str = "") -> int | list[int]:
        if isinstance(value, numbers.Integral) and not isinstance(value, bool):
            return int(value)
        axes = list(value) if isinstance(value, (list, tuple)) else None
        if not axes or not all(isinstance(axis, numbers.Integral) for axis in axes):
            self.reject(where, "an axis, or a list of axes", value)
        return [int(axis) for axis in axes]

    def samples(self) -> list[Any]:
        return [-1]


@dataclass(frozen=True)
class Named(Kind):
    """An object of a family, given by name, config or itself: "relu", {"class_name": ...}, ReLU()."""

    family: str
    input = "named"

    def parse(self, value: Any, where: str = "") -> Any:
        return family(self.family).get(value, where)

    def to_config(self, value: Any) -> Any:
        return family(self.family).serialize(value)

    def to_source(self, value: Any) -> str:
        return family(self.family).source(value)

    def schema(self) -> dict[str, Any]:
        return {"input": self.input, "family": self.family}

    def samples(self) -> list[Any]:
        return [None, *NAMED_SAMPLES.get(self.family, ())]


NAMED_SAMPLES = {
    "activation": ("relu", "tanh"),
    "initializer": ("he_normal", "ones"),
    "regularizer": ("l2",),
    "constraint": ("non_neg",),
}


@dataclass(frozen=True)
class DataKind(Kind):
    """Anything with a JSON form.

    Args:
        input: what the form shows: "json", "list" for a list of numbers or words, "numbers" for one or a list of them.
    """

    input: str = "json"

    def to_config(self, value: Any) -> Any:
        from kerasviz.declare.registry import serialize

        return serialize(value)

    def to_source(self, value: Any) -> str:
        return literal(value)


@dataclass(frozen=True)
class FunctionKind(Kind):
    """A function of the user's."""

    input = "function"

    def parse(self, value: Any, where: str = "") -> Any:
        if isinstance(value, Mapping) and "class_name" in value:
            from kerasviz.declare.registry import deserialize

            value = deserialize(value)  # an object that can be called, too; never a class that a config names
        return value if callable(value) else self.reject(where, "a function", value)

    def to_config(self, value: Any) -> Any:
        from kerasviz.declare.registry import serialize

        return serialize(value)

    def to_source(self, value: Any) -> str:
        return getattr(value, "__name__", repr(value))


@dataclass(frozen=True)
class Maybe(Kind):
    """None, or the inner kind."""

    inner: Kind

    def fit(self, cls: type) -> "Maybe":
        return Maybe(self.inner.fit(cls))

    def default(self, value: Any) -> Any:
        return None if value is None else self.inner.default(value)

    def parse(self, value: Any, where: str = "") -> Any:
        return None if value is None else self.inner.parse(value, where)

    def to_config(self, value: Any) -> Any:
        return None if value is None else self.inner.to_config(value)

    def to_source(self, value: Any) -> str:
        return "None" if value is None else self.inner.to_source(value)

    def schema(self) -> dict[str, Any]:
        return {**self.inner.schema(), "nullable": True}

    def samples(self) -> list[Any]:
        return [None, *(sample for sample in self.inner.samples() if sample is not None)]


@dataclass(frozen=True)
class AnyOf(Kind):
    """The first of several kinds that takes the value."""

    kinds: tuple[Kind, ...]

    def fit(self, cls: type) -> "AnyOf":
        return AnyOf(tuple(kind.fit(cls) for kind in self.kinds))

    def parse(self, value: Any, where: str = "") -> Any:
        wanted = []
        for kind in self.kinds:
            try:
                return kind.parse(value, where)
            except Invalid as error:
                wanted.append(error.expected)
        return self.reject(where, ", or ".join(wanted), value)

    def _kind(self, value: Any) -> Kind:
        for kind in self.kinds:
            try:
                kind.parse(value)
            except Invalid:
                continue
            return kind
        return self.kinds[-1]

    def to_config(self, value: Any) -> Any:
        return self._kind(value).to_config(value)

    def to_source(self, value: Any) -> str:
        return self._kind(value).to_source(value)

    def schema(self) -> dict[str, Any]:
        return self.kinds[0].schema()

    def samples(self) -> list[Any]:
        return [sample for kind in self.kinds for sample in kind.samples()]


Activation = Annotated[Callable, Named("activation")]
Initializer = Annotated[Callable, Named("initializer")]
Regularizer = Annotated[Callable, Named("regularizer")]
Constraint = Annotated[Callable, Named("constraint")]
LayerRef = Annotated[Any, Named("layer")]
DType = Annotated[Any, Named("dtype_policy")]
Sizes = Annotated[int | tuple[int, ...], PerAxis()]
Shape = Annotated[tuple[int | None, ...], ShapeKind()]
Axis = Annotated[int | list[int], AxisKind()]
Data = Annotated[Any, DataKind()]
Function = Annotated[Callable, FunctionKind()]


def kind_of(hint: Any, **limits: Any) -> Kind:
    """The kind for a type annotation; `limits` narrow it."""
    if isinstance(hint, Kind):
        return hint
    if isinstance(hint, str):
        return Named(hint)
    if get_origin(hint) is Annotated:
        return next(part for part in hint.__metadata__ if isinstance(part, Kind))
    if get_origin(hint) is Literal:
        return Choice(get_args(hint))
    if get_origin(hint) in (Union, UnionType):
        kinds = [kind_of(part, **limits) for part in get_args(hint) if part is not NoneType]
        kind = kinds[0] if len(kinds) == 1 else AnyOf(tuple(kinds))
        return Maybe(kind) if NoneType in get_args(hint) and not isinstance(kind, Named) else kind
    if hint is bool:
        return Flag()
    if hint in (int, float):
        return Number(hint, **limits)
    if hint is str:
        return Text()
    if hint in (list, tuple) or get_origin(hint) in (list, tuple):
        return DataKind("list")
    return FunctionKind() if hint in (Callable, typing.Callable) else DataKind()
