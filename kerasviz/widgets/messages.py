"""Messages from the kernel to the page, and the answers to its requests.

Messages from the page are the `@received` methods of the widgets, requests their `@request` methods.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict

from kerasviz.widgets.records import (
    Analysis,
    AnalysisChange,
    DocumentData,
    Failure,
    Json,
    Patch,
    Position,
    Shape,
    WeightStatistics,
)


class DocumentMessage(TypedDict):
    """Everything anew: the answer to hello, to a patch whose base is not the kernel's revision, and to one refused."""

    type: Literal["document"]
    revision: int
    document: DocumentData
    positions: dict[str, Position]
    analysis: Analysis
    refused: NotRequired[Failure]


class PatchMessage(TypedDict):
    """A change that the page did not make: by Python, undo, redo, quick add, a fix."""

    type: Literal["patch"]
    revision: int
    patch: Patch
    origin: Literal["python", "undo", "redo", "quick_add", "fix", "paste"]


class AnalysisMessage(TypedDict):
    """The answer to a patch, and what follows each patch of the kernel."""

    type: Literal["analysis"]
    revision: int
    analysis: AnalysisChange


class SeriesMessage(TypedDict):
    """Points of the curves. Buffers: x as float64 (step, or epoch), then a float32 column for each name.

    With `reset` they replace what the page has at this level. `sequence` counts the run's frames: a gap means
    that one was lost, and hello brings everything anew.
    """

    type: Literal["series"]
    run: str
    sequence: int
    reset: bool
    level: Literal["batch", "epoch"]
    names: list[str]
    count: int


class MarkerMessage(TypedDict):
    """Something to mark on the curves."""

    type: Literal["marker"]
    run: str
    step: int
    epoch: int
    kind: Literal["best", "pause", "resume", "learning_rate", "callback", "stop", "checkpoint", "nan", "note", "error"]
    text: str


class ResponseMessage(TypedDict):
    """The answer to the request with this id: a result (with the message's buffers) or an error."""

    type: Literal["response"]
    id: str
    result: NotRequired[Json]
    error: NotRequired[Failure]


KernelMessage: TypeAlias = (
    "DocumentMessage | PatchMessage | AnalysisMessage | SeriesMessage | MarkerMessage | ResponseMessage"
)


class PreviewLayer(TypedDict):
    """A layer that quick add would make; no shape where inference failed."""

    kind: str
    args: dict[str, Json]
    shape: Shape | None


class TextError(TypedDict):
    """What is wrong in a typed text, and from where to where."""

    message: str
    start: int
    end: int


class QuickAdded(TypedDict):
    """What a quick-add text means."""

    layers: list[PreviewLayer]
    error: TextError | None
    calls: NotRequired[list[str]]


class Suggestion(TypedDict):
    """A word that completes what is being typed."""

    text: str
    kind: str
    doc: str


class Suggestions(TypedDict):
    """Completions, best first."""

    suggestions: list[Suggestion]


class Code(TypedDict):
    """Python that makes the model."""

    code: str


class Written(TypedDict):
    """Where a file was written."""

    path: str


class Done(TypedDict):
    """What a command did, or why it did nothing."""

    message: str


class WeightShape(TypedDict):
    """A weight that a layer has, or would have."""

    name: str
    shape: list[int]
    trainable: bool


class SummaryRow(TypedDict):
    """A call in the layer table. `memory_bytes` is of its outputs, for one sample; `known`: a rule for costs."""

    call: str
    name: str
    kind: str
    input_shapes: list[Shape]
    shape: Shape | None
    shapes: list[Shape]
    dtype: str
    params: int
    trainable: int
    weights: list[WeightShape]
    macs: int
    flops: int
    known: bool
    memory_bytes: int
    parameter_bytes: int
    receptive_field: list[int] | None
    connected_to: list[str]
    shared: bool


class Summary(TypedDict):
    """The layer table."""

    rows: list[SummaryRow]
    totals: dict[str, int]


class Weights(TypedDict):
    """The weights of a layer; none for an operation."""

    weights: list[WeightStatistics]


class Activations(TypedDict):
    """Outputs of a call for one sample. Buffer: float32 values.

    maps: `count` pictures of `height` x `width`, one after another; vector: `count` values;
    sequence: `height` moments of `width` features. `total` counts the pictures or values there are.
    """

    shape: list[int]
    kind: Literal["maps", "vector", "sequence"]
    count: int
    height: int
    width: int
    total: int
    low: float
    high: float


class Sample(TypedDict):
    """A sample of the data. Buffer: uint8 pixels, row by row, channels last; none where it is no picture."""

    shape: list[int]
    label: str
    count: int
    prediction: NotRequired[str]


class Confusion(TypedDict):
    """How often which class (row) was taken for which (column)."""

    labels: list[str]
    matrix: list[list[int]]


class Mistake(TypedDict):
    """A sample that the model got wrong; true and predicted are indices of labels."""

    index: int
    true: int
    predicted: int
    confidence: float


class Mistakes(TypedDict):
    """Wrong predictions, the most confident first. Buffer: their pictures as uint8, one after another."""

    mistakes: list[Mistake]
    shape: list[int]
    labels: list[str]


class Copied(TypedDict):
    """Layers as text, for the clipboard."""

    text: str


class Pasted(TypedDict):
    """The calls that a paste made."""

    calls: list[str]


class Points(TypedDict):
    """Points of the curves between two places."""

    names: list[str]
    count: int
