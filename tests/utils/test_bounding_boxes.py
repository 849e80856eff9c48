import numpy as np
import pytest
import torch

from kerasviz.declare import Invalid
from kerasviz.utils import bounding_boxes as boxes

BOXES = torch.tensor([[10.0, 20, 30, 60], [0, 5, 50, 50]])
SIZE = {"height": 100, "width": 200}
FORMATS = ("yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh")


def as_format(values, name):
    return boxes.convert_format(values, "xyxy", name, **SIZE)


def back(values, name):
    return boxes.convert_format(values, name, "xyxy", **SIZE)


CHANGES = {
    "pad": lambda values, name: boxes.pad(values, 5, 10, **SIZE, bounding_box_format=name),
    "turn": lambda values, name: boxes.affine_transform(
        values, 30.0, 0.0, 0.1, 1.0, 0.0, 5.0, **SIZE, bounding_box_format=name
    ),
    "clip": lambda values, name: boxes.clip_to_image_size(
        {"boxes": values, "labels": torch.tensor([1, 2])}, **SIZE, bounding_box_format=name
    )["boxes"],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("name", FORMATS)
def test_boxes_are_changed_in_every_format(change, name):
    """Keras takes most changes in xyxy only."""
    moved = BOXES - torch.tensor([20.0, 0, 0, 0])
    expected = change(moved, "xyxy")
    torch.testing.assert_close(back(change(as_format(moved, name), name), name), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", [name for name in FORMATS if not name.startswith("rel")])
def test_boxes_are_cropped_in_every_format_in_pixels(name):
    expected = boxes.crop(BOXES, 5, 10, 20, 30)
    torch.testing.assert_close(back(boxes.crop(as_format(BOXES, name), 5, 10, 20, 30, name), name), expected)


def test_complete_overlap_takes_relative_boxes():
    """Keras stops with an error here."""
    relative = as_format(BOXES, "rel_xyxy")
    expected = boxes.compute_ciou(BOXES, BOXES.flip(0), "xyxy")
    torch.testing.assert_close(boxes.compute_ciou(relative, relative.flip(0), "rel_xyxy", (100, 200, 3)), expected)


def test_deltas_make_the_boxes_they_were_made_from():
    anchors = np.array([[10, 10, 30, 40], [5, 20, 45, 60]], "float32")
    deltas = boxes.encode_box_to_deltas(anchors, BOXES, "xyxy", "xyxy", variance=[0.1, 0.1, 0.2, 0.2])
    again = boxes.decode_deltas_to_boxes(anchors, deltas, "xyxy", "xyxy", variance=[0.1, 0.1, 0.2, 0.2])
    torch.testing.assert_close(again, BOXES, rtol=1e-5, atol=1e-4)


def test_sizes_of_images_differ():
    sizes = {"height": torch.tensor([100, 50]), "width": torch.tensor([200, 100])}
    both = boxes.convert_format(torch.stack([BOXES, BOXES]), "xyxy", "rel_xyxy", **sizes)
    torch.testing.assert_close(both[1], both[0] * 2)


def test_overlaps_have_gradients_and_need_no_values():
    values = BOXES.clone().requires_grad_()
    (
        boxes.compute_iou(values, BOXES + 5, "xyxy").sum() + boxes.compute_ciou(values, BOXES + 5, "xyxy").sum()
    ).backward()
    assert values.grad is not None
    assert values.grad.isfinite().all()
    nowhere = torch.empty(3, 4, device="meta")
    assert boxes.compute_iou(nowhere, nowhere, "xywh").shape == (3, 3)
    assert boxes.crop(nowhere, 1, 1, 5, 5).device.type == "meta"


REFUSED = {
    "format": (lambda: boxes.convert_format(BOXES, "xyxy", "rel_yxhw"), "rel_yxyx"),
    "size": (lambda: boxes.convert_format(BOXES, "xyxy", "rel_xyxy"), "size of the image"),
    "shape": (lambda: boxes.convert_format(BOXES[:, :3], "xyxy", "xywh"), "(..., 4)"),
    "iou-rank": (lambda: boxes.compute_iou(BOXES[0], BOXES, "xyxy"), "boxes1"),
    "iou-images": (lambda: boxes.compute_iou(torch.ones(2, 1, 4), torch.ones(3, 1, 4), "xyxy"), "as many images"),
    "iou-relative": (lambda: boxes.compute_iou(BOXES, BOXES, "rel_xyxy"), "image_shape"),
    "clip-array": (lambda: boxes.clip_to_image_size(BOXES, 5, 5), "labels"),
    "clip-size": (lambda: boxes.clip_to_image_size({"boxes": BOXES, "labels": torch.ones(2)}), "size of the image"),
    "crop-relative": (lambda: boxes.crop(BOXES, 1, 1, 5, 5, "rel_xyxy"), "in pixels"),
    "encoding": (lambda: boxes.encode_box_to_deltas(BOXES, BOXES, "xyxy", "xyxy", "xyxy"), "center_yxhw"),
    "decoding": (lambda: boxes.decode_deltas_to_boxes(BOXES, BOXES, "xyxy", "xyxy", "xyxy"), "center_yxhw"),
    "variance": (lambda: boxes.encode_box_to_deltas(BOXES, BOXES, "xyxy", "xyxy", variance=[1, 2]), "four numbers"),
    "levels": (lambda: boxes.decode_deltas_to_boxes({"a": BOXES}, BOXES, "xyxy", "xyxy"), "dict"),
    "turn-rank": (lambda: boxes.affine_transform(BOXES[0], 0, 0, 0, 1, 0, 0, 5, 5), "(batch, boxes, 4)"),
}


@pytest.mark.parametrize(("act", "words"), REFUSED.values(), ids=REFUSED)
def test_refusals_say_what_is_expected(act, words):
    with pytest.raises(Invalid) as error:
        act()
    assert words in str(error.value)
