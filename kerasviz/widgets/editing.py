"""A document while it is edited: its history, its inference, and what changes from one revision to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerasviz.declare import Invalid
from kerasviz.document.document import Document, from_data, to_data
from kerasviz.document.history import History
from kerasviz.document.inference import Inference, Inferred
from kerasviz.document.patch import Patch

Json = dict[str, Any]


class Editing:
    """The document, and what is known of it. Not for several threads at once: the widget has the lock.

    Args:
        document: the one to begin with.
    """

    def __init__(self, document: Document | None = None) -> None:
        self.history = History(document or Document())
        self.inference = Inference()
        self.revision = 0
        self.context: Any = None  # data and settings: some problems show only with them
        self.analysis: Json = {}
        self.analyse()

    @property
    def document(self) -> Document:
        """As it is now."""
        return self.history.document

    def do(self, change: Patch) -> Json:
        """Apply a change; returns what changes in the analysis. A bad one raises and changes nothing."""
        self.history.do(change)
        return self._follow()

    def undo(self) -> tuple[Patch | None, Json]:
        """Take the last change back; returns the patch that did it."""
        change = self.history.undo()
        return change, self._follow() if change else {}

    def redo(self) -> tuple[Patch | None, Json]:
        """Do again what was taken back; returns the patch that did it."""
        change = self.history.redo()
        return change, self._follow() if change else {}

    def _follow(self) -> Json:
        self.revision += 1
        return self.analyse()

    def analyse(self) -> Json:
        """Bring the analysis up to date; returns what changed in it."""
        before = self.analysis.get("calls", {})
        self.analysis = analysis_of(self.document, self.inference, self.revision, self.context)
        calls = self.analysis["calls"]
        changed: Json = {call: entry for call, entry in calls.items() if before.get(call) != entry}
        changed |= {call: None for call in before if call not in calls}
        return {"calls": changed, "totals": self.analysis["totals"], "problems": self.analysis["problems"]}

    def full(self) -> Json:
        """Everything, for a view that opens."""
        return {
            "type": "document",
            "revision": self.revision,
            "document": to_data(self.document),
            "positions": self.document.positions,
            "analysis": self.analysis,
        }

    def problem(self, identity: str) -> Json:
        """The problem with this id."""
        for problem in self.analysis["problems"]:
            if problem["id"] == identity:
                return problem
        raise Invalid("fix", "a problem that is still there", identity, "It may have been solved meanwhile.")


def analysis_of(document: Document, inference: Inference, revision: int, context: Any) -> Json:
    """Shapes, counts and problems of a document."""
    from kerasviz.document.problems import find_problems
    from kerasviz.insight.cost import cost

    known = inference.update(document)
    problems = identified([problem.to_data() for problem in find_problems(document, known, context)])
    of_call: dict[str | None, list[Json]] = {}
    for problem in problems:
        of_call.setdefault(problem["call"], []).append({**problem, "fixes": []})  # the whole list has the fixes
    costs = {call: cost(document.kind_of(call), found) for call, found in known.items()}
    calls = {call: entry(found, costs[call].macs, of_call.get(call, [])) for call, found in known.items()}
    totals = {name: sum(of[name] for of in calls.values()) for name in ("params", "trainable", "macs")}
    totals["memory_bytes"] = sum(of.parameter_bytes for of in costs.values())
    return {"rev": revision, "calls": calls, "totals": totals, "problems": problems}


def entry(found: Inferred, macs: int, problems: list[Json]) -> Json:
    """What the page knows of a call."""
    shapes = found.shapes
    return {
        "shapes": None if shapes is None else [list(shape) for shape in shapes],
        "dtype": found.dtype,
        "params": found.params,
        "trainable": found.trainable,
        "macs": macs,
        "problems": problems,
    }


def identified(problems: list[Json]) -> list[Json]:
    """Problems with ids that no two share; the rule's own name is kept."""
    return [{**p, "rule": p["id"], "id": ":".join(filter(None, (p["id"], p["call"], p["arg"])))} for p in problems]


def replacement(old: Document, new: Document, label: str) -> Patch:
    """The patch from one document to another."""
    given: Json = {}
    for table in ("layers", "calls", "positions"):
        before, after = getattr(old, table), getattr(new, table)
        entries = {key: after.get(key) for key in {**before, **after} if before.get(key) != after.get(key)}
        if entries:
            given[table] = entries
    for key in ("inputs", "outputs", "groups", "variables"):
        if getattr(old, key) != getattr(new, key):
            given[key] = getattr(new, key)
    order = {
        table: {key: index for index, key in enumerate(getattr(new, table))}
        for table in ("layers", "calls")
        if list(getattr(new, table)) != [key for key in getattr(old, table) if key in getattr(new, table)]
    }
    return {"set": {**given, **({"order": order} if order else {})}, "label": label}


def opened(data: Any, positions: Any = None) -> Document:
    """A document of anything that stands for one: itself, its JSON, a model."""
    if isinstance(data, Document):
        return data
    if isinstance(data, Mapping):
        return from_data(dict(data), positions)
    from kerasviz.document.reader import from_model

    return from_model(data)
