"""`keras.tree` walks, maps and packs as the reference does."""

from collections import OrderedDict, defaultdict, deque, namedtuple

import numpy as np
import pytest

from kerasviz import tree

from .comparing import assert_close

Point = namedtuple("Point", "x y")
NESTS = {
    "leaf": 3,
    "none": None,
    "list": [1, [2, None], ()],
    "tuple": (1, (2, [3])),
    "dict": {"b": [2, None], "a": (1, Point(3, 4))},
    "ordered": OrderedDict(b=2, a=[1]),
    "default": defaultdict(list, b=2, a=1),
    "deque": deque([1, [2]]),
    "array": [np.arange(3.0), {"k": np.ones((2, 1))}],
    "empty": {},
}


def visited(library, structure, top_down):
    """What `traverse` shows to its function, as text."""
    seen = []
    library.traverse(lambda x: seen.append(str(x) if library.is_nested(x) else x), structure, top_down)
    return [value if not isinstance(value, str) else len(value) for value in seen]


def up_to(library, shallow, *structures):
    return library.map_structure_up_to(shallow, lambda *x: list(x), *structures)


CASES = {
    "flatten": lambda t, x: t.flatten(x),
    "flatten_with_path": lambda t, x: [[list(path), leaf] for path, leaf in t.flatten_with_path(x)],
    "is_nested": lambda t, x: t.is_nested(x),
    "map_one": lambda t, x: t.map_structure(lambda v: [v, 0], x),
    "map_two": lambda t, x: t.map_structure(lambda v, w: [v, w], x, x),
    "map_not_none": lambda t, x: t.map_structure(lambda v: v + v, x, none_is_leaf=False),
    "pack": lambda t, x: t.pack_sequence_as(x, list(range(len(t.flatten(x))))),
    "tuples": lambda t, x: str(t.lists_to_tuples(x)) if not has_arrays(x) else 0,
    "top_down": lambda t, x: visited(t, x, True) if not has_arrays(x) else 0,
    "bottom_up": lambda t, x: visited(t, x, False) if not has_arrays(x) else 0,
    "same_structure": lambda t, x: t.assert_same_structure(x, x),
    "same_paths": lambda t, x: t.assert_same_paths(x, x),
}


def has_arrays(structure):
    return isinstance(structure, list) and any(isinstance(part, np.ndarray) for part in structure)


def answer(library, case, nest):
    made = CASES[case](library, NESTS[nest])
    return list(made) if isinstance(made, deque) else made  # a record holds lists


@pytest.mark.parametrize("nest", NESTS)
@pytest.mark.parametrize("case", CASES)
def test_structures_are_walked_as_in_the_reference(reference, case, nest):
    expected = reference(lambda keras: answer(keras.tree, case, nest))
    assert_close(answer(tree, case, nest), expected)


CALLS = {
    "by_key": lambda t: t.map_structure(lambda a, b: [a, b], OrderedDict(b=1, a=2), {"a": 3, "b": 4}),
    "deeper_second": lambda t: t.map_structure(lambda a, b: [a, b], [1, None], [[3], (2,)]),
    "up_to_list": lambda t: up_to(t, [None, None], [[1, 2], {"a": 3}]),
    "up_to_dict": lambda t: up_to(t, {"a": 0, "b": (0, 0)}, {"a": [1], "b": (2, 3)}, {"a": 4, "b": (5, [6])}),
    "up_to_none": lambda t: up_to(t, (None, 1), ([3], 2)),
    "up_to_leaf": lambda t: up_to(t, 1, [1, 2]),
    "dict_is_ordered": lambda t: t.assert_same_structure({"a": 1, "b": 2}, OrderedDict(b=2, a=1)),
    "paths_of_classes": lambda t: t.assert_same_paths({"a": [1]}, OrderedDict(a=(2,))),
    "shapes": lambda t: t.map_shape_structure(lambda s: len(s), {"a": (1, None, 2), "b": [(3,), [4, 5]], "c": ()}),
    "shape_or_none": lambda t: t.map_shape_structure(lambda s: s, [None, (2, 3)]),
    "one_shape": lambda t: t.map_shape_structure(lambda s: [s], (None, 2, 3)),
    "replace_top_down": lambda t: t.traverse(lambda x: tuple(x) if isinstance(x, list) else None, [[1], 2]),
    "replace_bottom_up": lambda t: t.traverse(lambda x: tuple(x) if isinstance(x, list) else None, [[1], 2], False),
    "to_none": lambda t: t.traverse(lambda x: t.MAP_TO_NONE if x == 2 else None, [[1], 2]),
    "node_to_none": lambda t: t.traverse(lambda x: t.MAP_TO_NONE if isinstance(x, tuple) else None, [(1,), 2]),
    "order_of_keys": lambda t: list(t.map_structure(lambda x: x, {"b": 2, "a": 1})),
}


@pytest.mark.parametrize("case", CALLS)
def test_calls_give_what_the_reference_gives(reference, case):
    assert_close(CALLS[case](tree), reference(lambda keras: CALLS[case](keras.tree)))
