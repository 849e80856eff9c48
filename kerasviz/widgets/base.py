"""What every widget is: synced traits, declared messages and requests, a picture of its last state."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import anywidget
import traitlets as t

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.widgets import bundle


def synced(trait: t.TraitType, doc: str, *, record: str = "", page_owned: bool = False) -> Any:
    """A trait that page and kernel share.

    Args:
        trait: its type and default.
        doc: what it says, for both sides.
        record: the record of `records.py` that a Dict or a List's items hold.
        page_owned: whether the page sets it, so that the kernel need not send it back.
    """
    tags = {"sync": True, "doc": doc, "record": record}
    if page_owned:
        tags["echo_update"] = False
    return trait.tag(**tags)


def received(method: Callable) -> Callable:
    """Mark a method that handles the page's message of the same name; its parameters are the message's fields."""
    method.receives = method.__name__.removeprefix("on_")  # type: ignore[attr-defined]
    return method


def request(method: Callable) -> Callable:
    """Mark a method that answers the page's request of the same name.

    It returns the result, or the result and a list of buffers; an exception becomes the error of the answer.
    """
    method.answers = method.__name__.removeprefix("answer_")  # type: ignore[attr-defined]
    return method


class Widget(anywidget.AnyWidget):
    """A panel on the page. Its methods may be called from any thread."""

    _handlers: ClassVar[dict[str, str]] = {}  # message type -> method name
    _answers: ClassVar[dict[str, str]] = {}  # request -> method name
    _lock: threading.RLock  # around every change of state

    _esm = t.Unicode().tag(sync=True)
    _css = t.Unicode().tag(sync=True)
    view = synced(
        t.Enum(["studio", "editor", "training", "callbacks", "inspector"], "studio"),
        "Which panel the page shows.",
        record="View",
    )
    height = synced(t.Int(720, min=200), "Height of the panel in pixels; a studio grows when its curves open.")
    theme = synced(t.Enum(["auto", "light", "dark"], "auto"), "Colours; auto follows the notebook.", record="Theme")

    def __init_subclass__(cls, **options: Any) -> None:
        """Collect the messages and requests that the class handles."""
        super().__init_subclass__(**options)
        cls._handlers, cls._answers = {}, {}
        for name in dir(cls):
            method = inspect.getattr_static(cls, name, None)
            if hasattr(method, "receives"):
                cls._handlers[method.receives] = name
            if hasattr(method, "answers"):
                cls._answers[method.answers] = name

    def __new__(cls, *values: Any, **named: Any) -> Any:
        """Make the lock before any trait can change."""
        self = super().__new__(cls, *values, **named)
        self._lock = threading.RLock()
        return self

    @t.default("_esm")
    def _script(self) -> str:
        return bundle.script()

    @t.default("_css")
    def _styles(self) -> str:
        return bundle.styles()

    # Messages: JupyterLab may deliver them in any thread. What they call takes the lock where it has to.

    def notify_change(self, change: Any) -> None:
        """Send one change at a time, whichever threads they come from."""
        with self._lock:
            super().notify_change(change)

    def set_state(self, sync_data: dict) -> None:
        """Take what the page has set."""
        with self._lock:
            super().set_state(sync_data)

    def _handle_custom_msg(self, content: Any, buffers: list) -> None:
        super()._handle_custom_msg(content, buffers)
        kind = content.get("type") if isinstance(content, Mapping) else None
        if kind == "request":
            self._answer(content)
        elif kind in self._handlers:
            self._receive(kind, content)

    def _receive(self, kind: str, content: Mapping[str, Any]) -> None:
        method = getattr(self, self._handlers[kind])
        try:
            method(**arguments(method, f'message "{kind}"', {k: v for k, v in content.items() if k != "type"}))
        except Exception as error:
            self.report(error)

    def _answer(self, content: Mapping[str, Any]) -> None:
        identity = str(content.get("id", ""))
        try:
            result, buffers = self.ask(str(content.get("method")), content.get("params") or {})
        except Exception as error:
            self.send({"type": "response", "id": identity, "error": failure(error)})
            return
        self.send({"type": "response", "id": identity, "result": result}, buffers)

    def ask(self, method: str, params: Mapping[str, Any]) -> tuple[Any, list]:
        """The result and the buffers of a request, as the page would get them."""
        if method not in self._answers:
            hint = did_you_mean(method, self._answers) or f"There are: {', '.join(sorted(self._answers))}."
            raise Invalid(type(self).__name__, "a request that it answers", method, hint)
        answer = getattr(self, self._answers[method])
        result = answer(**arguments(answer, f'request "{method}"', params))
        return result if isinstance(result, tuple) else (result, [])

    def report(self, error: Exception) -> None:
        """Show an error that no request waits for."""
        self.log.warning("%s", error)

    @received
    def on_hello(self) -> None:
        """A view has opened: send what it cannot read from the traits."""
        self.send_past()

    def send_past(self) -> None:
        """Send a late view what went by; panels add to it."""

    # The picture that remains.

    def snapshot(self, theme: str | None = None) -> Any:
        """The last state as an ordinary output, which stays when the notebook is closed."""
        from kerasviz.widgets.svg import Picture

        return Picture(self.to_svg(theme))

    def to_svg(self, theme: str | None = None) -> str:
        """The last state as a drawing. `theme` is light or dark; else the reader's own."""
        from kerasviz.widgets.svg import empty

        return empty(type(self).__name__, theme or self.theme)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        made = super()._repr_mimebundle_(**options)
        if made is None:
            return None
        data, metadata = made if isinstance(made, tuple) else (made, {})
        from kerasviz.widgets.svg import image

        drawing = self.to_svg()
        return {**data, "image/svg+xml": drawing, "text/html": image(drawing)}, metadata


def arguments(method: Callable, where: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The page's parameters, checked against the method's signature."""
    parameters = inspect.signature(method).parameters
    missing = [n for n, p in parameters.items() if p.default is p.empty and n not in given]
    unknown = [n for n in given if n not in parameters]
    if missing or unknown:
        raise Invalid(where, f"the fields {', '.join(parameters) or 'of nothing'}", ", ".join(given) or "nothing")
    return dict(given)


def failure(error: BaseException) -> dict[str, str]:
    """An error in the four parts that the page shows."""
    if isinstance(error, Invalid):
        from kerasviz.declare.errors import shown

        got = error.got if isinstance(error.got, str) else shown(error.got)
        parts = {"where": error.where, "expected": error.expected, "got": got, "hint": error.hint}
        return parts | {"message": str(error)}
    text = str(error) or type(error).__name__
    return {"where": type(error).__name__, "expected": "", "got": "", "hint": "", "message": text}
