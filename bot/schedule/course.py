"""What a family's calendar is made from, and which inputs it refuses."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from dateutil.relativedelta import relativedelta

INTERVALS = (1, 2)  # months between maintenance injections: the two that the guide gives
SHORTEST, LONGEST = 1, 60  # months that a calendar may cover
USUAL = 12
MOST_DAYS_AHEAD = 60
MOST_YEARS_BACK = 18

# Each is a message of content/schedule.yml: what is wrong, and what to type instead.
Refusal = Literal[
    "first_too_late", "first_too_early", "plateau_before_first", "plateau_in_future",
    "mother_first_too_late", "interval_unknown", "months_outside",
]  # fmt: skip


@dataclass(frozen=True)
class Course:
    """A course of treatment, as the family and its care team know it.

    Attributes:
        first: Date of the baby's first injection, past or future; day 1 of therapy.
        plateau: Date on which the care team said that there is no further improvement; None when
            that has not come yet.
        interval: Months between maintenance injections that the care team prescribed, 1 or 2; None
            when it is not known.
        breastfeeding: Whether the mother breastfeeds, and so is treated too.
        mother_first: Date of the mother's first injection; None for as soon as possible.
        months: How many months the calendar covers.
    """

    first: dt.date
    plateau: dt.date | None = None
    interval: int | None = None
    breastfeeding: bool = False
    mother_first: dt.date | None = None
    months: int = USUAL

    def refusal(self, today: dt.date) -> Refusal | None:
        """Why no calendar can be made of this, or None."""
        latest = today + dt.timedelta(days=MOST_DAYS_AHEAD)
        if self.first > latest:
            return "first_too_late"
        if self.first < today - relativedelta(years=MOST_YEARS_BACK):
            return "first_too_early"
        if self.plateau is not None and self.plateau > today:
            return "plateau_in_future"
        if self.plateau is not None and self.plateau < self.first:
            return "plateau_before_first"
        if self.mother_first is not None and self.mother_first > latest:
            return "mother_first_too_late"
        if self.interval is not None and self.interval not in INTERVALS:
            return "interval_unknown"
        if not SHORTEST <= self.months <= LONGEST:
            return "months_outside"
        return None

    def horizon(self, today: dt.date) -> dt.date:
        """The last day that the calendar covers."""
        return max(today, self.first) + relativedelta(months=self.months)

    @property
    def last_intensive(self) -> dt.date | None:
        """The last injection of the intensive phase, once it is over: the anchor of maintenance."""
        if self.plateau is None:
            return None
        return self.plateau - dt.timedelta(days=(self.plateau - self.first).days % 2)
