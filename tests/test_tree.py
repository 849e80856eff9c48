from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest
import torch
from torch.utils import _pytree as pytree

import kerasviz
from kerasviz import Invalid, tree

Point = namedtuple("Point", "x y")


def test_a_named_tuple_keeps_its_class():
    packed = tree.pack_sequence_as({"b": 0, "a": Point(0, (0,))}, [1, 2, 3])
    assert packed == {"a": Point(1, (2,)), "b": 3}
    assert type(packed["a"]) is Point


@pytest.mark.parametrize("structure", [OrderedDict(b=1, a=2), defaultdict(list, b=1, a=2), deque([1, 2], maxlen=3)])
def test_classes_of_nodes_are_kept(structure):
    mapped = tree.map_structure(lambda x: x + 1, structure)
    assert type(mapped) is type(structure)
    assert tree.flatten(mapped) == [x + 1 for x in tree.flatten(structure)]


def test_what_a_deque_and_a_defaultdict_know_is_kept():
    assert tree.map_structure(str, deque([1], maxlen=3)).maxlen == 3
    assert tree.map_structure(str, defaultdict(list, a=1)).default_factory is list


def test_keys_that_cannot_be_sorted_are_named():
    with pytest.raises(Invalid, match="OrderedDict"):
        tree.flatten({1: 0, "a": 0})


class Pair:
    def __init__(self, first, second):
        self.first, self.second = first, second


def test_classes_registered_with_torch_are_nodes():
    pytree.register_pytree_node(Pair, lambda p: ([p.first, p.second], None), lambda parts, _: Pair(*parts))
    try:
        assert tree.flatten_with_path({"p": Pair(1, [2])}) == [(("p", 0), 1), (("p", 1, 0), 2)]
        assert tree.map_structure(lambda x: x * 2, Pair(1, [2])).second == [4]
    finally:
        pytree._deregister_pytree_node(Pair)


def test_a_list_of_layers_is_a_node():
    layer = kerasviz.Layer()
    layer.parts = [kerasviz.layers.Dense(1), kerasviz.layers.Dense(2)]
    assert tree.flatten(layer.parts) == list(layer.parts)
    tree.assert_same_structure(layer.parts, [0, 0])


def test_a_subclass_of_list_is_a_leaf():
    special = type("Special", (list,), {})([1, 2])
    assert not tree.is_nested(special)
    assert tree.flatten(special)[0] is special


def test_what_torch_returns_is_a_node():
    made = tree.map_structure(lambda x: x + 1, torch.max(torch.ones(2, 2), 0))
    assert made.values.tolist() == [2, 2]


def test_classes_that_differ_are_named_with_their_place():
    with pytest.raises(Invalid, match=r"at \('a', 1\): expected a tuple"):
        tree.assert_same_structure({"a": [0, (1,)]}, {"a": [0, [1]]})


def test_old_check_types_warns():
    with pytest.warns(DeprecationWarning, match="assert_same_paths"):
        tree.assert_same_structure([1], [2], check_types=False)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: tree.map_structure(lambda: 0),
        lambda: tree.map_structure_up_to([1], lambda: 0),
        lambda: tree.map_structure(max, [1], [1, 2]),
        lambda: tree.map_structure(max, {"a": 1}, {"b": 1}),
        lambda: tree.map_structure(lambda *x: x, [None, 1], [1, 2], none_is_leaf=False),
        lambda: tree.map_structure_up_to([(1, 2)], lambda x: x, [[1, 2]]),
        lambda: tree.assert_same_structure([1], [[1]]),
        lambda: tree.assert_same_structure(Point(1, 2), (1, 2)),
        lambda: tree.assert_same_paths({"a": [1]}, {"a": 1}),
        lambda: tree.pack_sequence_as([0, 0], [1]),
        lambda: tree.pack_sequence_as([0, 0], [1, 2, 3]),
    ],
)
def test_structures_that_do_not_match_are_refused(wrong):
    with pytest.raises(Invalid):
        wrong()


def test_traverse_puts_none_where_asked():
    assert tree.traverse(lambda x: tree.MAP_TO_NONE if x == 2 else None, [[1], 2]) == [[1], None]


def test_traverse_does_not_look_into_what_it_put():
    assert tree.traverse(lambda x: (9, 9) if x == [1] else x + 1 if isinstance(x, int) else None, [[1], 2]) == [
        (9, 9),
        3,
    ]
