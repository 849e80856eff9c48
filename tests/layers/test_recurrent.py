"""What the recurrent layers promise beyond equal numbers."""

import pytest
import torch

from kerasviz.declare import Invalid
from kerasviz.layers.bidirectional import Bidirectional
from kerasviz.layers.gru import GRU, GatedPass
from kerasviz.layers.lstm import LSTM, LSTMCell
from kerasviz.layers.recurrent import RNN
from kerasviz.layers.recurrent_cells import Packed
from kerasviz.layers.simple_rnn import SimpleRNN

LAYERS = [LSTM, GRU, SimpleRNN]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("shape", [(None, 28), (None, 28, 28, 1), (3,)])
def test_inputs_without_a_time_axis_are_refused_in_words(layer, shape):
    with pytest.raises(Invalid, match=r"expected inputs \(batch, time, features\)"):
        layer(4).compute_output_shape(shape)
    with pytest.raises(Invalid, match=r"expected inputs \(batch, time, features\)"):
        layer(4)(torch.zeros([2 if n is None else n for n in shape]))


@pytest.mark.parametrize("layer", LAYERS)
def test_shapes_are_known_without_weights(layer):
    made = layer(4, return_sequences=True, return_state=True)
    states = 2 if layer is LSTM else 1
    assert made.compute_output_shape((None, None, 3)) == [(None, None, 4), *[(None, 4)] * states]
    assert not made.built


def test_the_forget_gate_starts_open():
    layer = LSTM(2)
    layer.build((None, None, 3))
    assert layer.cell.bias.tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
    closed = LSTM(2, unit_forget_bias=False)
    closed.build((None, None, 3))
    assert closed.cell.bias.abs().sum() == 0


@pytest.mark.parametrize("options", [{"dropout": 0.5}, {"recurrent_dropout": 0.5}])
@pytest.mark.parametrize("layer", LAYERS)
def test_dropout_acts_in_training_only(layer, options):
    made = layer(8, **options)
    inputs = torch.randn(8, 5, 16)
    assert torch.equal(made(inputs), made(inputs))
    assert not torch.equal(made(inputs, training=True), made(inputs, training=True))


@pytest.mark.parametrize("layer", LAYERS)
def test_a_seed_brings_the_same_dropout_again(layer):
    one, other = (layer(8, dropout=0.5, recurrent_dropout=0.2, seed=3) for _ in range(2))
    inputs = torch.randn(8, 5, 16)
    one.build(inputs.shape)
    other.build(inputs.shape)
    other.set_weights(one.get_weights())
    assert torch.equal(one(inputs, training=True), other(inputs, training=True))


@pytest.mark.parametrize("layer", LAYERS)
def test_a_dropped_feature_is_dropped_at_every_moment(layer):
    cell = layer(8, dropout=0.5).cell
    masks = cell.drawn(0.5, (2, 3), torch.zeros(2, 5, 3), training=True)
    assert len(masks) == 1
    assert set(masks[0].flatten().tolist()) <= {0.0, 2.0}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_batch_of_another_size_needs_reset_state_when_stateful(layer):
    made = layer(4, stateful=True)
    made(torch.zeros(2, 5, 3))
    with pytest.raises(Invalid, match="batches of 2"):
        made(torch.zeros(3, 5, 3))
    made.reset_state()
    made(torch.zeros(3, 5, 3))


def test_wrong_number_of_initial_states_is_refused():
    with pytest.raises(Invalid, match="2 initial states"):
        LSTM(4)(torch.zeros(2, 5, 3), initial_state=[torch.zeros(2, 4)])


def test_the_hand_written_backward_pass_of_gru_is_the_derivative():
    torch.manual_seed(0)
    shapes = [(4, 3, 6), (3, 2), (2, 6), (6,)]
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    assert torch.autograd.gradcheck(GatedPass.apply, inputs)


@pytest.mark.parametrize("layer", [LSTM, GRU])
def test_the_fused_pass_equals_the_steps(layer):
    torch.manual_seed(0)
    made = layer(4, return_sequences=True, return_state=True)
    inputs = torch.randn(3, 6, 2)
    mask = torch.rand(3, 6) > 0.4
    fused = made(inputs, mask=mask)
    made.cell.fusible = lambda *given: False
    for one, other in zip(fused, made(inputs, mask=mask), strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)


def test_torchs_gru_for_accelerators_equals_the_pass_for_the_cpu():
    torch.manual_seed(0)
    layer = GRU(4, return_sequences=True, return_state=True)
    inputs, mask = torch.randn(3, 6, 2), torch.rand(3, 6) > 0.4
    outputs, state = layer(inputs, mask=mask)
    with torch.no_grad():
        got, states = layer.cell.on_device(inputs, torch.zeros(3, 4), mask, False)
    torch.testing.assert_close(got, outputs)
    torch.testing.assert_close(states[0], state)


def test_packing_brings_valid_moments_to_the_front_in_order():
    mask = torch.tensor([[False, True, False, True], [True, True, False, False]])
    sequences = torch.arange(8.0).reshape(2, 4, 1)
    packed = Packed(mask)
    assert packed.pack(sequences)[0, :2, 0].tolist() == [1, 3]
    assert packed.padding.tolist() == [[False, False, True, True]] * 2
    assert packed.unpack(packed.pack(sequences), False)[..., 0].tolist() == [[0, 1, 1, 3], [4, 5, 5, 5]]
    assert packed.unpack(packed.pack(sequences), True)[..., 0].tolist() == [[0, 1, 0, 3], [4, 5, 0, 0]]


class Doubling(LSTMCell):
    """A cell with a step of its own."""

    def call(self, inputs, states, training=False):
        output, new = super().call(inputs, states, training)
        return 2 * output, new


def test_a_subclassed_cell_keeps_its_own_step():
    torch.manual_seed(0)
    cell, plain = Doubling(4), LSTMCell(4)
    inputs = torch.randn(2, 5, 3)
    doubled = RNN(cell)
    doubled.build(inputs.shape)
    plain.build((2, 3))
    plain.set_weights(cell.get_weights())
    torch.testing.assert_close(doubled(inputs), 2 * RNN(plain)(inputs))


class Sum:
    """A cell that is no layer."""

    state_size = 3

    def __call__(self, inputs, states):
        total = inputs + states[0]
        return total, [total]


def test_rnn_takes_any_cell_with_a_state_size():
    outputs = RNN(Sum(), return_sequences=True)(torch.ones(1, 3, 3))
    assert outputs[0, :, 0].tolist() == [1, 2, 3]


def test_rnn_refuses_what_cannot_step():
    with pytest.raises(Invalid, match="state_size"):
        RNN(LSTM(3))


def test_bidirectional_starts_from_given_weights():
    source = Bidirectional(LSTM(3))
    source.build((None, 4, 2))
    made = Bidirectional(LSTM(3), weights=source.get_weights())
    inputs = torch.randn(2, 4, 2)
    torch.testing.assert_close(made(inputs), source(inputs))


def test_bidirectional_refuses_layers_that_read_the_same_way():
    with pytest.raises(Invalid, match="go_backwards=True"):
        Bidirectional(LSTM(3), backward_layer=LSTM(3))


def test_bidirectional_refuses_what_is_not_recurrent():
    with pytest.raises(Invalid, match="a recurrent layer"):
        Bidirectional(Bidirectional(LSTM(3)).forward_layer.cell)


def test_sums_of_unequal_widths_are_refused():
    layer = Bidirectional(LSTM(3), merge_mode="sum", backward_layer=LSTM(4, go_backwards=True))
    with pytest.raises(Invalid, match="equal shape"):
        layer.compute_output_shape((None, 4, 2))


def test_bidirectional_config_makes_an_equal_layer():
    layer = Bidirectional(GRU(3, return_sequences=True), merge_mode="mul", name="both")
    again = Bidirectional.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert "weights" not in layer.get_config()


@pytest.mark.parametrize("layer", LAYERS)
def test_a_frozen_layer_has_frozen_weights(layer):
    made = layer(3, trainable=False)
    made.build((None, 4, 2))
    assert made.trainable_variables == []
    assert not any(p.requires_grad for p in made.parameters())


@pytest.mark.parametrize("layer", LAYERS)
def test_half_precision_runs(layer):
    made = layer(3, dtype="mixed_bfloat16")
    assert made(torch.randn(2, 4, 2)).dtype == torch.bfloat16
    assert made.cell.kernel.dtype == torch.float32


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        (LSTM(3), "LSTM(3)"),
        (Bidirectional(LSTM(3)), "Bidirectional(layers.LSTM(3))"),
        (
            Bidirectional(GRU(3, return_sequences=True), merge_mode="sum"),
            'Bidirectional(layers.GRU(3, return_sequences=True), merge_mode="sum")',
        ),
        (
            Bidirectional(LSTM(3), backward_layer=GRU(4, go_backwards=True)),
            "Bidirectional(layers.LSTM(3), backward_layer=layers.GRU(4, go_backwards=True))",
        ),
        (RNN(LSTMCell(3)), "RNN(layers.LSTMCell(3))"),
    ],
)
def test_the_source_shows_what_was_given(layer, source):
    assert layer.source() == source
    assert type(layer).from_config(layer.get_config()).source() == source


@pytest.mark.parametrize("cls", [LSTM, GRU, SimpleRNN])
def test_every_recurrent_layer_is_an_rnn_and_takes_no_cell(cls):
    layer = cls(4)
    assert isinstance(layer, RNN)
    assert "cell" not in layer.get_config()
    with pytest.raises(TypeError, match="cell"):
        cls(4, cell=None)
