"""DTypePolicyMap: policies for the layers of a model, by their paths."""

import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Self

from kerasviz.declare import Invalid, register_namespace
from kerasviz.tensors import settings
from kerasviz.tensors.policies import DTypePolicy, dtype_policy
from kerasviz.tensors.policy_family import FAMILY


class DTypePolicyMap(DTypePolicy, MutableMapping):
    """Policies by path: layers that are made with a map find theirs when they are built.

    A path finds the key that is the same, else the one that matches all of it as a regular expression.

    Args:
        default_policy: of paths without a key, a policy or its name; the global one for None, looked up when asked.
        policy_map: path or regular expression -> policy.
    """

    def __init__(
        self, default_policy: str | DTypePolicy | None = None, policy_map: Mapping[str, DTypePolicy] | None = None
    ) -> None:
        if isinstance(default_policy, DTypePolicyMap):
            raise Invalid("DTypePolicyMap(default_policy=...)", "a single policy, or its name", default_policy)
        if policy_map is not None and not isinstance(policy_map, Mapping):
            raise Invalid("DTypePolicyMap(policy_map=...)", "a dict of policies by path", policy_map)
        self._default = None if default_policy is None else FAMILY.get(default_policy)
        self._policies: dict[str, DTypePolicy] = {}
        for key, policy in (policy_map or {}).items():
            self[key] = policy

    @property
    def default_policy(self) -> DTypePolicy:
        """The policy of paths without a key."""
        if self._default is not None:
            return self._default
        policy = dtype_policy()
        if isinstance(policy, DTypePolicyMap):
            return DTypePolicy(settings.floatx()) if policy is self else policy.default_policy
        return policy

    @property
    def name(self) -> str:
        """`map_` and the name of the default policy."""
        return f"map_{self.default_policy.name}"

    @property
    def compute_dtype(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  # it follows the default
        """That of the default policy."""
        return self.default_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  # it follows the default
        """That of the default policy."""
        return self.default_policy.variable_dtype

    @property
    def quantization_mode(self) -> str | None:
        """That of the default policy."""
        return self.default_policy.quantization_mode

    def __getitem__(self, key: str) -> DTypePolicy:
        """The policy of a path.

        Raises:
            Invalid: where several keys match it, and none is the same.
        """
        if key in self._policies:
            return self._policies[key]
        found = [pattern for pattern in self._policies if re.fullmatch(pattern, key)]
        if len(found) > 1:
            raise Invalid(f"DTypePolicyMap[{key!r}]", "one key that matches the path", found)
        return self._policies[found[0]] if found else self.default_policy

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise Invalid("DTypePolicyMap", "a path, or a regular expression of paths, as key", key)
        if key in self._policies:
            raise Invalid("DTypePolicyMap", "a key that it has not yet", key, "Delete the old one first.")
        if isinstance(value, DTypePolicyMap):
            raise Invalid(f"DTypePolicyMap[{key!r}]", "a single policy, or its name", value)
        try:
            self._policies[key] = FAMILY.get(value)
        except Invalid as error:
            raise Invalid(f"DTypePolicyMap[{key!r}]", error.expected, value, error.hint) from None

    def __delitem__(self, key: str) -> None:
        del self._policies[key]

    def __contains__(self, key: object) -> bool:
        return key in self._policies

    def __len__(self) -> int:
        return len(self._policies)

    def __iter__(self) -> Iterator[str]:
        return iter(self._policies)

    def get_config(self) -> dict[str, Any]:
        """The name of the default policy, and the policies by path."""
        default = self._default
        plain = None if default is None else default.name if type(default) is DTypePolicy else FAMILY.serialize(default)
        return {
            "default_policy": plain,
            "policy_map": {key: FAMILY.serialize(policy) for key, policy in self._policies.items()},
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Self:
        """The map that `get_config` described."""
        policies = (config.get("policy_map") or {}).items()
        default = config.get("default_policy")
        return cls(
            None if default is None else FAMILY.deserialize(default, custom_objects),
            {key: FAMILY.deserialize(policy, custom_objects) for key, policy in policies},
        )

    def source(self) -> str:
        """The Python that makes it."""
        parts = [] if self._default is None else [f"default_policy={FAMILY.source(self._default)}"]
        inner = ", ".join(f'"{key}": {FAMILY.source(policy)}' for key, policy in self._policies.items())
        return f"DTypePolicyMap({', '.join([*parts, f'policy_map={{{inner}}}'])})"

    def _facts(self) -> tuple:
        return self._default, tuple(self._policies.items())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicyMap) and self._facts() == other._facts()

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        inner = {key: policy.name for key, policy in self._policies.items()}
        return f'<DTypePolicyMap default_policy="{self.default_policy.name}", policy_map={inner}>'


register_namespace("keras.dtype_policies", lambda: {"DTypePolicyMap": DTypePolicyMap})
