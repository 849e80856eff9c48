import pytest
import torch

import kerasviz
from kerasviz import Invalid, Operation, layers


class Scaled(Operation):
    def __init__(self, factor, name=None):
        super().__init__(name=name)
        self.factor = factor

    def call(self, x):
        return x * self.factor


def test_an_operation_computes_on_tensors_and_is_recorded_on_symbols():
    scaled = Scaled(3.0, name="triple")
    assert scaled(torch.ones(2)).tolist() == [3, 3]
    x = kerasviz.Input((3,))
    y = scaled(x)
    assert y.shape == (None, 3)
    assert scaled.input is x
    assert scaled.output is y
    model = kerasviz.Model(x, layers.Dense(2)(y))
    assert [operation.name for operation in model.operations][1] == "triple"
    assert model(torch.ones(2, 3)).shape == (2, 2)
    scaled(x)
    with pytest.raises(Invalid, match="one call"):
        scaled.input  # noqa: B018


def test_an_operation_goes_through_its_config():
    config = Scaled(3.0, name="a").get_config()
    assert config == {"name": "a", "factor": 3.0}
    assert Scaled.from_config(config).factor == 3.0


def test_an_argument_that_was_not_kept_is_named():
    class Lost(Operation):
        def __init__(self, factor):
            super().__init__()

    with pytest.raises(Invalid, match=r"self\.factor"):
        Lost(2).get_config()


def test_names_are_made_and_checked():
    kerasviz.backend.clear_session()
    assert [Scaled(1).name, Scaled(1).name] == ["scaled", "scaled_1"]
    for wrong in ("a/b", 3):
        with pytest.raises(Invalid):
            Operation(name=wrong)


def test_what_a_subclass_must_write_is_said():
    with pytest.raises(NotImplementedError):
        Operation()(torch.ones(1))
    with pytest.raises(NotImplementedError):
        Operation().quantized_call(torch.ones(1))


def test_layers_and_models_are_operations():
    assert isinstance(layers.Dense(1), Operation)
    x = kerasviz.Input((2,))
    assert isinstance(kerasviz.Model(x, layers.Dense(1)(x)), (Operation, kerasviz.Function))


def test_remat_gives_the_same_gradient():
    x = torch.linspace(0, 1, 5, requires_grad=True)
    kerasviz.remat(lambda value: value.sin().exp())(x).sum().backward()
    again = x.detach().clone().requires_grad_()
    again.sin().exp().sum().backward()
    assert torch.equal(x.grad, again.grad)
