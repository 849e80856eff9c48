"""No argument of a layer is forgotten: each is away from its default somewhere in the tables held to Keras."""

import importlib
from pathlib import Path

import pytest

from kerasviz import catalog

TABLES = sorted((Path(__file__).parents[1] / "parity").glob("test_layers_*.py"))
PREPROCESSING = "kerasviz.layers.preprocessing."
ELSEWHERE = {  # held to Keras in files of their own, or not at all: their frameworks are not here
    "FlaxLayer": "needs flax",
    "JaxLayer": "needs jax",
    "TFSMLayer": "needs tensorflow",
}
WITHOUT = {  # arguments that Keras's class does not take, or that work nowhere yet
    "ActivityRegularization": {"activity_regularizer"},
    "InputLayer": {"activity_regularizer", "autocast", "trainable", "input_tensor"},  # a symbol: a test of its own
    **{f"SpatialDropout{rank}D": {"activity_regularizer", "trainable", "autocast"} for rank in (1, 2, 3)},
    **{kind: {"quantization_config"} for kind in ("Dense", "EinsumDense", "Embedding", "ReversibleEmbedding")},
}
CLASSES = {
    name: cls
    for name, cls in catalog.components("layer").items()
    if name not in ELSEWHERE and not cls.__module__.startswith(PREPROCESSING)
}


def made_in(value):
    """The layers of a table, and those inside them: anything with `kind`, `args` and `kwargs`."""
    if hasattr(value, "kind") and hasattr(value, "kwargs"):
        yield value
        yield from made_in([*value.args, *value.kwargs.values()])
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from made_in(part)


def given(case):
    """The arguments that are not what they would be anyway."""
    declared = CLASSES[case.kind].args
    named = dict(zip(declared, case.args, strict=False)) | case.kwargs
    return {name for name, value in named.items() if declared[name].required or differs(value, declared[name].default)}


def differs(value, default):
    """Whether it is another; arrays and layers are."""
    return type(value) is not type(default) or bool(value != default)


@pytest.fixture(scope="module")
def covered():
    found = {name: set() for name in CLASSES}
    for path in TABLES:
        module = importlib.import_module(f"tests.parity.{path.stem}")
        for table in vars(module).values():
            for case in made_in(table if isinstance(table, list) else []):
                if case.kind in CLASSES:
                    found[case.kind] |= given(case)
    return found


@pytest.mark.parametrize("name", CLASSES)
def test_each_argument_is_somewhere_away_from_its_default(covered, name):
    forgotten = set(CLASSES[name].args) - covered[name] - WITHOUT.get(name, set())
    assert not forgotten, f"{name} is never tried with {sorted(forgotten)}: add cases to tests/parity/test_layers_*.py"
