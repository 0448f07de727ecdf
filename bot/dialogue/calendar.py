"""The talk that leads to the family's own calendar, and keeps it true.

Asks only for what is missing, one thing at a time. Whatever was said stays, whatever comes between.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from bot.dialogue.answers import Answers
from bot.dialogue.calendar_text import CalendarText
from bot.dialogue.compose import Composer
from bot.dialogue.family import DATES, Family, Question
from bot.dialogue.messages import OTHER_LANGUAGE
from bot.dialogue.reply import Reply
from bot.guide.catalogue import Catalogue
from bot.schedule.course import Refusal
from bot.schedule.dates.reading import read_date
from bot.schedule.dates.resolving import DateRead, Direction, NoSuchDate
from bot.schedule.events import events

MOST_TRIES = 3  # answers that cannot be read, before help and a way out are offered

MISSED = "report_injection_missed"
ABOUT_MISSED = "ask_missed_injection"

# Intents that open the talk, with what a date in them tells of.
OPENINGS: Mapping[str, Question | None] = {
    "request_schedule": "first",
    "report_first_injection": "first",
    "report_plateau": "plateau",
    "report_interval": None,
    "change_schedule": None,
    "report_injection_given": None,
    MISSED: None,
}
_OTHER_MATTERS = ("ask_", "report_", "request_")
_TAPPED = ("today", "yesterday", "pick", "not_sure", "monthly", "two_monthly")

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


class Calendar:
    """Talks about the family's own calendar.

    Args:
        catalogue: All content.
        composer: Puts replies into words.
    """

    def __init__(self, catalogue: Catalogue, composer: Composer) -> None:
        self._composer = composer
        self._answers = Answers(catalogue.answer_words)
        self._text = CalendarText(catalogue)
        self._day_first = catalogue.clinic.date_order == "day first"

    def hear(
        self, text: str, intent: str, answerable: bool, family: Family, today: dt.date
    ) -> Talk | None:
        """What is said to a message, as far as it is about the calendar; None where it is not.

        Args:
            text: The parent's words.
            intent: What was understood of them.
            answerable: Whether there is something to say to that intent, calendar or not.
            family: What is known so far.
            today: The local date.
        """
        if intent.removeprefix("schedule_") in _TAPPED:
            return self._tapped(intent.removeprefix("schedule_"), family, today)
        if intent in ("schedule_change_first", "schedule_change_plateau"):
            question = cast(Question, intent.removeprefix("schedule_change_"))
            return self._ask(replace(family, asking=question, tries=0))
        if intent in ("schedule_file", "schedule_print"):
            return Talk([self._composer.fixed(intent)], family)
        opening = intent in OPENINGS
        if family.asking and not (opening and intent != "request_schedule"):
            answered = self._answered(text, intent, family, today)
            if answered is not None:
                return answered
            if answerable and intent not in OPENINGS:
                return Talk([self._back(family)], family, led_back=True)
            if intent == OTHER_LANGUAGE:
                return None
            if not opening:
                return self._unread(family)
        if intent == "cancel_schedule":
            if family == Family():  # "never mind" to something else
                return Talk([self._composer.fixed("deny")], family)
            return self._leave(family)
        if opening:
            return self._opened(text, intent, family, today)
        corrects = self._is_correction(text) and not intent.startswith(_OTHER_MATTERS)
        if family.complete and family.latest in DATES and corrects:
            return self._take_date(text, family.latest, family, today)
        return None

    # ---- openings --------------------------------------------------------------------------------

    def _opened(self, text: str, intent: str, family: Family, today: dt.date) -> Talk:
        if intent == "report_injection_given":
            return self._given(text, family, today)
        if intent == MISSED:
            return self._missed(family, today)
        if intent == "change_schedule":
            return self._changed(text, family, today)
        told, family = self._facts(text, family)
        if intent == "report_interval":
            if self._answers.interval(text) == 0:
                reply = self._composer.fixed("interval_unknown")
                return Talk([reply], replace(family, asking="interval", tries=0))
            if "interval" not in told:
                return self._ask(replace(family, asking="interval", tries=0))
            return self._go_on(family, today, told)
        about = OPENINGS[intent]
        assert about is not None
        if about == "first" and self._answers.means(text, "mother") and family.first:
            about = "mother_first"
        try:
            read = self._date(text, about, today)
        except NoSuchDate:
            return self._no_such_date(replace(family, asking=about))
        if read is not None and (
            about != "first"
            or intent != "request_schedule"
            or self._answers.means(text, "tells_a_date")
        ):
            return self._with_date(read, about, family, today, told)
        if about == "plateau":
            return self._ask(replace(family, asking="plateau"))
        if about == "first" and intent == "report_first_injection" and family.first is None:
            return self._ask(replace(family, asking="first"), told)
        return self._go_on(family, today, told)

    def _facts(self, text: str, family: Family) -> tuple[list[str], Family]:
        """What a message tells beside a date: the names of what was told, and all that is known."""
        told = []
        feeds = self._answers.breastfeeding(text)
        if feeds is not None and feeds != family.breastfeeding:
            family = replace(family, breastfeeding=feeds)
            told.append("breastfeeding" if feeds else "no_breastfeeding")
        interval = self._answers.interval(text)
        if interval:
            family = replace(family, interval=interval)
            told.append("interval")
        return told, family

    def _given(self, text: str, family: Family, today: dt.date) -> Talk:
        try:
            read = read_date(text, today, "past", self._day_first)
        except NoSuchDate:
            return Talk([self._composer.fixed("no_such_date")], family)
        day = min(read.date, today) if read else today
        reply = self._composer.fixed("said_given", date=self._text.day(day))
        course = family.course()
        if course is None:
            return self._joined(reply, self._ask(replace(family, asking="first", tries=0)))
        if self._answers.means(text, "mother") and course.breastfeeding:
            if family.mother_first is None:
                return self._keep(day, "mother_first", family, today)
        elif day != today or any(e.date == day and e.phase for e in events(course, day)):
            family = replace(family, given=day)
        else:
            reply = self._composer.fixed("said_not_in_calendar")
        if not family.complete:
            return self._joined(reply, self._go_on(family, today))
        coming = [self._text.next_line(family, today), self._text.next_of_baby(family, today)]
        reply.text = " ".join(dict.fromkeys([reply.text, *coming]))
        reply.buttons = self._composer.fixed("request_schedule").buttons
        return Talk([reply], family)

    def _missed(self, family: Family, today: dt.date) -> Talk:
        reply = self._composer.fixed("said_missed")
        said = self._composer.answer(ABOUT_MISSED, lead=reply.text)
        if family.complete:
            said.text = f"{said.text}\n\n{self._text.next_line(family, today)}"
        said.kind = "schedule"
        return Talk([said], replace(family, asking=None))

    def _changed(self, text: str, family: Family, today: dt.date) -> Talk:
        if self._answers.means(text, "start_over"):
            reply = self._composer.fixed("start_over")
            return self._joined(reply, self._ask(Family(asking="first")))
        told, family = self._facts(text, family)
        months = self._answers.months(text)
        if months is not None and "interval" not in told:
            return self._go_on(replace(family, months=months), today, ["months"], before=family)
        about: Question = "first"
        if self._answers.means(text, "mother") and family.breastfeeding:
            about = "mother_first"
        elif family.latest in DATES and self._is_correction(text):
            about = family.latest
        try:
            read = self._date(text, about, today)
        except NoSuchDate:
            return self._no_such_date(replace(family, asking=about))
        if read is not None:
            return self._with_date(read, about, family, today, told)
        if told:
            return self._go_on(family, today, told)
        return self._ask(replace(family, asking="change", tries=0))

    # ---- answers to a question -------------------------------------------------------------------

    def _answered(self, text: str, intent: str, family: Family, today: dt.date) -> Talk | None:
        """The talk after an answer to what was asked, or None where it is none."""
        asking = family.asking
        unsure = self._answers.means(text, "not_sure")
        if self._answers.means(text, "cancel") or (intent == "cancel_schedule" and not unsure):
            return self._leave(family)
        if self._answers.means(text, "start_over"):
            return self._changed(text, family, today)
        if asking == "change":
            return self._changed(text, family, today) if intent == "change_schedule" else None
        if family.said_back is not None and asking in DATES:
            answer = {"affirm": True, "deny": False}.get(intent, self._answers.yes_or_no(text))
            if answer:
                return self._keep(family.said_back, asking, family, today)
            try:
                read = self._date(text, asking, today)
            except NoSuchDate:
                return self._no_such_date(family)
            if read is not None:
                return self._with_date(replace(read, doubtful=False), asking, family, today)
            if answer is False:
                return self._ask(replace(family, said_back=None))
            return None
        if asking in DATES:
            return self._take_date(text, asking, family, today, or_none=True)
        if asking == "breastfeeding":
            feeds = self._answers.breastfeeding(text)
            if feeds is None:
                answer = self._answers.yes_or_no(text)
                feeds = {"affirm": True, "deny": False}.get(intent, answer)
            if feeds is None:
                return self._skipped(family, today) if unsure else None
            family = replace(family, breastfeeding=feeds)
            return self._go_on(family, today, ["breastfeeding" if feeds else "no_breastfeeding"])
        interval = self._answers.interval(text)
        if interval:
            return self._go_on(replace(family, interval=interval), today, ["interval"])
        if interval == 0:
            return Talk([self._composer.fixed("interval_unknown")], family)
        return self._skipped(family, today) if unsure else None

    def _tapped(self, button: str, family: Family, today: dt.date) -> Talk | None:
        asking = family.asking
        if asking in DATES and button in ("today", "yesterday"):
            day = today - dt.timedelta(days=button == "yesterday")
            return self._keep(day, asking, family, today)
        if button == "pick":
            return Talk([self._composer.fixed("pick_a_date")], family)
        if button in ("monthly", "two_monthly"):
            interval = 1 if button == "monthly" else 2
            return self._go_on(replace(family, interval=interval), today, ["interval"])
        if button == "not_sure" and asking is not None:
            return self._skipped(family, today)
        return self._go_on(family, today)

    def _take_date(
        self,
        text: str,
        about: Question,
        family: Family,
        today: dt.date,
        or_none: bool = False,
    ) -> Talk | None:
        try:
            read = self._date(text, about, today)
        except NoSuchDate:
            return self._no_such_date(replace(family, asking=about))
        if read is not None:
            told, family = self._facts(text, family)
            return self._with_date(read, about, family, today, told)
        if self._answers.means(text, "not_sure"):
            return self._skipped(replace(family, asking=about), today)
        return None if or_none else self._unread(replace(family, asking=about))

    def _skipped(self, family: Family, today: dt.date) -> Talk:
        """After "not sure": what can do without an answer does."""
        if family.asking == "first":
            return Talk([self._composer.fixed("first_unknown")], replace(family, tries=0))
        if family.asking == "breastfeeding":
            family = replace(family, breastfeeding=False)
        return self._go_on(replace(family, asking=None), today)

    # ---- dates -----------------------------------------------------------------------------------

    def _date(self, text: str, about: Question, today: dt.date) -> DateRead | None:
        """The date in a text; one to come is looked for where the past has none near."""
        past = read_date(text, today, "past", self._day_first)
        if about == "plateau" or past is None:
            return past
        ahead: Direction = "future"
        coming = read_date(text, today, ahead, self._day_first)
        assert coming is not None
        if (
            self._answers.means(text, "speaks_of_later")
            or (today - past.date).days > 300 > (coming.date - today).days
        ):
            near = coming if coming.date >= today else past
            return replace(near, doubtful=near.doubtful or near.date != past.date)
        return past

    def _with_date(
        self,
        read: DateRead,
        about: Question,
        family: Family,
        today: dt.date,
        told: list[str] | None = None,
    ) -> Talk:
        if read.doubtful:
            family = replace(family, asking=about, said_back=read.date)
            reply = self._composer.fixed("confirm_date", date=self._text.day(read.date))
            return Talk([reply], family)
        return self._keep(read.date, about, family, today, told)

    def _keep(
        self,
        day: dt.date,
        about: Question,
        family: Family,
        today: dt.date,
        told: list[str] | None = None,
    ) -> Talk:
        kept = replace(family, latest=about, said_back=None, **cast(Any, {about: day}))
        if about == "mother_first":
            kept = replace(kept, breastfeeding=True)
        return self._go_on(kept, today, [about, *(told or [])], before=family)

    def _is_correction(self, text: str) -> bool:
        """Whether a text may correct a date: "no, the 19th", "20 November"."""
        return self._answers.yes_or_no(text) is False or len(text.split()) <= 3

    # ---- what is said ----------------------------------------------------------------------------

    def _go_on(
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
            return self._ask(replace(family, asking="first", tries=0), said=said)
        if family.breastfeeding is None:
            return self._ask(replace(family, asking="breastfeeding", tries=0), said=said)
        family = replace(family, asking=None, tries=0)
        reply = self._text.whole(family, today)
        if said:
            reply.text = f"{said}\n\n{reply.text}"
        return Talk([reply], family)

    def _said(self, name: str, family: Family) -> str:
        if name == "interval":
            name = f"interval_{family.interval}"
        facts: dict[str, Any] = {"months": family.months}
        if name in DATES:
            facts["date"] = self._text.day(getattr(family, name))
        return self._composer.fixed(f"said_{name}", **facts).text

    def _ask(self, family: Family, told: list[str] | None = None, said: str = "") -> Talk:
        reply = self._composer.fixed(f"ask_{family.asking}")
        said = said or " ".join(self._said(name, family) for name in told or [])
        if said:
            reply.text = f"{said}\n\n{reply.text}"
        return Talk([reply], replace(family, said_back=None))

    def _unread(self, family: Family) -> Talk:
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

    def _no_such_date(self, family: Family) -> Talk:
        return Talk([self._composer.fixed("no_such_date")], replace(family, said_back=None))

    def _leave(self, family: Family) -> Talk:
        family = replace(family, asking=None, said_back=None, tries=0)
        return Talk([self._composer.fixed("cancel_schedule")], family)

    def _back(self, family: Family) -> Reply:
        """The question that still waits, after something else was answered."""
        if family.said_back is not None:
            question = self._composer.fixed("confirm_date", date=self._text.day(family.said_back))
        else:
            question = self._composer.fixed(f"ask_{family.asking}")
        reply = self._composer.fixed("back_to_calendar", said=question.text)
        reply.buttons = question.buttons
        return reply

    def _with_buttons(self, refusal: str, question: Question) -> Reply:
        reply = self._composer.fixed(refusal)
        reply.buttons = reply.buttons or self._composer.fixed(f"ask_{question}").buttons
        return reply

    def _joined(self, reply: Reply, talk: Talk) -> Talk:
        first, *rest = talk.replies
        first.text = f"{reply.text}\n\n{first.text}"
        return replace(talk, replies=[first, *rest])
