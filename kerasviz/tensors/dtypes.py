"""Types of numbers: Keras's names, torch's objects, and the policy of a layer."""

from typing import Any, Self

import torch

from kerasviz.declare import Family, Invalid, did_you_mean, register_namespace
from kerasviz.tensors import settings

WHOLE = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64")
BROKEN = ("bfloat16", "float16", "float32", "float64", "float8_e4m3fn", "float8_e5m2", "complex64", "complex128")
DTYPES = {name: getattr(torch, name) for name in ("bool", *WHOLE, *BROKEN)}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
PYTHON = {bool: "bool", int: "int32", float: "float32", complex: "complex64"}


def standardize_dtype(dtype: Any) -> str:
    """The name of a dtype given as a name, torch's, numpy's or Python's type; floatx for None."""
    if dtype is None:
        return settings.floatx()
    if isinstance(dtype, torch.dtype):
        return NAMES[dtype]
    if isinstance(dtype, type) and dtype in PYTHON:
        return settings.floatx() if dtype is float else PYTHON[dtype]
    name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or str(dtype)
    if name in ("string", "str") or name.startswith(("<U", "str")):
        return "string"
    name = name.removeprefix("torch.")
    if name not in DTYPES:
        raise Invalid("dtype", "the name of a dtype, such as 'float32'", dtype, did_you_mean(name, DTYPES))
    return name


def torch_dtype(dtype: Any) -> torch.dtype:
    """torch's dtype for anything that names one."""
    return dtype if isinstance(dtype, torch.dtype) else DTYPES[standardize_dtype(dtype)]


def is_float(dtype: Any) -> bool:
    """Whether numbers of this dtype have a fraction."""
    return standardize_dtype(dtype).startswith(("float", "bfloat"))


class DTypePolicy:
    """What a layer computes in, and what its weights are kept in.

    Args:
        name: a dtype for both, or "mixed_float16" or "mixed_bfloat16": weights in float32, arithmetic in 16 bits.
    """

    def __init__(self, name: str | None = None) -> None:
        self._name = name if name is not None else _default_name()
        if self._name.startswith("mixed_"):
            self.compute_dtype = self._name.removeprefix("mixed_")
            self.variable_dtype = "float32"
            if self.compute_dtype not in ("float16", "bfloat16"):
                raise Invalid("DTypePolicy(name=...)", "'mixed_float16' or 'mixed_bfloat16'", name)
        else:
            self.compute_dtype = self.variable_dtype = standardize_dtype(self._name)
            self._name = self.compute_dtype

    @property
    def name(self) -> str:
        """The name it was made from."""
        return self._name

    @property
    def quantization_mode(self) -> str | None:
        """None: not quantized."""
        return None

    def convert_input(self, x: Any, autocast: bool, dtype: Any) -> Any:
        """`x` in `dtype`, where it is a float and autocast is on."""
        from kerasviz.tensors.convert import convert_to_tensor

        if isinstance(x, torch.Tensor):
            wanted = torch_dtype(dtype)
            return x.to(wanted) if autocast and x.is_floating_point() and x.dtype != wanted else x
        return convert_to_tensor(x, dtype if autocast else None)

    def get_config(self) -> dict[str, Any]:
        """Its name."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The policy of that name."""
        return cls(**config)

    def source(self) -> str:
        """The Python that makes it."""
        return f'DTypePolicy("{self.name}")'

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'


class _PolicyFamily(Family):
    """dtype policies: a name, a dtype or a config; None for the global one."""

    def get(self, identifier: Any, where: str = "") -> DTypePolicy:
        if identifier is None:
            return dtype_policy()
        if isinstance(identifier, DTypePolicy):
            return identifier
        if isinstance(identifier, dict):
            inner = identifier.get("config", identifier)
            return DTypePolicy(inner.get("name"))
        return DTypePolicy(identifier if isinstance(identifier, str) else standardize_dtype(identifier))

    def serialize(self, thing: Any) -> Any:
        if thing is None or isinstance(thing, str):
            return thing
        config = thing.get_config()
        return {"module": "keras", "class_name": "DTypePolicy", "config": config, "registered_name": None}

    def source(self, thing: Any) -> str:
        return f'"{thing.name}"'


_global: list[DTypePolicy] = []


def _default_name() -> str:
    return _global[0].name if _global else settings.floatx()


def dtype_policy() -> DTypePolicy:
    """The policy of layers that name none."""
    return _global[0] if _global else DTypePolicy(settings.floatx())


def set_dtype_policy(policy: str | DTypePolicy) -> None:
    """Set the policy of layers that name none."""
    _global[:] = [policy if isinstance(policy, DTypePolicy) else DTypePolicy(policy)]


FAMILY = _PolicyFamily("dtype_policy", module="keras.dtype_policies", namespace=globals(), base=DTypePolicy)
register_namespace("keras", lambda: {"DTypePolicy": DTypePolicy})
