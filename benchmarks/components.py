"""Each component against the same thing in plain PyTorch: forward, and forward with backward, small and large.

python benchmarks/components.py                 every family
python benchmarks/components.py layers losses   these

The two sides take turns within a round; a figure is the median over the rounds of the ratio of their CPU times. What
torch has as a module is held to 1.1; the rest is for information. Layers are measured from `layer(x)`.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import kerasviz as keras
from kerasviz import layers, losses, ops

ROUNDS = 15
LIMIT = 1.1
SECONDS = 0.02  # of one side in one round


@dataclass(frozen=True)
class Case:
    """One comparison.

    Args:
        family: for the heading.
        name: for the line.
        ours: makes our function of the inputs.
        torchs: makes torch's.
        shapes: of the inputs, for each size.
        integers: inputs are whole numbers below this.
        module: whether torch has it as a module of its own.
    """

    family: str
    name: str
    ours: Callable[[], Callable[..., Any]]
    torchs: Callable[[], Callable[..., Any]]
    shapes: dict[str, tuple[tuple[int, ...], ...]]
    integers: int = 0
    module: bool = True


def sizes(small: tuple[int, ...], large: tuple[int, ...], count: int = 1) -> dict[str, tuple[tuple[int, ...], ...]]:
    """Shapes of one input, or of several alike, in both sizes."""
    return {"small": (small,) * count, "large": (large,) * count}


VECTORS = sizes((8, 32), (512, 512))
SERIES = sizes((4, 10, 16), (32, 100, 64))
IMAGES = sizes((2, 8, 8, 16), (16, 32, 32, 64))


def first(x: Tensor) -> Tensor:
    """(batch, height, width, channels) as torch's kernels take it, without a copy."""
    return x.permute(0, 3, 1, 2)


def imaged(module: nn.Module) -> Callable[[Tensor], Tensor]:
    """A module of torch's on images with channels last."""
    module = module.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    return lambda x: module(first(x)).permute(0, 2, 3, 1)


def serial(module: nn.Module) -> Callable[[Tensor], Tensor]:
    """A module of torch's on series with features last."""
    return lambda x: module(x.transpose(1, 2)).transpose(1, 2)


def lazily(make: Callable[[int], Callable[..., Any]]) -> Callable[[], Callable[..., Any]]:
    """A function whose module is made for the features of the first input."""

    def made() -> Callable[..., Any]:
        module: Callable[..., Any] | None = None

        def call(x: Tensor, *rest: Tensor) -> Any:
            nonlocal module
            if module is None:
                module = make(x.shape[-1])
            return module(x, *rest)

        return call

    return made


def layer(name: str, ours: Callable[[], Any], torchs: Callable[[int], Any], shapes: Any, **facts: Any) -> Case:
    """A layer against a module made for its features."""
    return Case("layers", name, ours, lazily(torchs), shapes, **facts)


def first_of(module: nn.Module) -> Callable[[Tensor], Tensor]:
    """The sequence that a recurrent module of torch's returns."""
    return lambda x: module(x)[0]


def attending(features: int) -> Callable[[Tensor, Tensor], Tensor]:
    """torch's attention with four heads."""
    module = nn.MultiheadAttention(features, 4, batch_first=True)
    return lambda x, y: module(x, y, y, need_weights=False)[0]


ELEMENTWISE = {
    "ReLU": (layers.ReLU, nn.ReLU),
    "LeakyReLU": (layers.LeakyReLU, lambda: nn.LeakyReLU(0.3)),
    "ELU": (layers.ELU, nn.ELU),
    "Softmax": (layers.Softmax, lambda: nn.Softmax(-1)),
    "Activation gelu": (lambda: layers.Activation("gelu"), nn.GELU),
    "Activation silu": (lambda: layers.Activation("silu"), nn.SiLU),
    "Activation sigmoid": (lambda: layers.Activation("sigmoid"), nn.Sigmoid),
    "Activation tanh": (lambda: layers.Activation("tanh"), nn.Tanh),
    "Activation selu": (lambda: layers.Activation("selu"), nn.SELU),
    "Activation softplus": (lambda: layers.Activation("softplus"), nn.Softplus),
    "Activation hard_silu": (lambda: layers.Activation("hard_silu"), nn.Hardswish),
    "Activation log_softmax": (lambda: layers.Activation("log_softmax"), lambda: nn.LogSoftmax(-1)),
    "Identity": (layers.Identity, nn.Identity),
    "Dropout (off)": (lambda: layers.Dropout(0.5), lambda: nn.Dropout(0.5).eval()),
    "Flatten": (layers.Flatten, nn.Flatten),
}


def layer_cases() -> list[Case]:
    """Layers that torch has too."""
    return [
        layer("Dense", lambda: layers.Dense(64), lambda n: nn.Linear(n, 64), VECTORS),
        layer(
            "Dense relu",
            lambda: layers.Dense(64, "relu"),
            lambda n: nn.Sequential(nn.Linear(n, 64), nn.ReLU()),
            VECTORS,
        ),
        layer("Dense on series", lambda: layers.Dense(64), lambda n: nn.Linear(n, 64), SERIES),
        layer(
            "Embedding",
            lambda: layers.Embedding(100, 32),
            lambda n: nn.Embedding(100, 32),
            sizes((4, 10), (64, 200)),
            integers=100,
        ),
        layer("Conv1D", lambda: layers.Conv1D(32, 3), lambda n: serial(nn.Conv1d(n, 32, 3)), SERIES),
        layer("Conv2D", lambda: layers.Conv2D(32, 3), lambda n: imaged(nn.Conv2d(n, 32, 3)), IMAGES),
        layer(
            "Conv2D same",
            lambda: layers.Conv2D(32, 3, padding="same"),
            lambda n: imaged(nn.Conv2d(n, 32, 3, padding=1)),
            IMAGES,
        ),
        layer(
            "Conv2D strided",
            lambda: layers.Conv2D(32, 3, strides=2),
            lambda n: imaged(nn.Conv2d(n, 32, 3, stride=2)),
            IMAGES,
        ),
        layer(
            "Conv2DTranspose",
            lambda: layers.Conv2DTranspose(32, 3, strides=2),
            lambda n: imaged(nn.ConvTranspose2d(n, 32, 3, stride=2)),
            IMAGES,
        ),
        layer(
            "DepthwiseConv2D", lambda: layers.DepthwiseConv2D(3), lambda n: imaged(nn.Conv2d(n, n, 3, groups=n)), IMAGES
        ),
        layer("MaxPooling2D", lambda: layers.MaxPooling2D(), lambda n: imaged(nn.MaxPool2d(2)), IMAGES),
        layer("AveragePooling2D", lambda: layers.AveragePooling2D(2), lambda n: imaged(nn.AvgPool2d(2)), IMAGES),
        layer(
            "GlobalAveragePooling2D",
            lambda: layers.GlobalAveragePooling2D(),
            lambda n: lambda x: x.mean((1, 2)),
            IMAGES,
            module=False,
        ),
        layer(
            "AdaptiveAveragePooling2D",
            lambda: layers.AdaptiveAveragePooling2D(4),
            lambda n: imaged(nn.AdaptiveAvgPool2d(4)),
            IMAGES,
        ),
        layer(
            "BatchNormalization (off)",
            lambda: layers.BatchNormalization(),
            lambda n: imaged(nn.BatchNorm2d(n).eval()),
            IMAGES,
        ),
        layer(
            "BatchNormalization on vectors",
            lambda: _training(layers.BatchNormalization()),
            lambda n: nn.BatchNorm1d(n),
            VECTORS,
        ),
        layer("LayerNormalization", lambda: layers.LayerNormalization(), lambda n: nn.LayerNorm(n), SERIES),
        layer("GroupNormalization", lambda: layers.GroupNormalization(4), lambda n: imaged(nn.GroupNorm(4, n)), IMAGES),
        layer("RMSNormalization", lambda: layers.RMSNormalization(), lambda n: nn.RMSNorm(n), SERIES),
        layer("PReLU", lambda: layers.PReLU(), lambda n: nn.PReLU(n), VECTORS),
        layer("Dropout (on)", lambda: _training(layers.Dropout(0.5)), lambda n: nn.Dropout(0.5), VECTORS),
        layer("ZeroPadding2D", lambda: layers.ZeroPadding2D(1), lambda n: imaged(nn.ZeroPad2d(1)), IMAGES),
        layer("UpSampling2D", lambda: layers.UpSampling2D(), lambda n: imaged(nn.Upsample(scale_factor=2)), IMAGES),
        layer(
            "LSTM",
            lambda: layers.LSTM(32, return_sequences=True),
            lambda n: first_of(nn.LSTM(n, 32, batch_first=True)),
            SERIES,
        ),
        layer(
            "GRU",
            lambda: layers.GRU(32, return_sequences=True),
            lambda n: first_of(nn.GRU(n, 32, batch_first=True)),
            SERIES,
        ),
        layer(
            "SimpleRNN",
            lambda: layers.SimpleRNN(32, return_sequences=True),
            lambda n: first_of(nn.RNN(n, 32, batch_first=True)),
            SERIES,
        ),
        layer(
            "Bidirectional LSTM",
            lambda: layers.Bidirectional(layers.LSTM(32, return_sequences=True)),
            lambda n: first_of(nn.LSTM(n, 32, batch_first=True, bidirectional=True)),
            SERIES,
        ),
        Case(
            "layers",
            "MultiHeadAttention",
            lazily(lambda n: layers.MultiHeadAttention(4, n // 4)),
            lazily(attending),
            {k: v * 2 for k, v in SERIES.items()},
        ),
        Case(
            "layers",
            "Add",
            lambda: _listed(layers.Add()),
            lambda: torch.add,
            {k: v * 2 for k, v in VECTORS.items()},
            module=False,
        ),
        Case(
            "layers",
            "Concatenate",
            lambda: _listed(layers.Concatenate()),
            lambda: lambda *xs: torch.cat(xs, -1),
            {k: v * 2 for k, v in VECTORS.items()},
            module=False,
        ),
        *(
            layer(name, ours, lambda n, torchs=torchs: torchs(), VECTORS)
            for name, (ours, torchs) in ELEMENTWISE.items()
        ),
    ]


def _training(made: Any) -> Callable[[Tensor], Tensor]:
    return lambda x: made(x, training=True)


def _listed(made: Any) -> Callable[..., Tensor]:
    return lambda *xs: made(list(xs))


def loss_cases() -> list[Case]:
    """Losses that torch has too; on numbers in (0, 1)."""
    pairs = {k: v * 2 for k, v in VECTORS.items()}

    def loss(name: str, ours: Any, torchs: Any) -> Case:
        return Case("losses", name, lambda: ours, lambda: torchs, pairs)

    return [
        loss("MeanSquaredError", losses.MeanSquaredError(), nn.MSELoss()),
        loss("MeanAbsoluteError", losses.MeanAbsoluteError(), nn.L1Loss()),
        loss("Huber", losses.Huber(), nn.HuberLoss()),
        loss(
            "BinaryCrossentropy of logits",
            losses.BinaryCrossentropy(from_logits=True),
            lambda t, p: F.binary_cross_entropy_with_logits(p, t),
        ),
        loss("BinaryCrossentropy", losses.BinaryCrossentropy(), lambda t, p: F.binary_cross_entropy(p, t)),
        loss(
            "CategoricalCrossentropy of logits",
            losses.CategoricalCrossentropy(from_logits=True),
            lambda t, p: F.cross_entropy(p, t),
        ),
        loss("Poisson", losses.Poisson(), lambda t, p: F.poisson_nll_loss(p, t, log_input=False)),
        loss("CosineSimilarity", losses.CosineSimilarity(), lambda t, p: -F.cosine_similarity(t, p, -1).mean()),
        Case(
            "losses",
            "SparseCategoricalCrossentropy of logits",
            lambda: _sparse(losses.SparseCategoricalCrossentropy(from_logits=True)),
            lambda: _sparse(lambda t, p: F.cross_entropy(p, t)),
            VECTORS,
        ),
    ]


def _sparse(loss: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    labels: dict[int, Tensor] = {}
    return lambda p: loss(labels.setdefault(len(p), torch.arange(len(p)) % p.shape[-1]), p)


OPS = {
    **{name: getattr(torch, name) for name in ("add", "subtract", "multiply", "maximum", "matmul")},
    **{name: getattr(torch, name) for name in ("exp", "sqrt", "tanh", "sigmoid", "abs", "square", "log1p")},
    **{name: getattr(torch, name) for name in ("sum", "mean", "cumsum", "argmax", "sort", "transpose")},
}
TWO = ("add", "subtract", "multiply", "maximum", "matmul")
ARGUMENTS: dict[str, tuple[Any, ...]] = {"cumsum": (0,), "argmax": (1,)}


def op_cases() -> list[Case]:
    """Operations against torch's functions."""
    squares = sizes((16, 16), (512, 512))
    found = []
    for name, torchs in OPS.items():
        arguments = ARGUMENTS.get(name, ())
        ours = getattr(ops, name)
        torchs = (lambda x: x.T) if name == "transpose" else (lambda x: torch.sort(x)[0]) if name == "sort" else torchs
        shapes = {size: shape * 2 for size, shape in squares.items()} if name in TWO else squares
        found.append(
            Case(
                "ops",
                name,
                lambda f=ours, a=arguments: lambda *xs: f(*xs, *a),
                lambda f=torchs, a=arguments: lambda *xs: f(*xs, *a),
                shapes,
                module=False,
            )
        )
    return found


FAMILIES = {"layers": layer_cases, "losses": loss_cases, "ops": op_cases}


@dataclass(frozen=True)
class Figure:
    """What came out of one comparison: the medians of our CPU time over torch's."""

    case: Case
    size: str
    forward: float
    both: float | None
    microseconds: float

    @property
    def worst(self) -> float:
        """The larger ratio."""
        return max(self.forward, self.both or 0.0)

    def __str__(self) -> str:
        both = "     -" if self.both is None else f"{self.both:6.2f}"
        mark = "" if self.case.module else "  (no module of torch's)"
        return f"{self.case.name:42}{self.size:7}{self.forward:6.2f}{both}{self.microseconds:10.1f}{mark}"


def measure(case: Case, size: str) -> Figure:
    """Both sides in turn, forward alone and with backward."""
    inputs = [tensor(shape, case.integers) for shape in case.shapes[size]]
    ours, torchs = case.ours(), case.torchs()
    with torch.no_grad():
        ours(*inputs)
        torchs(*inputs)
        forward, mine = ratio(lambda: ours(*inputs), lambda: torchs(*inputs))
    outputs = ours(*inputs)
    both = None
    if outputs.requires_grad:
        both, _ = ratio(lambda: backward(ours, inputs), lambda: backward(torchs, inputs))
    return Figure(case, size, forward, both, mine * 1e6)


def tensor(shape: tuple[int, ...], integers: int) -> Tensor:
    """One input."""
    return torch.randint(0, integers, shape) if integers else torch.rand(shape).requires_grad_()


def backward(function: Callable[..., Any], inputs: list[Tensor]) -> None:
    """Forward and backward; gradients are dropped."""
    function(*inputs).sum().backward()
    for x in inputs:
        x.grad = None


def ratio(ours: Callable[[], Any], torchs: Callable[[], Any]) -> tuple[float, float]:
    """The median ratio of the two, and our median seconds for one call."""
    start = time.perf_counter()
    torchs()
    count = max(1, min(1000, int(SECONDS / max(time.perf_counter() - start, 1e-7))))
    pairs = [(seconds(ours, count), seconds(torchs, count)) for _ in range(ROUNDS)]
    return statistics.median(a / b for a, b in pairs), statistics.median(a for a, _ in pairs) / count


def seconds(function: Callable[[], Any], count: int) -> float:
    """CPU time of so many calls."""
    start = time.process_time()
    for _ in range(count):
        function()
    return time.process_time() - start


def report(figures: list[Figure]) -> None:
    """What is faster, what is slower, and the ten slowest against torch."""
    held = [figure for figure in figures if figure.case.module]
    slower = sorted((f for f in held if f.worst > LIMIT), key=lambda f: -f.worst)
    faster = sorted((f for f in held if f.worst < 1 / LIMIT), key=lambda f: f.worst)
    print(
        f"\n{len(held)} comparisons with modules of torch's; {len(slower)} above {LIMIT}, {len(faster)} below 1/{LIMIT}"
    )
    for title, listed in (
        ("slower", slower),
        ("faster", faster),
        ("ten slowest", sorted(figures, key=lambda f: -f.worst)[:10]),
    ):
        print(f"\n{title}")
        for figure in listed:
            print(figure)


def main() -> None:
    """Print a line for each component and size, and the lists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", default=list(FAMILIES), choices=[*FAMILIES, []])
    parser.add_argument("--only", default="", help="names that contain this")
    options = parser.parse_args()
    torch.set_num_threads(1)
    figures = []
    print(
        f"kerasviz {keras.__version__}, torch {torch.__version__}: our CPU time over torch's, and ours in microseconds"
    )
    print(f"{'':42}{'size':7}{'fwd':>6}{'both':>6}{'fwd us':>10}")
    for family in options.families:
        for case in FAMILIES[family]():
            for size in case.shapes if options.only in case.name else ():
                figures.append(measure(case, size))
                print(figures[-1], flush=True)
    report(figures)


if __name__ == "__main__":
    main()
