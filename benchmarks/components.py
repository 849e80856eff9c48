"""Each component against the same thing in plain PyTorch: forward, and forward with backward, small and large.

python benchmarks/components.py                 every family
python benchmarks/components.py layers losses   these

The two sides take turns within a round; a figure is the median over the rounds of the ratio of their CPU times. What
torch has is held to 1.1, or to half a microsecond more, which is what an operation's check for symbols takes; the rest
is for information. Layers are measured from `layer(x)`, metrics from `update_state`. Optimizers are in
`optimizers.py`.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from cases import IMAGES, SERIES, VECTORS, Case, first, last, sizes, whole
from family_cases import activation_cases, initializer_cases, metric_cases
from loss_cases import loss_cases
from ops_cases import op_cases
from torch import Tensor, nn

import kerasviz as keras
from kerasviz import layers

ROUNDS = 15
LIMIT = 1.1
SLACK = 0.5  # microseconds that a call may take more
SECONDS = 0.02  # of one side in one round


def imaged(module: nn.Module) -> Callable[[Tensor], Tensor]:
    """A module of torch's on images with channels last."""
    module = module.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    return lambda x: last(module(first(x)))


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
            draws=(whole(100),),
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


FAMILIES = {
    "layers": layer_cases,
    "losses": loss_cases,
    "ops": op_cases,
    "activations": activation_cases,
    "metrics": metric_cases,
    "initializers": initializer_cases,
}


@dataclass(frozen=True)
class Figure:
    """What came out of one comparison: the medians of our CPU time over torch's.

    Args:
        forward: of a call without gradients.
        both: of a call and the way back; None where there is none.
        microseconds: what our call takes.
        more: microseconds that it takes more than torch's.
    """

    case: Case
    size: str
    forward: float
    both: float | None
    microseconds: float
    more: float

    @property
    def worst(self) -> float:
        """The larger ratio."""
        return max(self.forward, self.both or 0.0)

    @property
    def is_slow(self) -> bool:
        """Whether it is above the limit by more than the slack."""
        forward = self.forward > LIMIT and self.more > SLACK
        return forward or (self.both or 0.0) > LIMIT + SLACK / max(self.microseconds, 1.0)

    def __str__(self) -> str:
        both = "     -" if self.both is None else f"{self.both:6.2f}"
        mark = "" if self.case.module else "  (no module of torch's)"
        name = f"{self.case.family}: {self.case.name}"
        return f"{name:54}{self.size:7}{self.forward:6.2f}{both}{self.microseconds:11.1f}{self.more:9.2f}{mark}"


def measure(case: Case, size: str, rounds: int) -> Figure:
    """Both sides in turn, forward alone and with backward."""
    inputs = case.inputs(size)
    ours, torchs = case.ours(), case.torchs()
    with torch.no_grad():
        mine, expected = ours(*inputs), torchs(*inputs)
        if case.same:
            torch.testing.assert_close(
                mine,
                expected,
                check_dtype=False,
                equal_nan=True,
                rtol=1e-3,
                atol=1e-4,
                msg=lambda m: f"{case.name}: {m}",
            )
        forward, mine, theirs = ratio(lambda: ours(*inputs), lambda: torchs(*inputs), rounds)
    both = None
    if differentiable(ours(*inputs)) and differentiable(torchs(*inputs)):
        both, _, _ = ratio(lambda: backward(ours, inputs), lambda: backward(torchs, inputs), rounds)
    return Figure(case, size, forward, both, mine * 1e6, (mine - theirs) * 1e6)


def differentiable(outputs: Any) -> list[Tensor]:
    """The outputs that a gradient comes from."""
    listed = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return [x for x in listed if isinstance(x, Tensor) and x.requires_grad]


def backward(function: Callable[..., Any], inputs: list[Any]) -> None:
    """Forward and backward; gradients are dropped."""
    for x in differentiable(function(*inputs)):
        (torch.view_as_real(x.resolve_conj()) if x.is_complex() else x).sum().backward(retain_graph=True)
    for x in inputs:
        x.grad = None


def ratio(ours: Callable[[], Any], torchs: Callable[[], Any], rounds: int) -> tuple[float, float, float]:
    """The median ratio of the two, and the median seconds of one call of ours and of torch's."""
    start = time.perf_counter()
    torchs()
    count = max(1, min(1000, int(SECONDS / max(time.perf_counter() - start, 1e-7))))
    pairs = [(seconds(ours, count), seconds(torchs, count)) for _ in range(rounds)]
    mine, theirs = (statistics.median(times) / count for times in zip(*pairs, strict=True))
    return statistics.median(a / max(b, 1e-9) for a, b in pairs), mine, theirs


def seconds(function: Callable[[], Any], count: int) -> float:
    """CPU time of so many calls."""
    start = time.process_time()
    for _ in range(count):
        function()
    return time.process_time() - start


def report(figures: list[Figure]) -> None:
    """What is faster, what is slower, and the ten slowest against torch."""
    held = [figure for figure in figures if figure.case.module]
    above = [figure for figure in held if figure.worst > LIMIT]
    slower = sorted((f for f in held if f.is_slow), key=lambda f: -f.worst)
    faster = sorted((f for f in held if f.worst < 1 / LIMIT), key=lambda f: f.worst)
    print(f"\n{len(held)} comparisons with what torch has; {len(above)} above {LIMIT}, {len(faster)} below 1/{LIMIT}")
    for size in sorted({figure.size for figure in held}):
        of_size = [figure for figure in held if figure.size == size]
        slow = sum(figure.is_slow for figure in of_size)
        print(f"{size}: {len(of_size)}, {slow} above {LIMIT} by more than {SLACK} us, median {middle(of_size):.2f}")
    slowest = sorted(figures, key=lambda f: -f.worst)[:10]
    slowest_large = sorted((f for f in figures if f.size == "large"), key=lambda f: -f.worst)[:10]
    lists = {"slower": slower, "faster": faster, "ten slowest": slowest, "ten slowest of large ones": slowest_large}
    for title, listed in lists.items():
        print(f"\n{title}")
        for figure in listed:
            print(figure)


def middle(figures: list[Figure]) -> float:
    """The median of the forward ratios."""
    return statistics.median(figure.forward for figure in figures)


def main() -> None:
    """Print a line for each component and size, and the lists."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", default=list(FAMILIES), choices=[*FAMILIES, []])
    parser.add_argument("--only", default="", help="names that contain this")
    parser.add_argument("--size", default="", help="small or large; both by default")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    figures = []
    print(f"kerasviz {keras.__version__}, torch {torch.__version__}: our CPU time over torch's, ours in microseconds,")
    print(f"and how many more than torch's\n{'':54}{'size':7}{'fwd':>6}{'both':>6}{'fwd us':>11}{'more':>9}")
    for family in options.families:
        for case in FAMILIES[family]():
            for size in case.shapes if options.only in case.name else ():
                if options.size in ("", size):
                    figures.append(measure(case, size, options.rounds))
                    print(figures[-1], flush=True)
    if figures:
        report(figures)


if __name__ == "__main__":
    main()
