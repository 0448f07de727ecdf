"""The sentence features of messages as two matrices, whatever featurizers made them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.message import Message
from scipy.sparse import csr_matrix

Array = npt.NDArray[np.float32]


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
                row = csr_matrix(block.features)
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
