"""Trainings that can be paused, steered, watched and stopped."""

from kerasviz.runs.recorder import Marker
from kerasviz.runs.run import Run
from kerasviz.runs.stream import Stream

__all__ = ["Marker", "Run", "Stream"]
