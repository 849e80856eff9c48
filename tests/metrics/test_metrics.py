import copy
import pickle

import numpy as np
import pytest
import torch

from kerasviz import metrics
from kerasviz.declare import Invalid, custom_object_scope
from kerasviz.metrics import Metric

ARGUMENTS = {
    "IoU": {"num_classes": 3, "target_class_ids": [0, 2]},
    "MeanIoU": {"num_classes": 3},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [0, 2]},
    "OneHotMeanIoU": {"num_classes": 3},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
}
WITH_LABELS = ("SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy", "SparseCategoricalCrossentropy")
NAMES = sorted(
    name
    for name, thing in metrics.FAMILY.members().items()
    if isinstance(thing, type) and name not in ("Metric", "MeanMetricWrapper")
)
MEASURING = [name for name in NAMES if name not in ("Mean", "Sum")]


def made(name, **arguments):
    return getattr(metrics, name)(**ARGUMENTS.get(name, {}) | arguments)


def batch(name, rows=8, seed=0, device="cpu"):
    """Targets and predictions of a shape that the metric takes."""
    generator = torch.Generator().manual_seed(seed)
    scores = torch.rand(rows, 3, generator=generator)
    shares = scores / scores.sum(-1, keepdim=True)
    labels = torch.randint(0, 3, (rows,), generator=generator)
    if name in WITH_LABELS:
        data = labels, shares
    elif name in ("IoU", "MeanIoU"):
        data = labels, shares.argmax(-1)
    else:
        data = torch.nn.functional.one_hot(labels, 3).float(), shares
    return tuple(part.to(device) for part in data)


@pytest.mark.parametrize("name", MEASURING)
def test_measuring_waits_for_no_device(name):
    metric = made(name)
    for weight in (None, torch.rand(8, device="meta")):
        metric.update_state(*batch(name, device="meta"), sample_weight=weight)  # reading a number fails on meta
    assert all(variable.device.type == "meta" for variable in metric.variables)
    assert metric.result().device.type == "meta"


@pytest.mark.parametrize("name", MEASURING)
def test_batches_joined_give_what_they_give_one_by_one(name):
    apart, joined = made(name), made(name)
    batches = [batch(name, rows, seed) for seed, rows in enumerate((8, 3, 5))]
    for one in batches:
        apart.update_state(*one)
    joined.update_state(*(torch.cat(parts) for parts in zip(*batches, strict=True)))
    torch.testing.assert_close(joined.result(), apart.result())


@pytest.mark.parametrize("name", MEASURING)
def test_state_is_no_part_of_the_graph_of_the_predictions(name):
    metric = made(name)
    y_true, y_pred = batch(name)
    if y_pred.is_floating_point():
        y_pred.requires_grad_()
    metric.update_state(y_true, y_pred, sample_weight=torch.rand(8))
    assert not metric.result().requires_grad
    assert not any(variable.requires_grad for variable in metric.variables)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda metric: pickle.loads(pickle.dumps(metric))])
@pytest.mark.parametrize("name", MEASURING)
def test_copy_goes_on_where_the_metric_was(name, again):
    metric = made(name)
    metric.update_state(*batch(name))
    copied = again(metric)
    for one in (metric, copied):
        one.update_state(*batch(name, seed=1))
    torch.testing.assert_close(copied.result(), metric.result())
    copied.update_state(*batch(name, seed=2))
    copied.reset_state()
    assert any(variable.any() for variable in metric.variables), "the copy has a state of its own"


@pytest.mark.parametrize("name", MEASURING)
def test_metric_is_as_new_after_reset(name):
    metric = made(name)
    metric.update_state(*batch(name, seed=3))
    metric.reset_state()
    metric.update_state(*batch(name))
    fresh = made(name)
    fresh.update_state(*batch(name))
    torch.testing.assert_close(metric.result(), fresh.result())


@pytest.mark.parametrize("name", MEASURING)
def test_nothing_measured_yet_is_zero(name):
    metric = made(name)
    metric.reset_state()
    assert float(metric.result()) == 0.0 or name in ("PearsonCorrelation", "ConcordanceCorrelation")


@pytest.mark.parametrize("name", MEASURING)
def test_state_made_in_inference_mode_serves_outside(name):
    with torch.inference_mode():
        metric = made(name)
        metric.update_state(*batch(name))
    metric.update_state(*batch(name))
    metric.reset_state()


@pytest.mark.parametrize("name", [n for n in MEASURING if n not in ("IoU", "MeanIoU")])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_predictions_in_half_precision_are_summed_in_single(name, dtype):
    metric = made(name)
    y_true, y_pred = batch(name, 600)
    exact = made(name)
    for _ in range(5):
        metric.update_state(y_true, y_pred.to(dtype))
        exact.update_state(y_true, y_pred.to(dtype).float())
    torch.testing.assert_close(metric.result(), exact.result())


@pytest.mark.parametrize("name", MEASURING)
def test_lists_and_arrays_are_taken_as_tensors_are(name):
    y_true, y_pred = batch(name)
    found = [made(name)(*data) for data in ((y_true, y_pred), (y_true.numpy(), y_pred.numpy()))]
    found.append(made(name)(y_true.tolist(), y_pred.tolist()))
    torch.testing.assert_close(found[1], found[0])
    torch.testing.assert_close(found[2], found[0])


def test_every_row_counts_alike_whichever_batch_it_came_in():
    mean = metrics.Mean()
    mean.update_state([1.0, 1.0, 1.0])
    mean.update_state([5.0])
    assert float(mean.result()) == 2.0


def test_state_moves_to_where_the_data_is_and_keeps_its_numbers():
    mean = metrics.Mean()
    mean.update_state([3.0])
    with torch.device("cpu"):
        mean.update_state(torch.tensor([5.0]))
    assert float(mean.result()) == 4.0


@pytest.mark.parametrize("k", [3, 4, 50])
def test_top_k_with_more_than_there_are_classes_is_always_right(k):
    assert float(metrics.SparseTopKCategoricalAccuracy(k)(*batch("SparseTopKCategoricalAccuracy"))) == 1.0
    assert float(metrics.TopKCategoricalAccuracy(k)(*batch("TopKCategoricalAccuracy"))) == 1.0
    assert float(metrics.Precision(top_k=k)(*batch("Precision"))) == pytest.approx(1 / 3)


@pytest.mark.parametrize("label", [-1, 3])
def test_label_that_is_no_class_is_never_among_the_best(label):
    scores = torch.rand(4, 3)
    assert not metrics.sparse_top_k_categorical_accuracy(torch.full((4,), label), scores, k=3).any()
    assert not metrics.sparse_categorical_accuracy(torch.full((4,), label), scores).any()


def test_overlap_counts_weights_below_one():
    iou = metrics.MeanIoU(2)
    iou.update_state([0, 0, 1, 1], [0, 1, 0, 1], sample_weight=[0.3, 0.3, 0.3, 0.1])
    assert float(iou.result()) == pytest.approx((0.3 / 0.9 + 0.1 / 0.7) / 2)


def test_overlap_without_weights_counts_in_whole_numbers():
    iou = metrics.MeanIoU(2)
    iou.update_state([0, 1], [0, 1])
    assert iou.total_confusion_matrix.dtype == torch.int32


def test_overlap_leaves_out_what_is_no_class():
    iou = metrics.MeanIoU(2)
    iou.update_state([0, 1, 255, 1], [0, 1, 1, -1])
    assert float(iou.result()) == 1.0


def test_counts_come_in_the_order_of_the_thresholds():
    y_true, y_pred = torch.tensor([1, 1, 1, 1]), torch.tensor([0.15, 0.35, 0.55, 0.75])
    assert metrics.TruePositives(thresholds=[0.7, 0.1, 0.5])(y_true, y_pred).tolist() == [1, 4, 2]


@pytest.mark.parametrize("seed", range(5))
def test_area_under_roc_is_the_share_of_pairs_in_order(seed):
    generator = np.random.default_rng(seed)
    truth, scores = generator.integers(0, 2, 60), generator.random(60).round(2)
    yes, no = scores[truth == 1][:, None], scores[truth == 0]
    in_order = ((yes > no) + 0.5 * (yes == no)).mean()
    between = np.arange(-0.005, 1.01, 0.01).clip(0, 1).tolist()
    assert float(metrics.AUC(thresholds=between)(truth, scores)) == pytest.approx(in_order, abs=1e-5)


def test_area_learns_the_number_of_labels_from_the_first_batch():
    auc = metrics.AUC(multi_label=True)
    assert auc.variables == []
    auc.update_state(*batch("AUC"))
    assert [tuple(v.shape) for v in auc.variables] == [(200, 3)] * 4


# --- metrics of users ---------------------------------------------------------------------------------------------


class Share(Metric):
    """Written as for Keras."""

    def __init__(self, level=0.5, name="share", **kwargs):
        super().__init__(name=name, **kwargs)
        self.level = level
        self.above = self.add_weight(name="above", initializer="zeros")
        self.total = self.add_variable((), "zeros", name="total")
        self.inner = metrics.Mean(name="inner")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.above.assign_add((y_pred > self.level).sum())
        self.total.assign(self.total + y_pred.numel())
        self.inner.update_state(y_pred)

    def result(self):
        return {"share": self.above / self.total, "inner": self.inner.result()}


def test_metric_of_a_user_is_written_as_in_keras():
    share = Share(0.4)
    found = share(torch.zeros(4), torch.tensor([0.1, 0.3, 0.5, 0.9]))
    assert {name: float(value) for name, value in found.items()} == pytest.approx({"share": 0.5, "inner": 0.45})
    assert [v.path for v in share.variables] == ["share/above", "share/total", "inner/total", "inner/count"]
    share.reset_state()
    assert not any(float(variable) for variable in share.variables)


def test_metric_of_a_user_keeps_its_arguments():
    config = metrics.serialize(Share(0.4, name="mine"))
    assert config["config"] == {"level": 0.4, "name": "mine", "dtype": "float32"}
    with custom_object_scope({"Share": Share}):
        again = metrics.deserialize(config)
    assert (again.level, again.name) == (0.4, "mine")


def test_metric_in_a_list_has_its_state_among_the_variables():
    class Two(Metric):
        def __init__(self):
            super().__init__()
            self.parts = [metrics.Mean(), metrics.Sum()]

    assert len(Two().variables) == 3


def test_subclass_of_one_of_ours_calls_it_as_in_keras():
    class Best(metrics.MeanIoU):
        def update_state(self, y_true, y_pred, sample_weight=None):
            return super().update_state(y_true, y_pred.argmax(-1), sample_weight)

    class Distance(metrics.MeanMetricWrapper):
        def __init__(self, name="distance", dtype=None):
            super().__init__(lambda y_true, y_pred: (y_true - y_pred).abs(), name=name, dtype=dtype)

    y_true, y_pred = batch("SparseCategoricalAccuracy")
    same = metrics.MeanIoU(3, sparse_y_pred=False)
    assert float(Best(3)(y_true, y_pred)) == float(same(y_true, y_pred))
    assert float(Distance()(torch.zeros(3), torch.tensor([1.0, 2.0, 3.0]))) == 2.0


def power_error(y_true, y_pred, power=2.0):
    return ((y_true - y_pred).abs() ** power).mean(-1)


def test_mean_of_a_function_keeps_its_further_arguments():
    metric = metrics.MeanMetricWrapper(power_error, name="cube", power=3.0)
    assert float(metric(torch.zeros(2, 2), torch.full((2, 2), 2.0))) == 8.0
    with custom_object_scope({"power_error": power_error}):
        again = metrics.deserialize(metrics.serialize(metric))
    assert float(again(torch.zeros(2, 2), torch.full((2, 2), 2.0))) == 8.0
    assert again.name == "cube"


@pytest.mark.parametrize(("axis", "additive"), [(-1, True), (1, True), (0, False), (-2, False)])
def test_batches_are_not_joined_where_samples_lie_along_the_axis(axis, additive):
    assert metrics.CosineSimilarity(axis=axis).additive is additive
    assert metrics.MeanMetricWrapper(metrics.pearson_correlation, axis=axis).additive is additive


# --- names, config, errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [("mse", "MeanSquaredError"), ("MSE", "MeanSquaredError"), ("binary_accuracy", "BinaryAccuracy"), ("AUC", "AUC"),
     ("kld", "KLDivergence"), ("mean_io_u", None), ("Accuracy", "Accuracy"), ("f_beta_score", "FBetaScore")],
)  # fmt: skip
def test_name_means_the_class(name, kind):
    if kind is None:
        with pytest.raises(TypeError):
            metrics.get(name)  # as in Keras: it needs the number of classes
    else:
        assert type(metrics.get(name)).__name__ == kind


def test_unknown_name_is_told_its_near_miss():
    with pytest.raises(Invalid, match="mean_squared_error"):
        metrics.get("mean_sqared_error")


def test_metrics_without_a_name_are_told_apart_and_their_source_has_none():
    first, second = metrics.Precision(), metrics.Precision(thresholds=[0.2, 0.6])
    assert first.name != second.name
    assert second.source() == "Precision(thresholds=[0.2, 0.6])"
    assert metrics.AUC(thresholds=[0.5], curve="pr").source() == 'AUC(num_thresholds=3, curve="PR", thresholds=[0.5])'
    assert metrics.Precision(name="mine").source() == 'Precision(name="mine")'


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: metrics.Precision(thresholds=[0.5, 1.5]),
        lambda: metrics.TruePositives(thresholds=-0.1),
        lambda: metrics.AUC(num_thresholds=1),
        lambda: metrics.AUC(curve="ROCK"),
        lambda: metrics.AUC(num_labels=3),
        lambda: metrics.FBetaScore(beta=0.0),
        lambda: metrics.FBetaScore(average="mean"),
        lambda: metrics.F1Score(threshold=0.0),
        lambda: metrics.R2Score(num_regressors=-1),
        lambda: metrics.IoU(3, [3]),
        lambda: metrics.BinaryIoU([2]),
        lambda: metrics.SensitivityAtSpecificity(1.5),
        lambda: metrics.BinaryAccuracy(threshold="high"),
        lambda: metrics.F1Score()(torch.zeros(3), torch.zeros(3)),
        lambda: metrics.R2Score()(torch.zeros(3), torch.zeros(3)),
        lambda: metrics.Precision()(torch.zeros(3), torch.zeros(4)),
        lambda: metrics.Mean().stateless_result([0.0]),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_is_expected(wrong):
    with pytest.raises(Invalid, match="expected"):
        wrong()
