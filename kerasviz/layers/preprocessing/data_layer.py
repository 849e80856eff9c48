"""What preprocessing layers share: they take lists, arrays and texts, and say the dtype of what they make."""

from typing import Any, ClassVar

from torch import Tensor

from kerasviz.layers.layer import Layer
from kerasviz.layers.preprocessing.columns import as_column, batches_of, is_text
from kerasviz.tensors import KerasTensor, standardize_dtype, torch_dtype


class DataLayer(Layer):
    """Base of layers for raw data."""

    casts_inputs: ClassVar[bool] = True  # whether numbers with a fraction come in the compute dtype

    @property
    def output_dtype(self) -> str:
        """The dtype of what it makes."""
        return self.compute_dtype

    def raw_dtype(self, value: Any) -> str | None:
        """The dtype in which this layer wants data handed on to it; None for floatx."""
        if self.casts_inputs:
            return None
        return "string" if is_text(value) else standardize_dtype(value.dtype)

    def _prepared(self, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        kept = {name for name in kwargs if name == "training" or name.endswith("mask")}
        args = tuple(self.as_input(value) for value in args)
        return args, {name: value if name in kept else self.as_input(value) for name, value in kwargs.items()}

    def as_input(self, value: Any) -> Any:
        """An argument of a call as `call` takes it."""
        if value is None:
            return None
        value = as_column(value, f'{type(self).__name__} "{self.name}"')
        casts = self.casts_inputs and self.autocast and isinstance(value, Tensor) and value.is_floating_point()
        return value.to(torch_dtype(self.compute_dtype)) if casts else value

    def compute_output_spec(self, inputs: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A symbol for the output of a call on a symbol."""
        return KerasTensor(self.compute_output_shape(tuple(inputs.shape)), self.output_dtype)


class Adaptable(DataLayer):
    """Base of layers that learn from data before training: `adapt`, or batch after batch `update_state`."""

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn from data, and forget what was learned before.

        Args:
            data: an array, tensor or nested list; or a DataLoader, dataset, generator or PyDataset of batches.
            steps: how many batches to look at; None for all.
        """
        self.reset_state()
        for batch in batches_of(data, f'{type(self).__name__} "{self.name}".adapt', steps):
            self.update_state(batch)
        self.finalize_state()

    @property
    def learns(self) -> bool:
        """Whether it has anything to learn, and was not given it."""
        return True

    @property
    def has_learned(self) -> bool:
        """Whether it knows what it needs, learned or given."""
        return self.built

    def update_state(self, data: Any) -> None:
        """Look at one batch."""
        raise NotImplementedError

    def reset_state(self) -> None:
        """Forget the batches that were looked at."""
        raise NotImplementedError

    def finalize_state(self) -> None:
        """Use what was learned from now on."""
        raise NotImplementedError
