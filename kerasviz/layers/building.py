"""Building: shapes are known, weights are made, paths are set."""

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

from kerasviz.layers.calling import call_facts, shape_arguments, structure_changed
from kerasviz.layers.policies import PolicyOwner
from kerasviz.tensors import SCOPES


class Building(PolicyOwner):
    """The part of a layer that is built."""

    def _first_call(self, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Build, then call; layers inside that are built by this call have their paths below this one's."""
        self._build_for(args, kwargs)
        with self._inside():
            return self.forward(*args, **kwargs)

    @contextlib.contextmanager
    def _inside(self) -> Iterator[None]:
        """Let what is made in the `with` have its path below this layer's."""
        outer = SCOPES.path
        if not self.__dict__.get("_in_build"):
            SCOPES.path = (*outer, self.name)
        try:
            yield
        finally:
            SCOPES.path = outer

    def _build_for(self, args: tuple, kwargs: dict[str, Any]) -> None:
        """Build with the shapes of the arguments of a call."""
        facts = call_facts(type(self))
        shapes = shape_arguments(facts.build_names, facts, args, kwargs)
        if "_path" not in self.__dict__:
            self.__dict__["_path"] = "/".join((*SCOPES.path, self.name))
        self._ready_policy()
        self.build(**shapes)
        self.built = True


def building(build: Any) -> Any:
    """Wrap a class's `build`: note the shapes, put weights under the layer's path, mark it built."""

    @functools.wraps(build)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        if self.__dict__.get("_in_build"):
            build(self, *args, **kwargs)
            return
        names = call_facts(type(self)).build_names
        self.__dict__["_build_shapes"] = dict(zip(names, args, strict=False)) | kwargs
        outer = SCOPES.path
        SCOPES.path = (*outer, self.name)
        self.__dict__.update(_in_build=True, _path="/".join(SCOPES.path))
        try:
            self._ready_policy()
            build(self, *args, **kwargs)
            self.built = True
        finally:
            SCOPES.path = outer
            self.__dict__["_in_build"] = False
        structure_changed()

    return wrapped
