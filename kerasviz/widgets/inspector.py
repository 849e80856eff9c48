"""The inspector: what is inside a model, and what it gets right and wrong."""

from __future__ import annotations

import traitlets as t

from kerasviz.widgets.base import Widget, request, synced
from kerasviz.widgets.messages import Activations, Confusion, Mistakes, Sample, Summary, Weights


class Inspector(Widget):
    """A layer table; weights and activations of a layer; confusion and mistakes of the model."""

    sample_index = synced(t.Int(0, min=0), "The sample that is shown.")
    inspected = synced(t.Unicode(None, allow_none=True), "The call that is looked at; else the selected one.")

    @request
    def answer_summary(self) -> Summary:
        """The layer table."""

    @request
    def answer_weights(self, call: str) -> Weights:
        """The weights of a call's layer, in numbers."""

    @request
    def answer_activations(self, call: str, sample: int = 0) -> tuple[Activations, list[bytes]]:
        """The outputs of a call for one sample."""

    @request
    def answer_sample(self, index: int) -> tuple[Sample, list[bytes]]:
        """A sample of the data."""

    @request
    def answer_confusion(self) -> Confusion:
        """How often which class was taken for which."""

    @request
    def answer_mistakes(
        self, true: int | None = None, predicted: int | None = None, limit: int = 24
    ) -> tuple[Mistakes, list[bytes]]:
        """The most confident wrong predictions, of all classes or of one cell of the confusion matrix."""
