"""Every promised diagnostic: found at the right call, and gone after its first fix."""

from dataclasses import replace

import numpy as np
import pytest

from kerasviz.document.document import Document
from kerasviz.document.edits import add, delete, rename, set_args, set_outputs, wire
from kerasviz.document.facts import Context, Facts
from kerasviz.document.inference import infer
from kerasviz.document.patch import apply
from kerasviz.document.problems import find_problems


def found(document, context=None):
    return find_problems(document, infer(document), context or Context())


def only(document, name, context=None):
    problems = [problem for problem in found(document, context) if problem.id == name]
    assert problems, f"no `{name}` among {[(p.id, p.message) for p in found(document, context)]}"
    return problems[0]


def after_fix(document, context, fix):
    """The document and context after a fix."""
    if fix.patch is not None:
        document, _ = apply(document, fix.patch)
    if fix.settings is not None:
        context = replace(context, settings={**context.settings, **fix.settings})
    if fix.callbacks is not None:
        changed = [{**c, "args": fix.callbacks.get(c["id"], c["args"])} for c in context.callbacks]
        context = replace(context, callbacks=changed)
    return document, context


def changed(document, *changes):
    for change in changes:
        document, _ = apply(document, change(document))
    return document


ROWS = [
    # row, text, id, severity, call
    (1, "in 784 > conv 32 3", "wrong-rank", "error", "conv2d"),
    (1, "in 28 28 > conv2d 32 3", "wrong-rank", "error", "conv2d"),
    (1, "in 28 28 1 > conv1d 32 3", "wrong-rank", "error", "conv1d"),
    (1, "in 300 > max_pooling2d", "wrong-rank", "error", "max_pooling2d"),
    (2, "in 28 28 1 > lstm 8", "wrong-rank", "error", "lstm"),
    (2, "in 28 > gru 8", "wrong-rank", "error", "gru"),
    (3, "in 10 4 > lstm 8 > lstm 8", "last-step-only", "error", "lstm"),
    (3, "in 10 4 > gru 8 > dropout 0.2 > lstm 8", "last-step-only", "error", "gru"),
    (3, "in 10 4 > bilstm 8 > lstm 8", "last-step-only", "error", "bidirectional"),
    (4, "in 28 28 8 > @a > conv 16 3 same > add @a", "channels-differ", "error", "add"),
    (4, "in 8 > @a > dense 16 > add @a", "channels-differ", "error", "add"),
    (5, "in 28 28 8 > @a > conv 8 28 > add @a", "broadcast-merge", "warning", "add"),
    (6, "in 28 28 4 > @a > conv 8 3 same > pool > concat @a", "sizes-differ", "error", "concatenate"),
    (7, "in 27 27 4 > @a > pool > up 2 > concat @a", "sizes-differ", "error", "concatenate"),
    (7, "in 28 28 4 > @a > conv 4 3 > add @a", "sizes-differ", "error", "add"),
    (8, "in 28 28 4 > add", "lonely-merge", "error", "add"),
    (9, "in 5 5 3 > conv 8 7", "kernel-too-large", "error", "conv2d"),
    (9, "in 12 12 1 > conv 8 3 > pool > conv 8 3 > pool > conv 8 3", "kernel-too-large", "error", "conv2d_2"),
    (9, "in 1 1 8 > pool 2", "kernel-too-large", "error", "max_pooling2d"),
    (10, "in 28 28 1 > conv 8 3 > dense 10", "dense-on-map", "warning", "dense"),
    (11, "in ? ? 3 > flatten > dense 10", "unknown-size", "error", "dense"),
    (12, "in 784 > reshape 10 10", "reshape-size", "error", "reshape"),
    (13, "in 20 > embed 100 8", "embedding-of-floats", "warning", "input"),
    (22, "conv 32 3 > flatten > dense 10", "disconnected", "error", "conv2d"),
    (25, "in 8 > dense 16 > dense 4", "linear-stack", "hint", "dense"),
    (26, "in 28 28 1 > conv 8 3 > bn", "bias-before-norm", "hint", "conv2d"),
    (27, "in 8 > dense 16 > dropout 0.5 > bn > dense 1", "dropout-before-norm", "warning", "dropout"),
    (27, "in 8 > dense 16 relu > dense 4 softmax > dropout 0.5", "dropout-at-end", "warning", "dropout"),
    (27, "in 8 > dense 16 softmax > dense 4", "softmax-inside", "warning", "dense"),
    (28, "in 8 > dense 1 softmax", "softmax-of-one", "warning", "dense"),
    (15, "in 10 8", "attention-one-input", "error", "multi_head_attention"),
]


@pytest.mark.parametrize(("row", "text", "name", "severity", "call"), ROWS, ids=[f"{r[0]}-{r[1][:40]}" for r in ROWS])
def test_row_is_found_at_its_call_and_its_first_fix_removes_it(drawn, row, text, name, severity, call):
    document = drawn(text)
    if row == 15:
        document = changed(
            document, lambda d: add(d, "MultiHeadAttention", {"num_heads": 2, "key_dim": 4}, after="input")
        )
    problem = only(document, name)
    assert (problem.severity, problem.call) == (severity, call)
    assert problem.message
    fixed, _ = after_fix(document, Context(), problem.fixes[0])
    assert name not in [p.id for p in found(fixed)]
    assert all(p.severity != "error" for p in found(fixed))


def problem_with_args(drawn, text, call, args, name):
    document = changed(drawn(text), lambda d: set_args(d, call, args))
    problem = only(document, name)
    fixed, _ = after_fix(document, Context(), problem.fixes[0])
    assert name not in [p.id for p in found(fixed)]
    return problem


def test_row_17_groups_that_do_not_divide_the_filters(drawn):
    problem = problem_with_args(drawn, "in 8 8 4 > conv 6 3", "conv2d", {"groups": 4}, "groups")
    assert problem.arg == "groups"
    assert [fix.label for fix in problem.fixes] == ["Set groups=2 on conv2d", "Set groups=1 on conv2d"]


def test_row_17_groups_that_do_not_divide_the_channels(drawn):
    assert problem_with_args(drawn, "in 8 8 3 > conv 6 3", "conv2d", {"groups": 2}, "groups").severity == "error"


def test_row_18_strides_with_dilation(drawn):
    args = {"strides": 2, "dilation_rate": 2}
    assert problem_with_args(drawn, "in 28 28 3 > conv 6 3", "conv2d", args, "strides-dilation").severity == "error"


def test_row_19_dot_of_axes_that_differ(drawn):
    document = drawn("in 4 8 > @a > permute 2 1 > @b > dot @a axes=1")
    problem = only(document, "dot-axes")
    fixed, _ = after_fix(document, Context(), problem.fixes[0])
    assert infer(fixed)["dot"].shapes is not None


def test_row_20_duplicate_names(drawn):
    document = changed(
        drawn("in 8 > dense 4 relu > dense 4 relu"),
        lambda d: rename(d, "dense", "a"),
        lambda d: rename(d, "dense_1", "a"),
    )
    problem = only(document, "duplicate-name")
    assert (problem.call, problem.arg) == ("dense_1", "name")
    renamed, _ = after_fix(document, Context(), problem.fixes[0])
    assert renamed.name_of("dense_1") == "a_1"
    assert not [p for p in found(renamed) if p.id == "duplicate-name"]


def test_row_20_equal_layers_can_become_one_shared_layer(drawn):
    document = changed(drawn("in 8 > dense 8 relu > dense 8 relu"), lambda d: rename(d, "dense_1", "dense"))
    fixed, _ = after_fix(document, Context(), only(document, "duplicate-name").fixes[1])
    assert fixed.calls["dense_1"]["layer"] == "dense"
    assert infer(fixed)["dense_1"].params == 0


@pytest.mark.parametrize("name", ["a/b", " "])
def test_row_21_names_that_are_not_allowed(drawn, name):
    document = changed(drawn("in 8 > dense 4"), lambda d: rename(d, "dense", name))
    problem = only(document, "bad-name")
    fixed, _ = after_fix(document, Context(), problem.fixes[0])
    assert not [p for p in found(fixed) if p.id == "bad-name"]


def test_row_22_an_island_is_blamed_as_a_whole_and_names_its_output(drawn):
    document = changed(drawn("in 8 > dense 4 relu > dense 2"), lambda d: delete(d, "dense", heal=False))
    problem = only(document, "disconnected")
    assert problem.call == "dense_1"
    assert "output dense_1 is not connected" in problem.message
    fixed, _ = after_fix(document, Context(), problem.fixes[0])
    assert fixed.calls["dense_1"]["inputs"] == [["input", 0]]


def test_row_22_a_graph_without_any_input_gets_one_of_the_datas_shape(drawn):
    document = drawn("dense 4")
    context = Context([Facts((7,), "float32")])
    fixed, _ = after_fix(document, context, only(document, "disconnected", context).fixes[0])
    assert infer(fixed)["dense"].inputs == (((None, 7), "float32"),)


def test_row_23_an_input_that_nothing_uses(drawn):
    document = changed(drawn("in 8 > dense 4"), lambda d: add(d, "Input", {"shape": [3]}))
    problem = only(document, "unused-input")
    assert problem.call == "input_1"
    fixed, _ = after_fix(document, Context(), problem.fixes[0])
    assert "input_1" not in fixed.calls


def test_row_23_a_branch_that_reaches_no_output(drawn):
    document = changed(
        drawn("in 8 > dense 4 relu"),
        lambda d: add(d, "Dense", {"units": 2}, after="input"),
        lambda d: set_outputs(d, ["dense"]),
    )
    problem = only(document, "dead-branch")
    assert problem.call == "dense_1"
    for fix in problem.fixes:
        fixed, _ = after_fix(document, Context(), fix)
        assert not [p for p in found(fixed) if p.id == "dead-branch"]


def test_row_24_a_misspelt_activation_is_recognised(drawn):
    problem = problem_with_args(drawn, "in 8 > dense 4", "dense", {"activation": "rellu"}, "bad-argument")
    assert problem.arg == "activation"
    assert problem.fixes[0].label == "Set activation='relu' on dense"


@pytest.mark.parametrize(
    ("kind", "args", "argument"),
    [
        ("Dense", {}, "units"),
        ("Conv2D", {"filters": 8}, "kernel_size"),
        ("Input", {}, "shape"),
        ("Dropout", {}, "rate"),
    ],
)
def test_a_missing_argument_is_named(kind, args, argument):
    document, _ = apply(Document(), add(Document(), kind, args))
    problem = only(document, "missing-argument")
    assert (problem.arg, problem.severity) == (argument, "error")


def test_an_unknown_argument_and_an_unknown_kind_have_near_misses():
    document, _ = apply(Document(), add(Document(), "Dense", {"units": 4, "activaton": "relu"}))
    fixed, _ = after_fix(document, Context(), only(document, "bad-argument").fixes[0])
    assert fixed.layers["dense"]["args"] == {"units": 4, "activation": "relu"}
    document, _ = apply(Document(), add(Document(), "Dens", {"units": 4}))
    fixed, _ = after_fix(document, Context(), only(document, "unknown-kind").fixes[0])
    assert fixed.kind_of("dens") == "Dense"


def settings(loss, **args):
    return {"loss": {"kind": loss, "args": args}, "metrics": [{"kind": "accuracy", "args": {}}], "batch_size": 32}


LABELS = Facts((), "int64", 0, 9, whole=True, samples=100, counts=(10,) * 10)
ONE_HOT = Facts((10,), "float32", 0, 1, whole=True, one_hot=True, samples=100)
SPARSE, DENSE = "SparseCategoricalCrossentropy", "CategoricalCrossentropy"
WITH_DATA = [
    (29, "in 8 > dense 10", SPARSE, {}, LABELS, "loss-without-softmax", "dense"),
    (
        29,
        "in 8 > dense 1",
        "binary_crossentropy",
        {},
        Facts((), "int64", 0, 1, whole=True),
        "loss-without-softmax",
        "dense",
    ),
    (30, "in 8 > dense 10 softmax", SPARSE, {"from_logits": True}, LABELS, "double-softmax", "dense"),
    (31, "in 8 > dense 10 softmax", DENSE, {}, LABELS, "labels-are-numbers", "dense"),
    (32, "in 8 > dense 10 softmax", SPARSE, {}, ONE_HOT, "labels-are-one-hot", "dense"),
    (33, "in 8 > dense 5 softmax", SPARSE, {}, LABELS, "labels-out-of-range", "dense"),
    (34, "in 8 > dense 1", "mse", {}, Facts((3,), "float32", -1, 1), "target-width", "dense"),
    (34, "in 8 > dense 3", "MeanSquaredError", {}, Facts((), "float32", -1, 1), "target-width", "dense"),
    (34, "in 8 > dense 4 softmax", DENSE, {}, ONE_HOT, "target-width", "dense"),
    (35, "in 8 > dense 1 sigmoid", "mse", {}, Facts((), "float32", -5, 120), "target-range", "dense"),
]


@pytest.mark.parametrize(
    ("row", "text", "loss", "args", "target", "name", "call"),
    WITH_DATA,
    ids=[f"{r[0]}-{r[1]}-{r[2]}" for r in WITH_DATA],
)
def test_row_with_loss_and_labels_is_found_and_its_first_fix_removes_it(
    drawn, row, text, loss, args, target, name, call
):
    document = drawn(text)
    context = Context([Facts((8,), "float32", -1, 1)], [target], settings(loss, **args))
    problem = only(document, name, context)
    assert problem.call == call
    fixed, after = after_fix(document, context, problem.fixes[0])
    assert name not in [p.id for p in found(fixed, after)]


@pytest.mark.parametrize(
    ("text", "loss", "args", "target"),
    [
        ("in 8 > dense 16 relu > dense 10 softmax", SPARSE, {}, LABELS),
        ("in 8 > dense 16 relu > dense 10", SPARSE, {"from_logits": True}, LABELS),
        ("in 8 > dense 16 relu > dense 10 > softmax", "categorical_crossentropy", {}, ONE_HOT),
        ("in 8 > dense 16 relu > dense 1 sigmoid", "binary_crossentropy", {}, Facts((), "int64", 0, 1, whole=True)),
        ("in 8 > dense 16 relu > dense 1", "mse", {}, Facts((), "float32", -5, 120)),
    ],
)
def test_a_sound_model_has_no_problems(drawn, text, loss, args, target):
    context = Context([Facts((8,), "float32", -1, 1)], [target], settings(loss, **args))
    assert found(drawn(text), context) == []


def test_row_14_ids_beyond_the_table(drawn):
    document = drawn("in 20 int32 > embed 10000 8")
    context = Context([Facts((20,), "int32", 0, 20413, whole=True)])
    problem = only(document, "embedding-range", context)
    fixed, _ = after_fix(document, context, problem.fixes[0])
    assert fixed.layers["embedding"]["args"]["input_dim"] == 20414


def test_row_36_unscaled_bytes_get_a_rescaling_behind_the_input(drawn):
    document = drawn("in 28 28 1 > conv 8 3 > flatten > dense 10")
    context = Context([Facts((28, 28), "uint8", 0, 255, whole=True)])
    problem = only(document, "unscaled-inputs", context)
    fixed, _ = after_fix(document, context, problem.fixes[0])
    assert fixed.calls["conv2d"]["inputs"] == [["rescaling", 0]]
    assert not [p for p in found(fixed, context) if p.id == "unscaled-inputs"]


def test_row_36_nan_in_the_data(drawn):
    context = Context.of(np.array([[1.0, np.nan]], "float32"), np.array([[0.0]], "float32"))
    assert only(drawn("in 2 > dense 1"), "nan-in-data", context).call == "input"


def test_row_37_imbalance():
    target = Facts((), "int64", 0, 1, whole=True, counts=(99, 1))
    document, _ = apply(Document(), add(Document(), "Input", {"shape": [4]}))
    document, _ = apply(document, add(document, "Dense", {"units": 1, "activation": "sigmoid"}, after="input"))
    context = Context([], [target], settings("binary_crossentropy"))
    fixed, after = after_fix(document, context, only(document, "imbalance", context).fixes[0])
    assert not [p for p in found(fixed, after) if p.id == "imbalance"]


@pytest.mark.parametrize(("batch", "samples"), [(1, 100), (33, 100)])
def test_row_38_batch_normalization_of_one_sample(drawn, batch, samples):
    context = Context([Facts((8,), "float32", -1, 1, samples=samples)], [], {"batch_size": batch})
    document = drawn("in 8 > dense 4 relu > bn > dense 1")
    problem = only(document, "batch-of-one", context)
    _, after = after_fix(document, context, problem.fixes[0])
    assert not [p for p in found(document, after) if p.id == "batch-of-one"]


@pytest.mark.parametrize(
    ("monitor", "validates", "label"),
    [
        ("val_acc", True, "Watch `val_accuracy`"),
        ("val_loss", False, "Set validation_split=0.1"),
        ("acc", True, "Watch `accuracy`"),
    ],
)
def test_row_40_a_monitor_that_will_not_be_there(drawn, monitor, validates, label):
    callback = {"id": "stop", "kind": "EarlyStopping", "enabled": True, "args": {"monitor": monitor}}
    context = Context([], [], settings(SPARSE), [callback], has_validation=validates)
    document = drawn("in 8 > dense 10 softmax")
    problem = only(document, "unknown-monitor", context)
    assert problem.fixes[0].label == label
    _, after = after_fix(document, context, problem.fixes[0])
    assert not [p for p in found(document, after) if p.id == "unknown-monitor"]


def test_an_input_of_another_shape_than_the_data(drawn):
    context = Context([Facts((32, 32, 3), "float32", 0, 1)])
    document = drawn("in 28 28 1 > flatten > dense 10")
    problem = only(document, "input-shape", context)
    fixed, _ = after_fix(document, context, problem.fixes[0])
    assert infer(fixed)["input"].shapes == [(None, 32, 32, 3)]


def test_an_accepted_problem_is_not_shown_again(drawn):
    document = drawn("in 28 28 1 > conv 8 3 > dense 10")
    keep = only(document, "dense-on-map").fixes[-1]
    fixed, _ = after_fix(document, Context(), keep)
    assert not [p for p in found(fixed) if p.id == "dense-on-map"]


def test_shapes_beside_a_break_stay_exact(drawn):
    document = changed(
        drawn("in 28 28 1 > conv 8 3 > flatten > dense 10"), lambda d: add(d, "LSTM", {"units": 4}, after="conv2d")
    )
    known = infer(document)
    assert known["dense"].shapes == [(None, 10)]
    assert known["lstm"].error is not None
    assert only(document, "wrong-rank").call == "lstm"


def test_too_many_wires(drawn):
    document = changed(drawn("in 8 > dense 4"), lambda d: add(d, "Input", {"shape": [8]}))
    data = {**document.calls["dense"], "inputs": [["input", 0], ["input_1", 0]]}
    document, _ = apply(document, {"set": {"calls": {"dense": data}}, "label": ""})
    problem = only(document, "too-many-inputs")
    fixed, _ = after_fix(document, Context(), problem.fixes[0])
    assert not [p for p in found(fixed) if p.id == "too-many-inputs"]


def test_problems_as_json_have_all_that_the_page_needs(drawn):
    data = [problem.to_data() for problem in found(drawn("in 784 > conv 32 3"))]
    assert {"id", "severity", "call", "arg", "message", "expected", "got", "hint", "blame", "fixes"} == set(data[0])
    assert data[0]["blame"] == ["input", "conv2d"]
    assert data[0]["fixes"][0]["patch"]["set"]


def test_wiring_the_second_branch_removes_the_lonely_merge(drawn):
    document = drawn("in 8 > @a > dense 8 relu > add")
    document = changed(document, lambda d: wire(d, "input", "add"))
    assert not [p for p in found(document) if p.severity == "error"]


COLUMNS = np.random.default_rng(0).integers(0, 9, (200, 4))
WORDS = np.array([["red", "green"], ["red", "blue"]] * 3)


@pytest.mark.parametrize(
    ("text", "data", "severity", "name"),
    [
        ("in 4 > Normalization > dense 3", COLUMNS / 2, "warning", "mean"),
        ("in 4 > Normalization axis=none > dense 3", COLUMNS / 2, "warning", "mean"),
        ("in 4 6 1 > Normalization > flatten > dense 3", np.ones((9, 4, 6)), "warning", "mean"),
        ("in 4 > Discretization num_bins=4", COLUMNS / 2, "error", "bin_boundaries"),
        ("in 4 int32 > IntegerLookup", COLUMNS, "error", "vocabulary"),
        ("in 2 string > StringLookup", WORDS, "error", "vocabulary"),
    ],
)
def test_a_layer_learns_from_the_data_what_it_has_to_know(drawn, text, data, severity, name):
    context = Context.of(data)
    problem = only(drawn(text), "unlearned", context)
    assert (problem.severity, problem.arg) == (severity, name)
    document, _ = after_fix(drawn(text), context, problem.fixes[0])
    assert name in document.layer_of(problem.call)["args"]
    assert not [p for p in found(document, context) if p.severity != "hint"]


def test_without_data_nothing_can_be_learned(drawn):
    assert not found(drawn("in 2 string > StringLookup"))


def test_an_array_of_another_shape_teaches_nothing(drawn):
    problem = only(drawn("in 5 > Normalization"), "unlearned", Context.of(COLUMNS))
    assert [fix.label for fix in problem.fixes][-1] == "I call adapt myself"


def test_words_are_looked_up_among_words(drawn):
    document = drawn("in 2 > StringLookup vocabulary=[red,green]")
    problem = only(document, "numbers-for-words")
    assert problem.call == "input"
    document, _ = after_fix(document, Context(), problem.fixes[0])
    assert not found(document)


@pytest.mark.parametrize("text", ["in 4 > IntegerLookup vocabulary=[1,2]", "in 4 > Hashing 9"])
def test_ids_are_whole_numbers(drawn, text):
    document, _ = after_fix(drawn(text), Context(), only(drawn(text), "embedding-of-floats").fixes[0])
    assert not found(document)


def test_an_id_beyond_what_is_encoded(drawn):
    document, context = drawn("in 4 int32 > CategoryEncoding 5"), Context.of(COLUMNS)
    document, _ = after_fix(document, context, only(document, "embedding-range", context).fixes[0])
    assert not found(document, context)


@pytest.mark.parametrize(
    ("kind", "args"),
    [
        ("RNN", {"cell": "LSTMCell"}),
        ("Bidirectional", {"layer": {"class_name": "LSTM", "config": {}}}),
        ("Pipeline", {"layers": [{"class_name": "TimeDistributed", "config": {"layer": "Dense"}}]}),
        ("RNN", {"cell": {"class_name": "StackedRNNCells", "config": {"cells": ["GRUCell"]}}}),
    ],
)
def test_a_layer_inside_another_lacks_an_argument(drawn, kind, args):
    document = changed(drawn("in 7 4"), lambda d: add(d, kind, args, after="input"))
    problem = only(document, "missing-inside")
    assert problem.arg == next(iter(args))
    assert "needs `units`" in problem.message


def test_words_that_are_names_of_layers_are_words(drawn):
    assert not found(drawn("in 2 string > StringLookup vocabulary=[Dense,Conv2D]"))


@pytest.mark.parametrize(
    ("kind", "label"),
    [("Precision", "Remove Precision"), ("CategoricalAccuracy", "Use SparseCategoricalAccuracy")],
)
def test_a_metric_that_wants_one_hot_rows(drawn, kind, label):
    settings = {"metrics": [{"kind": "accuracy", "args": {}}, {"kind": kind, "args": {}}]}
    context = Context([], [Facts((), "int64", 0, 2, whole=True)], settings)
    document = drawn("in 8 > dense 3 softmax")
    problem = only(document, f"metric-{kind}", context)
    assert problem.fixes[0].label == label
    _, after = after_fix(document, context, problem.fixes[0])
    assert not [p for p in found(document, after) if p.id.startswith("metric-")]


def test_a_choice_without_what_it_needs(drawn):
    settings = {"optimizer": {"kind": "LossScaleOptimizer", "args": {}}, "metrics": [{"kind": "IoU", "args": {}}]}
    problems = [p for p in found(drawn("in 8 > dense 3"), Context(settings=settings)) if "incomplete" in p.id]
    assert {p.arg for p in problems} == {"num_classes", "target_class_ids", "inner_optimizer"}
