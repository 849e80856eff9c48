"""What differs between the weights in a file and those of a model."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from kerasviz.saving.weights import Sink, saved_objects
from kerasviz.tensors import SeedGenerator

Shapes = dict[str, dict[str, tuple[int, ...]]]


class Comparison:
    """Weights in a file held against those of a model; states of random numbers are left out.

    Args:
        objects: arrays by name, by the path of the object that has them.
        model: built.
    """

    def __init__(self, objects: Mapping[str, Mapping[str, np.ndarray]], model: Any) -> None:
        self.needed, seeds = shapes_of(model)
        self.there: Shapes = {}
        for path, weights in objects.items():
            if weights and path not in seeds:
                self.there[path] = {name: tuple(array.shape) for name, array in weights.items()}
        self.errors = list(self.differences())
        pairs = [(self.there.get(path, {}), weights) for path, weights in self.needed.items()]
        self.matches = sum(there.get(name) == shape for there, weights in pairs for name, shape in weights.items())

    def differences(self) -> Iterator[str]:
        """In words, each once."""
        for path in sorted({*self.needed, *self.there}):
            needed, there = self.needed.get(path), self.there.get(path)
            if needed is None or there is None:
                has, lacks = ("the model", "the file") if there is None else ("the file", "the model")
                yield f"/{path} is in {has} but not in {lacks}; its weights: {', '.join(needed or there or {})}"
                continue
            for name in sorted({*needed, *there}):
                if needed.get(name) != there.get(name):
                    yield f"/{path}/{name}: {words(needed, name)} in the model, {words(there, name)} in the file"

    def lines(self) -> Iterator[str]:
        """The differences, and how many there are."""
        yield "Comparison of the file with the model"
        yield from (f"  {error}" for error in self.errors)
        if self.errors:
            yield f"They do not fit: {len(self.errors)} differences, {self.matches} weights agree."
        else:
            yield f"They fit: {self.matches} weights agree."

    def result(self) -> dict[str, Any]:
        """Whether they fit, and the numbers of differences and of weights that agree."""
        status = "error" if self.errors else "success"
        return {"status": status, "error_count": len(self.errors), "match_count": self.matches}


def shapes_of(model: Any) -> tuple[Shapes, set[str]]:
    """Shapes of all arrays that a file of the model has, and the paths of its random numbers."""
    found: Shapes = {}
    seeds = set()
    for path, thing in saved_objects(model):
        place = "/".join(path)
        if isinstance(thing, SeedGenerator):
            seeds.add(place)
            continue
        shapes: dict[str, tuple[int, ...]] = {}
        thing.save_own_variables(Sink(lambda name, array, s=shapes: s.update({name: tuple(array.shape)}), place))
        if shapes:
            found[place] = shapes
    return found, seeds


def words(shapes: Mapping[str, tuple[int, ...]], name: str) -> str:
    """The shape of a weight, or that there is none."""
    return f"shape {shapes[name]}" if name in shapes else "none"
