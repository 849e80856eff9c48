"""A training that is saved, loaded and gone on with ends as one that was never interrupted: bit for bit."""

import inspect

import numpy as np
import pytest
import torch

import kerasviz
from kerasviz import layers, optimizers

FEATURES, CLASSES, ROWS, BATCH = 6, 3, 20, 4
NAMES = sorted(
    name
    for name, found in vars(optimizers).items()
    if inspect.isclass(found)
    and issubclass(found, optimizers.Optimizer)
    and found not in (optimizers.Optimizer, optimizers.LossScaleOptimizer, optimizers.MultiOptimizer)
)
SCHEDULES = {
    "exponential": lambda: optimizers.schedules.ExponentialDecay(0.01, 3, 0.7),
    "staircase": lambda: optimizers.schedules.ExponentialDecay(0.01, 3, 0.7, staircase=True),
    "piecewise": lambda: optimizers.schedules.PiecewiseConstantDecay([3, 7], [0.01, 0.003, 0.001]),
    "cosine": lambda: optimizers.schedules.CosineDecay(0.01, 20, warmup_steps=4, warmup_target=0.02),
    "restarts": lambda: optimizers.schedules.CosineDecayRestarts(0.01, 4),
    "polynomial": lambda: optimizers.schedules.PolynomialDecay(0.01, 12),
    "inverse": lambda: optimizers.schedules.InverseTimeDecay(0.01, 5, 0.5),
}
OPTIMIZERS = {
    **{name: lambda name=name: getattr(optimizers, name)(learning_rate=0.01) for name in NAMES},
    **{f"{name} ema": lambda name=name: averaged(name) for name in ("SGD", "Adam", "Muon")},
    **{f"{name} accumulating": lambda name=name: accumulating(name) for name in ("SGD", "Adam", "Lamb")},
    **{f"schedule {name}": lambda name=name: optimizers.Adam(SCHEDULES[name]()) for name in SCHEDULES},
    "averaged and written over": lambda: optimizers.Adam(0.01, use_ema=True, ema_overwrite_frequency=3),
    "average and accumulation": lambda: optimizers.AdamW(0.01, use_ema=True, gradient_accumulation_steps=3),
    "momentum": lambda: optimizers.SGD(0.01, momentum=0.9, nesterov=True, weight_decay=0.01),
    "centered": lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "amsgrad": lambda: optimizers.Adam(0.01, amsgrad=True, clipnorm=0.5),
    "several": lambda: optimizers.MultiOptimizer(
        optimizers.OptimizerMap(optimizers.Adam(0.01), {".*bias": optimizers.SGD(0.02, momentum=0.9)})
    ),
    "scaled loss": lambda: optimizers.LossScaleOptimizer(
        optimizers.Adam(0.01), initial_scale=64, dynamic_growth_steps=3
    ),
    "scaled loss, schedule": lambda: optimizers.LossScaleOptimizer(
        optimizers.SGD(SCHEDULES["cosine"](), momentum=0.9), initial_scale=8, dynamic_growth_steps=2
    ),
}


def averaged(name):
    return getattr(optimizers, name)(learning_rate=0.01, use_ema=True, ema_momentum=0.9)


def accumulating(name):
    return getattr(optimizers, name)(learning_rate=0.01, gradient_accumulation_steps=3)


def compiled(optimizer, dropout=0.3):
    torch.manual_seed(3)
    model = kerasviz.Sequential(
        [
            kerasviz.Input((FEATURES,)),
            layers.Dense(8, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(dropout),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["mse"])
    return model


@kerasviz.saving.register_keras_serializable("test_resume")
class Own(kerasviz.Model):
    def __init__(self, units=4, **options):
        super().__init__(**options)
        self.units = units
        self.blocks = [layers.Dense(units, "tanh") for _ in range(2)]
        self.noise = layers.GaussianNoise(0.1)
        self.last = layers.Dense(CLASSES, "softmax")

    def call(self, inputs, training=False):
        x = self.noise(inputs, training=training)
        for block in self.blocks:
            x = block(x)
        return self.last(x)

    def get_config(self):
        return {"units": self.units}


def fitted(model, optimizer="adam", **options):
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    model.build((None, FEATURES))
    for variable in model.weights:
        if len(variable.shape) > 1:
            variable.assign(torch.randn(variable.shape) * 0.3)
    return model


def nested():
    inputs = kerasviz.Input((FEATURES,))
    inner = kerasviz.Sequential([layers.Dense(4, "relu"), layers.Dropout(0.2), layers.UnitNormalization()])
    x = layers.Reshape((2, 2))(inner(inputs))
    return kerasviz.Model(inputs, layers.Dense(CLASSES, "softmax")(layers.GRU(3, dropout=0.2)(x)))


def unbuilt():
    return kerasviz.Sequential([layers.Dense(4, "relu"), layers.AlphaDropout(0.2), layers.Dense(CLASSES, "softmax")])


def of_dtype(policy):
    hidden = [layers.Dense(4, "relu", dtype=policy), layers.Dropout(0.2, dtype=policy)]
    last = layers.Dense(CLASSES, "softmax", dtype="float32")
    return kerasviz.Sequential([kerasviz.Input((FEATURES,)), *hidden, last])


MODELS = {
    "of a class": lambda: fitted(Own()),
    "nested": lambda: fitted(nested()),
    "built late": lambda: fitted(unbuilt(), optimizers.RMSprop(0.01, momentum=0.5)),
    "of half precision": lambda: fitted(of_dtype("mixed_bfloat16"), optimizers.SGD(0.01, momentum=0.9)),
    "of float16, scaled": lambda: fitted(of_dtype("mixed_float16"), optimizers.Adam(0.01), auto_scale_loss=True),
    "executing several steps": lambda: fitted(nested(), optimizers.AdamW(0.01), steps_per_execution=2),
    "run eagerly": lambda: fitted(nested(), optimizers.Adamax(0.01), run_eagerly=True),
}
SCHEDULERS = torch.optim.lr_scheduler
TORCH = {
    **{
        name: getattr(torch.optim, name)
        for name in ("ASGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Rprop")
    },
    "momentum": lambda parameters: torch.optim.SGD(parameters, 0.01, momentum=0.9, nesterov=True, weight_decay=0.01),
    "schedule": (torch.optim.Adam, lambda optimizer: SCHEDULERS.ExponentialLR(optimizer, 0.7)),
    "schedule of batches": (torch.optim.AdamW, lambda optimizer: SCHEDULERS.OneCycleLR(optimizer, 0.1, 20), "batch"),
    "plateau": (torch.optim.RMSprop, lambda optimizer: SCHEDULERS.ReduceLROnPlateau(optimizer, patience=0)),
}


def trained(model, epochs=1):
    random = np.random.default_rng(5)
    x = random.normal(size=(ROWS, FEATURES)).astype("float32")
    y = random.integers(0, CLASSES, size=(ROWS, 1))
    return model.fit(x, y, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0).history


def state(model):
    return [v.detach().float().numpy().copy() for v in (*model.variables, *model.optimizer.variables)]


def through_file(model, path):
    model.save(path / "a.keras")
    return kerasviz.saving.load_model(path / "a.keras")


def through_hdf5(model, path):
    model.save(path / "a.h5")
    return kerasviz.saving.load_model(path / "a.h5")


def through_folder(model, path):
    model.save(path / "a", zipped=False)
    return kerasviz.saving.load_model(path / "a")


def through_weights(ending):
    def there_and_back(model, path):
        model.save_weights(path / f"a{ending}")
        other = type(model).from_config(model.get_config())
        other.compile_from_config(model.get_compile_config())
        other.build((None, FEATURES))
        other.load_weights(path / f"a{ending}")
        return other

    return there_and_back


FORMS = {
    "keras": through_file,
    "folder": through_folder,
    "weights.h5": through_weights(".weights.h5"),
    "weights.json": through_weights(".weights.json"),
}


def seeded(make):
    torch.manual_seed(3)
    return make()


def assert_goes_on(make, there_and_back, path, ready=None):
    never_saved, saved = (seeded(lambda: (ready or compiled)(make())) for _ in range(2))
    trained(never_saved)
    trained(saved)
    again = there_and_back(saved, path)
    expected = trained(never_saved, epochs=2)
    assert trained(again, epochs=2) == expected
    assert trained(saved, epochs=2) == expected
    for other in (again, saved):
        for one, two in zip(state(never_saved), state(other), strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_loaded_training_goes_on_as_if_never_saved(name, form, tmp_path):
    assert_goes_on(OPTIMIZERS[name], FORMS[form], tmp_path)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", MODELS)
def test_a_loaded_model_of_any_sort_goes_on(name, form, tmp_path):
    assert_goes_on(MODELS[name], FORMS[form], tmp_path, lambda model: model)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_old_form_goes_on_where_nothing_is_random(name, tmp_path):
    """Keras's `.h5` has no place for the states of random numbers."""
    assert_goes_on(OPTIMIZERS[name], through_hdf5, tmp_path, lambda optimizer: compiled(optimizer, dropout=0.0))


@pytest.mark.parametrize("name", TORCH)
def test_torchs_optimizers_go_on_from_their_state_dict(name, tmp_path):
    def there_and_back(model, path):
        torch.save([model.state_dict(), model.optimizer.state_dict()], path / "a.pt")
        other = compiled(TORCH[name])
        weights, state = torch.load(path / "a.pt", weights_only=True)
        other.load_state_dict(weights, strict=True)
        other.optimizer.build(other.trainable_variables)
        other.optimizer.load_state_dict(state)
        return other

    assert_goes_on(lambda: TORCH[name], there_and_back, tmp_path)


@pytest.mark.parametrize("form", FORMS)
def test_steps_by_hand_go_on_with_metrics_that_begin_anew(form, tmp_path):
    never_saved, saved = compiled(optimizers.Adam(0.01)), compiled(optimizers.Adam(0.01))
    random = np.random.default_rng(5)
    x, y = random.normal(size=(ROWS, FEATURES)).astype("float32"), random.integers(0, CLASSES, size=(ROWS, 1))
    for model in (never_saved, saved):
        for _ in range(3):
            model.train_on_batch(x, y)
    again = FORMS[form](saved, tmp_path)
    assert all(float(variable.sum()) == 0 for variable in again.metrics_variables)
    never_saved.reset_metrics()
    for _ in range(3):
        assert again.train_on_batch(x, y) == never_saved.train_on_batch(x, y)
    for one, two in zip(state(never_saved), state(again), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_scale_that_was_lowered_stays_so(tmp_path):
    def lowered():
        model = compiled(optimizers.LossScaleOptimizer(optimizers.SGD(0.01), initial_scale=2.0**15))
        model.optimizer.build(model.trainable_variables)
        model.optimizer.apply([torch.full_like(v, torch.inf) for v in model.trainable_variables], None)
        return model

    model = lowered()
    scale = float(model.optimizer.dynamic_scale)
    again = through_file(model, tmp_path)
    assert scale == 2.0**14
    assert float(again.optimizer.dynamic_scale) == scale
    assert trained(again) == trained(model)


def test_the_same_file_may_be_loaded_again_and_again(tmp_path):
    model = compiled(optimizers.Adam(0.01))
    trained(model)
    first, second = through_file(model, tmp_path), kerasviz.saving.load_model(tmp_path / "a.keras")
    assert trained(first, epochs=2) == trained(second, epochs=2)
    third = through_file(first, tmp_path)
    assert trained(third) == trained(second)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_model_is_compiled_as_it_was(name, tmp_path):
    model = compiled(OPTIMIZERS[name]())
    trained(model)
    again = through_file(model, tmp_path)
    assert again.get_compile_config() == model.get_compile_config()
    assert type(again.optimizer) is type(model.optimizer)
    for one, two in zip(state(model), state(again), strict=True):
        np.testing.assert_array_equal(one, two)
        assert one.dtype == two.dtype


def test_a_rate_that_was_set_by_hand_is_kept(tmp_path):
    model = compiled(optimizers.Adam(0.01))
    trained(model)
    model.optimizer.learning_rate = 0.0004
    again = through_file(model, tmp_path)
    assert float(again.optimizer.learning_rate) == float(model.optimizer.learning_rate)
    assert trained(again) == trained(model)


@pytest.mark.parametrize("form", ["weights.h5", "weights.json"])
def test_a_rate_that_was_set_by_hand_is_kept_with_the_weights(form, tmp_path):
    model = compiled(optimizers.Adam(0.01))
    trained(model)
    other = compiled(optimizers.Adam(0.01))
    model.optimizer.learning_rate = 0.0004
    model.save_weights(tmp_path / f"a.{form}")
    other.load_weights(tmp_path / f"a.{form}")
    assert trained(other) == trained(model)
    for one, two in zip(state(model), state(other), strict=True):
        np.testing.assert_array_equal(one, two)


def test_layers_that_are_frozen_stay_so(tmp_path):
    model = compiled("adam")
    trained(model)
    model.layers[0].trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    trained(model)
    again = through_file(model, tmp_path)
    frozen = model.layers[0].get_weights()
    assert trained(again) == trained(model)
    for one, two, kept in zip(model.layers[0].get_weights(), again.layers[0].get_weights(), frozen, strict=True):
        np.testing.assert_array_equal(one, kept)
        np.testing.assert_array_equal(two, kept)


def test_losses_weights_and_metrics_of_each_output_come_back(tmp_path):
    inputs = kerasviz.Input((FEATURES,))
    hidden = layers.Dense(5, activation="tanh")(inputs)
    outputs = {"value": layers.Dense(1, name="value")(hidden), "kind": layers.Dense(2, name="kind")(hidden)}
    model = kerasviz.Model(inputs, outputs)
    model.compile(
        optimizers.Nadam(0.01),
        {"value": "huber", "kind": kerasviz.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)},
        loss_weights={"value": 0.25, "kind": 2.0},
        metrics={"value": ["mae", kerasviz.metrics.RootMeanSquaredError()], "kind": "accuracy"},
    )
    random = np.random.default_rng(1)
    x = random.normal(size=(ROWS, FEATURES)).astype("float32")
    y = {"value": x[:, :1], "kind": np.eye(2, dtype="float32")[(x[:, 0] > 0).astype(int)]}
    model.fit(x, y, verbose=0, shuffle=False)
    again = through_file(model, tmp_path)
    one, two = (m.fit(x, y, batch_size=BATCH, verbose=0, shuffle=False, epochs=2).history for m in (model, again))
    assert one == two


def test_without_compiling_only_the_weights_are_read(tmp_path):
    model = compiled("adam")
    trained(model)
    model.save(tmp_path / "a.keras")
    again = kerasviz.saving.load_model(tmp_path / "a.keras", compile=False)
    assert not again.compiled
    for one, two in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_model_that_was_never_trained_comes_back_as_one(tmp_path):
    model = compiled("adam")
    again = through_file(model, tmp_path)
    assert trained(again) == trained(model)
