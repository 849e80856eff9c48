"""Generated code: runs alone, makes the same model, looks as a formatter leaves it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from kerasviz.declare import Invalid
from kerasviz.document.build import build
from kerasviz.document.document import Document
from kerasviz.document.edits import add, rename, set_args
from kerasviz.document.patch import apply
from kerasviz.document.reader import from_model
from kerasviz.document.script import training_script
from kerasviz.document.source import source
from tests.document.random_documents import documents

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
SLOW = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


def executed(code):
    space = {}
    exec(code, space)
    return space["model"]


def plain(model):
    """What a model computes, without names."""
    names = {node.operation: index for index, node in enumerate(model.nodes)}
    made = []
    for node in model.nodes:
        config = {k: v for k, v in node.operation.get_config().items() if k != "name"}
        made.append((type(node.operation).__name__, str(config), sorted(names[p.operation] for p in node.parents)))
    return sorted(str(item[:2]) for item in made), model.count_params(), [t.shape for t in model.outputs]


@QUICK
@given(documents())
def test_the_code_makes_the_model_that_the_document_makes(document):
    made = executed(source(document, "functional", package="kerasviz", names=True))
    built = build(document)
    assert plain(made) == plain(built)
    assert [w.shape for w in made.weights] == [w.shape for w in built.weights]
    assert {layer.name for layer in made.layers} == {layer.name for layer in built.layers}


@QUICK
@given(documents())
def test_equal_documents_give_equal_code_wherever_their_nodes_lie(document):
    assert source(document) == source(document.moved({}))


def formatted(code, *command):
    tool = Path(sys.executable).with_name("ruff")
    return subprocess.run([tool, *command, "-"], input=code, capture_output=True, text=True, check=False)


@SLOW
@given(documents(size=20))
def test_formatter_and_linter_find_nothing(document):
    code = source(document, "functional", names=True)
    done = formatted(code, "format", "--isolated", "--line-length", "88", "--diff")
    assert done.returncode == 0, done.stdout
    done = formatted(code, "check", "--isolated", "--select", "E,F,I,UP", "--line-length", "88")
    assert done.returncode == 0, done.stdout


LONG = [
    "in 28 28 1 > conv 64 3 same relu s=2 kernel_initializer=he_normal bias_initializer=ones > flatten > dense 10",
    "in 28 28 1 > conv 64 3 same relu s=2 kernel_initializer=he_normal > flatten > dense 10",
    "in 28 28 1 > conv 64 3 padding=same activation=relu kernel_initializer=he_norma1".replace("norma1", "normal"),
    "in 28 28 1 name=a_name_that_is_so_long_that_no_line_can_hold_it_together_with_the_rest_of_it",
]


@pytest.mark.parametrize("dialect", ["functional", "sequential"])
@pytest.mark.parametrize("text", LONG)
def test_long_lines_are_broken_as_the_formatter_breaks_them(drawn, text, dialect):
    code = source(drawn(text + " > dense 4"), dialect)
    done = formatted(code, "format", "--isolated", "--line-length", "88", "--diff")
    assert done.returncode == 0, done.stdout


def test_a_chain_is_a_sequential_by_default(drawn):
    code = source(drawn("in 28 28 1 > conv 32 3 relu > flatten > dense 10 softmax"))
    assert code == (
        "import keras\n"
        "from keras import layers\n"
        "\n"
        "model = keras.Sequential(\n"
        "    [\n"
        "        keras.Input((28, 28, 1)),\n"
        '        layers.Conv2D(32, 3, activation="relu"),\n'
        "        layers.Flatten(),\n"
        '        layers.Dense(10, activation="softmax"),\n'
        "    ]\n"
        ")\n"
    )


def test_a_residual_block_reads_as_a_person_writes_it(drawn):
    code = source(drawn("in 32 32 3 > conv 16 3 same > @a > conv 16 3 same > bn > add @a > relu > gap > dense 10"))
    assert code == (
        "import keras\n"
        "from keras import layers\n"
        "\n"
        "\n"
        "def build_model():\n"
        "    inputs = keras.Input((32, 32, 3))\n"
        '    shortcut = layers.Conv2D(16, 3, padding="same")(inputs)\n'
        '    x = layers.Conv2D(16, 3, padding="same")(shortcut)\n'
        "    x = layers.BatchNormalization()(x)\n"
        "    x = layers.Add()([x, shortcut])\n"
        "    x = layers.ReLU()(x)\n"
        "    x = layers.GlobalAveragePooling2D()(x)\n"
        "    outputs = layers.Dense(10)(x)\n"
        "    return keras.Model(inputs, outputs)\n"
        "\n"
        "\n"
        "model = build_model()\n"
    )


def changed_lines(before, after):
    import difflib

    return sum(line[0] in "+-" for line in difflib.ndiff(before.splitlines(), after.splitlines())) / 2


def test_one_edit_changes_one_line(drawn):
    document = drawn("in 32 32 3 > conv 16 3 same > @a > conv 16 3 same > bn > add @a > relu > gap > dense 10")
    edited, _ = apply(document, set_args(document, "dense", {"units": 12}))
    assert changed_lines(source(document), source(edited)) == 1


@pytest.mark.parametrize("name", ['"); import os #', "a\nb", "'", "\\", 'x"""', "{0}"])
def test_names_cannot_break_out_of_their_string(drawn, name):
    document = drawn("in 8 > dense 4 relu > dense 2")
    layers = {**document.layers, "dense": {**document.layers["dense"], "name": name}}
    document = Document(layers, document.calls, document.inputs)
    for dialect in ("functional", "sequential"):
        tree = ast.parse(source(document, dialect))
        imported = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        assert imported == ["keras"]
        assert name in [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]


def test_argument_names_of_a_call_cannot_break_out(drawn):
    document = drawn("in 8 > dense 4")
    data = {**document.calls["dense"], "kwargs": {"a=1); import os; f(b": 1}}
    document = Document(document.layers, {**document.calls, "dense": data}, document.inputs)
    with pytest.raises(Invalid):
        source(document, "functional")


def test_several_inputs_and_outputs_keep_their_names_and_order(drawn):
    document, _ = apply(Document(), add(Document(), "Input", {"shape": [4]}, name="age"))
    document, _ = apply(document, add(document, "Input", {"shape": [3]}, name="class"))
    document, _ = apply(document, add(document, "Concatenate", after=list(document.calls)))
    document, _ = apply(document, add(document, "Dense", {"units": 1}, after="concatenate", name="price"))
    document, _ = apply(document, add(document, "Dense", {"units": 2}, after="concatenate"))
    code = source(document, package="kerasviz")
    assert "return keras.Model([age, class_], [price, dense_1])" in code
    model = executed(code)
    assert model.input_names == ["age", "class"]
    assert [t.shape for t in model.outputs] == [(None, 1), (None, 2)]


def test_a_document_with_errors_gives_no_code(drawn):
    document, _ = apply(Document(), add(Document(), "Dense", {}))
    with pytest.raises(Invalid):
        source(document, "functional")
    with pytest.raises(Invalid, match="functional dialect"):
        source(drawn("in 8 > @a > dense 8 > add @a"), "sequential")


def test_code_follows_a_rename(drawn):
    document = drawn("in 8 > dense 4 relu > dense 2")
    renamed, _ = apply(document, rename(document, "dense", "features"))
    assert 'layers.Dense(4, activation="relu", name="features")' in source(renamed)


def test_the_training_script_trains(drawn):
    import numpy as np

    settings = {
        "optimizer": {"kind": "Adam", "args": {"learning_rate": 0.01}},
        "loss": {"kind": "SparseCategoricalCrossentropy", "args": {}},
        "metrics": [{"kind": "accuracy", "args": {}}],
        "epochs": 2,
        "batch_size": 8,
        "validation_split": 0.25,
    }
    callbacks = [{"id": "a", "kind": "EarlyStopping", "enabled": True, "args": {"patience": 3}}]
    code = training_script(drawn("in 8 > dense 4 relu > dense 3 softmax"), settings, callbacks, package="kerasviz")
    assert "keras.optimizers.Adam(" in code
    done = formatted(code, "format", "--isolated", "--line-length", "88", "--diff")
    assert done.returncode == 0, done.stdout
    space = {"x_train": np.random.rand(32, 8).astype("float32"), "y_train": np.arange(32) % 3}
    exec(code.replace('model.save("model.keras")', "").replace("batch_size=8", "batch_size=8, verbose=0"), space)
    assert len(space["history"].history["val_loss"]) == 2


@QUICK
@given(documents())
def test_reading_the_model_that_the_code_makes_gives_the_code_again(document):
    code = source(document, "functional", package="kerasviz", names=True)
    assert plain(executed(source(from_model(executed(code)), "functional", package="kerasviz"))) == plain(
        executed(code)
    )
