"""What stands at the top of the reference: variables, scopes, operations, functions, rematerialization, paths."""

import numpy as np
import pytest
import torch

import kerasviz

from .comparing import assert_close

GENERATOR = np.random.default_rng(11)
X = GENERATOR.standard_normal((6, 3)).astype("float32")


def facts(v):
    return {
        "shape": list(v.shape),
        "dtype": str(v.dtype).removeprefix("torch."),
        "facts": [
            v.name,
            v.path,
            v.trainable,
            getattr(v, "_autocast", getattr(v, "autocast", None)),
            v.aggregation,
            v.synchronization,
            v.ndim,
        ],
        "overwrite": v.overwrite_with_gradient,
        "value": v.numpy(),
    }


VARIABLES = {
    "list": lambda keras: keras.Variable([1.0, 2.0], name="v"),
    "float64_array": lambda keras: keras.Variable(np.ones((2, 3)), name="v"),
    "whole_array": lambda keras: keras.Variable(np.ones(2, "int64"), name="v", trainable=False),
    "scalar": lambda keras: keras.Variable(2.5, name="v"),
    "bool": lambda keras: keras.Variable(True, name="v", trainable=False),
    "name_of_initializer": lambda keras: keras.Variable("ones", shape=(2,), name="v"),
    "initializer": lambda keras: keras.Variable(
        keras.initializers.Constant(3), shape=(2, 1), dtype="float16", name="v"
    ),
    "function": lambda keras: keras.Variable(lambda shape, dtype: torch.ones(shape) * 2, shape=(2,), name="v"),
    "options": lambda keras: keras.Variable(
        [1], dtype="float64", trainable=False, autocast=False, aggregation="sum", synchronization="on_read", name="v"
    ),
    "nones": lambda keras: keras.Variable([1.0], aggregation=None, synchronization=None, name="v"),
}


@pytest.mark.parametrize("name", VARIABLES)
def test_variables(reference, name):
    assert_close(facts(VARIABLES[name](kerasviz)), reference(lambda keras: facts(VARIABLES[name](keras))))


def operated(keras):
    v, w, m = keras.Variable([5.0, -6.0]), keras.Variable([2.0, 3.0]), keras.Variable(np.ones((2, 2), "float32"))
    whole, flag = keras.Variable([1, 2], trainable=False), keras.Variable([True, False], trainable=False)
    return {
        "add": [v + w, v + 2, 2 + v],
        "sub": [v - w, v - 2, 2 - v],
        "mul": [v * w, v * 2, 2 * v],
        "truediv": [v / w, v / 2, 2 / v, whole / 2],
        "floordiv": [v // w, v // 2, 2 // v, whole // 2],
        "mod": [v % w, v % 2, 2 % v],
        "pow": [v**w, v**2, 2**v],
        "compare": [v < w, v <= 2, v > w, v >= 2, v == w, v != w],
        "unary": [-v, abs(v), ~whole, ~flag],
        "bits": [flag & True, flag | flag, flag ^ True, whole & whole, whole | 1, whole ^ 3],
        "matmul": [m @ m],
        "index": [v[0], v[1:], m[:, 0]],
        "mixed": [v + whole, whole + 1.5, whole * whole, flag + 1.0],
        "numbers": [
            float(keras.Variable(2.5, trainable=False)),
            int(keras.Variable(3, trainable=False)),
            v.numpy(),
        ],
        "assign": [
            (v.assign([1.0, 2.0]) + 0),
            (v.assign_add(np.ones(2, "float32")) + 0),
            (v.assign_sub(w) + 0),
            v.numpy(),
        ],
    }


def test_operators_of_variables(reference):
    assert_close(operated(kerasviz), reference(operated))


def scoped(keras):
    v, w = keras.Variable([1.0, 2.0], name="v"), keras.Variable([3.0], name="w")
    found = {}
    with keras.StatelessScope(state_mapping=[(v, torch.tensor([5.0, 6.0]))], collect_losses=True) as scope:
        found["inside"] = [v.numpy(), v * 2, keras.ops.sum(v), scope.get_current_value(w), w.numpy()]
        v.assign([7.0, 8.0])
        w.assign_add([1.0])
        scope.add_loss(torch.tensor(2.0))
        keras.layers.ActivityRegularization(l2=1.0)(torch.ones(2, 2))
        found["assigned"] = [v.numpy(), scope.get_current_value(v), w.numpy(), scope.get_current_value(w)]
        scope.add_update((w, torch.tensor([9.0])))
        found["updated"] = [w.numpy(), scope.losses]
    return found | {"after": [v.numpy(), w.numpy(), scope.get_current_value(v)]}


def test_a_stateless_scope(reference):
    assert_close(scoped(kerasviz), reference(scoped))


def values_for(model):
    draw = np.random.default_rng(5)
    trainable = [
        torch.tensor(draw.standard_normal(tuple(v.shape)).astype("float32")) for v in model.trainable_variables
    ]
    states = [torch.tensor(v.numpy().copy()) for v in model.non_trainable_variables]
    return [value.requires_grad_() for value in trainable], states


MODELS = {
    "dense": lambda layers: [layers.Dense(4, "tanh", kernel_regularizer="l2"), layers.Dense(2)],
    "states": lambda layers: [
        layers.Dense(4, use_bias=False),
        layers.BatchNormalization(),
        layers.Dropout(0.5, seed=3),
    ],
    "recurrent": lambda layers: [layers.Reshape((3, 1)), layers.LSTM(4), layers.Dense(1)],
}


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("name", MODELS)
def test_stateless_calls(reference, name, training):
    def told(keras):
        model = keras.Sequential([keras.Input((3,)), *MODELS[name](keras.layers)])
        values, states = values_for(model)
        outputs, after, losses = model.stateless_call(values, states, X, training=training, return_losses=True)
        (outputs.square().sum() + sum(losses)).backward()
        gradients = [value.grad for value in values]
        known = zip(model.non_trainable_variables, after, strict=True)
        after = [value for variable, value in known if "seed" not in variable.path or name == "states"]
        return {"outputs": outputs, "states": after, "losses": losses, "gradients": gradients}

    assert_close(told(kerasviz), reference(told))


class TestPaths:
    """Paths of layers and weights, however they come to be built."""

    def test_in_a_sequential(self, reference):
        def told(keras):
            stack = [keras.layers.Dense(4, name="one"), keras.layers.Dropout(0.5, seed=1, name="drop")]
            model = keras.Sequential([keras.Input((3,)), *stack, keras.layers.Dense(2, name="two")], name="m")
            return [v.path for v in model.weights], [layer.path for layer in (model.layers[0], model.layers[2])]

        assert_close(told(kerasviz), reference(told))

    def test_in_a_functional(self, reference):
        def told(keras):
            x = keras.Input((3,), name="x")
            model = keras.Model(x, keras.layers.Dense(2, name="two")(keras.layers.Dense(4, name="one")(x)), name="m")
            return [v.path for v in model.weights]

        assert_close(told(kerasviz), reference(told))

    def test_in_a_subclass(self, reference):
        def told(keras):
            class Block(keras.layers.Layer):
                def __init__(self, **options):
                    super().__init__(**options)
                    self.inner = keras.layers.Dense(2, name="inner")

                def call(self, x):
                    return self.inner(x)

            class Whole(keras.Model):
                def __init__(self, **options):
                    super().__init__(**options)
                    self.block = Block(name="block")
                    self.head = keras.layers.Dense(1, name="head")

                def call(self, x):
                    return self.head(self.block(x))

            model = Whole(name="whole")
            model(torch.tensor(X))
            block = Block(name="alone")
            block(torch.tensor(X))
            return [v.path for v in model.weights], [v.path for v in block.weights], model.block.path

        assert_close(told(kerasviz), reference(told))

    def test_in_name_scopes(self, reference):
        def told(keras):
            scope, caller = keras.name_scope, keras.layers.Dense(1)
            found = []

            def note():
                found.append(keras.Variable([1.0], name="v").path)

            with scope("a"):
                note()
                with scope("b"):
                    note()
                with scope("c", override_parent="z/y"):
                    note()
                with scope("c", override_parent=""):
                    note()
                with scope("e", caller=caller):
                    with scope("e", caller=caller):
                        note()
                    with scope("e", caller=caller, deduplicate=False):
                        note()
                    with scope("f", caller=caller):
                        note()
            note()
            return found

        assert_close(told(kerasviz), reference(told))


def test_a_function(reference):
    def told(keras):
        a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
        dense = keras.layers.Dense(2, kernel_initializer="ones", name="d")
        made = keras.Function([a, b], {"sum": a + b, "dense": dense(a)}, name="f")
        outputs = made([X, X * 2])
        shapes = made.compute_output_shape([(4, 3), (4, 3)])
        specs = made.compute_output_spec([keras.KerasTensor((2, 3)), keras.KerasTensor((2, 3))])
        symbols = made([keras.Input((3,)), keras.Input((3,))])
        return {
            "outputs": outputs,
            "shapes": {key: list(shape) for key, shape in shapes.items()},
            "specs": {key: [list(spec.shape), spec.dtype] for key, spec in specs.items()},
            "symbols": {key: list(symbol.shape) for key, symbol in symbols.items()},
            "names": [made.name, len(made.inputs), len(made.outputs)],
            "isinstance": [isinstance(keras.Model(a, dense(a)), keras.Function), isinstance(dense, keras.Operation)],
        }

    assert_close(told(kerasviz), reference(told))


def test_an_operation(reference):
    def told(keras):
        class Scaled(keras.Operation):
            def __init__(self, factor, name=None):
                super().__init__(name=name)
                self.factor = factor

            def call(self, x):
                return keras.ops.multiply(x, self.factor)

            def compute_output_spec(self, x):
                return keras.KerasTensor(x.shape, x.dtype)

        scaled = Scaled(3.0, name="s")
        x = keras.Input((3,))
        model = keras.Model(x, keras.layers.Dense(2, kernel_initializer="ones")(scaled(x)))
        return [scaled(torch.tensor(X)), list(scaled(x).shape), scaled.get_config(), model(torch.tensor(X))]

    assert_close(told(kerasviz), reference(told))


@pytest.mark.parametrize("mode", ["full", "activations", "larger_than", "list_of_layers"])
def test_rematerialized_gradients(reference, mode):
    def told(keras):
        with keras.RematScope(mode=mode, output_size_threshold=2, layer_names=["d"]):
            layer = keras.layers.Dense(2, activation="tanh", kernel_initializer="ones", name="d")
        x = torch.tensor(X, requires_grad=True)
        outputs = layer(x)
        outputs.square().sum().backward()
        return [outputs, x.grad, layer.kernel.value.grad]

    assert_close(told(kerasviz), reference(told))


def test_a_rematerialized_function(reference):
    def told(keras):
        x = torch.tensor(X, requires_grad=True)
        keras.remat(lambda value: value.sin().exp())(x).sum().backward()
        return x.grad

    assert_close(told(kerasviz), reference(told))


def shown(tree):
    return {key: shown(value) if isinstance(value, dict) else value for key, value in tree.items()}


def test_state_trees(reference):
    def told(keras):
        keras.utils.clear_session()
        stack = [keras.layers.BatchNormalization(name="bn"), keras.layers.Dense(2, kernel_initializer="ones", name="d")]
        model = keras.Sequential([keras.Input((3,)), *stack, keras.layers.Dropout(0.5, seed=1)], name="m")
        model.compile("adam", "mse", metrics=["mae"])
        model.fit(X, X[:, :2], batch_size=6, verbose=0, shuffle=False)
        tree = model.get_state_tree(value_format="numpy_array")
        tree["non_trainable_variables"].pop("seed_generator", None)
        seeds = {
            key: tree["non_trainable_variables"].pop(key)
            for key in list(tree["non_trainable_variables"])
            if "seed" in key
        }
        model.set_state_tree({"trainable_variables": {"m": {"d": {"bias": np.full(2, 4.0, "float32")}}}})
        return shown(tree), len(seeds) <= 1, model.layers[1].bias.numpy()

    assert_close(told(kerasviz), reference(told), tolerance=2e-5)
