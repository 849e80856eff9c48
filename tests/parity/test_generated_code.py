"""The code that the studio writes runs in Keras: every layer of the palette, every choice of the training form."""

import pytest

from kerasviz.catalog import page_catalog
from kerasviz.document.build import build
from kerasviz.document.script import chosen
from kerasviz.document.source import source
from tests.document.layer_cases import document_of

CATALOG = page_catalog()
FOR_TENSORFLOW = ("HashedCrossing", "Hashing", "IntegerLookup", "StringLookup")  # Keras makes these on no other backend
LAYERS = [spec for spec in CATALOG["layers"] if spec["kind"] not in ("Input", *FOR_TENSORFLOW)]
CHOICES = [(family, spec) for family in ("optimizers", "losses", "metrics") for spec in CATALOG[family]]


def facts(model):
    """What a model is, in numbers."""
    dtypes = [str(getattr(tensor, "dtype", "")).removeprefix("torch.") for tensor in model.outputs]
    return {
        "outputs": [list(tensor.shape) for tensor in model.outputs],
        "dtypes": dtypes,
        "weights": [list(weight.shape) for weight in model.weights],
        "params": int(model.count_params()),
    }


def executed(code):
    """The model that the code makes."""
    space = {}
    exec(code, space)
    return space["model"]


@pytest.mark.parametrize("spec", LAYERS, ids=lambda spec: spec["kind"])
def test_keras_makes_the_drawn_model_of_the_code(reference, spec):
    document, _ = document_of(spec)
    code = source(document)
    assert facts(build(document)) == reference(lambda keras: facts(executed(code)))


def name_of(keras, family, code):
    """The class, or function, that the code stands for."""
    found = eval(code, {"keras": keras})
    found = getattr(keras, family).get(found) if isinstance(found, str) else found
    return getattr(found, "__name__", type(found).__name__).lower().replace("_", "")


@pytest.mark.parametrize(("family", "spec"), CHOICES, ids=[f"{family}-{spec['kind']}" for family, spec in CHOICES])
def test_keras_knows_what_is_chosen_by_its_word(reference, family, spec):
    if any(field["required"] for field in spec["form"]):
        return
    code = chosen(family, {"kind": spec["kind"]})
    assert reference(lambda keras: name_of(keras, family, code)) == spec["kind"].lower()
