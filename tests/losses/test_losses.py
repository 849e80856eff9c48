"""What our losses promise beyond Keras's numbers."""

import pytest
import torch

import kerasviz as keras


def test_sparse_crossentropy_of_images_keeps_its_gradient():
    y_pred = torch.rand(2, 4, 4, 3, requires_grad=True)
    keras.losses.SparseCategoricalCrossentropy()(torch.zeros(2, 4, 4, dtype=torch.int64), y_pred).backward()
    assert y_pred.grad is not None
    assert (y_pred.grad != 0).any()


def test_class_numbers_for_the_categorical_loss_are_told_to_use_the_sparse_one():
    with pytest.raises(keras.Invalid, match="categorical_crossentropy"):
        keras.losses.CategoricalCrossentropy()(torch.tensor([1, 2]), torch.rand(2, 3))


def test_rows_for_the_sparse_loss_are_told_to_use_the_categorical_one():
    with pytest.raises(keras.Invalid, match="One-hot targets need CategoricalCrossentropy"):
        keras.losses.SparseCategoricalCrossentropy()(torch.rand(2, 3), torch.rand(2, 3))


def test_own_loss_with_a_hand_written_constructor_has_a_config():
    class Scaled(keras.losses.Loss):
        def __init__(self, factor=2.0, name="scaled", **kwargs):
            super().__init__(name=name, **kwargs)
            self.factor = factor

        def call(self, y_true, y_pred):
            return (y_true - y_pred).abs().mean(-1) * self.factor

    loss = Scaled(3.0)
    assert float(loss(torch.zeros(2, 2), torch.ones(2, 2))) == 3.0
    assert loss.get_config()["factor"] == 3.0


@pytest.mark.parametrize("name", [n for n in keras.losses.__all__ if isinstance(getattr(keras.losses, n), type) and n != "Loss"])
def test_every_loss_runs_on_the_meta_device(name):
    loss = getattr(keras.losses, name)()
    y_pred = torch.rand(4, 3, device="meta", requires_grad=True)
    y_true = torch.zeros(4, dtype=torch.int64, device="meta") if "Sparse" in name or "Generalized" in name else torch.rand(4, 3, device="meta")
    loss(y_true, y_pred).backward()
    assert y_pred.grad.device.type == "meta"
