"""Dtype policies that keep weights in few bits: what their names and configs mean."""

from typing import Any, ClassVar

from kerasviz.declare import Invalid
from kerasviz.tensors.policies import DTypePolicy, dtype_policy, dtypes_named


class QuantizedDTypePolicy(DTypePolicy):
    """Weights kept in few bits. Layers cannot be built with it yet; configs of quantized models can be read.

    Args:
        mode: "int8", "int4", "float8", "gptq" or "awq".
        source_name: name of the policy that the layer had before; the global one's for None.
    """

    modes: ClassVar[tuple[str, ...]] = ("int8", "float8", "int4", "gptq", "awq")
    form: ClassVar[str] = " or ".join(map(repr, modes))

    def __init__(self, mode: str, source_name: str | None = None) -> None:
        source_name = source_name if source_name is not None else dtype_policy().name
        where = f"{type(self).__name__}(source_name=...)"
        self.compute_dtype, self.variable_dtype = dtypes_named(source_name, where)
        self._source_name = source_name
        self._mode = mode
        self._quantization_mode = self._read(mode)
        self._name = f"{mode}_from_{source_name}"
        if self._quantization_mode == "int8" and self.compute_dtype == "float16":
            hint = "The sums of int8 products leave the range of float16."
            raise Invalid(where, "a policy that computes in float32 or bfloat16", source_name, hint)

    def _read(self, mode: str) -> str:
        """The kind of quantization that `mode` says.

        Raises:
            Invalid: where it says none.
        """
        if mode not in self.modes:
            raise self._wrong(mode)
        return mode

    def _wrong(self, mode: Any, hint: str = "") -> Invalid:
        return Invalid(f"{type(self).__name__}(mode=...)", self.form, mode, hint)

    @property
    def quantization_mode(self) -> str | None:
        """How the weights are kept."""
        return self._quantization_mode

    def get_config(self) -> dict[str, Any]:
        """Its arguments."""
        return {"mode": self._mode, "source_name": self._source_name}

    def source(self) -> str:
        """The Python that makes it."""
        return f'{type(self).__name__}("{self._mode}", "{self._source_name}")'


class QuantizedFloat8DTypePolicy(QuantizedDTypePolicy):
    """Products of 8-bit floats, scaled by the largest values of the last steps.

    Args:
        mode: "float8".
        source_name: name of the policy that the layer had before; the global one's for None.
        amax_history_length: steps over which the largest value is taken, at least 0.

    Source: Micikevicius et al., "FP8 Formats for Deep Learning", 2022.
    """

    def __init__(self, mode: str, source_name: str | None = None, amax_history_length: int = 1024) -> None:
        super().__init__(mode, source_name)
        if not isinstance(amax_history_length, int) or isinstance(amax_history_length, bool) or amax_history_length < 0:
            where = f"{type(self).__name__}(amax_history_length=...)"
            raise Invalid(where, "a whole number at least 0", amax_history_length)
        self._amax_history_length = amax_history_length

    @property
    def amax_history_length(self) -> int:
        """Steps over which the largest value is taken."""
        return self._amax_history_length

    def get_config(self) -> dict[str, Any]:
        """Its arguments."""
        return {**super().get_config(), "amax_history_length": self.amax_history_length}

    def _facts(self) -> tuple:
        return (*super()._facts(), self.amax_history_length)

    def __hash__(self) -> int:
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)


class GroupedDTypePolicy(QuantizedDTypePolicy):
    """Base of policies whose mode has numbers in it, as in "gptq/4/128"."""

    kind: ClassVar[str]
    numbers: ClassVar[tuple[str, ...]]
    bits: ClassVar[tuple[int, ...]] = ()

    def _read(self, mode: str) -> str:
        parts = str(mode).split("/")
        if parts[0] != self.kind or len(parts) != len(self.numbers) + 1:
            raise self._wrong(mode)
        try:
            values = [int(part) for part in parts[1:]]
        except ValueError:
            raise self._wrong(mode, "What stands after a slash is a whole number.") from None
        self.__dict__.update(zip(self.numbers, values, strict=True), mode=self.kind)
        if self.bits and values[0] not in self.bits:
            raise self._wrong(mode, f"The bits are {' or '.join(map(str, self.bits))}.")
        if values[-1] < -1 or values[-1] == 0:
            raise self._wrong(mode, "A size is at least 1, or -1 for no groups.")
        return self.kind


class Int4DTypePolicy(GroupedDTypePolicy):
    """Weights of 4 bits, with a scale for each block of a channel.

    Args:
        mode: "int4/<block_size>"; a size of -1 is one scale for each channel.
        source_name: name of the policy that the layer had before; the global one's for None.
    """

    kind, numbers, form = "int4", ("block_size",), "'int4/<block_size>', such as 'int4/128'"


class GPTQDTypePolicy(GroupedDTypePolicy):
    """Weights of few bits that keep a layer's outputs on given samples.

    Args:
        mode: "gptq/<weight_bits>/<group_size>"; 2, 3, 4 or 8 bits, a size of -1 is one group for all.
        source_name: name of the policy that the layer had before; the global one's for None.

    Source: Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers", 2022.
    """

    kind, numbers, bits = "gptq", ("weight_bits", "group_size"), (2, 3, 4, 8)
    form = "'gptq/<weight_bits>/<group_size>', such as 'gptq/4/128'"


class AWQDTypePolicy(GroupedDTypePolicy):
    """Weights of 4 bits; channels that matter most for the activations are scaled up first.

    Args:
        mode: "awq/4/<group_size>"; a size of -1 is one group for each channel.
        source_name: name of the policy that the layer had before; the global one's for None.

    Source: Lin et al., "AWQ: Activation-aware Weight Quantization for LLM Compression and Acceleration", 2024.
    """

    kind, numbers, bits = "awq", ("weight_bits", "group_size"), (4,)
    form = "'awq/<weight_bits>/<group_size>', such as 'awq/4/128'"


def quantized(name: str) -> QuantizedDTypePolicy | None:
    """The policy that "int8_from_float32" and the like mean; None where the name is not of that form.

    Raises:
        Invalid: where the mode or the name after `_from_` is wrong.
    """
    mode, found, source_name = name.partition("_from_")
    kind, slash, _ = mode.partition("/")
    if kind not in QuantizedDTypePolicy.modes:
        return None
    if not found:
        hint = f"Such as '{mode}_from_float32'."
        raise Invalid("dtype policy", "what quantized weights are made from, after `_from_`", name, hint)
    if kind == "float8":
        return QuantizedFloat8DTypePolicy(mode, source_name)
    if kind == "int4" and slash:
        return Int4DTypePolicy(mode, source_name)
    grouped = {"gptq": GPTQDTypePolicy, "awq": AWQDTypePolicy}.get(kind, QuantizedDTypePolicy)
    return grouped(mode, source_name)
