"""Phrases that are an alarm by themselves, and what holds them back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.guide.models import CalmingWords, DangerSign
from bot.nlu.english import english
from bot.nlu.phrases import matcher, plain

_NOT = frozenset(["n't", "nt"])  # what spaCy's norms leave of some of them


@dataclass(frozen=True)
class Sighting:
    """What phrases say of a text.

    Attributes:
        alarm: The intent of the alarm that it raises; None where it raises none.
        held_back: Whether calming words held a sign back.
    """

    alarm: str | None
    held_back: bool


class DangerWords:
    """Finds the signs of danger in an English message, or in one clause of it.

    Args:
        signs: What danger looks like, from the content.
        calming: What holds a sign back.
    """

    def __init__(self, signs: Iterable[DangerSign], calming: Iterable[CalmingWords]) -> None:
        self._signs = [(sign.alarm, matcher(sign.phrases)) for sign in signs]
        self._calming = matcher(phrase for words in calming for phrase in words.phrases)

    def look(self, text: str) -> Sighting:
        """What the words of a text raise by themselves."""
        tokens = english().make_doc(text.lower().replace("\u2019", "'"))
        words = plain(" ".join("not" if t.norm_ in _NOT else t.norm_ for t in tokens))
        held_back = False
        for alarm, sign in self._signs:
            for found in sign.finditer(words):
                if not self._is_calmed(words, found):
                    return Sighting(alarm, held_back)
                held_back = True
        return Sighting(None, held_back)

    def _is_calmed(self, words: str, sign: re.Match[str]) -> bool:
        return any(_apart(calming, sign) for calming in self._calming.finditer(words))


def _apart(one: re.Match[str], other: re.Match[str]) -> bool:
    return one.end() <= other.start() or one.start() >= other.end()
