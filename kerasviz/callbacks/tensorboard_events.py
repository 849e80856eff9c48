"""Files of events, as TensorBoard reads them: what stands in one is written here, one record after the other."""

import functools
import importlib
import importlib.util
import io
import itertools
import os
import socket
import time
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kerasviz.declare import Invalid

NUM_BUCKETS = 30
MOST_IMAGES = 3
FLUSH_SECONDS = 1.0  # a view that is open sees what is older
BLOBS = 3  # tensorboard's data class for anything but numbers and tensors
NUMBERS = itertools.count()
MODULES = {
    "event": "compat.proto.event_pb2",
    "summary": "compat.proto.summary_pb2",
    "scalar": "plugins.scalar.metadata",
    "histogram": "plugins.histogram.metadata",
    "image": "plugins.image.metadata",
    "text": "plugins.text.metadata",
    "tensors": "util.tensor_util",
    "records": "summary.writer.record_writer",
}


def require_tensorboard(where: str) -> None:
    """Say at once that TensorBoard is not installed.

    Raises:
        Invalid: with how to install it.
    """
    if importlib.util.find_spec("tensorboard") is None:
        hint = 'Install it: pip install "kerasviz[tensorboard]". TensorFlow is not needed.'
        raise Invalid(where, "the package `tensorboard`", "none installed", hint)


@functools.cache
def board() -> SimpleNamespace:
    """The parts of the package `tensorboard` that say how an event is written; imported when first needed."""
    require_tensorboard("TensorBoard")
    return SimpleNamespace(**{n: importlib.import_module(f"tensorboard.{path}") for n, path in MODULES.items()})


class EventFile:
    """The events of one run. The file and its folder are made with the first event.

    Args:
        folder: of the run; TensorBoard shows its name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path: Path | None = None
        self._records: Any = None
        self._flushed_at = 0.0

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Write numbers, each under its tag."""
        metadata = board().scalar.create_summary_metadata(display_name="", description="")
        self._add([(tag, np.float32(value), metadata) for tag, value in values.items()], step)

    def histogram(self, tag: str, values: Tensor, step: int) -> None:
        """Write how the values are spread; those that are not finite are left out."""
        metadata = board().histogram.create_summary_metadata(display_name="", description="")
        self._add([(tag, buckets(values), metadata)], step)

    def images(self, tag: str, pictures: list[np.ndarray], step: int) -> None:
        """Write pictures of one size.

        Shapes:
            pictures: (height, width, channels), whole numbers from 0 to 255
        """
        height, width = pictures[0].shape[:2]
        parts = [str(width).encode(), str(height).encode(), *map(png, pictures)]
        metadata = board().image.create_summary_metadata(display_name="", description="")
        self._add([(tag, parts, metadata)], step)

    def text(self, tag: str, text: str, step: int) -> None:
        """Write a text in Markdown."""
        metadata = board().text.create_summary_metadata(display_name="", description="")
        self._add([(tag, text.encode(), metadata)], step)

    def model(self, config: str) -> None:
        """Write the model's JSON form, of which TensorBoard draws the conceptual graph."""
        summary = board().summary
        plugin = summary.SummaryMetadata.PluginData(plugin_name="graph_keras_model", content=b"1")
        metadata = summary.SummaryMetadata(plugin_data=plugin, data_class=BLOBS)
        self._add([("keras", [config.encode()], metadata)], 0)

    def graph(self, definition: Any) -> None:
        """Write a graph of nodes, a `GraphDef`."""
        self._write(board().event.Event(wall_time=time.time(), step=0, graph_def=definition.SerializeToString()))

    def _add(self, values: Iterable[tuple[str, Any, Any]], step: int) -> None:
        summary, make = board().summary, board().tensors.make_tensor_proto
        entries = [summary.Summary.Value(tag=t, tensor=make(v), metadata=metadata) for t, v, metadata in values]
        event = board().event.Event(wall_time=time.time(), step=step, summary=summary.Summary(value=entries))
        self._write(event)

    def _write(self, event: Any) -> None:
        records = self._records or self._open()
        records.write(event.SerializeToString())
        if event.wall_time - self._flushed_at > FLUSH_SECONDS:
            self.flush()

    def _open(self) -> Any:
        self.folder.mkdir(parents=True, exist_ok=True)
        now = time.time()
        name = f"events.out.tfevents.{int(now)}.{socket.gethostname()}.{os.getpid()}.{next(NUMBERS)}.v2"
        self.path = self.folder / name
        file = self.path.open("xb")
        self._closed = weakref.finalize(self, file.close)  # also where nobody closes it
        self._records = board().records.RecordWriter(file)
        self._records.write(board().event.Event(wall_time=now, file_version="brain.Event:2").SerializeToString())
        return self._records

    def flush(self) -> None:
        """Let readers see everything written so far."""
        self._flushed_at = time.time()
        if self._records is not None:
            self._records.flush()

    def close(self) -> None:
        """Close the file; the next event begins another."""
        if self._records is not None:
            self._closed()
            self._records = None


def buckets(values: Tensor) -> np.ndarray:
    """How many values lie between which numbers; a single value has all in the last bucket.

    Shapes:
        values: any
        returns: (30, 3): left edge, right edge, count
    """
    flat = values.detach().flatten()
    flat = flat if flat.dtype in (torch.float32, torch.float64) else flat.float()
    flat = flat[flat.isfinite()]
    if not flat.numel():
        return np.zeros((NUM_BUCKETS, 3))
    low, high = (float(end) for end in torch.stack(flat.aminmax()).tolist())
    edges = np.linspace(low, high, NUM_BUCKETS + 1)
    if low == high:
        counts = np.zeros(NUM_BUCKETS)
        counts[-1] = flat.numel()
    else:
        counts = torch.histc(flat, NUM_BUCKETS, low, high).cpu().numpy().astype(np.float64)
    return np.stack([edges[:-1], edges[1:], counts], 1)


def pictures_of(values: Tensor) -> list[np.ndarray]:
    """A weight as up to three pictures: values from 0 to 1 are black to white, others are cut off, as Keras does.

    A vector is a column, a matrix lies on its longer side, and of an array with three axes each index of the last is a
    picture. One with four is taken for pictures if its last axis has 3 or 4 channels. Others have no picture.

    Shapes:
        returns: (height, width, channels) each
    """
    values = values.detach().squeeze()
    if values.ndim == 1:
        values = values[None, :, None, None]
    elif values.ndim == 2:
        values = (values.T if values.shape[0] > values.shape[1] else values)[None, :, :, None]
    elif values.ndim == 3:
        values = values.movedim(-1, 0)[..., None]
    elif values.ndim != 4 or values.shape[-1] not in (3, 4):
        return []
    return pixels(values)


def pixels(values: Any, most: int = MOST_IMAGES) -> list[np.ndarray]:
    """The first few pictures, with a byte for each number from 0 to 1; bytes stay as they are.

    Shapes:
        values: (pictures, height, width, channels)
        returns: (height, width, channels) each
    """
    chosen = torch.as_tensor(values)[:most].detach().cpu()
    if chosen.dtype != torch.uint8:
        chosen = (chosen.double().nan_to_num() * 255.5).floor().clamp(0, 255).to(torch.uint8)
    return list(chosen.numpy())


def png(picture: np.ndarray) -> bytes:
    """A picture as a PNG file.

    Shapes:
        picture: (height, width, channels), with 1, 3 or 4 channels
    """
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(file, "PNG")
    return file.getvalue()
