"""What runs but is hardly meant: layers in an order or with arguments that waste or spoil something."""

from collections.abc import Iterator

from kerasviz.document.document import Json
from kerasviz.document.edits import delete
from kerasviz.document.kinds import CONVOLUTIONS, DROPOUTS, TRANSPARENT
from kerasviz.document.patch import Draft
from kerasviz.document.problems.base import Fix, Problem, View, rule

LINEAR = (None, "linear")


def activation(view: View, call: str) -> object:
    """The activation that a call ends with: a name, or None for none."""
    kind = view.kind(call)
    if kind == "Softmax":
        return "softmax"
    if kind == "ReLU":
        return "relu"
    value = view.arg(call, "activation")
    if isinstance(value, dict):
        return str(value.get("config") if value.get("class_name") == "function" else value.get("class_name")).lower()
    return value


def last_activation(view: View, call: str) -> tuple[str, object]:
    """The call that decides what the numbers of an output are, and its activation."""
    deciding = call
    while view.kind(deciding) in TRANSPARENT:
        source = view.source(deciding)
        if source is None:
            break
        deciding = source
    return deciding, activation(view, deciding)


@rule
def dense_on_map(view: View) -> Iterator[Problem]:
    """Row 10: a Dense on the map of a convolution works at each pixel."""
    for call in view.calls("Dense"):
        inputs, shape = view.inputs(call), view.shape(call)
        if not inputs or not shape or len(inputs[0]) < 4:
            continue
        sizes = "x".join("?" if n is None else str(n) for n in shape[1:-1])
        message = f"{view.name(call)} acts at each pixel; the output is a {sizes} map of {shape[-1]}."
        pool = f"GlobalAveragePooling{min(len(inputs[0]) - 2, 3)}D"
        fixes = view.working(call, view.inserting("Flatten", {}, call), view.inserting(pool, {}, call))
        fixes = (*fixes, view.accepting(call, "dense-on-map", "Keep it, as a 1x1 convolution"))
        blame = (view.behind(call), call)
        yield Problem("dense-on-map", "warning", call, message, None, "a vector", str(inputs[0]), "", blame, fixes)


@rule
def linear_stack(view: View) -> Iterator[Problem]:
    """Row 25: two layers without anything non-linear between them are one."""
    for call in view.calls("Dense"):
        first = view.before(call, TRANSPARENT)
        if first is None or view.kind(first) != "Dense" or activation(view, first) not in LINEAR:
            continue
        message = f"{view.name(first)} and {view.name(call)} are linear one after the other: they collapse to one."
        fixes = (view.setting(first, activation="relu"),)
        yield Problem("linear-stack", "hint", first, message, "activation", "relu", "None", "", (first, call), fixes)


@rule
def bias_before_norm(view: View) -> Iterator[Problem]:
    """Row 26: a batch normalization takes the bias before it away again."""
    for call in view.calls("BatchNormalization"):
        first = view.source(call)
        if first is None or view.kind(first) not in (*CONVOLUTIONS, "Dense") or activation(view, first) not in LINEAR:
            continue
        if view.arg(first, "use_bias", True) is False or len(view.document.consumers[first]) > 1:
            continue
        if view.arg(call, "center", True) is False:
            continue
        count = next((shape[0] for name, shape, _ in weights(view, first) if name == "bias"), 0)
        message = f"{view.name(call)} cancels the bias of {view.name(first)}: {count} parameters for nothing."
        fixes = (view.setting(first, use_bias=False),)
        yield Problem("bias-before-norm", "hint", first, message, "use_bias", "False", "True", "", (first, call), fixes)


def weights(view: View, call: str) -> tuple:
    """The sizes of its weights."""
    outcome = view.known[call].outcome
    return outcome.weights if outcome else ()


@rule
def dropout_before_norm(view: View) -> Iterator[Problem]:
    """Row 27: dropout shifts the statistics that a batch normalization learns."""
    for call in view.calls("BatchNormalization"):
        first = view.source(call)
        if first is None or view.kind(first) not in DROPOUTS or not view.document.calls[first]["inputs"]:
            continue
        message = f"{view.name(first)} before {view.name(call)} makes its statistics wrong at inference."
        swap = Fix(f"Move {view.name(first)} behind {view.name(call)}", swapped(view, first, call))
        fixes = (swap, view.deleting(first))
        yield Problem("dropout-before-norm", "warning", first, message, blame=(first, call), fixes=fixes)


def swapped(view: View, first: str, second: str) -> Json:
    """The patch that lets two calls of a chain change places."""
    document = view.document
    draft = Draft(document)
    a, b = document.calls[first], document.calls[second]
    calls = {second: {**b, "inputs": a["inputs"]}, first: {**a, "inputs": [[second, 0]]}}
    for target in document.consumers[second]:
        data = document.calls[target]
        calls[target] = {**data, "inputs": [[first, 0] if t[0] == second else t for t in data["inputs"]]}
    others = [target for target in document.consumers[first] if target != second]
    calls |= {t: {**document.calls[t], "inputs": document.calls[t]["inputs"]} for t in others}
    places = {first: document.positions.get(second), second: document.positions.get(first)}
    draft.do({"set": {"calls": calls, "positions": {c: p for c, p in places.items() if p}}, "label": ""})
    if any(tensor[0] == second for tensor in document.outputs or []):
        outputs = [[first, 0] if tensor[0] == second else tensor for tensor in document.outputs or []]
        draft.do({"set": {"outputs": outputs}, "label": ""})
    return draft.patch("Swap layers")


@rule
def dropout_at_end(view: View) -> Iterator[Problem]:
    """Row 27: dropout behind the output layer drops predictions."""
    for call in dict.fromkeys(view.output_calls):
        if view.kind(call) in DROPOUTS and view.source(call) is not None:
            first = view.source(call)
            if view.kind(first or "") == "Input":
                continue
            message = f"{view.name(call)} drops a share of the predictions."
            patch = delete(view.document, call)
            fixes = (Fix(f"Remove {view.name(call)}", patch),)
            yield Problem("dropout-at-end", "warning", call, message, fixes=fixes)


@rule
def softmax_inside(view: View) -> Iterator[Problem]:
    """Row 27: a softmax in the middle of the network."""
    for call in view.document.order:
        targets = view.document.consumers[call]
        if activation(view, call) != "softmax" or not targets or call in view.output_calls:
            continue
        weighing = any(view.kind(target) in ("Multiply", "Dot", "ops.matmul", "ops.multiply") for target in targets)
        onward = next((t for t in targets if view.kind(t) not in TRANSPARENT), None)
        if weighing or onward is None:
            continue
        message = f"{view.name(call)} has a softmax in the middle of the network, where it blocks gradients."
        alone = view.kind(call) in ("Softmax", "Activation")
        other = view.deleting(call) if alone else view.setting(call, activation="relu")
        keep = view.accepting(call, "softmax-inside", "It is intended")
        yield Problem(
            "softmax-inside", "warning", call, message, "activation", "relu", "softmax", "", (), (other, keep)
        )


@rule
def softmax_of_one(view: View) -> Iterator[Problem]:
    """Row 28: a softmax of one number is always 1."""
    for call in view.document.order:
        shape = view.shape(call)
        if activation(view, call) != "softmax" or not shape or shape[-1] != 1:
            continue
        message = f"The softmax of one number is always 1: {view.name(call)} cannot learn."
        fixes = [view.setting(call, activation="sigmoid")] if view.kind(call) != "Softmax" else []
        classes = next((facts.high for facts in view.context.targets if facts.is_label and (facts.high or 0) > 1), None)
        if classes is not None and "units" in view.document.layer_of(call)["args"]:
            fixes.insert(0, view.setting(call, units=int(classes) + 1))
        if view.kind(call) == "Softmax":
            from kerasviz.document.replace import replace_kind

            patch = replace_kind(view.document, call, "Activation", {"activation": "sigmoid"})
            fixes.append(Fix("Use a sigmoid", patch))
        yield Problem(
            "softmax-of-one", "warning", call, message, "activation", "sigmoid", "softmax", "", (), tuple(fixes)
        )
