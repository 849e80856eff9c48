"""Several optimizers for one model: each for some of the weights."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Annotated, Any, Self

from torch import Tensor

from kerasviz.declare import Invalid, Kind, arg, deserialize, family, serialize
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.wrapping import NOT_TAKEN, OptimizerKind, Wrapping


class OptimizerMap(MutableMapping):
    """Which optimizer is for which weights: by regular expressions for their whole paths.

    `map[path]` is the optimizer of the expression that equals the path or, if none does, of the one that matches it;
    the default where none matches.

    Args:
        default_optimizer: for the weights that no expression matches.
        optimizer_map: optimizers by expression.
    """

    def __init__(self, default_optimizer: Any, optimizer_map: Mapping[str, Any] | None = None) -> None:
        self._default_optimizer = checked(default_optimizer, "OptimizerMap(default_optimizer=...)")
        self._optimizers: dict[str, Optimizer] = {}
        for pattern, optimizer in (optimizer_map or {}).items():
            self[pattern] = optimizer

    @property
    def default_optimizer(self) -> Optimizer:
        """The optimizer of weights that no expression matches."""
        return self._default_optimizer

    def __getitem__(self, key: str) -> Optimizer:
        """The optimizer of the weight of this path."""
        if key in self._optimizers:
            return self._optimizers[key]
        matches = [pattern for pattern in self._optimizers if re.fullmatch(pattern, key)]
        if len(matches) > 1:
            raise Invalid(f"OptimizerMap[{key!r}]", "one expression that matches the path", matches)
        return self._optimizers[matches[0]] if matches else self._default_optimizer

    def __setitem__(self, key: str, optimizer: Any) -> None:
        """Use this optimizer for weights whose path the expression matches."""
        where = f"OptimizerMap[{key!r}]"
        if key in self._optimizers:
            raise Invalid(where, "an expression that is not there yet", self._optimizers[key], "Delete it first.")
        self._optimizers[key] = checked(optimizer, where)

    def __delitem__(self, key: str) -> None:
        """Forget an expression."""
        del self._optimizers[key]

    def __contains__(self, key: object) -> bool:
        """Whether there is this expression."""
        return key in self._optimizers

    def __len__(self) -> int:
        """How many expressions there are."""
        return len(self._optimizers)

    def __iter__(self) -> Iterator[str]:
        """The expressions."""
        return iter(self._optimizers)

    def optimizers(self) -> list[Optimizer]:
        """All of them, each once, the default last."""
        return list({id(one): one for one in (*self._optimizers.values(), self._default_optimizer)}.values())

    def get_config(self) -> dict[str, Any]:
        """The optimizers, as configs."""
        others = {pattern: family("optimizer").serialize(one) for pattern, one in self._optimizers.items()}
        return {"default_optimizer": family("optimizer").serialize(self._default_optimizer), "optimizer_map": others}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Self:
        """The map that `get_config` described."""
        read = family("optimizer").deserialize
        others = {pattern: read(one, custom_objects) for pattern, one in (config["optimizer_map"] or {}).items()}
        return cls(read(config["default_optimizer"], custom_objects), others)


def checked(optimizer: Any, where: str) -> Optimizer:
    """The optimizer that is meant by itself, its name or its config."""
    return OptimizerKind().parse(optimizer, where)


class OptimizerMapKind(Kind):
    """An OptimizerMap, its config, or a function from a weight to its optimizer."""

    input = "json"

    def parse(self, value: Any, where: str = "") -> Any:
        if isinstance(value, Mapping) and not isinstance(value, OptimizerMap) and "class_name" in value:
            value = deserialize(value)
        if isinstance(value, OptimizerMap) or callable(value):
            return value
        raise Invalid(where, "an OptimizerMap, or a function from a weight to its optimizer", value)

    def to_config(self, value: Any) -> Any:
        if not isinstance(value, OptimizerMap):
            return serialize(value)
        known = {"module": "keras.optimizers", "class_name": "OptimizerMap", "registered_name": None}
        return known | {"config": value.get_config()}

    def to_source(self, value: Any) -> str:
        if not isinstance(value, OptimizerMap):
            return getattr(value, "__name__", repr(value))
        source = OptimizerKind().to_source
        others = ", ".join(f"{pattern!r}: {source(one)}" for pattern, one in value.items())
        return f"optimizers.OptimizerMap({source(value.default_optimizer)}" + (f", {{{others}}})" if others else ")")

    def schema(self) -> dict[str, Any]:
        return {"input": self.input}

    def samples(self) -> list[Any]:
        return []


class MultiOptimizer(Wrapping):
    """Lets each optimizer change the weights that are given to it.

    `optimizers` has them, each with its own rate and step count.
    """

    without = NOT_TAKEN
    holds = "optimizers that it holds"

    optimizer_map: Annotated[Any, OptimizerMapKind()] = arg(doc="Which optimizer is for which weights.")
    loss_scale_factor: float | None = arg(
        None, above=0, after="optimizer_map", doc="The loss is multiplied by it and gradients divided: for float16."
    )
    name: str | None = arg(
        None, group="base", after="loss_scale_factor", doc="Name of the optimizer, and of its variables."
    )

    def prepare(self) -> None:
        """Have no optimizers yet."""
        super().prepare()
        self._optimizers: list[Optimizer] = []

    def build(self, variables: Iterable[Any]) -> None:
        """Give the weights to their optimizers."""
        if self.built:
            return
        self._trainable_variables = variables = list(variables)
        chosen = [self._optimizer_of(variable) for variable in variables]
        self._optimizers = list({id(one): one for one in chosen}.values())
        if isinstance(self.optimizer_map, OptimizerMap):
            self._optimizers = self.optimizer_map.optimizers()
        self._shares = [[i for i, one in enumerate(chosen) if one is optimizer] for optimizer in self._optimizers]
        for optimizer, share in zip(self._optimizers, self._shares, strict=True):
            optimizer.build([variables[index] for index in share])
        self.built = True
        self._plan()

    def _optimizer_of(self, variable: Any) -> Optimizer:
        path = str(getattr(variable, "path", ""))
        if isinstance(self.optimizer_map, OptimizerMap):
            return self.optimizer_map[path]
        choose: Callable[[Any], Any] = self.optimizer_map
        return checked(choose(variable), f"MultiOptimizer: optimizer of {path!r}")

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers that it was built with."""
        return self._optimizers

    @property
    def variables(self) -> list[Any]:
        """Its own state, then that of each."""
        own: list[Any] = [self._iterations, self._rate]
        return own + [variable for optimizer in self._optimizers for variable in optimizer.variables]

    def changing(self) -> list[Any]:
        """What a step changes besides the weights."""
        return [self._iterations, *(variable for one in self._optimizers for variable in one.changing())]

    @property
    def learning_rate(self) -> Any:  # type: ignore[no-redef]
        """Each optimizer has its own."""
        raise AttributeError("MultiOptimizer has no one learning rate. Those of its `optimizers` can be read and set.")

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        raise AttributeError("MultiOptimizer has no one learning rate. Set those of its `optimizers`.")

    def count_on_device(self) -> None:
        """Count steps on the device, in each optimizer too."""
        if not isinstance(self.optimizer_map, OptimizerMap):
            hint = "Use an OptimizerMap."
            raise Invalid("LossScaleOptimizer", "a MultiOptimizer whose optimizers are known", "a function", hint)
        super().count_on_device()
        for optimizer in self.optimizer_map.optimizers():
            optimizer.count_on_device()

    def _advance(self, gradients: list[Tensor], variables: list[Any]) -> None:
        whole = variables is self._trainable_variables
        places = {} if whole else {id(variable): index for index, variable in enumerate(variables)}
        for optimizer, share in zip(self._optimizers, self._shares, strict=True):
            mine = optimizer._trainable_variables
            if whole:
                given = [gradients[index] for index in share]
            else:
                mine = [variable for variable in mine if id(variable) in places]
                given = [gradients[places[id(variable)]] for variable in mine]
            if given:
                optimizer._advance(given, mine)
        self._count()

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Put the averages of each in the place of its weights."""
        for optimizer in self._optimizers:
            optimizer.finalize_variable_values(optimizer._trainable_variables)
