"""The form of a problem, and what rules look at."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from kerasviz.declare import Invalid
from kerasviz.document.document import Document, Json
from kerasviz.document.edits import add, delete, insert, set_args, wire
from kerasviz.document.facts import Context
from kerasviz.document.inference import Inference, Inferred
from kerasviz.document.kinds import SHAPE_KEEPING, TRANSPARENT
from kerasviz.document.patch import Draft, Patch, applied

Severity = Literal["error", "warning", "hint"]
SEVERITIES = ("error", "warning", "hint")
Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Fix:
    """A change that removes a problem: of the document, of the settings, or of a callback's arguments."""

    label: str
    patch: Patch | None = None
    settings: Json | None = None  # keys of the settings with new values
    callbacks: Json | None = None  # callback id -> new arguments

    def to_data(self) -> Json:
        """For the page."""
        data: Json = {"label": self.label, "patch": self.patch}
        data |= {"settings": self.settings} if self.settings is not None else {}
        return data | ({"callbacks": self.callbacks} if self.callbacks is not None else {})


@dataclass(frozen=True)
class Problem:
    """What is wrong. `call` is where it shows, `blame` where it comes from."""

    id: str
    severity: Severity
    call: str | None
    message: str
    arg: str | None = None
    expected: str = ""
    got: str = ""
    hint: str = ""
    blame: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()

    def to_data(self) -> Json:
        """For the page."""
        blame = list(self.blame) or ([self.call] if self.call else [])
        facts = {
            name: getattr(self, name)
            for name in ("id", "severity", "call", "arg", "message", "expected", "got", "hint")
        }
        return {**facts, "blame": blame, "fixes": [fix.to_data() for fix in self.fixes]}


Rule = Callable[["View"], Iterable[Problem]]
Explain = Callable[["View", str, Invalid], Iterator[Problem]]
RULES: list[Rule] = []
EXPLANATIONS: list[Explain] = []
FALLBACKS: list[Explain] = []


def rule(function: Rule) -> Rule:
    """Decorator: look for this too."""
    RULES.append(function)
    return function


def explanation(function: Explain) -> Explain:
    """Decorator: a better word for an error of inference; the first that has one is used."""
    EXPLANATIONS.append(function)
    return function


def fallback(function: Explain) -> Explain:
    """Decorator: words for an error for which no explanation has any."""
    FALLBACKS.append(function)
    return function


@dataclass(frozen=True)
class View:
    """A document, what is inferred of it, and the context: what rules look at."""

    document: Document
    known: dict[str, Inferred]
    context: Context = field(default_factory=Context)

    def name(self, call: str) -> str:
        """What people call a call."""
        return self.document.name_of(call)

    def kind(self, call: str) -> str:
        """The kind of its layer."""
        return self.document.kind_of(call)

    def arg(self, call: str, name: str, default: Any = None) -> Any:
        """An argument of its layer in config form: as given, else its default."""
        args = self.document.layer_of(call)["args"]
        if name in args:
            return args[name]
        declared = getattr(type(self.known[call].layer), "args", {}).get(name)
        return default if declared is None or declared.required else declared.default

    def shape(self, call: str, index: int = 0) -> Shape | None:
        """The shape of an output."""
        shapes = self.known[call].shapes
        return shapes[index] if shapes is not None and index < len(shapes) else None

    def inputs(self, call: str) -> list[Shape] | None:
        """The shapes that come in; None where one is not known."""
        specs = self.known[call].inputs
        return None if specs is None else [shape for shape, _ in specs]

    def calls(self, *kinds: str) -> Iterator[str]:
        """Calls of these kinds, in order."""
        for call in self.document.order:
            if self.kind(call) in kinds:
                yield call

    def source(self, call: str) -> str | None:
        """The only call before it."""
        sources = self.document.sources(call)
        return sources[0] if len(sources) == 1 else None

    def before(self, call: str, through: tuple[str, ...] = SHAPE_KEEPING) -> str | None:
        """The call that made what comes in, looking through layers of the kinds."""
        source = self.source(call)
        while source is not None and self.kind(source) in through:
            source = self.source(source)
        return source

    def input_behind(self, call: str) -> str | None:
        """The Input whose numbers reach a call unchanged but for their shape."""
        found = self.before(call, TRANSPARENT)
        return found if found is not None and self.kind(found) == "Input" else None

    @cached_property
    def output_calls(self) -> list[str]:
        """The calls that make the model's outputs."""
        return [call for call, _ in self.document.output_tensors]

    def behind(self, call: str) -> str:
        """The call before it, of a call that has one."""
        return self.document.calls[call]["inputs"][0][0]

    def works(self, patch: Patch, call: str) -> bool:
        """Whether a call has a shape after the patch."""
        after = applied(self.document, patch)
        inference = Inference(dict(self.known), self.document)
        found = inference.update(after).get(call)
        return found is not None and found.shapes is not None

    def working(self, call: str, *fixes: Fix | None) -> tuple[Fix, ...]:
        """Those of the fixes after which the call has a shape."""
        return tuple(fix for fix in fixes if fix is not None and (fix.patch is None or self.works(fix.patch, call)))

    # --- fixes ------------------------------------------------------------------------------------------------------

    def setting(self, call: str, **args: Any) -> Fix:
        """Set arguments."""
        words = ", ".join(f"{name}={value!r}" for name, value in args.items())
        return Fix(f"Set {words} on {self.name(call)}", {**set_args(self.document, call, args), "coalesce": ""})

    def inserting(self, kind: str, args: Json, target: str, slot: int = 0, label: str = "") -> Fix:
        """Put a layer before a call."""
        words = label or f"Insert {kind} before {self.name(target)}"
        return Fix(words, insert(self.document, kind, args, target=target, slot=slot))

    def deleting(self, *calls: str, heal: bool = True, label: str = "") -> Fix:
        """Remove calls."""
        return Fix(label or f"Remove {', '.join(map(self.name, calls))}", delete(self.document, calls, heal=heal))

    def accepting(self, call: str, problem: str, label: str) -> Fix:
        """Keep it as it is: the problem is not shown again at this call."""
        data = self.document.calls[call]
        changed = {**data, "accepted": sorted({*data.get("accepted", []), problem})}
        return Fix(label, {"set": {"calls": {call: changed}}, "label": label})

    def wiring(self, source: str, target: str) -> Fix:
        """Connect two calls."""
        label = f"Connect {self.name(source)} to {self.name(target)}"
        return Fix(label, wire(self.document, source, target))

    def starting(self, call: str, args: Json) -> Fix:
        """Put an Input before a call."""
        draft = Draft(self.document)
        change = add(draft.document, "Input", args, at=above(self.document, call))
        draft.do(change)
        draft.do(wire(draft.document, next(iter(change["set"]["calls"])), call))
        label = f"Add an Input before {self.name(call)}"
        return Fix(label, draft.patch(label))


def above(document: Document, call: str) -> list[float] | None:
    """The place above a call."""
    at = document.positions.get(call)
    return None if at is None else [at[0], at[1] - 104]


def find_problems(document: Document, known: dict[str, Inferred], context: Context | None = None) -> list[Problem]:
    """All that is wrong, errors first, in the order of the graph."""
    view = View(document, known, context or Context())
    found = [problem for call in document.order for problem in explained(view, call)]
    for look in RULES:
        found += look(view)
    place = {call: index for index, call in enumerate(document.order)}
    kept = {(p.id, p.call, p.arg): p for p in reversed(found) if not accepted(document, p)}
    return sorted(kept.values(), key=lambda p: (SEVERITIES.index(p.severity), place.get(p.call or "", -1), p.id))


def accepted(document: Document, problem: Problem) -> bool:
    """Whether the person said that it is meant so."""
    return problem.call is not None and problem.id in document.calls[problem.call].get("accepted", [])


def explained(view: View, call: str) -> Iterator[Problem]:
    """The error of a call in the best words there are."""
    error = view.known[call].error
    if error is None:
        return
    for explain in (*EXPLANATIONS, *FALLBACKS):
        found = list(explain(view, call, error))
        if found:
            yield from found
            return


def words(shape: Shape | None) -> str:
    """A shape without its batch as people say it: `28x28x1`, `vector of 784`."""
    if shape is None:
        return "nothing known"
    sizes = ["?" if size is None else str(size) for size in shape[1:]]
    if len(sizes) == 0:
        return "a single number"
    return f"a vector of {sizes[0]}" if len(sizes) == 1 else "x".join(sizes)
