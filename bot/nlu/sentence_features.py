"""Sentence features: how our featurizers add them, and how a classifier gets them as matrices."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple, Union

import numpy as np
import numpy.typing as npt
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from scipy.sparse import csr_matrix

Array = npt.NDArray[np.float32]


class SparseRow(NamedTuple):
    """A sparse row that is not a matrix yet: to make one takes as long as to fill it.

    Attributes:
        weights: What is not zero.
        columns: Where.
        size: Of the whole row.
    """

    weights: npt.NDArray[np.float32]
    columns: npt.NDArray[np.int32]
    size: int


class SparseRows(NamedTuple):
    """Sparse rows one after the other.

    Attributes:
        weights: What is not zero.
        columns: Where.
        ends: Where in the two each row begins and the last ends.
        size: Of a row.
    """

    weights: npt.NDArray[np.float32]
    columns: npt.NDArray[np.int32]
    ends: list[int]
    size: int

    def matrix(self) -> csr_matrix:
        """The rows as a matrix."""
        shape = (len(self.ends) - 1, self.size)
        return csr_matrix((self.weights, self.columns, self.ends), shape=shape, dtype=np.float32)


class SentenceFeatures(Features):
    """A message's sentence features, with a fingerprint that is quick to make.

    Rasa fingerprints every feature of every example after each training step, and spells sparse
    ones out as text for it: ten of forty seconds with 9,000 examples.

    Args:
        row: The features, a matrix of shape (1, size) where they are dense.
        origin: Which featurizer made them.
    """

    def __init__(self, row: Union[Array, SparseRow], origin: str) -> None:
        self.row = row
        super().__init__(row, FEATURE_TYPE_SENTENCE, TEXT, origin)
        self._fingerprint = ""

    @property
    def features(self) -> Union[Array, csr_matrix]:
        """The features as Rasa's own components want them."""
        if not isinstance(self.row, SparseRow):
            return self.row
        weights, columns, size = self.row
        return SparseRows(weights, columns, [0, len(columns)], size).matrix()

    @features.setter
    def features(self, features: Any) -> None:
        """They stay as they are (called by Rasa)."""

    def is_dense(self) -> bool:
        """Whether most of them are not zero."""
        return not isinstance(self.row, SparseRow)

    def is_sparse(self) -> bool:
        """Whether most of them are zero."""
        return isinstance(self.row, SparseRow)

    def fingerprint(self) -> str:
        """A digest of origin and values."""
        if not self._fingerprint:
            digest = hashlib.blake2b(str(self.origin).encode(), digest_size=16)
            for values in self.row[:2]:
                digest.update(values.tobytes())
            self._fingerprint = digest.hexdigest()
        return self._fingerprint


def sentence_features(messages: list[Message]) -> tuple[Array, SparseRows]:
    """The messages' sentence features, each featurizer's block brought to unit length.

    Returns:
        Dense features (messages x dense size) and sparse features (messages x sparse size); a kind
        that no featurizer makes has size 0.
    """
    dense_rows: list[npt.NDArray[Any]] = []
    weights: list[npt.NDArray[Any]] = [np.zeros(0, dtype=np.float32)]
    columns: list[npt.NDArray[Any]] = [np.zeros(0, dtype=np.int32)]
    ends = [0]
    width = 0
    for message in messages:
        dense, width, filled = [np.zeros(0)], 0, 0
        for block in message.features:
            if block.attribute != TEXT or block.type != FEATURE_TYPE_SENTENCE:
                continue
            row = _row_of(block)
            if isinstance(row, SparseRow):
                weights.append(_unit(row.weights))
                columns.append(row.columns + width)
                width += row.size
                filled += len(row.columns)
            else:
                dense.append(_unit(row[0]))
        dense_rows.append(np.concatenate(dense))
        ends.append(ends[-1] + filled)
    sparse = SparseRows(np.concatenate(weights), np.concatenate(columns), ends, width)
    return np.array(dense_rows, dtype=np.float32), sparse


def _row_of(block: Features) -> Union[Array, SparseRow]:
    """A featurizer's row, of ours or of Rasa's own."""
    if isinstance(block, SentenceFeatures):
        return block.row
    if block.is_dense():
        return np.asarray(block.features)
    row = csr_matrix(block.features)
    return SparseRow(row.data, row.indices, row.shape[1])


def _unit(vector: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return vector / (float(np.linalg.norm(vector)) or 1.0)
