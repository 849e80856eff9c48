"""Batch normalization: mean and variance over the batch in training, their running means after."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from kerasviz.declare import Data, Invalid, arg, weight
from kerasviz.layers.layer import InputSpec
from kerasviz.layers.normalization import Normalizer, like
from kerasviz.ops.normalizing import affine, everywhere, widened
from kerasviz.tensors import settings


class BatchNormalization(Normalizer):
    """Brings each channel to mean zero and variance one over the batch, then to a learned mean and variance.

    In training the batch's own statistics are used, and running means of them kept; elsewhere, and when
    `trainable` is False, the running means. The variance is the biased one.

    Shapes:
        inputs, outputs: (batch, *space, channels), or channels where `axis` says
        gamma, beta, moving_mean, moving_variance: (channels,)
        mask: the inputs' shape without channels; False where a place does not count

    Source: Ioffe and Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal
    Covariate Shift", 2015; for `renorm`: S. Ioffe, "Batch Renormalization", 2017.
    """

    axis: int = arg(-1, doc="Where the channels are.")
    momentum: float = arg(0.99, at_least=0, at_most=1, doc="Share of the old value in a running mean.")
    epsilon: float = arg(0.001, at_least=0, doc="Added to the variance.")
    center: bool = arg(True, doc="Whether to add beta.")
    scale: bool = arg(True, doc="Whether to multiply by gamma.")
    beta = weight("zeros")
    gamma = weight("ones")
    moving_mean = weight("zeros", limited=False)
    moving_variance = weight("ones", limited=False)
    renorm: bool = arg(False, group="renorm", doc="Correct the batch's statistics towards the running ones.")
    renorm_clipping: Data = arg(None, group="renorm", doc="Limits of the correction: a dict of rmin, rmax, dmax.")
    renorm_momentum: float = arg(0.99, at_least=0, at_most=1, group="renorm", doc="Momentum of the correction's means.")
    synchronized: bool = arg(False, doc="Take the statistics over the batches of all processes.")

    def check(self) -> None:
        """Clipping belongs to renorm."""
        super().check()
        where = "BatchNormalization(renorm_clipping=...)"
        if self.renorm:
            self.renorm_clipping = dict(self.renorm_clipping or {})
            unknown = set(self.renorm_clipping) - {"rmin", "rmax", "dmax"}
            if unknown:
                raise Invalid(where, "a dict of rmin, rmax and dmax", self.renorm_clipping)
        elif self.renorm_clipping:
            raise Invalid(where, "None", self.renorm_clipping, "Set renorm=True to use it.")

    def build(self, input_shape: tuple) -> None:
        """Make gamma, beta and the running means."""
        self.compute_output_shape(input_shape)
        channels = input_shape[self.axis]
        self.add_affine([channels])
        self.moving_mean = self.add_running("moving_mean", channels)
        self.moving_variance = self.add_running("moving_variance", channels)
        if self.renorm:
            self.moving_stddev = self.add_running("moving_stddev", channels, "ones")
            self.renorm_mean = self.add_running("renorm_mean", channels, "zeros")
            self.renorm_stddev = self.add_running("renorm_stddev", channels, "ones")
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def add_running(self, name: str, channels: int | None, initializer: str | None = None) -> Any:
        """A running mean: a weight that the optimizer leaves alone."""
        return self.add_weight(name=name, shape=(channels,), initializer=initializer, trainable=False, autocast=False)

    def call(self, inputs: Tensor, training: bool = False, mask: Tensor | None = None) -> Tensor:
        """(inputs - mean) / sqrt(variance + epsilon) * gamma + beta."""
        x = self.channels_second(widened(inputs))
        gamma, beta, mean, variance = self.gamma, self.beta, self.moving_mean, self.moving_variance
        if x.dtype is not mean.dtype:
            gamma, beta = like(x, gamma), like(x, beta)
        if not (training and self.trainable) or x.numel() == 0:
            outputs = F.batch_norm(x, like(x, mean), like(x, variance), gamma, beta, False, 0.0, self.epsilon)
        elif mask is None and not self.renorm and not self.synchronized:
            outputs = batch_normalized(x, gamma, beta, mean, variance, 1 - self.momentum, self.epsilon)
        else:
            outputs = self.by_hand(x, mask)
        return self.channels_restored(outputs, inputs)

    def channels_second(self, x: Tensor) -> Tensor:
        """`x` with channels as axis 1; all other axes are one where channels come last (a view)."""
        if self.axis % x.ndim == x.ndim - 1:
            return x.reshape(-1, x.shape[-1])
        return x.movedim(self.axis, 1)

    def channels_restored(self, x: Tensor, inputs: Tensor) -> Tensor:
        """The inverse of `channels_second`, in the compute dtype."""
        if self.axis % inputs.ndim == inputs.ndim - 1:
            return x.view(inputs.shape).to(self._compute_dtype)
        return x.movedim(1, self.axis).to(self._compute_dtype)

    def update(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running means towards this batch's statistics."""
        with torch.no_grad():
            self.moving_mean.lerp_(mean.to(self.moving_mean.dtype), 1 - self.momentum)
            self.moving_variance.lerp_(variance.to(self.moving_variance.dtype), 1 - self.momentum)

    def by_hand(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """The arithmetic that torch's kernel has not: masks, several processes, renorm. x: channels as axis 1."""
        shape = [1, -1] + [1] * (x.ndim - 2)
        mean, variance = self.moments(x, mask, shape)
        scaled = (x - mean.view(shape)) * torch.rsqrt(variance + self.epsilon).view(shape)
        if self.renorm:
            ratio, shift = self.correction(mean.detach(), variance.detach())
            scaled = scaled * ratio.view(shape) + shift.view(shape)
        else:
            self.update(mean.detach(), variance.detach())
        gamma, beta = (None if v is None else v.view(shape) for v in (self.gamma, self.beta))
        return affine(scaled, gamma, beta)

    def moments(self, x: Tensor, mask: Tensor | None, shape: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Mean and biased variance of each channel over the places that count."""
        axes = [axis for axis in range(x.ndim) if axis != 1]
        counts = torch.ones_like(x[:, :1]) if mask is None else mask.to(x.dtype).reshape(-1, 1, *x.shape[2:])
        total = everywhere(counts.sum(), self.synchronized) + settings.epsilon()
        mean = everywhere((x * counts).sum(dim=axes), self.synchronized) / total
        squares = (x - mean.view(shape)).square() * counts
        return mean, everywhere(squares.sum(dim=axes), self.synchronized) / total

    @torch.no_grad()
    def correction(self, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Renorm's ratio and shift for this batch; moves the running means."""
        clip = self.renorm_clipping
        stddev = torch.sqrt(variance + self.epsilon)
        ratio = (stddev / self.renorm_stddev).clamp(clip.get("rmin", 0.0), clip.get("rmax", torch.inf))
        limit = clip.get("dmax", torch.inf)
        shift = ((mean - self.renorm_mean) / self.renorm_stddev).clamp(-limit, limit)
        dtype = self.moving_mean.dtype
        mean, stddev = mean.to(dtype), stddev.to(dtype)
        self.moving_mean.lerp_(mean, 1 - self.momentum)
        self.moving_stddev.lerp_(stddev, 1 - self.momentum)
        self.moving_variance.copy_((self.moving_stddev.square() - self.epsilon).clamp(min=0))
        self.renorm_mean.lerp_(mean, 1 - self.renorm_momentum)
        self.renorm_stddev.lerp_(stddev, 1 - self.renorm_momentum)
        return ratio, shift


def batch_normalized(
    x: Tensor,
    gamma: Tensor | None,
    beta: Tensor | None,
    moving_mean: Any,
    moving_variance: Any,
    rate: float,
    epsilon: float,
) -> Tensor:
    """Normalized by the batch's own statistics; the running means move by `rate`. x: (batch, channels, *space).

    torch's kernel moves them too, but by the unbiased variance: n / (n - 1) times the one that is wanted. The running
    variance is stretched by that before, and shrunk after.
    """
    count = x.numel() // max(x.shape[1], 1)
    if count == 0:  # no values have no mean
        return F.batch_norm(x, like(x, moving_mean), like(x, moving_variance), gamma, beta, False, 0.0, epsilon)
    if count < 2 or moving_mean.dtype != x.dtype:
        outputs, mean, inverse = torch.native_batch_norm(x, gamma, beta, None, None, True, 0.0, epsilon)
        with torch.no_grad():
            moving_mean.lerp_(mean.to(moving_mean.dtype), rate)
            moving_variance.lerp_((inverse.pow(-2) - epsilon).to(moving_variance.dtype), rate)
        return outputs
    stretch = count / (count - 1)
    variance = moving_variance.data  # autograd need not know: the backward pass does not read it
    variance.mul_(stretch)
    try:
        return torch.batch_norm(
            x, gamma, beta, moving_mean, moving_variance, True, rate, epsilon, torch.backends.cudnn.enabled
        )
    finally:
        variance.mul_(1 / stretch)
