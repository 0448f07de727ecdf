"""The calendar as a file for a phone's own calendar (iCalendar, RFC 5545)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from icalendar import Alarm, Calendar
from icalendar import Event as CalendarEntry

from bot.guide.models import ScheduleWords
from bot.schedule.events import Event

_EVENING_BEFORE = dt.timedelta(hours=-4)  # of midnight, when an all-day event begins


def summary(event: Event, words: ScheduleWords) -> str:
    """What an event is called in a calendar that others may see."""
    if event.what == "potassium":
        return words.summary_potassium
    if event.what == "blood_count":
        return words.summary_blood_count
    mother = event.who == "mother"
    return words.summary_injection_mother if mother else words.summary_injection_baby


def calendar_file(
    events: Iterable[Event], first: dt.date, today: dt.date, words: ScheduleWords
) -> bytes:
    """The file's bytes.

    All-day events, so that no time zone can shift them. Each has the same UID whenever the file is
    made for the same first injection, so that a second import updates it and its date.

    Args:
        events: What is ahead.
        first: Date of the baby's first injection.
        today: The date on which the file is made.
        words: What the events are called.
    """
    file = Calendar()
    file.add("prodid", "-//B12 Companion//EN")
    file.add("version", "2.0")
    stamp = dt.datetime.combine(today, dt.time(), dt.timezone.utc)
    for event in events:
        name = summary(event, words)
        entry = CalendarEntry()
        entry.add("uid", f"{_identity(event, first)}@b12-companion")
        entry.add("dtstamp", stamp)
        entry.add("dtstart", event.date)
        entry.add("dtend", event.date + dt.timedelta(days=1))
        entry.add("summary", name)
        entry.add("description", _description(event, words))
        entry.add("transp", "TRANSPARENT")  # it does not make the day look busy
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", name)
        alarm.add("trigger", _EVENING_BEFORE)
        entry.add_component(alarm)
        file.add_component(entry)
    written: bytes = file.to_ical()
    return written


def _description(event: Event, words: ScheduleWords) -> str:
    intervals = {1: words.interval_1, 2: words.interval_2}
    parts = [intervals[event.interval]] if event.interval in intervals else []
    return " ".join([*parts, words.team_decides])


def _identity(event: Event, first: dt.date) -> uuid.UUID:
    """The same for the same event, even when its date is corrected."""
    parts = (first, event.who, event.what, event.phase, event.interval, event.place)
    return uuid.uuid5(uuid.NAMESPACE_URL, "|".join(map(str, parts)))
