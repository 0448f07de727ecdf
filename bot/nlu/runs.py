"""Cuts texts into runs of characters and of words, as scikit-learn does ("char_wb", "word").

Its own code for that comes with all of scikit-learn: 30 MB and half a second that a server which
only answers can do without. A test holds the two together.
"""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\b\w+\b")


def character_runs(text: str, longest: int) -> list[str]:
    """The runs of up to so many characters within words; a word has a blank on each side."""
    runs = []
    for word in _plain(text).split():
        padded = f" {word} "
        for length in range(1, min(longest, len(padded)) + 1):
            runs += [padded[i : i + length] for i in range(len(padded) - length + 1)]
    return runs


def word_runs(text: str, longest: int) -> list[str]:
    """The runs of up to so many words."""
    words = _WORD.findall(_plain(text))
    return [
        " ".join(words[i : i + length])
        for length in range(1, longest + 1)
        for i in range(len(words) - length + 1)
    ]


def _plain(text: str) -> str:
    """In lower case, without accents."""
    lower = text.lower()
    if lower.isascii():
        return lower
    decomposed = unicodedata.normalize("NFKD", lower)
    return "".join(c for c in decomposed if not unicodedata.combining(c))
