"""What a `with` changes for the code inside it: names, values of variables, and what is kept for the gradient."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from kerasviz.declare import Invalid
from kerasviz.tensors.convert import convert_to_tensor
from kerasviz.tensors.scope_state import SCOPES
from kerasviz.tensors.variable import Variable


def current_scope() -> "StatelessScope | None":
    """The StatelessScope around the code that asks; None outside of one."""
    return SCOPES.stateless


def in_symbolic_scope() -> bool:
    """Whether the code that asks runs to find shapes, and not for its numbers."""
    return SCOPES.symbolic > 0


class StatelessScope:
    """Inside the `with`, variables have other values, and assignments go to the scope: no variable changes.

    Every function of torch and of keras.ops that reads a variable reads its value in the scope; gradients flow to the
    tensors in `state_mapping`. Variables that are made inside have their first values at once.

    Args:
        state_mapping: pairs of a variable and the value that it has inside, of the same shape.
        collect_losses: whether `losses` gets what layers add with `add_loss`.
        initialize_variables: as in Keras; of no effect, since no variable waits for its first value.

    Attributes:
        losses: what was added.

    Raises:
        Invalid: for a pair whose first is no variable, or whose value has another shape.
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Variable, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        self.losses: list[Any] = []
        self._values: dict[int, Tensor] = {}
        self._kept: list[Variable] = []  # so that no other object gets the id of one
        for variable, value in state_mapping or ():
            self._values[id(variable)] = self._fitting(variable, value, "StatelessScope(state_mapping=...)")
            self._kept.append(variable)
        for variable in self._kept:
            if not variable.requires_grad:  # torch may write into it
                self._values[id(variable)] = self._values[id(variable)].clone()

    def _fitting(self, variable: Any, value: Any, where: str) -> Tensor:
        if not isinstance(variable, Variable):
            raise Invalid(where, "pairs of a keras.Variable and its value", variable)
        value = convert_to_tensor(value)
        if tuple(value.shape) != tuple(variable.shape):
            got = tuple(value.shape)
            raise Invalid(where, f"shape {tuple(variable.shape)} for `{variable.path}`", got)
        return value if value.dtype == variable.dtype else value.to(variable.dtype)

    def get_current_value(self, variable: Variable) -> Tensor | None:
        """The value that a variable has in the scope; None where it has no other than outside."""
        return self._values.get(id(variable))

    def value_of(self, variable: Variable) -> Tensor:
        """The value that a variable has in the scope, which may be itself."""
        return self._values.get(id(variable), variable)

    def add_update(self, update: tuple[Variable, Any]) -> None:
        """Give a variable another value in the scope: `update` is the two of them."""
        variable, value = update
        if id(variable) not in self._values:
            self._kept.append(variable)
        self._values[id(variable)] = self._fitting(variable, value, "StatelessScope.add_update")

    def add_loss(self, loss: Any) -> None:
        """Add to `losses`."""
        self.losses.append(loss)

    def own(self, variable: Variable) -> Tensor:
        """A value of the scope's own, to be changed in place."""
        if variable.requires_grad or id(variable) not in self._values:
            self.add_update((variable, self.value_of(variable).detach().clone()))
        return self._values[id(variable)]

    def __enter__(self) -> "StatelessScope":
        self._outer, SCOPES.stateless = SCOPES.stateless, self
        self._mode = Reading(self)
        self._mode.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._mode.__exit__(*error)
        SCOPES.stateless = self._outer


class Reading(TorchFunctionMode):
    """Puts the values of a scope in the place of variables, wherever torch is given one."""

    def __init__(self, scope: StatelessScope) -> None:
        super().__init__()
        self.scope = scope

    def __torch_function__(self, function: Callable, types: Any, args: tuple = (), kwargs: Any = None) -> Any:
        name = getattr(function, "__name__", "")
        if name in LEFT_ALONE:
            return function(*args, **(kwargs or {}))
        first: Any = args[0] if args else None
        if isinstance(first, Variable) and changes_its_first(name):
            args = (self.scope.own(first), *args[1:])
        values = self.scope.value_of if name not in MAY_WRITE else self._writable
        args = tuple(_replaced(value, values) for value in args)
        return function(*args, **{key: _replaced(value, values) for key, value in (kwargs or {}).items()})

    def _writable(self, variable: Variable) -> Tensor:
        return self.scope.value_of(variable) if variable.requires_grad else self.scope.own(variable)


LEFT_ALONE = {"__set__", "_make_subclass", "requires_grad_"}
MAY_WRITE = {"batch_norm", "instance_norm", "_batch_norm_impl_index", "native_batch_norm", "embedding"}


def changes_its_first(name: str) -> bool:
    """Whether torch's function of this name writes into its first argument."""
    return name == "__setitem__" or name.startswith("__i") or (name.endswith("_") and not name.endswith("__"))


def _replaced(value: Any, values: Callable[[Variable], Any]) -> Any:
    if isinstance(value, Variable):
        return values(value)
    if type(value) in (list, tuple):
        return type(value)(_replaced(part, values) for part in value)
    return value


class SymbolicScope:
    """Inside the `with`, code runs to find shapes and dtypes: seeds do not move on."""

    def __enter__(self) -> "SymbolicScope":
        SCOPES.symbolic += 1
        return self

    def __exit__(self, *error: Any) -> None:
        SCOPES.symbolic -= 1


@contextmanager
def unused_objects() -> Iterator[None]:
    """Inside the `with`, objects are made to be asked and not used: seeds that nobody gave are 0, and none is drawn."""
    SCOPES.unused += 1
    try:
        yield
    finally:
        SCOPES.unused -= 1


def drawn_seed() -> int:
    """Where a sequence of random numbers without a seed begins: torch's own numbers say it."""
    return 0 if SCOPES.unused else int(torch.randint(2**31 - 1, (), device="cpu"))


class name_scope:  # noqa: N801  # Keras's name
    """Inside the `with`, paths of new variables and layers begin with a name, below those of outer scopes.

    Args:
        name: without `/`.
        caller: who opens it; an object that opens the same name twice has it once.
        deduplicate: whether that is so.
        override_parent: path to begin with, instead of that of the outer scopes.

    Raises:
        Invalid: for a name with `/`.
    """

    def __init__(
        self, name: str, caller: Any = None, deduplicate: bool = True, override_parent: str | None = None
    ) -> None:
        if not isinstance(name, str) or "/" in name:
            raise Invalid("name_scope(name=...)", "a name without `/`", name)
        self.name = name
        self.caller = caller
        self.deduplicate = deduplicate
        self.override_parent = override_parent

    def __enter__(self) -> "name_scope":
        self._outer = SCOPES.path, SCOPES.caller
        again = self.deduplicate and self.caller is not None and SCOPES.caller == (self.name, id(self.caller))
        if not again:
            parent = SCOPES.path
            if self.override_parent is not None:
                parent = tuple(part for part in self.override_parent.split("/") if part)
            SCOPES.path = (*parent, self.name)
            SCOPES.caller = None if self.caller is None else (self.name, id(self.caller))
        return self

    def __exit__(self, *error: Any) -> None:
        SCOPES.path, SCOPES.caller = self._outer


class RematScope:
    """Layers that are made inside the `with` keep less for the gradient: what they computed is computed again for it.

    Args:
        mode: "full" for whole layers, "activations" for their activations alone, "larger_than" for layers whose output
            has more numbers than the threshold, "list_of_layers" for those named; None for none.
        output_size_threshold: numbers in an output, for "larger_than".
        layer_names: for "list_of_layers".

    Raises:
        Invalid: for another mode.

    Source: Chen, Xu, Zhang and Guestrin, "Training Deep Nets with Sublinear Memory Cost", 2016.
    """

    MODES = ("full", "activations", "larger_than", "list_of_layers", None)

    def __init__(
        self, mode: str | None = "full", output_size_threshold: int = 1024, layer_names: list[str] | None = None
    ) -> None:
        if mode not in self.MODES:
            raise Invalid("RematScope(mode=...)", "one of " + ", ".join(map(repr, self.MODES)), mode)
        self.mode = mode
        self.output_size_threshold = output_size_threshold
        self.layer_names = list(layer_names or [])

    def __enter__(self) -> "RematScope":
        self._outer, SCOPES.remat = SCOPES.remat, self
        return self

    def __exit__(self, *error: Any) -> None:
        SCOPES.remat = self._outer

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_outer"}


def current_remat() -> RematScope | None:
    """The RematScope around the code that asks; None where there is none, or one without a mode."""
    scope = SCOPES.remat
    return scope if scope is not None and scope.mode is not None else None


def remat(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function, keeping only its inputs for the gradient: the rest is computed again then.

    Random numbers are the same both times.

    Source: Chen, Xu, Zhang and Guestrin, "Training Deep Nets with Sublinear Memory Cost", 2016.
    """
    import functools

    @functools.wraps(f)
    def rematerialized(*args: Any, **kwargs: Any) -> Any:
        from torch.utils.checkpoint import checkpoint

        if not torch.is_grad_enabled():
            return f(*args, **kwargs)
        return checkpoint(f, *args, use_reentrant=False, **kwargs)

    return rematerialized


__all__ = [
    "RematScope",
    "StatelessScope",
    "SymbolicScope",
    "current_remat",
    "current_scope",
    "drawn_seed",
    "in_symbolic_scope",
    "name_scope",
    "remat",
    "unused_objects",
]
