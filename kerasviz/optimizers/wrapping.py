"""What optimizers share that hold other optimizers: arguments that are theirs, not the holder's."""

from typing import Any, ClassVar

from kerasviz.declare import Invalid, Kind, arg, family
from kerasviz.optimizers.arguments import OptimizerArguments
from kerasviz.optimizers.optimizer import Optimizer
from kerasviz.optimizers.scalars import host_scalar

SHARED = ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_momentum")
NOT_TAKEN = ("learning_rate", *SHARED, "ema_overwrite_frequency", "gradient_accumulation_steps")


class OptimizerKind(Kind):
    """An optimizer: its name, config or the object."""

    input = "named"

    def parse(self, value: Any, where: str = "") -> Any:
        found = None if value is None else family("optimizer").get(value, where)
        if not isinstance(found, Optimizer):
            raise Invalid(where, "an optimizer, its name or its config", value)
        return found

    def to_config(self, value: Any) -> Any:
        return family("optimizer").serialize(value)

    def to_source(self, value: Any) -> str:
        return family("optimizer").source(value)

    def schema(self) -> dict[str, Any]:
        return {"input": self.input, "family": "optimizer"}

    def samples(self) -> list[Any]:
        return ["sgd"]


class Wrapping(Optimizer):
    """An optimizer that lets others do the work."""

    without = NOT_TAKEN
    holds: ClassVar[str]  # where the others are, for errors

    weight_decay = clipnorm = clipvalue = global_clipnorm = None
    use_ema, ema_momentum, ema_overwrite_frequency, gradient_accumulation_steps = False, 0.99, None, None
    name: str | None = arg(None, group="base", doc="Name of the optimizer, and of its variables.")

    def adapt_arguments(self, named: dict[str, Any]) -> dict[str, Any]:
        """Arguments of the others are not taken."""
        for name in named:
            if name in self.without and name in OptimizerArguments.args:
                raise Invalid(f"{type(self).__name__}({name}=...)", "no such argument", named[name], self._hint(name))
        return super().adapt_arguments(named)

    def _hint(self, name: str) -> str:
        return f"Set `{name}` on the {self.holds}."

    def check(self) -> None:
        """Its own rate stands in files only."""
        self._rate = host_scalar(0.0, "float32", "learning_rate")
        super().check()
