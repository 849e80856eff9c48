"""Whatever JSON comes: an `Invalid` with its path, or a document that is analysed without an exception."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kerasviz.declare import Invalid
from kerasviz.document.document import from_data, to_data
from kerasviz.document.facts import Context, Facts
from kerasviz.document.inference import infer
from kerasviz.document.kinds import kind_names, layer_class
from kerasviz.document.patch import apply
from kerasviz.document.problems import find_problems
from kerasviz.document.quick_plan import completions, plan
from kerasviz.document.source import source
from tests.document.random_documents import documents

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
SCALARS = st.none() | st.booleans() | st.integers(-3, 70000) | st.floats(allow_nan=False) | st.text(max_size=6)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
KINDS = [*kind_names(), "Input", "Functional", "Sequential", "ops.add", "ops.os", "Nonsense"]
WORDS = st.sampled_from(
    ["relu", "same", "he_normal", [3, 3], 3, 0, [None, 4], [4], 0.5, "float32", {"class_name": "Dense"}]
)


@st.composite
def strange_documents(draw):
    """Layers of any kind with any arguments, wired in any way that has no cycle."""
    layers, calls = [], []
    for index in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from(KINDS))
        names = list(getattr(layer_class(kind), "args", {})) or ["shape", "dtype", "document", "batch_shape"]
        chosen = draw(st.lists(st.sampled_from(names), max_size=4, unique=True))
        args = {name: draw(WORDS | JSON) for name in chosen}
        layers.append(
            {"id": f"l{index}", "kind": kind, "args": args, "name": draw(st.sampled_from([None, "a", "b/c", ""]))}
        )
        inputs = draw(st.lists(st.tuples(st.integers(0, index), st.integers(0, 2)), max_size=3)) if index else []
        wires = [[f"l{min(source, index - 1)}", output] for source, output in inputs]
        calls.append({"id": f"l{index}", "layer": f"l{index}", "inputs": wires})
    return {"version": 1, "layers": layers, "calls": calls}


CONTEXT = Context(
    [Facts((28, 28), "uint8", 0, 255, True, samples=33)],
    [Facts((), "int64", 0, 9, True, samples=33, counts=(3,) * 11)],
    {"loss": {"kind": "SparseCategoricalCrossentropy", "args": {}}, "batch_size": 32, "metrics": []},
    [{"id": "a", "kind": "EarlyStopping", "enabled": True, "args": {"monitor": "val_acc"}}],
)


@QUICK
@given(strange_documents())
def test_strange_documents_have_problems_and_no_exceptions(data):
    document = from_data(data)
    known = infer(document)
    assert set(known) == set(document.calls)
    for context in (None, CONTEXT):
        for problem in find_problems(document, known, context):
            for fix in problem.fixes:
                if fix.patch is not None:
                    apply(document, fix.patch)


@QUICK
@given(strange_documents())
def test_every_call_that_fails_is_told_about(data):
    document = from_data(data)
    known = infer(document)
    told = {call for p in find_problems(document, known) for call in (p.call, *p.blame)}
    assert {call for call, found in known.items() if found.error is not None} <= told


@QUICK
@given(strange_documents())
def test_strange_documents_give_code_or_an_error_that_says_why(data):
    try:
        code = source(from_data(data), "functional")
    except Invalid:
        return
    compile(code, "model.py", "exec")


@QUICK
@given(JSON | st.dictionaries(st.sampled_from(["version", "layers", "calls", "inputs", "outputs"]), JSON | st.just(1)))
def test_any_json_is_a_document_or_refused_with_its_path(data):
    where = "document"
    try:
        document = from_data(data)
    except Invalid as error:
        where = error.where
    else:
        assert from_data(to_data(document)) == document
    assert where


@QUICK
@given(
    documents(size=3),
    st.dictionaries(st.sampled_from(["layers", "calls", "positions", "inputs", "outputs", "order"]), JSON),
)
def test_any_json_is_a_patch_or_refused_and_changes_nothing(document, changes):
    before = to_data(document)
    try:
        after, inverse = apply(document, {"set": changes, "label": ""})
    except Invalid:
        pass
    else:
        assert to_data(apply(after, inverse)[0]) == before
    assert to_data(document) == before


@QUICK
@given(st.text(alphabet="conv dense 10 3x3 > @a relu = ( ) x2 , . - in", max_size=40))
def test_any_text_is_layers_or_a_mistake_with_its_place(text):
    made = plan(from_data({"version": 1}), text)
    if made.error is not None:
        assert 0 <= made.error.start <= made.error.end <= len(text)
    completions(text)
