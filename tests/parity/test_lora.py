"""Low-rank adaptation against Keras: outputs, gradients, weights, what is saved."""

import numpy as np
import pytest

from kerasviz import layers

from .comparing import assert_close
from .running import assert_same, described, drawn, flat, gradients, shapes_of, tensors_of, with_weights

X, SERIES = drawn(3, 4), drawn(2, 3, 4)
TOKENS = np.array([[1, 2, 0], [4, 3, 3]], dtype="int32")
CASES = {
    "dense": ("Dense", (2, "tanh"), {}, X),
    "dense-series": ("Dense", (2,), {"use_bias": False}, SERIES),
    "dense-penalty": ("Dense", (2,), {"kernel_regularizer": "l2"}, X),
    "einsum": ("EinsumDense", ("abc,cde->abde", (None, 2, 3)), {"bias_axes": "de"}, SERIES),
    "einsum-other": ("EinsumDense", ("abc,bd->adc", (5, 4)), {}, SERIES),
    "embedding": ("Embedding", (5, 3), {}, TOKENS),
    "embedding-penalty": ("Embedding", (5, 3), {"embeddings_regularizer": "l1"}, TOKENS),
    "reversible": ("ReversibleEmbedding", (5, 3), {}, TOKENS),
    "reversible-untied": ("ReversibleEmbedding", (5, 3), {"tie_weights": False}, TOKENS),
}
LORA = {"plain": {"rank": 2}, "alpha": {"rank": 1, "lora_alpha": 3.0}}


class Ours:
    layers = layers


def answer(module, case, option):
    kind, given, more, x = CASES[case]
    layer = getattr(module.layers, kind)(*given, name="it", **more)
    layer.build(shapes_of(x))
    layer.enable_lora(**LORA[option])
    with_weights(layer)
    inputs = tensors_of(x)
    outputs = flat(layer(inputs))
    trained = [getattr(w, "value", w) for w in layer.trainable_weights]
    found = gradients(outputs, [*([inputs] if x.dtype.kind == "f" else []), *trained])
    return {
        "outputs": outputs,
        "gradients": found,
        "weights": described(layer),
        "saved": saved(layer),
        "losses": [float(loss.detach()) for loss in layer.losses],
        "config": [layer.get_config()["lora_rank"], float(layer.get_config()["lora_alpha"])],
    }


def saved(layer):
    store = {}
    layer.save_own_variables(store)
    values = [getattr(value, "value", value) for _, value in sorted(store.items())]
    return [np.asarray(value.detach() if hasattr(value, "detach") else value) for value in values]


@pytest.mark.parametrize("option", LORA)
@pytest.mark.parametrize("case", CASES)
def test_tuning_equals_keras(reference, case, option):
    expected = reference(lambda keras: answer(keras, case, option))
    assert_same(answer(Ours, case, option), expected)


@pytest.mark.parametrize("rank", [None, 2])
@pytest.mark.parametrize("case", CASES)
def test_configs_equal_keras(reference, case, rank):
    kind, given, more, _ = CASES[case]

    def config(module):
        return getattr(module.layers, kind)(*given, name="it", lora_rank=rank, **more).get_config()

    assert_close(listed(config(Ours)), reference(config))


def listed(value):
    if isinstance(value, dict):
        return {name: listed(part) for name, part in value.items()}
    return [listed(part) for part in value] if isinstance(value, (list, tuple)) else value
