"""Two tiers of browser tests, and what they leave when they fail.

`bridge`: real widgets and the real page without Jupyter, under a second a test: the place for most tests.
`lab`: a real JupyterLab, some seconds a test, for whole journeys; `fresh_lab` for those that need a page of their own.
A failed test leaves a screenshot in `ui-tests/failures/`, which git ignores.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import pytest
from bridge import Bridge, running_bridge
from lab import Lab, Server, running_server
from playwright.sync_api import Browser, Page

FAILURES = Path(__file__).parent / "failures"
FAILED = pytest.StashKey[bool]()
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--no-first-run",
    # nothing of the browser's own may ask the network
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[Any]:
    """Remember for the fixtures' ends whether the test failed."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs JupyterLab: `-m "not lab"` leaves it out."""
    for item in items:
        if {"lab", "fresh_lab"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("lab")


def finish(request: pytest.FixtureRequest, page: Page, errors: list[str]) -> None:
    """At a test's end: a picture if it failed, and no error on the page that nobody looked at."""
    if request.node.stash.get(FAILED, False) or errors:
        FAILURES.mkdir(exist_ok=True)
        page.screenshot(path=FAILURES / f"{re.sub(r'[^a-zA-Z0-9_-]+', '_', request.node.name)}.png")
    found, errors[:] = list(errors), []
    assert not found, "\n".join(found)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1360, "height": 960}}


@pytest.fixture
def bridge(page: Page, request: pytest.FixtureRequest) -> Iterator[Bridge]:
    """A bare page for widgets made in the test."""
    with running_bridge(page) as bridge:
        yield bridge
        finish(request, page, bridge.errors)


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="module")
def module_lab(browser: Browser, browser_context_args: dict[str, Any], lab_server: Server) -> Iterator[Lab]:
    context = browser.new_context(**browser_context_args)
    yield Lab(context.new_page(), lab_server)
    context.close()


@pytest.fixture
def lab(module_lab: Lab, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """JupyterLab, with no notebook open; the page is the same for a module's tests."""
    yield module_lab
    try:
        finish(request, module_lab.page, module_lab.errors)
    finally:
        module_lab.close()


@pytest.fixture
def fresh_lab(page: Page, lab_server: Server, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """JupyterLab in a page of the test's own."""
    lab = Lab(page, lab_server)
    yield lab
    try:
        finish(request, page, lab.errors)
    finally:
        lab.close()
