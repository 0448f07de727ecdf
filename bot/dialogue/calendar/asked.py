"""Answers to the question that was asked: a date, yes or no, an interval, a tapped button."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from bot.dialogue.answers import Answers
from bot.dialogue.calendar.openings import Openings
from bot.dialogue.calendar.steps import Steps, Talk
from bot.dialogue.calendar.told import Told
from bot.dialogue.compose import Composer
from bot.dialogue.family import DATES, Family, Question
from bot.schedule.dates.resolving import NoSuchDate

TAPPED = ("today", "yesterday", "pick", "not_sure", "monthly", "two_monthly")


class Asked:
    """Takes answers.

    Args:
        composer: Puts replies into words.
        answers: Finds meanings in the parent's words.
        told: Reads what is told.
        openings: Answers what changes the calendar.
        steps: Takes the next step.
    """

    def __init__(
        self, composer: Composer, answers: Answers, told: Told, openings: Openings, steps: Steps
    ) -> None:
        self._composer = composer
        self._answers = answers
        self._told = told
        self._openings = openings
        self._steps = steps

    def answered(self, text: str, intent: str, family: Family, today: dt.date) -> Talk | None:
        """The talk after an answer to what was asked, or None where it is none."""
        asking = family.asking
        unsure = self._answers.means(text, "not_sure")
        if self._answers.means(text, "cancel") or (intent == "cancel_schedule" and not unsure):
            return self._steps.leave(family)
        if self._answers.means(text, "start_over"):
            return self._openings.changed(text, family, today)
        if asking == "change":
            return (
                self._openings.changed(text, family, today) if intent == "change_schedule" else None
            )
        if family.said_back is not None and asking in DATES:
            answer = {"affirm": True, "deny": False}.get(intent, self._answers.yes_or_no(text))
            if answer:
                return self._steps.keep(family.said_back, asking, family, today)
            try:
                read = self._told.date(text, asking, today)
            except NoSuchDate:
                return self._steps.no_such_date(family)
            if read is not None:
                return self._steps.with_date(replace(read, doubtful=False), asking, family, today)
            if answer is False:
                return self._steps.ask(replace(family, said_back=None))
            return None
        if asking in DATES:
            return self.take_date(text, asking, family, today, or_none=True)
        if asking == "breastfeeding":
            feeds = self._answers.breastfeeding(text)
            if feeds is None:
                answer = self._answers.yes_or_no(text)
                feeds = {"affirm": True, "deny": False}.get(intent, answer)
            if feeds is None:
                return self._steps.skipped(family, today) if unsure else None
            family = replace(family, breastfeeding=feeds)
            return self._steps.go_on(
                family, today, ["breastfeeding" if feeds else "no_breastfeeding"]
            )
        interval = self._answers.interval(text)
        if interval:
            return self._steps.go_on(replace(family, interval=interval), today, ["interval"])
        if interval == 0:
            return Talk([self._composer.fixed("interval_unknown")], family)
        return self._steps.skipped(family, today) if unsure else None

    def tapped(self, button: str, family: Family, today: dt.date) -> Talk | None:
        """The talk after a button of the calendar's was tapped."""
        asking = family.asking
        if asking in DATES and button in ("today", "yesterday"):
            day = today - dt.timedelta(days=button == "yesterday")
            return self._steps.keep(day, asking, family, today)
        if button == "pick":
            return Talk([self._composer.fixed("pick_a_date")], family)
        if button in ("monthly", "two_monthly"):
            interval = 1 if button == "monthly" else 2
            return self._steps.go_on(replace(family, interval=interval), today, ["interval"])
        if button == "not_sure" and asking is not None:
            return self._steps.skipped(family, today)
        return self._steps.go_on(family, today)

    def take_date(
        self,
        text: str,
        about: Question,
        family: Family,
        today: dt.date,
        or_none: bool = False,
    ) -> Talk | None:
        """The talk after a message that may give a date; `or_none` where it need not."""
        try:
            read = self._told.date(text, about, today)
        except NoSuchDate:
            return self._steps.no_such_date(replace(family, asking=about))
        if read is not None:
            told, family = self._told.facts(text, family)
            return self._steps.with_date(read, about, family, today, told)
        if self._answers.means(text, "not_sure"):
            return self._steps.skipped(replace(family, asking=about), today)
        return None if or_none else self._steps.unread(replace(family, asking=about))
