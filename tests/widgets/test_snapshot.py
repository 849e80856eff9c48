import re
from pathlib import Path

import pytest

from kerasviz.runs.theme import SERIES
from kerasviz.widgets import GraphEditor
from kerasviz.widgets.offer import catalog
from kerasviz.widgets.snapshot import ICONS
from kerasviz.widgets.svg import FAMILIES, number, shortened

CSS = Path(__file__).parents[2] / "js" / "src" / "theme.css"


@pytest.mark.parametrize("family", FAMILIES)
def test_families_have_the_colours_of_the_page(family):
    assert tuple(re.findall(rf"--kv-{family}: (#\w+);", CSS.read_text())) == FAMILIES[family]


@pytest.mark.parametrize(("name", "place"), [("train", 0), ("validation", 1)])
def test_curves_have_the_colours_of_the_page(name, place):
    assert re.findall(rf"--kv-{name}: (#\w+);", CSS.read_text()) == [SERIES["light"][place], SERIES["dark"][place]]


def test_every_category_has_a_colour_and_a_sign():
    assert {layer["category"] for layer in catalog()["layers"]} <= set(FAMILIES) == set(ICONS)


def test_a_skip_goes_round_the_nodes_between():
    editor = GraphEditor()
    editor.add("in 8 8 4 > @a > conv 4 3 same > bn > add @a")
    x = [place[0] for place in editor.positions.values()]
    lanes = [float(lane) for lane in re.findall(r"L([\d.]+),", editor.to_svg())]
    assert max(lanes) > max(x) + 180


def test_a_mistake_is_marked():
    editor = GraphEditor()
    editor.add("in 8 > lstm 4")
    assert "card wrong" in editor.to_svg()


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0"), (9_999, "9,999"), (34_800, "34.8k"), (1.24e6, "1.24M"), (3e9, "3G")]
)
def test_counts_are_short(value, said):
    assert number(value) == said


def test_a_long_name_is_cut():
    assert shortened("GlobalAveragePooling2D", 60) == "GlobalAv\u2026"


def test_nodes_that_were_never_placed_are_laid_out():
    editor = GraphEditor(
        {
            "version": 1,
            "layers": [{"id": "input", "kind": "Input", "args": {"shape": [3]}}],
            "calls": [{"id": "input", "layer": "input", "inputs": []}],
            "inputs": ["input"],
        }
    )
    assert "Input" in editor.to_svg()
