"""Data frames and series of any library that narwhals reads: pandas, polars, pyarrow, modin, cuDF and others."""

from typing import Any

import numpy as np
import torch

from kerasviz.declare import Invalid
from kerasviz.tensors import settings
from kerasviz.training.texts import is_missing, is_text

LIBRARIES = {
    "cudf",
    "dask",
    "duckdb",
    "ibis",
    "modin",
    "narwhals",
    "pandas",
    "polars",
    "pyarrow",
    "pyspark",
    "sqlframe",
}


def is_frame(value: Any) -> bool:
    """Whether it is a data frame or a series."""
    kind = type(value)
    if kind.__module__.partition(".")[0] in LIBRARIES:
        return True
    return hasattr(kind, "__narwhals_dataframe__") or hasattr(kind, "__narwhals_series__")


def native(value: Any, where: str) -> Any:
    """The frame or series as narwhals has it; what it does not know as an array."""
    import narwhals

    known = narwhals.from_native(value, pass_through=True, allow_series=True)
    if isinstance(known, narwhals.LazyFrame):
        known = known.collect()
    if not isinstance(known, (narwhals.DataFrame, narwhals.Series)):
        known = known.to_numpy() if hasattr(known, "to_numpy") else np.asarray(known)  # such as an index
    return known


def read_frame(value: Any, where: str) -> np.ndarray:
    """A frame as an array (rows, columns), a series as (rows, 1): numbers of one dtype, or texts. No row is named.

    Missing numbers become NaN. Columns of categories have what their categories are.

    Raises:
        Invalid: where a column holds times, lists or objects, or only some hold text.
    """
    known = native(value, where)
    if isinstance(known, np.ndarray):
        return known
    if not hasattr(known, "columns"):
        array = column(known, where)
        return array[:, None] if array.ndim == 1 else array
    names = list(known.columns)
    if not names:
        raise Invalid(where, "a frame with columns", "one without")
    if len(kinds := set(known.schema.values())) == 1 and kinds.pop().is_float():
        table = known.to_numpy()  # in its own memory where it can be
        if table.dtype.kind == "f":
            return table
    columns = {name: column(known[name], f"{where}, column {name!r}") for name in names}
    texts = [name for name in names if is_text(columns[name])]
    if texts and len(texts) < len(names):
        hint = "Pass a dict of columns, `dict(frame)` or {name: frame[name], ...}, to a model with an input for each."
        raise Invalid(where, "columns of numbers", f"texts in column {texts[0]!r}", hint)
    return joined(list(columns.values()))


def joined(columns: list[np.ndarray]) -> np.ndarray:
    """Columns side by side, in a dtype that holds them all; floats as floatx."""
    if is_text(columns[0]):
        return np.stack(columns, axis=1)
    dtype = np.result_type(*{array.dtype for array in columns})
    dtype = np.dtype(settings.floatx()) if dtype.kind == "f" and settings.floatx() != "bfloat16" else dtype
    table = np.empty((len(columns[0]), len(columns)), dtype)
    for place, array in enumerate(columns):
        table[:, place] = array
    return table


def column(series: Any, where: str) -> np.ndarray:
    """A series of narwhals as a numpy array: numbers, NaN for missing ones, or objects that are texts."""
    import narwhals

    dtype = series.dtype
    if isinstance(dtype, (narwhals.Categorical, narwhals.Enum)):
        array = np.asarray(series.to_list(), dtype=object)
        return array if is_text(array) else numbers(array, where)
    if dtype.is_temporal():
        hint = "Make numbers of them, such as days since the first."
        raise Invalid(where, "numbers or texts", f"times: {dtype}", hint)
    if dtype.is_nested() and not isinstance(dtype, narwhals.Array):
        hint = "Fill lists up to one length and stack them: np.stack(series)."
        raise Invalid(where, "numbers or texts", f"a column of {dtype}", hint)
    if isinstance(dtype, (narwhals.String, narwhals.Object, narwhals.Unknown, narwhals.Decimal)):
        return objects(series, where)
    if isinstance(dtype, narwhals.Boolean) and series.null_count():
        series = series.cast(narwhals.Float64)
    array = np.asarray(series.to_numpy())
    return numbers(array, where) if array.dtype == object else array


def objects(series: Any, where: str) -> np.ndarray:
    """Texts, or numbers that are kept as objects."""
    items = series.to_list()
    array = np.empty(len(items), dtype=object)
    array[:] = items
    first = next((item for item in items if not is_missing(item)), None)
    if isinstance(first, (list, tuple, set, dict, np.ndarray, torch.Tensor)):
        hint = "Fill lists up to one length and stack them: np.stack(series)."
        raise Invalid(where, "numbers or texts", f"a column of {type(first).__name__}s", hint)
    return array if isinstance(first, (str, bytes)) else numbers(array, where)


def numbers(array: np.ndarray, where: str) -> np.ndarray:
    """Objects as numbers, NaN for missing ones."""
    missing = np.fromiter(map(is_missing, array), bool, len(array))
    try:
        if not missing.any():
            return np.asarray([plain(item) for item in array])
        return np.asarray([np.nan if gone else float(item) for item, gone in zip(array, missing, strict=True)])
    except (TypeError, ValueError) as error:
        first = next(item for item in array if not is_missing(item))
        raise Invalid(where, "numbers or texts", f"objects such as {first!r}") from error


def plain(item: Any) -> Any:
    """A number that numpy knows."""
    return item if isinstance(item, (bool, int, np.number, np.bool_)) else float(item)
