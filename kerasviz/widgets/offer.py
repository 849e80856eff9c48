"""The catalog as the page needs it; collected once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import traitlets as t

from kerasviz.widgets.base import Widget, synced

ACCURACY = {
    "kind": "accuracy",
    "doc": "Share of right predictions; binary, categorical or sparse, as the loss and the labels ask for.",
    "form": [],
}


@lru_cache(maxsize=1)
def catalog() -> dict[str, Any]:
    """Every component that the page offers."""
    from kerasviz.catalog import page_catalog

    offered = page_catalog()
    if all(metric["kind"] != "accuracy" for metric in offered["metrics"]):
        offered = {**offered, "metrics": [ACCURACY, *offered["metrics"]]}
    return offered


@lru_cache(maxsize=1)
def categories() -> dict[str, str]:
    """The category of each kind of layer."""
    return {layer["kind"]: layer["category"] for layer in catalog()["layers"]}


class Offering(Widget):
    """A panel with forms or a palette: it tells the page once what there is."""

    catalog = synced(t.Dict(), "Every component that the page offers.", record="Catalog")

    @t.default("catalog")
    def _catalog(self) -> dict[str, Any]:
        return catalog()
