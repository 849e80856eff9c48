import copy
import pickle

import pytest
import torch

import kerasviz
from kerasviz import DTypePolicy, Invalid, config, dtype_policies, layers, mixed_precision
from kerasviz.dtype_policies import DTypePolicyMap, QuantizedDTypePolicy


@pytest.fixture(autouse=True)
def _global_policy_is_kept():
    yield
    config.set_dtype_policy("float32")


def test_one_class_has_all_its_names():
    assert DTypePolicy is dtype_policies.DTypePolicy is mixed_precision.DTypePolicy is mixed_precision.Policy
    assert kerasviz.FloatDTypePolicy is dtype_policies.FloatDTypePolicy


@pytest.mark.parametrize("wrong", ["foo", "mixed_foo", "", 3, "float23"])
def test_names_that_say_nothing_are_refused(wrong):
    with pytest.raises(Invalid):
        DTypePolicy(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        *("int8", "int8_from_foo", "int8_from_float16", "gptq/3_from_float32", "gptq/5/1_from_float32", "awq/4/128"),
        *("int4/0_from_float32", "int4/x_from_float32", "awq/3/16_from_float32", "gptq/4/-2_from_float32"),
        "int2_from_float32",
    ],
)
def test_quantized_names_that_do_not_fit_are_refused(wrong):
    with pytest.raises(Invalid):
        dtype_policies.get(wrong)


def test_the_global_policy_is_the_default():
    config.set_dtype_policy("mixed_bfloat16")
    assert DTypePolicy().name == dtype_policies.get(None).name == DTypePolicyMap().default_policy.name
    assert QuantizedDTypePolicy("int8").name == "int8_from_mixed_bfloat16"


def test_a_layer_with_a_quantized_policy_cannot_be_built():
    layer = layers.Dense(2, dtype="int8_from_float32")
    assert layer.quantization_mode == "int8"
    with pytest.raises(Invalid, match="after `_from_`"):
        layer.build((None, 3))
    with pytest.raises(Invalid):
        layers.ReLU(dtype="int8_from_float32")(torch.ones(1))


class Pair(layers.Layer):
    def __init__(self, dtype=None, name=None):
        super().__init__(dtype=dtype, name=name)
        self.first = layers.Dense(3, dtype=self.dtype_policy, name="first")
        self.second = layers.Dense(3, dtype=self.dtype_policy, name="second")

    def call(self, x):
        return self.second(self.first(x))


@pytest.fixture
def mapped():
    return DTypePolicyMap("float32", {"pair/first": DTypePolicy("bfloat16"), "other/.*": DTypePolicy("float64")})


def test_layers_find_their_policy_in_a_map_by_path(mapped):
    pair = Pair(dtype=mapped, name="pair")
    pair(torch.ones(2, 3))
    assert (pair.first.path, pair.first.compute_dtype, pair.first.kernel.dtype) == (
        "pair/first",
        "bfloat16",
        torch.bfloat16,
    )
    assert (pair.second.path, pair.second.compute_dtype, pair.compute_dtype) == ("pair/second", "float32", "float32")
    other = Pair(dtype=mapped, name="other")
    other(torch.ones(2, 3))
    assert {other.first.compute_dtype, other.second.compute_dtype} == {"float64"}


def test_a_map_may_be_the_global_policy():
    config.set_dtype_policy(DTypePolicyMap(policy_map={"half": DTypePolicy("float16")}))
    assert layers.Dense(1, name="half").compute_dtype == "float16"
    assert layers.Dense(1, name="whole").compute_dtype == "float32"


def test_a_layer_keeps_its_map_in_its_config(mapped):
    layer = layers.Dense(1, dtype=mapped, name="pair/first".rpartition("/")[2])
    again = layers.Dense.from_config(layer.get_config())
    assert again.dtype_policy == mapped
    assert (
        kerasviz.saving.deserialize_keras_object(kerasviz.saving.serialize_keras_object(layer)).dtype_policy == mapped
    )


def test_a_map_is_changed_by_deleting_first(mapped):
    with pytest.raises(Invalid, match="Delete"):
        mapped["pair/first"] = "float32"
    del mapped["pair/first"]
    mapped["pair/first"] = "float16"
    assert mapped["pair/first"].name == "float16"
    assert len(mapped) == 2
    assert "other/.*" in mapped


def test_two_patterns_that_match_are_refused():
    both = DTypePolicyMap("float32", {"a.*": "float16", "a/b.*": "float64"})
    with pytest.raises(Invalid, match="one key"):
        both["a/b/c"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: DTypePolicyMap(DTypePolicyMap()),
        lambda: DTypePolicyMap(policy_map=3),
        lambda: DTypePolicyMap(policy_map={"a": 3}),
        lambda: DTypePolicyMap(policy_map={3: "float32"}),
        lambda: DTypePolicyMap(policy_map={"a": DTypePolicyMap()}),
        lambda: config.set_dtype_policy(3),
        lambda: dtype_policies.deserialize({"a": 1}),
        lambda: dtype_policies.QuantizedFloat8DTypePolicy("float8", "float32", 1.5),
    ],
)
def test_wrong_arguments_are_refused(wrong):
    with pytest.raises(Invalid):
        wrong()


@pytest.mark.parametrize(
    "name", ["float32", "mixed_float16", "int8_from_float32", "int4/8_from_float32", "gptq/4/8_from_float32"]
)
def test_policies_are_copied_and_pickled(name):
    policy = dtype_policies.get(name)
    assert pickle.loads(pickle.dumps(policy)) == copy.deepcopy(policy) == policy
    assert policy != dtype_policies.get("float64")
    assert eval(policy.source(), vars(dtype_policies)) == policy


def test_maps_are_copied_and_pickled(mapped):
    assert pickle.loads(pickle.dumps(mapped)) == copy.deepcopy(mapped) == mapped
    assert eval(mapped.source(), vars(dtype_policies)) == mapped
