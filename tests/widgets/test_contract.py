from pathlib import Path

import pytest
import traitlets as t

from kerasviz.widgets import CallbackPanel, GraphEditor, Inspector, Studio, TrainingView
from kerasviz.widgets.contract import TARGET, contract, main

PANELS = (GraphEditor, TrainingView, CallbackPanel, Inspector, Studio)
JUPYTERS = set(t.HasTraits.class_traits()) | {
    "layout", "tooltip", "tabbable", "comm", "_esm", "_css", "_anywidget_id",
}  # fmt: skip


def test_contract_on_disk_is_what_the_widgets_say():
    assert TARGET.read_text(encoding="utf-8") == contract()


def test_check_fails_where_the_file_is_out_of_date(tmp_path: Path, monkeypatch):
    stale = tmp_path / "contract.ts"
    stale.write_text("export {};\n")
    monkeypatch.setattr("kerasviz.widgets.contract.TARGET", stale)
    assert main(["--check"]) == 1
    assert main([]) == 0
    assert main(["--check"]) == 0


@pytest.mark.parametrize("panel", PANELS)
def test_every_synced_trait_says_what_it_is(panel):
    own = {n: trait for n, trait in panel.class_traits(sync=True).items() if n[0] != "_" and n not in JUPYTERS}
    assert own
    assert [name for name, trait in own.items() if not trait.metadata.get("doc")] == []


@pytest.mark.parametrize("panel", PANELS)
def test_every_request_and_message_says_what_it_does(panel):
    names = [*panel._handlers.values(), *panel._answers.values()]
    assert [name for name in names if not getattr(panel, name).__doc__] == []


def test_studio_has_the_traits_messages_and_requests_of_all_panels():
    for panel in PANELS:
        assert set(panel.class_traits(sync=True)) <= set(Studio.class_traits(sync=True))
        assert set(panel._answers) <= set(Studio._answers)
        assert set(panel._handlers) <= set(Studio._handlers)
