"""`keras.tree`: nested structures of values.

Nodes are dicts, lists, tuples, deques, named tuples, and classes registered with torch's pytree; all else is a leaf,
None too. Plain dicts and defaultdicts go by sorted keys, OrderedDicts by insertion: equal dicts flatten alike.
"""

import warnings
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from torch.utils import _pytree as pytree

from kerasviz.declare import Invalid
from kerasviz.tensors import is_shape

DICTS: set[type] = {dict, OrderedDict, defaultdict}
LISTS: set[type] = {list}  # layers add the lists and dicts that they watch
Path = tuple[Any, ...]


class MAP_TO_NONE:  # noqa: N801  # Keras's name
    """What a function gives `traverse` where the result shall be None: None itself means to look inside."""


class Node(NamedTuple):
    """A node of a tree, opened."""

    keys: list[Any]  # of its children: dict keys or positions
    values: list[Any]
    rebuild: Callable[[list[Any]], Any]  # an equal node around other children


def node_of(structure: Any) -> Node | None:
    """The node that `structure` is; None for a leaf."""
    kind = type(structure)
    if kind in LISTS:
        return Node(list(range(len(structure))), structure, list)
    if kind is tuple:
        return Node(list(range(len(structure))), list(structure), tuple)
    if kind in DICTS:
        return _dict_node(structure)
    if kind is deque:
        return Node(list(range(len(structure))), list(structure), lambda parts: deque(parts, structure.maxlen))
    if isinstance(structure, tuple):
        return _tuple_node(structure)
    if kind in pytree.SUPPORTED_NODES:
        values, context = pytree.SUPPORTED_NODES[kind].flatten_fn(structure)
        rebuild = pytree.SUPPORTED_NODES[kind].unflatten_fn
        return Node(list(range(len(values))), list(values), lambda parts: rebuild(parts, context))
    return None


def _dict_node(structure: Any) -> Node:
    ordered = isinstance(structure, OrderedDict)
    keys = list(structure) if ordered else _sorted(structure)

    def rebuild(parts: list[Any]) -> Any:
        by_key = dict(zip(keys, parts, strict=True))
        if isinstance(structure, defaultdict):
            return defaultdict(structure.default_factory, by_key)
        return OrderedDict(by_key) if ordered else by_key

    return Node(keys, [structure[key] for key in keys], rebuild)


def _sorted(structure: dict[Any, Any]) -> list[Any]:
    try:
        return sorted(structure)
    except TypeError as error:
        hint = "Use keys of one type, or an OrderedDict, which keeps its own order."
        raise Invalid("keras.tree", "dict keys that can be sorted", list(structure), hint) from error


def _tuple_node(structure: Any) -> Node | None:
    """Named tuples, shapes, and what torch returns from `max`: classes of tuples."""
    kind = type(structure)
    keys = list(range(len(structure)))
    if kind.__name__ == "Size":
        return Node(keys, list(structure), tuple)
    if hasattr(kind, "_fields"):
        return Node(keys, list(structure), lambda parts: kind(*parts))
    if hasattr(kind, "n_sequence_fields"):
        return Node(keys, list(structure), kind)
    return None


def is_nested(structure: Any) -> bool:
    """Whether it is a node: a dict, list, tuple..., empty ones too."""
    return node_of(structure) is not None


def flatten(structure: Any) -> list[Any]:
    """The leaves, depth first; dicts by sorted keys, OrderedDicts by insertion.

    Raises:
        Invalid: where the keys of a dict cannot be sorted.
    """
    return [leaf for _, leaf in _walk(structure, ())]


def flatten_with_path(structure: Any) -> list[tuple[Path, Any]]:
    """The leaves with the keys and positions that lead to each; () for a leaf alone.

    Raises:
        Invalid: where the keys of a dict cannot be sorted.
    """
    return list(_walk(structure, ()))


def _walk(structure: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    node = node_of(structure)
    if node is None:
        yield path, structure
        return
    for key, value in zip(node.keys, node.values, strict=True):
        yield from _walk(value, (*path, key))


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """The first structure with `func` of the leaves at each place.

    Args:
        func: takes as many values as there are structures.
        structures: the first one says where the leaves are; the others may go on below them.
        none_is_leaf: whether `func` is called for None; False leaves it None, which it must then be in all structures.

    Raises:
        Invalid: where there is no structure, or the others differ from the first.
    """
    _check_some(structures, "map_structure")

    def leaf(*values: Any) -> Any:
        if none_is_leaf or values[0] is not None:
            return func(*values)
        if any(value is not None for value in values):
            raise Invalid("tree.map_structure", "None in all structures, or in none", values)
        return None

    return _map(leaf, structures, (), "map_structure")


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """`shallow_structure` with `func` of what the structures have at each of its leaves, whole parts of them perhaps.

    Raises:
        Invalid: where there is no structure, or one differs above the leaves.
    """
    _check_some(structures, "map_structure_up_to")
    return _map(lambda _, *parts: func(*parts), (shallow_structure, *structures), (), "map_structure_up_to")


def _check_some(structures: tuple[Any, ...], name: str) -> None:
    if not structures:
        raise Invalid(f"tree.{name}", "at least one structure", "none")


def _map(func: Callable[..., Any], structures: tuple[Any, ...], path: Path, name: str) -> Any:
    first = node_of(structures[0])
    if first is None:
        return func(*structures)
    columns = [first.values, *(_children(first, structures[0], other, path, name) for other in structures[1:])]
    rows = zip(first.keys, zip(*columns, strict=True), strict=True)
    made = first.rebuild([_map(func, row, (*path, key), name) for key, row in rows])
    if type(made) in (dict, defaultdict):  # in the order in which it was written
        for key in structures[0]:
            made[key] = made.pop(key)
    return made


def _children(node: Node, structure: Any, other: Any, path: Path, name: str) -> list[Any]:
    """The children of `other` in the order of `node`, which they must match.

    Raises:
        Invalid: where class, keys or number differ.
    """
    where = f"tree.{name}, at {path or 'the top'}"
    if type(structure) in DICTS:
        if type(other) not in DICTS:
            raise Invalid(where, f"a {type(structure).__name__}", other)
        if set(other) != set(node.keys):
            raise Invalid(where, f"the keys {node.keys}", list(other))
        return [other[key] for key in node.keys]
    if type(other) is not type(structure) and not {type(other), type(structure)} <= LISTS:
        raise Invalid(where, f"a {type(structure).__name__}", other)
    found = node_of(other)
    values = [] if found is None else found.values
    if len(values) != len(node.values):
        raise Invalid(where, f"{len(node.values)} parts", f"{len(values)}")
    return values


def assert_same_structure(a: Any, b: Any, check_types: Any = None) -> None:
    """Nothing where both have the same nodes, keys and leaves; dicts of all classes count as the same.

    Args:
        check_types: had an effect in older versions of Keras; classes are always compared.

    Raises:
        Invalid: naming the first place where they differ.
    """
    if check_types is not None:
        hint = "" if check_types else " `assert_same_paths` takes lists, tuples and named tuples for the same."
        told = f"`check_types` no longer has any effect.{hint}"
        warnings.warn(told, DeprecationWarning, stacklevel=2)

    def compare(x: Any, y: Any, path: Path) -> None:
        node = node_of(x)
        if node is None:
            if is_nested(y):
                raise Invalid(f"tree.assert_same_structure, at {path or 'the top'}", "a leaf", y)
            return
        others = _children(node, x, y, path, "assert_same_structure")
        for key, one, other in zip(node.keys, node.values, others, strict=True):
            compare(one, other, (*path, key))

    compare(a, b, ())


def assert_same_paths(a: Any, b: Any) -> None:
    """Nothing where leaves have the same paths, whatever the classes of the nodes.

    Raises:
        Invalid: with the paths that only one of them has.
    """
    ours, theirs = {path for path, _ in _walk(a, ())}, {path for path, _ in _walk(b, ())}
    if ours != theirs:
        only = [sorted(paths, key=repr) for paths in (ours - theirs, theirs - ours)]
        raise Invalid("tree.assert_same_paths", f"`b` with the paths {only[0]}", only[1], "Other paths are the same.")


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """`structure` with the values of `flat_sequence` for its leaves, in the order of `flatten`.

    Raises:
        Invalid: where there are more or fewer values than leaves.
    """
    values = list(flat_sequence)
    count = len(flatten(structure))
    if len(values) != count:
        raise Invalid("tree.pack_sequence_as(flat_sequence=...)", f"{count} values", f"{len(values)}")
    return _packed(structure, iter(values))


def _packed(structure: Any, values: Iterator[Any]) -> Any:
    node = node_of(structure)
    return next(values) if node is None else node.rebuild([_packed(part, values) for part in node.values])


def lists_to_tuples(structure: Any) -> Any:
    """The structure with tuples for lists."""
    return traverse(lambda value: tuple(value) if type(value) is list else None, structure, top_down=False)


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """The structure with `func` of each shape: tuples and lists of sizes and None are leaves.

    Raises:
        Invalid: where the keys of a dict cannot be sorted.
    """
    node = None if is_shape(structure) else node_of(structure)
    return func(structure) if node is None else node.rebuild([map_shape_structure(func, part) for part in node.values])


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """The structure with `func` of every node and leaf, where that gives something else than None.

    Args:
        func: takes a node or leaf; None keeps it, and in `top_down` order looks inside; `MAP_TO_NONE` stands for None.
        structure: what to go through.
        top_down: whether a node comes before what is in it. What `func` puts in its place is then not gone through.
    """
    if top_down:
        made = func(structure)
        if made is not None:
            return None if made is MAP_TO_NONE else made
    node = node_of(structure)
    rebuilt = structure
    if node is not None:
        rebuilt = node.rebuild([traverse(func, part, top_down) for part in node.values])
    if not top_down:
        made = func(rebuilt)
        return rebuilt if made is None else None if made is MAP_TO_NONE else made
    return rebuilt


__all__ = [
    "MAP_TO_NONE",
    "assert_same_paths",
    "assert_same_structure",
    "flatten",
    "flatten_with_path",
    "is_nested",
    "lists_to_tuples",
    "map_shape_structure",
    "map_structure",
    "map_structure_up_to",
    "pack_sequence_as",
    "traverse",
]
