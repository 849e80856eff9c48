"""The studio: every panel on one comm."""

from __future__ import annotations

from typing import Any

import traitlets as t

from kerasviz.document.document import Document
from kerasviz.document.edits import add
from kerasviz.document.facts import Context
from kerasviz.document.inference import Inference
from kerasviz.document.patch import applied
from kerasviz.widgets import settings as how
from kerasviz.widgets.base import Widget
from kerasviz.widgets.building import calls_by_name
from kerasviz.widgets.callback_panel import CallbackPanel, offered
from kerasviz.widgets.data import Data
from kerasviz.widgets.graph_editor import GraphEditor
from kerasviz.widgets.inspector import Inspector
from kerasviz.widgets.training_view import TrainingView

WIDEST = 1200  # of a drawing


class Studio(GraphEditor, TrainingView, CallbackPanel, Inspector):
    """Draw a network, train it live, look inside, take it away.

    `Studio(x, y, validation_data=(x_test, y_test))` begins with an Input that fits the data; `Studio(model)` opens a
    model; `Studio(model, x, y)` does both.

    Args:
        x: a model, or inputs as `fit` takes them.
        y: targets; after a model, the inputs.
        targets: after a model and inputs, the targets.
        validation_data: (x, y), or whatever `fit` takes.
        document: a document, in place of a model.
    """

    def __init__(
        self,
        x: Any = None,
        y: Any = None,
        targets: Any = None,
        *,
        validation_data: Any = None,
        document: Any = None,
        **traits: Any,
    ) -> None:
        model, x, y = (x, y, targets) if is_model(x) else (None, x, y)
        data = Data(x, y, validation_data)
        opened = model if model is not None else document
        self._start_training(data, None)
        self._start_callbacks()
        self._start_inspector(None)
        self._start_editing(first_document(data) if opened is None else opened)
        self._facts = facts_of(data)
        self._learned_from: Any = None
        chosen = {"settings": how.defaults(data), "callbacks": offered(data.validation_data is not None)}
        Widget.__init__(self, **{"view": "studio", **chosen, **traits})
        self._publish()
        self._reanalyse()

    # What the panels ask of each other

    def _training_model(self) -> Any:
        return self.model

    def _inspected_model(self) -> Any:
        return self.model

    def _inspected_document(self) -> Document:
        return self._editing.document

    def _inference(self) -> Inference:
        return self._editing.inference

    def _calls_by_name(self) -> dict[str, str]:
        return calls_by_name(self._editing.document)

    def _callback_objects(self) -> list[Any]:
        return self.make_callbacks()

    @t.observe("settings", "callbacks")
    def _training_set(self, change: Any) -> None:
        if self._published is not None and without_status(change.old) != without_status(change.new):
            self._reanalyse()

    def _context(self) -> Any:
        facts = self._facts
        return Context(facts.inputs, facts.targets, self.settings, self.callbacks, facts.has_validation)

    def apply_fix(self, fix: dict[str, Any]) -> None:
        """Make the change of a fix: of the document, the settings or the callbacks."""
        super().apply_fix(fix)
        if fix.get("settings"):
            self.settings = {**self.settings, **fix["settings"]}
        for identity, args in (fix.get("callbacks") or {}).items():
            entries = [{**e, "args": {**e["args"], **args}} if e["id"] == identity else e for e in self.callbacks]
            self.callbacks = entries

    def flush(self) -> None:
        """Tell the page what is new; what an ended training has learned goes to the model that is drawn by now."""
        super().flush()
        if self.run is not None and self.run.ended and self.run.model is not self._learned_from:
            self._learned_from = self.run.model
            self._building.trained(self.run.model)

    def to_svg(self, theme: str | None = None) -> str:
        """The graph, and beside or under it the curves, as one drawing."""
        from kerasviz.widgets.curves import curves_parts
        from kerasviz.widgets.snapshot import graph_parts
        from kerasviz.widgets.svg import drawing

        with self._lock:
            parts, width, height = graph_parts(self._editing.document, self._editing.analysis, self.direction)
            if self.run is not None:
                curves, wide, high = curves_parts(self.run)
                beside = width + 16 + wide <= WIDEST
                x, y = (width + 16, 0.0) if beside else (0.0, height + 16)
                parts += [f'<g transform="translate({x:.0f},{y:.0f})">', *curves, "</g>"]
                width, height = max(width, x + wide), max(height, y + high)
        return drawing(parts, width, height, "A kerasviz studio: graph and curves", theme or self.theme)


def is_model(thing: Any) -> bool:
    """Whether it is a model rather than data."""
    from kerasviz.models import Model

    return isinstance(thing, Model)


def first_document(data: Data) -> Document | None:
    """An Input that fits the data; raw pixels are scaled to 0...1 by a layer, so that the model is whole."""
    shape = data.input_shape
    if shape is None:
        return None
    document = applied(Document(), add(Document(), "Input", {"shape": list(shape)}))
    if data.is_raw_image:
        document = applied(document, add(document, "Rescaling", {"scale": 1 / 255}, after=next(iter(document.calls))))
    return document


def facts_of(data: Data) -> Context:
    """What problems beyond the graph are found by."""
    x, y, _ = data.fitting(data.input_shape)
    return Context.of(x, y, has_validation=data.validation_data is not None)


def without_status(value: Any) -> Any:
    """Callbacks without what they say about themselves; anything else as it is."""
    return [{**entry, "status": None} for entry in value] if isinstance(value, list) else value
