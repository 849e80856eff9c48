import hashlib

import numpy as np
import pytest

from kerasviz import datasets
from kerasviz.datasets import mnist_sample

SHA256 = "2201fb8b52f4e1526b3998fee8df4652418a8b4dea9ecf59ff72b48ed35f9c6c"


@pytest.fixture(scope="module")
def data():
    return mnist_sample.load_data()


def test_file_is_the_one_that_the_script_made():
    assert hashlib.sha256(mnist_sample.FILE.read_bytes()).hexdigest() == SHA256


def test_file_is_small_enough_to_ship():
    assert mnist_sample.FILE.stat().st_size <= 2_500_000


@pytest.mark.parametrize(("part", "count"), [(0, 15_000), (1, 2_500)], ids=["train", "test"])
def test_images_are_bytes_of_28_by_28_pixels_and_labels_match(data, part, count):
    images, labels = data[part]
    assert (images.shape, images.dtype) == ((count, 28, 28), np.uint8)
    assert (labels.shape, labels.dtype) == ((count,), np.uint8)
    assert (images.min(), images.max()) == (0, 255)


@pytest.mark.parametrize("part", [0, 1], ids=["train", "test"])
def test_each_digit_is_there_equally_often_and_mixed(data, part):
    _, labels = data[part]
    counts = np.bincount(labels)
    assert counts.tolist() == [len(labels) // 10] * 10
    assert len(set(labels[:50].tolist())) == 10


def test_no_test_image_is_a_training_image(data):
    train, test = ({image.tobytes() for image in images} for images, _ in data)
    assert not train & test


def test_arrays_are_the_callers_own(data):
    (x_train, _), _ = data
    assert x_train.flags.writeable
    assert mnist_sample.load_data()[0][0] is not x_train


@pytest.mark.parametrize(
    ("name", "told"), [("mnist", "yet: `mnist_sample`"), ("imdb", "yet"), ("mnist_sampel", "Did you")]
)
def test_data_that_are_not_here_are_told(name, told):
    with pytest.raises(AttributeError, match=told):
        getattr(datasets, name)
