"""The JSON form: what is kept, and what is refused."""

import json

import pytest

from kerasviz.declare import Invalid
from kerasviz.document.document import Document, from_data, read, to_data, write


def test_a_project_file_gives_the_document_back(drawn):
    document = drawn("in 28 28 1 > conv 8 3 relu > flatten > dense 10")
    assert read(write(document)) == document


def test_writing_is_deterministic_and_has_a_line_for_each_layer(drawn):
    document = drawn("in 8 > dense 4 relu > dense 2")
    text = write(document)
    assert text == write(read(text))
    assert sum('"kind"' in line for line in text.splitlines()) == 3


def test_keys_that_are_not_known_are_kept():
    data = {**to_data(Document()), "author": "me"}
    data["layers"] = [{"id": "a", "kind": "Dense", "args": {"units": 1}, "note": "wide"}]
    document = from_data(data)
    assert to_data(document)["author"] == "me"
    assert to_data(document)["layers"][0]["note"] == "wide"


LAYER = {"id": "a", "kind": "Dense", "args": {}}
CALL = {"id": "a", "layer": "a", "inputs": []}
BROKEN = [
    (None, "document"),
    ({}, "document.version"),
    ({"version": 2}, "document.version"),
    ({"version": "1"}, "document.version"),
    ({"version": 1, "layers": {}}, "document.layers"),
    ({"version": 1, "layers": [3]}, "document.layers[0]"),
    ({"version": 1, "layers": [{"kind": "Dense"}]}, "document.layers[0].id"),
    ({"version": 1, "layers": [{"id": "a"}]}, "document.layers[0].kind"),
    ({"version": 1, "layers": [{"id": "a\n", "kind": "Dense"}]}, "document.layers[0].id"),
    ({"version": 1, "layers": [{**LAYER, "args": []}]}, "document.layers[0].args"),
    ({"version": 1, "layers": [LAYER, LAYER]}, "document.layers[1].id"),
    ({"version": 1, "layers": [LAYER], "calls": [{**CALL, "layer": "b"}]}, "call a: layer"),
    ({"version": 1, "layers": [LAYER], "calls": [{**CALL, "inputs": [["b", 0]]}]}, "call a: inputs"),
    ({"version": 1, "layers": [LAYER], "calls": [{**CALL, "inputs": [["a", -1]]}]}, "document.calls[0].inputs[0]"),
    ({"version": 1, "layers": [LAYER], "calls": [{**CALL, "inputs": [["a", 0]]}]}, "document.calls"),
    ({"version": 1, "inputs": ["x"]}, "document.inputs"),
    ({"version": 1, "outputs": [["x", 0]]}, "document.outputs"),
    ({"version": 1, "variables": {"a": {1, 2}}}, "document.variables.a"),
]


@pytest.mark.parametrize(("data", "where"), BROKEN, ids=[str(i) for i in range(len(BROKEN))])
def test_broken_data_is_refused_with_its_path(data, where):
    with pytest.raises(Invalid) as caught:
        from_data(data)
    assert caught.value.where == where


def test_text_that_is_no_json_is_refused_with_its_line():
    with pytest.raises(Invalid, match="document, line 2"):
        read('{"version": 1,\n nonsense')


def test_nesting_without_end_is_refused():
    with pytest.raises(Invalid, match="60 levels"):
        from_data({"version": 1, "variables": {"a": json.loads("[" * 100 + "]" * 100)}})


def test_a_document_of_a_later_version_says_to_update():
    with pytest.raises(Invalid) as caught:
        from_data({"version": 99})
    assert "update" in caught.value.hint
