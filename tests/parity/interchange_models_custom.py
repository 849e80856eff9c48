"""Models with classes and functions of one's own: registered, given when loading, or written as weights only."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import numpy as np

from .interchange_table import exchanged


@functools.cache
def own(k: Any) -> SimpleNamespace:  # noqa: C901  a list of classes, none of which is complex
    """The classes and functions, made on either package; those with a package are registered."""
    registered = k.saving.register_keras_serializable

    class Scale(k.layers.Layer):
        """Multiplies by a weight of its own."""

        def __init__(self, start: float = 1.0, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.start = start

        def build(self, input_shape: Any) -> None:
            starting = k.initializers.Constant(self.start)
            self.scale = self.add_weight(shape=(input_shape[-1],), initializer=starting, name="scale")

        def call(self, inputs: Any) -> Any:
            return inputs * self.scale

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "start": self.start}

    @registered("interchange")
    class Gate(k.layers.Layer):
        """Has layers of its own, in attributes, a list and a dict."""

        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.gate = k.layers.Dense(units, "sigmoid", name="gate")
            self.steps = [k.layers.Dense(units, name="one"), k.layers.Dense(units, name="two")]
            self.named = {"last": k.layers.Dense(units, name="z"), "first": k.layers.BatchNormalization(name="a")}

        def build(self, input_shape: Any) -> None:
            self.gate.build(input_shape)
            self.named["first"].build(input_shape)
            self.steps[0].build(input_shape)
            for layer in (self.steps[1], self.named["last"]):
                layer.build((*input_shape[:-1], self.units))

        def call(self, inputs: Any, training: Any = None) -> Any:
            x = self.named["first"](inputs, training=training)
            for step in self.steps:
                x = k.ops.relu(step(x))
            return self.named["last"](x) * self.gate(inputs)

        def compute_output_shape(self, input_shape: Any) -> Any:
            return (*input_shape[:-1], self.units)

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    @registered("interchange")
    class Doubled(k.layers.Wrapper):
        """Calls another layer and adds what went in."""

        def call(self, inputs: Any) -> Any:
            return self.layer(inputs) + inputs

    class Cell(k.layers.Layer):
        """A cell of a recurrent layer."""

        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = self.state_size = self.output_size = units

        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")

        def call(self, inputs: Any, states: Any) -> Any:
            h = k.ops.tanh(k.ops.matmul(inputs, self.kernel) + states[0])
            return h, [h]

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    class Network(k.Model):
        """A subclassed model: layers in attributes, lists, dicts, and a model inside."""

        def __init__(self, units: int = 3, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.first = k.layers.Dense(units, "relu", name="first")
            self.blocks = [Gate(units, name="gate"), Scale(0.5, name="scale")]
            self.inner = k.Sequential([k.layers.Dense(units, name="in"), k.layers.Dense(2, name="out")], name="inner")
            self.again = self.first

        def call(self, inputs: Any, training: Any = None) -> Any:
            x = self.first(inputs)
            x = self.blocks[0](x, training=training)
            return self.inner(self.blocks[1](x))

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    class Named(k.Model):
        """A Functional with a class of its own."""

    class Distance(k.losses.Loss):
        """A loss with an argument."""

        def __init__(self, power: float = 2.0, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.power = power

        def call(self, y_true: Any, y_pred: Any) -> Any:
            return k.ops.mean(k.ops.abs(k.ops.subtract(y_true, y_pred)) ** self.power, axis=-1)

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "power": self.power}

    @registered("interchange")
    class Largest(k.metrics.Metric):
        """A metric with a variable."""

        def __init__(self, name: str = "largest", **kwargs: Any) -> None:
            super().__init__(name=name, **kwargs)
            self.most = self.add_variable(shape=(), initializer="zeros", name="most")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.most.assign(k.ops.maximum(self.most, k.ops.max(k.ops.abs(k.ops.subtract(y_true, y_pred)))))

        def result(self) -> Any:
            return self.most

    class Starting(k.initializers.Initializer):
        """An initializer with an argument."""

        def __init__(self, value: float) -> None:
            self.value = value

        def __call__(self, shape: Any, dtype: Any = None) -> Any:
            return k.ops.full(shape, self.value, dtype=dtype or "float32")

        def get_config(self) -> dict[str, Any]:
            return {"value": self.value}

    @registered("interchange")
    class Fourth(k.regularizers.Regularizer):
        """A regularizer."""

        def __call__(self, x: Any) -> Any:
            return 0.01 * k.ops.sum(x**4)

        def get_config(self) -> dict[str, Any]:
            return {}

    @registered("interchange")
    class Halved(k.constraints.Constraint):
        """A constraint."""

        def __call__(self, w: Any) -> Any:
            return k.ops.clip(w, -0.5, 0.5)

    @registered("interchange")
    class Slower(k.optimizers.schedules.LearningRateSchedule):
        """A schedule."""

        def __init__(self, rate: float) -> None:
            self.rate = rate

        def __call__(self, step: Any) -> Any:
            return self.rate / (1.0 + k.ops.cast(step, "float32"))

        def get_config(self) -> dict[str, Any]:
            return {"rate": self.rate}

    @registered("interchange", name="bent")
    def bent(x: Any) -> Any:
        return k.ops.where(x > 0, x, 0.3 * x)

    def wavy(x: Any) -> Any:
        return k.ops.sin(x) + x

    @registered("interchange", name="apart")
    def apart(y_true: Any, y_pred: Any) -> Any:
        return k.ops.mean(k.ops.square(k.ops.subtract(y_true, y_pred)), axis=-1)

    return SimpleNamespace(**{name: thing for name, thing in locals().items() if name not in ("k", "registered")})


def given(*names: str) -> Any:
    """What to load with: things of one's own, by name; others are registered by then."""

    def things(k: Any) -> dict[str, Any]:
        mine = own(k)
        return {name: getattr(mine, name) for name in names}

    return things


@exchanged(objects=given("Scale"))
def layer_given_when_loading(k: Any) -> Any:
    scale = own(k).Scale(2.0, name="scale")
    x = k.Input((3,), name="x")
    return k.Model(x, scale(k.layers.Dense(3)(scale(x))), name="scaled")


@exchanged(objects=given())
def layer_with_layers(k: Any) -> Any:
    return k.Sequential([k.Input((3,)), own(k).Gate(4, name="gate"), k.layers.Dense(1)], name="gated")


@exchanged(objects=given())
def wrapper_of_ones_own(k: Any) -> Any:
    x = k.Input((3,), name="x")
    return k.Model(x, own(k).Doubled(k.layers.Dense(3, "tanh", name="inside"), name="doubled")(x), name="doubling")


@exchanged(objects=given("Cell"))
def cell_of_ones_own(k: Any) -> Any:
    x = k.Input((4, 3), name="x")
    return k.Model(x, k.layers.RNN(own(k).Cell(2, name="cell"), return_sequences=True)(x), name="celled")


@exchanged(objects=given())
def registered_functions(k: Any) -> Any:
    of, mine = k.layers, own(k)
    dense = of.Dense(3, mine.bent, kernel_regularizer=mine.Fourth(), kernel_constraint=mine.Halved())
    return k.Sequential([k.Input((3,)), dense, of.Activation(mine.bent)], name="functions")


@exchanged(objects=given("wavy", "Starting"))
def functions_given_when_loading(k: Any) -> Any:
    mine = own(k)
    dense = k.layers.Dense(3, mine.wavy, kernel_initializer=mine.Starting(0.2))
    return k.Sequential([k.Input((3,)), dense], name="given")


@exchanged(objects=given())
def lambda_by_registered_name(k: Any) -> Any:
    x = k.Input((3,), name="x")
    return k.Model(x, k.layers.Lambda(own(k).bent, output_shape=(3,), name="bend")(k.layers.Dense(3)(x)), name="lambda")


@exchanged(compiled=True, objects=given("Distance"))
def losses_and_metrics_of_ones_own(k: Any) -> Any:
    mine = own(k)
    model = k.Sequential([k.Input((3,)), k.layers.Dense(2)], name="judged")
    model.compile(k.optimizers.SGD(mine.Slower(0.1)), mine.Distance(3.0), metrics=[mine.Largest(), mine.apart])
    return model


@exchanged(compiled=True, objects=given())
def loss_that_is_a_function(k: Any) -> Any:
    model = k.Sequential([k.Input((3,)), k.layers.Dense(2)], name="by_function")
    model.compile("adam", own(k).apart, metrics=[own(k).apart, "mae"])
    return model


@exchanged(inputs=(4,), objects=given("Network", "Scale"))
def subclassed(k: Any) -> Any:
    return own(k).Network(3, name="network")


@exchanged(inputs=(4,), objects=given("Network", "Scale"))
def subclassed_inside(k: Any) -> Any:
    return k.Sequential([own(k).Network(2, name="network"), k.layers.Dense(1, name="top")], name="outside")


@exchanged(objects=given("Named"))
def functional_with_a_class(k: Any) -> Any:
    x = k.Input((3,), name="x")
    return own(k).Named(x, k.layers.Dense(2)(x), name="named")


@exchanged(objects=given())
def numbers_in_a_custom_call(k: Any) -> Any:
    x = k.Input((3,), name="x")
    y = k.layers.Dense(3)(x)
    return k.Model(x, k.ops.matmul(y, np.full((3, 2), 0.5, "float32")) + own(k).bent(y)[:, :2], name="mixed_in")
