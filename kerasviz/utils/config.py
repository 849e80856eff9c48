"""Config: named values that can be frozen."""

import json
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from kerasviz.declare import Invalid


class Config:
    """Named values, read and set as attributes or as in a dict; frozen, they cannot be changed.

    Args:
        kwargs: the values to begin with.
    """

    _config: dict[str, Any]
    _frozen: bool

    def __init__(self, **kwargs: Any) -> None:
        object.__setattr__(self, "_config", dict(kwargs))
        object.__setattr__(self, "_frozen", False)

    def _check_thawed(self) -> None:
        if self._frozen:
            raise Invalid("Config", "a config that is not frozen", "a frozen one", "Call `unfreeze()` first.")

    def __getattr__(self, name: str) -> Any:
        """The value of that name."""
        config = self.__dict__.get("_config", {})
        if name not in config:
            raise AttributeError(f"Config has no value `{name}`.")
        return config[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        if name not in self._config:
            raise AttributeError(f"Config has no value `{name}`.")
        del self[name]

    def __getitem__(self, name: str) -> Any:
        return self._config[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._check_thawed()
        self._config[name] = value

    def __delitem__(self, name: str) -> None:
        self._check_thawed()
        del self._config[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._config)

    def __len__(self) -> int:
        return len(self._config)

    def __contains__(self, name: object) -> bool:
        return name in self._config

    def __getstate__(self) -> dict[str, Any]:
        """For copies and pickles."""
        return {"_config": self._config, "_frozen": self._frozen}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """As it was."""
        self.__dict__.update(state)

    def __repr__(self) -> str:
        return f"<Config {self._config}>"

    def keys(self) -> KeysView[str]:
        """Names."""
        return self._config.keys()

    def values(self) -> ValuesView[Any]:
        """Values."""
        return self._config.values()

    def items(self) -> ItemsView[str, Any]:
        """Names with their values."""
        return self._config.items()

    def get(self, keyname: str, value: Any = None) -> Any:
        """The value of a name; `value` where there is none."""
        return self._config.get(keyname, value)

    def pop(self, *args: Any) -> Any:
        """Take a value out."""
        self._check_thawed()
        return self._config.pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several values."""
        self._check_thawed()
        self._config.update(*args, **kwargs)

    def as_dict(self) -> dict[str, Any]:
        """A dict of the values."""
        return dict(self._config)

    def to_json(self) -> str:
        """The values as JSON."""
        return json.dumps(self._config)

    def freeze(self) -> None:
        """Allow no changes from now on."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self) -> None:
        """Allow changes again."""
        object.__setattr__(self, "_frozen", False)

    @property
    def frozen(self) -> bool:
        """Whether changes are refused."""
        return self._frozen
