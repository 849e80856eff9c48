"""Layers with inputs that suit them: what `test_layers.py` holds every layer to is tried on these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from kerasviz import activations, layers, ops

VECTOR, SERIES, IMAGE, VOLUME = (2, 6), (2, 7, 4), (2, 7, 8, 4), (2, 5, 6, 7, 2)


@dataclass(frozen=True)
class Sample:
    """A layer and what it is called with.

    Args:
        make: the layer, a new one each time.
        shapes: of its inputs, with the batch axis.
        listed: whether several inputs come as one list; else each is an argument.
        integers: inputs are whole numbers from 0 up to, and without, this; 0 for floats.
        random: whether two calls in training differ.
        floating: whether its outputs have gradients.
        makes: the dtype of its outputs, whatever the policy; None for that of the policy.
    """

    make: Callable[[], Any]
    shapes: tuple[tuple[int, ...], ...]
    listed: bool = False
    integers: int = 0
    random: bool = False
    floating: bool = True
    makes: Any = None

    def inputs(self, batch: int | None = None, device: str = "cpu") -> list[Any]:
        """Positional arguments of a call, with so many rows."""
        tensors = [self.tensor((shape[0] if batch is None else batch, *shape[1:]), device) for shape in self.shapes]
        return [tensors] if self.listed else tensors

    def tensor(self, shape: tuple[int, ...], device: str) -> Tensor:
        """One input."""
        if self.integers:
            return torch.randint(0, self.integers, shape, device=device, dtype=torch.int32)
        return torch.rand(shape, device=device).requires_grad_()

    def symbols(self) -> list[Any]:
        """Symbolic arguments of a call."""
        dtype = "int32" if self.integers else None
        inputs = [layers.Input(shape[1:], dtype=dtype) for shape in self.shapes]
        return [inputs] if self.listed else inputs

    def built(self) -> Any:
        """The layer with weights."""
        layer = self.make()
        with torch.no_grad():
            layer(*self.inputs())
        return layer

    def options(self, training: bool = True) -> dict[str, Any]:
        """`training=` where the layer takes it."""
        return {"training": training} if "training" in self.make().call.__code__.co_varnames else {}


def one(make: Callable[[], Any], shape: tuple[int, ...], **facts: Any) -> Sample:
    """A layer of one input."""
    return Sample(make, (shape,), **facts)


def merging(make: Callable[[], Any], *shapes: tuple[int, ...]) -> Sample:
    """A layer of a list of inputs."""
    return Sample(make, shapes or (VECTOR, VECTOR), listed=True)


SAMPLES = [
    one(lambda: layers.Dense(3, "relu"), VECTOR),
    one(lambda: layers.Dense(3), SERIES),
    one(lambda: layers.EinsumDense("abc,cd->abd", (None, 3), bias_axes="d"), SERIES),
    one(lambda: layers.Dense(3, lora_rank=2), VECTOR),
    one(lambda: layers.EinsumDense("abc,bd->adc", (5, 4)), SERIES),
    one(lambda: layers.Embedding(5, 3), (2, 7), integers=5),
    one(lambda: layers.Embedding(5, 3, lora_rank=2), (2, 7), integers=5),
    one(lambda: layers.ReversibleEmbedding(5, 3), (2, 7), integers=5),
    one(lambda: layers.Conv1D(4, 3, padding="causal"), SERIES),
    one(lambda: layers.Conv2D(4, (2, 3), strides=2, padding="same", groups=2), IMAGE),
    one(lambda: layers.Conv2D(4, 3, data_format="channels_first"), (2, 4, 7, 8)),
    one(lambda: layers.Conv3D(4, 2), VOLUME),
    one(lambda: layers.DepthwiseConv1D(3), SERIES),
    one(lambda: layers.DepthwiseConv2D(3, depth_multiplier=2), IMAGE),
    one(lambda: layers.SeparableConv1D(3, 2), SERIES),
    one(lambda: layers.SeparableConv2D(3, 2, padding="same"), IMAGE),
    one(lambda: layers.Conv1DTranspose(3, 3, strides=2), SERIES),
    one(lambda: layers.Conv2DTranspose(3, 3, strides=2, padding="same"), IMAGE),
    one(lambda: layers.Conv3DTranspose(3, 2), VOLUME),
    one(lambda: layers.MaxPooling1D(), SERIES),
    one(lambda: layers.MaxPooling2D(padding="same"), IMAGE),
    one(lambda: layers.MaxPooling3D(), VOLUME),
    one(lambda: layers.AveragePooling1D(2), SERIES),
    one(lambda: layers.AveragePooling2D(2, 1, padding="same"), IMAGE),
    one(lambda: layers.AveragePooling3D(2), VOLUME),
    one(lambda: layers.AdaptiveAveragePooling1D(3), SERIES),
    one(lambda: layers.AdaptiveAveragePooling2D((3, 2)), IMAGE),
    one(lambda: layers.AdaptiveAveragePooling3D(2), VOLUME),
    one(lambda: layers.AdaptiveMaxPooling1D(3), SERIES),
    one(lambda: layers.AdaptiveMaxPooling2D((3, 2)), IMAGE),
    one(lambda: layers.AdaptiveMaxPooling3D(2), VOLUME),
    one(lambda: layers.GlobalMaxPooling1D(), SERIES),
    one(lambda: layers.GlobalMaxPooling2D(), IMAGE),
    one(lambda: layers.GlobalMaxPooling3D(keepdims=True), VOLUME),
    one(lambda: layers.GlobalAveragePooling1D(keepdims=True), SERIES),
    one(lambda: layers.GlobalAveragePooling2D(), IMAGE),
    one(lambda: layers.GlobalAveragePooling3D(), VOLUME),
    one(lambda: layers.BatchNormalization(), IMAGE),
    one(lambda: layers.BatchNormalization(axis=1), IMAGE),
    one(lambda: layers.BatchNormalization(renorm=True, renorm_clipping={"rmax": 2.0}), SERIES),
    one(lambda: layers.LayerNormalization(axis=[1, 2]), SERIES),
    one(lambda: layers.LayerNormalization(axis=1), SERIES),
    one(lambda: layers.GroupNormalization(2), IMAGE),
    one(lambda: layers.UnitNormalization(), VECTOR),
    one(lambda: layers.RMSNormalization(), VECTOR),
    one(lambda: layers.Dropout(0.5), VECTOR, random=True),
    one(lambda: layers.Dropout(0.5, (None, 1)), VECTOR, random=True),
    one(lambda: layers.SpatialDropout1D(0.5), SERIES, random=True),
    one(lambda: layers.SpatialDropout2D(0.5), IMAGE, random=True),
    one(lambda: layers.SpatialDropout3D(0.5), VOLUME, random=True),
    one(lambda: layers.GaussianNoise(0.5), VECTOR, random=True),
    one(lambda: layers.GaussianDropout(0.5), VECTOR, random=True),
    one(lambda: layers.AlphaDropout(0.5), VECTOR, random=True),
    one(lambda: layers.ActivityRegularization(0.1), VECTOR),
    one(lambda: layers.Flatten(), IMAGE),
    one(lambda: layers.Reshape((-1, 2)), VECTOR),
    one(lambda: layers.Permute((2, 1)), SERIES),
    one(lambda: layers.RepeatVector(3), VECTOR),
    one(lambda: layers.Cropping1D(1), SERIES),
    one(lambda: layers.Cropping2D(1), IMAGE),
    one(lambda: layers.Cropping3D(1), VOLUME),
    one(lambda: layers.ZeroPadding1D((0, 2)), SERIES),
    one(lambda: layers.ZeroPadding2D(1), IMAGE),
    one(lambda: layers.ZeroPadding3D(1), VOLUME),
    one(lambda: layers.UpSampling1D(), SERIES),
    one(lambda: layers.UpSampling2D(2, interpolation="bilinear"), IMAGE),
    one(lambda: layers.UpSampling3D(), VOLUME),
    one(lambda: layers.Activation("gelu"), VECTOR),
    one(lambda: layers.ReLU(6.0, 0.1, 0.5), VECTOR),
    one(lambda: layers.LeakyReLU(), VECTOR),
    one(lambda: layers.PReLU(shared_axes=[1]), SERIES),
    one(lambda: layers.ELU(), VECTOR),
    one(lambda: layers.Softmax(axis=[1, 2]), SERIES),
    one(lambda: layers.Masking(), SERIES),
    one(lambda: layers.Rescaling([0.5] * 6, 1.0), VECTOR),
    one(lambda: layers.Identity(), VECTOR),
    one(lambda: layers.Normalization(), SERIES),
    one(lambda: layers.Normalization(axis=(1, 2), mean=0.5, variance=2.0, invert=True), SERIES),
    one(lambda: layers.Discretization([0.2, 0.5]), VECTOR, floating=False, makes=torch.int32),
    one(lambda: layers.Discretization([0.2, 0.5], output_mode="one_hot"), VECTOR, floating=False),
    one(lambda: layers.CategoryEncoding(5), VECTOR, integers=5, floating=False),
    one(lambda: layers.CategoryEncoding(5, "one_hot"), VECTOR, integers=5, floating=False),
    one(lambda: layers.CategoryEncoding(5, "count"), VECTOR, integers=5, floating=False),
    one(lambda: layers.IntegerLookup(vocabulary=[3, 1]), VECTOR, integers=5, floating=False, makes=torch.int64),
    one(
        lambda: layers.IntegerLookup(vocabulary=[3, 1], num_oov_indices=2, mask_token=0, output_mode="multi_hot"),
        VECTOR,
        integers=5,
        floating=False,
    ),
    one(
        lambda: layers.IntegerLookup(vocabulary=[3, 1], output_mode="tf_idf", idf_weights=[0.5, 2.0]),
        VECTOR,
        integers=5,
        floating=False,
    ),
    one(lambda: layers.Pipeline([layers.Rescaling(2.0), layers.Dense(3)]), VECTOR),
    one(lambda: layers.TimeDistributed(layers.Dense(3)), SERIES),
    one(lambda: layers.SpectralNormalization(layers.Dense(3)), SERIES),
    one(lambda: layers.SpectralNormalization(layers.Conv2D(3, 2), 2), IMAGE),
    one(lambda: layers.Lambda(activations.gelu), VECTOR),
    one(lambda: layers.Lambda(ops.square, output_shape=(6,)), VECTOR),
    one(lambda: layers.SimpleRNN(3), SERIES),
    one(lambda: layers.LSTM(3, return_sequences=True), SERIES),
    one(lambda: layers.LSTM(3, dropout=0.3, recurrent_dropout=0.3), SERIES, random=True),
    one(lambda: layers.GRU(3), SERIES),
    one(lambda: layers.GRU(3, reset_after=False, go_backwards=True), SERIES),
    one(lambda: layers.ConvLSTM1D(2, 3), (2, 3, 7, 4)),
    one(lambda: layers.ConvLSTM2D(2, 3, padding="same", strides=2, return_sequences=True), (2, 3, 7, 8, 4)),
    one(lambda: layers.ConvLSTM3D(2, 2, return_state=True, unit_forget_bias=False), (2, 3, 4, 5, 6, 2)),
    one(lambda: layers.ConvLSTM2D(2, 2, dropout=0.3, recurrent_dropout=0.3), (2, 3, 5, 4, 2), random=True),
    one(lambda: layers.RNN(layers.LSTMCell(3)), SERIES),
    one(lambda: layers.RNN(layers.StackedRNNCells([layers.GRUCell(3), layers.SimpleRNNCell(2)])), SERIES),
    one(lambda: layers.Bidirectional(layers.LSTM(3)), SERIES),
    Sample(lambda: layers.MultiHeadAttention(2, 3), (SERIES, SERIES)),
    Sample(lambda: layers.GroupQueryAttention(3, 2, 1), (SERIES, SERIES)),
    *(merging(cls) for cls in (layers.Add, layers.Subtract, layers.Multiply, layers.Average)),
    *(merging(cls) for cls in (layers.Maximum, layers.Minimum, layers.Concatenate)),
    merging(lambda: layers.Dot(1, normalize=True)),
    merging(layers.Attention, SERIES, SERIES),
    merging(layers.AdditiveAttention, SERIES, SERIES),
]
ELSEWHERE = {  # layers that cannot be called on a random tensor alone, and are tested in files of their own
    "FlaxLayer": "needs flax",
    "GRUCell": "within RNN",
    "HashedCrossing": "reads what it is given",
    "Hashing": "reads what it is given",
    "InputLayer": "holds no arithmetic",
    "JaxLayer": "needs jax",
    "LSTMCell": "within RNN",
    "SimpleRNNCell": "within RNN",
    "StackedRNNCells": "within RNN",
    "StringLookup": "takes words",
    "TFSMLayer": "needs tensorflow",
    "TorchModuleWrapper": "takes a module of torch's",
    "Wrapper": "a base class",
}
