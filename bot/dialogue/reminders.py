"""The talk about reminders, what a reminder says, and the end of it all after a loss."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from bot.dialogue.answers import Answers
from bot.dialogue.calendar.openings import CALENDAR
from bot.dialogue.calendar.steps import Talk
from bot.dialogue.calendar.text import CalendarText
from bot.dialogue.compose import Composer
from bot.dialogue.family import Family
from bot.dialogue.places import UNREACHED, is_messenger
from bot.dialogue.reading import Reading
from bot.dialogue.reply import Reply
from bot.guide.catalogue import Catalogue
from bot.schedule.reminders import Reminder, next_reminder

REQUEST = "request_reminders"
STOP = "stop_reminders"
LOSS = "report_loss"
OVER = "report_treatment_over"
WISH = "request_treatment_change"
ORDERS = (LOSS, OVER, STOP, REQUEST)

START_ORDER: dict[str, Any] = {"reminders": "start"}
STOP_ORDER: dict[str, Any] = {"reminders": "stop"}

# How sure an end must be: condolences for a child that lives would be cruel.
SURE = 0.6


class Reminders:
    """Talks about reminders, and puts them into words.

    Args:
        catalogue: All content.
        composer: Puts replies into words.
    """

    def __init__(self, catalogue: Catalogue, composer: Composer) -> None:
        self._composer = composer
        self._text = CalendarText(catalogue)
        self._answers = Answers(catalogue.answer_words)
        self._clinic = catalogue.clinic
        self._zone = ZoneInfo(catalogue.clinic.time_zone)
        self._at = dt.time.fromisoformat(catalogue.clinic.reminders_at)

    def ordered(self, whole: Reading, parts: Sequence[Reading]) -> str | None:
        """What a message orders or tells about reminders: the gravest of it; None for nothing.

        Args:
            whole: The message read as one. Where the look-out raised an alarm, the likelihoods
                still say what else it tells.
            parts: Its clauses.
        """
        telling = [part for part in parts if not part.asks]
        if telling or not whole.text.rstrip().endswith("?"):
            told = [*whole.likelihoods[:1], (whole.intent, whole.confidence)]
            told += [(part.intent, part.confidence) for part in telling]
            surely = {name for name, share in told if share >= SURE}
            if LOSS in surely:
                return LOSS
            # "We stopped the injections" is for the care team first.
            if OVER in surely and (
                whole.intent != WISH or self._answers.means(whole.text, "treatment_over")
            ):
                return OVER
        if whole.intent == CALENDAR:  # "can you remind me what is on this week"
            return None
        wishes = [whole.intent, *(part.intent for part in parts if part.confidence >= SURE)]
        return next((name for name in (STOP, REQUEST) if name in wishes), None)

    def ended(self, order: str, family: Family) -> Talk:
        """What is said when reminders end: with the calendar, unless only they are to stop."""
        kept = family.interrupted() if order == STOP else Family()
        return Talk([self._composer.fixed(order)], kept, errand=STOP_ORDER)

    def begun(self, channel: str | None, talk: Talk) -> Talk:
        """What is said when a family wants reminders.

        Args:
            channel: Where the family writes.
            talk: What the calendar still has to say or ask; without replies where it has nothing.
        """
        if channel in UNREACHED:
            reply = self._composer.fixed("reminders_not_here")
            return replace(talk, replies=[reply], family=talk.family.interrupted())
        place = "messenger" if is_messenger(channel) else "page"
        reply = self._composer.fixed(f"reminders_on_{place}")
        family = talk.family
        if family.complete and family.breastfeeding and family.mother_first is None:
            reply.text += f"\n\n{self._composer.fixed('reminders_of_mother').text}"
        if not talk.replies:
            return replace(talk, replies=[reply], errand=START_ORDER)
        first, *rest = talk.replies
        first.text = f"{reply.text}\n\n{first.text}"
        return replace(talk, replies=[first, *rest], errand=START_ORDER)

    def next(
        self, family: Family, told: Collection[dt.date], since: float, now: float
    ) -> Reminder | None:
        """The family's next reminder (see `next_reminder`).

        A mother whose first injection has no date yet is not reminded of hers: the calendar sets it
        on each day anew.
        """
        if not family.complete:
            return None
        today = dt.datetime.fromtimestamp(now, self._zone).date()
        ahead = self._text.ahead(family, today)
        if family.mother_first is None:
            ahead = [event for event in ahead if event.who != "mother"]
        return next_reminder(ahead, told, since, self._at, self._zone)

    def words(self, reminder: Reminder) -> Reply:
        """What a reminder says; true on any day up to the injection's."""
        who = next(iter(reminder.who)) if len(reminder.who) == 1 else "both"
        reply = self._composer.fixed(f"reminder_{who}", date=self._text.day(reminder.date))
        end = self._composer.fixed("reminder_end")
        reply.text = f"{reply.text}\n\n{end.text}"
        reply.buttons = end.buttons
        return reply
