"""A layer that stands in several places of a model is one layer again after loading."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

import kerasviz
from kerasviz import layers


def wrapped_and_alone() -> Any:
    shared = layers.Dense(3, name="shared")
    x, y = kerasviz.Input((4, 2), name="x"), kerasviz.Input((2,), name="y")
    return kerasviz.Model([x, y], [layers.TimeDistributed(shared)(x), shared(y)])


def inside_and_outside() -> Any:
    inner = kerasviz.Sequential([kerasviz.Input((3,)), layers.Dense(3, name="same")], name="inner")
    middle = kerasviz.Sequential([kerasviz.Input((3,)), inner, layers.Dense(3, name="same")], name="middle")
    x = kerasviz.Input((3,), name="x")
    return kerasviz.Model(x, middle(x) + inner(x))


def without_first_numbers(path: Path, target: Path) -> Path:
    """The file as Keras writes it: the first of several has no number."""

    def strip(value: Any, seen: set[Any]) -> Any:
        if isinstance(value, list):
            return [strip(part, seen) for part in value]
        if not isinstance(value, dict):
            return value
        number = value.get("shared_object_id")
        made = value if number in seen else {k: v for k, v in value.items() if k != "shared_object_id"}
        seen.add(number)
        return {key: strip(part, seen) for key, part in made.items()}

    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            content = source.read(name)
            if name == "config.json":
                content = json.dumps(strip(json.loads(content), {None})).encode()
            made.writestr(name, content)
    return target


def test_a_layer_in_a_wrapper_and_in_the_graph_stays_one(tmp_path: Path) -> None:
    model = wrapped_and_alone()
    model.save(tmp_path / "model.keras")
    again = kerasviz.saving.load_model(tmp_path / "model.keras")
    assert len(again.weights) == 2
    assert again.layers[2].layer is again.layers[3]
    x = [np.ones((1, 4, 2), "float32"), np.ones((1, 2), "float32")]
    assert all((a == b).all() for a, b in zip(again.predict(x), model.predict(x), strict=True))


def test_a_model_inside_another_and_beside_it_stays_one(tmp_path: Path) -> None:
    inside_and_outside().save(tmp_path / "model.keras")
    again = kerasviz.saving.load_model(tmp_path / "model.keras")
    assert len(again.weights) == 4
    assert again.get_layer("middle").layers[0] is again.get_layer("inner")


def test_files_of_keras_number_all_but_the_first(tmp_path: Path) -> None:
    for make in (wrapped_and_alone, inside_and_outside):
        make().save(tmp_path / "model.keras")
        theirs = without_first_numbers(tmp_path / "model.keras", tmp_path / "theirs.keras")
        assert len(kerasviz.saving.load_model(theirs).weights) == len(make().weights)


def test_layers_of_one_name_in_several_models_stay_apart(tmp_path: Path) -> None:
    one = kerasviz.Sequential([kerasviz.Input((3,)), layers.Dense(3, name="dense")], name="one")
    two = kerasviz.Sequential([kerasviz.Input((3,)), layers.Dense(3, name="dense")], name="two")
    x = kerasviz.Input((3,))
    model = kerasviz.Model(x, two(one(x)))
    assert "shared_object_id" not in model.to_json()
    model.save(tmp_path / "model.keras")
    assert len(kerasviz.saving.load_model(tmp_path / "model.keras").weights) == 4


def test_a_number_gives_back_only_layers_of_its_class() -> None:
    dense = {
        "module": "keras.layers",
        "class_name": "Dense",
        "config": {"units": 2, "name": "a"},
        "shared_object_id": 1,
    }
    other = {"module": "keras.layers", "class_name": "Flatten", "config": {"name": "b"}, "shared_object_id": 1}
    made = kerasviz.saving.deserialize_keras_object([dense, other, dense])
    assert made[0] is made[2]
    assert type(made[1]) is layers.Flatten


def test_a_model_that_is_an_output_is_found_in_every_call(tmp_path: Path) -> None:
    x = kerasviz.Input((3,))
    inner = kerasviz.Model(x, layers.Dense(3)(x), name="inner")
    x = kerasviz.Input((3,), name="x")
    once = inner(x)
    model = kerasviz.Model(x, [once, inner(once)])
    assert model.get_config()["output_layers"] == [["inner", 1, 0], ["inner", 2, 0]]
    model.save(tmp_path / "model.keras")
    row = np.ones((1, 3), "float32")
    again = kerasviz.saving.load_model(tmp_path / "model.keras")
    assert all((a == b).all() for a, b in zip(again.predict(row), model.predict(row), strict=True))


def test_a_list_of_one_output_is_given_as_a_tensor() -> None:
    x = kerasviz.Input((3,))
    model = kerasviz.Model([x], [layers.Dense(2)(x)])
    row = np.ones((1, 3), "float32")
    assert tuple(model(row).shape) == model.predict(row).shape == (1, 2)
    assert model.output_shape == (None, 2)
    assert isinstance(model.output, list)
