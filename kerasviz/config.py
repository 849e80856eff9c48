"""`keras.config`: the defaults of the engine, its switches and its limits."""

import warnings

from kerasviz.declare import Invalid
from kerasviz.tensors import dtype_policy, set_dtype_policy
from kerasviz.tensors.settings import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    max_epochs,
    max_steps_per_epoch,
    set_device,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    set_max_epochs,
    set_max_steps_per_epoch,
    set_switch,
    switch,
)


def set_backend(backend: str) -> None:
    """Nothing for "torch", which it is.

    Raises:
        Invalid: for every other name.
    """
    if backend != "torch":
        hint = "kerasviz is written on PyTorch, without a layer for other backends."
        raise Invalid("set_backend(backend=...)", "'torch'", backend, hint)


def enable_flash_attention() -> None:
    """Let attention layers use torch's fused kernel wherever it can: as it is by default."""
    set_switch("flash_attention", None)


def disable_flash_attention() -> None:
    """Let attention layers calculate step by step."""
    set_switch("flash_attention", False)


def is_flash_attention_enabled() -> bool | None:
    """False where attention calculates step by step; None where the fused kernel is used if it can be."""
    return switch("flash_attention")


def enable_interactive_logging() -> None:
    """Show progress as a bar: as it is by default."""
    set_switch("interactive_logging", True)


def disable_interactive_logging() -> None:
    """Write progress as lines to the `kerasviz` logger of `logging`, for programs without a screen."""
    set_switch("interactive_logging", False)


def is_interactive_logging_enabled() -> bool:
    """Whether progress is shown as a bar."""
    return switch("interactive_logging")


def enable_traceback_filtering() -> None:
    """Say that tracebacks may be shortened: as it is by default. They are whole all the same, as torch's own are.

    An error in a layer says the layer and the shapes that came in, in its message.
    """
    set_switch("traceback_filtering", True)


def disable_traceback_filtering() -> None:
    """Say that tracebacks shall be whole. They are with this switch on, too."""
    set_switch("traceback_filtering", False)


def is_traceback_filtering_enabled() -> bool:
    """What the switch was last turned to."""
    return switch("traceback_filtering")


def enable_unsafe_deserialization() -> None:
    """Nothing: a file is data here, and no setting lets it run code. Kept so that scripts that call it work."""
    warnings.warn("Files are read as data: code in them is refused, with this setting too.", stacklevel=2)


def is_nnx_enabled() -> bool:
    """False: NNX belongs to another backend."""
    return False


__all__ = [
    "backend",
    "disable_flash_attention",
    "disable_interactive_logging",
    "disable_traceback_filtering",
    "dtype_policy",
    "enable_flash_attention",
    "enable_interactive_logging",
    "enable_traceback_filtering",
    "enable_unsafe_deserialization",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_flash_attention_enabled",
    "is_interactive_logging_enabled",
    "is_nnx_enabled",
    "is_traceback_filtering_enabled",
    "max_epochs",
    "max_steps_per_epoch",
    "set_backend",
    "set_device",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_max_epochs",
    "set_max_steps_per_epoch",
]
