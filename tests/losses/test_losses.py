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


SHAPES = {  # of targets that are class numbers, and of predictions
    "SparseCategoricalCrossentropy": ((4,), (4, 3)),
    "CategoricalGeneralizedCrossEntropy": ((4,), (4, 3)),
    "Circle": ((4,), (4, 3)),
}
ON_META = [name for name in keras.losses.__all__ if isinstance(getattr(keras.losses, name), type)]


@pytest.mark.parametrize("name", [name for name in ON_META if name not in ("Loss", "CTC")])  # torch's CTC reads lengths
def test_every_loss_reads_nothing_and_mixes_no_devices(name):
    loss = getattr(keras.losses, name)()
    of_targets, of_predictions = SHAPES.get(name, ((4, 3), (4, 3)))
    y_pred = torch.rand(of_predictions, device="meta", requires_grad=True)
    y_true = torch.zeros(of_targets, device="meta", dtype=torch.int64 if name in SHAPES else torch.float32)
    for weight in (None, torch.ones(4, device="meta")):
        loss(y_true, y_pred, weight).backward()
    assert y_pred.grad.device.type == "meta"


@pytest.mark.parametrize("shape", [(), (3,), (3, 1), (3, 4), (1, 4), (4,)], ids=str)
def test_weights_count_samples_first_and_then_broadcast(shape):
    y_true, y_pred, weight = torch.randn(3, 4, 2), torch.randn(3, 4, 2), torch.rand(shape)
    values = (y_true - y_pred).square().mean(-1)
    spread = weight.reshape(3, 1) if shape == (3,) else weight
    loss = keras.losses.MeanSquaredError()(y_true, y_pred, weight)
    torch.testing.assert_close(loss, (values * spread).mean())


def test_all_masked_out_is_zero_and_not_nan():
    y_pred = torch.randn(2, 3, 4)
    y_pred._keras_mask = torch.zeros(2, 3, dtype=torch.bool)
    assert keras.losses.MeanSquaredError()(torch.randn(2, 3, 4), y_pred) == 0


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64, torch.float32])
def test_labels_may_have_any_dtype(dtype):
    y_pred = torch.rand(4, 3)
    values = [keras.losses.SparseCategoricalCrossentropy()(torch.tensor([0, 1, 2, 1], dtype=t), y_pred)
              for t in (dtype, torch.int64)]  # fmt: skip
    assert values[0] == values[1]


def test_half_predictions_are_measured_in_the_default_float():
    y_pred = torch.rand(4, 3).half()
    loss = keras.losses.MeanSquaredError()(torch.rand(4, 3).half(), y_pred)
    assert loss.dtype == torch.float32
    assert keras.losses.MeanSquaredError(dtype="float16")(torch.rand(4, 3), y_pred).dtype == torch.float16


def test_structures_reach_an_own_loss_as_they_are():
    class Pair(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return (y_true["a"] - y_pred["a"]).abs().mean(-1) + y_pred["b"].mean(-1)

    loss = Pair()({"a": [[1.0, 2.0]], "b": [[0.0]]}, {"a": torch.zeros(1, 2), "b": torch.ones(1, 1)})
    assert float(loss) == 2.5


@pytest.mark.parametrize(
    "name", ["mse", "MSE", "mae", "bce", "kld", "logcosh", "mean_squared_error", "MeanSquaredError"]
)
def test_names_and_short_names_are_found(name):
    assert callable(keras.losses.get(name))


def test_unknown_name_names_the_near_miss():
    with pytest.raises(keras.Invalid, match="mean_squared_error"):
        keras.losses.get("mean_squared_eror")


def test_unknown_reduction_names_what_there_is():
    with pytest.raises(keras.Invalid, match="sum_over_batch_size"):
        keras.losses.MeanSquaredError(reduction="average")


def test_circle_of_classes_with_one_member_has_a_gradient_without_nan():
    y_pred = torch.nn.functional.normalize(torch.randn(4, 3), dim=1).requires_grad_()
    keras.losses.Circle()(torch.tensor([0, 0, 1, 2]), y_pred).backward()
    assert torch.isfinite(y_pred.grad).all()


def test_plain_lists_are_data():
    assert float(keras.losses.MeanSquaredError()([[0.0, 1.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 0.0]])) == 0.5
    assert float(keras.losses.MeanSquaredError(reduction="sum")([0, 1], [[0.5], [1.0]])) == 0.25


ALIGNED = sorted(
    name
    for name, loss in vars(keras.losses).items()
    if isinstance(loss, type) and getattr(loss, "aligns", False) and not loss.takes_labels and name != "Circle"
)


@pytest.mark.parametrize("name", [name for name in ALIGNED if name != "CTC"])
def test_flat_targets_and_columns_of_one_are_the_same(name):
    loss = getattr(keras.losses, name)()
    y_true, y_pred = torch.tensor([0.0, 1.0, 1.0, 0.0, 1.0]), torch.tensor([0.2, 0.9, 0.4, 0.3, 0.7])
    expected = loss(y_true[:, None], y_pred[:, None])
    torch.testing.assert_close(loss(y_true, y_pred[:, None]), expected)
    torch.testing.assert_close(loss(y_true[:, None], y_pred), expected)
