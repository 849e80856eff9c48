"""What a layer computes in, and what its weights are kept in."""

from typing import Any

import torch

from kerasviz.declare import Invalid, family
from kerasviz.layers.calling import structure_changed
from kerasviz.layers.weights import WeightOwner
from kerasviz.tensors import DTypePolicyMap, dtype_policy, torch_dtype


class PolicyOwner(WeightOwner):
    """The part of a layer that has a dtype policy."""

    needs_floats: bool = False  # whole numbers are cast as floats are
    autocast: bool
    _compute_dtype: torch.dtype

    @property
    def dtype_policy(self) -> Any:
        """What it computes in, and what its weights are kept in."""
        return self.__dict__["_dtype_policy"] or dtype_policy()

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        self.__dict__["_dtype_policy"] = family("dtype_policy").get(value)
        self._follow_policy()

    @property
    def _own_policy(self) -> Any:
        """Its policy; that of its path where it has a map."""
        policy = self.dtype_policy
        if isinstance(policy, DTypePolicyMap):
            return policy[self.__dict__.get("_path") or self.__dict__.get("_name", "")]
        return policy

    def _ready_policy(self) -> None:
        """Find the policy for the path, known now; refuse one that quantizes."""
        if isinstance(self.dtype_policy, DTypePolicyMap):
            self._follow_policy()
        if self.quantization_mode is not None:
            where = f'{type(self).__name__} "{self.name}"'
            hint = "Layers with quantized weights are not there yet: build it with the policy after `_from_`."
            raise Invalid(where, "a dtype policy that does not quantize", self._own_policy.name, hint)

    def _follow_policy(self) -> None:
        policy = self._own_policy
        self.__dict__["_compute_dtype"] = torch_dtype(policy.compute_dtype)
        self.__dict__["_casts"] = policy.compute_dtype != policy.variable_dtype
        structure_changed()

    def is_cast(self, dtype: torch.dtype) -> bool:
        """Whether inputs of this dtype come to `call` in the compute dtype."""
        if dtype is self._compute_dtype:
            return False
        return bool(self.autocast if dtype.is_floating_point else self.needs_floats and not dtype.is_complex)

    @property
    def dtype(self) -> str:
        """The dtype of its weights."""
        return self._own_policy.variable_dtype

    @dtype.setter
    def dtype(self, value: Any) -> None:
        self.dtype_policy = value

    @property
    def variable_dtype(self) -> str:
        """The dtype of its weights."""
        return self._own_policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype of its arithmetic."""
        return self._own_policy.compute_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype that inputs are cast to."""
        return self.compute_dtype

    @property
    def quantization_mode(self) -> str | None:
        """How its policy keeps weights in few bits; None: not at all."""
        return self._own_policy.quantization_mode
