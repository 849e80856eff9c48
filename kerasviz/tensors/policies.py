"""Dtype policies: what a layer computes in, and what its weights are kept in."""

from typing import Any, Self

import torch

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.tensors import settings
from kerasviz.tensors.dtypes import DTYPES, standardize_dtype, torch_dtype

MIXED = ("mixed_float16", "mixed_bfloat16")


class DTypePolicy:
    """What a layer computes in, and what its weights are kept in.

    Args:
        name: a dtype for both, or "mixed_float16" or "mixed_bfloat16": weights in float32, arithmetic in 16 bits. None
            for the global policy.

    Source: Micikevicius et al., "Mixed Precision Training", 2018.
    """

    def __init__(self, name: str | None = None) -> None:
        name = name if name is not None else dtype_policy().name
        where = f"{type(self).__name__}(name=...)"
        self.compute_dtype, self.variable_dtype = dtypes_named(name, where)
        self._name = name if name.startswith("mixed_") else self.compute_dtype

    @property
    def name(self) -> str:
        """The name it was made from."""
        return self._name

    @property
    def quantization_mode(self) -> str | None:
        """None: not quantized."""
        return None

    def convert_input(self, x: Any, autocast: bool, dtype: Any) -> Any:
        """`x` in `dtype`, where it is a float tensor or array and autocast is on; other values as they are."""
        from kerasviz.tensors.convert import convert_to_tensor

        if type(x).__module__ == "numpy":
            x = convert_to_tensor(x, NUMPY_DTYPES.get(str(x.dtype)))
        if not isinstance(x, torch.Tensor):
            return x
        wanted = torch_dtype(dtype)
        return x.to(wanted) if autocast and x.is_floating_point() and x.dtype != wanted else x

    def get_config(self) -> dict[str, Any]:
        """Its name."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The policy that `get_config` described."""
        return cls(**config)

    def source(self) -> str:
        """The Python that makes it."""
        return f'DTypePolicy("{self.name}")'

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and self._facts() == other._facts()

    def __hash__(self) -> int:
        return hash(self.name)

    def _facts(self) -> tuple:
        return self.name, self.compute_dtype, self.variable_dtype, self.quantization_mode

    def __repr__(self) -> str:
        return f'<{type(self).__name__} "{self.name}">'


NUMPY_DTYPES = {"float64": "float64"}  # numpy's wide floats stay wide where they are not cast


class FloatDTypePolicy(DTypePolicy):
    """A DTypePolicy under its older name."""


def dtypes_named(name: Any, where: str) -> tuple[str, str]:
    """What to compute in and what to keep weights in.

    Raises:
        Invalid: for a name that says neither.
    """
    expected = "the name of a dtype, 'mixed_float16' or 'mixed_bfloat16'"
    if not isinstance(name, str):
        raise Invalid(where, expected, name)
    if name in MIXED:
        return name.removeprefix("mixed_"), "float32"
    if name not in DTYPES and name != "string":
        raise Invalid(where, expected, name, did_you_mean(name, [*DTYPES, *MIXED]))
    return standardize_dtype(name), standardize_dtype(name)


GLOBAL: list[DTypePolicy] = []


def dtype_policy() -> DTypePolicy:
    """The policy of layers that name none."""
    return GLOBAL[0] if GLOBAL else DTypePolicy(settings.floatx())
