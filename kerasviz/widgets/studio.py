"""The studio: every panel on one comm."""

from __future__ import annotations

from kerasviz.widgets.callback_panel import CallbackPanel
from kerasviz.widgets.graph_editor import GraphEditor
from kerasviz.widgets.inspector import Inspector
from kerasviz.widgets.training_view import TrainingView


class Studio(GraphEditor, TrainingView, CallbackPanel, Inspector):
    """Draw a network, train it live, look inside, take it away."""
