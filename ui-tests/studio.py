"""The studio as a person sees it: layers, wires, fields, buttons, by the names they have on the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from playwright.sync_api import Locator, Page, expect

Point = tuple[float, float]
expect.set_options(timeout=20_000)  # machines that run tests are busy
STANDS_STILL = """
canvas => {
  const now = canvas.querySelector(".react-flow__viewport").style.transform;
  const { transform, since } = canvas.standing ?? {};
  if (transform !== now) canvas.standing = { transform: now, since: performance.now() };
  return transform === now && performance.now() - since > 250;
}
"""


class Studio:
    """A view on a page, in the bridge or in JupyterLab.

    Args:
        page: the page.
        within: where the view is; the whole page if it shows one.
    """

    def __init__(self, page: Page, within: Locator | None = None) -> None:
        self.page = page
        self.root = (within or page.locator("body")).locator(".kv-root").first
        self.canvas = self.root.locator(".kv-canvas")
        self.palette = self.root.get_by_role("complementary", name="Layers", exact=True)
        self.side = self.root.get_by_role("complementary", name="Side panel")
        self.line = self.root.get_by_role("combobox", name="Type layers")
        self.help = self.root.locator(".kv-quick-help")
        self.state = self.root.locator(".kv-state")
        self.refusal = self.root.locator(".kv-refusal")
        self.problem_count = self.root.locator(".kv-problem-count")
        self.total = self.root.get_by_test_id("total")
        self.voice = self.root.locator("[aria-live=polite].kv-hidden")

    # The graph

    @property
    def nodes(self) -> Locator:
        """All layers on the canvas."""
        return self.canvas.locator(".kv-node[data-call]")

    def node(self, call: str) -> Locator:
        """A layer on the canvas."""
        return self.canvas.locator(f'.kv-node[data-call="{call}"]')

    @property
    def selected(self) -> Locator:
        """The layers that are selected."""
        return self.canvas.locator(".kv-node.is-selected")

    @property
    def wires(self) -> Locator:
        """All wires' shapes."""
        return self.canvas.locator(".kv-wire-label .kv-chip")  # there, but not shown, where the view is far

    def wire(self, source: str, target: str) -> Locator:
        """The shape on the wire between two layers."""
        return self.canvas.locator(f'.kv-chip[aria-label="Wire from {source} to {target}"]')

    def plus(self, source: str, target: str) -> Locator:
        """The button on a wire that inserts a layer."""
        wire = self.page.locator(f'.kv-chip[aria-label="Wire from {source} to {target}"]')
        return self.canvas.locator(".kv-wire-label").filter(has=wire).get_by_role("button", name="Insert a layer here")

    def handle(self, call: str, which: str = "source") -> Locator:
        """Where wires leave a layer (source) or reach it (target)."""
        return self.canvas.locator(f'.react-flow__node[data-id="{call}"] .react-flow__handle.{which}')

    def expect_chain(self, *calls: str) -> None:
        """These layers and no others are there, and wired one after another."""
        expect(self.nodes).to_have_count(len(calls))
        for call in calls:
            expect(self.node(call)).to_be_visible()
        for source, target in pairwise(calls):
            expect(self.wire(source, target)).to_have_count(1)
        expect(self.wires).to_have_count(len(calls) - 1)

    def settle(self) -> None:
        """Wait until the view no longer moves."""
        canvas = self.canvas.element_handle()
        self.page.wait_for_function(STANDS_STILL, arg=canvas)

    def fit(self) -> None:
        """Bring all layers into view."""
        self.root.get_by_role("button", name="Fit", exact=True).click()
        self.settle()

    def select(self, *calls: str) -> None:
        """Click a layer, and further ones with Shift."""
        self.settle()
        for index, call in enumerate(calls):
            self.node(call).click(position={"x": 90, "y": 14}, modifiers=["Shift"] if index else [])
            expect(self.node(call)).to_have_class(re.compile("is-selected"))

    def press(self, *keys: str) -> None:
        """Press keys on whatever has the focus."""
        for key in keys:
            self.page.keyboard.press(key)

    def free_point(self) -> Point:
        """A place on the canvas, near its lower right corner, where nothing is."""
        box = box_of(self.canvas)
        return box["x"] + box["width"] - 60, box["y"] + box["height"] - 110

    def drag(self, start: Locator | Point, end: Locator | Point, hold: Callable[[], None] | None = None) -> None:
        """Drag with the mouse; `hold` is done before the button is let go."""
        self.settle()
        if isinstance(start, Locator):
            start.scroll_into_view_if_needed()
        self.page.mouse.move(*centre(start))
        self.page.mouse.down()
        x, y = centre(end)
        self.page.mouse.move(x - 6, y - 6, steps=6)
        self.page.mouse.move(x, y, steps=3)
        if hold:
            hold()
        self.page.mouse.up()

    def connect(self, source: str, target: str) -> None:
        """Drag a wire from one layer to another."""
        self.drag(self.handle(source), self.handle(target, "target"))

    # Adding

    def entry(self, kind: str) -> Locator:
        """A layer in the palette."""
        return self.palette.locator(f'.kv-entry[data-kind="{kind}"]')

    def type(self, text: str) -> None:
        """Type into the quick-add line until the kernel has said what it means."""
        self.line.fill(text)
        expect(self.help.locator(".kv-chain > li, .kv-quick-error").first).to_be_visible()

    def quick_add(self, text: str) -> None:
        """Type layers and press Enter; ends when they are there."""
        count = self.nodes.count()
        self.type(text)
        expect(self.help.locator(".kv-chain > li")).to_have_count(text.count(">") + 1)
        self.line.press("Enter")
        expect(self.nodes).to_have_count(count + text.count(">") + 1)
        expect(self.line).to_have_value("")

    # The side panel

    def tab(self, name: str) -> Locator:
        """A tab of the side panel."""
        return self.root.get_by_role("tab", name=re.compile(f"^{name}"))

    def open(self, name: str) -> None:
        """Open a tab of the side panel."""
        self.tab(name).click()
        expect(self.tab(name)).to_have_attribute("aria-selected", "true")

    def row(self, name: str) -> Locator:
        """The row of an argument in the open form."""
        return self.root.locator(f'.kv-field[data-field="{name}"]')

    def field(self, name: str) -> Locator:
        """The input of an argument in the open form."""
        return self.row(name).locator("input, select, button[role=switch]").first

    def callback(self, kind: str) -> Locator:
        """The card of a callback."""
        return self.root.locator(f'[data-callback="{kind}"]')

    # Training

    def button(self, name: str) -> Locator:
        """A button of the run bar."""
        return self.root.get_by_role("toolbar", name="Training controls").get_by_role("button", name=name, exact=True)

    def expect_state(self, words: str, seconds: float = 20) -> None:
        """The run bar says this."""
        expect(self.state).to_have_text(re.compile(words), timeout=1000 * seconds)

    def undo(self) -> None:
        """Press Undo in the toolbar."""
        self.root.get_by_role("button", name=re.compile("^Undo")).click()

    def redo(self) -> None:
        """Press Redo in the toolbar."""
        self.root.get_by_role("button", name=re.compile("^Redo")).click()


def box_of(locator: Locator) -> dict[str, float]:
    """Where something is on the page."""
    box = locator.bounding_box()
    assert box is not None, f"{locator} is not visible"
    return dict(box)


def centre(place: Locator | Point) -> Point:
    """The middle of something."""
    if isinstance(place, tuple):
        return place
    box = box_of(place)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def near(a: Any, b: Any, tolerance: float = 1.5) -> bool:
    """Whether two points are the same for the eye."""
    return all(abs(p - q) <= tolerance for p, q in zip(a, b, strict=True))
