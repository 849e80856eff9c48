"""The inspector: the table, weights, activations, what the model gets wrong."""

import re

import pytest
from playwright.sync_api import expect
from studio import Studio
from test_training import patches

import kerasviz


@pytest.fixture
def widget(bridge):
    x, y = patches()
    widget = kerasviz.Studio(x, y, validation_data=(x[:32], y[:32]), height=720)
    widget.add("conv 6 3 relu > pool > flatten > dropout 0.2 > dense 4 softmax")
    return bridge.show(widget)


@pytest.fixture
def studio(bridge, widget):
    view = Studio(bridge.page)
    expect(view.nodes).to_have_count(7)
    view.open("Inspect")
    return view


def test_the_table_has_every_layer_with_its_numbers(studio):
    rows = studio.side.get_by_role("row")
    expect(rows).to_have_count(9)
    expect(rows.filter(has_text="conv2d")).to_contain_text("60")
    expect(rows.last).to_contain_text("Total")
    expect(rows.last).to_contain_text("664")


def test_the_table_is_sorted_by_a_click_and_leads_to_the_layer(studio):
    studio.side.get_by_role("button", name="Params").click()
    first = studio.side.locator("tbody tr").first
    expect(first).to_contain_text("dense")
    first.get_by_role("button").click()
    expect(studio.selected).to_have_attribute("data-call", "dense")
    expect(first).to_have_attribute("aria-selected", "true")


def test_the_table_follows_the_graph(studio, widget):
    expect(studio.side.get_by_role("row")).to_have_count(9)
    widget.edit("delete", calls="dropout")
    expect(studio.side.get_by_role("row")).to_have_count(8)


def test_weights_have_statistics_and_a_histogram(studio, widget):
    widget.selection = []
    studio.open("Weights")
    expect(studio.side).to_contain_text("Select a layer on the canvas or in the table.")
    widget.selection = ["conv2d"]
    for weight, shape in (("kernel", "(3, 3, 1, 6)"), ("bias", "(6)")):
        expect(studio.side.get_by_role("img", name=re.compile(f"^{weight}"))).to_be_visible()
        expect(studio.side).to_contain_text(shape)
    expect(studio.side).to_contain_text("mean")
    widget.selection = ["flatten"]
    expect(studio.side).to_contain_text("This layer has no weights.")


def test_activations_of_maps_and_of_vectors(studio, widget):
    studio.open("Activations")
    widget.selection = ["conv2d"]
    expect(studio.side.locator(".kv-maps > *")).to_have_count(6)
    widget.selection = ["dense"]
    expect(studio.side.locator(".kv-vector rect")).to_have_count(4)


def test_samples_are_walked_through_on_the_page_and_from_python(studio, widget, bridge):
    studio.open("Activations")
    widget.selection = ["conv2d"]
    number = studio.side.get_by_label("Sample", exact=True)
    expect(studio.side.get_by_role("button", name="Previous sample")).to_be_disabled()
    studio.side.get_by_role("button", name="Next sample").click()
    expect(number).to_have_value("1")
    bridge.flush()
    assert widget.sample_index == 1
    widget.sample_index = 5
    expect(number).to_have_value("5")
    number.fill("3")
    bridge.flush()
    assert widget.sample_index == 3
    expect(studio.side.locator(".kv-sample")).to_be_visible()  # the page knows by now how many there are
    number.fill("9999")
    expect(number).to_have_value("31")
    expect(studio.side.get_by_role("button", name="Next sample")).to_be_disabled()


def test_results_lead_from_a_cell_to_its_mistakes_and_to_a_sample(studio, widget):
    studio.open("Results")
    expect(studio.side.locator(".kv-cell")).to_have_count(16)
    mistakes = studio.side.locator(".kv-gallery li")
    expect(mistakes.first).to_be_visible()
    wrong = studio.side.locator(".kv-cell:not(.is-right)").filter(has_text=re.compile(r"\d")).first
    count = int(wrong.text_content() or 0)
    wrong.click()
    expect(mistakes).to_have_count(min(count, 24))
    studio.side.get_by_role("button", name="All", exact=True).click()
    mistakes.first.get_by_role("button").click()
    expect(studio.tab("Activations")).to_have_attribute("aria-selected", "true")


def test_a_graph_that_cannot_be_built_is_told_not_crashed(studio, widget):
    widget.edit("set_args", calls="conv2d", args={"kernel_size": 40})
    widget.selection = ["conv2d"]
    studio.open("Weights")
    expect(studio.side.get_by_role("alert")).to_contain_text("conv2d")
