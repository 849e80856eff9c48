"""RemoteMonitor against a real server."""

import http.server
import json
import threading
import time
import urllib.parse
import warnings

import numpy as np
import pytest
import torch

from kerasviz import Input, Sequential, callbacks, layers
from kerasviz.callbacks import remote
from kerasviz.declare import Invalid

X, Y = np.ones((4, 3), "float32"), np.ones((4, 1), "float32")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body.decode()))
        self.server.answer(self)

    do_GET = do_POST  # noqa: N815  # the names that http.server calls

    def log_message(self, *args):
        pass


def fine(handler):
    handler.send_response(200)
    handler.end_headers()


@pytest.fixture
def server():
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.got, made.answer = [], fine
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def address(server):
    return f"http://127.0.0.1:{server.server_port}"


def network():
    model = Sequential([Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_each_epoch_of_a_training_is_posted_as_a_form(server):
    history = network().fit(X, Y, epochs=2, verbose=0, callbacks=[callbacks.RemoteMonitor(address(server))]).history
    assert [path for path, _, _ in server.got] == ["/publish/epoch/end/"] * 2
    for epoch, (_, headers, body) in enumerate(server.got):
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"
        (text,) = urllib.parse.parse_qs(body, strict_parsing=True)["data"]
        assert json.loads(text) == {"epoch": epoch, "loss": history["loss"][epoch]}


LOGS = {"loss": 0.5, "a": np.float32(0.25), "b": np.array([1.0]), "c": np.array(2)}
CASES = {  # arguments, and what the reference sends
    "form": (
        {},
        "/publish/epoch/end/",
        "application/x-www-form-urlencoded",
        "data=%7B%22epoch%22%3A+3%2C+%22loss%22%3A+0.5%2C+%22a%22%3A+0.25%2C+%22b%22%3A+1.0%2C+%22c%22%3A+2%7D",
    ),
    "json": (
        {"send_as_json": True},
        "/publish/epoch/end/",
        "application/json",
        '{"epoch": 3, "loss": 0.5, "a": 0.25, "b": 1.0, "c": 2}',
    ),
    "field": (
        {"path": "/x", "field": "f", "headers": {"X-A": "b"}},
        "/x",
        "application/x-www-form-urlencoded",
        "f=%7B%22epoch%22%3A+3%2C+%22loss%22%3A+0.5%2C+%22a%22%3A+0.25%2C+%22b%22%3A+1.0%2C+%22c%22%3A+2%7D",
    ),
    "type": (
        {"headers": {"content-type": "text/plain"}, "send_as_json": True},
        "/publish/epoch/end/",
        "text/plain",
        '{"epoch": 3, "loss": 0.5, "a": 0.25, "b": 1.0, "c": 2}',
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_sent_is_what_keras_sends(server, case):
    arguments, path, kind, body = CASES[case]
    callbacks.RemoteMonitor(address(server), **arguments).on_epoch_end(3, LOGS)
    ((got_path, headers, got_body),) = server.got
    assert (got_path, headers["Content-Type"], got_body) == (path, kind, body)
    assert case != "field" or headers["X-A"] == "b"


def test_any_value_of_the_logs_is_json(server):
    logs = {
        "nan": float("nan"),
        "inf": np.float32("inf"),
        "vector": np.array([1.0, np.nan]),
        "tensor": torch.tensor([1.0, 2.0]),
        "half": torch.tensor(0.5, dtype=torch.bfloat16),
        "text": "é &",
        "nest": {"a": [float("nan"), (1, 2)]},
        "other": {3},
    }
    callbacks.RemoteMonitor(address(server), send_as_json=True).on_epoch_end(0, logs)
    assert json.loads(server.got[0][2], parse_constant=pytest.fail) == {
        "epoch": 0,
        **dict.fromkeys(("nan", "inf")),
        "vector": [1.0, None],
        "tensor": [1.0, 2.0],
        "half": 0.5,
        "text": "é &",
        "nest": {"a": [None, [1, 2]]},
        "other": "{3}",
    }
    callbacks.RemoteMonitor(address(server)).on_epoch_end(4)
    assert server.got[1][2] == "data=%7B%22epoch%22%3A+4%7D"


def test_a_server_that_is_down_is_warned_of_and_training_goes_on(server):
    monitor = callbacks.RemoteMonitor("http://127.0.0.1:1")
    with pytest.warns(UserWarning, match="Could not reach RemoteMonitor root server at http://127.0.0.1:1"):
        history = network().fit(X, Y, epochs=2, verbose=0, callbacks=[monitor])
    assert len(history.history["loss"]) == 2


def test_a_server_that_refuses_is_warned_of(server):
    server.answer = lambda handler: handler.send_error(403)
    with pytest.warns(UserWarning, match="answered 403 Forbidden"):
        callbacks.RemoteMonitor(address(server)).on_epoch_end(0)


def test_an_answer_that_is_no_http_is_warned_of(server):
    server.answer = lambda handler: handler.wfile.write(b"nonsense\r\n\r\n")
    with pytest.warns(UserWarning, match="BadStatusLine"):
        callbacks.RemoteMonitor(address(server)).on_epoch_end(0)


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_a_server_sends_it_nowhere_but_to_http(server, target):
    def elsewhere(handler):
        handler.send_response(302)
        handler.send_header("Location", target)
        handler.end_headers()

    server.answer = elsewhere
    with pytest.warns(UserWarning, match="Could not reach"):
        callbacks.RemoteMonitor(address(server)).on_epoch_end(0)
    assert len(server.got) == 1


def test_a_server_that_does_not_answer_is_not_waited_for(server, monkeypatch):
    monkeypatch.setattr(remote, "WAIT_SECONDS", 0.05)
    released = threading.Event()

    def slow(handler):
        released.wait(10)
        fine(handler)

    server.answer = slow
    monitor = callbacks.RemoteMonitor(address(server))
    began = time.monotonic()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for epoch in range(3):
            monitor.on_epoch_end(epoch)
    assert time.monotonic() - began < 5
    assert ["did not answer" in str(told[0].message), "left out" in str(told[2].message)] == [True, True]
    released.set()
    monitor._sending.join(10)
    monitor.on_epoch_end(3)
    monitor._sending.join(10)
    assert [json.loads(urllib.parse.parse_qs(body)["data"][0])["epoch"] for *_, body in server.got] == [0, 3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        *(({"root": wrong}, "an address") for wrong in ("localhost:9000", "ftp://a", "file:///etc", "http://", "", 3)),
        ({"path": "/a b"}, "without spaces"),
        ({"path": "/a\r\nX: y"}, "without spaces"),
        ({"headers": {"a": 1}}, "one-line texts"),
        ({"headers": {"a": "b\r\nc: d"}}, "one-line texts"),
        ({"headers": ["a"]}, "one-line texts"),
    ],
    ids=str,
)
def test_arguments_that_cannot_work_are_refused_at_once(options, message):
    with pytest.raises(Invalid, match=message):
        callbacks.RemoteMonitor(**options)


def test_the_config_makes_an_equal_callback():
    made = callbacks.RemoteMonitor("https://example.org", headers={"A": "b"}, send_as_json=True)
    again = callbacks.RemoteMonitor.from_config(json.loads(json.dumps(made.get_config())))
    assert again.get_config() == made.get_config()
    assert all(field["doc"] for field in callbacks.RemoteMonitor.form())
