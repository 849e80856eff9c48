"""Widgets joined to a page that is only a list of messages: no Jupyter, no kernel, no browser."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import comm
import comm.base_comm
import numpy as np
import pytest

from kerasviz.widgets.base import Widget

SENT: list[dict[str, Any]] = []


class PageComm(comm.base_comm.BaseComm):
    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        json.dumps(data, allow_nan=False)  # what Jupyter could not send fails here
        SENT.append({"id": self.comm_id, "type": msg_type, "data": data or {}, "buffers": list(buffers or [])})


class Page:
    """What a browser would have received from one widget, and what it would send."""

    def __init__(self, widget: Widget) -> None:
        self.widget = widget
        self.numbers = itertools.count(1)

    @property
    def sent(self) -> list[dict[str, Any]]:
        return [m for m in SENT if m["id"] == self.widget.comm.comm_id]

    def messages(self, kind: str) -> list[dict[str, Any]]:
        custom = [m["data"]["content"] for m in self.sent if m["data"].get("method") == "custom"]
        return [content for content in custom if content["type"] == kind]

    def frames(self) -> list[tuple[dict[str, Any], list[np.ndarray]]]:
        found = [m for m in self.sent if m["data"].get("content", {}).get("type") == "series"]
        return [(m["data"]["content"], [bytes(b) for b in m["buffers"]]) for m in found]

    def updates(self, name: str) -> list[Any]:
        states = [m["data"]["state"] for m in self.sent if m["data"].get("method") == "update"]
        return [state[name] for state in states if name in state]

    def send(self, **content: Any) -> None:
        self._deliver({"method": "custom", "content": json.loads(json.dumps(content))})

    def set(self, **state: Any) -> None:
        self._deliver({"method": "update", "state": json.loads(json.dumps(state)), "buffer_paths": []})

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        identity = str(next(self.numbers))
        self.send(type="request", id=identity, method=method, params=params)
        return next(m for m in self.messages("response") if m["id"] == identity)

    def forget(self) -> None:
        SENT.clear()

    def _deliver(self, data: dict[str, Any]) -> None:
        self.widget._handle_msg({"content": {"data": data, "comm_id": self.widget.comm.comm_id}, "buffers": []})


@pytest.fixture(autouse=True)
def _page_comm(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    SENT.clear()
    monkeypatch.setattr(comm, "create_comm", lambda *values, **named: PageComm(*values, **named))
    yield
    SENT.clear()


@pytest.fixture
def opened() -> Iterator[Callable[[Widget], Page]]:
    pages: list[Page] = []

    def open_page(widget: Widget) -> Page:
        pages.append(Page(widget))
        return pages[-1]

    yield open_page
    for page in pages:
        run = getattr(page.widget, "run", None)
        if run is not None:
            run.stop()
            run.wait(10)
        page.widget.close()


@pytest.fixture
def until() -> Callable[..., None]:
    def wait(claim: Callable[[], bool], seconds: float = 10.0) -> None:
        end = time.monotonic() + seconds
        while not claim():
            assert time.monotonic() < end, "it did not happen in time"
            time.sleep(0.002)

    return wait


@pytest.fixture
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Images that a small net learns at once: a bright patch whose place is the class."""
    generator = np.random.default_rng(0)
    y = generator.integers(0, 4, 256)
    x = generator.integers(0, 40, (256, 12, 12)).astype(np.uint8)
    for index, label in enumerate(y):
        row, column = divmod(int(label), 2)
        x[index, 6 * row : 6 * row + 5, 6 * column : 6 * column + 5] += 200
    return x, y
