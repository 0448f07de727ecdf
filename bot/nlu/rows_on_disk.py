"""Tables of which few rows are needed, read row by row.

In memory the tables would be a sixth of the server. Mapped into memory they are, by and by, too:
the system maps large pieces around each row. A row is read in a microsecond, since the system keeps
files that are in use, and those read lately are kept here.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_KEPT = 1 << 19  # bytes of what was read last


class RowsOnDisk:
    """The rows of a file in which they stand one after the other.

    Args:
        path: The file.
        row_bytes: Of each row.

    Raises:
        OSError: The file cannot be read.
    """

    def __init__(self, path: Path, row_bytes: int) -> None:
        self._file = path.open("rb", buffering=0)  # open for good: a model's folder goes away
        self._row_bytes = row_bytes
        self.row = lru_cache(_KEPT // row_bytes)(self._read)

    def _read(self, number: int) -> bytes:
        return os.pread(self._file.fileno(), self._row_bytes, number * self._row_bytes)


def write_rows(table: npt.NDArray[Any], path: Path) -> None:
    """Writes a table for `RowsOnDisk`, all or nothing.

    Raises:
        OSError: The file cannot be written.
    """
    written = path.with_name(f"{os.getpid()}-{path.name}")
    np.ascontiguousarray(table).tofile(written)
    written.replace(path)
