"""Models with what `compile` was told: every optimizer and schedule, losses and metrics in every structure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .interchange_models_architectures import one_of
from .interchange_table import exchanged

OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "adadelta": lambda o: o.Adadelta(0.1, rho=0.9, epsilon=1e-4),
    "adafactor": lambda o: o.Adafactor(0.01, beta_2_decay=-0.7, relative_step=False),
    "adagrad": lambda o: o.Adagrad(0.1, initial_accumulator_value=0.2),
    "adam": lambda o: o.Adam(0.01, beta_1=0.8, beta_2=0.9, epsilon=1e-5, amsgrad=True),
    "adam_of_means": lambda o: o.Adam(0.01, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=5),
    "adam_of_several": lambda o: o.Adam(0.01, gradient_accumulation_steps=2, global_clipnorm=0.5),
    "adamax": lambda o: o.Adamax(0.02, clipvalue=0.1),
    "adamw": lambda o: o.AdamW(0.01, weight_decay=0.05, clipnorm=0.3),
    "ftrl": lambda o: o.Ftrl(0.1, learning_rate_power=-0.6, l1_regularization_strength=0.01, beta=0.1),
    "lamb": lambda o: o.Lamb(0.01, beta_1=0.7),
    "lion": lambda o: o.Lion(0.01, beta_2=0.95),
    "loss_scale": lambda o: o.LossScaleOptimizer(o.Adam(0.02), initial_scale=64.0, dynamic_growth_steps=7),
    "muon": lambda o: o.Muon(0.01, adam_lr_ratio=0.5, ns_steps=3, exclude_layers=["last"]),
    "nadam": lambda o: o.Nadam(0.02, beta_1=0.85),
    "rmsprop": lambda o: o.RMSprop(0.01, rho=0.8, momentum=0.5, epsilon=1.0, centered=True),
    "schedule_free": lambda o: o.ScheduleFreeAdamW(0.01, warmup_steps=4),
    "sgd": lambda o: o.SGD(0.05, momentum=0.8, nesterov=True, weight_decay=0.01),
    "sgd_by_name": lambda o: "sgd",
}

SCHEDULES: dict[str, Callable[[Any], Any]] = {
    "cosine": lambda s: s.CosineDecay(0.1, 20, alpha=0.1, warmup_target=0.2, warmup_steps=2),
    "cosine_restarts": lambda s: s.CosineDecayRestarts(0.1, 2, t_mul=3.0, m_mul=0.5, alpha=0.01),
    "exponential": lambda s: s.ExponentialDecay(0.1, 5, 0.5, staircase=True),
    "inverse_time": lambda s: s.InverseTimeDecay(0.1, 3, 0.4),
    "piecewise": lambda s: s.PiecewiseConstantDecay([2, 5], [0.1, 0.05, 0.01]),
    "polynomial": lambda s: s.PolynomialDecay(0.1, 10, 0.02, power=2.0, cycle=True),
}


def small(k: Any) -> Any:
    """A model to train."""
    dense = k.layers.Dense
    return k.Sequential([k.Input((4,)), dense(3, "tanh", name="first"), dense(2, name="last")], name="small")


def put(name: str, make: Callable[[Any], Any]) -> None:
    """A model trained in one way, into the table."""
    make.__name__ = name
    exchanged(make, compiled=True)


def with_optimizer(optimizer: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A maker of a model that is compiled with the optimizer."""

    def make(k: Any) -> Any:
        model = small(k)
        model.compile(optimizer(k.optimizers), "mse", metrics=["mae"])
        return model

    return make


def with_schedule(schedule: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A maker of a model that is compiled with the schedule."""
    return with_optimizer(lambda o: o.SGD(schedule(o.schedules), momentum=0.5))


for _name, _optimizer in OPTIMIZERS.items():
    put(f"by_{_name}", with_optimizer(_optimizer))
for _name, _schedule in SCHEDULES.items():
    put(f"by_rate_{_name}", with_schedule(_schedule))


def two_heads(k: Any, named: bool = True) -> Any:
    """A model with two outputs."""
    x = k.Input((4,), name="x")
    value, kind = k.layers.Dense(1, name="value")(x), k.layers.Dense(3, "softmax", name="kind")(x)
    return k.Model(x, {"value": value, "kind": kind} if named else [value, kind], name="heads")


def by_head(random: Any, predicted: Any) -> Any:
    """Targets of both heads."""
    values = {"kind": one_of(random, np.zeros((4, 3))), "value": random.uniform(size=(4, 1)).astype("float32")}
    return values if isinstance(predicted, dict) else [values["value"], values["kind"]]


@exchanged(compiled=True, targets=by_head)
def losses_by_name(k: Any) -> Any:
    model = two_heads(k)
    model.compile(
        k.optimizers.Adam(0.01),
        loss={"value": "mae", "kind": "sparse_categorical_crossentropy"},
        loss_weights={"value": 0.3, "kind": 2.0},
        metrics={"value": ["mse", k.metrics.MeanAbsoluteError(name="distance")], "kind": "accuracy"},
    )
    return model


@exchanged(compiled=True, targets=by_head)
def losses_in_a_list(k: Any) -> Any:
    model = two_heads(k, named=False)
    model.compile(
        "rmsprop",
        loss=[k.losses.MeanSquaredLogarithmicError(reduction="mean"), k.losses.SparseCategoricalCrossentropy()],
        loss_weights=[0.5, 1.5],
        metrics=[["mae"], [k.metrics.SparseTopKCategoricalAccuracy(2, name="top")]],
    )
    return model


@exchanged(compiled=True, targets=by_head)
def weighted_metrics(k: Any) -> Any:
    model = two_heads(k, named=False)
    kind = k.losses.SparseCategoricalCrossentropy(reduction="sum")
    model.compile("sgd", loss=["mse", kind], weighted_metrics=[["mae"], ["accuracy"]])
    return model


@exchanged(compiled=True, targets=by_head)
def one_head_trains(k: Any) -> Any:
    model = two_heads(k)
    model.compile(k.optimizers.Adagrad(0.1), loss={"kind": "sparse_categorical_crossentropy", "value": None})
    return model


@exchanged(compiled=True, targets=lambda random, _: random.integers(0, 2, size=(4, 1)).astype("float32"))
def binary(k: Any) -> Any:
    model = k.Sequential([k.Input((4,)), k.layers.Dense(1, "sigmoid")], name="binary")
    m = k.metrics
    kinds = [
        m.AUC(num_thresholds=7),
        m.Precision(0.4),
        m.Recall(),
        m.F1Score("macro", threshold=0.5),
        m.BinaryAccuracy(threshold=0.6),
    ]
    kinds += [m.BinaryCrossentropy(label_smoothing=0.1)]
    kinds += [m.SpecificityAtSensitivity(0.5, num_thresholds=5)]
    model.compile("adam", k.losses.BinaryFocalCrossentropy(gamma=1.5, apply_class_balancing=True), metrics=kinds)
    return model


@exchanged(compiled=True, targets=lambda random, predicted: np.eye(3, dtype="float32")[one_of(random, predicted)])
def categories(k: Any) -> Any:
    model = k.Sequential([k.Input((4,)), k.layers.Dense(3)], name="categories")
    m = k.metrics
    kinds = [m.CategoricalAccuracy(), m.TopKCategoricalAccuracy(2), m.CategoricalCrossentropy(from_logits=True)]
    kinds += [m.CosineSimilarity(), m.KLDivergence(), m.OneHotMeanIoU(3)]
    model.compile("nadam", k.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2), metrics=kinds)
    return model


@exchanged(compiled=True)
def regression(k: Any) -> Any:
    model = small(k)
    m = k.metrics
    kinds = [m.R2Score(), m.RootMeanSquaredError(), m.LogCoshError(), m.Poisson()]
    model.compile(k.optimizers.SGD(0.01), k.losses.LogCosh(reduction="sum"), metrics=kinds, auto_scale_loss=False)
    return model


@exchanged(compiled=True)
def other_ways_to_run(k: Any) -> Any:
    model = small(k)
    model.compile("lion", "huber", run_eagerly=True, steps_per_execution=1, jit_compile=False)
    return model


@exchanged(compiled=True, tolerance=2e-3)
def mixed_float16(k: Any) -> Any:
    policy = k.dtype_policies.DTypePolicy("mixed_float16")
    stack = [k.layers.Dense(3, "relu", dtype=policy), k.layers.Dense(2, dtype="mixed_float16")]
    model = k.Sequential([k.Input((4,)), *stack, k.layers.Activation("linear", dtype="float32")], name="mixed")
    model.compile(k.optimizers.LossScaleOptimizer(k.optimizers.SGD(0.1), initial_scale=128.0), "mse")
    return model


@exchanged(tolerance=2e-2)
def mixed_bfloat16(k: Any) -> Any:
    stack = [k.layers.Dense(3, "relu", dtype="mixed_bfloat16"), k.layers.LayerNormalization(dtype="float32")]
    return k.Sequential([k.Input((4,)), *stack], name="brain")


@exchanged(compiled=True)
def double_precision(k: Any) -> Any:
    model = k.Sequential([k.Input((4,), dtype="float64"), k.layers.Dense(2, dtype="float64")], name="double")
    model.compile("sgd", "mse")
    return model
