"""The steps of the talk: what is said next, and what is known from then on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from bot.dialogue.calendar.text import CalendarText
from bot.dialogue.compose import Composer
from bot.dialogue.family import DATES, Family, Question
from bot.dialogue.reply import Reply
from bot.schedule.course import Refusal
from bot.schedule.dates.resolving import DateRead

MOST_TRIES = 3  # answers that cannot be read, before help and a way out are offered

# Which question a refusal sends back to.
_ASKED_AGAIN: Mapping[Refusal, Question] = {
    "first_too_late": "first",
    "first_too_early": "first",
    "plateau_before_first": "plateau",
    "plateau_in_future": "plateau",
    "mother_first_too_late": "mother_first",
    "interval_unknown": "interval",
    "months_outside": "change",
}


@dataclass(frozen=True)
class Talk:
    """What is said on the calendar, and what is known from then on.

    Attributes:
        replies: What is said; empty where the message was not about the calendar.
        family: What is known.
        led_back: Whether the message was something else, to be answered first.
        errand: What is to be done in the database, or None (see `Turn`).
    """

    replies: list[Reply]
    family: Family
    led_back: bool = False
    errand: dict[str, Any] | None = None


class Steps:
    """Takes a step: says back what was told, and asks for what is missing or shows the calendar.

    Args:
        composer: Puts replies into words.
        text: Puts the calendar into words.
    """

    def __init__(self, composer: Composer, text: CalendarText) -> None:
        self._composer = composer
        self._text = text

    def go_on(
        self,
        family: Family,
        today: dt.date,
        told: list[str] | None = None,
        before: Family | None = None,
    ) -> Talk:
        """Says back what was told, and asks for what is missing or shows the calendar."""
        course = family.course() or replace(family, first=today, plateau=None).course()
        refusal = course.refusal(today) if course else None
        if refusal:
            again = _ASKED_AGAIN[refusal]
            kept = replace(before or family, asking=again, said_back=None)
            return Talk([self._with_buttons(refusal, again)], kept)
        said = " ".join(self._said(name, family) for name in told or [])
        if family.first is None:
            return self.ask(replace(family, asking="first", tries=0), said=said)
        if family.breastfeeding is None:
            return self.ask(replace(family, asking="breastfeeding", tries=0), said=said)
        family = replace(family, asking=None, tries=0)
        reply = self._text.whole(family, today)
        if said:
            reply.text = f"{said}\n\n{reply.text}"
        return Talk([reply], family)

    def with_date(
        self,
        read: DateRead,
        about: Question,
        family: Family,
        today: dt.date,
        told: list[str] | None = None,
    ) -> Talk:
        """Keeps a date that was read; a doubtful one is said back for a yes or no."""
        if read.doubtful:
            family = replace(family, asking=about, said_back=read.date)
            reply = self._composer.fixed("confirm_date", date=self._text.day(read.date))
            return Talk([reply], family)
        return self.keep(read.date, about, family, today, told)

    def keep(
        self,
        day: dt.date,
        about: Question,
        family: Family,
        today: dt.date,
        told: list[str] | None = None,
    ) -> Talk:
        """Keeps a date as the answer to a question."""
        kept = replace(family, latest=about, said_back=None, **cast(Any, {about: day}))
        if about == "mother_first":
            kept = replace(kept, breastfeeding=True)
        return self.go_on(kept, today, [about, *(told or [])], before=family)

    def ask(self, family: Family, told: list[str] | None = None, said: str = "") -> Talk:
        """Asks the question that `family.asking` names."""
        reply = self._composer.fixed(f"ask_{family.asking}")
        said = said or " ".join(self._said(name, family) for name in told or [])
        if said:
            reply.text = f"{said}\n\n{reply.text}"
        return Talk([reply], replace(family, said_back=None))

    def skipped(self, family: Family, today: dt.date) -> Talk:
        """After "not sure": what can do without an answer does."""
        if family.asking == "first":
            # It still waits for the day, and does not ask again.
            return Talk([self._composer.fixed("first_unknown")], replace(family, tries=MOST_TRIES))
        if family.asking == "breastfeeding":
            family = replace(family, breastfeeding=False)
        return self.go_on(replace(family, asking=None), today)

    def unread(self, family: Family) -> Talk:
        """Asks once more; after some tries it offers help and a way out."""
        tries = family.tries + 1
        if tries > MOST_TRIES:
            family = replace(family, asking=None, said_back=None, tries=0)
            return Talk([self._composer.fixed("calendar_unread")], family)
        if family.said_back is not None:
            reply = self._composer.fixed("confirm_date", date=self._text.day(family.said_back))
        else:
            again = "" if family.asking == "change" else "_again"
            reply = self._composer.fixed(f"ask_{family.asking}{again}")
        return Talk([reply], replace(family, tries=tries))

    def no_such_date(self, family: Family) -> Talk:
        """Says that the date does not exist."""
        return Talk([self._composer.fixed("no_such_date")], replace(family, said_back=None))

    def leave(self, family: Family) -> Talk:
        """Ends the questions; what was told stays."""
        family = replace(family, asking=None, said_back=None, tries=0)
        return Talk([self._composer.fixed("cancel_schedule")], family)

    def back(self, family: Family) -> Reply:
        """The question that still waits, after something else was answered."""
        if family.said_back is not None:
            question = self._composer.fixed("confirm_date", date=self._text.day(family.said_back))
        else:
            question = self._composer.fixed(f"ask_{family.asking}")
        reply = self._composer.fixed("back_to_calendar", said=question.text)
        reply.buttons = question.buttons
        return reply

    def joined(self, reply: Reply, talk: Talk) -> Talk:
        """A talk with something said before it."""
        first, *rest = talk.replies
        first.text = f"{reply.text}\n\n{first.text}"
        return replace(talk, replies=[first, *rest])

    def _said(self, name: str, family: Family) -> str:
        if name == "interval":
            name = f"interval_{family.interval}"
        facts: dict[str, Any] = {"months": family.months}
        if name in DATES:
            facts["date"] = self._text.day(getattr(family, name))
        return self._composer.fixed(f"said_{name}", **facts).text

    def _with_buttons(self, refusal: str, question: Question) -> Reply:
        reply = self._composer.fixed(refusal)
        reply.buttons = reply.buttons or self._composer.fixed(f"ask_{question}").buttons
        return reply
