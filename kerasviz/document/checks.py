"""Checks of JSON from anywhere: each gives the value back, or says where it is wrong."""

from collections.abc import Callable, Iterator
from typing import Any

from kerasviz.declare import Invalid

Json = dict[str, Any]
Tensor = list[Any]  # [call id, index of its output]


def checked(where: str, value: Any, kind: type | tuple[type, ...], words: str) -> Any:
    """The value, if it is of the kind."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Invalid(where, words, value)
    return value


def by_id(where: str, items: Any, check: Callable[[str, Any], Json]) -> dict[str, Json]:
    """The items by their ids, each checked."""
    table: dict[str, Json] = {}
    for index, item in enumerate(checked(where, items, list, "a list of objects")):
        item = check(f"{where}[{index}]", item)
        if item["id"] in table:
            raise Invalid(f"{where}[{index}].id", "an id that no other has", item["id"])
        table[item["id"]] = item
    return table


def check_id(where: str, value: Any) -> str:
    """A non-empty string without control characters."""
    if not isinstance(value, str) or not value or len(value) > 200 or not value.isprintable():
        raise Invalid(where, "a text of 1 to 200 printable characters", value)
    return value


def check_layer(where: str, layer: Any) -> Json:
    """A layer's data, if it is one."""
    checked(where, layer, dict, 'an object with "id", "kind" and "args"')
    check_id(f"{where}.id", layer.get("id"))
    check_id(f"{where}.kind", layer.get("kind"))
    if layer.get("name") is not None:
        checked(f"{where}.name", layer["name"], str, "a text")
    args = checked(f"{where}.args", layer.get("args", {}), dict, "an object")
    for name in args:
        checked(f"{where}.args", name, str, "texts as keys")
    return layer if "args" in layer else {**layer, "args": {}}


def check_call(where: str, call: Any) -> Json:
    """A call's data, if it is one."""
    checked(where, call, dict, 'an object with "id", "layer" and "inputs"')
    check_id(f"{where}.id", call.get("id"))
    check_id(f"{where}.layer", call.get("layer"))
    inputs = checked(f"{where}.inputs", call.get("inputs", []), list, "a list of [call, output index]")
    for index, tensor in enumerate(inputs):
        check_tensor(f"{where}.inputs[{index}]", tensor)
    checked(f"{where}.kwargs", call.get("kwargs", {}), dict, "an object")
    return call if "inputs" in call else {**call, "inputs": []}


def check_tensor(where: str, tensor: Any) -> Tensor:
    """[call id, output index], if it is that."""
    whole = isinstance(tensor, (list, tuple)) and len(tensor) == 2 and type(tensor[1]) is int and tensor[1] >= 0
    if not whole or not isinstance(tensor[0], str):
        raise Invalid(where, "[call, output index]", tensor)
    return list(tensor)


def check_outputs(where: str, outputs: Any) -> list[Tensor] | None:
    """None, or a list of tensors."""
    if outputs is None:
        return None
    items = checked(where, outputs, list, "null or a list of [call, output index]")
    return [check_tensor(f"{where}[{index}]", tensor) for index, tensor in enumerate(items)]


def check_positions(where: str, positions: Any) -> dict[str, list[float]]:
    """Places on the canvas, if they are pairs of finite numbers."""
    checked(where, positions, dict, "an object of call id: [x, y]")
    return {call: check_position(f"{where}.{call}", place) for call, place in positions.items()}


def check_position(where: str, place: Any) -> list[float]:
    """[x, y], if it is that."""
    pair = isinstance(place, (list, tuple)) and len(place) == 2
    if not pair or not all(type(n) in (int, float) and abs(n) < 1e9 for n in place):
        raise Invalid(where, "[x, y]", place)
    return list(place)


def check_plain(where: str, value: Any, depth: int = 0) -> None:
    """Only what JSON can say, not too deep."""
    if depth > 60:
        raise Invalid(where, "at most 60 levels of nesting", "more")
    for key, part in nested(where, value):
        check_plain(key, part, depth + 1)


def nested(where: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The parts of a JSON value with their paths."""
    if isinstance(value, dict):
        yield from ((f"{where}.{key}", part) for key, part in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((f"{where}[{index}]", part) for index, part in enumerate(value))
    elif not isinstance(value, (str, int, float, bool, type(None))):
        raise Invalid(where, "a JSON value", value)
