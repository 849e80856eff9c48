"""A layer as Python."""

from typing import Any


class Sourced:
    """A layer as `source` sees it: some attributes replaced."""

    def __init__(self, layer: Any, replaced: dict[str, Any]) -> None:
        self.layer = layer
        self.replaced = replaced

    def source(self) -> str:
        """The constructor call."""
        cls = type(self.layer)
        parts = []
        for a in cls.args.values():
            value = self.replaced.get(a.name, getattr(self.layer, a.name, a.default))
            if a.name in self.replaced and value is None:
                continue
            if a.required:
                parts.append(a.kind.to_source(value))
            elif not self.layer._is_default(a, value):
                parts.append(f"{a.name}={a.kind.to_source(value)}")
        return f"{cls.__name__}({', '.join(parts)})"
