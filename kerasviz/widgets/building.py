"""From the document that is drawn to the model that is trained, and the model that stays while nothing changes."""

from __future__ import annotations

from typing import Any

from kerasviz.document.document import Document

Semantics = tuple[Any, ...]
Json = dict[str, Any]


class Building:
    """Keeps the model of a document; a changed document gets a new one, with the weights of unchanged layers.

    Args:
        given: what the editor was opened with; a model is kept as it is.
    """

    def __init__(self, given: Any = None) -> None:
        self._given = given if hasattr(given, "graph") else None
        self._model: Any = None
        self._built: Semantics | None = None
        self._known: dict[str, tuple[Json, Any]] = {}  # by layer id: its data, and the layer with its weights

    def adopt(self, model: Any, document: Document) -> None:
        """Take a model as that of the document."""
        self._model, self._built, self._given = model, semantics(document), None
        for identity, layer in layers_by_id(document, model).items():
            self._known[identity] = (document.layers[identity], layer)

    def model(self, document: Document) -> Any:
        """The model of the document."""
        from kerasviz.document.build import build

        if self._given is not None:
            self.adopt(self._given, document)
        if self._model is None or semantics(document) != self._built:
            made = build(document)
            self._take_weights(document, made)
            self.adopt(made, document)
        return self._model

    def _take_weights(self, document: Document, model: Any) -> None:
        for identity, layer in layers_by_id(document, model).items():
            data, old = self._known.get(identity, (None, None))
            if data is not None and starts_alike(data, document.layers[identity]):
                copy_weights(old, layer)

    def trained(self, model: Any) -> None:
        """A training has ended whose model may be an earlier one: take over what it has learned."""
        if self._model is None or self._model is model:
            return
        learned = {layer.name: layer for layer in model.layers}
        for layer in self._model.layers:
            if layer.name in learned:
                copy_weights(learned[layer.name], layer)


def layers_by_id(document: Document, model: Any) -> dict[str, Any]:
    """The model's layer for each layer of the document."""
    layers = {layer.name: layer for layer in model.layers}
    names = {identity: layer.get("name") or identity for identity, layer in document.layers.items()}
    return {identity: layers[name] for identity, name in names.items() if name in layers}


def starts_alike(before: Json, after: Json) -> bool:
    """Whether two versions of a layer have weights that start in the same way: then trained ones may stay."""
    return before["kind"] == after["kind"] and initial(before) == initial(after)


def initial(layer: Json) -> Json:
    """The arguments that say how weights start."""
    return {name: value for name, value in layer["args"].items() if name.endswith("_initializer")}


def copy_weights(source: Any, target: Any) -> None:
    """Take weights over, where all shapes agree."""
    old, new = list(source.weights), list(target.weights)
    if type(source) is type(target) and [tuple(w.shape) for w in old] == [tuple(w.shape) for w in new]:
        for weight, value in zip(new, old, strict=True):
            weight.assign(value.detach())


def semantics(document: Document) -> Semantics:
    """What a model depends on: everything but places."""
    return document.layers, document.calls, document.input_calls, document.output_tensors


def calls_by_name(document: Document) -> dict[str, str]:
    """The first call of each layer, by the layer's name in the model."""
    found: dict[str, str] = {}
    for call in document.calls:
        layer = document.layer_of(call)
        found.setdefault(layer.get("name") or layer["id"], call)
    return found
