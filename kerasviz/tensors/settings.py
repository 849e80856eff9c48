"""The few values that all of the engine asks for: default dtype, epsilon, place of the channels, device."""

from typing import Any

import torch

from kerasviz.declare import Invalid

_values: dict[str, Any] = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last", "device": None}


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


def default_device() -> torch.device:
    """Where weights and data go: what `set_device` said, else CUDA, else MPS, else the CPU."""
    if _values["device"] is None:
        _values["device"] = _best_device()
    return _values["device"]


def set_device(device: str | torch.device | None) -> None:
    """Choose where new weights and data go; None goes back to the best there is."""
    _values["device"] = None if device is None else torch.device(device)


def _best_device() -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")
