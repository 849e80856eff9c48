"""The data that a studio works on, and how it is shown: samples, labels, pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasviz.declare import Invalid

IMAGE_CHANNELS = (1, 3, 4)


class Data:
    """Training and validation data, as `fit` takes them.

    Shapes:
        x: (samples, *sample); y: (samples,) or (samples, values)

    Args:
        x: inputs; an array, or whatever `fit` takes.
        y: targets.
        validation_data: (x, y), or whatever `fit` takes.
    """

    def __init__(self, x: Any = None, y: Any = None, validation_data: Any = None) -> None:
        self.x, self.y, self.validation_data = as_array(x), as_array(y), validation_data
        if isinstance(validation_data, tuple):
            self.validation_data = tuple(as_array(part) for part in validation_data)
        self._check()

    def _check(self) -> None:
        if self.is_array and len(self.x) == 0:
            raise Invalid("Studio(x=...)", "at least one sample", self.x.shape)
        if self.is_array and isinstance(self.y, np.ndarray) and len(self.y) != len(self.x):
            raise Invalid("Studio(y=...)", f"a target for each of the {len(self.x)} samples", self.y.shape)

    @property
    def is_array(self) -> bool:
        """Whether the samples can be picked by number."""
        return isinstance(self.x, np.ndarray) and self.x.ndim > 0

    @property
    def shown(self) -> tuple[Any, Any]:
        """Inputs and targets to look at: those of validation where there are any."""
        held_out = self.validation_data
        if isinstance(held_out, tuple) and len(held_out) >= 2 and isinstance(held_out[0], np.ndarray):
            return held_out[0], held_out[1]
        return (self.x, self.y) if self.is_array else (None, None)

    @property
    def input_shape(self) -> tuple[int, ...] | None:
        """Of one sample, as a model takes it: a grey image gets a channel axis."""
        if not self.is_array:
            return None
        shape = tuple(int(size) for size in self.x.shape[1:])
        return (*shape, 1) if self.is_grey else shape or (1,)

    @property
    def is_grey(self) -> bool:
        """Whether the samples are images without a channel axis."""
        return self.is_array and self.x.ndim == 3 and self.x.dtype == np.uint8 and min(self.x.shape[1:]) >= 8

    @property
    def is_raw_image(self) -> bool:
        """Whether the samples are pixels from 0 to 255."""
        return self.is_array and self.x.dtype == np.uint8 and self.x.ndim in (3, 4)

    def fitting(self, shape: Sequence[int | None] | None) -> tuple[Any, Any, Any]:
        """x, y and validation data with the axes that a model of this input shape takes."""
        validation = self.validation_data
        if isinstance(validation, tuple) and validation:
            validation = (with_axes(validation[0], shape), *validation[1:])
        return with_axes(self.x, shape), self.y, validation

    # Labels

    @property
    def num_classes(self) -> int | None:
        """How many classes the targets name; None where they are no classes."""
        if not isinstance(self.y, np.ndarray) or not len(self.y):
            return None
        if self.y.dtype.kind in "iub" and (self.y.ndim == 1 or self.y.shape[1:] == (1,)):
            return int(self.y.max()) + 1 if self.y.min() >= 0 else None
        if self.y.ndim == 2 and self.y.shape[1] > 1 and is_one_hot(self.y):
            return int(self.y.shape[1])
        return None

    @property
    def is_one_hot(self) -> bool:
        """Whether the targets are rows with a single one."""
        return isinstance(self.y, np.ndarray) and self.y.ndim == 2 and self.y.shape[1] > 1 and is_one_hot(self.y)

    def labels_of(self, y: Any) -> np.ndarray | None:
        """The class of each target."""
        if not isinstance(y, np.ndarray) or self.num_classes is None:
            return None
        return y.argmax(1) if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1).astype(int)

    def label(self, index: int) -> str:
        """The target of a shown sample, in words."""
        _, y = self.shown
        if not isinstance(y, np.ndarray):
            return ""
        labels = self.labels_of(y)
        return str(labels[index]) if labels is not None else np.array2string(y[index], precision=3)


def as_array(value: Any) -> Any:
    """Arrays, tensors and lists as numpy; anything else as it is."""
    if value is None or isinstance(value, np.ndarray):
        return value
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        return value.detach().cpu().numpy()
    return np.asarray(value) if isinstance(value, (list, tuple)) and value else value


def with_axes(x: Any, shape: Sequence[int | None] | None) -> Any:
    """The samples with a channel axis, where the model wants one and they have none."""
    if isinstance(x, np.ndarray) and shape is not None and len(shape) == x.ndim and shape[-1] == 1:
        return x[..., None]
    return x


def is_one_hot(y: np.ndarray) -> bool:
    """Whether each row has a single one and zeros."""
    some = y[:1000]
    return bool(np.isin(some, (0, 1)).all() and (some.sum(1) == 1).all())


def picture(sample: np.ndarray) -> np.ndarray | None:
    """A sample as pixels, (height, width, channels) of uint8; None where it is no picture."""
    image = sample[..., None] if sample.ndim == 2 else sample
    if image.ndim != 3 or image.shape[-1] not in IMAGE_CHANNELS or min(image.shape[:2]) < 2:
        return None
    if image.dtype == np.uint8:
        return np.ascontiguousarray(image)
    low, high = float(np.nanmin(image)), float(np.nanmax(image))
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    scaled = (image - low) / ((high - low) or 1.0) * 255
    return np.ascontiguousarray(np.nan_to_num(scaled).round().astype(np.uint8))
