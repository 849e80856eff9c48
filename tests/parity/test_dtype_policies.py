"""Dtype policies have the names, dtypes and configs of the reference."""

import numpy as np
import pytest
import torch

import kerasviz

from .comparing import assert_close

NAMES = ("float32", "float16", "bfloat16", "float64", "bool", "uint8", "complex64", "string", "float8_e5m2")
MIXED = ("mixed_float16", "mixed_bfloat16")
QUANTIZED = (
    *("int8_from_float32", "int8_from_mixed_bfloat16", "int4_from_float32", "float8_from_float32"),
    *(
        "float8_from_mixed_bfloat16",
        "gptq/4/128_from_float32",
        "gptq/2/-1_from_mixed_bfloat16",
        "gptq/8/1_from_float16",
    ),
    *("awq/4/128_from_float32", "awq/4/-1_from_float64", "int4/128_from_float32", "int4/-1_from_mixed_float16"),
)


def facts(policy):
    known = {"compute": policy.compute_dtype, "variable": policy.variable_dtype, "mode": policy.quantization_mode}
    more = {k: getattr(policy, k, None) for k in ("weight_bits", "group_size", "block_size", "amax_history_length")}
    return {"class": type(policy).__name__, "name": policy.name, "config": policy.get_config(), **known, **more}


@pytest.mark.parametrize("name", [*NAMES, *MIXED])
def test_plain_policies(reference, name):
    def told(keras):
        policy = keras.DTypePolicy(name)
        return facts(policy), keras.dtype_policies.serialize(policy), repr(policy)

    assert_close(told(kerasviz), reference(told))


@pytest.mark.parametrize("name", [name for name in (*NAMES, *MIXED, *QUANTIZED) if name != "float8_e5m2"])
def test_get_reads_a_name(reference, name):
    def told(keras):
        policy = keras.dtype_policies.get(name)
        config = keras.dtype_policies.serialize(policy)
        again = keras.dtype_policies.deserialize(config)
        return facts(policy), config, facts(again), repr(policy)

    assert_close(told(kerasviz), reference(told))


CLASSES = {
    "QuantizedDTypePolicy": [("int8",), ("int4", "mixed_bfloat16"), ("float8", "float16"), ("awq", "float32")],
    "QuantizedFloat8DTypePolicy": [("float8", "float32", 3), ("float8",)],
    "Int4DTypePolicy": [("int4/32", "bfloat16")],
    "GPTQDTypePolicy": [("gptq/3/16", "mixed_bfloat16")],
    "AWQDTypePolicy": [("awq/4/16", "mixed_bfloat16")],
    "FloatDTypePolicy": [("float16",), ("mixed_float16",)],
}


@pytest.mark.parametrize(("cls", "args"), [(cls, args) for cls, cases in CLASSES.items() for args in cases])
def test_classes_keep_their_arguments(reference, cls, args):
    def told(keras):
        policy = getattr(keras.dtype_policies, cls)(*args)
        return facts(policy), keras.dtype_policies.serialize(policy)

    assert_close(told(kerasviz), reference(told))


PATHS = ("a/dense", "a/dense/x", "b/c", "b/c/d", "zz/b/c", "b", "dense", "dense_1", "", "x.y", "xzy")


def test_a_map_finds_policies_by_path(reference):
    def told(keras):
        make = keras.DTypePolicy
        policies = {
            "a/dense": make("mixed_float16"),
            "b/.*": make("float16"),
            "dense": make("float64"),
            "x.y": make("bfloat16"),
        }
        found = keras.dtype_policies.DTypePolicyMap("mixed_bfloat16", policies)
        names = [
            found.name,
            found.compute_dtype,
            found.variable_dtype,
            found.quantization_mode,
            found.default_policy.name,
        ]
        return names, [found[path].name for path in PATHS], len(found), list(found), found.get_config()

    assert_close(told(kerasviz), reference(told))


def test_a_map_goes_through_its_config(reference):
    def told(keras):
        policies = {"a": keras.DTypePolicy("float16"), "b": keras.dtype_policies.get("int8_from_float32")}
        made = keras.dtype_policies.DTypePolicyMap("float32", policies)
        config = keras.dtype_policies.serialize(made)
        again = keras.dtype_policies.deserialize(config)
        return config, [again[path].name for path in ("a", "b", "c")]

    assert_close(told(kerasviz), reference(told))


@pytest.mark.parametrize("autocast", [True, False], ids=["cast", "kept"])
@pytest.mark.parametrize("value", ["float", "int", "list", "float64", "float32", "int32", "tensor"])
def test_inputs_are_converted(reference, value, autocast):
    values = {"float": 1.5, "int": 2, "list": [1.0, 2.0], "tensor": torch.ones(2)}
    x = values[value] if value in values else np.ones(2, value)
    expected = reference(lambda keras: keras.DTypePolicy("mixed_float16").convert_input(x, autocast, "float16"))
    assert_close(kerasviz.DTypePolicy("mixed_float16").convert_input(x, autocast, "float16"), expected)
