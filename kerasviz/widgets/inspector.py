"""The inspector: what is inside a model, and what it gets right and wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import traitlets as t

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.document.inference import Inference
from kerasviz.runs import Run
from kerasviz.widgets.base import Widget, request, synced
from kerasviz.widgets.data import Data, picture
from kerasviz.widgets.evaluation import Evaluation
from kerasviz.widgets.messages import Activations, Confusion, Mistakes, Sample, Summary, Weights
from kerasviz.widgets.running import RunPanel

PATIENCE_SECONDS = 10.0  # for the end of a batch


class Inspector(RunPanel):
    """A layer table; weights and activations of a layer; confusion and mistakes of the model.

    Args:
        model: a Functional or Sequential model.
        x: inputs to look at.
        y: their targets.
        validation_data: (x, y) to look at instead.
    """

    sample_index = synced(t.Int(0, min=0), "The sample that is shown.")
    inspected = synced(t.Unicode(None, allow_none=True), "The call that is looked at; else the selected one.")

    def __init__(
        self, model: Any = None, x: Any = None, y: Any = None, validation_data: Any = None, **traits: Any
    ) -> None:
        self.data = Data(x, y, validation_data)
        self._start_inspector(model)
        Widget.__init__(self, **{"view": "inspector", **traits})

    def _start_inspector(self, model: Any) -> None:
        self._looked_at = model
        self._evaluation: Evaluation | None = None

    # What it looks at; the studio says otherwise.

    def _inspected_model(self) -> Any:
        if self._looked_at is None:
            raise Invalid("Inspector", "a model", None, "Make it with one: Inspector(model, x, y).")
        return self._looked_at

    def _inspected_document(self) -> Any:
        from kerasviz.document.reader import from_model

        return from_model(self._inspected_model())

    def _inference(self) -> Inference:
        inference = Inference()
        inference.update(self._inspected_document())
        return inference

    def _name_of(self, call: str) -> str:
        """What the model calls a call of the document: `dense`, or `dense#2` for the second call of a shared layer."""
        document = self._inspected_document()
        if call not in document.calls:
            raise Invalid("call", "the id of a call", call, did_you_mean(call, document.calls))
        return document.name_of(call)

    def _quietly(self, function: Callable[[], Any]) -> Any:
        """Do something with the weights while no batch changes them."""
        if isinstance(self.run, Run) and not self.run.ended:
            return self.run.between_batches(function, PATIENCE_SECONDS)
        return function()

    def _sample(self, index: int) -> np.ndarray:
        x, _ = self.data.shown
        if x is None:
            raise Invalid("sample", "data with samples", None, "Make the panel with arrays: x, y.")
        if not 0 <= index < len(x):
            raise Invalid("sample(index=...)", f"a number from 0 to {len(x) - 1}", index)
        return x[index]

    def evaluation(self) -> Evaluation:
        """Predictions of all shown samples; made again when the weights have changed."""
        x, y = self.data.shown
        labels = self.data.labels_of(y) if x is not None else None
        if labels is None:
            raise Invalid("confusion", "data with class labels", None if y is None else y.shape)
        model = self._inspected_model()
        if self._evaluation is None or not self._evaluation.is_of(model):
            self._evaluation = Evaluation(model, self.data, labels)
        return self._evaluation

    @request
    def answer_summary(self) -> Summary:
        """The layer table."""
        from kerasviz.insight import table

        with self._lock:
            inference = self._inference()
            return table.rows(inference.document, inference.calls)  # type: ignore[return-value]

    @request
    def answer_weights(self, call: str) -> Weights:
        """The weights of a call's layer, in numbers."""
        from kerasviz.insight import statistics

        name = self._name_of(call).partition("#")[0]
        layers = {layer.name: layer for layer in self._inspected_model().layers}
        if name not in layers:
            return {"weights": []}  # an operation
        return {"weights": self._quietly(lambda: statistics.weights(layers[name]))}

    @request
    def answer_activations(self, call: str, sample: int = 0) -> tuple[Activations, list[bytes]]:
        """The outputs of a call for one sample."""
        from kerasviz.insight import statistics

        name, model = self._name_of(call), self._inspected_model()
        x = self._sample(sample)[None]
        found, buffers = self._quietly(lambda: statistics.activations(model, name, x))
        total = {"maps": found["shape"][-1] if found["shape"] else 1, "sequence": 1}.get(found["kind"], found["total"])
        return {**found, "total": total}, buffers  # type: ignore[return-value]

    @request
    def answer_sample(self, index: int) -> tuple[Sample, list[bytes]]:
        """A sample of the data."""
        sample = self._sample(index)
        pixels = picture(sample)
        shape = list(sample.shape) if pixels is None else list(pixels.shape)
        result: Sample = {"shape": shape, "label": self.data.label(index), "count": len(self.data.shown[0])}
        return result, [] if pixels is None else [pixels.tobytes()]

    @request
    def answer_confusion(self) -> Confusion:
        """How often which class was taken for which."""
        found = self._quietly(self.evaluation)
        return {"labels": found.names, "matrix": found.matrix.tolist()}

    @request
    def answer_mistakes(
        self, true: int | None = None, predicted: int | None = None, limit: int = 24
    ) -> tuple[Mistakes, list[bytes]]:
        """The most confident wrong predictions, of all classes or of one cell of the confusion matrix."""
        found = self._quietly(self.evaluation)
        mistakes = found.mistakes(true, predicted, max(1, min(limit, 200)))
        pictures = [picture(self._sample(mistake["index"])) for mistake in mistakes]
        shape = list(pictures[0].shape) if pictures and pictures[0] is not None else []
        pixels = [] if not shape else [b"".join(image.tobytes() for image in pictures if image is not None)]
        return {"mistakes": mistakes, "shape": shape, "labels": found.names}, pixels
