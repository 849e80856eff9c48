"""Tables of embeddings as files for TensorBoard's projector."""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kerasviz.declare import Invalid, did_you_mean
from kerasviz.layers import Embedding

CONFIG = "projector_config.pbtxt"


class Projector:
    """The embedding layers of a model, those inside other layers too.

    Args:
        model: with the layers.
        folder: the folder of the logs; `projector_config.pbtxt` lies in it, the tables in `train/`.
        metadata: a file with a line of text for each row, or such files by the name of the layer.

    Raises:
        Invalid: where `metadata` names a layer that is no embedding of the model.
    """

    def __init__(self, model: Any, folder: Path, metadata: Any) -> None:
        modules = model.modules() if isinstance(model, torch.nn.Module) else ()
        self.layers = [module for module in modules if isinstance(module, Embedding)]
        self.folder = folder
        names = [layer.name for layer in self.layers]
        self.metadata: dict[str, str] = dict.fromkeys(names, metadata) if isinstance(metadata, str) else {}
        if isinstance(metadata, Mapping):
            for name in metadata:
                if name not in names:
                    expected = f"names of embedding layers: {', '.join(names) or 'the model has none'}"
                    where = "TensorBoard(embeddings_metadata=...)"
                    raise Invalid(where, expected, name, did_you_mean(name, names))
            self.metadata = dict(metadata)

    def write(self) -> None:
        """Write the tables as they are now, and what says where they lie."""
        config = importlib.import_module("tensorboard.plugins.projector.projector_config_pb2").ProjectorConfig()
        to_text = importlib.import_module("google.protobuf.text_format").MessageToString
        for layer in self.layers:
            if not layer.built:
                continue
            table = Path("train") / f"keras_embedding.{layer.name}.tsv"
            write_whole(self.folder / table, rows(layer.embeddings))
            entry = config.embeddings.add(tensor_name=layer.name, tensor_path=table.as_posix())
            if layer.name in self.metadata:
                entry.metadata_path = self.metadata[layer.name]
        if config.embeddings:
            write_whole(self.folder / CONFIG, to_text(config))


def rows(values: torch.Tensor) -> str:
    """A table as text: a line for each row, numbers with tabs between."""
    table = values.detach().float().cpu().numpy().astype(np.float64)
    line = "\t".join(["%.7g"] * table.shape[1])
    return "".join(f"{line % tuple(row)}\n" for row in table.tolist())


def write_whole(path: Path, text: str) -> None:
    """Write a file beside its place, and put it there: who reads it finds it whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
