"""What a family has told about its own course of treatment, kept from message to message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from bot.schedule.course import USUAL, Course

Question = Literal["first", "breastfeeding", "plateau", "interval", "mother_first", "change"]

DATES = ("first", "plateau", "mother_first")


@dataclass(frozen=True)
class Family:
    """One family's answers, and where the talk about its calendar stands.

    Attributes:
        first: Date of the baby's first injection.
        plateau: Date on which the team saw no further improvement.
        interval: Months between later injections, 1 or 2.
        breastfeeding: Whether the mother breastfeeds.
        mother_first: Date of the mother's first injection.
        months: How many months the calendar covers.
        given: Date of the baby's latest injection that the parent told of.
        asking: The question that waits for an answer.
        said_back: A date that was read with doubt and waits for a yes or no.
        tries: How often that answer could not be read.
        latest: What was told last, which "no, the 19th" would mean.
    """

    first: dt.date | None = None
    plateau: dt.date | None = None
    interval: int | None = None
    breastfeeding: bool | None = None
    mother_first: dt.date | None = None
    months: int = USUAL
    given: dt.date | None = None
    asking: Question | None = None
    said_back: dt.date | None = None
    tries: int = 0
    latest: Question | None = None

    @property
    def complete(self) -> bool:
        """Whether a calendar can be made."""
        return self.first is not None and self.breastfeeding is not None

    def interrupted(self) -> Family:
        """The same without a question that waits: an emergency ends it."""
        return replace(self, asking=None, said_back=None, tries=0)

    def course(self) -> Course | None:
        """The course as far as it is known; None without a first injection."""
        if self.first is None:
            return None
        return Course(
            self.first,
            self.plateau,
            self.interval,
            bool(self.breastfeeding),
            self.mother_first,
            self.months,
        )

    def as_slots(self) -> dict[str, Any]:
        """Its values by the names of the tracker's slots, dates as ISO text."""
        return {
            f"schedule__{name}": value.isoformat() if isinstance(value, dt.date) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def of_slots(cls, slots: Mapping[str, Any]) -> Family:
        """The family of slots that `as_slots` made; what is missing keeps its default."""
        values: dict[str, Any] = {}
        for field in fields(cls):
            value = slots.get(f"schedule__{field.name}")
            if value is None:
                continue
            dated = field.name in (*DATES, "given", "said_back")
            values[field.name] = dt.date.fromisoformat(value) if dated else value
        return cls(**values)
