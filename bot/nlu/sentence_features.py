"""Sentence features: how our featurizers add them, and how a classifier gets them as matrices."""

from __future__ import annotations

import hashlib
from typing import Any, Union

import numpy as np
import numpy.typing as npt
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from scipy.sparse import csr_matrix

Array = npt.NDArray[np.float32]


class SentenceFeatures(Features):
    """A message's sentence features, with a fingerprint that is quick to make.

    Rasa fingerprints every feature of every example after each training step, and spells sparse
    ones out as text for it: ten of forty seconds with 9,000 examples.

    Args:
        row: The features, shape (1, size), dense or sparse.
        origin: Which featurizer made them.
    """

    def __init__(self, row: Union[Array, csr_matrix], origin: str) -> None:
        super().__init__(row, FEATURE_TYPE_SENTENCE, TEXT, origin)
        self._values = [row] if isinstance(row, np.ndarray) else [row.data, row.indices]
        self._fingerprint = ""

    def fingerprint(self) -> str:
        """A digest of origin and values."""
        if not self._fingerprint:
            digest = hashlib.blake2b(str(self.origin).encode(), digest_size=16)
            for values in self._values:
                digest.update(values.tobytes())
            self._fingerprint = digest.hexdigest()
        return self._fingerprint


def sentence_features(messages: list[Message]) -> tuple[Array, csr_matrix]:
    """The messages' sentence features, each featurizer's block brought to unit length.

    Returns:
        Dense features (messages x dense size) and sparse features (messages x sparse size); a kind
        that no featurizer makes has size 0.
    """
    dense_rows: list[npt.NDArray[Any]] = []
    data: list[npt.NDArray[Any]] = [np.zeros(0, dtype=np.float32)]
    columns: list[npt.NDArray[Any]] = [np.zeros(0, dtype=np.int32)]
    row_ends = [0]
    width = 0
    for message in messages:
        dense, width, filled = [np.zeros(0)], 0, 0
        for block in message.features:
            if block.attribute != TEXT or block.type != FEATURE_TYPE_SENTENCE:
                continue
            if block.is_dense():
                dense.append(_unit(np.asarray(block.features)[0]))
            else:
                row = block.features
                assert isinstance(row, csr_matrix)
                data.append(_unit(row.data))
                columns.append(row.indices + width)
                width += row.shape[1]
                filled += len(row.data)
        dense_rows.append(np.concatenate(dense))
        row_ends.append(row_ends[-1] + filled)
    parts = np.concatenate(data), np.concatenate(columns), row_ends
    sparse = csr_matrix(parts, shape=(len(messages), width), dtype=np.float32)
    return np.array(dense_rows, dtype=np.float32), sparse


def _unit(vector: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return vector / (float(np.linalg.norm(vector)) or 1.0)
