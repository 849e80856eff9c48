"""The two tiers carry what our widgets need, seen with a widget of a few lines."""

import threading

import pytest
from playwright.sync_api import expect

ESM = """
export default {
  render({ model, el, signal }) {
    el.innerHTML = '<button>add</button> <output class="count"></output> <output class="sum"></output> <ul></ul>';
    const show = () => { el.querySelector(".count").value = model.get("count"); };
    const hear = (content, buffers) => {
      const floats = new Float32Array(buffers[0].buffer);
      el.querySelector(".sum").value = floats.reduce((sum, value) => sum + value, 0);
      el.querySelector("ul").insertAdjacentHTML("beforeend", `<li>${content.number}</li>`);
    };
    el.querySelector("button").onclick = () => {
      model.set("count", model.get("count") + 1);
      model.save_changes();
      model.send({ type: "bytes" }, undefined, [new Uint8Array([1, 2, 3]).buffer, new Float32Array([0.5])]);
    };
    model.on("change:count", show);
    model.on("msg:custom", hear);
    show();
    return () => { model.off("change:count", show); model.off("msg:custom", hear); };
  },
};
"""
WIDGET = f'''
import anywidget, struct, threading, traitlets

class Counter(anywidget.AnyWidget):
    _esm = """{ESM}"""
    count = traitlets.Int(0).tag(sync=True)
    received = ()

    def __init__(self, **values):
        super().__init__(**values)
        self.on_msg(self.hear)

    def hear(self, _, content, buffers):
        self.received = (content, [bytes(buffer) for buffer in buffers])

    def tell(self, *numbers):
        for number in numbers:
            self.send({{"number": number}}, [struct.pack("<3f", number, 1, 1)])
'''
BYTES = b"\x01\x02\x03"
HALF = b"\x00\x00\x00\x3f"


@pytest.fixture
def counter(bridge):
    namespace: dict = {}
    exec(WIDGET, namespace)
    return bridge.show(namespace["Counter"]())


def test_bridge_carries_traits_both_ways(bridge, counter):
    expect(bridge.page.locator(".count")).to_have_text("0")
    bridge.page.locator("button").click()
    expect(bridge.page.locator(".count")).to_have_text("1")
    bridge.flush()
    assert counter.count == 1
    counter.count = 7
    expect(bridge.page.locator(".count")).to_have_text("7")


def test_bridge_carries_buffers_from_the_page(bridge, counter):
    bridge.page.locator("button").click()
    bridge.flush()
    assert counter.received == ({"type": "bytes"}, [BYTES, HALF])


def test_bridge_carries_messages_of_another_thread_in_their_order(bridge, counter):
    thread = threading.Thread(target=counter.tell, args=range(50))
    thread.start()
    expect(bridge.page.locator("li")).to_have_text([str(number) for number in range(50)])
    expect(bridge.page.locator(".sum")).to_have_text("51")
    thread.join()


def test_bridge_shows_several_views_and_takes_them_away(bridge, counter):
    bridge.show(counter)
    expect(bridge.page.locator("button")).to_have_count(2)
    bridge.hide(counter)
    expect(bridge.page.locator("button")).to_have_count(1)
    counter.count = 3
    expect(bridge.page.locator(".count")).to_have_text("3")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_bridge_turns_light_and_dark(bridge, counter, theme):
    bridge.set_theme(theme)
    expect(bridge.page.locator("body")).to_have_attribute("data-jp-theme-light", str(theme == "light").lower())
    assert bridge.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") == (theme == "dark")


def test_bridge_collects_errors_of_page_and_python(bridge, counter):
    counter.observe(lambda change: 1 / 0, "count")
    bridge.page.locator("button").click()
    bridge.page.evaluate("() => void setTimeout(() => { throw new Error('seen'); })")
    bridge.page.wait_for_timeout(50)
    found, bridge.errors[:] = list(bridge.errors), []
    assert any("ZeroDivisionError" in error for error in found)
    assert any("seen" in error for error in found)


def test_lab_shows_a_widget_that_talks_with_its_kernel(lab):
    lab.open(WIDGET, "counter = Counter(); counter")
    lab.run_all()
    output = lab.output(1)
    output.get_by_role("button", name="add").click()
    expect(output.locator(".count")).to_have_text("1")
    assert lab.python("print(counter.count, counter.received)") == f"1 ({{'type': 'bytes'}}, {[BYTES, HALF]})\n"
    lab.python("threading.Thread(target=counter.tell, args=range(20)).start()")
    expect(output.locator("li")).to_have_text([str(number) for number in range(20)])


def test_lab_opens_the_next_notebook_after_the_last_was_closed(lab):
    lab.open("print('again')")
    lab.run_all()
    expect(lab.output()).to_have_text("again")


def test_lab_turns_light_and_dark(lab):
    lab.open("")
    for theme in ("dark", "light"):
        lab.set_theme(theme)
        expect(lab.page.locator("body")).to_have_attribute("data-jp-theme-light", str(theme == "light").lower())
