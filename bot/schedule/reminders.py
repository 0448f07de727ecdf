"""Which injection a family is reminded of next, and when: the day before, at the clinic's time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.schedule.events import Event, Who


@dataclass(frozen=True)
class Reminder:
    """A reminder of the injections of one day.

    Attributes:
        date: The day of the injections.
        due: When it is sent, in seconds since the epoch.
        who: Who gets an injection on that day.
    """

    date: dt.date
    due: float
    who: frozenset[Who]


def due_instant(date: dt.date, at: dt.time, zone: ZoneInfo) -> float:
    """The instant of a local time on the day before, in seconds since the epoch.

    A time that the clocks skip on that day is that much later; one that comes twice is the first.
    """
    return dt.datetime.combine(date - dt.timedelta(days=1), at, zone).timestamp()


def next_reminder(
    ahead: Iterable[Event], told: Collection[dt.date], since: float, at: dt.time, zone: ZoneInfo
) -> Reminder | None:
    """The first reminder to come.

    Args:
        ahead: The events from today on.
        told: The days that this family was reminded of; they do not come again, whatever the clock.
        since: When reminders were asked for, in seconds since the epoch: what was due before is
            left out. A later one that could not be sent in time still comes, up to its day.
        at: The local time at which reminders are sent.
        zone: The clinic's time zone.
    """
    injections = [event for event in ahead if event.what == "injection"]
    for date in sorted({event.date for event in injections} - set(told)):
        due = due_instant(date, at, zone)
        if due > since:
            who = frozenset(event.who for event in injections if event.date == date)
            return Reminder(date, due, who)
    return None
