"""Time from an edit on the page to the new shapes on it, in Chromium, with the real widget and no network.

    python benchmarks/edit_latency.py               100 layers, 60 edits
    python benchmarks/edit_latency.py --layers 500  more layers

Each edit changes `filters` of the first convolution, so that the shapes of all layers behind it change; they are drawn
together. The clock runs from the input event on the page to the frame in which the new shape stands on the wire.
"""

import argparse
import os
import statistics
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from playwright.sync_api import Page, expect, sync_playwright

import kerasviz

UI_TESTS = Path(__file__).parents[1] / "ui-tests"

TARGET_MS = 100
EDIT = """
([field, label, wanted, text]) => new Promise((resolve) => {
  const start = performance.now();
  const done = () => {
    if (label.textContent === wanted) requestAnimationFrame(() => resolve(performance.now() - start));
    else requestAnimationFrame(done);
  };
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, text);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  done();
})
"""


def chain(layers: int) -> kerasviz.GraphEditor:
    """A network of that many layers in one chain, whose shapes all depend on the first convolution."""
    editor = kerasviz.GraphEditor(height=800)
    editor.add("in 28 28 1 > conv 8 3 same > " + " > ".join(["relu"] * (layers - 2)))
    return editor


def measured(page: Page, layers: int, edits: int) -> list[float]:
    """Milliseconds of each edit."""
    from bridge import running_bridge
    from studio import Studio

    with running_bridge(page) as bridge:
        editor = bridge.show(chain(layers))
        view = Studio(page)
        expect(view.nodes.first).to_be_visible()
        calls = [call["id"] for call in editor.document["calls"]]
        editor.selection = [calls[1]]
        field = view.field("filters")
        expect(field).to_be_visible()
        page.keyboard.press("Escape")
        shown = view.canvas.locator(f'.kv-chip[aria-label^="Wire from {calls[1]} to"]')
        label = shown.element_handle()
        times = []
        for number in range(edits + 5):
            filters = 9 + number % 90
            wanted = "\N{MULTIPLICATION SIGN}".join(["28", "28", str(filters)])
            times.append(page.evaluate(EDIT, [field.element_handle(), label, wanted, str(filters)]))
        assert not bridge.errors, bridge.errors
    return times[5:]


def main() -> None:
    """Print median and 95th percentile beside the target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=100)
    parser.add_argument("--edits", type=int, default=60)
    chosen = parser.parse_args()
    sys.path.append(str(UI_TESTS))
    from conftest import ARGUMENTS, CHROMIUM

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1360, "height": 960})
        times = measured(page, chosen.layers, chosen.edits)
        browser.close()
    median, late = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    verdict = "within" if median <= TARGET_MS else "above"
    print(f"edit to shape, {chosen.layers} layers: median {median:.0f} ms, p95 {late:.0f} ms")
    print(f"target {TARGET_MS} ms: the median is {verdict} it")


if __name__ == "__main__":
    main()
