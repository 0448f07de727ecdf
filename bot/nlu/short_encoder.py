"""The quick encoder made short: one layer in place of the upper four.

An encoder reads any text on any matter; parents write about one. For that a single layer, on top of
those that the look-out shares, learns to end where the published four end (`make encoder`,
encoder/learn.py). A message then costs half as much to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.nlu.encoder_graph import SHARED_LAYERS
from bot.nlu.published import Published

Array = npt.NDArray[np.float32]

_GROWN_ON = "grown_on"


def cut_short(encoder: Published) -> Published:
    """The encoder with its own last layer right behind the shared ones: where learning begins."""
    last = f"encoder.layer.{encoder.config['num_hidden_layers'] - 1}."
    weights = {
        name.replace(last, f"encoder.layer.{SHARED_LAYERS}."): value
        for name, value in encoder.weights.items()
        if name.startswith(last)
    }
    return _with_last(encoder, weights)


def save(weights: Mapping[str, Array], grown_on: str, path: Path) -> None:
    """Writes the layer that has learned, with half precision, which is as good and half as large.

    Args:
        weights: By their names in the short encoder.
        grown_on: The checksum of the published weights.
        path: The file to write.
    """
    halves = {name: value.astype(np.float16) for name, value in weights.items()}
    np.savez_compressed(path, **{_GROWN_ON: np.array(grown_on)}, **halves)


def shortened(encoder: Published, sha256: str, path: Path) -> Published:
    """The encoder with the layer of a file that `save` wrote.

    Args:
        encoder: As it was published.
        sha256: The checksum of its weights.
        path: The file.

    Raises:
        OSError: The file cannot be read.
        ValueError: The layer belongs to another encoder.
    """
    with np.load(path) as stored:
        grown_on = str(stored[_GROWN_ON])
        if grown_on != sha256:
            raise ValueError(
                f"{path} belongs to the encoder with SHA-256 {grown_on}, not {sha256}. "
                "Set `upper` to null, or let it learn anew with `make encoder`."
            )
        weights = {
            name: stored[name].astype(np.float32) for name in stored.files if name != _GROWN_ON
        }
    return _with_last(encoder, weights)


def _with_last(encoder: Published, weights: Mapping[str, Array]) -> Published:
    config = {**encoder.config, "num_hidden_layers": SHARED_LAYERS + 1}
    return replace(encoder, weights={**encoder.weights, **weights}, config=config)
