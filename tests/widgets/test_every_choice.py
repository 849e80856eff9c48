"""Every optimizer, schedule, loss and metric of the page's catalog, chosen in the settings, trains a model."""

import base64
import math
import re

import numpy as np
import pytest

from kerasviz.document.document import from_data, to_data
from kerasviz.document.script import training_script
from kerasviz.widgets import GraphEditor, Studio
from kerasviz.widgets.offer import catalog
from tests.document.layer_cases import document_of

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(32, 6)).astype("float32")
CLASSES = RANDOM.integers(0, 3, 32)
ONE_HOT, SHARES = np.eye(3, dtype="float32")[CLASSES], np.float32([[0.2, 0.3, 0.5]] * 32)
YES = (X[:, :1] > 0).astype("float32")
NET = "dense 4 relu > dense 3 softmax"
OTHER = {  # what targets and which end other choices than the usual ones need: targets, network
    **dict.fromkeys(("BinaryAccuracy", "AUC", "Precision", "Recall"), (YES, "dense 4 relu > dense 1 sigmoid")),
    **dict.fromkeys(("SparseCategoricalCrossentropy", "SparseCategoricalAccuracy", "accuracy"), (CLASSES, NET)),
    **dict.fromkeys(("Circle",), (CLASSES, "dense 3")),
    "SparseTopKCategoricalAccuracy": (CLASSES, NET),
    "CategoricalGeneralizedCrossEntropy": (CLASSES, NET),
    "CTC": (np.tile(np.int32([[1, 2]]), (32, 1)), "reshape 6 1 > dense 3 softmax"),
}
ARGS = {
    "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 4, "warmup_target": 0.2, "warmup_steps": 2},
    "CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 2},
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 2, "decay_rate": 0.5},
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 2, "decay_rate": 0.5},
    "PiecewiseConstantDecay": {"boundaries": [2], "values": [0.1, 0.01]},
    "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 4},
    "LossScaleOptimizer": {
        "inner_optimizer": {
            "module": "keras.optimizers",
            "class_name": "SGD",
            "config": {"momentum": 0.9},
            "registered_name": None,
        },
        "initial_scale": 128.0,
    },
    "IoU": {"num_classes": 3, "target_class_ids": [0, 2], "sparse_y_true": False, "sparse_y_pred": False},
    "MeanIoU": {"num_classes": 3, "sparse_y_true": False, "sparse_y_pred": False},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [0]},
    "OneHotMeanIoU": {"num_classes": 3},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
}


def names(family):
    return [spec["kind"] for spec in catalog()[family]]


def trained(kind, **settings):
    """The logs of an epoch, of a studio with these settings; its script trains too."""
    targets, net = OTHER.get(kind, (ONE_HOT, NET))
    studio = Studio(X, targets)
    studio.add(net)
    studio.settings = {**studio.settings, "epochs": 1, "batch_size": 8, **settings}
    studio.start().wait(60)
    assert studio.state == "finished", studio.error
    code = training_script(from_data(studio.document), studio.settings, package="kerasviz")
    space = {"x_train": X, "y_train": targets}
    exec(code.replace('model.save("model.keras")', ""), space)
    assert set(space["history"].history) == set(studio.run.history)
    return studio.run.history


def chosen(kind):
    return {"kind": kind, "args": ARGS.get(kind, {})}


@pytest.mark.parametrize("kind", names("optimizers"))
def test_every_optimizer_trains(kind):
    assert math.isfinite(trained(kind, optimizer=chosen(kind))["loss"][-1])


@pytest.mark.parametrize("kind", names("schedules"))
def test_every_schedule_leads_the_learning_rate(kind):
    rate = {"module": "keras.optimizers.schedules", "class_name": kind, "config": ARGS[kind], "registered_name": None}
    history = trained(kind, optimizer={"kind": "SGD", "args": {"learning_rate": rate}})
    assert math.isfinite(history["loss"][-1])


@pytest.mark.parametrize("kind", names("losses"))
def test_every_loss_is_gone_down(kind):
    assert math.isfinite(trained(kind, loss=chosen(kind), metrics=[])["loss"][-1])


@pytest.mark.parametrize("kind", names("metrics"))
def test_every_metric_is_logged(kind):
    targets, _ = OTHER.get(kind, (ONE_HOT, NET))
    loss = {"kind": "SparseCategoricalCrossentropy" if targets is CLASSES else "MeanSquaredError", "args": {}}
    history = trained(kind, loss=loss, metrics=[chosen(kind)])
    assert len(history) == 2
    assert all(np.isfinite(values).all() for values in history.values())


@pytest.mark.parametrize("spec", catalog()["layers"][1:], ids=lambda spec: spec["kind"])
def test_every_layer_is_analysed_and_pictured(spec):
    document, call = document_of(spec)
    editor = GraphEditor()
    editor.document = to_data(document)
    assert editor.analysis["calls"][call]["shapes"][0]
    assert editor.problems == []
    data, _ = editor._repr_mimebundle_()
    picture = re.search(r"base64,([^\"]+)", data["text/html"])
    assert picture
    assert spec["kind"][:9] in base64.b64decode(picture[1]).decode()


def test_an_optimizer_of_several_is_not_offered():
    assert "MultiOptimizer" not in names("optimizers")
    assert {"LossScaleOptimizer", "Muon", "Lamb", "Ftrl", "ScheduleFreeAdamW"} <= set(names("optimizers"))
