"""The graph editor: a document, the edits that change it, and what inference says about it."""

from __future__ import annotations

import traitlets as t

from kerasviz.widgets.base import Widget, received, request, synced
from kerasviz.widgets.messages import Code, Copied, Done, Pasted, QuickAdded, Suggestions, Written
from kerasviz.widgets.records import Dialect, Patch


class GraphEditor(Widget):
    """A model drawn as a graph of layers, and edited."""

    catalog = synced(t.Dict(), "Every component that the page offers.", record="Catalog")
    selection = synced(t.List(t.Unicode()), "The selected calls.", page_owned=True)
    direction = synced(t.Enum(["down", "right"], "down"), "Where the data flows on the canvas.", record="Direction")
    revision = synced(t.Int(0), "Counts the changes of the document.")
    can_undo = synced(t.Unicode(None, allow_none=True), "What undo would take back.")
    can_redo = synced(t.Unicode(None, allow_none=True), "What redo would do again.")
    panel = synced(t.Unicode("parameters"), "The open side panel.", page_owned=True)

    @received
    def on_patch(self, base: int, patch: Patch) -> None:
        """The page has changed the document of revision `base`."""

    @received
    def on_undo(self) -> None:
        """Take back the last change."""

    @received
    def on_redo(self) -> None:
        """Do again what was taken back."""

    @request
    def answer_quick_add(self, text: str, after: str | None = None, preview: bool = False) -> QuickAdded:
        """What a text such as `conv 32 3 relu > pool` would add; without `preview` it is added."""

    @request
    def answer_suggest(self, prefix: str) -> Suggestions:
        """Words that complete what is being typed."""

    @request
    def answer_code(self, dialect: Dialect = "functional") -> Code:
        """The Python that makes the model."""

    @request
    def answer_write_code(self, path: str) -> Written:
        """Write the Python to a file."""

    @request
    def answer_save(self, path: str) -> Written:
        """Save the model as a .keras file, or the document as .json."""

    @request
    def answer_fix(self, problem: str, index: int = 0) -> Done:
        """Apply a fix of a problem."""

    @request
    def answer_copy(self, calls: list[str]) -> Copied:
        """Layers as text, for the clipboard."""

    @request
    def answer_paste(self, text: str, after: str | None = None) -> Pasted:
        """Add what was copied."""
