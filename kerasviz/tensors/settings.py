"""The few values that all of the engine asks for: default dtype, epsilon, place of the channels, device, limits."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import torch

from kerasviz.declare import Invalid

_values: dict[str, Any] = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
    "device": None,
    "flash_attention": None,
    "interactive_logging": True,
    "traceback_filtering": True,
    "max_epochs": None,
    "max_steps_per_epoch": None,
}


class DeviceScope(threading.local):
    """The device that `keras.device` chose in this thread."""

    device: torch.device | None = None


_scope = DeviceScope()


def backend() -> str:
    """The name of the backend: "torch"; there is no other."""
    return "torch"


def floatx() -> str:
    """The dtype of weights and of float data, by default: "float16", "bfloat16", "float32" or "float64"."""
    return _values["floatx"]


def set_floatx(value: str) -> None:
    """Set the default float dtype."""
    known = ("bfloat16", "float16", "float32", "float64")
    if value not in known:
        raise Invalid("set_floatx(value=...)", " or ".join(map(repr, known)), value)
    _values["floatx"] = value


def epsilon() -> float:
    """The small number that keeps divisions and logarithms finite."""
    return _values["epsilon"]


def set_epsilon(value: float) -> None:
    """Set the small number that keeps divisions and logarithms finite."""
    if isinstance(value, (bool, str)) or not value > 0:
        raise Invalid("set_epsilon(value=...)", "a small number above 0", value)
    _values["epsilon"] = float(value)


def image_data_format() -> str:
    """Where images have their channels: "channels_last" or "channels_first"."""
    return _values["image_data_format"]


def set_image_data_format(data_format: str) -> None:
    """Set where images have their channels."""
    _values["image_data_format"] = standardize_data_format(data_format, "set_image_data_format(data_format=...)")


def standardize_data_format(data_format: str | None, where: str = "data_format") -> str:
    """The given data format, or the default for None."""
    if data_format is None:
        return image_data_format()
    value = str(data_format).lower()
    if value not in ("channels_last", "channels_first"):
        raise Invalid(where, "'channels_last' or 'channels_first'", data_format)
    return value


def max_epochs() -> int | None:
    """The most epochs that `fit` makes; None for as many as it is told."""
    return _values["max_epochs"]


def set_max_epochs(max_epochs: int | None) -> None:
    """Let no `fit` make more epochs than this, whatever it is told: for trying a script out. None: no limit."""
    _set_limit("max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """The most batches of an epoch, an evaluation or a prediction; None for all."""
    return _values["max_steps_per_epoch"]


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Let no epoch, evaluation or prediction take more batches than this. None: no limit."""
    _set_limit("max_steps_per_epoch", max_steps_per_epoch)


def _set_limit(name: str, value: Any) -> None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise Invalid(f"set_{name}({name}=...)", "a whole number at least 1, or None", value)
    _values[name] = value


def switch(name: str) -> Any:
    """The state of a switch of `keras.config`."""
    return _values[name]


def set_switch(name: str, value: Any) -> None:
    """Turn a switch of `keras.config`."""
    if name not in _values:
        raise KeyError(name)
    _values[name] = value


def default_device() -> torch.device:
    """Where weights and data go: what `keras.device` or `set_device` said, else CUDA, else MPS, else the CPU."""
    if _scope.device is not None:
        return _scope.device
    if _values["device"] is None:
        _values["device"] = _best_device()
    return _values["device"]


def set_device(device: str | torch.device | None) -> None:
    """Choose where new weights and data go; None goes back to the best there is."""
    _values["device"] = None if device is None else torch_device(device)


@contextlib.contextmanager
def device(device_name: str | torch.device) -> Iterator[torch.device]:
    """Inside the `with`, new weights and tensors go to this device, those that torch makes too.

    Args:
        device_name: as torch has it, or as Keras: "cpu:0", "gpu:1" or "cuda:1", "meta".

    Raises:
        Invalid: where there is no such device.
    """
    chosen = torch_device(device_name)
    outer, _scope.device = _scope.device, chosen
    try:
        with chosen:
            yield chosen
    finally:
        _scope.device = outer


def torch_device(name: str | torch.device) -> torch.device:
    """torch's device for a name of torch's or of Keras's.

    Raises:
        Invalid: where it is none.
    """
    if isinstance(name, torch.device):
        return name
    if not isinstance(name, str):
        raise Invalid("device(device_name=...)", "the name of a device, such as 'cpu' or 'gpu:0'", name)
    wanted = name.lower().rpartition("/")[2].removeprefix("device:")
    if wanted.partition(":")[0] == "gpu":
        wanted = wanted.replace("gpu", "cuda" if torch.cuda.is_available() or _best_device().type == "cpu" else "mps")
    try:
        found = torch.device(wanted)
    except RuntimeError as error:
        raise Invalid("device(device_name=...)", "the name of a device", name, str(error).split("\n")[0]) from None
    return torch.device("cpu") if found.type == "cpu" else found


def _best_device() -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")
