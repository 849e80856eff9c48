"""Trainings for test_backup.py, each run in a process of its own that stops where it is told, to be killed there.

A request is a line of JSON on stdin: training, folder, result, options, at. Answers are lines on stdout: "at PID" when
the process waits to be killed, "raised TEXT", and "ended STATUS" when it is gone.
"""

import contextlib
import importlib
import json
import os
import random
import signal
import sys
import tempfile
import traceback
from pathlib import Path

import numpy as np
import torch

import kerasviz
from kerasviz import Input, Model, Sequential, callbacks, layers, optimizers
from kerasviz.callbacks import nests

ROWS, BATCH = 40, 8
NOISE = np.random.default_rng(3)
X = NOISE.normal(size=(ROWS, 3)).astype("float32")
Y = (X.sum(1, keepdims=True) > 0).astype("float32")


def network(optimizer, model_class=Sequential, **compiled):
    model = model_class(
        [Input((3,)), layers.Dense(4, "relu"), layers.Dropout(0.3), layers.BatchNormalization(), layers.Dense(1)]
    )
    compiled = {"loss": "mse", "metrics": ["mae"], **compiled}
    model.compile(optimizer, **compiled)
    return model


class Noisy(Sequential):
    """Draws from every source of random numbers in a step of its own."""

    def train_step(self, data):
        x, y = data
        x = x + torch.rand_like(x) + float(np.random.rand()) + random.random()
        y_pred = self(x, training=True)
        loss = self.compute_loss(x, y, y_pred)
        self.zero_grad()
        loss.backward()
        gradients = [weight.grad for weight in self.trainable_variables]
        self.optimizer.apply(gradients, self.trainable_variables)
        return self.compute_metrics(x, y, y_pred, None)


class Shuffled(kerasviz.utils.PyDataset):
    """Has its own order, and a new one after each epoch."""

    def __init__(self):
        super().__init__()
        self.order, self.random = np.arange(ROWS), np.random.default_rng(5)

    def __len__(self):
        return ROWS // BATCH

    def __getitem__(self, index):
        rows = self.order[index * BATCH : (index + 1) * BATCH]
        return X[rows], Y[rows]

    def on_epoch_end(self):
        self.random.shuffle(self.order)


class Kept(Shuffled):
    """Is read ahead by threads, and keeps its order."""

    def __init__(self):
        kerasviz.utils.PyDataset.__init__(self, workers=2, max_queue_size=3)
        self.order = np.arange(ROWS)

    def on_epoch_end(self):
        pass


def yields():
    own = np.random.default_rng(7)
    while True:
        rows = own.integers(0, ROWS, BATCH)
        yield X[rows], Y[rows]


def loader():
    pairs = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    chosen = torch.utils.data.WeightedRandomSampler(torch.ones(ROWS), ROWS, generator=torch.Generator().manual_seed(1))
    return torch.utils.data.DataLoader(pairs, batch_size=BATCH, sampler=chosen)


def of_torch():
    model = network("sgd")
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.05, amsgrad=True)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0)
    model.compile((optimizer, scheduler), torch.nn.MSELoss())
    return model


def steering(folder):
    return [
        callbacks.ReduceLROnPlateau("loss", factor=0.3, patience=1, min_delta=0.5, cooldown=1),
        callbacks.EarlyStopping("val_loss", patience=2, min_delta=0.2, restore_best_weights=True, verbose=0),
        callbacks.ModelCheckpoint(folder / "best.weights.h5", "val_loss", save_best_only=True, save_weights_only=True),
        callbacks.ModelCheckpoint(folder / "{epoch}-{batch}.weights.h5", save_weights_only=True, save_freq=3),
    ]


def orbax(folder):
    return [callbacks.OrbaxCheckpoint(folder / "checkpoints", save_freq=2, max_to_keep=2)]


def decaying():
    return optimizers.Adam(optimizers.schedules.ExponentialDecay(0.1, 3, 0.7))


def averaging():
    inner = optimizers.SGD(0.1, momentum=0.9, use_ema=True, ema_momentum=0.5, gradient_accumulation_steps=2)
    return optimizers.LossScaleOptimizer(inner, initial_scale=4.0, dynamic_growth_steps=3)


def of_two_inputs():
    """Layers with seeds, noise and a shared layer, and two outputs."""
    ends = Input((3,), name="a"), Input((3,), name="b")
    shared = layers.Dense(4, "tanh")
    first, second = (layers.Dropout(0.3, seed=seed)(shared(x)) for seed, x in enumerate(ends))
    x = layers.GaussianNoise(0.1, seed=5)(layers.concatenate([first, second]))
    outputs = [layers.Dense(1, name="y")(x), layers.Dense(1, "sigmoid", name="z")(layers.BatchNormalization()(x))]
    model = Model(list(ends), outputs)
    schedule = optimizers.schedules.CosineDecayRestarts(0.1, 4)
    losses = {"y": "mse", "z": "binary_crossentropy"}
    model.compile(
        optimizers.Nadam(schedule, clipnorm=0.5), losses, loss_weights={"z": 0.3}, weighted_metrics={"y": "mae"}
    )
    return model


def of_time():
    lstm = layers.LSTM(3, dropout=0.2, recurrent_dropout=0.2, return_sequences=True)
    start = [Input((3,)), layers.Reshape((3, 1)), lstm, layers.LayerNormalization(), layers.GRU(3, dropout=0.1)]
    model = Sequential([*start, layers.AlphaDropout(0.2), layers.Dense(1)])
    overwriting = optimizers.RMSprop(0.05, momentum=0.5, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=4)
    model.compile(overwriting, "mse", metrics=["mae"])
    return model


TWO = {"a": X, "b": X[::-1].copy()}, {"y": Y, "z": 1 - Y}
WEIGHTED = {"shuffle": "batch", "sample_weight": {"y": Y[:, 0] + 0.5, "z": Y[:, 0] + 1.0}}
SCHEDULE = "lr * 0.7"
TRAININGS = {
    "arrays": lambda folder: (network(decaying()), (X, Y), {"validation_split": 0.2}, []),
    "exact_rate": lambda folder: (network("sgd"), (X, Y), {}, [callbacks.LearningRateScheduler(SCHEDULE)]),
    "several_per_execution": lambda folder: (network("adam", steps_per_execution=2), (X, Y), {}, []),
    "steps": lambda folder: (network("adam"), (X, Y), {"steps_per_epoch": 3}, []),
    "generator": lambda folder: (network("adam"), (yields(),), {"steps_per_epoch": 4}, []),
    "dataset": lambda folder: (network("adam"), (Shuffled(),), {"validation_data": (X, Y)}, []),
    "loader": lambda folder: (network("adam"), (loader(),), {}, []),
    "own_step": lambda folder: (network("adam", Noisy), (X, Y), {}, []),
    "unbuilt": lambda folder: (unbuilt(), (X, Y), {}, []),
    "torch": lambda folder: (of_torch(), (X, Y), {}, []),
    "averages": lambda folder: (network(averaging()), (X, Y), {}, [callbacks.SwapEMAWeights()]),
    "averages_swapped": lambda folder: (network(averaging()), (X, Y), {}, [callbacks.SwapEMAWeights(True)]),
    "two_inputs": lambda folder: (of_two_inputs(), TWO, WEIGHTED, []),
    "time": lambda folder: (of_time(), (X, Y), {"validation_split": 0.2}, []),
    "threads": lambda folder: (network("adam"), (Kept(),), {"shuffle": True}, []),
    "classes": lambda folder: (network("lion"), (X, Y), {"class_weight": {0: 1.0, 1: 3.0}}, orbax(folder)),
    "steered": lambda folder: (network("sgd"), (X, Y), {"validation_split": 0.2}, steering(folder)),
}


def unbuilt():
    model = Sequential([layers.Dense(4, "relu"), layers.Dropout(0.3), layers.Dense(1)])
    model.compile("rmsprop", "mse", metrics=["mae"])
    return model


class Waits(callbacks.Callback):
    """Stops for good after some batches, to be killed."""

    def __init__(self, count):
        self.count = count

    def on_train_batch_end(self, batch, logs=None):
        self.count -= 1
        if self.count == 0:
            wait_to_be_killed()


def wait_to_be_killed():
    print("at", os.getpid(), flush=True)
    while True:
        signal.pause()


def waiting(function, count):
    """The function, which stops for good before it does its work for the `count`-th time."""
    left = [count]

    def call(*values, **named):
        left[0] -= 1
        if left[0] == 0:
            wait_to_be_killed()
        return function(*values, **named)

    return call


def half_written(write, count):
    """`savez` that stops for good when half of a file is written."""
    left = [count]

    def call(file, **arrays):
        left[0] -= 1
        write(file, **arrays)
        if left[0] == 0:
            file.flush()
            file.truncate(file.tell() // 2)
            wait_to_be_killed()

    return call


def stop_at(kind, count):
    """Have the process stop somewhere; gives the callbacks that this needs."""
    if kind == "batch":
        return [Waits(count)]
    if kind == "half":
        nests.np.savez = half_written(np.savez, count)
    elif kind == "written":
        nests.os.fsync = waiting(os.fsync, count)
    elif kind == "move":
        nests.os.replace = waiting(os.replace, count)
    elif kind == "delete":
        Path.unlink = waiting(Path.unlink, count)
    return []


def results(model, history):
    variables = [*model.variables, *model.metrics_variables, *(getattr(model.optimizer, "variables", None) or ())]
    arrays = {f"variable {index}": np.asarray(variable.detach()) for index, variable in enumerate(variables)}
    rates = [float(getattr(model.optimizer, "learning_rate", 0))]
    draws = [random.random(), float(np.random.rand()), float(torch.rand(()))]
    logs = {f"log {name}": np.array(values) for name, values in history.history.items()}
    return arrays | logs | {"rates": np.array(rates), "draws": np.array(draws), "epochs": np.array(history.epoch)}


def train(request):
    random.seed(1)
    kerasviz.utils.set_random_seed(1)
    folder = Path(request["folder"])
    model, data, options, others = TRAININGS[request["training"]](folder)
    stops = stop_at(*request["at"]) if request["at"] else []
    backup = callbacks.BackupAndRestore(folder / "backup", **request["options"])
    if len(data) > 1:
        options = {**options, "batch_size": BATCH}
    history = model.fit(*data, epochs=4, verbose=0, callbacks=[backup, *stops, *others], **options)
    np.savez(request["result"], **results(model, history))


def import_all():
    """Import once what trainings import, as one in a process of its own tells: forks of this process have it then."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with tempfile.TemporaryDirectory() as folder:
            for training in ("torch", "arrays", "time", "classes"):
                request = {"training": training, "folder": folder, "result": f"{folder}/result.npz", "at": None}
                train(request | {"options": {"save_freq": 3}})
        os.write(writer, "\n".join(sys.modules).encode())
        os._exit(0)
    os.close(writer)
    with open(reader) as names:
        found = names.read().splitlines()
    os.waitpid(child, 0)
    for name in found:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def serve():
    torch.set_num_threads(1)
    import_all()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                train(json.loads(line))
            except BaseException:
                print("raised", json.dumps(traceback.format_exc()), flush=True)
                os._exit(1)
            os._exit(0)
        print("ended", os.waitpid(child, 0)[1], flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        train(json.loads(sys.argv[1]))
    else:
        serve()
