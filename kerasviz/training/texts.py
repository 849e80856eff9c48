"""Texts as data. torch has no tensors of them: they stay numpy arrays of `str` or `bytes` until a layer reads them."""

from typing import Any

import numpy as np

from kerasviz.declare import Invalid
from kerasviz.tensors import names_texts


def is_text(array: Any) -> bool:
    """Whether an array holds texts. Of objects the first that is there decides."""
    if names_texts(array):
        return True
    kind = getattr(getattr(array, "dtype", None), "kind", "")
    if kind != "O":
        return kind in ("U", "S", "T")
    first = next((item for item in array.flat if not is_missing(item)), None)
    return isinstance(first, (str, bytes))


def is_missing(item: Any) -> bool:
    """Whether an object stands for nothing: None, NaN, or a library's own such value."""
    return item is None or (isinstance(item, float) and item != item) or type(item).__name__ in ("NAType", "NaTType")


def texts_from(data: Any, where: str) -> np.ndarray:
    """Texts in arrays or nested lists, as an array of objects.

    Raises:
        Invalid: where one is missing, is no text, or lists inside have several lengths.
    """
    try:
        array = data.astype(object) if isinstance(data, np.ndarray) else np.asarray(data, dtype=object)
    except ValueError as error:
        raise Invalid(where, "lists of one length", "lists of several lengths") from error
    for place, item in enumerate(array.flat):
        if not isinstance(item, (str, bytes)):
            got = "none" if is_missing(item) else repr(item)
            hint = "Put a word in their place, such as ''." if is_missing(item) else ""
            row = place // max(1, array.size // max(1, len(array)))
            raise Invalid(where, "a text in every row", f"{got} in row {row}", hint)
    return array
