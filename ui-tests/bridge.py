"""The bridge: real Python widgets and the real page in Chromium, with no Jupyter and no kernel between them.

A comm that writes into a queue stands for the kernel's; `host.js` stands for the notebook. The page fetches the queue
with each message that it sends, and every 25 ms, so that messages of worker threads arrive while Playwright waits
(`expect(...)`, `page.wait_for_...`). Python that reads the page without waiting calls `bridge.flush()` before.
"""

from __future__ import annotations

import base64
import logging
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Literal, TypeVar
from unittest import mock

import comm
from comm.base_comm import BaseComm, CommManager
from ipywidgets import Widget
from playwright.sync_api import Page

HOST = (Path(__file__).parent / "host.js").read_text(encoding="utf-8")
BLANK = "<!doctype html><meta charset=utf-8><title>bridge</title><body data-jp-theme-light=true style='margin: 16px'>"
AnyWidget = TypeVar("AnyWidget", bound=Widget)


class QueueComm(BaseComm):
    """A comm whose messages wait for the page."""

    waiting: queue.SimpleQueue[dict[str, Any]]

    def publish_msg(
        self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any
    ) -> None:
        encoded = [base64.b64encode(buffer).decode() for buffer in buffers or []]
        self.waiting.put({"id": self.comm_id, "type": msg_type, "data": data or {}, "buffers": encoded})


class Overheard(logging.Handler):
    """Keeps what widgets log of exceptions that nobody else sees: those of observers and message handlers."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.errors = errors

    def emit(self, record: logging.LogRecord) -> None:
        """Note a warning with a traceback, or an error."""
        if record.exc_info or record.levelno >= logging.ERROR:
            self.errors.append(f"python: {logging.Formatter().format(record)}")


@contextmanager
def running_bridge(page: Page) -> Iterator[Bridge]:
    """A bridge to a page; widgets made meanwhile are on it."""
    waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    kind = type("Comm", (QueueComm,), {"waiting": waiting})
    make = mock.patch.object(comm, "create_comm", kind)
    manage = mock.patch.object(comm, "get_comm_manager", return_value=CommManager())
    log = logging.getLogger("traitlets")
    with make, manage:
        bridge = Bridge(page, waiting)
        overheard = Overheard(bridge.errors)
        log.addHandler(overheard)
        try:
            yield bridge
        finally:
            log.removeHandler(overheard)


class Bridge:
    """A page, and the widgets that it shows."""

    def __init__(self, page: Page, waiting: queue.SimpleQueue[dict[str, Any]]) -> None:
        self.page = page
        self.errors: list[str] = []
        self._waiting = waiting
        self._widgets: dict[str, Widget] = {}
        self._keys = count()
        page.on("pageerror", lambda error: self.errors.append(f"page: {error}"))
        page.on("console", lambda line: line.type == "error" and self.errors.append(f"console: {line.text}"))
        page.route("**/*", lambda route: route.fulfill(body=BLANK, content_type="text/html"))
        page.expose_function("toPython", self._exchange)
        page.goto("http://bridge.test/")
        page.evaluate(HOST)

    def show(self, widget: AnyWidget) -> AnyWidget:
        """Show a view of the widget; further calls show further views."""
        identity = widget.comm.comm_id
        self._widgets[identity] = widget
        self.flush()
        widget.bridge_view = next(self._keys)
        self.page.evaluate("([id, key]) => host.show(id, key)", [identity, widget.bridge_view])
        self.flush()
        return widget

    def hide(self, widget: Widget) -> None:
        """Take the latest view of the widget away, as a notebook does when its output is cleared."""
        self.page.evaluate("(key) => host.hide(key)", widget.bridge_view)

    def flush(self) -> None:
        """Bring everything that Python has sent so far to the page."""
        self.page.evaluate("() => host.pull()")

    def set_theme(self, theme: Literal["light", "dark"]) -> None:
        """Turn the page light or dark, as the notebook says it to widgets."""
        self.page.emulate_media(color_scheme=theme)
        self.page.evaluate(
            """(light) => {
                document.body.dataset.jpThemeLight = String(light);
                document.body.style.background = light ? "#fff" : "#111";
            }""",
            theme == "light",
        )

    def _exchange(self, message: dict[str, Any] | None) -> list[dict[str, Any]]:
        """Hand a message of the page to its widget; give the page what waits for it."""
        if message is not None:
            self._receive(message)
        messages = []
        while not self._waiting.empty():
            messages.append(self._waiting.get())
        return messages

    def _receive(self, message: dict[str, Any]) -> None:
        buffers = [memoryview(base64.b64decode(text)) for text in message["buffers"]]
        content = {"comm_id": message["id"], "data": message["data"]}
        widget = self._widgets.get(message["id"])
        if widget is not None:
            widget._handle_msg({"content": content, "buffers": buffers})
