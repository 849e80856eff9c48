"""What TensorBoard writes, as TensorBoard's own reader and plugins see it."""

import gzip
import importlib.util
import io
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.util import tensor_util
from werkzeug.test import Client

from kerasviz import Input, Model, Sequential, callbacks, layers, optimizers
from kerasviz.callbacks.lists import CallbackList
from kerasviz.callbacks.tensorboard_events import buckets, pictures_of
from kerasviz.declare import Invalid

with warnings.catch_warnings(action="ignore"):  # of a package inside TensorBoard
    from tensorboard.plugins.graph.graphs_plugin import GraphsPlugin
    from tensorboard.plugins.projector.projector_plugin import ProjectorPlugin

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(16, 4)).astype("float32"), RANDOM.normal(size=(16, 2)).astype("float32")
EPOCHS = ["epoch_loss", "epoch_mae", "epoch_learning_rate"]
EVERYTHING = dict.fromkeys(("tensors", "scalars", "histograms", "images", "compressedHistograms", "audio"), 0)


def network(**options):
    x = Input((4,), name="row")
    model = Model(x, layers.Dense(2, name="second")(layers.Dense(3, name="first")(x)), name="net")
    model.compile(options.pop("optimizer", "sgd"), "mse", metrics=["mae"])
    return model


def board(folder, **options):
    return callbacks.TensorBoard(folder, **{"write_graph": False, **options})


def fitted(folder, model=None, validation=True, epochs=2, **options):
    """A model of four batches an epoch, trained under TensorBoard."""
    model, data = model or network(), {"validation_data": (X, Y)} if validation else {}
    callback = board(folder, **options)
    history = model.fit(X, Y, batch_size=4, epochs=epochs, verbose=0, callbacks=[callback], **data)
    return model, history.history


def run(folder, name):
    """What TensorBoard reads of a run."""
    reader = EventAccumulator(str(folder / name), size_guidance=EVERYTHING)
    reader.Reload()
    return reader


def tags(reader):
    return list(reader.Tags()["tensors"])


def steps(reader, tag):
    return [event.step for event in reader.Tensors(tag)]


def values(reader, tag):
    return [tensor_util.make_ndarray(event.tensor_proto) for event in reader.Tensors(tag)]


def plugin(reader, tag):
    return reader.SummaryMetadata(tag).plugin_data.plugin_name


def provider(folder):
    multiplexer = EventMultiplexer(size_guidance=EVERYTHING).AddRunsFromDirectory(str(folder))
    multiplexer.Reload()
    return MultiplexerDataProvider(multiplexer, str(folder))


# curves, with Keras's names and steps: those that Keras 3.15 writes on TensorFlow


def test_an_epoch_has_keras_names_in_two_runs(tmp_path):
    _, history = fitted(tmp_path)
    train, validation = run(tmp_path, "train"), run(tmp_path, "validation")
    assert tags(train) == EPOCHS
    assert tags(validation) == [
        *("evaluation_loss_vs_iterations", "evaluation_mae_vs_iterations"),
        *("epoch_loss", "epoch_mae"),
    ]
    assert all(plugin(train, tag) == "scalars" for tag in tags(train))
    assert all(steps(train, tag) == [0, 1] for tag in EPOCHS)
    assert steps(validation, "evaluation_loss_vs_iterations") == [4, 8]
    np.testing.assert_allclose(values(train, "epoch_loss"), history["loss"], rtol=1e-6)
    np.testing.assert_allclose(values(validation, "epoch_mae"), history["val_mae"], rtol=1e-6)
    np.testing.assert_allclose(values(validation, "evaluation_mae_vs_iterations"), history["val_mae"], rtol=1e-6)


@pytest.mark.parametrize(("every", "expected"), [("batch", range(1, 9)), (1, range(1, 9)), (3, [3, 6]), (9, [])])
def test_batches_are_counted_from_one_over_all_epochs(tmp_path, every, expected):
    fitted(tmp_path, update_freq=every)
    train = run(tmp_path, "train")
    expected = list(expected)
    assert ([t for t in tags(train) if t.startswith("batch")]) == (["batch_loss", "batch_mae"] if expected else [])
    assert not expected or steps(train, "batch_loss") == expected
    assert steps(train, "epoch_loss") == [0, 1]  # Keras leaves epochs out whose last batch is not among the chosen


def test_a_batch_has_the_means_of_its_epoch_so_far(tmp_path):
    seen = []
    note = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]))
    network().fit(X, Y, batch_size=4, verbose=0, callbacks=[board(tmp_path, update_freq=1), note])
    np.testing.assert_allclose(values(run(tmp_path, "train"), "batch_loss"), seen, rtol=1e-6)


def test_each_fit_counts_anew_in_a_file_of_its_own(tmp_path):
    model, callback = network(), board(tmp_path, update_freq=1)
    for _ in range(2):
        model.fit(X, Y, batch_size=8, verbose=0, callbacks=[callback])
    assert len(list((tmp_path / "train").iterdir())) == 2
    assert steps(run(tmp_path, "train"), "batch_loss") == [1, 2, 1, 2]


def test_several_batches_of_an_execution_are_one_step_of_the_curve(tmp_path):
    model = network()
    model.compile("sgd", "mse", steps_per_execution=3)
    model.fit(X, Y, batch_size=2, verbose=0, callbacks=[board(tmp_path, update_freq=2)])
    assert steps(run(tmp_path, "train"), "batch_loss") == [3, 6, 8]


def test_speed_is_written_where_it_is_asked_for(tmp_path):
    fitted(tmp_path / "a", write_steps_per_second=True)
    train = run(tmp_path / "a", "train")
    assert tags(train) == [*EPOCHS, "epoch_steps_per_second"]
    assert min(values(train, "epoch_steps_per_second")) > 0
    fitted(tmp_path / "b", write_steps_per_second=True, update_freq="batch")
    train = run(tmp_path / "b", "train")
    assert tags(train)[:3] == ["batch_steps_per_second", "batch_loss", "batch_mae"]
    assert steps(train, "batch_steps_per_second") == list(range(1, 9))


def test_the_rate_is_that_of_the_optimizer_whatever_sets_it(tmp_path):
    fitted(tmp_path / "a", network(optimizer=optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 10, 0.5))))
    np.testing.assert_allclose(
        values(run(tmp_path / "a", "train"), "epoch_learning_rate"), 0.1 * 0.5 ** np.array([0.4, 0.8]), rtol=1e-5
    )
    for name, position in (("b", 0), ("c", 1)):
        chosen: list = [board(tmp_path / name)]
        chosen.insert(position, callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1)))
        network().fit(X, Y, epochs=2, verbose=0, callbacks=chosen)
        np.testing.assert_allclose(values(run(tmp_path / name, "train"), "epoch_learning_rate"), [0.1, 0.05], rtol=1e-6)


def test_an_evaluation_of_its_own_is_written_by_steps_of_the_optimizer(tmp_path):
    model = network()
    model.fit(X, Y, batch_size=4, verbose=0)
    loss, _ = model.evaluate(X, Y, verbose=0, callbacks=[callbacks.TensorBoard(tmp_path)])
    validation = run(tmp_path, "validation")
    assert tags(validation) == ["evaluation_loss_vs_iterations", "evaluation_mae_vs_iterations"]
    assert steps(validation, "evaluation_loss_vs_iterations") == [4]
    np.testing.assert_allclose(values(validation, "evaluation_loss_vs_iterations"), [loss], rtol=1e-6)
    assert tags(run(tmp_path, "train")) == ["keras"]
    assert set(graph_of_run(tmp_path)) == {"row", "first", "second"}


def test_a_training_without_validation_has_one_run(tmp_path):
    fitted(tmp_path, validation=False)
    assert [path.name for path in tmp_path.iterdir()] == ["train"]


def test_values_of_your_own_stand_beside_the_others(tmp_path):
    callback = board(tmp_path)

    def tell(batch, logs):
        callback.summary.scalar("mine", torch.tensor(batch + 0.5))

    def draw(epoch, logs):
        callback.summary.histogram("spread", np.arange(10.0), step=epoch)
        callback.summary.image("picture", np.ones((5, 4, 6, 3)), step=epoch, max_outputs=2)
        callback.summary.text("note", "**bold**", step=epoch)
        callback.summary.flush()

    own = callbacks.LambdaCallback(on_train_batch_end=tell, on_epoch_end=draw)
    network().fit(X, Y, batch_size=8, verbose=0, callbacks=[callback, own])
    train = run(tmp_path, "train")
    assert steps(train, "mine") == [1, 2]
    assert np.asarray(values(train, "mine")).tolist() == [0.5, 1.5]
    assert [plugin(train, tag) for tag in ("spread", "picture", "note")] == ["histograms", "images", "text"]
    assert list(values(train, "picture")[0][:2]) == [b"6", b"4"]
    assert len(values(train, "picture")[0]) == 4
    assert values(train, "note")[0] == b"**bold**"


def test_values_of_several_numbers_are_their_mean(tmp_path):
    told = CallbackList([board(tmp_path)], model=network())
    told.on_train_begin()
    told.on_epoch_end(0, {"loss": 1.0, "per_class": np.array([1.0, 2.0])})
    told.on_train_end()
    assert values(run(tmp_path, "train"), "epoch_per_class") == [1.5]


# weights


def test_histograms_are_those_of_each_weight(tmp_path):
    model, _ = fitted(tmp_path, histogram_freq=1, epochs=1)
    train = run(tmp_path, "train")
    assert tags(train)[3:] == [f"{weight.path}/histogram" for weight in model.weights]
    assert tags(train)[3] == "first/kernel/histogram"
    for weight in model.weights:
        (written,) = values(train, f"{weight.path}/histogram")
        numbers = weight.numpy().astype("float64")
        counts, edges = np.histogram(numbers, 30)
        np.testing.assert_allclose(written[:, 0], edges[:-1], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(written[:, 1], edges[1:], rtol=1e-6, atol=1e-9)
        np.testing.assert_array_equal(written[:, 2], counts)


def test_histograms_come_every_few_epochs(tmp_path):
    fitted(tmp_path, validation=False, histogram_freq=2, epochs=4)
    assert steps(run(tmp_path, "train"), "first/kernel/histogram") == [0, 2]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.int64, torch.bool, torch.float64])
def test_a_histogram_of_any_numbers_counts_all_of_them(dtype):
    made = buckets(torch.tensor([0, 1, 1, 1], dtype=dtype))
    assert made.shape == (30, 3)
    assert made[[0, -1], 2].tolist() == [1, 3]


def test_a_histogram_leaves_out_what_is_no_number_and_has_one_bucket_for_one_value():
    assert buckets(torch.tensor([1.0, float("nan"), 2.0, float("inf")]))[:, 2].sum() == 2
    assert buckets(torch.full((7,), 3.0))[-1].tolist() == [3, 3, 7]
    assert not buckets(torch.empty(0)).any()
    assert not buckets(torch.tensor([float("nan")])).any()


SIZES = {  # of a weight: width, height, pictures and mode, as Keras writes them on TensorFlow
    (4, 3): (4, 3, 1, "L"),
    (3, 4): (4, 3, 1, "L"),
    (3,): (1, 3, 1, "L"),
    (3, 1): (1, 3, 1, "L"),
    (1, 2): (1, 2, 1, "L"),
    (1, 12): (1, 12, 1, "L"),
    (3, 2, 4): (2, 3, 3, "L"),
    (3, 4, 1): (4, 3, 1, "L"),
    (3, 3, 1, 4): (3, 3, 3, "L"),
    (3, 3, 4, 3): (4, 3, 3, "RGB"),
}


@pytest.mark.parametrize("shape", SIZES, ids=str)
def test_a_weight_is_drawn_as_keras_draws_it(tmp_path, shape):
    callback = board(tmp_path, histogram_freq=1, write_images=True)
    weight = torch.nn.Parameter(torch.rand(shape))
    weight.path = "layer/weight"
    callback.set_model(type("Net", (), {"weights": [weight], "built": True, "optimizer": None})())
    callback.on_epoch_end(0, {})
    callback.close()
    train = run(tmp_path, "train")
    width, height, count, mode = SIZES[shape]
    assert plugin(train, "layer/weight/image") == "images"
    (parts,) = values(train, "layer/weight/image")
    pictures = [Image.open(io.BytesIO(part)) for part in parts[2:]]
    assert [*map(int, parts[:2])] == [width, height]
    assert {(picture.size, picture.mode) for picture in pictures} == {((width, height), mode)}
    assert len(pictures) == count


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (2, 3, 4, 5), (2, 2, 2, 2, 2)], ids=str)
def test_a_weight_without_a_picture_has_none(shape):
    assert pictures_of(torch.zeros(shape)) == []


def test_a_picture_has_a_byte_for_each_number_from_0_to_1():
    weight = torch.tensor([[-3.0, 0.0, 3.0], [0.4073368, 0.1235889, 0.9102179]])
    (picture,) = pictures_of(weight)
    assert picture[..., 0].tolist() == [[0, 0, 255], [104, 31, 232]]
    assert pictures_of(torch.tensor([float("nan"), 1.0]))[0].ravel().tolist() == [0, 255]


# the graph


def nested():
    inner = Sequential([Input((3,)), layers.Dense(3, name="deep"), layers.ReLU(name="cut")], name="inside")
    shared = layers.Dense(3, name="shared")
    x = Input((4,), name="row")
    y = shared(inner(layers.Dense(3, name="wide")(x)))
    return Model(x, layers.Add(name="sum")([shared(y), torch.tanh(y)]), name="net")


def graph_of_run(folder):
    return {node.name: node for node in run_graph(folder).node}


def run_graph(folder):
    from tensorboard.compat.proto.graph_pb2 import GraphDef

    return GraphDef.FromString(run(folder, "train").Graph().SerializeToString())


def written_graph(folder, model):
    callback = callbacks.TensorBoard(folder)
    callback.set_model(model)
    callback.on_train_begin()
    callback.on_train_end()
    return graph_of_run(folder)


def test_the_graph_has_layers_by_name_and_how_they_are_connected(tmp_path):
    nodes = written_graph(tmp_path, nested())
    function = next(name for name in nodes if "tanh" in name)
    assert set(nodes) == {
        *("row", "wide", "inside/deep", "inside/cut", "shared", "shared_call_2", "sum"),
        function,
    }
    inputs = {name: list(node.input) for name, node in nodes.items()}
    assert inputs["inside/deep"] == ["wide"]
    assert inputs["shared"] == ["inside/cut"]
    assert inputs["shared_call_2"] == inputs[function] == ["shared"]
    assert inputs["sum"] == ["shared_call_2", function]
    assert nodes["wide"].op == "Dense"
    assert nodes["wide"].attr["parameters"].i == 15
    assert [dim.size for dim in nodes["wide"].attr["_output_shapes"].list.shape[0].dim] == [-1, 3]


def test_tensorboards_graph_tab_shows_layers_in_both_forms(tmp_path):
    written_graph(tmp_path, network())
    tab = GraphsPlugin(TBContext(data_provider=provider(tmp_path), logdir=str(tmp_path)))
    known = tab.info_impl(RequestContext(), experiment="")["train"]
    assert known["run_graph"]
    assert known["tags"]["keras"]["conceptual_graph"]
    for tag, conceptual in ((None, False), ("keras", True)):
        text, kind = tab.graph_impl(RequestContext(), "train", tag, conceptual, experiment="")
        assert kind == "text/x-protobuf"
        assert all(f'"{part}"' in text or f"/{part}" in text for part in ("row", "first", "second"))


def test_the_models_json_form_is_in_the_run_as_in_keras(tmp_path):
    model = network()
    written_graph(tmp_path, model)
    train = run(tmp_path, "train")
    (config,) = values(train, "keras")
    assert plugin(train, "keras") == "graph_keras_model"
    assert train.SummaryMetadata("keras").plugin_data.content == b"1"
    assert json.loads(config[0]) == json.loads(model.to_json())


class Own(Model):
    def __init__(self):
        super().__init__()
        self.one = layers.Dense(3, name="one")
        self.two = nested()

    def call(self, inputs):
        return self.two(inputs) + self.one(inputs)


def test_a_model_with_a_call_of_its_own_has_its_layers_as_nodes(tmp_path):
    model = Own()
    model.compile("sgd", "mse")
    model.fit(X, np.zeros((16, 3), "float32"), verbose=0, callbacks=[callbacks.TensorBoard(tmp_path)])
    assert {"one", "net/wide", "net/inside/deep"} <= set(graph_of_run(tmp_path))
    assert "keras" not in tags(run(tmp_path, "train"))


class Late(Model):
    """Built by its first step."""

    def train_step(self, data):
        if not hasattr(self, "inner"):
            self.inner = layers.Dense(2, name="late")
        loss = self.inner(data[0]).square().mean()
        loss.backward()
        self.built = True
        return {"loss": loss}


def test_a_model_that_is_built_by_its_first_step_has_a_graph_after_the_epoch(tmp_path):
    model = Late()
    model.compile("sgd")
    model.fit(X, Y, verbose=0, callbacks=[callbacks.TensorBoard(tmp_path)])
    assert set(graph_of_run(tmp_path)) == {"late"}


def test_a_graph_is_left_out_where_it_is_not_wanted(tmp_path):
    fitted(tmp_path)
    assert "keras" not in tags(run(tmp_path, "train"))
    assert not run(tmp_path, "train").Tags()["graph"]


# the profile


@pytest.mark.parametrize("batches", [2, (2, 3), 7, "2, 3"])
def test_a_profile_is_a_trace_of_the_batches_that_are_named(tmp_path, batches):
    fitted(tmp_path, profile_batch=batches)
    (path,) = (tmp_path / "train" / "plugins" / "profile").rglob("*.pt.trace.json.gz")
    trace = json.loads(gzip.decompress(path.read_bytes()))
    steps_of_sgd = [event for event in trace["traceEvents"] if event.get("name") == "aten::addmm"]
    assert len(steps_of_sgd) == 2 * (2 if batches in ((2, 3), "2, 3") else 1)  # two layers


def test_a_profile_that_the_training_is_too_short_for_ends_with_it(tmp_path):
    fitted(tmp_path / "a", profile_batch=(8, 100))
    assert len(list((tmp_path / "a").rglob("*.pt.trace.json.gz"))) == 1
    fitted(tmp_path / "b", profile_batch=100)
    assert not list((tmp_path / "b").rglob("*.gz"))


def test_a_profile_beside_another_profiler_is_left_out_with_a_warning(tmp_path):
    with torch.profiler.profile(), pytest.warns(UserWarning, match="profile is left out"):
        fitted(tmp_path, profile_batch=1)
    assert not list(tmp_path.rglob("*.gz"))
    assert steps(run(tmp_path, "train"), "epoch_loss") == [0, 1]


# embeddings


def words():
    model = Sequential([Input((3,)), layers.Embedding(7, 2, name="words"), layers.Flatten(), layers.Dense(2)])
    model.compile("sgd", "mse")
    return model


def read_words(folder, **options):
    model = words()
    model.fit(np.zeros((8, 3)), np.zeros((8, 2)), epochs=2, verbose=0, callbacks=[board(folder, **options)])
    tab = ProjectorPlugin(TBContext(data_provider=provider(folder), logdir=str(folder)))
    tab._update_configs()
    return model, tab


@pytest.mark.parametrize("metadata", [None, "words.tsv", {"words": "words.tsv"}], ids=["none", "one", "by name"])
def test_the_projector_shows_embeddings_and_their_words(tmp_path, metadata):
    (tmp_path / "words.tsv").write_text("\n".join("abcdefg"))
    model, tab = read_words(tmp_path, embeddings_freq=1, embeddings_metadata=metadata)
    (embedding,) = tab._configs["."].embeddings
    assert embedding.tensor_name == "words"
    assert embedding.metadata_path == ("words.tsv" if metadata else "")
    client = Client(tab.get_plugin_apps()["/tensor"])
    table = np.frombuffer(client.get("/", query_string={"run": ".", "name": "words"}).data, "float32").reshape(7, 2)
    np.testing.assert_allclose(table, model.layers[0].embeddings.numpy(), rtol=1e-5)


def test_embeddings_of_layers_inside_are_shown_and_no_table_is_half_written(tmp_path):
    inner = words()
    model = Sequential([Input((3,)), inner])
    callback = board(tmp_path, embeddings_freq=2)
    callback.set_model(model)
    callback.on_epoch_end(1, {})
    assert not (tmp_path / "projector_config.pbtxt").exists()
    callback.on_epoch_end(2, {})
    callback.close()
    assert [path.name for path in (tmp_path / "train").glob("*embedding*")] == ["keras_embedding.words.tsv"]


def test_metadata_of_a_layer_that_is_not_there_is_refused_before_training(tmp_path):
    with pytest.raises(Invalid, match="Did you mean 'words'"):
        words().fit(
            np.zeros((8, 3)),
            np.zeros((8, 2)),
            verbose=0,
            callbacks=[board(tmp_path, embeddings_freq=1, embeddings_metadata={"word": "a.tsv"})],
        )


# files


def test_a_callback_taken_off_closes_its_files_and_one_put_on_again_opens_others(tmp_path):
    model = network()
    told = CallbackList(model=model)
    told.on_train_begin()
    first = board(tmp_path, profile_batch=(1, 100))
    told.append(first)
    told.on_epoch_begin(0)
    told.on_train_batch_begin(0)
    told.on_train_batch_end(0, {"loss": 1.0})
    told.on_epoch_end(0, {"loss": 1.0})
    told.remove(first)
    assert first._files == {}
    assert len(list(tmp_path.rglob("*.gz"))) == 1
    second = board(tmp_path)
    told.append(second)
    told.on_epoch_end(1, {"loss": 0.5})
    told.on_train_end()
    assert steps(run(tmp_path, "train"), "epoch_loss") == [0, 1]


def test_a_training_that_fails_leaves_whole_files(tmp_path):
    def fail(epoch, logs):
        raise RuntimeError("no more")

    callback = board(tmp_path)
    with pytest.raises(RuntimeError, match="no more"):
        network().fit(X, Y, verbose=0, epochs=3, callbacks=[callback, callbacks.LambdaCallback(on_epoch_end=fail)])
    assert callback._files == {}
    assert steps(run(tmp_path, "train"), "epoch_loss") == [0]


def test_a_reader_sees_each_epoch_as_it_ends(tmp_path):
    seen = []
    look = callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(steps(run(tmp_path, "train"), "epoch_loss"))
    )
    network().fit(X, Y, verbose=0, epochs=2, callbacks=[board(tmp_path), look])
    assert seen == [[0], [0, 1]]


def test_steps_go_on_after_a_restored_training(tmp_path):
    before, after = board(tmp_path, update_freq=1), board(tmp_path, update_freq=1)
    told = CallbackList([before], model=network())
    told.on_train_begin()
    told.on_epoch_begin(0)
    told.on_train_batch_end(2, {"loss": 1.0})
    state = before.get_state()
    told.close()
    told = CallbackList([after], model=network())
    told.on_train_begin()
    after.set_state(state)
    told.on_train_batch_end(3, {"loss": 1.0})
    told.on_train_end()
    assert steps(run(tmp_path, "train"), "batch_loss") == [3, 4]


# arguments


def test_without_tensorboard_it_says_how_to_get_it(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "tensorboard" else found(name, *a)
    )
    with pytest.raises(Invalid, match=r"kerasviz\[tensorboard\]"):
        callbacks.TensorBoard()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        *(({"update_freq": wrong}, "'epoch', 'batch' or a number") for wrong in (0, -1, 1.5, "x", True)),
        *(({"profile_batch": wrong}, "a first and a last") for wrong in (-1, (3, 2), 1.5, (1, 2, 3), (0, 2), "x")),
        *(({name: -1}, "at least 0") for name in ("histogram_freq", "embeddings_freq")),
        ({"log_dir": ""}, "a path"),
        ({"embeddings_metadata": 3}, "a path"),
    ],
    ids=str,
)
def test_arguments_that_cannot_work_are_refused_at_once(options, message):
    with pytest.raises(Invalid, match=message):
        callbacks.TensorBoard(**options)


@pytest.mark.parametrize(
    "options", [{}, {"profile_batch": (2, 4)}, {"embeddings_metadata": {"a": "b.tsv"}}, {"update_freq": 5}], ids=str
)
def test_the_config_makes_an_equal_callback(options):
    made = callbacks.TensorBoard("logs", **options)
    again = callbacks.TensorBoard.from_config(json.loads(json.dumps(made.get_config())))
    assert again.get_config() == made.get_config()
    assert again.source() == made.source()
    assert all(field["doc"] for field in callbacks.TensorBoard.form())


def test_a_form_may_give_batches_as_text():
    assert callbacks.TensorBoard(profile_batch="2,4").profile_batch == (2, 4)
    assert callbacks.TensorBoard(profile_batch="3").profile_batch == 3
    assert callbacks.TensorBoard(update_freq="10").update_freq == 10


def test_a_folder_may_be_a_path_and_no_warning_is_given(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted(Path(tmp_path) / "a" / "b")
    assert steps(run(tmp_path, "a/b/train"), "epoch_loss") == [0, 1]
