import pytest
import torch

import kerasviz
from kerasviz import layers, losses
from kerasviz.training.shortcut import shortcut_for


def scores(x, axis):
    return x


def cases():
    labels = torch.tensor([0, 2, 1, 2])
    one_hot = torch.eye(3)[labels]
    flags = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
    return {
        "labels": (losses.SparseCategoricalCrossentropy(), labels, torch.softmax),
        "column": (losses.SparseCategoricalCrossentropy(), labels[:, None].int(), torch.softmax),
        "one-hot": (losses.CategoricalCrossentropy(), one_hot, torch.softmax),
        "soft rows": (losses.CategoricalCrossentropy(), one_hot * 0.6 + 0.1, torch.softmax),
        "flags": (losses.BinaryCrossentropy(), flags, lambda x, axis: torch.sigmoid(x)),
        "labels, scores": (losses.SparseCategoricalCrossentropy(from_logits=True), labels, scores),
        "soft rows, scores": (losses.CategoricalCrossentropy(from_logits=True), one_hot * 0.6 + 0.1, scores),
        "flags, scores": (losses.BinaryCrossentropy(from_logits=True), flags, scores),
        "numbers": (losses.MeanSquaredError(), one_hot * 3, scores),
    }


@pytest.mark.parametrize("case", cases().values(), ids=cases())
@pytest.mark.parametrize("size", [1.0, 5.0, 40.0], ids=["usual", "sure", "clipped"])
def test_gradient_at_the_scores_is_that_of_the_loss(case, size):
    loss, y, activation = case
    gradients, values = [], []
    for short in (False, True):
        weight = (torch.arange(15.0).reshape(5, 3).sin() * size).requires_grad_()
        y_pred = activation(torch.arange(20.0).reshape(4, 5).cos() @ weight, -1)
        shortcut = shortcut_for(loss)
        assert shortcut.fits(y, y_pred)
        value = shortcut.backward(y, y_pred) if short else loss(y, y_pred)
        if not short:
            value.backward()
        gradients.append(weight.grad)
        values.append(value.detach())
    torch.testing.assert_close(values[1], values[0], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(gradients[1], gradients[0], rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize(
    "loss",
    [
        losses.SparseCategoricalCrossentropy(ignore_class=1),
        losses.SparseCategoricalCrossentropy(reduction="sum"),
        losses.CategoricalCrossentropy(label_smoothing=0.1),
        losses.CategoricalCrossentropy(axis=1),
        losses.MeanAbsoluteError(),
        losses.MeanSquaredError(reduction="sum"),
    ],
    ids=lambda loss: loss.source(),
)
def test_losses_of_other_kinds_have_no_shortcut(loss):
    assert shortcut_for(loss) is None


def test_own_losses_have_no_shortcut():
    class SparseCategoricalCrossentropy(losses.SparseCategoricalCrossentropy):
        pass

    assert shortcut_for(SparseCategoricalCrossentropy()) is None


def test_predictions_that_somebody_listens_to_take_the_long_way():
    shortcut = shortcut_for(losses.SparseCategoricalCrossentropy())
    y = torch.tensor([0, 1])
    scores = torch.zeros(2, 3, requires_grad=True)
    assert shortcut.fits(y, torch.softmax(scores, -1))
    assert not shortcut.fits(y, torch.softmax(scores, 0))
    assert not shortcut.fits(y, torch.softmax(scores, -1) * 1.0)
    hooked = torch.softmax(scores, -1)
    hooked.register_hook(lambda gradient: gradient)
    assert not shortcut.fits(y, hooked)
    kept = torch.softmax(scores, -1)
    kept.retain_grad()
    assert not shortcut.fits(y, kept)


KINDS = ["int64", "int32", "uint8", "bool", "float64", "float16"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("deep", [False, True], ids=["dense", "convolution"])
@pytest.mark.parametrize(
    ("loss", "end"),
    [
        ("binary_crossentropy", "sigmoid"),
        ("categorical_crossentropy", "softmax"),
        ("mse", None),
        (losses.BinaryCrossentropy(from_logits=True), None),
        (losses.CategoricalCrossentropy(from_logits=True), None),
    ],
    ids=["flags", "rows", "numbers", "flag scores", "row scores"],
)
def test_targets_of_any_dtype_train_as_floats_do(kind, deep, loss, end):
    rows = torch.eye(3)[torch.tensor([0, 2, 1, 2, 0, 1])]
    x = torch.arange(72.0).reshape(6, 2, 2, 3).sin()

    def trained(y):
        kerasviz.utils.set_random_seed(1)
        inside = layers.Conv2D(2, 2) if deep else layers.Rescaling(0.5)
        model = kerasviz.Sequential([kerasviz.Input((2, 2, 3)), inside, layers.Flatten(), layers.Dense(3, end)])
        model.compile("sgd", loss)
        loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=2)
        history = model.fit(loader, epochs=2, verbose=0).history["loss"]
        return [*history, model.evaluate(x, y, batch_size=2, verbose=0), model.train_on_batch(x, y)]

    assert trained(rows.to(getattr(torch, kind))) == pytest.approx(trained(rows), rel=1e-6)
