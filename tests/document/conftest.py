"""Documents from quick-add texts."""

from collections.abc import Callable

import pytest

from kerasviz.document.document import Document
from kerasviz.document.patch import apply
from kerasviz.document.quick_plan import plan


@pytest.fixture
def drawn() -> Callable[[str], Document]:
    def draw(text: str) -> Document:
        made = plan(Document(), text, after=None)
        assert made.error is None, made.error
        return apply(Document(), made.patch)[0]

    return draw
