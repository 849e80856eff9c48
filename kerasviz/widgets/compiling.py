"""What every panel that trains knows of `compile`: the settings, and the objects that are more than their settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets as t

from kerasviz.declare import Invalid
from kerasviz.widgets import settings as how
from kerasviz.widgets.base import synced
from kerasviz.widgets.offer import Offering
from kerasviz.widgets.running import RunPanel


class CompilingPanel(RunPanel, Offering):
    """A panel that says how to train."""

    settings = synced(t.Dict(), "How to train.", record="Settings")

    def _start_compiling(self) -> None:
        self._given: dict[str, Any] = {}  # objects given to `compile` that are more than their settings
        self._compiled: tuple[Any, ...] | None = None

    def compile(self, optimizer: Any = None, loss: Any = None, metrics: Any = None) -> None:
        """Choose optimizer, loss and metrics; what is not given stays.

        Args:
            optimizer: its name, config or object.
            loss: the same; a function of yours too.
            metrics: a list of the same.
        """
        changed = dict(self.settings)
        for name, value in (("optimizer", optimizer), ("loss", loss)):
            if value is not None:
                how.component(name, how.chosen(name, value)) if isinstance(value, (str, Mapping)) else None
                changed[name] = how.chosen(name, value)
                self._given[name] = None if isinstance(value, (str, Mapping)) else (changed[name], value)
        if metrics is not None:
            values = list(metrics) if isinstance(metrics, (list, tuple)) else [metrics]
            changed["metrics"] = [how.chosen("metric", value) for value in values]
            plain_values = all(isinstance(value, (str, Mapping)) for value in values)
            self._given["metrics"] = None if plain_values else (changed["metrics"], values)
        self.settings = changed

    def compile_options(self) -> dict[str, Any]:
        """What the settings say, as `model.compile` takes it."""
        settings = how.checked(self.settings)
        options: dict[str, Any] = {}
        for key, name in how.FAMILIES.items():
            kept = self._given.get(key)
            if kept is not None and kept[0] == settings[key]:
                options[key] = kept[1]
            elif key == "metrics":
                options[key] = [how.component(name, entry) for entry in settings[key]]
            else:
                options[key] = how.component(name, settings[key])
        if options["loss"] is None:
            raise Invalid("settings(loss=...)", "a loss", None, "Choose one, such as SparseCategoricalCrossentropy.")
        return options

    def _compile(self, model: Any) -> None:
        """Compile the model, unless it is as the settings say: then its optimizer goes on where it was."""
        wanted = (model, {key: self.settings[key] for key in how.FAMILIES}, dict(self._given))
        if self._compiled is None or self._compiled[0] is not model or self._compiled[1:] != wanted[1:]:
            model.compile(**self.compile_options())
            self._compiled = wanted
