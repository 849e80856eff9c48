import wave

import numpy as np
import pytest
import torch

from kerasviz import Sequential, layers
from kerasviz.declare import Invalid
from kerasviz.utils import audio_dataset_from_directory
from kerasviz.utils.audio import read_wave, resampled


def write(path, numbers, width=2, rate=8000, channels=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        whole = np.asarray(numbers) * 2 ** (8 * width - 1) + (128 if width == 1 else 0)
        data = whole.astype("<i8").reshape(-1, 1).view("u1")[:, :width]
        file.writeframes(data.tobytes())


@pytest.fixture
def sounds(tmp_path):
    for name, count in (("cats", 3), ("dogs", 2)):
        for index in range(count):
            write(tmp_path / name / f"{index}.wav", [0.5, -0.5] * (index + 1))
    (tmp_path / "cats" / "notes.txt").write_text("no sound")
    return tmp_path


def made(folder, **options):
    return audio_dataset_from_directory(folder, verbose=False, **options)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_sound_is_read_from_whole_numbers_of_every_size(tmp_path, width):
    write(tmp_path / "a.wav", [0.5, -0.5, 0.25, -1.0], width, channels=2)
    sound, rate = read_wave(str(tmp_path / "a.wav"))
    assert rate == 8000
    torch.testing.assert_close(sound, torch.tensor([[0.5, -0.5], [0.25, -1.0]]), atol=0, rtol=0)


def test_batches_are_filled_up_to_their_longest_sound(sounds):
    dataset = made(sounds, shuffle=False, batch_size=4)
    assert dataset.class_names == ["cats", "dogs"]
    assert len(dataset) == 2
    x, y = dataset[0]
    assert x.shape == (4, 6, 1)
    assert x[0, :, 0].tolist() == [0.5, -0.5, 0, 0, 0, 0]
    assert (y.tolist(), y.dtype) == ([0, 0, 0, 1], torch.int32)


LABELS = {
    "categorical": [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]],
    "binary": [[0.0], [0.0], [0.0], [1.0], [1.0]],
}


@pytest.mark.parametrize(("mode", "expected"), LABELS.items(), ids=LABELS)
def test_labels_come_as_label_mode_says(sounds, mode, expected):
    assert made(sounds, shuffle=False, label_mode=mode)[0][1].tolist() == expected


def test_labels_are_left_out_given_or_ordered(sounds):
    assert made(sounds, label_mode=None)[0].shape == (5, 6, 1)
    assert made(sounds, shuffle=False, labels=[4, 3, 2, 1, 0])[0][1].tolist() == [4, 3, 2, 1, 0]
    assert made(sounds, shuffle=False, class_names=["dogs", "cats"])[0][1].tolist() == [0, 0, 1, 1, 1]


def test_sounds_are_cut_and_brought_to_a_rate(sounds):
    assert made(sounds, output_sequence_length=3)[0][0].shape == (5, 3, 1)
    assert made(sounds, sampling_rate=16000)[0][0].shape == (5, 12, 1)
    line = torch.linspace(0, 1, 100).unsqueeze(-1)
    torch.testing.assert_close(resampled(line, 100, 50)[1:-1, 0].diff(), torch.full((47,), 2 / 99))


def test_single_sounds_have_no_batch_axis(sounds):
    x, y = made(sounds, shuffle=False, batch_size=None)[0]
    assert (x.shape, y.item()) == ((2, 1), 0)


def test_parts_of_a_split_have_no_sound_in_common(sounds):
    training, validation = made(sounds, validation_split=0.4, subset="both", seed=3)
    assert (len(training.file_paths), len(validation.file_paths)) == (3, 2)
    assert not set(training.file_paths) & set(validation.file_paths)
    same = made(sounds, validation_split=0.4, subset="validation", seed=3)
    assert same.file_paths == validation.file_paths


def test_order_follows_the_seed_and_changes_with_each_pass(sounds):
    first, again = (made(sounds, batch_size=1, seed=5) for _ in range(2))
    labels = [int(y) for _, y in first]
    assert labels == [int(y) for _, y in again]
    orders = set()
    for _ in range(8):
        first.on_epoch_begin()
        orders.add(tuple(first._order))
    assert len(orders) > 1


def test_model_is_trained_on_sounds(sounds):
    model = Sequential([layers.Flatten(), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    dataset = made(sounds, output_sequence_length=4, batch_size=2)
    assert "loss" in model.fit(dataset, epochs=2, verbose=0).history


def test_what_was_found_is_told(sounds, capsys):
    audio_dataset_from_directory(sounds, validation_split=0.4, subset="training", seed=1)
    assert capsys.readouterr().out == "Found 5 files belonging to 2 classes.\nUsing 3 files for training.\n"


REFUSED = {
    "folder": {"directory": "no/such/folder"},
    "labels": {"labels": "guessed"},
    "label-count": {"labels": [1]},
    "mode": {"label_mode": "words"},
    "names": {"class_names": ["cats", "birds"]},
    "names-without": {"labels": None, "class_names": ["cats", "dogs"]},
    "ragged": {"ragged": True},
    "split": {"validation_split": 1.5, "subset": "both"},
    "subset": {"validation_split": 0.5},
    "subset-name": {"validation_split": 0.5, "subset": "test"},
}


@pytest.mark.parametrize("options", REFUSED.values(), ids=REFUSED)
def test_arguments_that_do_not_fit_are_refused(sounds, options):
    with pytest.raises(Invalid):
        made(**{"folder": options.get("directory", sounds)} | {n: v for n, v in options.items() if n != "directory"})


def test_file_that_is_no_sound_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "a.wav").write_bytes(b"no sound")
    with pytest.raises(Invalid, match="wav"):
        made(tmp_path)[0]
