"""The oracle for parity tests: live, recorded, or replayed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from .comparing import FIGURES
from .recording import FOLDER, Record, Reference

RECORDS = pytest.StashKey[dict[Path, Record]]()


@pytest.fixture(scope="session", autouse=True)
def _the_oracle_is_imported_before_any_test(request: pytest.FixtureRequest) -> None:
    """Its import sets environment variables, which no test may."""
    if request.config.getoption("oracle") != "replay":
        importlib.import_module("keras")


@pytest.fixture
def reference(request: pytest.FixtureRequest) -> Reference:
    """The oracle's answers in this test."""
    records = request.config.stash.setdefault(RECORDS, {})
    path = FOLDER / f"{request.path.stem}.npz"
    if path not in records:
        records[path] = Record(path)
    return Reference(records[path], own_id(request.node), request.config.getoption("oracle"))


@pytest.fixture(scope="module", autouse=True)
def _record_is_written(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    record = request.config.stash.get(RECORDS, {}).get(FOLDER / f"{request.path.stem}.npz")
    if record is None or request.config.getoption("oracle") != "record":
        return
    if whole_modules(request.config):
        record.keep(own_id(item) for item in request.session.items if item.path == request.path)
    record.write()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The figures of each module, where they are asked for; in one process."""
    if not config.getoption("figures"):
        return
    terminalreporter.section("parity: answers compared, and the largest error of float32 and float64")
    for module, figures in sorted(FIGURES.items()):
        line = f"{module:48}{figures.answers:7}  {figures.largest:.1e}  {figures.test[:100]}"
        terminalreporter.write_line(line)
    terminalreporter.write_line(f"{'all':48}{sum(figures.answers for figures in FIGURES.values()):7}")


def own_id(item: pytest.Item) -> str:
    """The id of a test within its module."""
    return item.nodeid.split("::", 1)[1]


def whole_modules(config: pytest.Config) -> bool:
    """Whether no test of a module was left out by the command."""
    return not config.option.keyword and not config.option.markexpr and not any("::" in arg for arg in config.args)
