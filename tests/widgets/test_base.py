import threading

import traitlets as t

from kerasviz.declare import Invalid
from kerasviz.widgets import bundle
from kerasviz.widgets.base import Widget, request, synced


class Panel(Widget):
    """For tests."""

    count = synced(t.Int(0), "A number.")

    @request
    def answer_double(self, value: int, times: int = 2) -> int:
        """A number times another."""
        return value * times

    @request
    def answer_refuse(self) -> None:
        """Nothing but an error."""
        raise Invalid("Dense(units=...)", "a whole number at least 1", 0, "Make it 1.")

    @request
    def answer_break(self) -> None:
        """An error of ours."""
        raise RuntimeError("broken")

    @request
    def answer_bytes(self) -> tuple[dict, list[bytes]]:
        """A result with a buffer."""
        return {"count": 3}, [b"abc"]


def test_a_request_is_answered_by_its_id(opened):
    assert opened(Panel()).ask("double", value=3) == {"type": "response", "id": "1", "result": 6}


def test_a_refusal_has_its_four_parts(opened):
    error = opened(Panel()).ask("refuse")["error"]
    assert (error["where"], error["expected"], error["got"], error["hint"]) == (
        "Dense(units=...)",
        "a whole number at least 1",
        "0",
        "Make it 1.",
    )


def test_any_other_exception_is_an_error_too(opened):
    assert opened(Panel()).ask("break")["error"]["message"] == "broken"


def test_a_result_may_bring_buffers(opened):
    page = opened(Panel())
    page.ask("bytes")
    assert [bytes(buffer) for buffer in page.sent[-1]["buffers"]] == [b"abc"]


def test_an_unknown_request_names_the_near_one(opened):
    assert "double" in opened(Panel()).ask("doubel")["error"]["hint"]


def test_a_request_with_a_missing_field_is_refused(opened):
    assert "value" in opened(Panel()).ask("double")["error"]["expected"]


def test_a_request_with_an_unknown_field_is_refused(opened):
    assert "error" in opened(Panel()).ask("double", value=1, factor=2)


def test_what_is_no_message_is_passed_over(opened):
    page = opened(Panel())
    page.forget()
    for content in (1, None, "hello", [], {}, {"type": "nonsense"}):
        page._deliver({"method": "custom", "content": content})
    assert page.sent == []


def test_changes_from_many_threads_all_reach_the_page(opened):
    panel = Panel()
    page = opened(panel)

    def count(start):
        for index in range(50):
            panel.count = start + index

    threads = [threading.Thread(target=count, args=(1000 * n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(page.updates("count")) == 200


def test_a_bundle_that_is_not_built_says_how_to_build_it(opened, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "STATIC", tmp_path)
    assert "npm ci && npm run build" in Panel()._esm


def test_a_built_bundle_is_read(opened, tmp_path, monkeypatch):
    (tmp_path / "widget.js").write_text("export default {};")
    (tmp_path / "widget.css").write_text(".a{}")
    monkeypatch.setattr(bundle, "STATIC", tmp_path)
    bundle._text.cache_clear()
    panel = Panel()
    bundle._text.cache_clear()
    assert (panel._esm, panel._css) == ("export default {};", ".a{}")


def test_the_mime_bundle_has_a_picture_that_remains(opened):
    data, _ = Panel()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["image/svg+xml"].startswith("<svg")
    assert "<img" in data["text/html"]
