"""Patches, their inverses, and the log of them."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kerasviz.declare import Invalid
from kerasviz.document.clipboard import copied, paste
from kerasviz.document.document import to_data, write
from kerasviz.document.edits import add, delete, move, rename, run, set_args, wire
from kerasviz.document.history import History
from kerasviz.document.patch import Draft, apply
from tests.document.random_documents import documents

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def some_patch(data, document):
    """A random change."""
    call = data.draw(st.sampled_from(list(document.calls)))
    choice = data.draw(st.integers(0, 7))
    if choice == 0:
        return delete(document, [call], heal=data.draw(st.booleans()))
    if choice == 1:
        return add(document, "Dense", {"units": 3}, after=call)
    if choice == 2:
        return rename(document, call, data.draw(st.sampled_from(["a", "b", ""])))
    if choice == 3:
        return move(document, {call: [8, 16]})
    if choice == 4:
        return paste(document, copied(document, list(document.calls)[:3]))
    if choice == 5:
        return run(document, "arrange")
    if choice == 6:
        return run(document, "group", calls=[call])
    return run(document, "replace_kind", call=call, kind="Dropout", args={"rate": 0.1})


@QUICK
@given(documents(), st.data())
def test_the_inverse_takes_any_change_back_exactly(document, data):
    change = some_patch(data, document)
    after, inverse = apply(document, change)
    before, again = apply(after, inverse)
    assert write(before) == write(document)
    assert to_data(apply(before, again)[0]) == to_data(after)


@QUICK
@given(documents(), st.data())
def test_undoing_everything_leads_back_and_redoing_everything_leads_on(document, data):
    history = History(document, clock=lambda: 0.0)
    for _ in range(data.draw(st.integers(1, 6))):
        if history.document.calls:
            history.do(some_patch(data, history.document))
    end = write(history.document)
    while history.undo():
        pass
    assert write(history.document) == write(document)
    while history.redo():
        pass
    assert write(history.document) == end


def test_a_refused_patch_changes_nothing(drawn):
    history = History(drawn("in 8 > dense 4"))
    before = write(history.document)
    bad = {"set": {"calls": {"dense": {"id": "dense", "layer": "nowhere", "inputs": []}}}, "label": ""}
    with pytest.raises(Invalid):
        history.do(bad)
    assert write(history.document) == before
    assert history.can_undo is None


@pytest.mark.parametrize(
    "bad",
    [
        None,
        {"label": ""},
        {"set": {"nonsense": 1}, "label": ""},
        {"set": {"layers": {"a": {"id": "b", "kind": "Dense", "args": {}}}}, "label": ""},
        {"set": {"positions": {"a": [1]}}, "label": ""},
        {"set": {"layers": {"dense": None}}, "label": ""},
        {"set": {"calls": {"dense": None}}, "label": ""},
        {"set": {"inputs": ["nowhere"]}, "label": ""},
        {"set": {"order": {"calls": {"dense": "first"}}}, "label": ""},
    ],
)
def test_patches_that_are_none_are_refused(drawn, bad):
    with pytest.raises(Invalid):
        apply(drawn("in 8 > dense 4 > dense 2"), bad)


def test_a_cycle_is_refused(drawn):
    document = drawn("in 8 > dense 4 > dense 8")
    with pytest.raises(Invalid, match="cycle"):
        wire(document, "dense_1", "dense")
    data = {**document.calls["dense"], "inputs": [["dense_1", 0]]}
    with pytest.raises(Invalid, match="cycles"):
        apply(document, {"set": {"calls": {"dense": data}}, "label": ""})


def test_typing_in_one_field_undoes_as_one_step(drawn):
    seconds = iter([0.0, 0.1, 0.2, 5.0])
    history = History(drawn("in 8 > dense 4"), clock=lambda: next(seconds))
    for units in (6, 64, 640):
        history.do(set_args(history.document, "dense", {"units": units}))
    history.do(set_args(history.document, "dense", {"units": 7}))
    history.undo()
    assert history.document.layers["dense"]["args"]["units"] == 640
    history.undo()
    assert history.document.layers["dense"]["args"]["units"] == 4


def test_a_thousand_steps_can_be_undone(drawn):
    history = History(drawn("in 8 > dense 4"))
    for units in range(5, 1005):
        history.do({**set_args(history.document, "dense", {"units": units}), "coalesce": ""})
    count = 0
    while history.undo():
        count += 1
    assert count == 1000
    assert history.document.layers["dense"]["args"]["units"] == 4


def test_a_new_change_forgets_what_was_undone(drawn):
    history = History(drawn("in 8 > dense 4"))
    history.do(rename(history.document, "dense", "a"))
    history.undo()
    assert history.can_redo == "Rename dense"
    history.do(rename(history.document, "dense", "b"))
    assert history.can_redo is None


def test_a_draft_is_one_patch(drawn):
    document = drawn("in 8 > dense 4")
    draft = Draft(document)
    draft.do(add(draft.document, "Dense", {"units": 2}, after="dense"))
    draft.do(rename(draft.document, "dense_1", "head"))
    after, inverse = apply(document, draft.patch("Add a head"))
    assert after.name_of("dense_1") == "head"
    assert apply(after, inverse)[0] == document
