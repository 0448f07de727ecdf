"""Cuts a message into the clauses that may each be a question of their own.

Parents write "how often are the shots and do I need one too", with or without punctuation. spaCy
gives tokens and sentences; within a sentence a new clause begins where a new question does: at a
question word or an inverted verb ("do I", "will he") that follows a joining word, or that comes
when the clause already has its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.nlu.english import english


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_QUESTION_WORDS = _words("how what when why where who which whether whats hows whens")
_VERBS = _words(
    "is are was were am do does did will would can could should shall must may might has have had "
    "wo ca isnt arent dont doesnt wont cant s 's 're"
)
# These tell more often than they ask: "he had a fit", "she was the first".
_TELLING = _words("was were has have had wo ca")
_PRONOUNS = _words("i he she it we they you u this that there these those")
_SUBJECTS = _PRONOUNS | _words(
    "this that these those there the my his her our their your its a an any all some both baby "
    "mum mom dad babies mothers children kids one"
)
_JOINING = _words("and but also plus or then so & + , - ; : /")
_WISHES = _words("wondering curious unsure")
# "what about", "how often", "why not": what follows a question word that opens without a verb.
_OPENED_BY = _words(
    "about if happens happened many much often long soon far big high come else not dose kind "
    "helps exactly sort age foods food tests signs"
)
_PERSONS = _words("me myself mine him her us mum mom mother baby dad son daughter")
_ASKING = (
    "want to know", "wanted to know", "like to know", "love to know", "need to know", "know if",
    "know whether", "know how", "know what", "know when", "know why", "wonder", "tell me",
    "explain",
    "to understand", "my question", "question is", "i ask", "asking", "to ask",
    "curious", "not sure if",
    "not sure whether", "understand why", "understand what", "understand how", "help me understand",
    "is it true", "please say", "what i cannot", "what i can't", "find out",
)  # fmt: skip


@dataclass(frozen=True)
class Clause:
    """A piece of a message.

    Attributes:
        text: The words, without the joining word before them.
        asks: Whether it has the form of a question or of a wish to know.
    """

    text: str
    asks: bool


def clauses_of(text: str) -> list[Clause]:
    """The clauses of an English message, in order; a message of one clause gives one."""
    doc = english()(text)
    words = [token.lower_ for token in doc]
    found = []
    for sentence in doc.sents:
        for start, end, asks in _cut(words, sentence.start, sentence.end):
            start, end = _trimmed(words, start, end)
            if any(token.is_alpha for token in doc[start:end]):
                clause = doc[start:end].text
                found.append(Clause(clause, asks or _wishes_to_know(clause)))
    return found


def _cut(words: list[str], begin: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """The clauses of a sentence: first word, word behind the last, and whether it asks."""
    start = begin
    opened: int | None = None  # where the clause's own question opened
    asks = asked = False  # in this clause; in this sentence
    only_joining = True  # whether nothing but joining words stands before, in this sentence
    for place in range(begin, end):
        here = _Place(words, place, begins=only_joining)
        only_joining = only_joining and _is_filling(words[place])
        if not here.opens(asked):
            continue
        first = place
        while first - 1 > start and words[first - 1] in _JOINING:
            first -= 1
        begins = first < place or (opened is not None and not _belongs(words, place, opened))
        if first > start and begins:
            yield start, first, asks
            start, asks, opened = first, False, None
        if here.asks(asked):
            asks = asked = True
        opened = place if opened is None else opened
    yield start, end, asks or _ends_as_question(words, begin, end)


class _Place:
    """A place in a message, where a clause may begin.

    Args:
        words: Of the message, in lower case.
        place: The word in question.
        begins: Whether only joining words stand before it in its sentence.
    """

    def __init__(self, words: list[str], place: int, begins: bool) -> None:
        self._word = words[place]
        self._previous = words[place - 1] if place > 0 else ""
        self._next = words[place + 1] if place + 1 < len(words) else ""
        self._begins = begins

    def opens(self, asked: bool) -> bool:
        """Whether a clause may begin here; `asked`: whether its sentence asked before."""
        if self._word in _QUESTION_WORDS or self._word in _WISHES:
            return self._previous in _JOINING or self._begins or self.asks(asked)
        if self._word in ("for", "about", "as"):
            return self._previous in ("and", "or", "also") and self._next in _PERSONS
        return self.asks(asked)

    def asks(self, asked: bool) -> bool:
        """Whether the words from here on have the form of a question."""
        word, previous, following = self._word, self._previous, self._next
        if word in _QUESTION_WORDS:
            if word in ("who", "which") and previous == "," and not self._begins:
                return False  # "my mother, who was a nurse"
            if following in _VERBS or following in _OPENED_BY:
                return True
            if word in ("when", "where"):
                return False  # "when my wife came home"
            return self._begins or previous in ("and", "also", "plus", "or") or word == "how"
        if word not in _VERBS:
            return False
        if following in _PRONOUNS:
            return word not in _TELLING or previous in _JOINING or self._begins
        if word in _TELLING:
            return self._begins
        # "and do most": once something was asked, a joined verb asks again, whoever its subject.
        joined = previous in _JOINING or previous in _QUESTION_WORDS
        return self._begins or (joined and (asked or following in _SUBJECTS))


def _is_filling(word: str) -> bool:
    return word in _JOINING or word.isspace()


def _belongs(words: list[str], place: int, opened: int) -> bool:
    """Whether a verb belongs to the question before it: "how long will he", "will she have it"."""
    if words[place] not in _VERBS:
        return False
    reach = 6 if words[opened] in _QUESTION_WORDS else 2
    return place - opened <= reach


def _ends_as_question(words: list[str], begin: int, end: int) -> bool:
    while end > begin and words[end - 1].isspace():
        end -= 1
    return end > begin and words[end - 1].endswith("?")


def _trimmed(words: list[str], start: int, end: int) -> tuple[int, int]:
    """Where the clause is without joining words and blanks at its ends."""
    while start < end and _is_filling(words[start]):
        start += 1
    while end > start and _is_filling(words[end - 1]):
        end -= 1
    return start, end


def _wishes_to_know(words: str) -> bool:
    lower = words.lower()
    return "?" in words or any(phrase in lower for phrase in _ASKING)
