"""The catalogue: everything that the assistant can say, loaded once and never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from bot.guide.content_file import ContentError, ContentFile, Problem
from bot.guide.models import (
    ANY_COUNTRY,
    AnswerWords,
    CalmingWords,
    ClinicCard,
    Contradiction,
    Country,
    DangerSign,
    FixedReply,
    FollowUp,
    MessengerWords,
    Notes,
    OtherLanguage,
    ScheduleWords,
    Statement,
    Term,
    Topic,
)

ValueT = TypeVar("ValueT")

FIXED_REPLY_FILES = (
    "safety.yml",
    "small_talk.yml",
    "limits.yml",
    "schedule/messages.yml",
    "schedule/reminders.yml",
)


@dataclass(frozen=True)
class Catalogue:
    """All content, linked and checked.

    Attributes:
        statements: Statements by id, in the guide's order.
        topics: Topics by intent.
        follow_ups: Follow-up questions by intent.
        terms: The glossary.
        contradictions: Where the guide does not agree with itself.
        replies: Fixed replies by the intent or occasion they answer.
        languages: What is said in other languages, by code.
        danger_signs: What the safety look-out watches for, in English.
        calming_words: What holds such a sign back.
        answer_words: How parents answer the calendar's questions.
        schedule_words: The words of the family's calendar.
        messenger_words: What messengers need beyond replies.
        notes: Short lines that go with answers.
        clinic: The clinic card.
    """

    statements: Mapping[str, Statement]
    topics: Mapping[str, Topic]
    follow_ups: Mapping[str, FollowUp]
    terms: tuple[Term, ...]
    contradictions: tuple[Contradiction, ...]
    replies: Mapping[str, FixedReply]
    languages: Mapping[str, OtherLanguage]
    danger_signs: tuple[DangerSign, ...]
    calming_words: tuple[CalmingWords, ...]
    answer_words: tuple[AnswerWords, ...]
    schedule_words: ScheduleWords
    messenger_words: MessengerWords
    notes: Notes
    clinic: ClinicCard

    def term(self, spelling: str) -> Term | None:
        """The glossary's entry for a word in any of its forms, or None."""
        wanted = spelling.casefold()
        for term in self.terms:
            if wanted in (form.casefold() for form in term.spellings):
                return term
        return None

    def button_title(self, intent: str) -> str:
        """What a button says that stands for a topic or for a message.

        Raises:
            KeyError: There is neither.
        """
        if intent in self.topics:
            return self.topics[intent].question
        return self.replies[intent].button or intent

    def contradictions_of(self, statements: Iterable[str]) -> list[Contradiction]:
        """The contradictions that any of these statements is a side of."""
        shown = set(statements)
        return [entry for entry in self.contradictions if shown & entry.statements]


@dataclass(frozen=True)
class _Links:
    """The names that one field of one entry refers to."""

    file: ContentFile
    entry: str
    field: str
    names: Iterable[str]

    def broken(self, known: Iterable[str], what: str) -> list[Problem]:
        return [
            self.file.problem_at(
                self.entry, f"`{name}` is no {what}; correct the spelling", self.field
            )
            for name in sorted(set(self.names) - set(known))
        ]


@lru_cache(maxsize=4)
def load_catalogue(content: Path, clinic_card: Path | None = None) -> Catalogue:
    """Reads and links all content files; the same folder is read once in a process.

    Args:
        content: The content folder.
        clinic_card: The clinic's own card; the folder's clinic.yml when None.

    Raises:
        ContentError: With every problem found, each with file, line and remedy.
    """
    statements = ContentFile(content / "statements.yml", key="id")
    topics = ContentFile(content / "topics.yml", key="intent")
    follow_ups = ContentFile(content / "follow_ups.yml", key="intent")
    glossary = ContentFile(content / "glossary.yml", key="word")
    contradictions = ContentFile(content / "contradictions.yml", key="id")
    fixed = [
        (file, reply)
        for file in (ContentFile(content / name) for name in FIXED_REPLY_FILES)
        for reply in file.load_list(FixedReply)
    ]
    catalogue = Catalogue(
        statements=_frozen((entry.id, entry) for entry in statements.load_list(Statement)),
        topics=_frozen((entry.intent, entry) for entry in topics.load_list(Topic)),
        follow_ups=_frozen((entry.intent, entry) for entry in follow_ups.load_list(FollowUp)),
        terms=tuple(glossary.load_list(Term)),
        contradictions=tuple(contradictions.load_list(Contradiction)),
        replies=_frozen((reply.name, reply) for _, reply in fixed),
        languages=_frozen(
            (entry.code, entry)
            for entry in ContentFile(content / "languages.yml", key="code").load_list(OtherLanguage)
        ),
        danger_signs=tuple(
            ContentFile(content / "danger_words.yml", key="sign").load_list(DangerSign)
        ),
        calming_words=tuple(
            ContentFile(content / "calming_words.yml", key="because").load_list(CalmingWords)
        ),
        answer_words=tuple(
            ContentFile(content / "schedule/answers.yml", key="means").load_list(AnswerWords)
        ),
        schedule_words=ContentFile(content / "schedule/words.yml").load_one(ScheduleWords),
        messenger_words=ContentFile(content / "messengers.yml").load_one(MessengerWords),
        notes=ContentFile(content / "notes.yml").load_one(Notes),
        clinic=_clinic_card(ContentFile(clinic_card or content / "clinic.yml"), content),
    )

    to_statements = [
        *(_Links(topics, t.intent, "statements", t.statements) for t in catalogue.topics.values()),
        *(_Links(glossary, term.word, "statements", term.statements) for term in catalogue.terms),
        *(_Links(contradictions, c.id, "sides", c.statements) for c in catalogue.contradictions),
    ]
    to_topics = [
        *(_Links(topics, t.intent, "follow_ups", t.follow_ups) for t in catalogue.topics.values()),
        *(
            _Links(follow_ups, f.intent, "leads_to", f.topics)
            for f in catalogue.follow_ups.values()
        ),
    ]
    to_buttons = [_Links(file, reply.name, "buttons", reply.buttons) for file, reply in fixed]
    problems = [
        p for links in to_statements for p in links.broken(catalogue.statements, "statement")
    ]
    problems += [p for links in to_topics for p in links.broken(catalogue.topics, "topic")]
    offered = [*catalogue.topics, *(r.name for r in catalogue.replies.values() if r.button)]
    problems += [p for links in to_buttons for p in links.broken(offered, "topic")]
    if problems:
        raise ContentError(problems)
    return catalogue


def _clinic_card(file: ContentFile, content: Path) -> ClinicCard:
    """The card, with its country's numbers where it gives none of its own."""
    countries = ContentFile(content / "countries.yml", key="country").load_list(Country)
    by_code = {entry.country: entry for entry in countries}
    code = str(file.value("country") or ANY_COUNTRY)
    if code not in by_code:
        known = ", ".join(by_code)
        remedy = f"`{code}` is not in countries.yml; use one of {known}, or add it there"
        raise ContentError([file.problem(0, "country", remedy)])
    return file.load_one(ClinicCard, defaults=by_code[code].numbers)


def _frozen(entries: Iterable[tuple[str, ValueT]]) -> Mapping[str, ValueT]:
    return MappingProxyType(dict(entries))
