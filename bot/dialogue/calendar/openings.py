"""What opens the talk: a wish for the calendar, a date, a given or missed injection, a change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from bot.dialogue.answers import Answers
from bot.dialogue.calendar.steps import Steps, Talk
from bot.dialogue.calendar.text import CalendarText
from bot.dialogue.calendar.told import Told
from bot.dialogue.compose import Composer
from bot.dialogue.family import DATES, Family, Question
from bot.schedule.dates.resolving import NoSuchDate
from bot.schedule.events import events

CALENDAR = "request_schedule"
MISSED = "report_injection_missed"
ABOUT_MISSED = "ask_missed_injection"

# Intents that open the talk, with what a date in them tells of.
OPENINGS: Mapping[str, Question | None] = {
    CALENDAR: "first",
    "report_first_injection": "first",
    "report_plateau": "plateau",
    "report_interval": None,
    "change_schedule": None,
    "report_injection_given": None,
    MISSED: None,
}


class Openings:
    """Answers what opens the talk, or comes to it later.

    Args:
        composer: Puts replies into words.
        text: Puts the calendar into words.
        answers: Finds meanings in the parent's words.
        told: Reads what is told.
        steps: Takes the next step.
    """

    def __init__(
        self, composer: Composer, text: CalendarText, answers: Answers, told: Told, steps: Steps
    ) -> None:
        self._composer = composer
        self._text = text
        self._answers = answers
        self._told = told
        self._steps = steps

    def opened(self, text: str, intent: str, family: Family, today: dt.date) -> Talk:
        """The talk after a message with one of the intents in `OPENINGS`."""
        if intent == "report_injection_given":
            return self._given(text, family, today)
        if intent == MISSED:
            return self._missed(family, today)
        if intent == "change_schedule":
            return self.changed(text, family, today)
        told, family = self._told.facts(text, family)
        if intent == "report_interval":
            if self._answers.interval(text) == 0:
                reply = self._composer.fixed("interval_unknown")
                return Talk([reply], replace(family, asking="interval", tries=0))
            if "interval" not in told:
                return self._steps.ask(replace(family, asking="interval", tries=0))
            return self._steps.go_on(family, today, told)
        about = OPENINGS[intent]
        assert about is not None
        if about == "first" and self._answers.means(text, "mother") and family.first:
            about = "mother_first"
        try:
            read = self._told.date(text, about, today)
        except NoSuchDate:
            return self._steps.no_such_date(replace(family, asking=about))
        if read is not None and (
            about != "first" or intent != CALENDAR or self._answers.means(text, "tells_a_date")
        ):
            return self._steps.with_date(read, about, family, today, told)
        if about == "plateau":
            return self._steps.ask(replace(family, asking="plateau"))
        if about == "first" and intent == "report_first_injection" and family.first is None:
            return self._steps.ask(replace(family, asking="first"), told)
        return self._steps.go_on(family, today, told)

    def changed(self, text: str, family: Family, today: dt.date) -> Talk:
        """The talk after a wish to change the calendar."""
        if self._answers.means(text, "start_over"):
            reply = self._composer.fixed("start_over")
            return self._steps.joined(reply, self._steps.ask(Family(asking="first")))
        told, family = self._told.facts(text, family)
        months = self._answers.months(text)
        if months is not None and "interval" not in told:
            return self._steps.go_on(
                replace(family, months=months), today, ["months"], before=family
            )
        about: Question = "first"
        if self._answers.means(text, "mother") and family.breastfeeding:
            about = "mother_first"
        elif family.latest in DATES and self._told.is_correction(text):
            about = family.latest
        try:
            read = self._told.date(text, about, today)
        except NoSuchDate:
            return self._steps.no_such_date(replace(family, asking=about))
        if read is not None:
            return self._steps.with_date(read, about, family, today, told)
        if told:
            return self._steps.go_on(family, today, told)
        return self._steps.ask(replace(family, asking="change", tries=0))

    def _given(self, text: str, family: Family, today: dt.date) -> Talk:
        try:
            read = self._told.past_date(text, today)
        except NoSuchDate:
            return Talk([self._composer.fixed("no_such_date")], family)
        day = min(read.date, today) if read else today
        reply = self._composer.fixed("said_given", date=self._text.day(day))
        course = family.course()
        if course is None:
            return self._steps.joined(
                reply, self._steps.ask(replace(family, asking="first", tries=0))
            )
        if self._answers.means(text, "mother") and course.breastfeeding:
            if family.mother_first is None:
                return self._steps.keep(day, "mother_first", family, today)
        elif day != today or any(e.date == day and e.phase for e in events(course, day)):
            family = replace(family, given=day)
        else:
            reply = self._composer.fixed("said_not_in_calendar")
        if not family.complete:
            return self._steps.joined(reply, self._steps.go_on(family, today))
        coming = [self._text.next_line(family, today), self._text.next_of_baby(family, today)]
        reply.text = " ".join(dict.fromkeys([reply.text, *coming]))
        reply.buttons = self._composer.fixed(CALENDAR).buttons
        return Talk([reply], family)

    def _missed(self, family: Family, today: dt.date) -> Talk:
        reply = self._composer.fixed("said_missed")
        said = self._composer.answer(ABOUT_MISSED, lead=reply.text)
        if family.complete:
            said.text = f"{said.text}\n\n{self._text.next_line(family, today)}"
        said.kind = "schedule"
        return Talk([said], replace(family, asking=None))
