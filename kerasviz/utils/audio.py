"""Sounds in folders, as a dataset of batches."""

import os
import sys
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Invalid
from kerasviz.utils.batches import PyDataset

WHERE = "audio_dataset_from_directory"


class AudioDataset(PyDataset):
    """Batches of sounds from files, read when they are asked for.

    Args:
        paths: of the wav files.
        labels: of the files, a row for each; None for sounds alone.
        batch_size: sounds of a batch; None for single sounds without a batch axis.
        length: samples of a sound, which is cut or filled up with zeros; None for the longest of the batch.
        sampling_rate: samples of a second, to which sounds are brought; None for that of each file.
        seed: of the order, which changes with each pass; None for the order of the files.

    Shapes:
        a batch: (batch, samples, channels), and its labels
    """

    def __init__(
        self,
        paths: Sequence[str],
        labels: Tensor | None,
        batch_size: int | None,
        length: int | None = None,
        sampling_rate: int | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.file_paths = list(paths)
        self.labels = labels
        self.batch_size = batch_size
        self.length = length
        self.sampling_rate = sampling_rate
        self.class_names: list[str] | None = None
        self._generator = None if seed is None else torch.Generator().manual_seed(seed)
        self._order = list(range(len(paths)))
        self.on_epoch_begin()

    def on_epoch_begin(self) -> None:
        """Another order, where it is shuffled."""
        if self._generator is not None:
            self._order = torch.randperm(len(self.file_paths), generator=self._generator).tolist()

    def __len__(self) -> int:
        return -(-len(self.file_paths) // (self.batch_size or 1))

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(index)
        size = self.batch_size or 1
        chosen = self._order[index * size : (index + 1) * size]
        sounds = [resampled(*read_wave(self.file_paths[place]), self.sampling_rate) for place in chosen]
        batch = together(sounds, self.length)
        labels = None if self.labels is None else self.labels[chosen]
        if self.batch_size is None:
            batch, labels = batch[0], None if labels is None else labels[0]
        return batch if labels is None else (batch, labels)


def audio_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    verbose: bool = True,
) -> Any:
    """The wav files of a folder as a dataset of batches; in folders inside it, one for each class, by default.

    Args:
        directory: the folder.
        labels: "inferred" from the folders inside, None, or a number for each file in the order of their paths.
        label_mode: "int" for int32 numbers, "categorical" for rows with a 1, "binary" for 0 and 1 of two classes, or
            None for sounds alone.
        class_names: the folders, in the order of their numbers; that of the alphabet by default.
        batch_size: sounds of a batch; None for single sounds.
        sampling_rate: samples of a second, to which sounds are brought.
        output_sequence_length: samples of a sound, which is cut or filled up; the longest of the batch by default.
        ragged: kept for Keras; sounds of several lengths have no tensor.
        shuffle: whether sounds come in another order in each pass.
        seed: of that order, and of the split.
        validation_split: share of the files that is kept for validation.
        subset: "training", "validation" or "both", with `validation_split`.
        follow_links: whether to look into folders that are linked.
        verbose: whether to say how many files were found.

    Shapes:
        a batch: (batch, samples, channels), from -1 to 1
        labels: (batch,), (batch, 1) for binary, (batch, classes) for categorical

    Raises:
        Invalid: where there is no such folder or file, or arguments do not fit.
    """
    check_arguments(labels, label_mode, ragged, validation_split, subset, class_names)
    paths, numbers, names = indexed(Path(directory), labels, class_names, follow_links)
    if verbose:
        found = f" belonging to {len(names)} classes" if names else ""
        sys.stdout.write(f"Found {len(paths)} files{found}.\n")
    if label_mode == "binary" and len(names) != 2:
        raise Invalid(f"{WHERE}(label_mode=...)", "two classes for 'binary'", names)
    seed = int(torch.randint(2**31, ()).item()) if seed is None and shuffle else seed
    rows = None if label_mode is None or numbers is None else label_rows(numbers, label_mode, len(names))
    places = list(range(len(paths)))
    if validation_split is not None and shuffle:
        places = torch.randperm(len(paths), generator=torch.Generator().manual_seed(seed or 0)).tolist()

    def made(chosen: list[int]) -> AudioDataset:
        own = None if rows is None else rows[chosen]
        order = seed if shuffle else None
        dataset = AudioDataset(
            [paths[place] for place in chosen], own, batch_size, output_sequence_length, sampling_rate, order
        )
        dataset.class_names = names or None
        return dataset

    if validation_split is None:
        return made(places)
    kept = len(places) - int(validation_split * len(places))
    parts = {"training": places[:kept], "validation": places[kept:]}
    if verbose:
        told = [f"{len(part)} files for {name}" for name, part in parts.items() if subset in (name, "both")]
        sys.stdout.write(f"Using {' and '.join(told)}.\n")
    return [made(part) for part in parts.values()] if subset == "both" else made(parts[str(subset)])


def check_arguments(
    labels: Any, label_mode: Any, ragged: bool, validation_split: Any, subset: Any, class_names: Any
) -> None:
    """Rules between the arguments."""
    if labels not in ("inferred", None) and not isinstance(labels, (list, tuple)):
        raise Invalid(f"{WHERE}(labels=...)", "'inferred', None, or a list of whole numbers", labels)
    if label_mode not in ("int", "categorical", "binary", None):
        raise Invalid(f"{WHERE}(label_mode=...)", "'int', 'categorical', 'binary' or None", label_mode)
    if class_names is not None and labels != "inferred":
        raise Invalid(f"{WHERE}(class_names=...)", "None unless labels are 'inferred'", class_names)
    if ragged:
        hint = "Give output_sequence_length, or let short sounds be filled up with zeros."
        raise Invalid(f"{WHERE}(ragged=...)", "False: sounds of several lengths have no tensor", ragged, hint)
    if validation_split is not None and not 0 < validation_split < 1:
        raise Invalid(f"{WHERE}(validation_split=...)", "a share between 0 and 1", validation_split)
    if (validation_split is None) != (subset is None):
        raise Invalid(f"{WHERE}(subset=...)", "validation_split and subset together, or neither", subset)
    if subset not in ("training", "validation", "both", None):
        raise Invalid(f"{WHERE}(subset=...)", "'training', 'validation' or 'both'", subset)


def indexed(
    directory: Path, labels: Any, class_names: Sequence[str] | None, follow_links: bool
) -> tuple[list[str], list[int] | None, list[str]]:
    """The paths of all sounds, their numbers, and the names of the classes."""
    if not directory.is_dir():
        raise Invalid(f"{WHERE}(directory=...)", "a folder that is there", str(directory))
    if labels != "inferred":
        paths = wave_files(directory, follow_links)
        if labels is not None and len(labels) != len(paths):
            raise Invalid(f"{WHERE}(labels=...)", f"{len(paths)} numbers, one for each file", len(labels))
        numbers = None if labels is None else [int(label) for label in labels]
        classes = sorted(set(numbers or ()))
        return refuse_none(paths, directory), numbers, [str(number) for number in classes]
    folders = sorted(path.name for path in directory.iterdir() if path.is_dir())
    names = list(class_names) if class_names is not None else folders
    if set(names) != set(folders):
        raise Invalid(f"{WHERE}(class_names=...)", f"the folders {folders}", names)
    found = [(path, number) for number, name in enumerate(names) for path in wave_files(directory / name, follow_links)]
    return refuse_none([path for path, _ in found], directory), [number for _, number in found], names


def refuse_none(paths: list[str], directory: Path) -> list[str]:
    """The paths, if there are any."""
    if not paths:
        raise Invalid(f"{WHERE}(directory=...)", "a folder with wav files", str(directory))
    return paths


def wave_files(directory: Path, follow_links: bool) -> list[str]:
    """The paths of the wav files in a folder and those inside it, in the order of the alphabet."""
    found = []
    for root, folders, files in os.walk(directory, followlinks=follow_links):
        folders.sort()
        found += [os.path.join(root, name) for name in sorted(files) if name.lower().endswith(".wav")]
    return found


def label_rows(numbers: list[int], mode: str, count: int) -> Tensor:
    """Labels as `label_mode` has them."""
    labels = torch.tensor(numbers, dtype=torch.int32)
    if mode == "binary":
        return labels.float().unsqueeze(-1)
    return torch.eye(count)[labels.long()] if mode == "categorical" else labels


# --- sounds ---------------------------------------------------------------------------------------------------------


def read_wave(path: str) -> tuple[Tensor, int]:
    """A sound from -1 to 1, and its samples in a second.

    Shapes:
        the sound: (samples, channels)

    Raises:
        Invalid: where it is no wav file of whole numbers.
    """
    try:
        with wave.open(path, "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise Invalid(path, "a wav file of whole numbers", str(error)) from error
    return torch.from_numpy(from_bytes(data, width).reshape(-1, channels)), rate


def from_bytes(data: bytes, width: int) -> np.ndarray:
    """Samples of so many bytes as numbers from -1 to 1."""
    if width == 1:  # from 0 to 255, silence in the middle
        return (np.frombuffer(data, "u1").astype("float32") - 128) / 128
    if width == 3:
        triples = np.frombuffer(data, "u1").reshape(-1, 3)
        whole = np.zeros((len(triples), 4), "u1")
        whole[:, 1:] = triples
        return whole.view("<i4")[:, 0].astype("float32") / 2**31
    return np.frombuffer(data, f"<i{width}").astype("float32") / 2 ** (8 * width - 1)


def resampled(sound: Tensor, rate: int, wanted: int | None) -> Tensor:
    """A sound at another rate, its samples joined by straight lines."""
    if wanted is None or wanted == rate or not len(sound):
        return sound
    size = max(round(len(sound) * wanted / rate), 1)
    lines = torch.nn.functional.interpolate(sound.T[None], size=size, mode="linear", align_corners=False)
    return lines[0].T


def together(sounds: list[Tensor], length: int | None) -> Tensor:
    """Sounds as one tensor, cut or filled up with zeros."""
    channels = {sound.shape[1] for sound in sounds}
    if len(channels) > 1:
        raise Invalid(WHERE, "sounds with as many channels", sorted(channels))
    size = max(len(sound) for sound in sounds) if length is None else length
    batch = torch.zeros((len(sounds), size, channels.pop()))
    for row, sound in zip(batch, sounds, strict=True):
        row[: min(size, len(sound))] = sound[:size]
    return batch
