"""The layer table."""

from kerasviz.document.inference import infer
from kerasviz.insight.receptive_field import receptive_fields
from kerasviz.insight.table import memory_text, rows, to_markdown, to_text


def test_rows_follow_the_calls_and_sum_up(drawn):
    document = drawn("in 28 28 1 > conv 32 3 relu > pool > flatten > dense 10 softmax")
    table = rows(document)
    assert [row["call"] for row in table["rows"]] == document.order
    assert table["totals"]["params"] == sum(row["params"] for row in table["rows"]) == 320 + 54090
    assert table["totals"]["macs"] == 26 * 26 * 9 * 32 + 5408 * 10
    assert table["rows"][1]["connected_to"] == ["input"]
    assert table["rows"][1]["weights"][0] == {"name": "kernel", "shape": [3, 3, 1, 32], "trainable": True}


def test_text_and_markdown_hold_the_same_numbers(drawn):
    table = rows(drawn("in 28 28 1 > conv 32 3 > bn > dense 4"))
    for text in (to_text(table), to_markdown(table)):
        assert "26x26x32" in text
        assert "Conv2D" in text
        assert "64 of them not trainable" in text
    assert "\x1b" not in to_text(table)


def test_a_broken_call_has_a_row_too(drawn):
    table = rows(drawn("in 784 > conv 32 3 > flatten"))
    assert table["rows"][1]["shape"] is None
    assert "?" in to_text(table)


def test_a_place_sees_through_all_windows_before_it(drawn):
    document = drawn("in 32 32 3 > conv 8 3 > conv 8 3 > pool > conv 8 3 same s=2 > conv 8 3")
    seen = receptive_fields(document, infer(document))
    assert [seen[call].size[0] for call in document.order] == [1, 3, 5, 6, 10, 18]
    assert seen["conv2d_3"].stride == (4, 4)


def test_a_merge_sees_what_its_widest_branch_sees(drawn):
    document = drawn("in 16 16 4 > @a > conv 4 5 same > add @a > conv 4 3")
    assert receptive_fields(document, infer(document))["conv2d_1"].size == (7, 7)


def test_bytes_are_shown_in_units():
    assert [memory_text(n) for n in (0, 40, 2048, 5 * 1024**2)] == ["0 B", "40 B", "2 KB", "5 MB"]
