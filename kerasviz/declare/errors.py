"""The error of a value that does not fit: in four parts, for a person and for a form field alike."""

from collections.abc import Iterable
from typing import Any


class Invalid(ValueError):
    """A value that does not fit.

    Args:
        where: class and argument, or layer and its name in the model.
        expected: what would have fitted, in words, with the numbers.
        got: the value that came; shapes as tuples.
        hint: what to do next, where that can be known.
    """

    def __init__(self, where: str, expected: str, got: Any, hint: str = "") -> None:
        self.where = where
        self.expected = expected
        self.got = got
        self.hint = hint
        super().__init__(f"{where}: expected {expected}, got {shown(got)}." + (f" {hint}" if hint else ""))

    def __reduce__(self) -> tuple:
        """Pickle by the four parts: exceptions cross process borders."""
        return type(self), (self.where, self.expected, self.got, self.hint)


class NotThereYet(Invalid, AttributeError):
    """An attribute that comes later, such as the output of a layer that was not called: `hasattr` says False."""


def shown(value: Any, limit: int = 200) -> str:
    """`repr`, shortened in the middle where it would fill the screen."""
    text = repr(tuple(value)) if type(value).__name__ == "Size" else repr(value)
    return text if len(text) <= limit else f"{text[: limit // 2]} ... {text[-limit // 4 :]}"


def did_you_mean(word: Any, known: Iterable[Any]) -> str:
    """A hint that names the closest known word; empty where nothing is close."""
    import difflib

    words = {str(name): name for name in known}
    close = difflib.get_close_matches(str(word), words, n=1) or difflib.get_close_matches(
        str(word).lower(), [name for name in words if name.islower()], n=1
    )
    return f"Did you mean {words[close[0]]!r}?" if close else ""
