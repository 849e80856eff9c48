"""Sequential: layers one after the other."""

from typing import Any

from torch import Tensor

from kerasviz.declare import Invalid, NotThereYet
from kerasviz.graph.plan import is_hooked
from kerasviz.layers.calling import CONTEXT
from kerasviz.layers.input import Input, InputLayer
from kerasviz.layers.layer import Layer
from kerasviz.layers.preprocessing.columns import as_texts, is_text
from kerasviz.layers.preprocessing.data_layer import DataLayer
from kerasviz.models.functional import Functional
from kerasviz.models.model import Model
from kerasviz.models.state_names import module_name
from kerasviz.tensors import KerasTensor, map_leaves


class Sequential(Model):
    """A stack of layers, each fed by the one before.

    It is built when the shape of its input is known: from an `Input`, from `build`, or from the first data.

    Args:
        layers: to begin with.
        trainable: whether the optimizer updates the weights.
        name: of the model.
    """

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        Layer.__init__(self, name=name)
        self.__dict__.update(_stack=[], _functional=None)
        for layer in layers or ():
            self.add(layer, rebuild=False)
        self._rebuild()
        if not trainable:
            self.trainable = False

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer on top."""
        if isinstance(layer, KerasTensor) and isinstance(getattr(layer.node, "operation", None), InputLayer):
            layer = layer.node.operation  # type: ignore[union-attr]
        if not isinstance(layer, Layer):
            layer = self._wrapped(layer)
        if isinstance(layer, InputLayer) and self._stack:
            hint = "An Input can only be the first."
            raise Invalid(f'Sequential "{self.name}".add', "a layer", f"a second Input `{layer.name}`", hint)
        if any(other.name == layer.name for other in self._stack):
            raise Invalid(f'Sequential "{self.name}".add', "a name of its own for every layer", layer.name)
        given = layer.__dict__.get("_given_input_shape")
        if not self._stack and given is not None and not isinstance(layer, InputLayer):
            self._push(InputLayer(batch_shape=given))
        elif not self._stack and (isinstance(layer, Functional) or vars(layer).get("_functional") is not None):
            self._push(InputLayer(batch_shape=layer.inputs[0].shape, dtype=layer.inputs[0].dtype))
        self._push(layer)
        if rebuild:
            self._rebuild()

    def _wrapped(self, module: Any) -> Layer:
        from torch import nn

        if isinstance(module, nn.Module):
            from kerasviz.layers import TorchModuleWrapper

            return TorchModuleWrapper(module)
        hint = "Make it one: write `Dense(10)`, with brackets."
        raise Invalid(f'Sequential "{self.name}".add', "a layer", module, hint)

    def _push(self, layer: Layer) -> None:
        self._stack.append(layer)
        self._modules[module_name(layer, self._modules)] = layer

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the last layer off."""
        if not self._stack:
            raise Invalid(f'Sequential "{self.name}".pop', "at least one layer", "none")
        layer = self._stack.pop()
        del self._modules[module_name(layer, self._modules)]
        self.__dict__["_functional"] = None
        self.built = False
        if rebuild:
            self._rebuild()
        return layer

    def _rebuild(self) -> None:
        self.__dict__["_functional"] = None
        self.built = False
        if self._stack and isinstance(self._stack[0], InputLayer):
            self._connect(self._stack[0].output)

    def _connect(self, inputs: KerasTensor) -> None:
        x = inputs
        with self._inside():
            for layer in self._stack:
                if not isinstance(layer, InputLayer):
                    x = layer(x)
        self.__dict__["_functional"] = Functional(inputs, x, name=self.name) if x is not inputs else None
        self.built = True

    def build(self, input_shape: Any = None) -> None:
        """Make the weights for inputs of this shape, batch included."""
        if input_shape is None or self._functional is not None:
            if self._functional is None:
                raise Invalid(f'Sequential "{self.name}".build(input_shape=...)', "a shape, as (None, 28, 28, 1)", None)
            return
        if not self._stack:
            raise Invalid(f'Sequential "{self.name}".build', "at least one layer", "none", "Add layers first.")
        self._push_first(InputLayer(batch_shape=tuple(input_shape), dtype=self.__dict__.get("_raw_dtype")))

    def _push_first(self, layer: InputLayer) -> None:
        if isinstance(self._stack[0], InputLayer):
            self._stack.pop(0)
        self._stack.insert(0, layer)
        self._connect(layer.output)

    def _needs_graph(self, inputs: Any) -> None:
        if self._functional is None:
            shape = tuple(inputs.shape)
            if self._stack and isinstance(self._stack[0], DataLayer):
                self.__dict__["_raw_dtype"] = self._stack[0].raw_dtype(inputs)
            self.build((None, *shape[1:]))

    def __getstate__(self) -> dict[str, Any]:
        """For copies and pickles: the layers alone; the graph follows from them."""
        return super().__getstate__() | {"_functional": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Connect the layers anew."""
        super().__setstate__(state)
        if self._stack and isinstance(self._stack[0], InputLayer):
            self._connect(self._stack[0].output)

    # --- what it is -------------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """Its layers, without the Input."""
        return [layer for layer in self._stack if not isinstance(layer, InputLayer)]

    def _inner_layers(self) -> list[Layer]:
        return list(self.__dict__.get("_stack", ()))

    @property
    def functional(self) -> Functional:
        """The same layers as a graph."""
        if self._functional is None:
            hint = "Begin with `keras.Input(shape)`, call `build(input_shape)`, or call it on data."
            raise NotThereYet(
                f'Sequential "{self.name}"', "a model whose input shape is known", "one not built yet", hint
            )
        return self._functional

    @property
    def graph(self) -> Any:
        """Its calls in order."""
        return self.functional.graph

    @property
    def inputs(self) -> list[KerasTensor]:
        """Its input symbol, in a list."""
        return self.functional.inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """Its output symbol, in a list."""
        return self.functional.outputs

    @property
    def input(self) -> Any:
        """Its input symbol."""
        return self.functional.input

    @property
    def output(self) -> Any:
        """Its output symbol."""
        return self.functional.output

    @property
    def input_shape(self) -> Any:
        """Shape of the input."""
        return self.functional.input_shape

    @property
    def output_shape(self) -> Any:
        """Shape of the output."""
        return self.functional.output_shape

    @property
    def input_names(self) -> list[str]:
        """Name of the input, in a list."""
        return self.functional.input_names

    @property
    def output_names(self) -> list[str]:
        """Name of the last layer, in a list."""
        return self.functional.output_names

    @property
    def operations(self) -> list[Any]:
        """Its layers as a graph has them."""
        return self.functional.operations

    @property
    def nodes(self) -> list[Any]:
        """Its calls in order."""
        return self.functional.nodes

    # --- running ----------------------------------------------------------------------------------------------------

    def inlines(self) -> bool:
        """Whether an outer plan may write this model out in place."""
        return self._functional is not None and type(self).call is Sequential.call

    def forward_function(self, training: bool) -> Any:
        """The plan, once the input shape is known."""
        if self._functional is None or not self.inlines() or self.activity_regularizer is not None:
            return lambda x: self(x, training=training)
        return self._functional.forward_function(training)

    def descent(self, weights: list[Any]) -> Any:
        """Forward pass and gradients of the weights in one function; None where autograd is needed."""
        if self._functional is None or not self.inlines() or self.activity_regularizer is not None or is_hooked(self):
            return None
        return self._functional.descent(weights)

    def flattener(self) -> Any:
        """The function from inputs to a flat sequence of them."""
        return self.functional.flattener()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call on tensors, or on symbols to add a node to a graph; plain calls go straight to the plan."""
        straight = len(args) == 1 and isinstance(args[0], Tensor) and self._functional is not None
        straight = straight and CONTEXT.depth == 0 and self.inlines() and not is_hooked(self)
        if straight and self.activity_regularizer is None:
            return self.functional(*args, **kwargs)
        return super().__call__(*args, **kwargs)

    def plan_source(self, training: bool = False) -> str:
        """The Python that runs when the model is called."""
        return self.functional.plan_source(training)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None, **kwargs: Any) -> Any:
        """Run the layers one after the other."""
        self._needs_graph(inputs)
        return self.functional.call(inputs, training=training, mask=mask)

    def _build_for(self, args: tuple, kwargs: dict[str, Any]) -> None:
        self._needs_graph(args[0] if args else next(iter(kwargs.values())))

    def _prepared(self, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        if args and not hasattr(args[0], "shape"):
            from kerasviz.tensors import convert_to_tensor

            if is_text(args[0]):
                return (as_texts(args[0], f'Sequential "{self.name}"'),), kwargs
            is_dict = isinstance(args[0], dict)
            return (map_leaves(convert_to_tensor, args[0]) if is_dict else convert_to_tensor(args[0]),), kwargs
        return args, kwargs

    def compute_output_spec(self, inputs: Any, training: bool | None = None, mask: Any = None, **kwargs: Any) -> Any:
        """The symbol for the output of a call on a symbol."""
        self._needs_graph(inputs)
        return self.functional.compute_output_spec(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the output for inputs of this shape."""
        shape = tuple(input_shape)
        for layer in self.layers:
            shape = layer.compute_output_shape(shape)
        return shape

    def get_config(self) -> dict[str, Any]:
        """Its layers in order."""
        from kerasviz.saving import serialize_keras_object

        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable, "dtype": policy_config(self)}
        config["layers"] = [serialize_keras_object(layer) for layer in self._stack]
        if self._functional is not None:
            config["build_input_shape"] = self.input_shape
        return config

    def get_build_config(self) -> dict[str, Any] | None:
        """The shape of its input, once it is known."""
        return None if self._functional is None else {"input_shape": self.input_shape}

    @classmethod
    def from_config(cls, config: Any, custom_objects: Any = None) -> "Sequential":
        """The model that `get_config` described."""
        from kerasviz.saving import deserialize_keras_object

        model = cls(name=config.get("name"))
        for layer in config["layers"]:
            model.add(deserialize_keras_object(layer, custom_objects=custom_objects), rebuild=False)
        model._rebuild()
        shape = config.get("build_input_shape")
        if model._functional is None and shape is not None and model._stack:
            model.build(tuple(shape))
        if not config.get("trainable", True):
            model.trainable = False
        return model


def policy_config(layer: Layer) -> Any:
    """The policy as configs have it."""
    from kerasviz.declare import family

    return family("dtype_policy").serialize(layer.dtype_policy)


__all__ = ["Input", "Sequential"]
