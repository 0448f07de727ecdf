"""What a message tells for the calendar: dates, whether the mother breastfeeds, the interval."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from bot.dialogue.answers import Answers
from bot.dialogue.family import Family, Question
from bot.schedule.dates.reading import read_date
from bot.schedule.dates.resolving import DateRead


class Told:
    """Reads what is told.

    Args:
        answers: Finds meanings in the parent's words.
        day_first: Whether 03/04/2026 is 3 April; the clinic's order.
    """

    def __init__(self, answers: Answers, day_first: bool) -> None:
        self._answers = answers
        self._day_first = day_first

    def facts(self, text: str, family: Family) -> tuple[list[str], Family]:
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

    def date(self, text: str, about: Question, today: dt.date) -> DateRead | None:
        """The date in a text; one to come is looked for where the past has none near.

        Raises:
            NoSuchDate: It does not exist, or contradicts itself.
        """
        past = self.past_date(text, today)
        if about == "plateau" or past is None:
            return past
        coming = read_date(text, today, "future", self._day_first)
        assert coming is not None
        if (
            self._answers.means(text, "speaks_of_later")
            or (today - past.date).days > 300 > (coming.date - today).days
        ):
            near = coming if coming.date >= today else past
            return replace(near, doubtful=near.doubtful or near.date != past.date)
        return past

    def past_date(self, text: str, today: dt.date) -> DateRead | None:
        """The date in a text that can only tell of what was; raises as `date` does."""
        return read_date(text, today, "past", self._day_first)

    def is_correction(self, text: str) -> bool:
        """Whether a text may correct a date: "no, the 19th", "20 November"."""
        return self._answers.yes_or_no(text) is False or len(text.split()) <= 3
