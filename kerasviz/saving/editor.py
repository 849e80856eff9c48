"""Look into files of weights, change what is in them, and write them anew."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.saving import archive as archives
from kerasviz.saving.comparing import Comparison
from kerasviz.saving.files import replacing
from kerasviz.saving.hdf5 import Store, check_file, undamaged
from kerasviz.saving.hdf5_writing import new_hdf5

ENDING = ".weights.h5"
DEEPEST = 100  # groups inside each other
Weights = dict[str, np.ndarray]


class KerasFileEditor:
    """The weights in a file: seen, compared with a model, changed, and saved to another file.

    Objects are named by their path in the file, such as `layers/dense_2`, or by its last part where it is the only one
    of that name. The file that was opened stays as it is.

    Args:
        filepath: of a `.weights.h5` or `.keras` file.

    Attributes:
        metadata: what a `.keras` file says of its writing; None for others.
        config: of the model in a `.keras` file; None for others.
        objects: weights by name, by the path of the object that has them; "" is the model itself.
        names: of objects in the model that was saved, by their path.

    Raises:
        Invalid: where it is no such file, is damaged, or holds anything else than weights.
    """

    def __init__(self, filepath: Any) -> None:
        self.filepath = str(filepath)
        self.metadata: Any = None
        self.config: Any = None
        self.objects: dict[str, Weights] = {}
        self.names: dict[str, str] = {}
        if self.filepath.endswith(".keras"):
            self._read_archive()
        elif self.filepath.endswith(ENDING):
            with archives.open_hdf5(self.filepath, self.filepath) as file:
                self._read(file, self.filepath)
        else:
            raise Invalid("KerasFileEditor(filepath=...)", f"a `.keras` or `{ENDING}` file", self.filepath)
        print(f"{self.filepath}: {len(self.objects)} objects, {sum(map(len, self.objects.values()))} weights")

    # --- reading --------------------------------------------------------------------------------------------------

    def _read_archive(self) -> None:
        where = self.filepath
        with archives.opened(where) as archive:
            self.config = archives.read_json(archive, archives.CONFIG, where)
            if archives.METADATA in archive.namelist():
                self.metadata = archives.read_json(archive, archives.METADATA, where)
            with archives.weights_file(archive, where) as file:
                self._read(file, f"{where}, {archives.WEIGHTS}")

    def _read(self, file: Any, where: str) -> None:
        check_file(file, where)
        with undamaged(where):
            for path, group in groups(file["/"], where):
                store = Store(group, f"{where}, {path}/vars")
                self.objects[path] = dict(store.items())
                name = group.attrs.get("name")
                if isinstance(name, str):
                    self.names[path] = name

    # --- looking --------------------------------------------------------------------------------------------------

    def summary(self) -> None:
        """Print the tree of objects with the shapes and dtypes of their weights."""
        print("Weights structure")
        for line in self._lines("", "  "):
            print(line)

    def _lines(self, path: str, indent: str) -> Iterator[str]:
        weights = self.objects.get(path, {})
        own = [f"{name}: shape={array.shape}, dtype={array.dtype}" for name, array in by_number(weights)]
        children = self._children(path)
        for index, entry in enumerate([*own, *children]):
            last = index == len(own) + len(children) - 1
            yield f"{indent}{'└─ ' if last else '├─ '}{entry}"
            if index >= len(own):
                yield from self._lines(joined(path, entry), indent + ("   " if last else "│  "))

    def _children(self, path: str) -> list[str]:
        """Names of the objects and groups directly inside a path."""
        start = f"{path}/" if path else ""
        inside = [known[len(start) :].split("/")[0] for known in self.objects if known.startswith(start) and known]
        return sorted({name for name in inside if name})

    def compare(self, reference_model: Any) -> dict[str, Any]:
        """Print what differs between the file and a model.

        Args:
            reference_model: built.

        Returns:
            A dict with `status`, "success" or "error"; `error_count`, the objects and weights that only one of both
            has or that differ in shape; `match_count`, the weights that agree.

        Raises:
            Invalid: where the model has no weights yet.
        """
        if not getattr(reference_model, "built", False):
            raise Invalid("KerasFileEditor.compare(reference_model=...)", "a built model", reference_model)
        comparison = Comparison(self.objects, reference_model)
        for line in comparison.lines():
            print(line)
        return comparison.result()

    @property
    def weights_dict(self) -> dict[str, Any]:
        """All weights, nested by the parts of their paths."""
        made: dict[str, Any] = {}
        for path, weights in self.objects.items():
            inner = made
            for part in path.split("/") if path else ():
                inner = inner.setdefault(part, {})
            inner.update(weights)
        return made

    # --- changing -------------------------------------------------------------------------------------------------

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Give an object another name; it stays where it is, with all inside it.

        Args:
            object_name: its name or path.
            new_name: without `/`.

        Raises:
            Invalid: where there is no such object, or one of the new name.
        """
        path = self._found(object_name, "rename_object")
        new_name = checked_name(new_name, "KerasFileEditor.rename_object(new_name=...)")
        renamed = joined(path.rpartition("/")[0], new_name)
        if renamed in self._paths():
            raise Invalid("KerasFileEditor.rename_object(new_name=...)", "a name that no other has", renamed)
        for kept in (self.objects, self.names):
            moved: dict[str, Any] = {
                renamed + p[len(path) :] if is_inside(p, path) else p: value for p, value in kept.items()
            }
            kept.clear()
            kept.update(moved)

    def delete_object(self, object_name: str) -> None:
        """Take an object out, with all inside it.

        Args:
            object_name: its name or path.

        Raises:
            Invalid: where there is no such object.
        """
        path = self._found(object_name, "delete_object")
        for kept in (self.objects, self.names):
            for inner in [p for p in kept if is_inside(p, path)]:
                del kept[inner]

    def add_object(self, object_path: str, weights: Mapping[str, Any]) -> None:
        """Put in an object, in the place of any that is there.

        Args:
            object_path: such as `layers/dense_2`; what is before the last `/` must be there.
            weights: arrays by name, usually "0", "1" and so on; a dict in place of an array is an object inside.

        Raises:
            Invalid: where the path has no place, or weights are no arrays of numbers.
        """
        where = "KerasFileEditor.add_object"
        parent, _, name = str(object_path).rpartition("/")
        checked_name(name, f"{where}(object_path=...)")
        if parent and parent not in self._paths():
            hint = did_you_mean(parent, self._paths())
            raise Invalid(f"{where}(object_path=...)", "a path whose beginning is there", object_path, hint)
        made = dict(nested(object_path, weights, f"{where}(weights=...)"))
        for kept in (self.objects, self.names):
            for inner in [p for p in kept if is_inside(p, object_path)]:
                del kept[inner]
        self.objects.update(made)

    def add_weights(self, object_name: str, weights: Mapping[str, Any]) -> None:
        """Put weights into an object, in the place of those of the same names.

        Args:
            object_name: its name or path.
            weights: arrays by name.

        Raises:
            Invalid: where there is no such object, or weights are no arrays of numbers.
        """
        path = self._found(object_name, "add_weights")
        for inner, arrays in dict(nested(path, weights, "KerasFileEditor.add_weights(weights=...)")).items():
            self.objects.setdefault(inner, {}).update(arrays)

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Take one weight out of an object.

        Args:
            object_name: its name or path.
            weight_name: such as "0".

        Raises:
            Invalid: where there is no such object or weight.
        """
        weights = self.objects.get(self._found(object_name, "delete_weight"), {})
        if str(weight_name) not in weights:
            where = "KerasFileEditor.delete_weight(weight_name=...)"
            raise Invalid(where, f"one of {sorted(weights)}", weight_name)
        del weights[str(weight_name)]

    def _paths(self) -> set[str]:
        """Of all objects, and of the groups they are in."""
        found = set()
        for path in self.objects:
            parts = path.split("/") if path else []
            found |= {"/".join(parts[:count]) for count in range(1, len(parts) + 1)}
        return found

    def _found(self, name: str, method: str) -> str:
        """The path of an object."""
        paths, name = self._paths(), str(name)
        if name in paths:
            return name
        alike = sorted(path for path in paths if path.rpartition("/")[2] == name)
        where = f"KerasFileEditor.{method}(object_name=...)"
        if not alike:
            hint = did_you_mean(name, [*paths, *(path.rpartition("/")[2] for path in paths)])
            raise Invalid(where, "the name or path of an object", name, hint)
        if len(alike) > 1:
            raise Invalid(where, "a name that one object has", name, f"Say which one: {', '.join(alike)}.")
        return alike[0]

    # --- writing --------------------------------------------------------------------------------------------------

    def save(self, filepath: Any) -> None:
        """Write the weights to a file; one that is there is replaced when the new one is whole.

        Args:
            filepath: ending in `.weights.h5`.

        Raises:
            Invalid: where the path does not end so.
        """
        if not str(filepath).endswith(ENDING):
            raise Invalid("KerasFileEditor.save(filepath=...)", f"a path that ends in `{ENDING}`", str(filepath))
        with replacing(filepath) as beside, new_hdf5(beside) as file:
            for path, weights in self.objects.items():
                group = file.require_group(joined(path, "vars"))
                if path in self.names:
                    group.attrs["name"] = self.names[path]
                for name, array in weights.items():
                    group[name] = array

    def resave_weights(self, filepath: Any) -> None:
        """Write the weights to a file, as `save`."""
        self.save(filepath)


def groups(root: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Every object of a checked file: its path, and the group of its weights."""
    waiting = [("", root)]
    while waiting:
        path, group = waiting.pop()
        if path.count("/") > DEEPEST:
            raise Invalid(where, f"groups at most {DEEPEST} deep", f"{path[:100]}...")
        for name in reversed(list(group)):
            inner = group[name]
            if not hasattr(inner, "keys"):
                hint = "Weights of Keras 2 stand elsewhere." if not path else ""
                raise Invalid(f"{where}, {joined(path, name)}", "weights in groups `vars` only", "an array", hint)
            if name == "vars":
                yield path, inner
            else:
                waiting.append((joined(path, name), inner))


def nested(path: str, weights: Any, where: str) -> Iterator[tuple[str, Weights]]:
    """The arrays of an object, and those of objects inside it.

    Raises:
        Invalid: where it is no dict of arrays of numbers.
    """
    if not isinstance(weights, Mapping):
        raise Invalid(where, "a dict of arrays by name", type(weights).__name__)
    own: Weights = {}
    yield path, own
    for name, value in weights.items():
        name = checked_name(name, where)
        if isinstance(value, Mapping):
            yield from nested(joined(path, name), value, where)
            continue
        array = np.array(value.detach().cpu() if hasattr(value, "detach") else value)
        if array.dtype.kind not in "fiub":
            raise Invalid(f"{where}, {name!r}", "an array of numbers", str(array.dtype))
        own[name] = array


def checked_name(name: Any, where: str) -> str:
    """A name within a path.

    Raises:
        Invalid: where it is none.
    """
    name = str(name)
    if not name or "/" in name or name in (".", "vars"):
        raise Invalid(where, "a name without `/`", name)
    return name


def joined(path: str, name: str) -> str:
    """The path of what has `name` inside `path`."""
    return f"{path}/{name}" if path else name


def is_inside(path: str, outer: str) -> bool:
    """Whether a path is another, or leads further."""
    return path == outer or path.startswith(f"{outer}/")


def by_number(weights: Weights) -> list[tuple[str, np.ndarray]]:
    """Weights in the order of their numbers; those without one last."""
    return sorted(weights.items(), key=lambda item: (not item[0].isdigit(), int(item[0]) if item[0].isdigit() else 0))
