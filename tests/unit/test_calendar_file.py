"""The calendar file, read back by another library, and the picture."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
import vobject

from bot.guide.catalogue import load_catalogue
from bot.guide.models import ScheduleWords
from bot.schedule.calendar_file import calendar_file
from bot.schedule.course import Course
from bot.schedule.events import Event, events
from bot.schedule.timeline import timeline
from tests.unit.test_house import ROOT

TODAY = dt.date(2026, 11, 24)
COURSE = Course(dt.date(2026, 10, 31), plateau=dt.date(2026, 11, 20), breastfeeding=True, months=6)


@pytest.fixture
def words() -> ScheduleWords:
    return load_catalogue(ROOT / "content").schedule_words


@pytest.fixture
def ahead() -> list[Event]:
    return events(COURSE, TODAY)


def entries(file: bytes) -> list[vobject.base.Component]:
    return list(vobject.readOne(file.decode()).vevent_list)


def test_another_library_reads_the_same_all_day_events(
    ahead: list[Event], words: ScheduleWords
) -> None:
    file = calendar_file(ahead, COURSE.first, TODAY, words)
    read = entries(file)
    assert [entry.dtstart.value for entry in read] == [event.date for event in ahead]
    assert all(type(entry.dtstart.value) is dt.date for entry in read), "no time, so no time zone"
    assert all(entry.dtend.value - entry.dtstart.value == dt.timedelta(days=1) for entry in read)
    assert {entry.summary.value for entry in read} == {
        "B12 injection (baby)", "B12 injection (mother)",
    }  # fmt: skip
    assert b"RRULE" not in file, "a rule would skip short months"


def test_each_event_reminds_the_evening_before(ahead: list[Event], words: ScheduleWords) -> None:
    for entry in entries(calendar_file(ahead, COURSE.first, TODAY, words)):
        assert entry.valarm.trigger.value == dt.timedelta(hours=-4)
        assert entry.valarm.action.value == "DISPLAY"


def test_a_second_import_updates_and_does_not_double(words: ScheduleWords) -> None:
    def uids(course: Course, today: dt.date) -> set[str]:
        found = events(course, today)
        return {e.uid.value for e in entries(calendar_file(found, course.first, today, words))}

    at_first = uids(COURSE, TODAY)
    assert len(at_first) == len(events(COURSE, TODAY))
    later = TODAY + dt.timedelta(days=20)
    beyond = [e for e in events(COURSE, later) if e.date > COURSE.horizon(TODAY)]
    # The mother's dates have moved on with today, and still are the same events.
    assert len(uids(COURSE, later) - at_first) <= len(beyond)
    corrected = replace(COURSE, plateau=dt.date(2026, 11, 18))
    assert uids(corrected, TODAY) == at_first


def test_the_picture_says_in_words_what_it_shows(ahead: list[Event], words: ScheduleWords) -> None:
    svg = ET.fromstring(timeline(ahead, TODAY, words))
    name = "{http://www.w3.org/2000/svg}"
    assert svg.get("role") == "img"
    description = svg.findtext(f"{name}desc") or ""
    for event in ahead:
        assert f"{event.date.day} {event.date:%B %Y}" in description
    assert len(svg.findall(f"{name}circle")) == len(ahead)
    lanes = {text.text for text in svg.findall(f"{name}text")}
    assert {words.baby, words.mother, words.today} <= lanes
    for circle in svg.findall(f"{name}circle"):
        assert 0 < float(circle.get("cx", "0")) < 480


def test_the_picture_of_no_dates(words: ScheduleWords) -> None:
    assert "<svg" in timeline([], TODAY, words)
