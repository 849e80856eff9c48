"""What the cases of `layer_cases.py` are held to: Keras's outputs, gradients, penalties, states, shapes, configs."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import kerasviz

from .comparing import assert_close
from .layer_cases import Case, Fresh, Inner
from .recording import Reference, plain
from .running import drawn, flat, gradients, shapes_of

NAMELESS = {"TorchModuleWrapper"}  # Keras numbers its weights
FORGOTTEN = {
    "any": ("autocast", "use_cudnn", "flash_attention"),
    "SimpleRNN": ("seed", "activity_regularizer"),
}


def made(module: Any, value: Any) -> Any:
    """The layer of a case, or a value with the layers in it made."""
    if isinstance(value, (Case, Inner)):
        args = [made(module, part) for part in value.args]
        named = {"name": "it"} if isinstance(value, Case) else {}
        kwargs = {name: made(module, part) for name, part in {**named, **value.kwargs}.items()}
        return getattr(module.layers, value.kind)(*args, **kwargs)
    if isinstance(value, (list, tuple)):
        return type(value)(made(module, part) for part in value)
    return value.make() if isinstance(value, Fresh) else value


def inputs_of(case: Case) -> list[torch.Tensor]:
    """Of a case, with their masks."""
    tensors = []
    for index, shape in enumerate(case.input_shapes):
        if case.integers:
            numbers = np.random.default_rng([index, *shape]).integers(0, case.integers, shape).astype(case.dtype)
        else:
            numbers = drawn(*shape, seed=index).astype(case.dtype)
        tensors.append(torch.tensor(numbers, requires_grad=numbers.dtype.kind == "f"))
    for tensor, mask in zip(tensors, case.carried, strict=False):
        if mask is not None:
            tensor._keras_mask = torch.tensor(mask, dtype=torch.bool)
    return tensors


def arguments(case: Case, tensors: list[torch.Tensor]) -> tuple[list[Any], dict[str, Any]]:
    """Positional and named, of a call."""
    named = {
        name: torch.tensor(value, dtype=torch.bool) if isinstance(value, list) else value
        for name, value in case.call.items()
    }
    return [tensors] if case.listed else tensors, named


def weighted(layer: Any) -> None:
    """Give it weights drawn from a fixed seed; what is a variance stays positive."""
    source = np.random.default_rng(7)
    values = []
    for weight in layer.weights:
        value = source.normal(scale=0.5, size=tuple(weight.shape)).astype("float32")
        values.append(np.abs(value) + 0.2 if "variance" in weight.name or "stddev" in weight.name else value)
    layer.set_weights(values)


def initial(layer: Any, case: Case) -> list[Any]:
    """What weights start with where the case says what, by their order."""
    given = {name.removesuffix("_initializer") for name in case.kwargs if name.endswith("_initializer")}
    asked = [any(part in given for part in (w.name, w.name.rpartition("_")[2])) for w in layer.weights]
    every = "weights" in case.kwargs
    pairs = zip(layer.get_weights(), asked, strict=True)
    return [np.array(value) if wanted or every else None for value, wanted in pairs]


def facts_of(weight: Any, layer: Any) -> list[Any]:
    """Name, shape, dtype, whether it is trained, what limits it and what it costs."""
    trained = any(weight is one for one in layer.trainable_weights)
    limits = [type(value).__name__ for value in (weight.constraint, weight.regularizer)]
    path = "/".join(weight.path.split("/")[-2:]) if type(layer).__name__ not in NAMELESS else ""
    return [path, list(weight.shape), str(weight.dtype).removeprefix("torch."), trained, *limits]


def ran(module: Any, case: Case, prepare: Callable[[Any], None] = weighted) -> dict[str, Any]:
    """A layer's weights at first, outputs, masks, penalties, gradients, and its state after three calls in training.

    Args:
        module: `kerasviz` or the oracle.
        case: what is called, and how.
        prepare: called with the built layer.
    """
    layer = made(module, case)
    tensors = inputs_of(case)
    args, named = arguments(case, tensors)
    layer.build(*(shapes_of(value) for value in args))
    found: dict[str, Any] = {
        "weights": [facts_of(weight, layer) for weight in layer.weights],
        "initial": initial(layer, case),
    }
    prepare(layer)
    outputs = layer(*args, **named)
    found["masks"] = [getattr(output, "_keras_mask", None) for output in flat(outputs)]
    outputs, penalties = flat(outputs), list(layer.losses)
    found["dtypes"] = [str(output.dtype) for output in outputs]
    found |= {"outputs": outputs, "penalties": sorted(float(loss.detach()) for loss in penalties)}
    weights = [getattr(weight, "value", weight) for weight in layer.trainable_weights]
    wanted = [value for value in [*tensors, *weights] if value.requires_grad]
    costs = [output for output in [*outputs, *penalties] if output.requires_grad]
    found["gradients"] = gradients(costs, wanted) if costs and wanted else []
    if "seed" in case.kwargs or layer.non_trainable_weights or case.kwargs.get("stateful"):
        found["states"] = trained(layer, args, named)
    return found


def trained(layer: Any, args: list[Any], named: dict[str, Any]) -> list[Any]:
    """Outputs of three calls in training, and the state after."""
    mode = {"training": True} if "training" in layer.call.__code__.co_varnames else {}
    calls = [flat(layer(*args, **{**named, **mode})) for _ in range(3)]
    return [
        calls,
        [getattr(variable, "value", variable).detach().clone() for variable in layer.non_trainable_weights],
    ]


def planned(module: Any, case: Case) -> dict[str, Any]:
    """What a layer says of its output before it has weights; None where it refuses."""
    batched = case.input_shapes
    unknown = [(None, *shape[1:]) for shape in batched]
    open_space = [(None, *(None,) * (len(shape) - 2), *shape[-1:]) for shape in batched]

    def told(shapes: list[Any]) -> Any:
        return listed(made(module, case).compute_output_shape(*([shapes] if case.listed else shapes)))

    def symbol() -> Any:
        symbols = [module.KerasTensor(shape, case.dtype) for shape in unknown]
        named = {name: value for name, value in case.call.items() if not isinstance(value, list)}
        outputs = flat(made(module, case)(*([symbols] if case.listed else symbols), **named))
        return [[list(output.shape), output.dtype] for output in outputs]

    asked: dict[str, Callable[[], Any]] = {
        "known": lambda: told(batched),
        "batch": lambda: told(unknown),
        "space": lambda: told(open_space),
        **({"symbol": symbol} if "symbol" not in case.apart else {}),
    }
    return {name: attempted(question) for name, question in asked.items()}


def attempted(question: Callable[[], Any]) -> Any:
    """Its answer; None where there is none."""
    try:
        return question()
    except Exception:  # the oracle raises many kinds
        return None


def listed(value: Any) -> Any:
    """With lists for tuples."""
    return json.loads(json.dumps(value))


def configured(module: Any, case: Case) -> Any:
    """Its config, as a file has it; the oracle rounds some numbers to float32."""
    return written(module, made(module, case))


def written(module: Any, layer: Any) -> Any:
    """A layer's config, numbers with six digits."""
    config = module.saving.serialize_keras_object(layer)["config"]
    return json.loads(json.dumps(config), parse_float=lambda digits: float(f"{float(digits):.6g}"))


def check_run(reference: Reference, case: Case) -> None:
    """Fail unless the layer computes what Keras's does."""
    ours = ran(kerasviz, case)
    if "numbers" in case.apart:
        return
    assert_ran(ours, reference(lambda keras: ran(keras, case)), case)
    if not (case.call.get("training") or case.kwargs.get("stateful")):
        for found in called_often(case):
            assert_close(found, [ours["outputs"], ours["dtypes"]], case.nearness)


def in_a_model(case: Case, layer: Any, named: dict[str, Any]) -> list[Any]:
    """Outputs of a model of this one layer."""
    symbols = [kerasviz.KerasTensor((None, *shape[1:]), case.dtype) for shape in case.shapes]
    model = kerasviz.Model(symbols, layer(*([symbols] if case.listed else symbols), **named))
    inputs = [tensor.detach() for tensor in inputs_of(case)]
    return flat(model(inputs if len(inputs) > 1 else inputs[0]))


def called_often(case: Case) -> list[Any]:
    """Outputs of some calls of one layer: the later ones may take a shorter way."""
    layer = made(kerasviz, case)
    args, named = arguments(case, inputs_of(case))
    layer.build(*(shapes_of(value) for value in args))
    weighted(layer)
    calls = [flat(layer(*args, **named)) for _ in range(6)]
    if not case.carried and "mask" not in named:
        calls.append(in_a_model(case, layer, named))
    return [[outputs, [str(output.dtype) for output in outputs]] for outputs in calls]


def assert_ran(ours: dict[str, Any], expected: dict[str, Any], case: Case) -> None:
    """Fail unless two answers of `ran` agree."""
    found = plain(ours)
    assert_close({**found, "gradients": None}, {**expected, "gradients": None}, case.nearness, where=str(case))
    theirs = expected["gradients"] or [None] * len(found["gradients"])  # none where its outputs are cut off
    for index, (one, other) in enumerate(zip(found["gradients"], theirs, strict=True)):
        compare_gradients(one, other, case.nearness, f"gradient {index}")


def compare_gradients(one: Any, other: Any, tolerance: float, where: str) -> None:
    """Those that cancel out are compared with one; none at all is as good as zeros."""
    if one is None or other is None:
        assert not np.any(one if other is None else other), where
        return
    assert (one.shape, one.dtype) == (other.shape, other.dtype), where
    np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance, err_msg=where)


def check_shapes(reference: Reference, case: Case) -> None:
    """Fail unless shapes and dtypes are known as early as in Keras."""
    expected, found = reference(lambda keras: planned(keras, case)), planned(kerasviz, case)
    for name, answer in expected.items():
        if answer is not None:
            assert agrees(found[name], answer), f"{name}: {found[name]}, not {answer}"


def agrees(ours: Any, expected: Any) -> bool:
    """Equal; ours may know sizes that Keras leaves open."""
    if isinstance(expected, list):
        return isinstance(ours, list) and len(ours) == len(expected) and all(map(agrees, ours, expected))
    return expected is None or ours == expected


def check_config(reference: Reference, case: Case) -> None:
    """Fail unless the config is Keras's, and makes an equal layer on both sides."""
    if "config" in case.apart:
        return
    ours = configured(kerasviz, case)

    def theirs(keras: Any) -> Any:
        again = getattr(keras.layers, case.kind).from_config(copy.deepcopy(ours))
        return {"config": configured(keras, case), "again": written(keras, again)}

    expected = reference(theirs)
    again = getattr(kerasviz.layers, case.kind).from_config(copy.deepcopy(expected["config"]))
    assert remembered(ours, case) == remembered(expected["config"], case)
    assert remembered(written(kerasviz, again), case) == remembered(expected["again"], case)


def remembered(config: dict[str, Any], case: Case) -> dict[str, Any]:
    """Without the arguments that Keras forgets, where ours remembers them."""
    forgotten = FORGOTTEN.get(case.kind, ())
    return without_forgotten({name: value for name, value in config.items() if name not in forgotten})


def without_forgotten(value: Any) -> Any:
    """A config, or a part of one, without what many classes of Keras forget."""
    if isinstance(value, dict):
        return {name: without_forgotten(part) for name, part in value.items() if name not in FORGOTTEN["any"]}
    return [without_forgotten(part) for part in value] if isinstance(value, list) else value
