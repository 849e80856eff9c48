"""`keras.dtype_policies`: what layers compute in, and what their weights are kept in."""

from collections.abc import Mapping
from typing import Any

from kerasviz.tensors import (
    AWQDTypePolicy,
    DTypePolicy,
    DTypePolicyMap,
    FloatDTypePolicy,
    GPTQDTypePolicy,
    Int4DTypePolicy,
    QuantizedDTypePolicy,
    QuantizedFloat8DTypePolicy,
)
from kerasviz.tensors.policy_family import FAMILY


def get(identifier: Any) -> DTypePolicy:
    """The policy that a name, a dtype or a config means; the global one for None.

    Raises:
        Invalid: where it means none.
    """
    return FAMILY.get(identifier)


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """The policy as a config."""
    return FAMILY.serialize(dtype_policy)


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The policy that `serialize` wrote.

    Raises:
        Invalid: where the config names no policy.
    """
    return FAMILY.deserialize(config, custom_objects)


__all__ = [
    "AWQDTypePolicy",
    "DTypePolicy",
    "DTypePolicyMap",
    "FloatDTypePolicy",
    "GPTQDTypePolicy",
    "Int4DTypePolicy",
    "QuantizedDTypePolicy",
    "QuantizedFloat8DTypePolicy",
    "deserialize",
    "get",
    "serialize",
]
