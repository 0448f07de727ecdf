"""A small language for phrases in content files, such as `not|stop* ... breath*`.

Words stand apart by blanks; `|` parts alternatives; `*` at the end or the beginning of a word
stands for any letters; `...` for up to three words. In Chinese, which parts no words, the
characters stand together and `...` is up to six of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_GAP = "..."
_WORDS_BETWEEN = "(?:[^ ]+ ){0,3}"
_CHARACTERS_BETWEEN = "[^ ]{0,6}"
_CHINESE = re.compile("[\u3400-\u9fff]")

# Marks that people leave out when they type: accents of Latin and Cyrillic letters, vowel signs of
# Arabic. The vowels of Hindi are marks too, but without them no word is the same.
_LEFT_OUT = re.compile("[\u0300-\u036f\u064b-\u0652\u0670\u0640'\u2019]")
_PLAIN_LETTERS = str.maketrans("\u0131\u0142\u0111\u00f8\u0649\u0629", "ildo\u064a\u0647")


def plain(text: str) -> str:
    """A text as phrases are matched on it: lower case, no accents, one blank around each word."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    letters = _LEFT_OUT.sub("", decomposed).translate(_PLAIN_LETTERS)
    kept = (c if unicodedata.category(c)[0] in "LMN" else " " for c in letters)
    return f" {' '.join(''.join(kept).split())} "


def matcher(phrases: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds any of the phrases in a text made plain."""
    return re.compile("|".join(_pattern(phrase) for phrase in phrases) or "(?!)")


def _pattern(phrase: str) -> str:
    if _CHINESE.search(phrase):
        pieces = [re.escape(plain(piece).replace(" ", "")) for piece in phrase.split(_GAP)]
        return _CHARACTERS_BETWEEN.join(pieces)
    words = phrase.split()
    parts = [_WORDS_BETWEEN if word == _GAP else f"{_word(word)} " for word in words]
    return f"(?<= ){''.join(parts)[:-1]}(?= )"


def _word(alternatives: str) -> str:
    return "(?:" + "|".join(_stem(word) for word in alternatives.split("|")) + ")"


def _stem(word: str) -> str:
    before = "[^ ]*" if word.startswith("*") else ""
    after = "[^ ]*" if word.endswith("*") else ""
    return before + re.escape(plain(word).strip()) + after
