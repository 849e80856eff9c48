"""Every metric with every argument, on batches of every sort."""

from __future__ import annotations

from typing import Any

import numpy as np

Batch = tuple[np.ndarray, np.ndarray]
RANDOM = np.random.default_rng(0)  # drawn from while this module is read, always in the same order


def numbers(*shape: int) -> np.ndarray:
    return RANDOM.random(shape).astype("float32")


def shares(*shape: int) -> np.ndarray:
    values = numbers(*shape) + np.float32(0.05)
    return values / values.sum(-1, keepdims=True)


def one_hot(classes: int, *shape: int) -> np.ndarray:
    return np.eye(classes, dtype="float32")[RANDOM.integers(0, classes, shape)]


def labels(classes: int, *shape: int) -> np.ndarray:
    return RANDOM.integers(0, classes, shape)


def yes_or_no(*shape: int) -> np.ndarray:
    return (numbers(*shape) > 0.5).astype("float32")


NUMBERS: list[Batch] = [
    (numbers(6, 3), numbers(6, 3)),
    (numbers(6), numbers(6)),
    (numbers(6, 4, 3), numbers(6, 4, 3)),
    (numbers(1, 3), numbers(1, 3)),
    (numbers(1, 1), numbers(1, 1)),
    (numbers(0, 3), numbers(0, 3)),
]
OTHER_RANK = [(numbers(6), numbers(6, 1)), (numbers(6, 1), numbers(6)), (numbers(6, 4, 1), numbers(6, 4))]
ROWS = [
    (one_hot(5, 6), shares(6, 5)),
    (one_hot(5, 6, 4), shares(6, 4, 5)),
    (one_hot(2, 3), shares(3, 2)),
    (one_hot(5, 6).astype("int32"), shares(6, 5)),
    (one_hot(5, 1), shares(1, 5)),
    (one_hot(5, 0), shares(0, 5)),
]
LABELS = [
    (labels(5, 6), shares(6, 5)),
    (labels(5, 6, 1), shares(6, 5)),
    (labels(5, 6, 4), shares(6, 4, 5)),
    (labels(5, 6, 4, 1), shares(6, 4, 5)),
    (labels(5, 6).astype("float32"), shares(6, 5)),
    (labels(5, 1), shares(1, 5)),
    (labels(5, 0), shares(0, 5)),
]
EQUAL = [
    (labels(3, 6), labels(3, 6)),
    (labels(3, 6, 1), labels(3, 6)),
    (labels(3, 6), labels(3, 6, 1)),
    (labels(3, 6, 4).astype("float32"), labels(3, 6, 4)),
    (labels(2, 1), labels(2, 1)),
    (labels(2, 0), labels(2, 0)),
]
SIGNS = [
    (np.sign(numbers(6, 3) - 0.5), numbers(6, 3) * 2 - 1),
    (yes_or_no(6, 3), numbers(6, 3) * 2 - 1),
    (yes_or_no(1, 1), numbers(1, 1)),
]
YES = [
    (yes_or_no(20), numbers(20)),
    (yes_or_no(8, 5).astype("int32"), numbers(8, 5)),
    (yes_or_no(20, 1), numbers(20)),
    (yes_or_no(20), numbers(20, 1)),
    (yes_or_no(12, 3, 2), numbers(12, 3, 2)),
    (np.array([0, 1, 1, 0, 1.0]), np.array([0, 1, 0.5, 0.5, 0.25], "float32")),
    (yes_or_no(20), (numbers(20) * 8).round() / 8),
    (yes_or_no(1), numbers(1)),
    (yes_or_no(4, 2) * 0, numbers(4, 2)),
    (yes_or_no(0), numbers(0)),
]
SEVERAL = [(yes_or_no(9, 4), numbers(9, 4)), (yes_or_no(1, 4), numbers(1, 4))]
CLASSES = [
    (one_hot(4, 12), shares(12, 4)),
    (one_hot(3, 5), numbers(5, 3)),
    (yes_or_no(7, 3), numbers(7, 3)),
    (yes_or_no(1, 3), numbers(1, 3)),
]
MAPS = [(labels(3, 30), labels(3, 30)), (labels(3, 4, 5), labels(3, 4, 5)), (labels(3, 1), labels(3, 1))]
MAPS_OF_SHARES = [(labels(3, 4, 5), shares(4, 5, 3))]
ONE_HOT_MAPS = [(one_hot(3, 4, 5), shares(4, 5, 3)), (one_hot(3, 12), shares(12, 3))]
ONE_HOT_TRUTH = [(one_hot(3, 4, 5), labels(3, 4, 5))]
OUTPUTS = [(numbers(10, 1), numbers(10, 1)), (numbers(10, 3), numbers(10, 3)), (numbers(1, 3), numbers(1, 3))]

AT: list[dict[str, Any]] = [
    {},
    {"thresholds": 0.3},
    {"thresholds": [0.2, 0.5, 0.9]},
    {"thresholds": [0.7, 0.1]},
    {"thresholds": [0.0, 0.5, 1]},
]
BEST = [
    {"top_k": 2},
    {"top_k": 1, "class_id": 1},
    {"class_id": 1},
    {"thresholds": 0.3, "top_k": 2},
    {"thresholds": [0.1, 0.4], "class_id": 2},
]
METHODS = [{"summation_method": name} for name in ("minoring", "majoring")]
CURVES = [{}, {"num_thresholds": 5}, {"thresholds": [0.2, 0.35, 0.9]}, {"from_logits": True}, {"num_thresholds": 2}]
BY_LABEL = [
    {},
    {"num_labels": 4},
    {"label_weights": [1.0, 2.0, 0.0, 3.0]},
    {"thresholds": [0.1, 0.5]},
    {"from_logits": True, "num_thresholds": 7, "summation_method": "majoring"},
]
POINTS = [{}, {"num_thresholds": 1}, {"num_thresholds": 7}]
RATES = {
    "SensitivityAtSpecificity": "specificity",
    "SpecificityAtSensitivity": "sensitivity",
    "PrecisionAtRecall": "recall",
    "RecallAtPrecision": "precision",
}
AVERAGES = [{"average": name} for name in (None, "micro", "macro", "weighted")]
AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")
FLOAT = {"dtype": "float32"}  # with whole numbers, Keras loses weights below one
CORRELATED = NUMBERS[:1] + NUMBERS[2:4]

ALL: list[tuple[str, dict[str, Any], list[Batch]]] = [
    *((name, {}, NUMBERS + OTHER_RANK) for name in ("MeanSquaredError", "MeanAbsoluteError", "RootMeanSquaredError")),
    *((name, {}, NUMBERS) for name in ("MeanAbsolutePercentageError", "MeanSquaredLogarithmicError", "LogCoshError")),
    ("CosineSimilarity", {}, NUMBERS),
    *(("CosineSimilarity", {"axis": axis}, NUMBERS[:1] + NUMBERS[2:3]) for axis in (0, 1)),
    ("Poisson", {}, NUMBERS),
    ("KLDivergence", {}, ROWS),
    ("Accuracy", {}, EQUAL),
    ("BinaryAccuracy", {}, YES),
    ("BinaryAccuracy", {"threshold": 0.3}, YES),
    ("CategoricalAccuracy", {}, ROWS),
    ("SparseCategoricalAccuracy", {}, LABELS),
    *(("TopKCategoricalAccuracy", kw, ROWS) for kw in ({}, {"k": 1}, {"k": 3})),
    *(("SparseTopKCategoricalAccuracy", kw, LABELS) for kw in ({}, {"k": 1}, {"k": 3})),
    ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True}, [(labels(5, 6), labels(5, 6, 4))]),
    *(("BinaryCrossentropy", kw, YES) for kw in ({}, {"from_logits": True}, {"label_smoothing": 0.1})),
    *(("CategoricalCrossentropy", kw, ROWS) for kw in ({}, {"from_logits": True}, {"label_smoothing": 0.1})),
    ("CategoricalCrossentropy", {"axis": 1}, [(np.moveaxis(b, -1, 1), np.moveaxis(p, -1, 1)) for b, p in ROWS[1:2]]),
    *(("SparseCategoricalCrossentropy", kw, LABELS) for kw in ({}, {"from_logits": True}, {"ignore_class": 1})),
    ("SparseCategoricalCrossentropy", {"axis": 1}, [(LABELS[2][0], np.moveaxis(LABELS[2][1], -1, 1))]),
    ("Hinge", {}, SIGNS),
    ("SquaredHinge", {}, SIGNS),
    ("CategoricalHinge", {}, ROWS[:-1]),
    *((f"{a}{b}", kw, YES) for a in ("True", "False") for b in ("Positives", "Negatives") for kw in AT),
    *((name, kw, YES) for name in ("Precision", "Recall") for kw in AT),
    *((name, kw, CLASSES) for name in ("Precision", "Recall") for kw in BEST),
    *(("AUC", {"curve": c} | kw, YES) for c in ("ROC", "PR", "PRGAIN") for kw in CURVES),
    *(("AUC", {"curve": c, "num_thresholds": 9} | m, YES) for c in ("ROC", "PR", "PRGAIN") for m in METHODS),
    *(("AUC", {"curve": c, "multi_label": True} | kw, SEVERAL) for c in ("ROC", "PR", "PRGAIN") for kw in BY_LABEL),
    ("AUC", {"label_weights": [1.0, 2.0, 0.0, 3.0]}, SEVERAL),
    *((name, {rate: at} | kw, YES) for name, rate in RATES.items() for at in (0.4, 0.8) for kw in POINTS),
    *((name, {rate: 0.5, "class_id": 1}, CLASSES) for name, rate in RATES.items()),
    *(("FBetaScore", kw | {"beta": 2.0, "threshold": t}, CLASSES) for kw in AVERAGES for t in (None, 0.4)),
    *(("FBetaScore", kw | {"beta": 0.5}, CLASSES) for kw in AVERAGES),
    *(("F1Score", kw | {"threshold": t}, CLASSES) for kw in AVERAGES for t in (None, 0.4)),
    *(("IoU", {"num_classes": 3, "target_class_ids": [0, 2]} | FLOAT | kw, MAPS) for kw in ({}, {"ignore_class": 1})),
    ("IoU", {"num_classes": 3, "target_class_ids": [1], "sparse_y_pred": False} | FLOAT, MAPS_OF_SHARES),
    ("IoU", {"num_classes": 3, "target_class_ids": [0, 1], "sparse_y_true": False} | FLOAT, ONE_HOT_TRUTH),
    ("IoU", {"num_classes": 3, "target_class_ids": (0, 2)}, MAPS),
    *(("MeanIoU", {"num_classes": 4} | FLOAT | kw, MAPS) for kw in ({}, {"ignore_class": 1}, {"ignore_class": -1})),
    ("MeanIoU", {"num_classes": 3, "sparse_y_true": False, "sparse_y_pred": False} | FLOAT, ONE_HOT_MAPS),
    ("MeanIoU", {"num_classes": 3}, MAPS),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [0, 1]} | FLOAT, ONE_HOT_MAPS),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [2], "sparse_y_pred": True} | FLOAT, ONE_HOT_TRUTH),
    *(("OneHotMeanIoU", {"num_classes": 3} | FLOAT | kw, ONE_HOT_MAPS) for kw in ({}, {"ignore_class": 1})),
    ("OneHotMeanIoU", {"num_classes": 3, "sparse_y_pred": True} | FLOAT, ONE_HOT_TRUTH),
    *(("BinaryIoU", {"target_class_ids": ids, "threshold": 0.3} | FLOAT, YES) for ids in ([0], [1], [0, 1])),
    ("BinaryIoU", FLOAT, YES),
    *(
        ("R2Score", {"class_aggregation": name, "num_regressors": count}, OUTPUTS)
        for name in AGGREGATIONS
        for count in (0, 2)
    ),
    *((name, {}, CORRELATED) for name in ("PearsonCorrelation", "ConcordanceCorrelation")),
    *((name, {"axis": 1}, NUMBERS[2:3]) for name in ("PearsonCorrelation", "ConcordanceCorrelation")),
    *((name, {"axis": 0}, NUMBERS[:1]) for name in ("PearsonCorrelation", "ConcordanceCorrelation")),
    *((name, {"axis": [0, 1]}, NUMBERS[2:3]) for name in ("PearsonCorrelation", "ConcordanceCorrelation")),
]


def words(value: Any) -> str:
    return "_".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


METRICS = {
    f"{name}-{'-'.join(f'{key}={words(value)}' for key, value in arguments.items())}".rstrip("-"): case
    for case in ALL
    for name, arguments, _ in [case]
}
assert len(METRICS) == len(ALL)
