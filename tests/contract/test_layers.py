"""What every layer promises, tried on the samples of `layer_samples.py`."""

import copy
import pickle
import sys

import pytest
import torch

from kerasviz import catalog, models, saving, tensors
from kerasviz.layers import Layer

from .layer_samples import ELSEWHERE, SAMPLES

NAMES = [f"{type(sample.make()).__name__}-{index}" for index, sample in enumerate(SAMPLES)]
every_layer = pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
repeatable = pytest.mark.parametrize(
    "sample", [pytest.param(s, id=n) for s, n in zip(SAMPLES, NAMES, strict=True) if not s.random]
)


def flat(value):
    return list(tensors.leaves(value))


def assert_same(one, other, **tolerance):
    for a, b in zip(flat(one), flat(other), strict=True):
        torch.testing.assert_close(a, b, **({"rtol": 0, "atol": 0} | tolerance))


def shapes_of(sample, batch=None):
    shapes = [(batch, *shape[1:]) for shape in sample.shapes]
    return [shapes] if sample.listed else shapes


def test_every_layer_has_a_sample():
    sampled = {type(sample.make()).__name__ for sample in SAMPLES}
    assert set(catalog.components("layer")) - sampled == set(ELSEWHERE)


@every_layer
@pytest.mark.usefixtures("meta_device")
def test_a_training_step_needs_no_values(sample):
    layer = sample.make()
    inputs = sample.inputs(device="meta")
    outputs = layer(*inputs, **sample.options())
    assert {value.device.type for value in flat(outputs)} == {"meta"}
    if sample.floating:
        sum(value.float().sum() for value in flat(outputs)).backward()
        assert all(v.grad is not None for v in layer.trainable_variables)


@every_layer
def test_code_makes_the_same_layer(sample):
    layer = sample.make()
    again = eval(layer.source(), {**catalog.components("layer"), **vars(__import__("kerasviz"))})
    ours, theirs = layer.get_config(), again.get_config()
    assert without_names(ours) == without_names(theirs)


def without_names(config):
    if isinstance(config, dict):
        return {key: without_names(value) for key, value in config.items() if key != "name"}
    return [without_names(part) for part in config] if isinstance(config, (list, tuple)) else config


@every_layer
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_policies_compute_in_16_bits(sample, policy):
    before = tensors.dtype_policy()
    tensors.set_dtype_policy(policy)
    try:
        layer = sample.make()
        outputs = layer(*sample.inputs(), **sample.options())
    finally:
        tensors.set_dtype_policy(before)
    wanted = getattr(torch, policy.removeprefix("mixed_"))
    assert {value.dtype for value in flat(outputs)} == {wanted if sample.makes is None else sample.makes}
    assert all(v.dtype == torch.float32 for v in layer.trainable_variables)
    assert all(torch.isfinite(value).all() for value in flat(outputs))


@every_layer
@pytest.mark.parametrize("rows", [0, 1, 3])
def test_shapes_are_known_before_a_call(sample, rows):
    layer = sample.built()
    expected = flat([tuple(value.shape) for value in flat(layer(*sample.inputs(rows)))])
    assert flat(layer.compute_output_shape(*shapes_of(sample, rows))) == expected
    fresh = sample.make()
    assert flat(fresh.compute_output_shape(*shapes_of(sample, rows))) == expected
    assert not fresh.built or not fresh.weights


@every_layer
def test_symbols_have_the_shapes_of_a_call(sample):
    symbols = flat(sample.make()(*sample.symbols()))
    outputs = flat(sample.built()(*sample.inputs()))
    assert [tuple(s.shape)[1:] for s in symbols] == [tuple(value.shape)[1:] for value in outputs]
    assert [s.dtype for s in symbols] == [tensors.standardize_dtype(value.dtype) for value in outputs]


@every_layer
@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))], ids=["copy", "pickle"]
)
def test_a_copy_computes_the_same_and_shares_nothing(sample, copied):
    layer = sample.built()
    twin = copied(layer)
    inputs = sample.inputs()
    assert_same(layer(*inputs), twin(*inputs))
    assert not {v.data_ptr() for v in layer.weights} & {v.data_ptr() for v in twin.weights}


@every_layer
def test_weights_go_through_a_state_dict(sample):
    layer, twin = sample.built(), sample.built()
    twin.load_state_dict(layer.state_dict())
    inputs = sample.inputs()
    assert_same(layer(*inputs), twin(*inputs))


@every_layer
def test_a_saved_model_computes_the_same(sample, tmp_path):
    symbols = sample.symbols()
    model = models.Model(flat(symbols), sample.make()(*symbols))
    saving.save_model(model, tmp_path / "model.keras")
    again = saving.load_model(tmp_path / "model.keras")
    inputs = flat(sample.inputs())
    inputs = inputs if len(inputs) > 1 else inputs[0]
    assert_same(model(inputs), again(inputs))


@repeatable
@pytest.mark.parametrize("training", [False, True])
def test_model_computes_what_its_layer_does(sample, training):
    symbols = sample.symbols()
    layer = sample.make()
    model = models.Model(flat(symbols), layer(*symbols))
    twin = sample.built()
    twin.set_weights(layer.get_weights())
    inputs = sample.inputs()
    found = model(flat(inputs) if len(flat(inputs)) > 1 else flat(inputs)[0], training=training)
    expected = twin(*inputs, **sample.options(training))
    assert_same(found, expected, rtol=1e-5, atol=1e-5)
    assert [value.dtype for value in flat(found)] == [value.dtype for value in flat(expected)]


@every_layer
@pytest.mark.parametrize("training", [False, True])
def test_layer_compiles_without_graph_breaks(sample, training):
    layer = sample.built()
    twin = copy.deepcopy(layer)
    inputs, options = sample.inputs(), sample.options(training)
    torch.compiler.reset()
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    outputs = compiled(*inputs, **options)
    if not (sample.random and training):
        assert_same(outputs, twin(*inputs, **options), rtol=1e-5, atol=1e-5)


def calls_before_torch(function):
    """How many Python functions run before the first of torch's in C; from each layer on the way to the next."""
    counts = [0]
    arrived = False

    def profile(frame, event, argument):
        nonlocal arrived
        if arrived:
            return
        if event == "call":
            if frame.f_code is Layer.__call__.__code__:
                counts.append(0)
            counts[-1] += 1
        elif event == "c_call" and is_arithmetic(argument):
            arrived = True

    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
    return max(counts[1:])


def is_arithmetic(function):
    """Whether a function written in C is one of torch's that computes, not one that asks for a setting."""
    name = function.__name__
    owner = f"{getattr(function, '__module__', '')} {type(getattr(function, '__self__', None))}"
    asks = name.startswith(("_has_", "_get_", "is_", "_is_", "__")) or name in (
        "size",
        "dim",
        "_disabled_torch_function_impl",
    )
    return "torch" in owner and not asks


@every_layer
def test_at_most_twenty_python_calls_lie_between_a_layer_and_torch(sample):
    layer = sample.built()
    inputs = sample.inputs()
    for _ in range(5):  # it finds its short way
        layer(*inputs)
    assert calls_before_torch(lambda: layer(*inputs)) <= 20


@every_layer
def test_models_take_empty_batches(sample):
    symbols = sample.symbols()
    model = models.Model(flat(symbols), sample.make()(*symbols))
    inputs = flat(sample.inputs(0))
    outputs = flat(model(inputs if len(inputs) > 1 else inputs[0]))
    assert {len(value) for value in outputs} == {0}
