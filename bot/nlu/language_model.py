"""py3langid's model, kept on disk in a form that need not be read whole.

Its table of 40 MB is packed; unpacked, its rows are read as messages need them. 50 MB and 0.7 s
less at each start.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from bot.nlu.rows_on_disk import RowsOnDisk, write_rows

logger = logging.getLogger(__name__)

CACHE = Path(".rasa/languages")

_FORM = "rows"  # of the files; another form has another name
_STATE = np.dtype(np.uint32)
_BYTES = 256  # that may follow: each has its next state


class _NextStates:
    """The identifier's table of states, which it asks for one place at a time."""

    def __init__(self, table: Path) -> None:
        self._rows = RowsOnDisk(table, _BYTES * _STATE.itemsize)

    def __getitem__(self, place: int) -> int:
        row, byte = divmod(place, _BYTES)
        return memoryview(self._rows.row(row)).cast("I")[byte]


def language_identifier(codes: Sequence[str], cache: Path = CACHE) -> LanguageIdentifier:
    """An identifier of these languages, whose files are made if they are missing.

    Args:
        codes: The languages' codes.
        cache: Where the files are kept.
    """
    known = hashlib.sha256(" ".join([version("py3langid"), _FORM, *codes]).encode()).hexdigest()[
        :16
    ]
    table, rest = cache / f"{known}.bin", cache / f"{known}.npz"
    if not rest.exists():
        packed = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        packed.set_languages(codes)
        try:
            _write(packed, table, rest)
        except OSError as error:  # a folder that nobody may write costs memory, no answer
            logger.warning("%s cannot be written (%s): each start takes longer.", cache, error)
            return packed
    with np.load(rest) as stored:
        return LanguageIdentifier(
            stored["nb_ptc"],
            stored["nb_pc"],
            stored["nb_classes"].tolist(),
            _NextStates(table),
            memoryview(stored["tk_output"]),  # gives plain numbers, ten times faster
            norm_probs=True,
            tk_row=memoryview(stored["tk_row"]),
        )


def _write(identifier: LanguageIdentifier, table: Path, rest: Path) -> None:
    """Writes the files, each whole or not at all; the one that is looked for comes last."""
    table.parent.mkdir(parents=True, exist_ok=True)
    write_rows(np.asarray(identifier.tk_nextmove, dtype=_STATE), table)
    mine = rest.with_name(f"{os.getpid()}-{rest.name}")
    names = ("nb_ptc", "nb_pc", "nb_classes", "tk_output", "tk_row")
    np.savez(mine, **{name: np.asarray(getattr(identifier, name)) for name in names})
    mine.replace(rest)
