"""What layers of Keras can do, and layers here cannot yet or no longer: each says so, and what to do."""

from typing import Any

from kerasviz.declare import Invalid

MODES = ("int8", "float8", "int4", "gptq", "awq")


class NotYet:
    """The part of a layer that refuses."""

    name: Any
    built: bool

    def add_metric(self, *args: Any, **kwargs: Any) -> None:
        """Refused, as in Keras 3.

        Raises:
            Invalid: always.
        """
        hint = "Pass it to `compile(metrics=[...])`, or keep a metric as an attribute and call its `update_state`."
        raise Invalid(f'{type(self).__name__} "{self.name}".add_metric', "another way to add a metric", args, hint)

    def quantize(self, mode: str | None = None, type_check: bool = True, config: Any = None) -> None:
        """Refused: weights of few bits are not there yet.

        Raises:
            Invalid: always; it says more where the mode is none, or the layer is not built.
        """
        self._refuse_to_quantize("quantize", mode if config is None else getattr(config, "mode", mode))

    def quantized_build(self, input_shape: Any, mode: str) -> None:
        """Refused: weights of few bits are not there yet.

        Raises:
            Invalid: always.
        """
        self._refuse_to_quantize("quantized_build", mode)

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        """Refused: weights of few bits are not there yet.

        Raises:
            Invalid: always.
        """
        self._refuse_to_quantize("quantized_call", None)

    def _refuse_to_quantize(self, method: str, mode: Any) -> None:
        where = f'{type(self).__name__} "{self.name}".{method}'
        if mode is not None and mode not in MODES:
            raise Invalid(f"{where}(mode=...)", " or ".join(map(repr, MODES)), mode)
        hint = "Quantization comes with a later version; torch.ao can quantize the layer, which is a torch module."
        raise Invalid(where, "a layer that can be quantized", mode, hint)
