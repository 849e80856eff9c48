"""The words of a quick-add text, their places, and the numbers they mean."""

import re
from dataclasses import dataclass, field
from typing import Any

TOKEN = re.compile(r"\s*(?:(?P<chain>>)|(?P<word>[^\s>(]*\([^)]*\)|[^\s>]+))")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$", re.IGNORECASE)
FRACTION = re.compile(r"([+-]?\d+\.?\d*)/(\d+\.?\d*)$")
BY_AXIS = re.compile(r"\d+(x\d+){1,2}$")


class QuickAddError(ValueError):
    """A mistake in the text, and where it is: from `start` up to `end`."""

    def __init__(self, message: str, start: int, end: int, hint: str = "") -> None:
        self.message, self.start, self.end, self.hint = message, start, end, hint
        super().__init__(f"{message} {hint}".strip())

    def to_data(self) -> dict[str, Any]:
        """For the page."""
        return {"message": str(self), "start": self.start, "end": self.end}


@dataclass(frozen=True)
class Token:
    """A word and its place in the text."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """Just behind it."""
        return self.start + len(self.text)

    def error(self, message: str, hint: str = "") -> QuickAddError:
        """A mistake here."""
        return QuickAddError(message, self.start, self.end, hint)


@dataclass
class Step:
    """One layer, or one tag, as written."""

    head: Token
    words: list[Token] = field(default_factory=list)

    @property
    def end(self) -> int:
        """Just behind it."""
        return (self.words[-1] if self.words else self.head).end


def tokens(text: str) -> list[Token]:
    """The words and arrows of a text."""
    found = []
    place = 0
    while (match := TOKEN.match(text, place)) and match.end() > place:
        if match.group().strip():
            found.append(Token(match.group().strip(), match.end() - len(match.group().lstrip())))
        place = match.end()
    return found


def steps(text: str) -> list[Step]:
    """The steps of a text.

    Raises:
        QuickAddError: where nothing stands between two arrows.
    """
    made: list[Step] = []
    open_step: Step | None = None
    last: Token | None = None
    for token in tokens(text):
        if token.text == ">":
            if open_step is None:
                raise token.error("Nothing stands before this arrow.")
            open_step, last = None, token
        elif open_step is None:
            open_step = Step(token)
            made.append(open_step)
        else:
            open_step.words.append(token)
    if open_step is None and last is not None:
        raise last.error("Nothing follows this arrow.")
    return made


def value_of(text: str) -> Any:
    """The number or list of numbers that a word means; None where it is neither. `?` is a size that may be any."""
    if NUMBER.match(text):
        return int(text) if re.match(r"[+-]?\d+$", text) else float(text)
    if found := FRACTION.match(text):
        return float(found.group(1)) / float(found.group(2)) if float(found.group(2)) else None
    if BY_AXIS.match(text):
        return [int(part) for part in text.split("x")]
    if text.startswith(("(", "[")) and text.endswith((")", "]")):
        parts = [value_of(part.strip()) for part in text[1:-1].split(",") if part.strip()]
        return None if None in parts else parts
    return [None] if text == "?" else None
