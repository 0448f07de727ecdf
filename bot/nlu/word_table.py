"""The vectors of an encoder's words, in 8 bits and on disk: parents use few of 30,000."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bot.nlu.rows_on_disk import RowsOnDisk, write_rows

Array = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]


class SmallWords(NamedTuple):
    """A table of words in 8 bits: its values less `zero`, times `scale`, are those of the table.

    Attributes:
        values: Shape (words, size).
        scale: One for all, as is `zero`: the look-out learned from words like these.
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
        self._rows = RowsOnDisk(path, row_bytes=size)
        self._shape = (-1, size)

    @staticmethod
    def write(table: Array, path: Path) -> None:
        """Writes a table, shape (words, size), all or nothing.

        Raises:
            OSError: The file cannot be written.
        """
        write_rows(small_words(table).values, path)

    def rows(self, words: Iterable[int]) -> Bytes:
        """The vectors of words, in their order, shape (words, size)."""
        return np.frombuffer(b"".join(map(self._rows.row, words)), np.uint8).reshape(self._shape)
