"""Tables of calls of operations: over dtypes, over arguments, and on symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from kerasviz import KerasTensor, ops

from .op_cases import FLOATS, WHOLE, answers, assert_answers, drawn, gradients, shape_and_dtype

DTYPES = (*WHOLE, *FLOATS)
Call = Callable[[Any, Any], Any]


def over_dtypes(call: Call, shape: tuple[int, ...] = (3, 4)) -> list[tuple[str, Callable[[Any], Any]]]:
    """The call on numbers of every dtype, none negative."""

    def of(dtype: str) -> Callable[[Any], Any]:
        x = drawn(dtype, shape, 0, 3)
        return lambda ops: call(ops, x)

    return [(dtype, of(dtype)) for dtype in DTYPES]


def labelled(calls: dict[str, Call], x: Any) -> list[tuple[str, Callable[[Any], Any]]]:
    """The calls of a table on one tensor; integers of it where a label begins with int32."""

    def of(label: str, call: Call) -> Callable[[Any], Any]:
        given = x.int() if label.startswith("int32") else x
        return lambda ops: call(ops, given)

    return [(label, of(label, call)) for label, call in calls.items()]


def assert_equal(reference: Any, calls: list[tuple[str, Callable[[Any], Any]]], more: Iterable[str] = ()) -> None:
    """Each call gives what the oracle gives; those in `more` work with us only."""
    expected = reference(lambda keras: answers(calls, keras.ops))
    assert_answers(answers(calls, ops), expected, more=set(more))


def assert_gradients_equal(reference: Any, call: Call, *inputs: Any) -> None:
    """The gradients of the call are those of the oracle's."""
    calls = [("float32", lambda ops: gradients(lambda *xs: call(ops, *xs), *inputs))]
    expected = reference(lambda keras: answers(calls, keras.ops))
    assert not isinstance(expected["float32"], str), "the oracle refuses"
    assert_answers(answers(calls, ops), expected)


def described(value: Any) -> Any:
    """Shapes and dtypes of symbols in lists."""
    return [described(part) for part in value] if isinstance(value, (list, tuple)) else shape_and_dtype(value)


def assert_symbols_equal(reference: Any, calls: dict[str, Call]) -> None:
    """Calls on symbols give symbols of the oracle's shapes and dtypes."""
    expected = reference(
        lambda keras: {label: described(call(keras.ops, keras.KerasTensor)) for label, call in calls.items()}
    )
    ours = {label: described(call(ops, KerasTensor)) for label, call in calls.items()}
    wrong = {label: (ours[label], symbol) for label, symbol in expected.items() if ours[label] != symbol}
    assert not wrong
