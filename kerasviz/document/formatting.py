"""Lines of at most 88 columns, broken where black breaks them."""

import io
import tokenize
from collections.abc import Iterator

COLUMNS = 88
OPEN, CLOSE = "([{", ")]}"


def statement(text: str, indent: str = "", behind: str = "") -> list[str]:
    """A statement as lines, with `behind` at the end of the last."""
    if len(indent) + len(text) + len(behind) <= COLUMNS:
        return [indent + text + behind]
    pairs = brackets(text)
    for start, end in trailers(text, pairs):
        head, body, tail = text[: start + 1], text[start + 1 : end], text[end:]
        if len(indent) + len(head) <= COLUMNS:
            return [indent + head, *body_lines(body, indent + "    "), indent + tail + behind]
    return [indent + text + behind]


def body_lines(body: str, indent: str) -> list[str]:
    """What stands between brackets: on one line if it fits, else an item a line with a comma behind each."""
    body = body.strip().removesuffix(",")
    if len(indent) + len(body) <= COLUMNS:
        return [indent + body]
    return [line for item in items(body) for line in statement(item, indent, ",")]


def brackets(text: str) -> list[tuple[int, int]]:
    """Where the outermost brackets open and close."""
    pairs, depth, start = [], 0, 0
    for place, mark in marks(text):
        if mark in OPEN:
            start = place if depth == 0 else start
            depth += 1
        elif mark in CLOSE:
            depth -= 1
            if depth == 0:
                pairs.append((start, place))
    return pairs


def trailers(text: str, pairs: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The brackets to break at: the last pair, then, while what follows it is only more brackets, the one before."""
    for index in range(len(pairs) - 1, -1, -1):
        start, end = pairs[index]
        if end > start + 1:
            yield start, end
        if index == 0 or pairs[index - 1][1] + 1 != start:
            break


def items(text: str) -> list[str]:
    """The parts between commas that are in no bracket and no string."""
    cuts, depth = [], 0
    for place, mark in marks(text):
        if mark in OPEN:
            depth += 1
        elif mark in CLOSE:
            depth -= 1
        elif mark == "," and depth == 0:
            cuts.append(place)
    parts = [text[a + 1 : b].strip() for a, b in zip([-1, *cuts], [*cuts, len(text)], strict=True)]
    return [part for part in parts if part]


def marks(text: str) -> Iterator[tuple[int, str]]:
    """Brackets and commas outside strings, and their places."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.OP and token.string in OPEN + CLOSE + ",":
                yield token.start[1], token.string
    except tokenize.TokenError:
        return
