"""Typing errors as phones make them, the same for the same text each time."""

from __future__ import annotations

import random
import re

_NEIGHBOURS = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok",
    "o": "ipl", "p": "ol", "a": "qsz", "s": "awdx", "d": "sefc", "f": "drgv", "g": "fthb",
    "h": "gyjn", "j": "hukm", "k": "jil", "l": "kop", "z": "asx", "x": "zsdc", "c": "xdfv",
    "v": "cfgb", "b": "vghn", "n": "bhjm", "m": "njk",
}  # fmt: skip


def with_typing_errors(text: str, count: int = 1) -> str:
    """The text with one typing error in each of so many of its longer words.

    An error leaves a letter out, doubles one, swaps two, or hits the key beside. Words of less than
    four letters stay; a text without longer words stays as it is.
    """
    dice = random.Random(text)
    words = list(re.finditer(r"[A-Za-z]{4,}", text))
    for word in sorted(dice.sample(words, min(count, len(words))), key=lambda w: -w.start()):
        text = text[: word.start()] + _mistyped(word.group(), dice) + text[word.end() :]
    return text


def _mistyped(word: str, dice: random.Random) -> str:
    at = dice.randrange(1, len(word) - 1)
    letter = word[at]
    return dice.choice(
        [
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + word[at + 1] + letter + word[at + 2 :],
            word[:at] + dice.choice(_NEIGHBOURS.get(letter.lower(), letter)) + word[at + 1 :],
        ]
    )
