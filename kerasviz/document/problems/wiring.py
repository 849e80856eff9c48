"""Layers without inputs, outputs that no input reaches, branches that lead nowhere."""

from collections.abc import Iterator

from kerasviz.declare import Invalid
from kerasviz.document.document import INPUT_KINDS
from kerasviz.document.edits import set_outputs, wire
from kerasviz.document.kinds import ATTENTION, MERGES, SEPARATE_INPUTS
from kerasviz.document.problems.base import Fix, Problem, View, explanation, rule


@rule
def disconnected(view: View) -> Iterator[Problem]:
    """Row 22: a layer that no Input reaches."""
    document = view.document
    for call in document.order:
        if document.calls[call]["inputs"] or view.kind(call) in INPUT_KINDS:
            continue
        island = [call, *sorted(document.downstream(call), key=document.order.index)]
        outputs = [end for end in island if end in view.output_calls]
        name = view.name(call)
        leads = f", so the output {view.name(outputs[0])} is not connected to an Input" if outputs else ""
        message = f"{name} has no input{leads}."
        hint = "Wire another layer to it, or delete it."
        fixes = tuple(connections(view, call, island))
        yield Problem("disconnected", "error", call, message, None, "an input", "none", hint, tuple(island), fixes)


def connections(view: View, call: str, island: list[str]) -> Iterator[Fix]:
    """Ways to connect an island: to an open end, to an Input, to a new Input; or to delete it."""
    document = view.document
    ends = [
        c
        for c in document.sinks
        if c not in island and document.upstream(c).union([c]).intersection(document.input_calls)
    ]
    fixes = [view.wiring(end, call) for end in ends[-2:]]
    shapes = [facts.shape for facts in view.context.inputs]
    if not document.input_calls:
        args = {"shape": list(shapes[0])} if shapes else {"shape": guessed(view.kind(call))}
        fixes.insert(0, view.starting(call, args))
    good = [fix for fix in fixes if fix.patch is not None and view.works(fix.patch, call)]
    yield from good or fixes[:1]
    yield view.deleting(
        *island, heal=False, label=f"Delete {view.name(call)}" + (" and what follows" if island[1:] else "")
    )


def guessed(kind: str) -> list[int]:
    """A shape that the kind can take."""
    for mark, shape in (("1D", [28, 1]), ("2D", [28, 28, 1]), ("3D", [16, 16, 16, 1])):
        if mark in kind:
            return shape
    return [28, 8] if kind in ("LSTM", "GRU", "SimpleRNN", "Bidirectional", "MultiHeadAttention") else [16]


@rule
def lonely_merges(view: View) -> Iterator[Problem]:
    """Row 8: a merge of one tensor."""
    for call in view.calls(*MERGES):
        if len(view.document.calls[call]["inputs"]) == 1:
            message = f"{view.name(call)} merges a single tensor."
            hint = "Wire a second one to it, or remove it."
            fix = view.deleting(call)
            yield Problem("lonely-merge", "error", call, message, None, "at least 2 tensors", "1", hint, fixes=(fix,))


@rule
def lonely_attention(view: View) -> Iterator[Problem]:
    """Row 15: attention without a value."""
    for call in view.calls(*ATTENTION):
        inputs = view.document.calls[call]["inputs"]
        if len(inputs) == 1 and "args" not in view.document.calls[call]:
            message = f"{view.name(call)} needs a query and a value; it gets one tensor."
            fix = Fix("Self-attention: use the tensor as both", wire(view.document, inputs[0], call))
            yield Problem(
                "attention-one-input", "error", call, message, None, "query and value", "1 tensor", fixes=(fix,)
            )


@explanation
def counted(view: View, call: str, error: Invalid) -> Iterator[Problem]:
    """Errors that other rules tell better: a merge or attention of one tensor."""
    if view.kind(call) in (*MERGES, *SEPARATE_INPUTS) and len(view.document.calls[call]["inputs"]) == 1:
        yield from (p for look in (lonely_merges, lonely_attention) for p in look(view) if p.call == call)


@rule
def too_many_inputs(view: View) -> Iterator[Problem]:
    """A layer for one tensor gets several."""
    from kerasviz.document.kinds import input_limits

    for call in view.document.order:
        limit = input_limits(view.kind(call))[1]
        count = len(view.document.calls[call]["inputs"])
        if limit is not None and count > limit and "args" not in view.document.calls[call]:
            data = view.document.calls[call]
            kept = {**data, "inputs": data["inputs"][:limit]}
            fix = Fix(
                "Keep the first" if limit else "Disconnect it", {"set": {"calls": {call: kept}}, "label": "Disconnect"}
            )
            message = f"{view.name(call)} takes {limit or 'no'} tensor{'s' if limit > 1 else ''}, but has {count}."
            yield Problem("too-many-inputs", "error", call, message, None, str(limit), str(count), fixes=(fix,))


@explanation
def surplus(view: View, call: str, error: Invalid) -> Iterator[Problem]:
    """Errors that `too_many_inputs` tells better."""
    yield from (problem for problem in too_many_inputs(view) if problem.call == call)


@rule
def unused(view: View) -> Iterator[Problem]:
    """Row 23: an Input that nothing uses, and branches that reach no output."""
    document = view.document
    if len(document.calls) < 2:
        return
    needed = {s for call in view.output_calls for s in (call, *document.upstream(call))}
    for call in document.order:
        if call in needed:
            continue
        if view.kind(call) in INPUT_KINDS:
            if not document.consumers[call]:
                message = f"Nothing uses the Input {view.name(call)}."
                fixes = [view.deleting(call)]
                heads = [
                    c for c in document.order if not document.calls[c]["inputs"] and view.kind(c) not in INPUT_KINDS
                ]
                heads = [head for head in heads if head not in document.upstream(call)]
                fixes = [view.wiring(call, head) for head in heads[:1]] + fixes
                yield Problem("unused-input", "warning", call, message, fixes=tuple(fixes))
        elif not document.consumers[call] and document.calls[call]["inputs"]:
            yield dead_branch(view, call, needed)


def dead_branch(view: View, call: str, needed: set[str]) -> Problem:
    """Calls that lead to no output."""
    document = view.document
    branch = [call, *(c for c in document.upstream(call) if c not in needed and view.kind(c) not in INPUT_KINDS)]
    outputs = [*document.output_tensors, [call, 0]]
    label = f"Make {view.name(call)} an output"
    fixes = (Fix(label, set_outputs(document, outputs)), view.deleting(*branch, heal=False, label="Delete the branch"))
    message = f"{view.name(call)} leads to no output: the model ignores it."
    return Problem("dead-branch", "warning", call, message, blame=tuple(branch), fixes=fixes)


@rule
def ends(view: View) -> Iterator[Problem]:
    """The number of inputs and outputs differs from that of the data."""
    document, context = view.document, view.context
    inputs, outputs = document.input_calls, document.output_tensors
    if context.inputs and len(inputs) > len(context.inputs):
        message = f"The model has {len(inputs)} inputs, the data {len(context.inputs)}."
        extra = inputs[len(context.inputs) :]
        got = str(len(inputs))
        yield Problem(
            "input-count", "error", extra[0], message, None, str(len(context.inputs)), got, blame=tuple(extra)
        )
    if context.targets and len(outputs) > len(context.targets):
        main = max(outputs, key=lambda tensor: len(document.upstream(tensor[0])))
        fix = Fix(f"Make {view.name(main[0])} the only output", set_outputs(document, [main]))
        message = f"The model has {len(outputs)} outputs, the data {len(context.targets)} target."
        other = next(call for call, _ in outputs if call != main[0]) if len({c for c, _ in outputs}) > 1 else main[0]
        expected, got = str(len(context.targets)), str(len(outputs))
        blame = tuple(call for call, _ in outputs)
        fixes = (fix,) if len(context.targets) == 1 else ()
        yield Problem("output-count", "error", other, message, None, expected, got, "", blame, fixes)
