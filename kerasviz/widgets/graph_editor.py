"""The graph editor: a document, the edits that change it, and what inference says about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import traitlets as t

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.document import clipboard, layout, replace  # noqa: F401  # they bring their commands
from kerasviz.document.document import to_data
from kerasviz.document.patch import Patch as Change
from kerasviz.widgets import files
from kerasviz.widgets.base import Widget, failure, received, request, synced
from kerasviz.widgets.building import Building
from kerasviz.widgets.editing import Editing, opened, replacement
from kerasviz.widgets.messages import Code, Copied, Done, Pasted, QuickAdded, Suggestions, Written
from kerasviz.widgets.offer import Offering
from kerasviz.widgets.records import Dialect, Package, Patch


class GraphEditor(Offering):
    """A model drawn as a graph of layers, and edited.

    Args:
        document: a document, its JSON, or a Functional or Sequential model; nothing for an empty canvas.
    """

    selection = synced(t.List(t.Unicode()), "The selected calls.", page_owned=True)
    direction = synced(t.Enum(["down", "right"], "down"), "Where the data flows on the canvas.", record="Direction")
    revision = synced(t.Int(0), "Counts the changes of the document.")
    can_undo = synced(t.Unicode(None, allow_none=True), "What undo would take back.")
    can_redo = synced(t.Unicode(None, allow_none=True), "What redo would do again.")
    panel = synced(t.Unicode("parameters"), "The open side panel.", page_owned=True)

    document = t.Dict(help="The model as data; setting it is an edit that can be undone.")
    positions = t.Dict(help="Where each call stands on the canvas.")
    analysis = t.Dict(help="Shapes, counts and problems.")
    problems = t.List(help="What is wrong, where, and what to do.")

    def __init__(self, document: Any = None, **traits: Any) -> None:
        self._start_editing(document)
        Widget.__init__(self, **{"view": "editor", **traits})
        self._publish()

    def _start_editing(self, document: Any) -> None:
        self._editing = Editing(opened(document) if document is not None else None)
        self._building = Building(document)
        self._published: Any = None

    # Edits: every one of them ends in `_do`.

    def _do(self, change: Change, origin: str) -> None:
        """Apply a change, tell the page, and set the traits."""
        with self._lock:
            changed = self._editing.do(change)
            self._tell(change if origin != "page" else None, origin, changed)

    def _tell(self, change: Change | None, origin: str, changed: dict[str, Any]) -> None:
        revision = self._editing.revision
        if change is not None:
            self.send({"type": "patch", "revision": revision, "patch": change, "origin": origin})
        self.send({"type": "analysis", "revision": revision, "analysis": changed})
        self._publish()

    def _publish(self) -> None:
        """Set the traits to the state of the editing."""
        editing = self._editing
        with self._lock:
            self._published = to_data(editing.document)
            with self.hold_sync():
                self.revision = editing.revision
                self.can_undo, self.can_redo = editing.history.can_undo, editing.history.can_redo
                self.selection = [call for call in self.selection if call in editing.document.calls]
            self.positions = dict(editing.document.positions)
            self.document = self._published
            self.analysis = editing.analysis
            self.problems = editing.analysis["problems"]

    def _reanalyse(self) -> None:
        """Look again for problems, with what is known of data and settings."""
        with self._lock:
            self._editing.context = self._context()
            before = self._editing.analysis
            changed = self._editing.analyse()
            if self._editing.analysis == before:
                return
            self.send({"type": "analysis", "revision": self._editing.revision, "analysis": changed})
            self.analysis = self._editing.analysis
            self.problems = self._editing.analysis["problems"]

    def _context(self) -> Any:
        """Data and settings around the document, where there are any."""
        return None

    @t.validate("document")
    def _check_document(self, proposal: Any) -> Any:
        if proposal.value is not self._published:
            opened(proposal.value)
        return proposal.value

    @t.observe("document")
    def _document_set(self, change: Any) -> None:
        if change.new is not self._published and self._published is not None:
            new = opened(change.new, self._editing.document.positions)
            self._do(replacement(self._editing.document, new, "Replace the document"), "python")

    def edit(self, command: str, /, **arguments: Any) -> None:
        """One of the commands of `kerasviz.document.edits`, such as `edit("set_args", calls="dense", args={...})`."""
        from kerasviz.document.edits import COMMANDS

        if command not in COMMANDS:
            raise Invalid("edit", f"one of {', '.join(COMMANDS)}", command, did_you_mean(command, COMMANDS))
        with self._lock:
            self._do(COMMANDS[command](self._editing.document, **arguments), "python")

    def add(self, text: str, after: str | None = None) -> list[str]:
        """Add the layers of a quick-add text, such as `conv 32 3 relu > pool`; returns their calls.

        Args:
            text: layers and their arguments, with `>` between them.
            after: the call to begin behind; by default the selected one, else the only one at an end.

        Raises:
            QuickAddError: where the text has a mistake.
        """
        with self._lock:
            plan = self._plan(text, after)
            if plan.error is not None:
                raise plan.error
            self._add(plan, "python")
            return list(plan.ids)

    def undo(self) -> str | None:
        """Take the last change back; returns what it was."""
        return self._travel("undo")

    def redo(self) -> str | None:
        """Do again what was taken back; returns what it was."""
        return self._travel("redo")

    def _travel(self, way: str) -> str | None:
        with self._lock:
            label = self._editing.history.can_undo if way == "undo" else self._editing.history.can_redo
            change, changed = getattr(self._editing, way)()
            if change is None:
                return None
            self._tell(change, way, changed)
            return label

    def _plan(self, text: str, after: str | None) -> Any:
        from kerasviz.document.quick_plan import SELECTED, plan

        editing = self._editing
        chosen = [call for call in self.selection if call in editing.document.calls]
        start = after if after is not None else chosen[-1] if len(chosen) == 1 else SELECTED
        return plan(editing.document, text, after=start, direction=self.direction, inference=editing.inference)

    def _add(self, plan: Any, origin: str) -> None:
        if plan.ids:
            self._do(plan.patch, origin)
            self.selection = plan.ids[-1:]

    # The model, its code, its files

    @property
    def model(self) -> Any:
        """The Functional model that is drawn. Unchanged layers keep their weights when the drawing changes.

        Raises:
            Invalid: where the document cannot be built; `where` names the layer.
        """
        with self._lock:
            return self._building.model(self._editing.document)

    def code(self, dialect: Dialect = "functional", package: Package = "keras") -> str:
        """The Python that makes the model; it needs nothing of the studio.

        Args:
            dialect: "functional" or "sequential".
            package: what it imports: "keras" runs wherever Keras is, "kerasviz" here.
        """
        from kerasviz.document.source import source

        with self._lock:
            return source(self._editing.document, dialect, package=package)

    def save(self, path: str | Path) -> Path:
        """Write the model to a `.keras`, or the document to a `.json`, or the code to a `.py` file."""
        with self._lock:
            return files.save(self, Path(path))

    def load(self, path: str | Path) -> None:
        """Open a `.keras` or `.json` file in place of what is drawn; that can be undone."""
        with self._lock:
            document, model = files.load(Path(path))
            self._do(replacement(self._editing.document, document, f"Open {Path(path).name}"), "python")
            if model is not None:
                self._building.adopt(model, self._editing.document)

    def to_svg(self, theme: str | None = None) -> str:
        """The graph as a drawing."""
        from kerasviz.widgets.snapshot import graph_svg

        with self._lock:
            return graph_svg(self._editing.document, self._editing.analysis, theme or self.theme, self.direction)

    # The page

    def send_past(self) -> None:
        """A view has opened: send the document."""
        super().send_past()
        with self._lock:
            self.send(self._editing.full())

    def report(self, error: Exception) -> None:
        """A change of the page was refused: send it what holds."""
        super().report(error)
        with self._lock:
            self.send({**self._editing.full(), "refused": failure(error)})

    @received
    def on_patch(self, base: int, patch: Patch) -> None:
        """The page has changed the document of revision `base`."""
        with self._lock:
            if base != self._editing.revision:
                self.send(self._editing.full())
                return
            self._do(patch, "page")  # type: ignore[arg-type]

    @received
    def on_undo(self) -> None:
        """Take back the last change."""
        self._travel("undo")

    @received
    def on_redo(self) -> None:
        """Do again what was taken back."""
        self._travel("redo")

    @request
    def answer_quick_add(self, text: str, after: str | None = None, preview: bool = False) -> QuickAdded:
        """What a text such as `conv 32 3 relu > pool` would add; without `preview` it is added."""
        with self._lock:
            plan = self._plan(text, after)
            if not preview and plan.error is None:
                self._add(plan, "quick_add")
        return {**plan.preview(), "calls": list(plan.ids)}  # type: ignore[return-value]

    @request
    def answer_suggest(self, prefix: str) -> Suggestions:
        """Words that complete what is being typed."""
        from kerasviz.document.quick_plan import completions

        return {"suggestions": completions(prefix)}  # type: ignore[typeddict-item]

    @request
    def answer_code(self, dialect: Dialect = "functional", package: Package = "keras") -> Code:
        """The Python that makes the model."""
        return {"code": self.code(dialect, package)}

    @request
    def answer_write_code(self, path: str, dialect: Dialect = "functional", package: Package = "keras") -> Written:
        """Write the Python to a file."""
        if not path.endswith(".py"):
            raise Invalid("write_code(path=...)", "a path that ends in .py", path)
        with self._lock:
            return {"path": str(files.save(self, Path(path), dialect=dialect, package=package))}

    @request
    def answer_save(self, path: str) -> Written:
        """Save the model as a .keras file, or the document as .json."""
        return {"path": str(self.save(path))}

    @request
    def answer_fix(self, problem: str, index: int = 0) -> Done:
        """Apply a fix of a problem."""
        fixes = self._editing.problem(problem)["fixes"]
        if not 0 <= index < len(fixes):
            raise Invalid("fix(index=...)", f"one of its {len(fixes)} fixes", index)
        self.apply_fix(fixes[index])
        return {"message": fixes[index]["label"]}

    def apply_fix(self, fix: dict[str, Any]) -> None:
        """Make the change of a fix, such as `studio.apply_fix(studio.problems[0]["fixes"][0])`."""
        if fix.get("patch"):
            self._do({**fix["patch"], "label": fix["label"]}, "fix")

    @request
    def answer_copy(self, calls: list[str]) -> Copied:
        """Layers as text, for the clipboard."""
        return {"text": clipboard.to_text(clipboard.copied(self._editing.document, calls))}

    @request
    def answer_paste(self, text: str, after: str | None = None) -> Pasted:
        """Add what was copied."""
        with self._lock:
            change = clipboard.paste(self._editing.document, text, after=after)
            self._do(change, "paste")
            calls = list(change["set"].get("calls", {}))
            self.selection = calls
        return {"calls": calls}
