"""Hears each message, and says to it what belongs to the calendar.

Asks only for what is missing, one thing at a time. Whatever was said stays, whatever comes between.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import cast

from bot.dialogue.answers import Answers
from bot.dialogue.calendar.asked import TAPPED, Asked
from bot.dialogue.calendar.openings import CALENDAR, OPENINGS, Openings
from bot.dialogue.calendar.steps import MOST_TRIES, Steps, Talk
from bot.dialogue.calendar.text import CalendarText
from bot.dialogue.calendar.told import Told
from bot.dialogue.compose import Composer
from bot.dialogue.family import DATES, Family, Question
from bot.dialogue.messages import OTHER_LANGUAGE
from bot.guide.catalogue import Catalogue

_OTHER_MATTERS = ("ask_", "report_", "request_")


class Calendar:
    """Talks about the family's own calendar.

    Args:
        catalogue: All content.
        composer: Puts replies into words.
    """

    def __init__(self, catalogue: Catalogue, composer: Composer) -> None:
        self._composer = composer
        answers, text = Answers(catalogue.answer_words), CalendarText(catalogue)
        self._answers = answers
        self._told = Told(answers, catalogue.clinic.date_order == "day first")
        self._steps = Steps(composer, text)
        self._openings = Openings(composer, text, answers, self._told, self._steps)
        self._asked = Asked(composer, answers, self._told, self._openings, self._steps)

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
        if intent.removeprefix("schedule_") in TAPPED:
            return self._asked.tapped(intent.removeprefix("schedule_"), family, today)
        if intent in ("schedule_change_first", "schedule_change_plateau"):
            question = cast(Question, intent.removeprefix("schedule_change_"))
            return self._steps.ask(replace(family, asking=question, tries=0))
        if intent in ("schedule_file", "schedule_print"):
            return Talk([self._composer.fixed(intent)], family)
        opening = intent in OPENINGS
        if family.asking and not (opening and intent != CALENDAR):
            answered = self._asked.answered(text, intent, family, today)
            if answered is not None:
                return answered
            if answerable and intent not in OPENINGS:
                if family.tries >= MOST_TRIES:  # asked often enough
                    return None
                return Talk([self._steps.back(family)], family, led_back=True)
            if intent == OTHER_LANGUAGE:
                return None
            if not opening:
                return self._steps.unread(family)
        if intent == "cancel_schedule":
            if family == Family():  # "never mind" to something else
                return Talk([self._composer.fixed("deny")], family)
            return self._steps.leave(family)
        corrected = self._corrected(text, intent, family, today)
        if corrected is None and opening:
            return self._openings.opened(text, intent, family, today)
        return corrected

    def _corrected(self, text: str, intent: str, family: Family, today: dt.date) -> Talk | None:
        """The talk after "no, the 19th" or "20 November" below a calendar; None after others."""
        if not family.complete or family.latest not in DATES:
            return None
        denies = self._answers.yes_or_no(text) is False
        sounds_like_a_wish = denies and intent == CALENDAR  # "no, the 19th"
        other_matter = intent in OPENINGS or intent.startswith(_OTHER_MATTERS)
        unsure = self._answers.means(text, "not_sure")  # "no idea" is no "no, ..."
        if unsure or not self._told.is_correction(text):
            return None
        if other_matter and not sounds_like_a_wish:
            return None
        may_be_none = not denies or sounds_like_a_wish  # else it asks for the date
        return self._asked.take_date(text, family.latest, family, today, may_be_none)
