"""Every public component by family: the list that the page, the docs, the stubs and the contract tests walk.

`python -m kerasviz.catalog` writes the `.pyi` stubs that tell editors the constructors; `--check` compares them.
"""

import argparse
import importlib
import inspect
import sys
from pathlib import Path
from typing import Any

from kerasviz.declare import REQUIRED, Arg, Component, family
from kerasviz.document.kinds import input_limits, input_names, input_rank, kind_names, starts_with
from kerasviz.document.words import ALIASES

STUBBED = ("layers", "losses", "metrics", "optimizers", "callbacks")
CATEGORIES = {  # module of kerasviz.layers -> category in the palette
    "input": "input",
    "dense": "core",
    "embedding": "core",
    "reversible_embedding": "core",
    "wrappers": "core",
    "lambda_layer": "core",
    "foreign": "other",
    "jax_layer": "other",
    "torch_module": "core",
    "conv": "convolution",
    "conv_transpose": "convolution",
    "pooling": "pooling",
    "adaptive_pooling": "pooling",
    "recurrent": "recurrent",
    "lstm": "recurrent",
    "gru": "recurrent",
    "simple_rnn": "recurrent",
    "conv_lstm": "recurrent",
    "bidirectional": "recurrent",
    "recurrent_cells": "recurrent",
    "attention": "attention",
    "dot_attention": "attention",
    "grouped_attention": "attention",
    "normalization": "normalization",
    "spectral": "normalization",
    "batch_normalization": "normalization",
    "dropout": "regularization",
    "activation": "activation",
    "reshaping": "reshaping",
    "resizing": "reshaping",
    "preprocessing": "preprocessing",
    "merging": "merging",
}
KEY_ARGS = {  # shown on the node
    "Activation": ["activation"],
    "BatchNormalization": [],
    "Embedding": ["input_dim", "output_dim"],
    "Dropout": ["rate"],
    "MultiHeadAttention": ["num_heads", "key_dim"],
    "Bidirectional": ["layer", "merge_mode"],
    "Rescaling": ["scale"],
    "Concatenate": ["axis"],
    "LSTM": ["units", "return_sequences"],
    "GRU": ["units", "return_sequences"],
    "SimpleRNN": ["units", "return_sequences"],
    "Input": ["shape", "dtype"],
    "Discretization": ["bin_boundaries", "num_bins"],
    "IntegerLookup": ["vocabulary", "output_mode"],
    "StringLookup": ["vocabulary", "output_mode"],
    "CategoryEncoding": ["num_tokens", "output_mode"],
    "Normalization": ["mean", "variance"],
}
CELLS = ("LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells")  # not on the canvas: they stand in an RNN
HIDDEN = ("TorchModuleWrapper", "Lambda", "InputSpec", "Wrapper", *CELLS)  # no palette entry
SEQUENCES = ("LSTM", "GRU", "SimpleRNN", "RNN", *(f"ConvLSTM{rank}D" for rank in (1, 2, 3)))
INSIDE: dict[tuple[str, str], dict[str, Any]] = {  # what may stand inside a component, where not all of a family may
    ("Bidirectional", "layer"): {"of": SEQUENCES},
    ("Bidirectional", "backward_layer"): {"of": SEQUENCES, "nullable": True},
    ("RNN", "cell"): {"of": CELLS},
    ("StackedRNNCells", "cells"): {"input": "layers", "of": CELLS[:3]},
    ("Pipeline", "layers"): {"input": "layers"},
}
DTYPES = ("float32", "mixed_bfloat16", "mixed_float16", "bfloat16", "float16", "float64", "int32", "int64", "string")


def components(name: str) -> dict[str, type[Component]]:
    """The public classes of a family, by name, each under the name it calls itself.

    Args:
        name: of the family: "layer", "loss", "metric", "optimizer", "callback", "initializer"...
    """
    members = family(name).members()
    base = family(name).base
    return {
        key: cls
        for key, cls in sorted(members.items())
        if isinstance(cls, type) and cls.__name__ == key and cls is not base and issubclass(cls, Component)
    }


def page_catalog() -> dict[str, Any]:
    """Every component that the page offers, with its form."""
    listed = {plural: [_spec(cls) for cls in components(one).values()] for one, plural in PLURALS.items()}
    for plural, specs in listed.items():
        listed[plural] = [spec for spec in specs if spec["kind"] not in UNOFFERED]
    activations = sorted(name for name in family("activation").members() if name.islower())
    layers = [_input_spec(), *map(_layer_spec, _palette())]
    cells = [_spec(components("layer")[kind]) for kind in CELLS]
    return {"layers": layers, "cells": cells, **listed, "activations": activations}


PLURALS = {
    "loss": "losses",
    "metric": "metrics",
    "optimizer": "optimizers",
    "schedule": "schedules",
    "callback": "callbacks",
    "initializer": "initializers",
    "regularizer": "regularizers",
    "constraint": "constraints",
}
UNOFFERED_GROUPS = ("lora",)  # kept for files; nothing to choose yet
UNOFFERED = (  # bases, and what needs more than a form can say
    *("History", "ProgbarLogger", "CallbackList", "LambdaCallback", "MonitorCallback"),
    *("MeanMetricWrapper", "Mean", "Sum", "MultiOptimizer", "FanScaling", "RandomInitializer"),
)


def _palette() -> list[str]:
    return [kind for kind in kind_names() if kind not in HIDDEN and category(kind) != "other"]


def category(kind: str) -> str:
    """The palette's group for a kind of layer."""
    cls = components("layer").get(kind)
    module = cls.__module__.removeprefix("kerasviz.layers.") if cls is not None else ""
    return CATEGORIES.get(module.partition(".")[0], "other")


def _spec(cls: type[Component]) -> dict[str, Any]:
    kind = cls.__name__
    form = [_field(kind, field) for field in cls.form() if field["group"] not in UNOFFERED_GROUPS]
    return {"kind": kind, "doc": first_line(cls), "form": [field for field in form if is_offered(field)]}


def is_offered(field: dict[str, Any]) -> bool:
    """Whether there is something to choose."""
    return field["input"] != "none" and not field["doc"].startswith("Kept for Keras")


def _field(kind: str, field: dict[str, Any]) -> dict[str, Any]:
    """A field of a form: what may stand inside the component, and dtypes to choose from."""
    if field.get("family") == "dtype_policy":
        return {**field, "input": "select", "choices": list(DTYPES), "nullable": True, "default": None}
    if (kind, field["name"]) == ("Bidirectional", "weights"):
        return {**field, "input": "none"}  # of Keras 1: nothing to write in a form
    inside = {**INSIDE.get((kind, field["name"]), {})}
    family_name = field.get("family") or ("layer" if inside.get("input") == "layers" else None)
    if family_name == "layer":
        inside["of"] = sorted(inside.get("of") or (k for k in _palette() if input_limits(k) == (1, 1)))
    if family_name == "optimizer":
        inside["of"] = [k for k in components("optimizer") if k not in (kind, *UNOFFERED)]
    return {**field, **inside, **({"family": family_name} if family_name else {})}


def _layer_spec(kind: str) -> dict[str, Any]:
    cls = components("layer")[kind]
    least, most = input_limits(kind)
    own = [a.name for a in cls.args.values() if a.group == "main" and not a.keyword]
    key_args = KEY_ARGS.get(kind)
    if key_args is None:
        key_args = [name for name in own if cls.args[name].required] + [n for n in own if n == "activation"]
        key_args = key_args or own[:1]
    return {
        **_spec(cls),
        "category": category(kind),
        "inputs": {"min": least, "max": most, "first": starts_with(kind), "names": input_names(kind)},
        "rank": input_rank(kind),
        "aliases": [word for word, name in ALIASES.items() if name == kind],
        "key_args": key_args,
    }


def _input_spec() -> dict[str, Any]:
    fields: list[dict[str, Any]] = [
        {
            "name": "shape",
            "doc": "Sizes of one sample, without the batch.",
            "required": True,
            "default": None,
            "input": "shape",
            "group": "main",
        },
        {
            "name": "dtype",
            "doc": "Type of the numbers.",
            "required": False,
            "default": "float32",
            "input": "select",
            "choices": ["float32", "float16", "bfloat16", "int32", "int64", "uint8", "bool", "string"],
            "group": "main",
        },
        {
            "name": "batch_size",
            "doc": "Fixed size of the batch; empty for any.",
            "required": False,
            "default": None,
            "input": "number",
            "step": 1,
            "min": 1,
            "max": None,
            "nullable": True,
            "group": "base",
        },
    ]
    return {
        "kind": "Input",
        "doc": "Where data enters the model.",
        "form": fields,
        "category": "input",
        "inputs": {"min": 0, "max": 0, "first": 0, "names": []},
        "rank": None,
        "aliases": ["in", "input"],
        "key_args": KEY_ARGS["Input"],
    }


def first_line(cls: type) -> str:
    """What it does, in one line."""
    return (inspect.getdoc(cls) or "").split("\n")[0]


# --- stubs ----------------------------------------------------------------------------------------------------------


def stub(name: str) -> str:
    """The `.pyi` of a package: its classes with their constructors, and its functions."""
    module = importlib.import_module(f"kerasviz.{name}")
    base = module.FAMILY.base
    lines = [
        "# Written by `python -m kerasviz.catalog`. Change the declarations instead.",
        "from typing import Any",
        "",
    ]
    public = getattr(module, "__all__", None) or [n for n, v in vars(module).items() if _is_own(n, v, module)]
    for key in sorted(set(public)):
        thing = getattr(module, key)
        if isinstance(thing, type):
            lines += _class_stub(key, thing, base)
        elif inspect.isfunction(thing) or inspect.ismethod(thing):
            lines.append(f"def {key}{_plain(inspect.signature(thing))} -> Any: ...")
        elif inspect.ismodule(thing):
            lines.append(f"from {thing.__name__.rpartition('.')[0]} import {key} as {key}")
    return "\n".join(lines) + "\n"


def _is_own(name: str, thing: Any, module: Any) -> bool:
    return not name.startswith("_") and getattr(thing, "__module__", "") == module.__name__


def _class_stub(key: str, cls: type, base: type) -> list[str]:
    """A class with its constructor; the base, and what is no component, as they are."""
    if key != cls.__name__:
        return [f"{key} = {cls.__name__}"]
    if cls is base or not issubclass(cls, base) or cls._handwritten:
        return [f"from {cls.__module__} import {key} as {key}"]
    parameters = ["self"]
    starred = False
    for a in cls.args.values():
        if a.keyword and not starred:
            parameters.append("*")
            starred = True
        parameters.append(_parameter(a))
    return [
        f"class {key}({base.__name__}):",
        f"    def __init__({', '.join(parameters)}, **kwargs: Any) -> None: ...",
        "    def __getattr__(self, name: str) -> Any: ...",
    ]


def _parameter(a: Arg) -> str:
    if a.default is REQUIRED:
        return f"{a.name}: Any"
    default = a.kind.default(a.default)
    plain = default is None or isinstance(default, (bool, int, float, str, tuple))
    return f"{a.name}: Any = {default!r}" if plain else f"{a.name}: Any = ..."


def _plain(signature: inspect.Signature) -> str:
    parts = []
    for p in signature.parameters.values():
        star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        default = ""
        if p.default is not p.empty:
            simple = p.default is None or isinstance(p.default, (bool, int, float, str))
            default = f" = {p.default!r}" if simple else " = ..."
        if p.kind is p.KEYWORD_ONLY and "*" not in "".join(parts):
            parts.append("*")
        parts.append(f"{star}{p.name}: Any{default}")
    return f"({', '.join(parts)})"


def main() -> int:
    """Write the stubs, or compare them."""
    parser = argparse.ArgumentParser(description="Write the .pyi stubs of the public packages.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    check = parser.parse_args().check
    root = Path(__file__).parent
    stale = []
    for name in STUBBED:
        path = root / name / "__init__.pyi"
        text = stub(name)
        if check and (not path.exists() or path.read_text() != text):
            stale.append(f"{name}/__init__.pyi")
        elif not check:
            path.write_text(text)
    for name in stale:
        print(f"{name} is not what the declarations say; run `python -m kerasviz.catalog`.")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
