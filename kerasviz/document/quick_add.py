"""The quick-add language: `conv 32 3 relu > pool > flatten > dropout 0.5 > dense 10 softmax`.

    chain  = step { ">" step }
    step   = "@" tag | name { word } [ "x" count ]
    word   = number | 3x3 | (3, 3) | name "=" value | bare word | "@" tag

Numbers bind to the layer's arguments in their declared order, bare words to the argument that knows them (`same`,
`relu`, `nobias`, `seq`). `@tag` alone names the tensor at hand, or takes up the one of that name; behind a layer that
has been named before it is one more input: `@a > conv 64 > bn > add @a > relu`. `x3` repeats a step. Behind the name of
a wrapper stands the layer inside: `TimeDistributed dense 10`.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.document.quick_text import QuickAddError, Step, Token, value_of
from kerasviz.document.words import ALIASES, DEFAULTS, KEYS, WRAPPED, WRAPPERS, kind_of_word, names, words_of

REPEAT = re.compile(r"x(\d{1,3})$")


@dataclass
class Wanted:
    """A step understood: the layer it makes, and the tags it names or takes in."""

    kind: str
    args: dict[str, Any]
    tags: list[Token]
    repeat: int = 1


def understood(step: Step, rank: int | None = None) -> Wanted:
    """What a step asks for.

    Args:
        step: as written.
        rank: axes of the tensor before it, with the batch; chooses between Conv1D, Conv2D and Conv3D.

    Raises:
        QuickAddError: where a word is not known, or a value does not fit.
    """
    word = step.head.text.lower()
    if word in WRAPPED:
        inner = bound(WRAPPED[word], step)
        config = {"module": "keras.layers", "class_name": WRAPPED[word], "config": inner.args, "registered_name": None}
        return Wanted("Bidirectional", {"layer": config}, inner.tags, inner.repeat)
    kind = kind_of_word(step.head.text)
    if kind is None:
        return plain_activation(step)
    if (found := wrapper(kind, step)) is not None:
        return found
    if word in ALIASES:
        kind = for_rank(kind, rank)
    return bound(kind, step)


def wrapper(kind: str, step: Step) -> Wanted | None:
    """A layer around another, whose words follow: `TimeDistributed dense 10`; None where none follows."""
    around = "RNN" if kind == "SimpleRNN" and step.head.text.lower() == "rnn" else kind
    inside = kind_of_word(step.words[0].text) if step.words and around in WRAPPERS else None
    if inside is None or (around == "RNN") != inside.endswith("Cell"):
        return None
    inner = bound(inside, Step(step.words[0], step.words[1:]))
    config = {"module": "keras.layers", "class_name": inside, "config": inner.args, "registered_name": None}
    args = {WRAPPERS[around]: config}
    checked(around, args, step, {})
    return Wanted(around, args, inner.tags, inner.repeat)


def plain_activation(step: Step) -> Wanted:
    """A step that is the name of an activation: `tanh`."""
    from kerasviz.document.words import activation_names

    name = step.head.text
    if name.lower() not in activation_names():
        raise step.head.error(f"There is no layer `{name}`.", did_you_mean(name.lower(), names()))
    return bound("Activation", Step(step.head, [Token(name.lower(), step.head.start), *step.words]))


def for_rank(kind: str, rank: int | None) -> str:
    """The kind for tensors of this rank, if it has siblings."""
    from kerasviz.document.kinds import input_rank, layer_class, rank_of, ranked

    own, needed = rank_of(kind), input_rank(kind)
    if rank is None or own is None or needed is None or own + rank - needed not in (1, 2, 3):
        return kind
    sibling = ranked(kind, own + rank - needed)
    return sibling if layer_class(sibling) is not None else kind


def bound(kind: str, step: Step) -> Wanted:
    """The words of a step as arguments of the kind."""
    declared = declared_args(kind)
    binder = Binder(kind, declared)
    for token in step.words:
        binder.take(token)
    args = {**{n: v for n, v in DEFAULTS.get(kind, {}).items() if n in declared}, **binder.args}
    missing = [n for n, a in declared.items() if a.required and n not in args]
    if missing:
        doc = declared[missing[0]].doc
        raise QuickAddError(f"{kind} needs `{missing[0]}`. {doc}".strip(), step.head.start, step.end)
    if kind != "Input":
        checked(kind, args, step, binder.origins)
    from kerasviz.document.edits import without_defaults

    return Wanted(kind, without_defaults(kind, args), binder.tags, binder.repeat)


def checked(kind: str, args: dict[str, Any], step: Step, origins: dict[str, Token]) -> None:
    """Complain, at the word it comes from, where a layer cannot be made of the arguments."""
    from kerasviz.document.components import make

    try:
        make(kind, args)
    except Invalid as error:
        found = re.search(r"\((\w+)=", error.where)
        token = (origins.get(found.group(1)) if found else None) or step.head
        raise token.error(f"{error.where}: expected {error.expected}, got {error.got!r}.", error.hint) from error


def declared_args(kind: str) -> dict[str, Any]:
    """The arguments of a kind that the language can set."""
    from kerasviz.declare import Arg
    from kerasviz.declare.kinds import DType, ShapeKind, Text, kind_of
    from kerasviz.document.kinds import layer_class

    if kind == "Input":
        return {
            "shape": Arg(name="shape", kind=ShapeKind(), doc="Sizes of one sample."),
            "dtype": Arg(None, name="dtype", kind=kind_of(DType)),
            "name": Arg(None, name="name", kind=Text()),
        }
    return dict(layer_class(kind).args)


class Binder:
    """Gives each word of a step to the argument it belongs to."""

    def __init__(self, kind: str, declared: dict[str, Any]) -> None:
        self.kind = kind
        self.declared = declared
        self.words = words_of(declared)
        self.order = [
            n
            for n, a in declared.items()
            if not a.keyword and a.group == "main" and not n.startswith("lora_") and positional(a)
        ]
        self.args: dict[str, Any] = {}
        self.origins: dict[str, Token] = {}
        self.tags: list[Token] = []
        self.repeat = 1

    def take(self, token: Token) -> None:
        """Bind one word."""
        text = token.text
        if text.startswith("@"):
            self.tags.append(token)
        elif REPEAT.match(text):
            self.repeat = max(1, int(text[1:]))
        elif "=" in text:
            self._named(token)
        elif (value := value_of(text)) is not None:
            self._positional(token, value)
        elif text.lower() in self.words:
            name, value = self.words[text.lower()]
            self._set(name, value, token)
        else:
            known = [*self.words, *self.declared]
            raise token.error(f"{self.kind} does not know `{text}`.", did_you_mean(text.lower(), known))

    def _named(self, token: Token) -> None:
        key, _, text = token.text.partition("=")
        name = KEYS.get(key, key) if key not in self.declared else key
        matching = [n for n in self.declared if n.startswith(key)]
        if name not in self.declared and len(matching) == 1:
            name = matching[0]
        if name not in self.declared:
            raise token.error(f"{self.kind} has no argument `{key}`.", did_you_mean(key, self.declared))
        value = value_of(text)
        words = {"true": True, "false": False, "none": None, "yes": True, "no": False}
        if value is None and text.startswith("[") and text.endswith("]"):
            parts = [part.strip() for part in text[1:-1].split(",") if part.strip()]
            value = [part.strip("\"'") if value_of(part) is None else value_of(part) for part in parts]
        self._set(name, words.get(text.lower(), text.strip("\"'")) if value is None else value, token)

    def _positional(self, token: Token, value: Any) -> None:
        free = [name for name in self.order if name not in self.args or self._grows(name)]
        if not free:
            raise token.error(f"{self.kind} has no more arguments for `{token.text}`.")
        name = free[0]
        if self._grows(name):
            value = [*self.args.get(name, []), *(value if isinstance(value, list) else [value])]
        elif isinstance(value, list) and not takes_several(self.declared[name]):
            raise token.error(f"{self.kind}: `{name}` is one number, not `{token.text}`.")
        self._set(name, value, token)

    def _grows(self, name: str) -> bool:
        """Whether all numbers go into one argument: a shape."""
        return is_shape_argument(self.declared[name])

    def _set(self, name: str, value: Any, token: Token) -> None:
        if name in self.args and not self._grows(name):
            raise token.error(f"{self.kind}: `{name}` is given twice.")
        self.args[name] = value
        self.origins[name] = token


def positional(argument: Any) -> bool:
    """Whether a number can be meant for the argument."""
    from kerasviz.declare import AnyOf, Choice, Data, Flag, Function, Maybe, Named, Text, kind_of

    kind = argument.kind.inner if isinstance(argument.kind, Maybe) else argument.kind
    if isinstance(kind, AnyOf):
        return any(positional(replace(argument, kind=part)) for part in kind.kinds)
    if isinstance(kind, type(kind_of(Data))):
        return argument.required
    if isinstance(kind, (Choice, Flag, Named, Text, type(kind_of(Function)))):
        return False
    return any(accepts(kind, value) for value in (1, 0.5, [1, 1]))


def accepts(kind: Any, value: Any) -> bool:
    """Whether a kind of argument takes the value."""
    try:
        kind.parse(value)
    except Invalid:
        return False
    return True


def is_shape_argument(argument: Any) -> bool:
    """Whether the argument is a shape: as many numbers as it likes."""
    from kerasviz.declare.kinds import Maybe, ShapeKind

    kind = argument.kind.inner if isinstance(argument.kind, Maybe) else argument.kind
    return isinstance(kind, ShapeKind) or argument.name in ("target_shape", "dims")


def takes_several(argument: Any) -> bool:
    """Whether the argument takes a list of numbers."""
    return any(accepts(argument.kind, [1] * count) for count in (1, 2, 3))
