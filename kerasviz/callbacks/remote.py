"""RemoteMonitor: a training's values sent to a server of yours."""

import json
import math
import threading
import urllib.error
import urllib.parse
import urllib.request
import warnings
from collections.abc import Mapping
from typing import Annotated, Any

from kerasviz.callbacks.base import Callback
from kerasviz.declare import Invalid, Kind, arg
from kerasviz.tensors import convert_to_numpy

WAIT_SECONDS = 2.0  # that an epoch waits for the server
TIMEOUT_SECONDS = 10.0  # for a connection that says nothing


class AddressKind(Kind):
    """The address of a server."""

    def parse(self, value: Any, where: str = "") -> str:
        """The address, if it is one that is spoken to."""
        parts = urllib.parse.urlsplit(value) if isinstance(value, str) else None
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            self.reject(where, "an address such as 'http://localhost:9000'", value)
        return value

    def samples(self) -> list[Any]:
        """Both forms."""
        return ["http://localhost:9000", "https://example.org"]


class HeadersKind(Kind):
    """Headers of a request, by name; None for none."""

    input = "json"

    def parse(self, value: Any, where: str = "") -> dict[str, str] | None:
        """The headers, if they are text on one line each."""
        if value is None:
            return None
        texts = [*value, *value.values()] if isinstance(value, Mapping) else [None]
        if not all(isinstance(text, str) and text.isprintable() for text in texts):
            self.reject(where, "a dict of one-line texts", value)
        return dict(value)

    def samples(self) -> list[Any]:
        """Both forms."""
        return [None, {"Authorization": "Bearer of a token"}]


class RemoteMonitor(Callback):
    """Sends the values of each epoch to a server, by HTTP POST.

    What is sent is `{"epoch": 0, "loss": 0.5, ...}`, as JSON in a form's field, or with `send_as_json` as it is. A
    number that JSON does not have, such as NaN, is null in it. A server that cannot be reached, refuses, or does not
    answer within 2 seconds is warned of, and training goes on; while one is still waited for, nothing else is sent.
    """

    root: Annotated[str, AddressKind()] = arg("http://localhost:9000", doc="The server; http or https.")
    path: str = arg("/publish/epoch/end/", doc="What follows the server's address.")
    field: str = arg("data", doc="Name of the form's field; unused where JSON is sent as it is.")
    headers: Annotated[Any, HeadersKind()] = arg(None, doc="Headers to send along.")
    send_as_json: bool = arg(False, doc="Whether to send JSON, of type application/json, instead of a form.")

    def prepare(self) -> None:
        """Nothing is on its way."""
        self._sending: threading.Thread | None = None

    def check(self) -> None:
        """See whether root and path are an address together."""
        AddressKind().parse(self.root + self.path, "RemoteMonitor(path=...)")
        if not (self.root + self.path).isprintable() or " " in self.root + self.path:
            raise Invalid("RemoteMonitor(path=...)", "a path without spaces and line breaks", self.path)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Send the epoch's values."""
        request = self.request({"epoch": epoch} | {name: plain(value) for name, value in (logs or {}).items()})
        if self._sending is not None and self._sending.is_alive():
            self._warn("has not answered yet; this epoch is left out")
            return
        problems: list[str] = []
        self._sending = threading.Thread(target=send, args=(request, problems), name="RemoteMonitor", daemon=True)
        self._sending.start()
        self._sending.join(WAIT_SECONDS)
        if self._sending.is_alive():
            self._warn(f"did not answer within {WAIT_SECONDS:g} seconds")
        elif problems:
            self._warn(problems[0])

    def request(self, values: Mapping[str, Any]) -> urllib.request.Request:
        """What is sent."""
        text = json.dumps(values, allow_nan=False, default=str)
        kind = "application/json" if self.send_as_json else "application/x-www-form-urlencoded"
        body = text if self.send_as_json else urllib.parse.urlencode({self.field: text})
        headers = {"Content-Type": kind, "User-Agent": "kerasviz", **(self.headers or {})}
        return urllib.request.Request(self.root + self.path, body.encode(), headers, method="POST")

    def _warn(self, what: str) -> None:
        warnings.warn(f"Could not reach RemoteMonitor root server at {self.root}: it {what}.", stacklevel=3)


def send(request: urllib.request.Request, problems: list[str]) -> None:
    """Send it; what goes wrong is added to `problems`."""
    try:
        with opener().open(request, timeout=TIMEOUT_SECONDS):
            pass
    except urllib.error.HTTPError as error:
        error.close()
        problems.append(f"answered {error.code} {error.reason}")
    except Exception as error:
        problems.append(f"failed with {getattr(error, 'reason', error)!r}")


def opener() -> urllib.request.OpenerDirector:
    """What speaks http and https, and neither file nor ftp, wherever a server sends it."""
    director = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        director.add_handler(handler)
    return director


def plain(value: Any) -> Any:
    """A value of the logs as JSON has it: several are a list, what is no number is null."""
    if hasattr(value, "detach"):
        value = convert_to_numpy(value)
    if hasattr(value, "tolist"):
        value = value.item() if getattr(value, "size", 1) == 1 else value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
