"""Metric: a number about predictions that builds up batch by batch, and starts anew when it is reset."""

import copy
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import torch
from torch import Tensor

from kerasviz.declare import Component, Invalid, arg, family, snake_case
from kerasviz.losses.loss import DTypeName
from kerasviz.tensors import Variable, leaves, settings, torch_dtype, unique_name

NAME_DOC = "Name in the logs."
DTYPE_DOC = "What its state is kept in; the default float for None."


class MetricArguments(Component):
    """The arguments that every metric takes."""

    name: str | None = arg(None, doc=NAME_DOC, group="base")
    dtype: Annotated[Any, DTypeName()] = arg(None, doc=DTYPE_DOC, group="base", first=True)


class Metric(MetricArguments):
    """A number about predictions, over all batches since the last reset.

    Subclasses make their state with `add_weight`, change it in `update_state` and compute the number in `result`.
    The state lives where the data is: it moves with the first batch. Nothing waits for the device.
    """

    _direction: str | None = None  # "up" where more is better, "down" where less is
    additive: bool = True  # whether batches, joined, give what they give one after the other
    counts_in_default_float: bool = False  # its state, whichever dtype it was given: 16 bits count to 2048
    _variables: list[Variable]

    def prepare(self) -> None:
        """Have a place for the state."""
        self.__dict__.setdefault("_variables", [])

    def check(self) -> None:
        """A metric without a name goes by that of its class; its state is made."""
        if self.name is None:
            self.name = unique_name(snake_case(type(self).__name__))
        self.make_state()

    def make_state(self) -> None:
        """Make the state with `add_weight`; for classes with declared arguments."""

    # --- state ----------------------------------------------------------------------------------------------------

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any,
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """A new array of the state.

        Args:
            initializer: how it starts: a name, an initializer or a function of (shape, dtype).
            aggregation: how copies on several devices become one.
        """
        start = family("initializer").get(initializer or "zeros", f"{type(self).__name__}.add_variable")
        dtype = dtype or (None if self.counts_in_default_float else getattr(self, "dtype", None))
        with torch.inference_mode(False):  # it outlives the `evaluate` that makes it
            made = Variable(start, tuple(shape), dtype, trainable=False, aggregation=aggregation, name=name)
        if name:
            made.path = f"{getattr(self, 'name', None) or snake_case(type(self).__name__)}/{name}"
        self.__dict__.setdefault("_variables", []).append(made)
        return made

    def add_weight(
        self, shape: Sequence[int] = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """A new array of the state, zero unless `initializer` says otherwise."""
        return self.add_variable(shape, initializer, dtype, name=name)

    @property
    def variables(self) -> list[Variable]:
        """The arrays of its state, and those of metrics inside it."""
        found = {id(variable): variable for variable in self.__dict__.get("_variables", ())}
        for value in _held(self):
            inner = value.variables if isinstance(value, Metric) else [value]
            found |= {id(variable): variable for variable in inner}
        return list(found.values())

    def follow(self, data: Tensor) -> None:
        """Put the state where `data` is."""
        for variable in self.__dict__["_variables"]:
            if variable.device != data.device:
                _move(variable, data.device)

    # --- what subclasses write ------------------------------------------------------------------------------------

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take a batch into account."""
        raise NotImplementedError(f"{type(self).__name__} needs an `update_state`.")

    def result(self) -> Any:
        """The number as it stands; a dict of several."""
        raise NotImplementedError(f"{type(self).__name__} needs a `result`.")

    def reset_state(self) -> None:
        """Forget all batches: the state is zero."""
        with torch.no_grad():
            for variable in self.variables:
                variable.zero_()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take a batch into account, and give the number as it stands."""
        self.update_state(*args, **kwargs)
        return self.result()

    # --- the same without a state of its own ----------------------------------------------------------------------

    def stateless_update_state(self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any) -> list[Tensor]:
        """The state after a batch, where `metric_variables` was the state before it; its own state stays."""
        with _Borrowed(self, metric_variables) as variables:
            self.update_state(*args, **kwargs)
            return [variable.detach().clone() for variable in variables]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """The number for the state `metric_variables`."""
        with _Borrowed(self, metric_variables):
            return self.result()

    def stateless_reset_state(self) -> list[Tensor]:
        """The state that forgets all batches."""
        with _Borrowed(self, self.variables) as variables:
            self.reset_state()
            return [variable.detach().clone() for variable in variables]

    # --- form -----------------------------------------------------------------------------------------------------

    def source(self) -> str:
        """The Python that makes it; an automatic name and the default dtype are left out."""
        cls = type(self)
        plain = copy.copy(self)
        if plain.name and plain.name.startswith(snake_case(cls.__name__)) and cls.args["name"].default is None:
            plain.name = None
        return Component.source(plain)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class NamedMetric(Metric):
    """Base of the metrics here: their own arguments, then name and dtype."""

    dtype: Annotated[Any, DTypeName()] = arg(None, doc=DTYPE_DOC, group="base")


class _Borrowed:
    """Within it, a metric has other values as its state."""

    def __init__(self, metric: Metric, values: Sequence[Any]) -> None:
        self.variables = metric.variables
        self.values = list(values)
        if len(self.values) != len(self.variables):
            expected = f"{len(self.variables)} values, one for each of its variables"
            raise Invalid(f"{type(metric).__name__}.stateless_*(metric_variables=...)", expected, len(self.values))

    def __enter__(self) -> list[Variable]:
        self.own = [variable.detach().clone() for variable in self.variables]
        for variable, value in zip(self.variables, self.values, strict=True):
            variable.assign(value)
        return self.variables

    def __exit__(self, *error: Any) -> None:
        for variable, value in zip(self.variables, self.own, strict=True):
            variable.assign(value)


def _held(metric: Metric) -> Iterator[Any]:
    """Variables and metrics that are attributes of `metric`, or in lists and dicts there."""
    for name, value in vars(metric).items():
        if name not in ("_variables", "_given"):
            yield from (leaf for leaf in leaves([value]) if isinstance(leaf, (Variable, Metric)))


def _move(variable: Variable, device: torch.device) -> None:
    with torch.inference_mode(False), torch.no_grad():
        if "meta" not in (variable.device.type, device.type):
            variable.data = variable.data.to(device)
            return
        empty = torch.zeros(variable.shape, dtype=variable.dtype, device=device)
        made: Variable = torch.Tensor._make_subclass(type(variable), empty, False)
        vars(made).update(vars(variable))
        torch.utils.swap_tensors(variable, made)


def state_dtype(metric: Metric) -> torch.dtype:
    """What `metric` keeps its state in."""
    return torch_dtype(settings.floatx() if metric.counts_in_default_float else metric.dtype)
