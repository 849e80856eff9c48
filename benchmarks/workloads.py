"""The networks that are timed: each written once in Keras's API, and once by hand in PyTorch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Workload:
    """A network and data of its kind.

    Args:
        name: for the table.
        batch_size: rows of a step.
        steps: of an epoch.
        data: makes x (an array or a list of arrays) and y for so many rows.
        build: makes the model with the Keras API of the given module; outputs are logits.
        by_hand: makes the same network as a plain torch module, taking tensors as the data has them.
        binary: whether there is one logit and labels are 0 or 1.
    """

    name: str
    batch_size: int
    steps: int
    data: Callable[[int], tuple[Any, np.ndarray]]
    build: Callable[[Any], Any]
    by_hand: Callable[[], nn.Module]
    binary: bool = False


def images(rows: int, size: int, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Random images in ten classes."""
    random = np.random.default_rng(0)
    return random.random((rows, size, size, channels), dtype=np.float32), random.integers(0, 10, rows)


def tokens(rows: int, length: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Random sequences of word numbers, and a label of 0 or 1."""
    random = np.random.default_rng(0)
    return random.integers(1, 5000, (rows, length)).astype("int32"), random.integers(0, 2, rows).astype("float32")


# --- MLP ------------------------------------------------------------------------------------------------------------


def vectors(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Random vectors of 784 in ten classes."""
    random = np.random.default_rng(0)
    return random.random((rows, 784), dtype=np.float32), random.integers(0, 10, rows)


def mlp(keras: Any) -> Any:
    """784-512-512-10."""
    inputs = keras.Input((784,))
    x = keras.layers.Dense(512, activation="relu")(inputs)
    x = keras.layers.Dense(512, activation="relu")(x)
    return keras.Model(inputs, keras.layers.Dense(10)(x))


def mlp_by_hand() -> nn.Module:
    """784-512-512-10."""
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


# --- CNN ------------------------------------------------------------------------------------------------------------


def cnn(keras: Any) -> Any:
    """Two convolutions, two poolings, one Dense."""
    layers = keras.layers
    inputs = keras.Input((28, 28, 1))
    x = layers.MaxPooling2D()(layers.Conv2D(32, 3, activation="relu")(inputs))
    x = layers.MaxPooling2D()(layers.Conv2D(64, 3, activation="relu")(x))
    x = layers.Dropout(0.5)(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(10)(x))


class CNN(nn.Module):
    """Two convolutions, two poolings, one Linear."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.drop = nn.Dropout(0.5)
        self.out = nn.Linear(1600, 10)

    def forward(self, x: Tensor) -> Tensor:
        """x: (batch, height, width, channels)."""
        x = F.max_pool2d(F.relu(self.conv1(x.permute(0, 3, 1, 2))), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.out(self.drop(x.flatten(1)))


# --- ResNet-20 ------------------------------------------------------------------------------------------------------


def resnet(keras: Any) -> Any:
    """ResNet-20 for 32x32 images, with batch normalization."""
    layers = keras.layers

    def block(x: Any, filters: int, stride: int) -> Any:
        y = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
        y = layers.ReLU()(layers.BatchNormalization()(y))
        y = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same", use_bias=False)(y))
        if stride > 1:
            x = layers.Conv2D(filters, 1, strides=stride, use_bias=False)(x)
        return layers.ReLU()(layers.Add()([x, y]))

    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 3, padding="same", use_bias=False)(inputs)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for filters, first in ((16, 1), (32, 2), (64, 2)):
        for index in range(3):
            x = block(x, filters, first if index == 0 else 1)
    return keras.Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))


class Block(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, inputs: int, filters: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, filters, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(filters)
        self.short = nn.Conv2d(inputs, filters, 1, stride, bias=False) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """x: (batch, channels, height, width)."""
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.short(x) + self.norm2(self.conv2(y)))


class ResNet20(nn.Module):
    """ResNet-20 for 32x32 images, in channels-last memory as PyTorch's guide advises."""

    def __init__(self) -> None:
        super().__init__()
        sizes = [(16, 16, 1), (16, 16, 1), (16, 16, 1), (16, 32, 2), (32, 32, 1), (32, 32, 1), (32, 64, 2)]
        sizes += [(64, 64, 1), (64, 64, 1)]
        self.stem = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(16)
        self.blocks = nn.Sequential(*(Block(*size) for size in sizes))
        self.out = nn.Linear(64, 10)
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def forward(self, x: Tensor) -> Tensor:
        """x: (batch, height, width, channels)."""
        x = F.relu(self.norm(self.stem(x.permute(0, 3, 1, 2))))
        return self.out(self.blocks(x).mean((2, 3)))


# --- recurrent ------------------------------------------------------------------------------------------------------


def lstm(keras: Any) -> Any:
    """Embedding and an LSTM."""
    inputs = keras.Input((100,), dtype="int32")
    x = keras.layers.Embedding(5000, 64)(inputs)
    return keras.Model(inputs, keras.layers.Dense(1)(keras.layers.LSTM(64)(x)))


class LSTM(nn.Module):
    """Embedding and an LSTM, or two bidirectional ones."""

    def __init__(self, both: bool) -> None:
        super().__init__()
        self.embed = nn.Embedding(5000, 64)
        self.lstm = nn.LSTM(64, 64, batch_first=True, bidirectional=both, num_layers=2 if both else 1)
        self.out = nn.Linear(128 if both else 64, 1)
        self.both = both

    def forward(self, x: Tensor) -> Tensor:
        """x: (batch, time), whole numbers."""
        _outputs, (hidden, _) = self.lstm(self.embed(x))
        last = torch.cat([hidden[-2], hidden[-1]], -1) if self.both else hidden[-1]
        return self.out(last)


def bidirectional(keras: Any) -> Any:
    """Embedding and two bidirectional LSTMs."""
    layers = keras.layers
    inputs = keras.Input((100,), dtype="int32")
    x = layers.Embedding(5000, 64)(inputs)
    x = layers.Bidirectional(layers.LSTM(64, return_sequences=True))(x)
    return keras.Model(inputs, layers.Dense(1)(layers.Bidirectional(layers.LSTM(64))(x)))


# --- transformer ----------------------------------------------------------------------------------------------------


def sequences(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Random sequences of 64 vectors of 128."""
    random = np.random.default_rng(0)
    return random.standard_normal((rows, 64, 128), dtype=np.float32), random.integers(0, 10, rows)


def transformer(keras: Any) -> Any:
    """One encoder block, d = 128, 4 heads."""
    layers = keras.layers
    inputs = keras.Input((64, 128))
    x = layers.LayerNormalization()(layers.Add()([inputs, layers.MultiHeadAttention(4, 32)(inputs, inputs)]))
    y = layers.Dense(128)(layers.Dense(512, activation="relu")(x))
    x = layers.LayerNormalization()(layers.Add()([x, y]))
    return keras.Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling1D()(x)))


class Transformer(nn.Module):
    """One encoder block, d = 128, 4 heads."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(128, 384)
        self.project = nn.Linear(128, 128)
        self.norm1, self.norm2 = nn.LayerNorm(128), nn.LayerNorm(128)
        self.up, self.down = nn.Linear(128, 512), nn.Linear(512, 128)
        self.out = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        """x: (batch, time, features)."""
        q, k, v = self.qkv(x).view(*x.shape[:2], 3, 4, 32).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = self.norm1(x + self.project(attended))
        x = self.norm2(x + self.down(F.relu(self.up(x))))
        return self.out(x.mean(1))


# --- tabular --------------------------------------------------------------------------------------------------------


def columns(rows: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Twenty columns, each an array of its own."""
    random = np.random.default_rng(0)
    return [random.random((rows, 1), dtype=np.float32) for _ in range(20)], random.integers(0, 10, rows)


def tabular(keras: Any) -> Any:
    """Twenty inputs, joined, two hidden layers."""
    inputs = [keras.Input((1,)) for _ in range(20)]
    x = keras.layers.Concatenate()(inputs)
    x = keras.layers.Dense(64, activation="relu")(x)
    x = keras.layers.Dense(64, activation="relu")(x)
    return keras.Model(inputs, keras.layers.Dense(10)(x))


class Tabular(nn.Module):
    """Twenty inputs, joined, two hidden layers."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))

    def forward(self, x: list[Tensor]) -> Tensor:
        """x: twenty tensors (batch, 1)."""
        return self.net(torch.cat(list(x), -1))


# --- deep -----------------------------------------------------------------------------------------------------------


def narrow(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Random vectors of 16."""
    random = np.random.default_rng(0)
    return random.random((rows, 16), dtype=np.float32), random.integers(0, 10, rows)


def deep(keras: Any) -> Any:
    """200 residual Dense layers."""
    inputs = x = keras.Input((16,))
    for _ in range(200):
        x = keras.layers.Add()([x, keras.layers.Dense(16, activation="relu")(x)])
    return keras.Model(inputs, keras.layers.Dense(10)(x))


class Deep(nn.Module):
    """200 residual Linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = nn.ModuleList(nn.Linear(16, 16) for _ in range(200))
        self.out = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        """x: (batch, features)."""
        for step in self.steps:
            x = x + F.relu(step(x))
        return self.out(x)


WORKLOADS = [
    Workload("MLP 784-512-512-10, batch 32", 32, 60, vectors, mlp, mlp_by_hand),
    Workload("MLP 784-512-512-10, batch 128", 128, 30, vectors, mlp, mlp_by_hand),
    Workload("CNN 28x28, batch 64", 64, 12, lambda rows: images(rows, 28, 1), cnn, CNN),
    Workload("ResNet-20 with BatchNorm, batch 64", 64, 3, lambda rows: images(rows, 32, 3), resnet, ResNet20),
    Workload("Embedding-LSTM(64), T=100", 32, 12, tokens, lstm, lambda: LSTM(False), binary=True),
    Workload("2 x bidirectional LSTM", 32, 5, tokens, bidirectional, lambda: LSTM(True), binary=True),
    Workload("transformer block d=128", 32, 10, sequences, transformer, Transformer),
    Workload("tabular, 20 inputs, batch 256", 256, 60, columns, tabular, Tabular),
    Workload("200 x (Dense(16) + residual)", 32, 15, narrow, deep, Deep),
]
