"""Outputs, loss and targets that do not go together."""

from collections.abc import Iterator

from kerasviz.document.document import Json
from kerasviz.document.facts import Facts
from kerasviz.document.problems.base import Fix, Problem, View, rule
from kerasviz.document.problems.habits import last_activation

CATEGORICAL = ("categoricalcrossentropy", "sparsecategoricalcrossentropy", "categoricalfocalcrossentropy")
SPARSE = "sparsecategoricalcrossentropy"
ONE_HOT = ("categoricalcrossentropy", "categoricalfocalcrossentropy", "kldivergence")
BINARY = ("binarycrossentropy", "binaryfocalcrossentropy")
DISTANCES = ("meansquarederror", "mse", "meanabsoluteerror", "mae", "huber", "logcosh", "meansquaredlogarithmicerror")
BEGINNINGS = ("Input", "InputLayer", "Rescaling", "Normalization")  # a model that is only these is not one yet
NAMES = {SPARSE: "SparseCategoricalCrossentropy", "categoricalcrossentropy": "CategoricalCrossentropy"}


def loss_fix(view: View, kind: str | None = None, label: str = "", **args: object) -> Fix:
    """Another loss, or other arguments of this one; an argument that is None goes back to its default."""
    loss: Json = view.context.settings.get("loss") or {"kind": kind, "args": {}}
    merged = {**(loss.get("args") or {} if kind is None else {}), **args}
    changed = {"kind": kind or loss["kind"], "args": {name: v for name, v in merged.items() if v is not None}}
    return Fix(label or f"Use {kind}", settings={"loss": changed})


def ends(view: View) -> Iterator[tuple[str, Facts | None]]:
    """Each output that is known, with its target; none while nothing but inputs has been drawn."""
    if all(layer["kind"] in BEGINNINGS for layer in view.document.layers.values()):
        return
    targets = view.context.targets
    for index, (call, output) in enumerate(view.document.output_tensors):
        if view.shape(call, output) is not None:
            yield call, targets[index] if index < len(targets) else None


def changeable(view: View, call: str) -> bool:
    """Whether the layer takes an activation."""
    return "activation" in getattr(type(view.known[call].layer), "args", {})


def activating(view: View, call: str, name: str) -> list[Fix]:
    """Give the deciding layer an activation, if it takes one."""
    return [view.setting(call, activation=name)] if changeable(view, call) else []


@rule
def loss_and_activation(view: View) -> Iterator[Problem]:
    """Rows 29 and 30: a loss that expects probabilities gets none, or gets them where it expects logits."""
    loss, logits = view.context.loss, view.context.from_logits
    wanted = ["softmax"] if loss in CATEGORICAL else ["sigmoid", "softmax"] if loss in BINARY else []
    for call, _ in ends(view) if wanted else ():
        deciding, activation = last_activation(view, call)
        name, is_probability = view.name(deciding), activation in (*wanted, "sigmoid", "hard_sigmoid")
        if logits and is_probability:
            message = f"{name} has a {activation}, and the loss with from_logits=True applies another."
            fixes = [loss_fix(view, label="Set from_logits=False", from_logits=None)]
            fixes += [view.setting(deciding, activation=None)] if changeable(view, deciding) else []
            yield Problem(
                "double-softmax",
                "warning",
                deciding,
                message,
                "activation",
                "None",
                str(activation),
                fixes=tuple(fixes),
            )
        elif not logits and activation not in wanted and not (activation == "sigmoid" and loss in CATEGORICAL):
            message = f"The loss expects probabilities, but {name} has no {wanted[0]}: the numbers are not any."
            fixes = [
                *activating(view, deciding, wanted[0]),
                loss_fix(view, label="Set from_logits=True", from_logits=True),
            ]
            got = str(activation)
            yield Problem(
                "loss-without-softmax", "warning", deciding, message, "activation", wanted[0], got, fixes=tuple(fixes)
            )


@rule
def labels_and_loss(view: View) -> Iterator[Problem]:
    """Rows 31 and 32: class numbers where the loss wants one-hot rows, or the other way round."""
    loss = view.context.loss
    for call, target in ends(view):
        shape = view.shape(call)
        if target is None or shape is None:
            continue
        classes = shape[-1] or 0
        if loss in ONE_HOT and target.is_label and classes > 1:
            message = "The labels are class numbers, but the loss wants one-hot rows."
            fix = loss_fix(view, NAMES[SPARSE], from_logits=view.context.from_logits or None)
            got = f"labels {target.low:g} to {target.high:g}"
            yield Problem("labels-are-numbers", "error", call, message, None, "one-hot rows", got, fixes=(fix,))
        if loss == SPARSE and target.shape and target.width > 1 and target.width == classes:
            message = "The labels are one-hot rows, but the loss wants class numbers."
            fix = loss_fix(view, NAMES["categoricalcrossentropy"], from_logits=view.context.from_logits or None)
            yield Problem(
                "labels-are-one-hot", "error", call, message, None, "class numbers", str(target.shape), fixes=(fix,)
            )


SPARSE_SIBLINGS = {
    "CategoricalAccuracy": "SparseCategoricalAccuracy",
    "CategoricalCrossentropy": "SparseCategoricalCrossentropy",
    "TopKCategoricalAccuracy": "SparseTopKCategoricalAccuracy",
}
VALUE_BY_VALUE = (  # metrics that compare each value of the output with one of the target
    *("AUC", "Precision", "Recall", "PrecisionAtRecall", "RecallAtPrecision", "F1Score", "FBetaScore"),
    *("SensitivityAtSpecificity", "SpecificityAtSensitivity"),
    *("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives"),
    *SPARSE_SIBLINGS,
)


@rule
def labels_and_metrics(view: View) -> Iterator[Problem]:
    """A metric that wants a target for each value of the output, where labels are class numbers."""
    metrics = view.context.settings.get("metrics") or []
    for call, target in ends(view):
        shape = view.shape(call)
        if target is None or not target.is_label or not shape or (shape[-1] or 0) < 2:
            continue
        for metric in metrics:
            kind = metric.get("kind", "")
            if kind not in VALUE_BY_VALUE:
                continue
            other = SPARSE_SIBLINGS.get(kind)
            rest = [m for m in metrics if m is not metric]
            changed = [*rest, {**metric, "kind": other}] if other else rest
            fix = Fix(f"Use {other}" if other else f"Remove {kind}", settings={"metrics": changed})
            message = f"{kind} wants a target for each of the {shape[-1]} outputs, but the labels are class numbers."
            yield Problem(f"metric-{kind}", "error", call, message, None, "one-hot rows", "class numbers", fixes=(fix,))


@rule
def labels_in_range(view: View) -> Iterator[Problem]:
    """Row 33: labels outside the classes of the output."""
    if view.context.loss != SPARSE:
        return
    for call, target in ends(view):
        shape = view.shape(call)
        if target is None or target.high is None or target.low is None or not shape or shape[-1] is None:
            continue
        if (target.low >= 0 and target.high < shape[-1]) or (target.shape and target.width == shape[-1] > 1):
            continue
        deciding, _ = last_activation(view, call)
        message = f"The labels go from {target.low:g} to {target.high:g}, the output has {shape[-1]} classes."
        fixes = resized(view, deciding, int(target.high) + 1) if target.low >= 0 else []
        expected = f"labels from 0 to {shape[-1] - 1}"
        got = f"{target.low:g} to {target.high:g}"
        yield Problem("labels-out-of-range", "error", deciding, message, "units", expected, got, fixes=tuple(fixes))


def resized(view: View, call: str, count: int) -> list[Fix]:
    """Give the deciding layer as many outputs."""
    args = getattr(type(view.known[call].layer), "args", {})
    name = next((name for name in ("units", "filters") if name in args), None)
    return [view.setting(call, **{name: count})] if name else []


@rule
def target_width(view: View) -> Iterator[Problem]:
    """Row 34: an output and a target of different widths, which broadcasting hides."""
    loss = view.context.loss
    if loss not in (*DISTANCES, *BINARY, *ONE_HOT):
        return
    for call, target in ends(view):
        shape = view.shape(call)
        if target is None or not shape or shape[-1] is None or (loss in ONE_HOT and target.is_label):
            continue
        width = target.shape[-1] if target.shape else 1
        same_rank = len(target.shape) == len(shape) - 1 or (not target.shape and len(shape) == 2)
        if not same_rank or width == shape[-1]:
            continue
        deciding, _ = last_activation(view, call)
        message = f"The output has {shape[-1]} numbers a sample, the target {width}."
        message += " The loss would spread one over the other." if 1 in (width, shape[-1]) else ""
        severity = "warning" if 1 in (width, shape[-1]) else "error"
        got, fixes = str(shape[-1]), tuple(resized(view, deciding, width))
        yield Problem("target-width", severity, deciding, message, "units", str(width), got, fixes=fixes)


@rule
def target_range(view: View) -> Iterator[Problem]:
    """Row 35: targets that the last activation cannot reach."""
    reach = {"sigmoid": (0, 1), "softmax": (0, 1), "tanh": (-1, 1), "relu": (0, None)}
    if view.context.loss not in (*DISTANCES, *BINARY):
        return
    for call, target in ends(view):
        deciding, activation = last_activation(view, call)
        if target is None or activation not in reach or target.low is None or target.high is None:
            continue
        low, high = reach[str(activation)]
        if target.low >= low and (high is None or target.high <= high):
            continue
        bounds = f"{low} to {high}" if high is not None else f"{low} upwards"
        message = f"The targets go from {target.low:g} to {target.high:g}; "
        message += f"the {activation} of {view.name(deciding)} gives {bounds}."
        fixes = (
            [view.setting(deciding, activation=None)]
            if view.kind(deciding) not in ("ReLU", "Softmax", "Activation")
            else []
        )
        fixes = fixes or [view.deleting(deciding)]
        got = f"{target.low:g} to {target.high:g}"
        yield Problem("target-range", "warning", deciding, message, "activation", bounds, got, fixes=tuple(fixes))


@rule
def imbalance(view: View) -> Iterator[Problem]:
    """Row 37: one class is far more frequent, and accuracy is all that is measured."""
    metrics = [str(m.get("kind", "")).lower() for m in view.context.settings.get("metrics") or []]
    if not metrics or any("accuracy" not in metric for metric in metrics):
        return
    for call, target in ends(view):
        counts = [n for n in target.counts if n] if target is not None and target.is_label else []
        if len(counts) > 1 and max(counts) > 10 * min(counts):
            share = max(counts) / sum(counts)
            message = f"One class makes up {share:.0%} of the labels: always guessing it has that accuracy."
            extra = [*(view.context.settings.get("metrics") or []), {"kind": "AUC", "args": {}}]
            fixes = (Fix("Measure AUC too", settings={"metrics": extra}),) if len(counts) == 2 else ()
            hint = "Pass `class_weight` to fit, or measure precision and recall too."
            yield Problem("imbalance", "hint", call, message, hint=hint, fixes=fixes)
