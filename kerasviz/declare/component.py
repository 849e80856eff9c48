"""`arg` and `weight` on a class, and the base that derives everything else from them."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

from kerasviz.declare.errors import did_you_mean
from kerasviz.declare.kinds import Data, Kind, Maybe, kind_of, listed
from kerasviz.declare.registry import serialize

REQUIRED = inspect.Parameter.empty


@dataclass
class Arg:
    """One constructor argument: what it accepts, its default, what it means."""

    default: Any = REQUIRED
    doc: str = ""
    limits: dict[str, Any] = field(default_factory=dict)
    after: str | None = None  # position in the signature, where not as written
    keyword: bool = False  # keyword-only
    group: str = "main"  # section of the form
    quiet: bool = False  # left out of the config while it has its default
    first: bool = False  # before all others, whichever class declares them
    name: str = ""
    hint: Any = None  # the annotation; its kind is made when first needed
    owner: Any = None
    kind: Kind = None  # type: ignore[assignment]  # set by `collect`

    @property
    def required(self) -> bool:
        """Whether the constructor needs it."""
        return self.default is REQUIRED


def arg(
    default: Any = REQUIRED,
    *,
    doc: str = "",
    after: str | None = None,
    keyword: bool = False,
    group: str = "main",
    quiet: bool = False,
    first: bool = False,
    **limits: Any,
) -> Any:
    """Declare a constructor argument. `limits` are those of its kind: `at_least`, `at_most`, `above`, `below`."""
    return Arg(default, doc, limits, after, keyword, group, quiet, first)


@dataclass
class Weight:
    """An array of a layer, and the arguments that say how it starts and what holds it back."""

    initializer: str
    doc: str = ""
    prefix: str | None = None  # of the three arguments; the weight's own name by default
    limited: bool = True  # whether it has a regularizer and a constraint
    name: str = ""

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the name it is declared under."""
        self.name = name
        self.prefix = self.prefix or name

    def args(self) -> dict[str, Arg]:
        """Its arguments by role."""

        def one(role: str, default: Any, text: str) -> Arg:
            doc = text.format(f"`{self.name}`")
            return Arg(default, doc, name=f"{self.prefix}_{role}", group=role, kind=kind_of(role))

        args = {"initializer": one("initializer", self.initializer, "How {} starts.")}
        if self.limited:
            args["regularizer"] = one("regularizer", None, "Penalty on {}, added to the loss.")
            args["constraint"] = one("constraint", None, "Applied to {} after each update.")
        return args


def weight(initializer: str, doc: str = "", prefix: str | None = None, *, limited: bool = True) -> Any:
    """Declare an array of the layer with its initializer, regularizer and constraint arguments."""
    return Weight(initializer, doc, prefix, limited)


class _OnClass:
    """An attribute of the class that is computed when first read, and then replaced by its value.

    `__init_subclass__` gives every class its own, so that `owner` is the class it stands in.
    """

    def __init__(self, name: str, compute: Any) -> None:
        self.name = name
        self.compute = compute

    def __get__(self, instance: Any, owner: type) -> Any:
        value = self.compute(owner)
        setattr(owner, self.name, value)
        return value


class Component:
    """Base of all that is declared: layers, losses, metrics, optimizers, callbacks."""

    args: ClassVar[Any]  # name -> Arg, in the order of the signature
    declared_weights: ClassVar[Any]  # name -> Weight
    without: ClassVar[tuple[str, ...]] = ()  # arguments of its bases that it makes itself and does not take
    _declared: ClassVar[dict[str, Any]] = {}
    _handwritten: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        """Read the declarations off the class."""
        super().__init_subclass__(**options)
        cls._declared = {name: value for name, value in vars(cls).items() if isinstance(value, (Arg, Weight))}
        for name in cls._declared:
            delattr(cls, name)  # instances hold the values; torch finds its parameters
        cls.args = _OnClass("args", collect)
        cls.declared_weights = _OnClass("declared_weights", collect_weights)
        cls._handwritten = "__init__" in vars(cls) or (cls._handwritten and not cls._declared)
        if cls._handwritten:
            return
        cls.__signature__ = _OnClass("__signature__", signature_of)

        def construct(self: Any, *values: Any, **named: Any) -> None:
            self._fill(cls, values, named)

        construct.__name__ = "__init__"
        cls.__init__ = construct

    def __new__(cls, *values: Any, **named: Any) -> Self:
        """Keep the arguments of a hand-written constructor, for its config."""
        self = super().__new__(cls)
        if cls._handwritten:
            object.__setattr__(self, "_given", (values, named))
        return self

    def _fill(self, cls: type["Component"], values: tuple, named: dict[str, Any]) -> None:
        self.prepare()
        named = self.adapt_arguments(dict(named))
        for name, value in bind(cls, values, named).items():
            setattr(self, name, cls.args[name].kind.parse(value, f"{type(self).__name__}({name}=...)"))
        self.check()

    def prepare(self) -> None:
        """Called before the arguments are set."""

    def adapt_arguments(self, named: dict[str, Any]) -> dict[str, Any]:
        """Keyword arguments of another time, translated; called before they are checked."""
        return named

    def check(self) -> None:
        """Rules between arguments; called after all are set."""

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal object, in JSON form."""
        cls = type(self)
        if cls._handwritten:
            return self._handwritten_config(cls)
        return self._declared_config(cls)

    def _declared_config(self, cls: type["Component"]) -> dict[str, Any]:
        config = {}
        for name, a in cls.args.items():
            value = getattr(self, name)
            if not (a.quiet and self._is_default(a, value)):
                config[name] = a.kind.to_config(value)
        return config

    def _handwritten_config(self, cls: type["Component"]) -> dict[str, Any]:
        """Of a class with its own constructor: what it was given, or what its declared base has."""
        writer = next(c for c in cls.__mro__ if "__init__" in vars(c) and c._handwritten)
        base = next(c for c in writer.__mro__ if issubclass(c, Component) and not c._handwritten)
        config = self._declared_config(base)
        if any("get_config" in vars(c) for c in cls.__mro__[: cls.__mro__.index(base)]):
            return config  # the class adds the rest itself
        signature = inspect.signature(writer.__init__)
        values, named = self.__dict__.get("_given", ((), {}))
        bound = signature.bind(self, *values, **named)
        bound.apply_defaults()
        takes_rest = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
        kept = {n: v for n, v in config.items() if n in signature.parameters or (takes_rest and n in BASE_NAMES)}
        for name, value in list(bound.arguments.items())[1:]:
            kind = signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                kept.update({n: serialize(v) for n, v in value.items() if n not in kept})
            elif kind is not inspect.Parameter.VAR_POSITIONAL and name not in kept:
                kept[name] = serialize(value)
        return kept

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The object that `get_config` described."""
        if cls._handwritten:
            from kerasviz.declare.registry import deserialize

            return cls(**{n: deserialize(v) if isinstance(v, Mapping) else v for n, v in config.items()})
        return cls(**config)

    def _is_default(self, a: Arg, value: Any) -> bool:
        if a.required:
            return False
        return listed(a.kind.to_config(value)) == listed(a.kind.to_config(a.kind.parse(a.default)))

    def source(self) -> str:
        """The Python expression that makes this object; defaults are left out."""
        parts = []
        positional = True
        for a in type(self).args.values():
            value = getattr(self, a.name, a.default)
            if a.required and positional:
                parts.append(a.kind.to_source(value))
            elif a.required or not self._is_default(a, value):
                parts.append(f"{a.name}={a.kind.to_source(value)}")
            positional = positional and a.required
        return f"{type(self).__name__}({', '.join(parts)})"

    @classmethod
    def form(cls) -> list[dict[str, Any]]:
        """What a widget needs to show and check an input for every argument."""
        return [
            {
                "name": a.name,
                "doc": a.doc,
                "group": a.group,
                "required": a.required,
                "default": None if a.required else a.kind.to_config(a.kind.parse(a.default)),
                **a.kind.schema(),
            }
            for a in cls.args.values()
        ]

    @classmethod
    def help(cls) -> str:
        """The docstring, with its arguments."""
        lines = [f"    {a.name}: {a.doc}" for a in cls.args.values()]
        return "\n".join([inspect.cleandoc(cls.__doc__ or ""), "", "Args:", *lines])


BASE_NAMES = ("name", "trainable", "dtype")


def collect_weights(cls: type[Component]) -> dict[str, Weight]:
    """The declared arrays, the base's first."""
    found: dict[str, Weight] = {}
    for base in reversed(cls.__mro__):
        declared = vars(base).get("_declared", {})
        found |= {name: value for name, value in declared.items() if isinstance(value, Weight)}
    return found


def collect(cls: type[Component]) -> dict[str, Arg]:
    """Arguments in signature order: the class's own, then what it inherits."""
    if cls._handwritten:
        return read_signature(cls)
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        declared = vars(base).get("_declared", {})
        if not declared:
            continue
        hints = inspect.get_annotations(base, eval_str=True)
        own = {
            name: replace(value, name=name, kind=kind_of(hints[name], **value.limits).fit(cls))
            if isinstance(value, Arg)
            else value
            for name, value in declared.items()
        }
        moved = {name: value for name, value in own.items() if name not in found}
        found = moved | {name: own.get(name, value) for name, value in found.items()}
    found = {name: value for name, value in found.items() if name not in cls.without}
    return place(spread_weights(found, getattr(cls, "activity_in_block", True)))


def spread_weights(found: dict[str, Any], with_activity: bool) -> dict[str, Arg]:
    """Replace weights by their arguments: all initializers, then regularizers, then constraints.

    With `with_activity`, the activity regularizer stands among them, and not with the keyword arguments.
    """
    weights = [value.args() for value in found.values() if isinstance(value, Weight)]
    block = [w["initializer"] for w in weights] + [w["regularizer"] for w in weights if "regularizer" in w]
    if weights and with_activity and "activity_regularizer" in found:
        block.append(replace(found["activity_regularizer"], quiet=False))
    block += [w["constraint"] for w in weights if "constraint" in w]
    args: dict[str, Arg] = {}
    for name, value in found.items():
        if isinstance(value, Weight):
            args.update({a.name: replace(a, keyword=False) for a in block})
        else:
            args.setdefault(name, value)
    return args


def place(args: dict[str, Arg]) -> dict[str, Arg]:
    """Arguments in their final order: `after` honoured, keyword-only ones last."""
    order = [name for name, a in args.items() if not a.after]
    for name, a in args.items():
        if a.after:
            order.insert(order.index(a.after) + 1, name)
    order.sort(key=lambda name: (args[name].keyword, not args[name].first))
    return {name: args[name] for name in order}


def signature_of(cls: type[Component]) -> inspect.Signature:
    """The constructor's signature."""
    p = inspect.Parameter
    return inspect.Signature(
        [
            p(
                a.name,
                p.KEYWORD_ONLY if a.keyword else p.POSITIONAL_OR_KEYWORD,
                default=REQUIRED if a.required else a.kind.default(a.default),
                annotation=a.hint if a.hint is not None else p.empty,
            )
            for a in cls.args.values()
        ]
    )


def bind(cls: type[Component], values: tuple, named: dict[str, Any]) -> dict[str, Any]:
    """Every argument's value, as Python would bind them, with errors that name the near miss."""
    args = cls.args
    positional = [name for name, a in args.items() if not a.keyword]
    if len(values) > len(positional):
        raise TypeError(f"{cls.__name__} takes at most {len(positional)} positional arguments, got {len(values)}.")
    bound = dict(zip(positional, values, strict=False))
    for name, value in named.items():
        if name not in args:
            raise TypeError(unknown_argument(cls, name))
        if name in bound:
            raise TypeError(f"{cls.__name__} got two values for `{name}`.")
        bound[name] = value
    missing = [name for name, a in args.items() if a.required and name not in bound]
    if missing:
        docs = " ".join(f"`{name}`: {args[name].doc}" for name in missing)
        raise TypeError(f"{cls.__name__} needs {' and '.join(f'`{name}`' for name in missing)}. {docs}")
    return {name: bound.get(name, a.default) for name, a in args.items()}


def read_signature(cls: type[Component]) -> dict[str, Arg]:
    """Arguments of a hand-written constructor, so that a user's own layers get forms too."""
    writer = next(c for c in cls.__mro__ if "__init__" in vars(c) and getattr(c, "_handwritten", True))
    parameters = list(inspect.signature(writer.__init__).parameters.values())[1:]
    args = {}
    for p in parameters:
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY):
            kind = kind_of(p.annotation if p.annotation is not p.empty and not isinstance(p.annotation, str) else Data)
            kind = Maybe(kind) if p.default is None else kind
            args[p.name] = Arg(p.default, name=p.name, kind=kind, keyword=p.kind is p.KEYWORD_ONLY)
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        base = next(c for c in writer.__mro__ if issubclass(c, Component) and not c._handwritten)
        args |= {n: replace(a, keyword=True) for n, a in base.args.items() if n not in args and not a.required}
    return args


def unknown_argument(cls: type[Component], name: str) -> str:
    """The message for an argument that the class does not take."""
    hint = did_you_mean(name, cls.args).replace("'", "`") or f"It takes: {', '.join(cls.args)}."
    return f"{cls.__name__} has no argument `{name}`. {hint}"
