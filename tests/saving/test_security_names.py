"""What a file names is looked up among our components and what the user registered: never imported, never run.

Each gadget of the published advisories on Keras's loaders comes in each form a config can have, in both safe modes.
"""

from __future__ import annotations

import base64
import json
import marshal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import kerasviz
from kerasviz.declare import Invalid
from kerasviz.saving import deserialize_keras_object, load_model, model_from_json
from tests.saving.hostile import (
    WAYS,
    Bait,
    function,
    in_graph,
    in_sequence,
    layer,
    watched,
    with_setting,
    write_model,
)

Gadget = Callable[[Bait], Any]


@pytest.fixture
def bait(tmp_path: Path) -> Bait:
    folder = tmp_path / "bait"
    folder.mkdir()
    return Bait(folder)


def bytecode(bait: Bait) -> str:
    code = compile(f"open({str(bait.mark)!r}, 'w').close()", "<hostile>", "exec")
    return base64.b64encode(marshal.dumps(code)).decode()


def lambda_of(function: Any, **more: Any) -> dict[str, Any]:
    return layer("keras.layers", "Lambda", {"name": "hostile", "function": function, **more})


def lambda_code(bait: Bait) -> dict[str, Any]:
    inner = {"code": bytecode(bait), "defaults": None, "closure": None}
    return {"class_name": "__lambda__", "config": inner}


# name -> (what it is about, the config)
GADGETS: dict[str, Gadget] = {
    # CVE-2024-3660: Python bytecode of a Lambda
    "CVE-2024-3660-lambda": lambda bait: in_sequence(lambda_of(lambda_code(bait))),
    "CVE-2024-3660-lambda-output-shape": lambda bait: in_sequence(
        lambda_of(function("relu"), output_shape=lambda_code(bait))
    ),
    "CVE-2024-3660-lambda-mask": lambda bait: in_sequence(lambda_of(function("relu"), mask=lambda_code(bait))),
    "CVE-2024-3660-keras2-form": lambda bait: in_sequence(
        lambda_of([bytecode(bait), None, None], function_type="lambda", module=bait.module)
    ),
    "CVE-2024-3660-activation": lambda bait: with_setting("activation", lambda_code(bait)),
    "CVE-2024-3660-initializer": lambda bait: with_setting("kernel_initializer", lambda_code(bait)),
    "CVE-2024-3660-whole": lambda bait: lambda_code(bait),
    "CVE-2024-3660-in-operation": lambda bait: in_graph(
        layer("keras.src.ops.core", "Map", {"name": "hostile", "f": lambda_code(bait)})
    ),
    "CVE-2024-3660-argument-of-call": lambda bait: in_graph(
        layer("keras.layers", "Dense", {"units": 2, "name": "hostile"}), args=[lambda_code(bait)]
    ),
    # CVE-2025-1550: any module, class or registered name in config.json is imported and called
    "CVE-2025-1550-class": lambda bait: in_sequence(layer(bait.module, "Layer", {"x": 1})),
    "CVE-2025-1550-model": lambda bait: layer(bait.module, "Layer", {"x": 1}),
    "CVE-2025-1550-function": lambda bait: with_setting("activation", function("run", bait.module)),
    "CVE-2025-1550-popen": lambda bait: in_sequence(
        layer("subprocess", "Popen", {"args": ["touch", str(bait.mark)], "bufsize": -1})
    ),
    "CVE-2025-1550-system": lambda bait: in_sequence(lambda_of(function("system", "os"), arguments={})),
    "CVE-2025-1550-call-of-system": lambda bait: in_graph(
        lambda_of(function("system", "os")), args=[], kwargs={"inputs": f"touch {bait.mark}"}
    ),
    "CVE-2025-1550-registered-name": lambda bait: (
        with_setting("activation", function("relu", "keras.activations", f"{bait.module}>run"))
        | {"registered_name": f"{bait.module}.Layer", "class_name": "Unknown"}
    ),
    "CVE-2025-1550-dotted-class": lambda bait: in_sequence(layer("keras.layers", f"{bait.module}.Layer")),
    "CVE-2025-1550-inner-module": lambda bait: in_sequence(
        layer("keras.src.saving.saving_lib", "load_model", {"filepath": str(bait.pickled)})
    ),
    "CVE-2025-1550-python-utils": lambda bait: with_setting(
        "activation", function("func_load", "keras.src.utils.python_utils")
    ),
    "CVE-2025-1550-builtins-eval": lambda bait: in_graph(
        lambda_of(function("eval", "builtins")), args=[], kwargs={"inputs": bait.code}
    ),
    "CVE-2025-1550-dunder-import": lambda bait: in_graph(
        lambda_of(function("__import__", "builtins")), args=[], kwargs={"inputs": bait.module}
    ),
    "CVE-2025-1550-as-module": lambda bait: in_sequence(layer(f"kerasviz.{bait.module}", "Layer")),
    "CVE-2025-1550-module-list": lambda bait: in_sequence(layer([bait.module], "Layer")),  # type: ignore[arg-type]
    "CVE-2025-1550-class-list": lambda bait: in_sequence(layer("keras.layers", [bait.module, "Layer"])),  # type: ignore
    "CVE-2025-1550-partial": lambda bait: with_setting(
        "activation", layer("functools", "partial", {"func": function("run", bait.module), "args": [1]})
    ),
    "CVE-2025-1550-getattr": lambda bait: with_setting("activation", function("torch.hub.load", "getattr")),
    "CVE-2025-1550-attribute-of-ours": lambda bait: with_setting("activation", function("relu.__globals__", "")),
    "CVE-2025-1550-globals": lambda bait: in_sequence(layer("keras.layers", "__builtins__")),
    "CVE-2025-1550-importlib": lambda bait: in_graph(
        lambda_of(function("import_module", "importlib")), args=[], kwargs={"inputs": bait.module}
    ),
    "CVE-2025-1550-registered-function": lambda bait: layer(
        "keras.saving", "register_keras_serializable", {"package": "x"}
    ),
    "CVE-2025-1550-custom-objects": lambda bait: in_sequence(
        layer("keras.layers", "Layer", {"custom_objects": {"Layer": f"{bait.module}.Layer"}})
    ),
    # CVE-2025-8747: get_file as a function of the reference itself, to fetch a file and write it anywhere
    "CVE-2025-8747-lambda": lambda bait: in_graph(
        lambda_of(function("get_file", "keras.utils"), arguments={"origin": f"file://{bait.text}"}),
        args=[],
        kwargs={"inputs": "copied"},
    ),
    "CVE-2025-8747-inner": lambda bait: with_setting("activation", function("get_file", "keras.src.utils.file_utils")),
    "CVE-2025-8747-operation": lambda bait: in_graph(layer("keras.src.ops.core", "GetFile", {"origin": "http://x"})),
    "CVE-2025-8747-class": lambda bait: in_sequence(
        layer("keras.utils", "get_file", {"fname": "x", "origin": f"file://{bait.text}"})
    ),
    "CVE-2025-8747-load-model": lambda bait: in_graph(
        lambda_of(function("load_model", "keras.models"), arguments={"safe_mode": False}),
        args=[],
        kwargs={"inputs": str(bait.pickled)},
    ),
    "CVE-2025-8747-load-model-no-module": lambda bait: in_sequence(lambda_of(function("load_model"))),
    "CVE-2025-8747-image-dataset": lambda bait: in_sequence(
        lambda_of(function("image_dataset_from_directory", "keras.utils"))
    ),
    "CVE-2025-8747-load-img": lambda bait: in_sequence(lambda_of(function("load_img", "keras.utils"))),
    "CVE-2025-8747-numpy": lambda bait: in_sequence(
        lambda_of(function("load", "numpy"), arguments={"allow_pickle": True})
    ),
    "CVE-2025-8747-tf-io": lambda bait: in_sequence(lambda_of(function("read_file", "tensorflow.io"))),
    "CVE-2025-8747-class-as-function": lambda bait: in_graph(
        lambda_of(function("StringLookup", "keras.layers"), arguments={"vocabulary": str(bait.text)})
    ),
    "CVE-2025-8747-class-as-lambda": lambda bait: in_graph(lambda_of(layer("keras.layers", "StringLookup"))),
    "CVE-2025-8747-tfsm-as-function": lambda bait: in_graph(
        lambda_of(function("TFSMLayer", "keras.layers")), args=[], kwargs={"inputs": str(bait.saved_model)}
    ),
    # CVE-2025-9906: the config itself turns safe mode off first
    "CVE-2025-9906-lambda": lambda bait: in_graph(
        lambda_of(function("enable_unsafe_deserialization", "keras.config")), args=[], kwargs={"inputs": None}
    ),
    "CVE-2025-9906-class": lambda bait: in_sequence(layer("keras.config", "enable_unsafe_deserialization")),
    "CVE-2025-9906-global-attribute": lambda bait: in_graph(
        lambda_of(
            function("set_global_attribute", "keras.src.backend.common.global_state"), arguments={"value": False}
        ),
        args=[],
        kwargs={"inputs": "safe_mode_saving"},
    ),
    "CVE-2025-9906-first-then-lambda": lambda bait: in_sequence(
        layer(
            "keras",
            "Sequential",
            {
                "name": "inner",
                "layers": [
                    layer("keras.config", "enable_unsafe_deserialization"),
                    lambda_of(lambda_code(bait)),
                ],
            },
        )
    ),
    # CVE-2025-12058: a vocabulary that is the path of a file, or an address
    "CVE-2025-12058-string-lookup": lambda bait: in_sequence(
        layer("keras.layers", "StringLookup", {"vocabulary": str(bait.text)})
    ),
    "CVE-2025-12058-address": lambda bait: in_sequence(
        layer("keras.layers", "StringLookup", {"vocabulary": "http://169.254.169.254/latest/meta-data/"})
    ),
    "CVE-2025-12058-integer-lookup": lambda bait: in_sequence(
        layer("keras.layers", "IntegerLookup", {"vocabulary": str(bait.text)})
    ),
    "CVE-2025-12058-text-vectorization": lambda bait: in_sequence(
        layer("keras.layers", "TextVectorization", {"vocabulary": str(bait.text)})
    ),
    "CVE-2025-12058-wrapped": lambda bait: in_sequence(
        layer(
            "keras.layers",
            "TimeDistributed",
            {"layer": layer("keras.layers", "StringLookup", {"vocabulary": str(bait.text)})},
        )
    ),
    "CVE-2025-12058-array-of-text": lambda bait: in_sequence(
        layer(
            "keras.layers",
            "StringLookup",
            {"vocabulary": {"class_name": "__numpy__", "config": {"value": str(bait.text), "dtype": "str"}}},
        )
    ),
    # CVE-2026-1462: a SavedModel, which is code, by its path
    "CVE-2026-1462-layer": lambda bait: in_sequence(
        layer("keras.layers", "TFSMLayer", {"filepath": str(bait.saved_model), "call_endpoint": "serve"})
    ),
    "CVE-2026-1462-wrapped": lambda bait: in_sequence(
        layer(
            "keras.layers",
            "TimeDistributed",
            {"layer": layer("keras.layers", "TFSMLayer", {"filepath": str(bait.saved_model)})},
        )
    ),
    "CVE-2026-1462-whole": lambda bait: layer("keras.layers", "TFSMLayer", {"filepath": str(bait.saved_model)}),
    "CVE-2026-1462-safe-mode-in-config": lambda bait: in_sequence(
        layer("keras.layers", "TFSMLayer", {"filepath": str(bait.saved_model), "safe_mode": False})
    ),
    # torch modules as pickles; functions of JAX
    "gadget-torch-load": lambda bait: in_graph(
        lambda_of(function("load", "torch")), args=[], kwargs={"inputs": str(bait.pickled)}
    ),
    "gadget-torch-class": lambda bait: in_graph(
        layer("torch", "__torch_function__", {"name": "hostile", "function": "torch.load"})
    ),
    "gadget-torch-method": lambda bait: in_graph(
        layer("torch", "__torch_function__", {"name": "hostile", "function": "torch.Tensor.apply_"})
    ),
    "gadget-torch-dunder": lambda bait: in_graph(
        layer("torch", "__torch_function__", {"name": "hostile", "function": "torch.Tensor.__reduce_ex__"})
    ),
    "gadget-torch-module-wrapper": lambda bait: in_sequence(
        layer(
            "keras.layers",
            "TorchModuleWrapper",
            {"module": {"class_name": "__bytes__", "config": {"value": "gASVIwAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOU"}}},
        )
    ),
    "gadget-torch-module-path": lambda bait: in_sequence(
        layer("keras.layers", "TorchModuleWrapper", {"module": str(bait.pickled)})
    ),
    "gadget-torch-module-base64": lambda bait: in_sequence(
        layer("keras.layers", "TorchModuleWrapper", {"module": base64.b64encode(bait.pickled.read_bytes()).decode()})
    ),
    "gadget-jax-layer": lambda bait: in_sequence(
        layer("keras.layers", "JaxLayer", {"call_fn": function("run", bait.module), "init_fn": lambda_code(bait)})
    ),
    "gadget-flax-layer": lambda bait: in_sequence(
        layer("keras.layers", "FlaxLayer", {"module": layer(bait.module, "Layer"), "method": "__init__"})
    ),
    # names with dots, in every family
    "gadget-activation-text": lambda bait: with_setting("activation", f"{bait.module}.run"),
    "gadget-initializer-text": lambda bait: with_setting("kernel_initializer", "os.system"),
    "gadget-initializer-dict": lambda bait: with_setting("kernel_initializer", layer("os", "system", "x")),
    "gadget-regularizer-text": lambda bait: with_setting("kernel_regularizer", "subprocess.Popen"),
    "gadget-constraint-dict": lambda bait: with_setting("kernel_constraint", layer(bait.module, "Layer")),
    "gadget-dtype-text": lambda bait: with_setting("dtype", f"{bait.module}.run"),
    "gadget-dtype-dict": lambda bait: with_setting("dtype", layer(bait.module, "Layer", {"name": "float32"})),
    "gadget-torch-nn": lambda bait: in_sequence(layer("torch.nn", "Linear", {"in_features": 3, "out_features": 2})),
    # what `compile` was told
    "gadget-compile-loss": lambda bait: in_sequence(
        layer("keras.layers", "Dense", {"units": 2}),
        build_config={"input_shape": [None, 3]},
        compile_config={"optimizer": "adam", "loss": function("run", bait.module)},
    ),
    "gadget-compile-optimizer": lambda bait: in_sequence(
        layer("keras.layers", "Dense", {"units": 2}), compile_config={"optimizer": layer(bait.module, "Layer")}
    ),
    "gadget-compile-metric": lambda bait: in_sequence(
        layer("keras.layers", "Dense", {"units": 2}),
        compile_config={"loss": "mse", "optimizer": "sgd", "metrics": [function("system", "os")]},
    ),
    "gadget-compile-argument": lambda bait: in_sequence(
        layer("keras.layers", "Dense", {"units": 2}), compile_config={"loss": "mse", "__init__": 1}
    ),
    "gadget-mean-metric-function": lambda bait: in_sequence(
        layer("keras.layers", "Dense", {"units": 2}),
        compile_config={
            "loss": "mse",
            "metrics": [layer("keras.metrics", "MeanMetricWrapper", {"fn": function("exec", "builtins")})],
        },
    ),
    "gadget-build-config": lambda bait: in_sequence(
        layer("keras.layers", "Dense", {"units": 2}, build_config={"input_shape": bait.code})
    ),
    # objects of the reference that write or read files
    "gadget-callback-as-layer": lambda bait: in_sequence(
        layer("keras.callbacks", "CSVLogger", {"filename": str(bait.mark)})
    ),
    "gadget-callback-as-activation": lambda bait: with_setting(
        "activation", layer("keras.callbacks", "BackupAndRestore", {"backup_dir": str(bait.mark)})
    ),
    "gadget-dataset": lambda bait: in_sequence(lambda_of(function("load_data", "keras.datasets.mnist"))),
    "gadget-application-weights": lambda bait: in_sequence(
        layer("keras.applications", "VGG16", {"weights": str(bait.hdf5)})
    ),
    # text that could become code where a graph is compiled to Python
    "gadget-code-in-output-shape": lambda bait: in_graph(lambda_of(function("relu"), output_shape=[bait.code])),
    "gadget-code-in-batch-shape": lambda bait: in_sequence(
        layer("keras.layers", "InputLayer", {"batch_shape": [None, bait.code]})
    ),
    "gadget-code-in-einsum": lambda bait: in_graph(
        layer("keras.src.ops.numpy", "Einsum", {"name": "hostile", "subscripts": "ab->ba"}),
        kwargs={f"optimize={bait.code}, a": 1},
    ),
    "gadget-code-in-schedule": lambda bait: with_setting(
        "activation", layer("keras.callbacks", "LearningRateScheduler", {"schedule": bait.code})
    ),
}
NOT_IN_H5 = {"CVE-2025-1550-model", "CVE-2026-1462-whole", "CVE-2025-1550-registered-function"}


@pytest.mark.parametrize("safe_mode", [True, False], ids=["safe", "unsafe"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", GADGETS)
def test_gadgets_are_refused_and_do_nothing(name: str, way: str, safe_mode: bool, bait: Bait, tmp_path: Path) -> None:
    path, load = WAYS[way](GADGETS[name](bait), tmp_path, safe_mode)
    with watched(bait, path), pytest.raises(Invalid) as error:
        load()
    assert str(error.value)
    assert len(str(error.value)) < 2000


CLEAR = {  # what the error says
    "CVE-2024-3660-lambda": "bytecode",
    "CVE-2025-1550-popen": "subprocess.Popen",
    "CVE-2025-8747-lambda": "get_file",
    "CVE-2025-9906-lambda": "enable_unsafe_deserialization",
    "CVE-2025-12058-string-lookup": "list of tokens",
    "CVE-2026-1462-layer": "code in",
    "gadget-torch-class": "torch's functions of tensors",
}


@pytest.mark.parametrize("name", CLEAR)
def test_the_error_says_what_was_refused(name: str, bait: Bait, tmp_path: Path) -> None:
    _, load = WAYS["archive"](GADGETS[name](bait), tmp_path, True)
    with pytest.raises(Invalid, match=CLEAR[name]):
        load()


def test_secrets_do_not_get_into_the_error(bait: Bait, tmp_path: Path) -> None:
    from tests.saving.hostile import SECRET

    for name in ("CVE-2025-12058-string-lookup", "CVE-2025-8747-class-as-function"):
        _, load = WAYS["json"](GADGETS[name](bait), tmp_path, False)
        with pytest.raises(Invalid) as error:
            load()
        assert SECRET not in str(error.value)


# --- code from text: a graph becomes Python when it first runs --------------------------------------------------------


def rearranged(kwargs: dict[str, Any]) -> dict[str, Any]:
    inputs = kerasviz.Input((4,), name="in")
    config = json.loads(kerasviz.Model(inputs, kerasviz.ops.rearrange(inputs, "b (h w) -> b h w", h=2)).to_json())
    entry = next(part for part in config["config"]["layers"] if part["class_name"] == "Rearrange")
    entry["inbound_nodes"][0]["kwargs"] |= kwargs
    return config


def test_names_of_arguments_in_a_file_do_not_become_code(bait: Bait, tmp_path: Path) -> None:
    path = write_model(tmp_path / "model.keras", rearranged({f"w=2 if {bait.code} else 2, v": 2}), lambda file: None)
    model = load_model(path)
    with torch.no_grad():
        assert model(torch.zeros(2, 4)).shape == (2, 2, 2)
        assert model.predict(torch.zeros(2, 4).numpy(), verbose=0).shape == (2, 2, 2)
    assert not bait.mark.exists()


NAMES = [
    "x²",
    "ﬁ",
    "a\nimport os",
    "lambda",
    "__import__",
    "None",
    "plan",
    "torch",
    "'",
    '"""',
    "{0}",
    "%s",
    "a b",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_layers_in_a_file_do_not_become_code(name: str, bait: Bait) -> None:
    inputs = kerasviz.Input((4,), name="in")
    hidden = kerasviz.layers.Dense(3, name="fi")(inputs)
    config = json.loads(kerasviz.Model(inputs, kerasviz.layers.Dense(2, name="other")(hidden)).to_json())
    text = json.dumps(config).replace('"other"', json.dumps(name))
    model = model_from_json(text)
    assert model(torch.zeros(2, 4)).shape == (2, 2)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_none_run_as_they_are(number: float) -> None:
    inputs = kerasviz.Input((4,), name="in")
    config = json.loads(kerasviz.Model(inputs, kerasviz.layers.Rescaling(2.0, name="it")(inputs)).to_json())
    config["config"]["layers"][1]["config"]["scale"] = number
    outputs = model_from_json(json.dumps(config))(torch.ones(1, 4))
    torch.testing.assert_close(outputs, torch.full((1, 4), number), equal_nan=True)


# --- every name, every argument ---------------------------------------------------------------------------------------


def component_names() -> list[tuple[str, str]]:
    from kerasviz.declare import registry

    names = {(module, name) for module in registry.HOMES for name in registry.names_of(module)}
    return sorted(names)


@pytest.mark.parametrize("module", sorted({module for module, _ in component_names()}))
def test_no_argument_of_any_component_reads_or_writes_a_file(module: str, bait: Bait) -> None:
    from kerasviz.declare import registry

    for home, name in component_names():
        if home != module:
            continue
        thing = registry.names_of(module)[name]
        arguments = list(getattr(thing, "args", {})) if isinstance(thing, type) else []
        for value in (str(bait.text), str(bait.saved_model), f"file://{bait.text}", str(bait.folder / "new" / "file")):
            for given in [{}, *({argument: value} for argument in arguments), dict.fromkeys(arguments, value)]:
                with watched(bait):
                    try:
                        deserialize_keras_object(layer(module, name, given))
                        deserialize_keras_object(function(name, module))
                    except Invalid:
                        pass
    assert sorted(path.name for path in bait.folder.iterdir() if path.name != "__pycache__") == sorted(
        [f"{bait.module}.py", "object.pt", "other.h5", "saved_model", "secret.txt"]
    )


def test_functions_of_files_are_no_classes() -> None:
    for module, name in component_names():
        from kerasviz.declare import registry

        if isinstance(registry.names_of(module)[name], type):
            with pytest.raises(Invalid):
                deserialize_keras_object(function(name, module))
