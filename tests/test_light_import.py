"""`import kerasviz` costs little beyond `import torch`: what is heavy is imported when it is used."""

import json
import subprocess
import sys

import pytest

HEAVY = "IPython ipywidgets anywidget h5py plotly tensorboard keras tensorflow PIL torch._dynamo"
ENGINE = "import kerasviz; kerasviz.layers, kerasviz.models, kerasviz.losses, kerasviz.metrics, kerasviz.callbacks"


def modules_after(statement: str) -> set[str]:
    code = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    made = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return set(json.loads(made.stdout))


@pytest.fixture(scope="module")
def with_torch():
    return modules_after("import torch")


@pytest.mark.parametrize(
    "statement",
    ["import kerasviz", ENGINE, "import kerasviz; kerasviz.datasets.mnist_sample"],
    ids=["package", "engine", "datasets"],
)
def test_import_loads_nothing_heavy_that_torch_does_not(with_torch, statement):
    added = modules_after(statement) - with_torch
    assert "kerasviz" in added
    assert {name for name in added if name.split(".")[0] in HEAVY.split() or name in HEAVY.split()} == set()
