"""What page and kernel tell each other about: the records that synced traits and messages are made of.

`contract.py` reads this file and writes it to `js/src/contract.ts`.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypeAlias, TypedDict

Json: TypeAlias = "bool | float | str | list[Json] | dict[str, Json] | None"
Shape: TypeAlias = "list[int | None]"  # null where any size will do
Tensor: TypeAlias = "tuple[str, int]"  # a call and the index of one of its outputs
Position: TypeAlias = "tuple[float, float]"
View: TypeAlias = Literal["studio", "editor", "training", "callbacks", "inspector"]
Theme: TypeAlias = Literal["auto", "light", "dark"]
Direction: TypeAlias = Literal["down", "right"]
RunState: TypeAlias = Literal[
    "idle", "preparing", "running", "validating", "pausing", "paused", "stopping", "stopped", "finished", "failed"
]
StopHow: TypeAlias = Literal["now", "epoch", "best"]
Dialect: TypeAlias = Literal["functional", "sequential"]
Package: TypeAlias = Literal["keras", "kerasviz"]
Severity: TypeAlias = Literal["error", "warning", "hint"]


class LayerData(TypedDict):
    """A layer of the document; `args` holds what is not the default, in config form."""

    id: str
    kind: str
    name: NotRequired[str]
    args: dict[str, Json]


class CallData(TypedDict):
    """One use of a layer: a node on the canvas. The first call of a layer has the layer's id."""

    id: str
    layer: str
    inputs: list[Tensor]
    args: NotRequired[list[Json]]
    kwargs: NotRequired[dict[str, Json]]


class DocumentData(TypedDict):
    """A model as data. `outputs` is null where every sink is one."""

    version: int
    layers: list[LayerData]
    calls: list[CallData]
    inputs: list[str]
    outputs: list[Tensor] | None
    groups: list[dict[str, Json]]
    variables: dict[str, Json]


class PatchSet(TypedDict, total=False):
    """What a patch sets; null deletes. `order` says at which place a table's entries are put back."""

    layers: dict[str, LayerData | None]
    calls: dict[str, CallData | None]
    positions: dict[str, Position | None]
    inputs: list[str]
    outputs: list[Tensor] | None
    groups: list[dict[str, Json]]
    variables: dict[str, Json]
    order: dict[str, dict[str, int]]


class Patch(TypedDict):
    """The one form of change. Patches with an equal `coalesce` key in quick succession undo as one."""

    set: PatchSet
    label: str
    coalesce: NotRequired[str]


class CallAnalysis(TypedDict):
    """What inference found for one call: one shape for each output, null where it failed."""

    shapes: list[Shape] | None
    dtype: str | None
    params: int
    trainable: int
    macs: int
    problems: list[Problem]


class Totals(TypedDict):
    """Sums over the model; memory is that of its parameters."""

    params: int
    trainable: int
    macs: int
    memory_bytes: int


class Fix(TypedDict):
    """A change that removes a problem: of the document, of the settings, or of callbacks' arguments."""

    label: str
    patch: NotRequired[Patch | None]
    settings: NotRequired[dict[str, Json]]
    callbacks: NotRequired[dict[str, Json]]


class Problem(TypedDict):
    """What is wrong, where, and what to do; `blame` are the calls it comes from, `rule` what found it.

    The problems of a call are listed without their fixes; the list of all problems has them.
    """

    id: str
    rule: NotRequired[str]
    severity: Severity
    call: str | None
    arg: str | None
    message: str
    expected: NotRequired[str]
    got: NotRequired[str]
    hint: NotRequired[str]
    blame: NotRequired[list[str]]
    fixes: list[Fix]


class Analysis(TypedDict):
    """Shapes, counts and problems of a revision."""

    rev: int
    calls: dict[str, CallAnalysis]
    totals: Totals
    problems: list[Problem]


class AnalysisChange(TypedDict):
    """What differs from the analysis before: calls that changed (null: gone), all totals, all problems."""

    calls: dict[str, CallAnalysis | None]
    totals: Totals
    problems: list[Problem]


class FormField(TypedDict):
    """An argument as a form shows it; which further keys there are depends on `input`."""

    name: str
    doc: str
    group: str
    required: bool
    default: Json
    input: str
    nullable: NotRequired[bool]
    step: NotRequired[float | Literal["any"]]
    min: NotRequired[float | None]
    max: NotRequired[float | None]
    choices: NotRequired[list[Json]]
    count: NotRequired[int | None]
    family: NotRequired[str]
    of: NotRequired[list[str]]


class InputCount(TypedDict):
    """How many tensors a layer takes; `max` is null where there is no limit.

    A new layer takes the tensor that it is put behind `first` times. `names` say what the first ones are for.
    """

    min: int
    max: int | None
    first: int
    names: list[str]


class ComponentSpec(TypedDict):
    """A loss, metric, optimizer, callback or other component as the forms need it."""

    kind: str
    doc: NotRequired[str]
    form: list[FormField]


class LayerSpec(ComponentSpec):
    """A layer as the palette and the forms need it."""

    category: str
    inputs: InputCount
    rank: int | None
    aliases: list[str]
    key_args: list[str]


class Catalog(TypedDict):
    """Every component that the page offers."""

    layers: list[LayerSpec]
    cells: list[ComponentSpec]
    losses: list[ComponentSpec]
    metrics: list[ComponentSpec]
    optimizers: list[ComponentSpec]
    schedules: list[ComponentSpec]
    callbacks: list[ComponentSpec]
    activations: list[str]
    initializers: list[ComponentSpec]
    regularizers: list[ComponentSpec]
    constraints: list[ComponentSpec]


class Chosen(TypedDict):
    """An optimizer, loss or metric with the arguments that are not the default."""

    kind: str
    args: dict[str, Json]


class Settings(TypedDict):
    """How to train."""

    optimizer: Chosen
    loss: Chosen | None
    metrics: list[Chosen]
    epochs: int
    batch_size: int
    validation_split: float
    shuffle: bool


class Progress(TypedDict, total=False):
    """How far a run is and how fast; the time left is null while it cannot be known."""

    elapsed_seconds: float
    eta_seconds: float | None
    samples_per_second: float | None
    step_ms: float | None
    learning_rate: float | None


class Best(TypedDict):
    """The best value of a metric and its epoch."""

    epoch: int
    value: float


class RunError(TypedDict):
    """An exception of the training thread, and the call it came from where that is known."""

    message: str
    call: str | None
    where: NotRequired[str]
    expected: NotRequired[str]
    got: NotRequired[str]
    hint: NotRequired[str]
    traceback: NotRequired[str]


class CallbackStatus(TypedDict, total=False):
    """What a callback says about itself, in words and, for a patience, as a gauge."""

    text: str
    waited: int
    patience: int


class CallbackData(TypedDict):
    """A callback of the panel; its switch works during training too."""

    id: str
    kind: str
    enabled: bool
    args: dict[str, Json]
    status: CallbackStatus


class Histogram(TypedDict):
    """Counts between edges; there is one more edge than counts."""

    edges: list[float]
    counts: list[int]


class WeightStatistics(TypedDict):
    """A weight in numbers; `zeros` is the share of values that are zero, `not_finite` how many are NaN or infinite."""

    name: str
    path: str
    shape: list[int]
    trainable: bool
    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    norm: float | None
    zeros: float
    not_finite: int
    histogram: Histogram


class Failure(TypedDict):
    """An error in its four parts, and as one sentence."""

    message: str
    where: NotRequired[str]
    expected: NotRequired[str]
    got: NotRequired[str]
    hint: NotRequired[str]
