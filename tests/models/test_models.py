"""Models as users build them: functional, stacked, subclassed, copied."""

import copy
import pickle

import pytest
import torch

import kerasviz as keras
from kerasviz import layers


def test_model_of_inputs_and_outputs_is_a_functional_torch_module():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(2)(inputs))
    assert isinstance(model, keras.Functional)
    assert isinstance(model, torch.nn.Module)
    assert set(model.state_dict()) == {f"{model.layers[1].name}.kernel", f"{model.layers[1].name}.bias"}


def test_named_dict_inputs_and_outputs_keep_their_structure():
    a, b = keras.Input((2,), name="a"), keras.Input((3,), name="b")
    model = keras.Model({"a": a, "b": b}, {"sum": layers.Dense(1)(a) + layers.Dense(1)(b), "b": b * 2.0})
    outputs = model({"b": torch.ones(5, 3), "a": torch.ones(5, 2)})
    assert outputs["sum"].shape == (5, 1)
    assert torch.equal(outputs["b"], torch.full((5, 3), 2.0))


def test_missing_named_input_is_told_by_name():
    a, b = keras.Input((2,), name="a"), keras.Input((3,), name="b")
    model = keras.Model([a, b], layers.Concatenate()([a, b]))
    with pytest.raises(keras.Invalid, match="inputs named 'a', 'b'"):
        model({"a": torch.ones(1, 2)})


def test_shared_layer_has_one_set_of_weights():
    shared = layers.Dense(3)
    a, b = keras.Input((2,)), keras.Input((2,))
    model = keras.Model([a, b], layers.Add()([shared(a), shared(b)]))
    assert len(model.weights) == 2
    x = torch.randn(4, 2)
    torch.testing.assert_close(model([x, x]), shared(x) * 2)


def test_model_in_the_middle_of_a_graph_shares_its_layers():
    inputs = keras.Input((4,))
    hidden = layers.Dense(3)(inputs)
    whole = keras.Model(inputs, layers.Dense(2)(hidden))
    head = keras.Model(hidden, whole.output)
    x = torch.randn(2, 4)
    torch.testing.assert_close(head(whole.layers[1](x)), whole(x))


def test_output_that_does_not_follow_from_the_inputs_is_refused():
    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    with pytest.raises(keras.Invalid, match="outputs that follow from the inputs"):
        keras.Model(a, layers.Dense(1)(b))


def test_two_layers_of_one_name_are_refused():
    inputs = keras.Input((2,))
    x = layers.Dense(2, name="same")(inputs)
    with pytest.raises(keras.Invalid, match="a name of its own for every layer"):
        keras.Model(inputs, layers.Dense(2, name="same")(x))


def test_sequential_builds_at_the_first_data():
    model = keras.Sequential([layers.Dense(4, activation="relu"), layers.Dense(2)])
    assert not model.built
    assert model(torch.randn(3, 5)).shape == (3, 2)
    assert [tuple(w.shape) for w in model.weights] == [(5, 4), (4,), (4, 2), (2,)]


def test_sequential_takes_input_shape_of_older_code():
    model = keras.Sequential([layers.Dense(4, input_shape=(5,)), layers.Dense(2)])
    assert model.built
    assert model.input_shape == (None, 5)


def test_sequential_add_and_pop_keep_the_graph_up_to_date():
    model = keras.Sequential([keras.Input((5,)), layers.Dense(4)])
    model.add(layers.Dense(3))
    assert model.output_shape == (None, 3)
    model.pop()
    assert model.output_shape == (None, 4)


def test_class_instead_of_layer_is_told_to_be_called():
    with pytest.raises(keras.Invalid, match="with brackets"):
        keras.Sequential([layers.Flatten])


def test_subclassed_model_builds_lists_of_layers_and_passes_training_on():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.steps = [layers.Dense(4) for _ in range(2)]
            self.drop = layers.Dropout(0.5)

        def call(self, x):
            for step in self.steps:
                x = step(x)
            return self.drop(x)

    net = Net()
    x = torch.ones(64, 3)
    assert (net(x, training=False) == 0).sum() == 0
    assert (net(x, training=True) == 0).any()
    assert len(net.weights) == 4
    assert len(list(net.parameters())) == 4


def test_subclass_may_start_as_a_graph():
    class Net(keras.Model):
        def __init__(self, units):
            inputs = keras.Input((3,))
            super().__init__(inputs=inputs, outputs=layers.Dense(units)(inputs))

    net = Net(2)
    assert isinstance(net, keras.Functional)
    assert net(torch.ones(1, 3)).shape == (1, 2)


def test_layer_says_its_name_and_inputs_when_torch_fails_in_it():
    class Broken(layers.Layer):
        def call(self, x):
            return x @ x

    with pytest.raises(RuntimeError, match=r'In Broken "broken.*", called with inputs of shape \(2, 3\)'):
        Broken(name="broken_one")(torch.ones(2, 3))


def test_frozen_layer_has_no_trainable_variables_and_no_gradient():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(2)(layers.Dense(3)(inputs)))
    model.layers[1].trainable = False
    assert len(model.trainable_variables) == 2
    model(torch.ones(1, 4)).sum().backward()
    assert model.layers[1].kernel.grad is None
    model.layers[1].trainable = True
    assert len(model.trainable_variables) == 4


def test_copies_and_pickles_compute_the_same_with_weights_of_their_own():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(2)(layers.Dense(3, activation="relu")(inputs)))
    x = torch.randn(5, 4)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(other(x), model(x))
        assert other.weights[0] is not model.weights[0]
        assert other.weights[0] is other.layers[1].kernel


def test_clone_has_the_structure_and_new_weights():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Add()([layers.Dense(4)(inputs), inputs]))
    clone = keras.models.clone_model(model)
    assert not torch.equal(clone.weights[0], model.weights[0])
    clone.set_weights(model.get_weights())
    x = torch.randn(2, 4)
    assert torch.equal(clone(x), model(x))


def test_state_dict_moves_between_models():
    def make():
        inputs = keras.Input((4,), name="in")
        return keras.Model(inputs, layers.Dense(2, name="out")(inputs))

    first, second = make(), make()
    second.load_state_dict(first.state_dict())
    x = torch.randn(3, 4)
    assert torch.equal(first(x), second(x))


def test_set_weights_refuses_wrong_shapes_and_changes_nothing():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    before = model.get_weights()
    with pytest.raises(keras.Invalid, match=r"shape \(2,\) for `bias`"):
        model.set_weights([before[0] * 0, before[1][:1]])
    assert (model.get_weights()[0] == before[0]).all()


def test_summary_lists_layers_shapes_and_totals(capsys):
    inputs = keras.Input((28, 28, 1))
    x = layers.Flatten()(layers.Conv2D(4, 3)(inputs))
    keras.Model(inputs, layers.Dense(10)(x), name="net").summary()
    text = capsys.readouterr().out
    assert 'Model: "net"' in text
    assert "(None, 26, 26, 4)" in text
    assert "Total params: 27,090" in text
    assert "\x1b" not in text


def test_summary_has_a_line_for_each_operation(capsys):
    inputs = keras.Input((4, 6), name="words")
    x = torch.nn.functional.gelu(keras.ops.moveaxis(inputs / 2, 1, -1))
    keras.Model(inputs, layers.Add(name="sum")([x, x])).summary(show_trainable=True)
    lines = [line.split("│")[1:6] for line in capsys.readouterr().out.splitlines() if "│" in line]
    assert [[part.strip() for part in line] for line in lines] == [
        ["words (InputLayer)", "(None, 4, 6)", "0", "-", "-"],
        ["true_divide (TrueDivide)", "(None, 4, 6)", "0", "words[0]", "-"],
        ["moveaxis (Moveaxis)", "(None, 6, 4)", "0", "true_divide[0]", "-"],
        ["gelu (Gelu)", "(None, 6, 4)", "0", "moveaxis[0]", "-"],
        ["sum (Add)", "(None, 6, 4)", "0", "gelu[0], gelu[0]", "-"],
    ]


def test_summary_of_a_model_without_inputs_yet_has_its_layers(capsys):
    keras.Sequential([layers.Dense(2, name="head")]).summary()
    line = next(line for line in capsys.readouterr().out.splitlines() if "head" in line)
    assert [part.strip() for part in line.split("│")[1:-1]] == ["head (Dense)", "?", "0 (unbuilt)"]


def test_get_layer_names_the_near_miss():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2, name="head")])
    assert model.get_layer("head") is model.layers[0]
    with pytest.raises(keras.Invalid, match="Did you mean 'head'"):
        model.get_layer("haed")


def test_mixed_precision_policy_of_a_layer_casts_inputs_and_weights():
    layer = layers.Dense(3, dtype="mixed_float16")
    assert layer(torch.ones(2, 4)).dtype == torch.float16
    assert layer.kernel.dtype == torch.float32


def test_add_loss_and_regularizers_are_in_losses():
    class Penalty(layers.Layer):
        def call(self, x):
            self.add_loss(x.sum())
            return x

    inputs = keras.Input((2,))
    model = keras.Model(inputs, Penalty()(layers.Dense(2, kernel_regularizer="l2")(inputs)))
    model(torch.ones(1, 2))
    model(torch.ones(1, 2))
    assert len(model.losses) == 2


def test_one_call_of_a_built_layer_takes_few_python_calls():
    import sys

    layer = layers.Dense(3, activation="relu")
    x = torch.ones(2, 4)
    layer(x)
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += event == "call"

    sys.setprofile(trace)
    try:
        layer(x)
    finally:
        sys.setprofile(None)
    assert count <= 21  # 20, and this one


def test_frozen_layer_stays_frozen_in_a_model():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(2)(layers.Dense(3, trainable=False)(inputs)))
    stack = keras.Sequential([keras.Input((4,)), layers.Dense(3, trainable=False), layers.Dense(2)])
    assert [layer.trainable for layer in model.layers[1:]] == [False, True]
    assert len(stack.trainable_variables) == 2


def test_argument_changed_after_the_first_call_reaches_the_plan():
    inputs = keras.Input((100,))
    model = keras.Model(inputs, layers.Dropout(0.5)(inputs))
    x = torch.ones(4, 100)
    assert (model(x, training=True) == 0).any()
    model.layers[1].rate = 0.0
    assert torch.equal(model(x, training=True), x)


def test_dicts_of_inputs_and_outputs_go_by_sorted_keys_as_in_keras():
    left, right = keras.Input((3,), name="left"), keras.Input((4,), name="right")
    first, second = layers.Dense(2, name="first")(left), layers.Dense(5, name="second")(right)
    model = keras.Model({"z": left, "a": right}, {"y": first, "b": second})
    assert model.input_names == ["right", "left"]
    assert model.output_names == ["second", "first"]
    assert [layer.name for layer in model.layers] == ["right", "left", "second", "first"]
    found = model({"z": torch.ones(2, 3), "a": torch.ones(2, 4)})
    assert {key: tuple(value.shape) for key, value in found.items()} == {"y": (2, 2), "b": (2, 5)}
    assert [
        tuple(value.shape) for value in model.predict([torch.ones((2, 4)), torch.ones((2, 3))], verbose=0).values()
    ] == [
        (2, 2),
        (2, 5),
    ]


def test_a_sequential_of_built_models_is_built():
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    assert keras.Sequential([inner, layers.Dense(4)]).output_shape == (None, 4)
    late = keras.Sequential([layers.Dense(2)])
    assert not keras.Sequential([late, layers.Dense(4)]).built


@pytest.mark.parametrize("name", ["input", "output"])
@pytest.mark.parametrize("make", [lambda: layers.Dense(1), lambda: keras.Sequential([layers.Dense(1)])])
def test_what_comes_with_the_first_call_is_not_there_before(make, name):
    thing = make()
    assert not hasattr(thing, name)
    with pytest.raises(keras.Invalid, match="got"):
        getattr(thing, name)


def test_an_own_property_says_itself_why_it_has_no_value():
    class Own(layers.Layer):
        @property
        def scale(self):
            return self.factor * 2

    with pytest.raises(AttributeError, match="factor"):
        Own().scale  # noqa: B018
