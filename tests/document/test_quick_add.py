"""The quick-add language: what it makes, and where it says a mistake is."""

import pytest

from kerasviz.document.document import Document
from kerasviz.document.patch import apply
from kerasviz.document.quick_plan import completions, plan, quick_add, suggest
from kerasviz.document.quick_text import QuickAddError


def kinds(text):
    made = plan(Document(), text, after=None)
    assert made.error is None, made.error
    return [(layer["kind"], layer["args"]) for layer in made.layers]


def test_the_chain_of_the_quickstart():
    text = "conv 32 3 relu > pool > conv 64 3 relu > pool > flatten > dropout 0.5 > dense 10 softmax"
    assert kinds(text) == [
        ("Conv2D", {"filters": 32, "kernel_size": 3, "activation": "relu"}),
        ("MaxPooling2D", {}),
        ("Conv2D", {"filters": 64, "kernel_size": 3, "activation": "relu"}),
        ("MaxPooling2D", {}),
        ("Flatten", {}),
        ("Dropout", {"rate": 0.5}),
        ("Dense", {"units": 10, "activation": "softmax"}),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "args"),
    [
        ("dense 10", "Dense", {"units": 10}),
        ("Dense 10 activation=relu", "Dense", {"units": 10, "activation": "relu"}),
        (
            "conv 8 3x5 s=2 same nobias",
            "Conv2D",
            {"filters": 8, "kernel_size": [3, 5], "strides": 2, "padding": "same", "use_bias": False},
        ),
        ("conv 8 (3, 5)", "Conv2D", {"filters": 8, "kernel_size": [3, 5]}),
        ("conv2d 8 kernel=5", "Conv2D", {"filters": 8, "kernel_size": 5}),
        ("conv1d 8 3 causal", "Conv1D", {"filters": 8, "kernel_size": 3, "padding": "causal"}),
        ("MaxPool2D 3", "MaxPooling2D", {"pool_size": 3}),
        ("lstm 128 seq", "LSTM", {"units": 128, "return_sequences": True}),
        ("lstm 8 tanh", "LSTM", {"units": 8}),
        ("in 28 28 1", "Input", {"shape": [28, 28, 1]}),
        ("in ? 8 int32", "Input", {"shape": [None, 8], "dtype": "int32"}),
        ("reshape 7 7 16", "Reshape", {"target_shape": [7, 7, 16]}),
        ("embed 10000 64", "Embedding", {"input_dim": 10000, "output_dim": 64}),
        ("tanh", "Activation", {"activation": "tanh"}),
        ("relu", "ReLU", {}),
        ("rescale 1/255", "Rescaling", {"scale": 1 / 255}),
        ("bn momentum=0.9", "BatchNormalization", {"momentum": 0.9}),
        ("dense 4 he_normal", "Dense", {"units": 4, "kernel_initializer": "he_normal"}),
        ("dense 4 frozen", "Dense", {"units": 4, "trainable": False}),
    ],
)
def test_words_bind_to_their_arguments(text, kind, args):
    assert kinds(text) == [(kind, args)]


def test_the_rank_of_the_tensor_chooses_the_class():
    assert [kind for kind, _ in kinds("in 100 8 > conv 16 3 > pool > gap")][1:] == [
        "Conv1D",
        "MaxPooling1D",
        "GlobalAveragePooling1D",
    ]
    assert [kind for kind, _ in kinds("in 8 8 8 1 > conv 4 3 > pool")][1:] == ["Conv3D", "MaxPooling3D"]


def test_tags_make_a_skip_connection(drawn):
    document = drawn("in 8 8 16 > @a > conv 16 3 same > bn > add @a > relu")
    assert document.calls["add"]["inputs"] == [["batch_normalization", 0], ["input", 0]]


def test_a_tag_behind_a_layer_names_its_output_and_alone_takes_it_up(drawn):
    document = drawn("in 8 > dense 4 @a > dense 3 @b > @a > dense 2 > concat @b")
    assert document.calls["dense_2"]["inputs"] == [["dense", 0]]
    assert document.calls["concatenate"]["inputs"] == [["dense_2", 0], ["dense_1", 0]]


def test_a_tag_can_be_the_name_of_a_layer_that_is_there(drawn):
    document = drawn("in 8 > dense 8 relu")
    document, _ = apply(document, quick_add(document, "dense 8 > add @dense"))
    assert document.calls["add"]["inputs"] == [["dense_1", 0], ["dense", 0]]


def test_attention_of_one_tensor_is_self_attention(drawn):
    assert drawn("in 10 8 > mha 2 4").calls["multi_head_attention"]["inputs"] == [["input", 0], ["input", 0]]


def test_x3_repeats_a_step():
    assert len(kinds("in 8 > dense 4 relu x3")) == 4


def test_a_name_is_that_of_the_layer(drawn):
    assert drawn("in 8 > dense 4 name=head").layers["dense"] == {
        "id": "dense",
        "kind": "Dense",
        "name": "head",
        "args": {"units": 4},
    }


@pytest.mark.parametrize(
    ("text", "start", "end", "words"),
    [
        ("in 8 > dens 10", 7, 11, "Did you mean 'dense'"),
        ("dense 10 sofmax", 9, 15, "Did you mean 'softmax'"),
        ("conv 32 3 padding=sme", 10, 21, "'same'"),
        ("conv 32 3 paddng=same", 10, 21, "Did you mean 'padding'"),
        ("dense 0", 6, 7, "at least 1"),
        ("dense", 0, 5, "needs `units`"),
        ("dense 10 relu tanh", 14, 18, "given twice"),
        ("dense 3x3", 6, 9, "one number"),
        ("> dense 10", 0, 1, "before this arrow"),
        ("dense 10 >", 9, 10, "follows this arrow"),
        ("@a > dense 10", 0, 2, "no tensor to name"),
    ],
)
def test_a_mistake_is_underlined(text, start, end, words):
    with pytest.raises(QuickAddError) as caught:
        quick_add(Document(), text, after=None)
    error = caught.value
    assert (error.start, error.end) == (start, end)
    assert words in str(error)


def test_a_preview_shows_what_stands_before_the_mistake():
    preview = plan(Document(), "in 28 28 1 > conv 32 3 > pol", after=None).preview()
    assert [layer["shape"] for layer in preview["layers"]] == [[None, 28, 28, 1], [None, 26, 26, 32]]
    assert preview["error"] == {"message": "There is no layer `pol`. Did you mean 'pool'?", "start": 25, "end": 28}


def test_a_text_is_one_step_and_begins_behind_the_only_sink(drawn):
    document = drawn("in 28 28 1 > conv 8 3")
    made = plan(document, "pool > flatten")
    after, inverse = apply(document, made.patch)
    assert after.calls["max_pooling2d"]["inputs"] == [["conv2d", 0]]
    assert apply(after, inverse)[0] == document


def test_a_text_can_go_on_a_wire(drawn):
    document = drawn("in 8 > dense 4 > dense 2")
    after, _ = apply(document, quick_add(document, "bn > relu", on=("dense_1", 0)))
    assert after.calls["dense_1"]["inputs"] == [["re_lu", 0]]
    assert after.calls["batch_normalization"]["inputs"] == [["dense", 0]]


def test_completions_fit_the_place():
    assert completions("in 28 28 1 > co")[0]["text"] == "conv"
    assert completions("in 28 28 1 > co")[0]["start"] == 13
    assert completions("conv 32 sa")[0]["text"] == "same"
    assert "padding=" in [c["text"] for c in completions("conv 32 pad")]
    assert {c["kind"] for c in suggest("pool")} >= {"MaxPooling2D"}


@pytest.mark.parametrize(
    ("text", "kind", "inside"),
    [
        ("in 4 6 > TimeDistributed dense 3 relu", "TimeDistributed", ("layer", "Dense")),
        ("in 4 6 > bidirectional gru 3 seq", "Bidirectional", ("layer", "GRU")),
        ("in 4 6 > SpectralNormalization dense 3", "SpectralNormalization", ("layer", "Dense")),
        ("in 4 6 > RNN LSTMCell 3", "RNN", ("cell", "LSTMCell")),
    ],
)
def test_the_layer_inside_stands_behind_its_wrapper(drawn, text, kind, inside):
    document = drawn(text)
    layer = next(layer for layer in document.layers.values() if layer["kind"] == kind)
    assert layer["args"][inside[0]]["class_name"] == inside[1]


@pytest.mark.parametrize("kind", ["Attention", "AdditiveAttention", "gqa 4 2 1", "mha 2 4"])
def test_every_attention_of_one_tensor_is_self_attention(drawn, kind):
    document = drawn(f"in 10 8 > {kind}")
    assert document.calls[document.order[-1]]["inputs"] == [["input", 0], ["input", 0]]


@pytest.mark.parametrize(("shape", "kind"), [("4 8 3", "ConvLSTM1D"), ("4 8 8 3", "ConvLSTM2D")])
def test_a_convolved_lstm_is_chosen_by_the_rank(drawn, shape, kind):
    assert kind in {layer["kind"] for layer in drawn(f"in {shape} > convlstm 5").layers.values()}
