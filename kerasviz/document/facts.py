"""What there is to know of the data and the settings, for problems that show only with them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerasviz.document.document import Json

LOOKED_AT = 20_000  # rows of an array that are looked at


@dataclass(frozen=True)
class Facts:
    """One array of the data.

    Args:
        shape: of one sample.
        dtype: of its numbers.
        low, high: smallest and largest number; None where there are none.
        whole: whether all numbers are whole.
        one_hot: whether each row is zeros and a single one.
        has_nan: whether some are not numbers.
        samples: how many there are.
        counts: for labels, how often each class is there.
        array: the data itself, to learn from.
        learned: what layers have learned from it, by layer.
    """

    shape: tuple[int, ...]
    dtype: str
    low: float | None = None
    high: float | None = None
    whole: bool = False
    one_hot: bool = False
    has_nan: bool = False
    samples: int | None = None
    counts: tuple[int, ...] = ()
    array: Any = field(default=None, compare=False, repr=False)
    learned: dict[str, Json | None] = field(default_factory=dict, compare=False, repr=False)

    @property
    def width(self) -> int:
        """Numbers along the last axis."""
        return self.shape[-1] if self.shape else 1

    @property
    def is_label(self) -> bool:
        """Whether it looks like one class number a sample."""
        few = self.high is not None and self.low is not None and self.low >= 0
        return self.whole and few and self.shape in ((), (1,))


def facts_of(array: Any) -> Facts:
    """The facts of an array or tensor whose first axis is that of the samples."""
    import numpy as np

    shape = tuple(int(n) for n in getattr(array, "shape", ()))
    head = array[:LOOKED_AT] if shape else array
    values = head.detach().cpu().numpy() if hasattr(head, "detach") else np.asarray(head)
    dtype = str(values.dtype)
    if values.size == 0 or values.dtype.kind not in "biuf":
        return Facts(shape[1:], dtype, samples=shape[0] if shape else None, array=array)
    finite = values if values.dtype.kind != "f" else values[np.isfinite(values)]
    has_nan = bool(values.dtype.kind == "f" and np.isnan(values).any())
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (None, None)
    whole = values.dtype.kind in "biu" or bool(finite.size and (finite == np.floor(finite)).all() and not has_nan)
    rows = values.reshape(len(values), -1) if values.ndim > 1 else None
    one_hot = rows is not None and rows.shape[1] > 1 and whole and low == 0 and high == 1
    one_hot = bool(one_hot and rows is not None and (rows.sum(axis=1) == 1).all())
    counts: tuple[int, ...] = ()
    if whole and low is not None and low >= 0 and high is not None and high < 10_000 and values.size == len(values):
        counts = tuple(int(n) for n in np.bincount(values.reshape(-1).astype("int64")))
    return Facts(shape[1:], dtype, low, high, whole, one_hot, has_nan, shape[0], counts, array)


@dataclass(frozen=True)
class Context:
    """Data and settings around a document.

    Args:
        inputs: facts of each input array, in the order of the model's inputs.
        targets: facts of each target array.
        settings: {"optimizer", "loss", "metrics", "epochs", "batch_size", "validation_split", ...}.
        callbacks: [{"id", "kind", "enabled", "args"}].
        has_validation: whether there is validation data of its own.
    """

    inputs: Sequence[Facts] = ()
    targets: Sequence[Facts] = ()
    settings: Json = field(default_factory=dict)
    callbacks: Sequence[Json] = ()
    has_validation: bool = False

    @classmethod
    def of(cls, x: Any = None, y: Any = None, **options: Any) -> "Context":
        """The context of arrays; lists and dicts stand for several inputs or targets."""
        return cls([facts_of(array) for array in arrays(x)], [facts_of(array) for array in arrays(y)], **options)

    @property
    def loss(self) -> str:
        """The loss in one spelling: `sparsecategoricalcrossentropy`; empty where none is chosen."""
        return plain_name((self.settings.get("loss") or {}).get("kind") or "")

    @property
    def from_logits(self) -> bool:
        """Whether the loss takes the model's outputs as logits."""
        return bool((self.settings.get("loss") or {}).get("args", {}).get("from_logits", False))

    @property
    def validates(self) -> bool:
        """Whether there will be `val_` logs."""
        return self.has_validation or bool(self.settings.get("validation_split"))


def arrays(data: Any) -> Iterable[Any]:
    """The arrays of data: one, or the parts of a list or dict."""
    if data is None:
        return []
    if isinstance(data, Mapping):
        return list(data.values())
    if isinstance(data, (list, tuple)) and data and hasattr(data[0], "shape"):
        return list(data)
    return [data] if hasattr(data, "shape") else []


def plain_name(name: str) -> str:
    """A name without case and underscores."""
    return name.replace("_", "").lower()
