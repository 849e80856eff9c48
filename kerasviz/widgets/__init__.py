"""The panels for notebooks. The only package that knows Jupyter."""

from kerasviz.widgets.callback_panel import CallbackPanel
from kerasviz.widgets.graph_editor import GraphEditor
from kerasviz.widgets.inspector import Inspector
from kerasviz.widgets.studio import Studio
from kerasviz.widgets.training_view import TrainingView

__all__ = ["CallbackPanel", "GraphEditor", "Inspector", "Studio", "TrainingView"]
