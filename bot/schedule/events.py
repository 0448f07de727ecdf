"""From a course of treatment to its dates, by the guide's intervals.

A month is a calendar month, counted from its anchor and never from the date before it, and clamped
to the month's last day: 31 January, 28 February, 31 March.
"""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from bot.schedule.course import INTERVALS, Course

Who = Literal["baby", "mother"]
What = Literal["injection", "potassium", "blood_count"]
Phase = Literal["intensive", "maintenance", "initial", "monthly"]

EVERY_OTHER_DAY = 2
SHOWN_AHEAD = 14  # days of the intensive phase that are listed while its end is open
POTASSIUM_DAYS = (0, 1, 2)  # the calendar days that the first 48 hours touch
BLOOD_COUNT_DAYS = (4, 5, 6)  # days 5 to 7 of therapy; day 1 is the first injection's

# Statements of the guide that each date comes from.
_INTENSIVE = ("timeline.alternate_days", "protocol.initial_injections")
_POTASSIUM = ("protocol.potassium",)
_BLOOD_COUNT = ("protocol.blood_counts",)
_MAINTENANCE = {
    1: ("protocol.lifelong_monthly", "prevention.monthly_mandatory"),
    2: ("timeline.two_monthly", "protocol.maintenance_two_monthly"),
}
_MOTHER_INITIAL = ("mother.treat_now", "mother.initial_dose", "timeline.both_treated")
_MOTHER_MONTHLY = ("mother.monthly", "prevention.mother_monthly")


@dataclass(frozen=True)
class Event:
    """One date of the calendar.

    Attributes:
        date: A calendar day.
        who: `baby` or `mother`.
        what: An injection, or a check of potassium or of hematocrit and reticulocytes.
        phase: The phase of treatment of an injection; None for checks.
        interval: Months between the baby's maintenance injections, 1 or 2; None elsewhere.
        statements: Ids of the guide's statements that the date comes from.
        place: Which of its series it is, from 1.
        number: Which injection of that person's series it is, from 1; None for checks, and where
            that depends on an interval not known.
    """

    date: dt.date
    who: Who
    what: What
    phase: Phase | None
    interval: int | None
    statements: tuple[str, ...]
    place: int
    number: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The event as the API gives it."""
        fields = asdict(self)
        del fields["place"], fields["number"]
        return {**fields, "date": self.date.isoformat(), "statements": list(self.statements)}


def events(course: Course, today: dt.date) -> list[Event]:
    """The dates from `today` to the horizon, sorted by date, then who, what and interval.

    Args:
        course: A course that is not refused (`Course.refusal`).
        today: The local calendar date that the calendar is made on.
    """
    end = course.horizon(today)
    found = [*_of_baby(course, today, end), *_of_mother(course, today, end)]
    return sorted(
        (event for event in found if today <= event.date <= end),
        key=lambda event: (event.date, event.who, event.what, event.interval or 0),
    )


def injections_before(course: Course, today: dt.date) -> int | None:
    """How many injections the baby has had before `today`, if each was given.

    None where that depends on an interval not known.
    """
    yesterday = _later(today, -1)
    last = course.last_intensive
    days = (min(yesterday, last or yesterday) - course.first).days
    given = days // EVERY_OTHER_DAY + 1  # none when the first lies ahead: -1 // 2 is -1
    if last is None:
        return max(0, given)
    since = {
        interval: len(list(_monthly(last, interval, last, yesterday))) for interval in INTERVALS
    }
    if course.interval is None:
        return None if any(since.values()) else given
    return given + since[course.interval]


def _of_baby(course: Course, today: dt.date, end: dt.date) -> Iterator[Event]:
    first = course.first
    yield from _intensive(course, today)
    for place, days in enumerate(POTASSIUM_DAYS, start=1):
        yield Event(_later(first, days), "baby", "potassium", None, None, _POTASSIUM, place)
    for place, days in enumerate(BLOOD_COUNT_DAYS, start=1):
        yield Event(_later(first, days), "baby", "blood_count", None, None, _BLOOD_COUNT, place)
    if course.last_intensive is None:
        return
    so_far = (course.last_intensive - first).days // EVERY_OTHER_DAY + 1
    for interval in INTERVALS if course.interval is None else (course.interval,):
        given = _MAINTENANCE[interval]
        for count, day in _monthly(course.last_intensive, interval, today, end):
            number = so_far + count if course.interval else None
            yield Event(day, "baby", "injection", "maintenance", interval, given, count, number)


def _intensive(course: Course, today: dt.date) -> Iterator[Event]:
    start = max(today, course.first)
    last = course.last_intensive or _later(start, SHOWN_AHEAD - 1)
    past = (start - course.first).days
    for days in range(past + past % EVERY_OTHER_DAY, (last - course.first).days + 1, 2):
        number = days // EVERY_OTHER_DAY + 1
        day = _later(course.first, days)
        yield Event(day, "baby", "injection", "intensive", None, _INTENSIVE, number, number)


def _of_mother(course: Course, today: dt.date, end: dt.date) -> Iterator[Event]:
    if not course.breastfeeding:
        return
    first = course.mother_first or max(today, course.first)
    yield Event(first, "mother", "injection", "initial", None, _MOTHER_INITIAL, 1, 1)
    for count, day in _monthly(first, 1, today, end):
        yield Event(day, "mother", "injection", "monthly", None, _MOTHER_MONTHLY, count, count + 1)


def _monthly(
    anchor: dt.date, interval: int, start: dt.date, end: dt.date
) -> Iterator[tuple[int, dt.date]]:
    """The dates every so many months after the anchor, counted from 1, between start and end.

    The years before the start are passed over at once, so that an old course costs no more.
    """
    months = 12 * (start.year - anchor.year) + start.month - anchor.month
    for count in itertools.count(max(1, months // interval)):
        day = _months_later(anchor, count * interval)
        if day > end:
            return
        if day >= start:
            yield count, day


def _months_later(day: dt.date, months: int) -> dt.date:
    """The same day of the month, or its last; ten times as fast here as dateutil's."""
    year, month = divmod(12 * day.year + day.month - 1 + months, 12)
    longest = calendar.monthrange(year, month + 1)[1]
    return day.replace(year, month + 1, min(day.day, longest))


def _later(day: dt.date, days: int) -> dt.date:
    return day + dt.timedelta(days=days)
