"""Cuts a message into the clauses that may each be a question of their own.

Parents write "how often are the shots and do I need one too", with or without punctuation. spaCy
gives tokens and sentences; within a sentence a new clause begins where a new question does: at a
question word or an inverted verb ("do I", "will he") that follows a joining word, or that comes
when the clause already has its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from spacy.tokens import Span, Token

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
    found = []
    for sentence in english()(text).sents:
        for span, asked in _cut(sentence):
            words = _trimmed(span)
            if words is not None:
                found.append(Clause(words.text, asked or _wishes_to_know(words.text)))
    return found


def _cut(sentence: Span) -> Iterator[tuple[Span, bool]]:
    """The clauses of a sentence, each with whether it asks."""
    start = sentence.start
    opened: Token | None = None  # where the clause's own question opened
    asks = asked = False  # in this clause; in this sentence
    for token in sentence:
        if not _opens(token, asked):
            continue
        first = _first_joining(token, start)
        joined = first < token.i
        if first > start and (joined or (opened is not None and not _belongs(token, opened))):
            yield sentence.doc[start:first], asks
            start, asks, opened = first, False, None
        if _asks_at(token, asked):
            asks = asked = True
        opened = opened or token
    yield sentence.doc[start : sentence.end], asks or sentence.text.rstrip().endswith("?")


def _opens(token: Token, asked: bool) -> bool:
    """Whether a clause may begin here."""
    joined = _previous(token) in _JOINING or _begins(token)
    if token.lower_ in _QUESTION_WORDS or token.lower_ in _WISHES:
        return joined or _asks_at(token, asked)
    if token.lower_ in ("for", "about", "as"):
        return _previous(token) in ("and", "or", "also") and _next(token) in _PERSONS
    return _asks_at(token, asked)


def _asks_at(token: Token, asked: bool) -> bool:
    """Whether the words from here on have the form of a question."""
    word, previous, following = token.lower_, _previous(token), _next(token)
    begins = _begins(token)
    if word in _QUESTION_WORDS:
        if word in ("who", "which") and previous == "," and not begins:
            return False  # "my mother, who was a nurse"
        if following in _VERBS or following in _OPENED_BY:
            return True
        if word in ("when", "where"):
            return False  # "when my wife came home"
        return begins or previous in ("and", "also", "plus", "or") or word == "how"
    if word not in _VERBS:
        return False
    if following in _PRONOUNS:
        return word not in _TELLING or previous in _JOINING or begins
    if word in _TELLING:
        return begins
    # "and do most": once something was asked, a joined verb asks again, whoever its subject.
    joined = previous in _JOINING or previous in _QUESTION_WORDS
    return begins or (joined and (asked or following in _SUBJECTS))


def _begins(token: Token) -> bool:
    """Whether only joining words stand before it in its sentence."""
    before = token.doc[token.sent.start : token.i]
    return all(other.is_space or other.lower_ in _JOINING for other in before)


def _belongs(token: Token, opened: Token) -> bool:
    """Whether a verb belongs to the question before it: "how long will he", "will she have it"."""
    if token.lower_ not in _VERBS:
        return False
    reach = 6 if opened.lower_ in _QUESTION_WORDS else 2
    return token.i - opened.i <= reach


def _first_joining(token: Token, start: int) -> int:
    first = token.i
    while first - 1 > start and token.doc[first - 1].lower_ in _JOINING:
        first -= 1
    return first


def _trimmed(span: Span) -> Span | None:
    """The clause without joining words and blanks at its ends; None if nothing is left."""
    start, end = span.start, span.end
    while start < end and (span.doc[start].is_space or span.doc[start].lower_ in _JOINING):
        start += 1
    while end > start and (span.doc[end - 1].is_space or span.doc[end - 1].lower_ in _JOINING):
        end -= 1
    words = span.doc[start:end]
    return words if any(token.is_alpha for token in words) else None


def _wishes_to_know(words: str) -> bool:
    lower = words.lower()
    return "?" in words or any(phrase in lower for phrase in _ASKING)


def _previous(token: Token) -> str:
    return token.nbor(-1).lower_ if token.i > 0 else ""


def _next(token: Token) -> str:
    return token.nbor(1).lower_ if token.i + 1 < len(token.doc) else ""
