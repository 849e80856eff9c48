"""What each command does to a document."""

import pytest
from hypothesis import HealthCheck, given, settings

from kerasviz.declare import Invalid
from kerasviz.document.clipboard import copied, from_text, to_text
from kerasviz.document.document import Document, check_references
from kerasviz.document.edits import COMMANDS, run
from kerasviz.document.layout import layout
from kerasviz.document.patch import apply
from kerasviz.document.placing import overlaps
from tests.document.random_documents import documents


def do(document, name, **arguments):
    return apply(document, run(document, name, **arguments))[0]


def test_adding_wires_places_and_names(drawn):
    document = do(drawn("in 8 > dense 4"), "add", kind="Dense", args={"units": 2}, after="dense")
    assert document.calls["dense_1"]["inputs"] == [["dense", 0]]
    assert document.positions["dense_1"][1] > document.positions["dense"][1]


def test_inserting_on_a_wire_keeps_both_ends_and_makes_room(drawn):
    before = drawn("in 8 > dense 4 > dense 2")
    document = do(before, "insert", kind="Dropout", args={"rate": 0.5}, target="dense_1")
    assert document.calls["dense_1"]["inputs"] == [["dropout", 0]]
    assert document.calls["dropout"]["inputs"] == [["dense", 0]]
    assert document.positions["dropout"] == before.positions["dense_1"]
    assert document.positions["dense_1"][1] > before.positions["dense_1"][1]
    assert document.positions["dense"] == before.positions["dense"]


def test_deleting_heals_the_chain(drawn):
    document = do(drawn("in 8 > dense 4 > dropout 0.5 > dense 2"), "delete", calls=["dropout"])
    assert document.calls["dense_1"]["inputs"] == [["dense", 0]]
    assert "dropout" not in document.layers


def test_deleting_a_run_heals_over_all_of_it(drawn):
    document = do(drawn("in 8 > dense 4 > dropout 0.5 > dense 2"), "delete", calls=["dense", "dropout"])
    assert document.calls["dense_1"]["inputs"] == [["input", 0]]


def test_deleting_without_healing_leaves_a_gap(drawn):
    document = do(drawn("in 8 > dense 4 > dense 2"), "delete", calls=["dense"], heal=False)
    assert document.calls["dense_1"]["inputs"] == []


def test_deleting_an_output_moves_it_back(drawn):
    document = do(drawn("in 8 > dense 4 > dense 2"), "set_outputs", outputs=["dense_1"])
    assert do(document, "delete", calls=["dense_1"]).outputs == [["dense", 0]]


def test_a_shared_layer_stays_while_a_call_is_left(drawn):
    document = do(drawn("in 8 > dense 8"), "share", call="dense", after="dense")
    assert document.calls["dense#2"] == {"id": "dense#2", "layer": "dense", "inputs": [["dense", 0]]}
    assert document.name_of("dense#2") == "dense#2"
    document = do(document, "delete", calls=["dense"])
    assert "dense" in document.layers
    assert document.calls["dense#2"]["inputs"] == [["input", 0]]


def test_a_value_that_is_the_default_is_not_kept(drawn):
    document = do(drawn("in 8 > dense 4 relu"), "set_args", calls="dense", args={"activation": None, "use_bias": True})
    assert document.layers["dense"]["args"] == {"units": 4}


def test_several_layers_are_set_at_once(drawn):
    document = do(drawn("in 8 > dense 4 > dense 5"), "set_args", calls=["dense", "dense_1"], args={"units": 9})
    assert [layer["args"].get("units") for layer in document.layers.values()] == [None, 9, 9]


def test_replacing_keeps_wires_and_what_both_kinds_have(drawn):
    document = do(drawn("in 28 28 1 > conv 32 3 relu same"), "replace_kind", call="conv2d", kind="Dense")
    assert document.layers["conv2d"] == {"id": "conv2d", "kind": "Dense", "args": {"units": 32, "activation": "relu"}}
    document = do(document, "replace_kind", call="conv2d", kind="SeparableConv2D", args={"kernel_size": 3})
    assert document.layers["conv2d"]["args"] == {"filters": 32, "kernel_size": 3, "activation": "relu"}


def test_a_wire_to_a_full_layer_replaces_the_last_one(drawn):
    document = do(drawn("in 8 > dense 4"), "add", kind="Input", args={"shape": [8]})
    assert do(document, "wire", source="input_1", target="dense").calls["dense"]["inputs"] == [["input_1", 0]]


def test_an_input_takes_no_wire(drawn):
    document = do(drawn("in 8 > dense 4"), "add", kind="Input", args={"shape": [8]})
    with pytest.raises(Invalid):
        run(document, "wire", source="dense", target="input_1")


def test_paste_keeps_inner_wires_and_gives_new_names(drawn):
    document = drawn("in 8 > dense 4 relu > dense 2")
    clip = from_text(to_text(copied(document, ["dense", "dense_1"])))
    pasted = do(document, "paste", clip=clip, after="dense_1")
    assert pasted.calls["dense_3"]["inputs"] == [["dense_2", 0]]
    assert pasted.calls["dense_2"]["inputs"] == [["dense_1", 0]]
    assert not any(
        overlaps(pasted.positions[a], pasted.positions[b]) for a in ("dense_2", "dense_3") for b in document.calls
    )


def test_duplicate_can_keep_what_comes_in(drawn):
    document = do(drawn("in 8 > dense 4"), "duplicate", calls=["dense"], keep_incoming=True)
    assert document.calls["dense_1"]["inputs"] == [["input", 0]]


def test_text_that_holds_no_layers_cannot_be_pasted(drawn):
    for text in ("hello", "{}", '{"kerasviz": 1}', '{"kerasviz": 1, "layers": [], "calls": [{"id": "a"}]}'):
        with pytest.raises(Invalid):
            run(drawn("in 8"), "paste", clip=text)


def test_append_takes_over_what_followed(drawn):
    document = do(drawn("in 8 > dense 4 > dense 2"), "append", kind="Rescaling", args={"scale": 2.0}, after="input")
    assert document.calls["dense"]["inputs"] == [["rescaling", 0]]


def test_clear_is_one_undoable_step(drawn):
    before = drawn("in 8 > dense 4 > dense 2")
    after, inverse = apply(before, run(before, "clear"))
    assert not after.calls
    assert not after.layers
    assert apply(after, inverse)[0] == before


def test_unknown_commands_and_calls_have_near_misses(drawn):
    with pytest.raises(Invalid, match="rename"):
        run(Document(), "renam")
    with pytest.raises(Invalid, match="dense"):
        run(drawn("in 8 > dense 4"), "rename", call="dens", name="a")


def test_the_registry_has_every_command():
    run(Document(), "clear")
    names = "add append arrange clear delete duplicate group insert move paste rename replace_kind reset_args set_args"
    names += " set_inputs set_outputs set_variables share ungroup unwire wire"
    assert set(names.split()) == set(COMMANDS)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents())
def test_arranged_nodes_do_not_overlap_and_flow_downwards(document):
    places = layout(document)
    calls = list(places)
    assert len(calls) == len(document.calls)
    assert not any(overlaps(places[a], places[b]) for i, a in enumerate(calls) for b in calls[:i])
    assert all(places[source][1] < places[call][1] for call in calls for source in document.sources(call))
    assert all(n % 8 == 0 and n >= 0 for place in places.values() for n in place)
    check_references(document)


def test_a_wire_to_self_attention_is_what_it_looks_at_from_then_on():
    document = Document()
    for kind, args, after in (
        ("Input", {"shape": [4, 6]}, []),
        ("Input", {"shape": [5, 6]}, []),
        ("Attention", {}, ["input", "input"]),
    ):
        document, _ = apply(document, run(document, "add", kind=kind, args=args, after=after))
    document, _ = apply(document, run(document, "wire", source="input_1", target="attention"))
    assert document.calls["attention"]["inputs"] == [["input", 0], ["input_1", 0]]
    document, _ = apply(document, run(document, "wire", source="input", target="attention"))
    assert document.calls["attention"]["inputs"] == [["input", 0], ["input_1", 0], ["input", 0]]
