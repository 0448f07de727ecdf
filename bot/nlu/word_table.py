"""The vectors of an encoder's words, on disk: in memory they would be a tenth of the server.

There are 30,000 words, 12 and 23 MB in 8 bits, of which parents use few. Those of the latest texts
are kept; any other is read in a microsecond, since the system keeps the files that are in use. To
map the files into memory instead would bring in all of them, by and by.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

_ROWS_KEPT = 2048  # at most 2 MB


class SmallWords(NamedTuple):
    """A table of words in 8 bits: its values less `zero`, times `scale`, are those of the table.

    Attributes:
        values: Shape (words, size).
        scale: One for all, as are the others: the look-out learned from words like these.
        zero: What stands for nothing.
    """

    values: Bytes
    scale: np.float32
    zero: np.uint8


def small_words(table: Array) -> SmallWords:
    """A table of words, shape (words, size), in 8 bits."""
    lowest, highest = table.min(), table.max()
    scale = np.float32((highest - lowest) / 255)
    zero = np.rint(-lowest / scale)
    values = np.clip(np.rint(table / scale) + zero, 0, 255).astype(np.uint8)
    return SmallWords(values, scale, np.uint8(zero))


class WordTable:
    """Gives the vectors of words by their numbers, in 8 bits.

    Args:
        path: What `write` wrote.
        size: Of a vector.

    Raises:
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._file = path.open("rb", buffering=0)  # open for good: a model's folder goes away
        self._size = size
        self._row = lru_cache(_ROWS_KEPT)(self._read)

    @staticmethod
    def write(table: Array, path: Path) -> None:
        """Writes a table, shape (words, size), all or nothing.

        Raises:
            OSError: The file cannot be written.
        """
        written = path.with_name(f"{os.getpid()}-{path.name}")
        small_words(table).values.tofile(written)
        written.replace(path)

    def rows(self, words: Iterable[int]) -> Bytes:
        """The vectors of the words of one text, shape (1, words, size)."""
        return np.stack([self._row(word) for word in words])[np.newaxis]

    def _read(self, word: int) -> Bytes:
        return np.frombuffer(os.pread(self._file.fileno(), self._size, word * self._size), np.uint8)
