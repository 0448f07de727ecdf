"""Texts side by side: several are read in one go, each as if it were alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]

# Tokens that are read in one go: what keeps texts apart grows with their square.
MOST = 48


def in_turns(lengths: Sequence[int]) -> Iterator[slice]:
    """Cuts texts into neighbours that are read in one go; a longer text is read alone.

    Args:
        lengths: Tokens of each text.
    """
    start = held = 0
    for place, length in enumerate(lengths):
        if held and held + length > MOST:
            yield slice(start, place)
            start, held = place, 0
        held += length
    if lengths:
        yield slice(start, len(lengths))


def numbered(lengths: Sequence[int]) -> dict[str, Numbers]:
    """What tells the texts apart.

    Args:
        lengths: Tokens of each text.

    Returns:
        Of each token `texts`, the number of its text, and `places`, where it stands in that.
    """
    return {
        "texts": np.repeat(np.arange(len(lengths)), lengths),
        "places": np.concatenate([np.arange(length) for length in lengths]),
    }
