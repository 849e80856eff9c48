"""SpectralNormalization: a layer whose kernel never stretches anything by more than one."""

from typing import Any

import torch
from torch import Tensor

from kerasviz.declare import Invalid, arg
from kerasviz.layers.layer import InputSpec
from kerasviz.layers.wrappers import Wrapper
from kerasviz.tensors import standardize_dtype


class SpectralNormalization(Wrapper):
    """Divides the kernel of the layer inside by its largest singular value, at each call in training.

    The value is estimated by a few steps of the power method, from where the last call ended.

    Shapes:
        inputs, outputs: as the layer's inside
        vector_u: (1, last axis of the kernel)

    Source: T. Miyato et al., "Spectral Normalization for Generative Adversarial Networks", 2018.
    """

    needs_floats = True

    power_iterations: int = arg(1, at_least=1, after="layer", doc="Steps of the power method at each call.")

    def build(self, input_shape: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Build the layer inside, and the vector that the power method goes on from.

        Raises:
            Invalid: where the layer inside has neither a kernel nor embeddings.
        """
        super().build(input_shape)
        found = [self.layer._parameters.get(name) for name in ("kernel", "embeddings")]
        kernel = next((array for array in found if array is not None), None)
        if kernel is None:
            where = f'SpectralNormalization "{self.name}"'
            raise Invalid(where, "a layer with a kernel or embeddings, such as Dense or Conv2D", self.layer)
        self.kernel = kernel
        self.vector_u = self.add_weight(
            name="vector_u",
            shape=(1, kernel.shape[-1]),
            initializer={"class_name": "TruncatedNormal", "config": {"stddev": 0.02}},
            dtype=standardize_dtype(kernel.dtype),
            trainable=False,
        )
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """The layer's outputs; in training its kernel is normalized before."""
        if training:
            vector_u, kernel = self.kept()
            empty = (kernel == 0).all()
            for weight, value in zip((vector_u, kernel), self.normalized_weights(), strict=True):
                weight.data.copy_(torch.where(empty, weight.data, value))
        return self.layer(inputs).to(inputs.dtype)

    def kept(self) -> tuple[Any, Any]:
        """The vector and the kernel themselves, in the dtype they are kept in."""
        return self._parameters["vector_u"], self._parameters["kernel"]

    @torch.no_grad()
    def normalized_weights(self) -> tuple[Tensor, Tensor]:
        """The vector after some more steps, and the kernel divided by its largest singular value."""
        u, kernel = self.kept()
        matrix = kernel.reshape(-1, kernel.shape[-1])
        v = u
        for _ in range(self.power_iterations):
            v = unit(u @ matrix.t())
            u = unit(v @ matrix)
        return u, kernel / (v @ matrix @ u.t()).reshape(())

    def compute_output_shape(self, input_shape: Any) -> Any:
        """What the layer inside makes of it."""
        return self.layer.compute_output_shape(input_shape)


def unit(vector: Tensor) -> Tensor:
    """The vector with length one; zeros stay zeros."""
    return vector / vector.square().sum().clamp(min=1e-12).sqrt()


__all__ = ["SpectralNormalization"]
