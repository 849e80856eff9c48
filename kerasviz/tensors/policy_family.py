"""Dtype policies by name and by config."""

from collections.abc import Mapping
from typing import Any

from kerasviz.declare import Family, Invalid, register_namespace
from kerasviz.declare.registry import serialize
from kerasviz.tensors import policies
from kerasviz.tensors.dtypes import standardize_dtype
from kerasviz.tensors.policies import DTypePolicy, FloatDTypePolicy, dtype_policy
from kerasviz.tensors.quantized import (
    AWQDTypePolicy,
    GPTQDTypePolicy,
    GroupedDTypePolicy,
    Int4DTypePolicy,
    QuantizedDTypePolicy,
    QuantizedFloat8DTypePolicy,
    quantized,
)


class PolicyFamily(Family):
    """dtype policies: a name, a dtype, a config or itself; None for the global one."""

    def get(self, identifier: Any, where: str = "") -> DTypePolicy:
        if identifier is None:
            return dtype_policy()
        if isinstance(identifier, DTypePolicy):
            return identifier
        if isinstance(identifier, Mapping):
            return self._configured({"class_name": "DTypePolicy", "module": "keras", **read(identifier)}, where)
        if isinstance(identifier, str):
            found = quantized(identifier)
            return DTypePolicy(identifier) if found is None else found
        return DTypePolicy(standardize_dtype(identifier))

    def _is_member(self, name: str, thing: Any) -> bool:
        return super()._is_member(name, thing) and isinstance(thing, type) and thing is not GroupedDTypePolicy

    def serialize(self, thing: Any) -> Any:
        return thing if thing is None or isinstance(thing, str) else serialize(thing)

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        if isinstance(config, Mapping):
            return super().deserialize(read(config), custom_objects)
        return self.get(config)

    def source(self, thing: Any) -> str:
        return f'"{thing.name}"' if type(thing) in (DTypePolicy, FloatDTypePolicy) else thing.source()


def read(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config of a policy, with its class; a bare {"name": ...} is that of a DTypePolicy.

    Raises:
        Invalid: where it is neither.
    """
    if "class_name" in config:
        return dict(config)
    if set(config) == {"name"}:
        return {"module": "keras", "class_name": "DTypePolicy", "config": dict(config), "registered_name": None}
    raise Invalid("dtype policy", "a config that `serialize` wrote", dict(config))


def set_dtype_policy(policy: str | DTypePolicy) -> None:
    """Set the policy of layers that name none.

    Raises:
        Invalid: for what is neither a policy nor the name of one.
    """
    if not isinstance(policy, (str, DTypePolicy)):
        raise Invalid("set_dtype_policy(policy=...)", "a policy, or its name, such as 'mixed_float16'", policy)
    policies.GLOBAL[:] = [policy if isinstance(policy, DTypePolicy) else FAMILY.get(policy)]


register_namespace("keras", lambda: {"DTypePolicy": DTypePolicy, "FloatDTypePolicy": FloatDTypePolicy})
FAMILY = PolicyFamily("dtype_policy", module="keras.dtype_policies", namespace=globals(), base=DTypePolicy)

__all__ = [
    "AWQDTypePolicy",
    "FAMILY",
    "GPTQDTypePolicy",
    "Int4DTypePolicy",
    "QuantizedDTypePolicy",
    "QuantizedFloat8DTypePolicy",
    "set_dtype_policy",
]
