"""Every public name of Keras in the families that kerasviz offers: there, with the same parameters and defaults."""

import importlib
import inspect
import re

import pytest

import kerasviz

from .recording import plain

FAMILIES = (
    *("activations", "backend", "callbacks", "config", "constraints", "dtype_policies", "initializers", "layers"),
    *("losses", "metrics", "mixed_precision", "models", "ops", "ops.image", "ops.linalg", "ops.nn", "ops.numpy"),
    *("optimizers", "optimizers.schedules", "random", "regularizers", "saving", "tree", "utils"),
    "utils.bounding_boxes",
)
NOT_YET = re.compile("has no `.*` yet: .* come")


def public(root, family):
    """The public names of a family, with their parameters where they are functions or classes."""
    module = importlib.import_module(f"{root}.{family}")
    names = [name for name in dir(module) if not name.startswith("_") and not inspect.ismodule(getattr(module, name))]
    return {name: signature(getattr(module, name)) for name in names}


def signature(thing):
    """Parameters as [name, default]; None where there is no signature to read."""
    if not callable(thing):
        return None
    own = vars(thing).get("__signature__") if isinstance(thing, type) else None
    try:
        found = inspect.signature(thing.__init__ if isinstance(thing, type) and own is None else thing)
    except (TypeError, ValueError):
        return None
    named = [
        p for p in found.parameters.values() if p.name != "self" and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    return [[p.name] if p.default is p.empty else [p.name, shown(p.default)] for p in named]


def shown(default):
    simple = default is None or isinstance(default, (bool, int, float, str, tuple, list, dict))
    return repr(default) if simple else type(default).__name__


@pytest.mark.parametrize("family", FAMILIES)
def test_every_public_name_is_there_with_its_parameters(reference, family):
    expected = reference(lambda keras: plain(public("keras", family)))
    ours = importlib.import_module(f"kerasviz.{family}")
    absent = [name for name in expected if not hasattr(ours, name)]
    different = {}
    for name, wanted in expected.items():
        if wanted is not None and name not in absent:
            have = signature(getattr(ours, name))
            if have is not None and [p for p in have if p[0] in {w[0] for w in wanted}] != wanted:
                different[name] = (have, wanted)
    assert [name for name in absent if not NOT_YET.search(refusal(ours, name))] == []
    assert different == {}


@pytest.mark.parametrize("name", ["Quantizer", "applications", "preprocessing"])
def test_a_part_that_comes_later_says_so(name):
    assert NOT_YET.search(refusal(kerasviz, name))


def test_a_name_that_nobody_has_is_told_with_the_near_miss():
    assert "Did you mean 'Conv2D'" in refusal(kerasviz.layers, "Conv2d")


def refusal(module, name):
    """What asking for the name says."""
    with pytest.raises(AttributeError) as caught:
        getattr(module, name)
    return str(caught.value)
