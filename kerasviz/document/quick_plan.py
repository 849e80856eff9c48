"""From quick-add text to one patch, with the shapes that come out; and what could be typed next."""

from dataclasses import dataclass, field
from typing import Any

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.document.document import Document, Json, Tensor
from kerasviz.document.edits import add, only_sink, wire
from kerasviz.document.inference import Inference
from kerasviz.document.kinds import MERGES, input_limits, starts_with
from kerasviz.document.patch import Draft, Patch
from kerasviz.document.placing import pushed
from kerasviz.document.quick_add import understood
from kerasviz.document.quick_text import QuickAddError, Step, Token, steps, tokens

SELECTED = object()


@dataclass
class Plan:
    """What a text would do. With an error, what stands before the mistake is there."""

    patch: Patch
    ids: list[str]
    layers: list[Json]  # {"kind", "args", "shape"} of each new layer
    error: QuickAddError | None = None

    def preview(self) -> Json:
        """For the page."""
        return {"layers": self.layers, "error": self.error.to_data() if self.error else None}


@dataclass
class Builder:
    """Takes step after step, keeping track of the tensor at hand and of tags."""

    draft: Draft
    current: str | None
    direction: str
    inference: Inference
    tags: dict[str, str] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)

    def shape(self, call: str | None) -> tuple[int | None, ...] | None:
        """The shape of a call's output, if it is known."""
        shapes = self.inference.calls[call].shapes if call in self.inference.calls else None
        return shapes[0] if shapes else None

    def take(self, step: Step) -> None:
        """One more step."""
        if step.head.text.startswith("@"):
            if step.words:
                raise step.words[0].error("Nothing can stand behind a tag but an arrow.")
            self.tag_alone(step.head)
            return
        shape = self.shape(self.current)
        wanted = understood(step, len(shape) if shape is not None else None)
        extra, new_tags = self.split_tags(wanted.kind, wanted.tags)
        for _ in range(wanted.repeat):
            self.add(wanted.kind, wanted.args, extra)
        for token in new_tags:
            self.name_tensor(token)

    def tag_alone(self, token: Token) -> None:
        """`@a`: takes up the tensor of that name, or names the one at hand."""
        known = self.find(token.text[1:])
        if known is not None:
            self.current = known
        else:
            self.name_tensor(token)

    def name_tensor(self, token: Token) -> None:
        """Give the tensor at hand a name."""
        if self.current is None:
            raise token.error(f"There is no tensor to name `{token.text}`.", did_you_mean(token.text[1:], self.known()))
        if not token.text[1:]:
            raise token.error("A tag needs a name behind the @.")
        self.tags[token.text[1:]] = self.current

    def find(self, name: str) -> str | None:
        """The call that a tag, a layer's name or a call's id means."""
        if name in self.tags:
            return self.tags[name]
        document = self.draft.document
        if name in document.calls:
            return name
        return next((call for call in document.calls if document.name_of(call) == name), None)

    def known(self) -> list[str]:
        """Every name that can be taken up."""
        return [*self.tags, *self.draft.document.calls]

    def split_tags(self, kind: str, tags: list[Token]) -> tuple[list[str], list[Token]]:
        """Tags behind a layer: further inputs where it takes several, else names for its output."""
        many = input_limits(kind)[1] != 1
        extra = [self.find(token.text[1:]) for token in tags] if many else []
        unknown = [token for token, call in zip(tags, extra, strict=False) if call is None]
        if many and unknown and kind in MERGES and len(extra) == len(unknown) and self.current is None:
            raise unknown[0].error(
                f"There is no tensor `{unknown[0].text}`.", did_you_mean(unknown[0].text, self.known())
            )
        return [call for call in extra if call is not None], unknown if many else tags

    def add(self, kind: str, args: Json, extra: list[str]) -> None:
        """A new layer behind the tensor at hand."""
        sources: list[str | Tensor] = [*([self.current] if self.current else []), *extra]
        limits = input_limits(kind)
        if len(sources) == 1:
            sources = sources * starts_with(kind)
        if limits[1] is not None:
            sources = sources[: limits[1]]
        name = args.get("name")
        args = {key: value for key, value in args.items() if key != "name"}
        change = add(self.draft.document, kind, args, after=sources, direction=self.direction, name=name)
        self.draft.do(change)
        self.inference.update(self.draft.document)
        self.current = next(iter(change["set"]["calls"]))
        self.ids.append(self.current)

    def layers(self) -> list[Json]:
        """What was added, with shapes."""
        document = self.draft.document
        made = []
        for call in self.ids:
            layer, shape = document.layer_of(call), self.shape(call)
            shown = None if shape is None else list(shape)
            made.append({"kind": layer["kind"], "args": layer["args"], "shape": shown})
        return made


def plan(
    document: Document,
    text: str,
    *,
    after: Any = SELECTED,
    on: tuple[str, int] | None = None,
    direction: str = "down",
    inference: Inference | None = None,
) -> Plan:
    """What a quick-add text would do to a document, as one patch.

    Args:
        document: as it is.
        text: such as `conv 32 3 relu > pool`.
        after: the call to begin behind; None for nowhere; by default the only sink.
        on: instead, the wire (call, slot) to insert into.
        direction: of the flow on the canvas.
        inference: of the document, to save time.
    """
    draft = Draft(document)
    if on is not None:
        draft.do({"set": {"positions": pushed(document, on[0], direction)}, "label": ""})
        start = document.calls[on[0]]["inputs"][on[1]][0]
    else:
        start = only_sink(document) if after is SELECTED else after
    if start is not None and start not in document.calls:
        raise Invalid("quick_add(after=...)", "the id of a call", start, did_you_mean(start, document.calls))
    begun = Inference(dict(inference.calls), inference.document) if inference else Inference()
    begun.update(draft.document)
    builder = Builder(draft, start, direction, begun)
    error = None
    try:
        for step in steps(text):
            builder.take(step)
    except QuickAddError as mistake:
        error = mistake
    if on is not None and builder.ids and builder.current:
        draft.do(wire(draft.document, builder.current, *on))
    layers = builder.layers()
    label = f"Add {layers[0]['kind']}" if len(layers) == 1 else f"Add {len(layers)} layers"
    return Plan(draft.patch(label), builder.ids, layers, error)


def quick_add(document: Document, text: str, **options: Any) -> Patch:
    """The patch of a text.

    Raises:
        QuickAddError: where the text has a mistake.
    """
    made = plan(document, text, **options)
    if made.error is not None:
        raise made.error
    return made.patch


def completions(text: str, cursor: int | None = None, limit: int = 12) -> list[Json]:
    """What the word at the cursor could become, the likeliest first."""
    from kerasviz.document.words import kind_of_word, names, words_of

    head = text[: len(text) if cursor is None else cursor]
    found = tokens(head)
    open_word = found[-1] if found and not head.endswith((" ", ">")) and found[-1].text != ">" else None
    before = found[:-1] if open_word else found
    start = open_word.start if open_word else len(head)
    prefix = open_word.text.lower() if open_word else ""
    if not before or before[-1].text == ">":
        options = {word: (kind, summary(kind)) for word, kind in names().items()}
    else:
        index = max((i for i, token in enumerate(before) if token.text == ">"), default=-1)
        kind = kind_of_word(before[index + 1].text)
        options = argument_words(kind, words_of) if kind else {}
    ranked = sorted((rank(word, prefix), len(word), word) for word in options if rank(word, prefix) is not None)
    return [
        {"text": word, "kind": options[word][0], "doc": options[word][1], "start": start, "end": len(head)}
        for _, _, word in ranked[:limit]
    ]


def argument_words(kind: str, words_of: Any) -> dict[str, tuple[str, str]]:
    """Words and keys for the arguments of a kind."""
    from kerasviz.document.quick_add import declared_args

    declared = declared_args(kind)
    words = {word: (kind, declared[name].doc) for word, (name, _) in words_of(declared).items()}
    return words | {f"{name}=": (kind, argument.doc) for name, argument in declared.items()}


def rank(word: str, prefix: str) -> int | None:
    """How well a word fits what was typed: 0 exact, 1 beginning, 2 letters in order; None not at all."""
    if word == prefix:
        return 0
    if word.startswith(prefix):
        return 1
    letters = iter(word)
    return 2 if all(letter in letters for letter in prefix) else None


def summary(kind: str) -> str:
    """The first line of a kind's docstring."""
    from kerasviz.document.kinds import layer_class

    doc = getattr(layer_class(kind), "__doc__", None) or ""
    return doc.strip().split("\n")[0]


def suggest(prefix: str, limit: int = 12) -> list[Json]:
    """Layers whose word, kind or docstring matches, the likeliest first."""
    found = completions(prefix, limit=limit)
    if len(found) < limit:
        from kerasviz.document.words import names

        seen = {item["text"] for item in found}
        more = [(w, k) for w, k in names().items() if w not in seen and prefix.lower() in summary(k).lower()]
        found += [{"text": w, "kind": k, "doc": summary(k), "start": 0, "end": len(prefix)} for w, k in more]
    return found[:limit]
