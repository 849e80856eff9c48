"""torch's functions of tensors by name: what a file may have in a graph besides layers and `keras.ops`."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch

from kerasviz.declare import Invalid
from kerasviz.tensors import leaves

TORCH_MODULES = {
    "torch": torch,
    "torch.nn.functional": torch.nn.functional,
    "torch.linalg": torch.linalg,
    "torch.special": torch.special,
    "torch.fft": torch.fft,
    "torch.Tensor": torch.Tensor,
}
REFUSED = {  # they call what they are given, or reach behind the tensor
    *("apply_", "map_", "map2_", "backward", "register_hook", "register_post_accumulate_grad_hook", "retain_grad"),
    *("share_memory_", "numpy", "tolist", "item", "storage", "untyped_storage", "data_ptr", "set_", "resize_"),
    *("module_load", "requires_grad_", "record_stream", "autocast", "choose_qparams_optimized", "pin_memory", "index"),
}
REFUSED_PARTS = (  # they reach behind the tensor, or trust their arguments
    *("resize", "share", "storage"),
    *("quantize", "fake_quant", "fbgemm", "miopen", "cudnn", "mkldnn", "_stats"),
)
LARGEST = 2**24  # whole number that a file may give to one: some loop over it


@functools.cache
def torch_functions() -> dict[str, Callable]:
    """torch's functions of tensors by name: those that take symbols. Nothing that reads files is among them."""
    from torch.overrides import get_overridable_functions

    found: dict[str, Callable] = {}
    known = {id(function) for functions in get_overridable_functions().values() for function in functions}
    for module, namespace in TORCH_MODULES.items():
        for name in dir(namespace):
            function = None if name.startswith("_") else inspect.getattr_static(namespace, name, None)
            function = getattr(namespace, name) if callable(function) else None
            refused = name in REFUSED or any(part in name for part in REFUSED_PARTS)
            if function is not None and id(function) in known and not refused:
                found[f"{module}.{name}"] = function
    return found


def torch_name(function: Callable, where: str) -> str:
    """The name under which a file has one of torch's functions."""
    for name, known in torch_functions().items():
        if known is function:
            return name
    shown = getattr(function, "__qualname__", function)
    hint = "Use keras.ops or torch functions, or put the code in a layer of its own."
    raise Invalid(f"function `{where}` in the model", "a function that a file can name", shown, hint)


def torch_function(name: str) -> Callable:
    """torch's function of that name."""
    found = torch_functions().get(name)
    if found is None:
        raise Invalid("function in the file", "one of torch's functions of tensors", name)
    return found


def check_numbers(name: str, values: Any) -> None:
    """Refuse whole numbers in a call that are larger than any size or place in a model.

    Raises:
        Invalid: there.
    """
    for value in leaves(values):
        if isinstance(value, int) and abs(value) > LARGEST:
            raise Invalid(f"call of `{name}` in the file", f"whole numbers of at most {LARGEST}", value)
