"""Low-rank adaptation: a large array is left as it is, and two small ones are tuned in its place."""

from typing import Any, ClassVar

import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.layers.calling import CONTEXT, structure_changed
from kerasviz.layers.layer import Layer
from kerasviz.tensors import Variable, convert_to_numpy


class Lora(Layer):
    """Base of layers with one large array, `large`, that low-rank adaptation can stand for.

    The array reads as `large + lora_alpha / lora_rank * a @ b` once `enable_lora` was called, and is saved as that.

    Source: E. J. Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021.
    """

    large: ClassVar[str] = "kernel"
    lora_enabled: bool = False  # whether two small arrays are tuned in place of the large one
    lora_rank: Any
    lora_alpha: Any

    def check(self) -> None:
        """Weights cannot be quantized here."""
        super().check()
        if self.lora_alpha is None:
            self.lora_alpha = self.lora_rank
        if self.quantization_config is not None:
            where = f"{type(self).__name__}(quantization_config=...)"
            raise Invalid(where, "None", self.quantization_config, "Quantized weights are not available.")

    def _is_default(self, a: Any, value: Any) -> bool:
        if a.name == "lora_alpha" and (self.lora_rank is None or value == self.lora_rank):
            return True
        return super()._is_default(a, value)

    def get_config(self) -> dict[str, Any]:
        """As Keras writes it: a rank comes with its weight."""
        config = super().get_config()
        return {**config, "lora_alpha": self.lora_alpha} if self.lora_rank else config

    def __getattr__(self, name: str) -> Any:
        if self.lora_enabled and name == self.large:
            return self.merged()
        if CONTEXT.cast is None:  # one call less where nothing is cast
            parameters = self.__dict__.get("_parameters")
            if parameters is not None and name in parameters:
                return parameters[name]
        return super().__getattr__(name)

    @property
    def frozen(self) -> Any:
        """The large array itself, as the layer's dtype asks for it in a call."""
        return Layer.__getattr__(self, type(self).large)

    @property
    def small(self) -> tuple[Any, Any]:
        """The two small arrays, (*rest, rank) and (rank, last)."""
        a, b = self.small_names
        return getattr(self, a), getattr(self, b)

    @property
    def small_names(self) -> tuple[str, str]:
        """The names of the two small arrays."""
        return f"lora_{self.large}_a", f"lora_{self.large}_b"

    def merged(self) -> Tensor:
        """The large array with what the small ones add."""
        large = self.frozen
        a, b = self.small
        return large + (self._lora_scale * (a @ b)).to(large.dtype)

    def enable_lora(
        self,
        rank: int,
        lora_alpha: float | None = None,
        a_initializer: Any = "he_uniform",
        b_initializer: Any = "zeros",
    ) -> None:
        """Freeze the large array, and tune two small ones whose product is added to it.

        Args:
            rank: their common size; small against the large array's.
            lora_alpha: weight of their product, divided by `rank`; `rank` by default.
            a_initializer: how the first starts.
            b_initializer: how the second starts; at zeros, the layer goes on as it was.

        Raises:
            Invalid: before the layer is built, twice, or where the array has a constraint.
        """
        self._check_lora(rank)
        large = self.frozen
        shapes = (*large.shape[:-1], rank), (rank, large.shape[-1])
        penalty = getattr(self, f"{self.large}_regularizer", None)
        options: dict[str, Any] = {"dtype": "float32", "regularizer": penalty}
        for name, shape, start in zip(self.small_names, shapes, (a_initializer, b_initializer), strict=True):
            made = self.add_weight(name=name, shape=shape, initializer=start, **options)
            made.path = f"{large.path.rpartition('/')[0]}/{name}"
            if made.device != large.device:
                made.data = made.data.to(large.device)
            setattr(self, name, made)
        large.trainable = False
        self.lora_rank, self.lora_alpha = rank, rank if lora_alpha is None else lora_alpha
        self.__dict__.update(lora_enabled=True, _lora_scale=self.lora_alpha / rank)
        structure_changed()

    def _check_lora(self, rank: Any) -> None:
        where = f'{type(self).__name__} "{self.name}".enable_lora'
        if getattr(self, f"{self.large}_constraint", None) is not None:
            raise Invalid(
                where, f"a layer without {self.large}_constraint", "one with it", "The sum cannot be held to it."
            )
        if not self.built:
            raise Invalid(where, "a built layer", "one without weights yet", "Call it once, or `build` it, before.")
        if self.lora_enabled:
            raise Invalid(where, "a layer that is not tuned so yet", "one that is")
        if not isinstance(rank, int) or isinstance(rank, bool) or rank < 1:
            raise Invalid(f"{where}(rank=...)", "a whole number, at least 1", rank)

    def adapt(self) -> None:
        """At the end of `build`: enable it where the arguments ask for it."""
        if self.lora_rank and not self.lora_enabled:
            self.built = True
            self.enable_lora(self.lora_rank, self.lora_alpha)

    def _saved_variables(self) -> list[Variable]:
        names = self.small_names if self.lora_enabled else ()
        return [variable for variable in self._own_variables() if variable.name not in names]

    def save_own_variables(self, store: Any) -> None:
        """Write its own variables into `store`, by their number; the large array with what was added to it."""
        if not self.lora_enabled:
            super().save_own_variables(store)
            return
        for index, variable in enumerate(self._saved_variables()):
            store[str(index)] = convert_to_numpy(self.merged() if variable is self.frozen else variable)

    def load_own_variables(self, store: Any) -> None:
        """Read its own variables from `store`, by their number; what was added to the large array is in it."""
        if not self.lora_enabled:
            super().load_own_variables(store)
            return
        own = self._saved_variables()
        if len(store.keys()) != len(own):
            where = f'{type(self).__name__} "{self.name}".load_own_variables'
            raise Invalid(where, f"{len(own)} arrays", f"{len(store.keys())}")
        for index, variable in enumerate(own):
            variable.assign(store[str(index)])
        with torch.no_grad():
            for variable in self.small:
                variable.zero_()

    # --- quantization: a later part ---------------------------------------------------------------------------------

    def quantize(self, mode: Any = None, type_check: bool = True, config: Any = None) -> None:
        """Not available yet.

        Raises:
            Invalid: always.
        """
        raise self._not_quantized("quantize", mode)

    def quantized_build(self, kernel_shape: Any, mode: Any, config: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Not available yet.

        Raises:
            Invalid: always.
        """
        raise self._not_quantized("quantized_build", mode)

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        """Not available yet.

        Raises:
            Invalid: always.
        """
        raise self._not_quantized("quantized_call", "a call")

    def _not_quantized(self, method: str, got: Any) -> Invalid:
        where = f'{type(self).__name__} "{self.name}".{method}'
        hint = 'Use dtype="bfloat16" or "mixed_bfloat16" for smaller weights and faster products.'
        return Invalid(where, "a layer with float weights: quantization is not available", got, hint)
