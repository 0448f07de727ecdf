"""The calendar's arithmetic: by example, by property, and against a second implementation."""

from __future__ import annotations

import datetime as dt
import random
import time

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.schedule.course import Course
from bot.schedule.events import Event, events, injections_before
from tests.unit import second_schedule

TODAY = dt.date(2026, 11, 24)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def of(found: list[Event], who: str, phase: str | None, what: str = "injection") -> list[str]:
    return [
        event.date.isoformat()
        for event in found
        if (event.who, event.phase, event.what) == (who, phase, what)
    ]


# ---- by example ----------------------------------------------------------------------------------


def test_alternate_days_for_two_weeks_while_the_end_is_open() -> None:
    found = events(Course(day("2026-11-20")), TODAY)
    assert of(found, "baby", "intensive") == [
        "2026-11-24", "2026-11-26", "2026-11-28", "2026-11-30", "2026-12-02", "2026-12-04",
        "2026-12-06",
    ]  # fmt: skip
    assert [event.number for event in found if event.phase == "intensive"] == list(range(3, 10))
    assert of(found, "baby", "maintenance") == []


def test_a_first_injection_to_come() -> None:
    found = events(Course(day("2026-12-01"), months=1), TODAY)
    assert found[0].date == day("2026-12-01")
    assert of(found, "baby", "intensive")[-1] == "2026-12-13"
    assert of(found, "baby", None, "potassium") == ["2026-12-01", "2026-12-02", "2026-12-03"]
    assert of(found, "baby", None, "blood_count") == ["2026-12-05", "2026-12-06", "2026-12-07"]


def test_a_plateau_ends_the_alternate_days_and_anchors_maintenance() -> None:
    course = Course(day("2026-11-01"), plateau=day("2026-11-20"), interval=2, months=6)
    found = events(course, TODAY)
    assert course.last_intensive == day("2026-11-19")
    assert of(found, "baby", "intensive") == []
    assert of(found, "baby", "maintenance") == ["2027-01-19", "2027-03-19", "2027-05-19"]


def test_an_unknown_interval_gives_both_series() -> None:
    course = Course(day("2026-11-01"), plateau=day("2026-11-19"), months=2)
    found = [e for e in events(course, TODAY) if e.phase == "maintenance"]
    assert [(e.date.isoformat(), e.interval) for e in found] == [
        ("2026-12-19", 1), ("2027-01-19", 1), ("2027-01-19", 2),
    ]  # fmt: skip
    assert {e.number for e in found} == {None}


@pytest.mark.parametrize(
    ("anchor", "wanted"),
    [
        ("2027-01-31", ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]),
        ("2028-01-31", ["2028-02-29", "2028-03-31", "2028-04-30", "2028-05-31"]),
        ("2027-10-31", ["2027-11-30", "2027-12-31", "2028-01-31", "2028-02-29"]),
    ],
)
def test_months_are_counted_from_the_anchor_and_clamped(anchor: str, wanted: list[str]) -> None:
    first = day(anchor)
    course = Course(first, plateau=first, interval=1, months=4)
    assert of(events(course, first), "baby", "maintenance") == wanted


def test_a_mother_who_breastfeeds_is_treated_too() -> None:
    found = events(Course(day("2026-11-20"), breastfeeding=True, months=2), TODAY)
    assert of(found, "mother", "initial") == ["2026-11-24"]
    assert of(found, "mother", "monthly") == ["2026-12-24", "2027-01-24"]
    own = Course(day("2026-11-20"), breastfeeding=True, mother_first=day("2026-11-22"), months=1)
    assert of(events(own, TODAY), "mother", "initial") == []
    assert of(events(own, TODAY), "mother", "monthly") == ["2026-12-22"]


def test_an_event_as_the_api_gives_it() -> None:
    found = events(Course(TODAY), TODAY)
    assert [event.as_json() for event in found[:2]] == [
        {
            "date": "2026-11-24", "who": "baby", "what": "injection", "phase": "intensive",
            "interval": None,
            "statements": ["timeline.alternate_days", "protocol.initial_injections"],
        },
        {
            "date": "2026-11-24", "who": "baby", "what": "potassium", "phase": None,
            "interval": None, "statements": ["protocol.potassium"],
        },
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("course", "refusal"),
    [
        (Course(TODAY + dt.timedelta(days=60)), None),
        (Course(TODAY + dt.timedelta(days=61)), "first_too_late"),
        (Course(day("2008-11-24")), None),
        (Course(day("2008-11-23")), "first_too_early"),
        (Course(TODAY, plateau=day("2026-11-23")), "plateau_before_first"),
        (Course(day("2026-11-01"), plateau=day("2026-11-25")), "plateau_in_future"),
        (Course(TODAY, mother_first=day("2027-01-24")), "mother_first_too_late"),
        (Course(TODAY, interval=3), "interval_unknown"),
        (Course(TODAY, months=0), "months_outside"),
        (Course(TODAY, months=60), None),
        (Course(TODAY, months=61), "months_outside"),
    ],
)
def test_what_is_refused(course: Course, refusal: str | None) -> None:
    assert course.refusal(TODAY) == refusal


@pytest.mark.parametrize(
    ("course", "count"),
    [
        (Course(day("2026-11-24")), 0),
        (Course(day("2026-12-01")), 0),
        (Course(day("2026-11-23")), 1),
        (Course(day("2026-11-20")), 2),
        (Course(day("2026-09-01"), plateau=day("2026-09-09"), interval=1), 5 + 2),
        (Course(day("2026-09-01"), plateau=day("2026-09-09"), interval=2), 5 + 1),
        (Course(day("2026-09-01"), plateau=day("2026-09-09")), None),
        (Course(day("2026-11-01"), plateau=day("2026-11-09")), 5),
    ],
)
def test_how_many_were_due_before_today(course: Course, count: int | None) -> None:
    assert injections_before(course, TODAY) == count


# ---- by property ---------------------------------------------------------------------------------

_todays = st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1))


@st.composite
def courses(draw: st.DrawFn) -> tuple[Course, dt.date]:
    """A course that is not refused, and its today."""
    today = draw(_todays)
    first = today + dt.timedelta(days=draw(st.integers(-6500, 60)))
    plateau = None
    if first <= today and draw(st.booleans()):
        plateau = draw(st.dates(first, today))
    mother = draw(st.none() | st.integers(-3000, 60))
    course = Course(
        first,
        plateau,
        draw(st.sampled_from([None, 1, 2])),
        draw(st.booleans()),
        None if mother is None else today + dt.timedelta(days=mother),
        draw(st.integers(1, 60)),
    )
    return course, today


@given(courses())
@settings(max_examples=300, deadline=None)
def test_every_calendar_is_sound(drawn: tuple[Course, dt.date]) -> None:
    course, today = drawn
    assert course.refusal(today) is None
    found = events(course, today)
    keys = [(e.date, e.who, e.what, e.interval or 0) for e in found]
    assert keys == sorted(set(keys)), "sorted and unique"
    assert all(today <= e.date <= course.horizon(today) for e in found)
    for event in found:
        if event.phase == "intensive":
            assert (event.date - course.first).days % 2 == 0
            assert course.plateau is None or event.date <= course.plateau
        if event.phase == "maintenance":
            assert course.last_intensive is not None and event.interval is not None
            months = 0
            while course.last_intensive + relativedelta(months=months) < event.date:
                months += event.interval
            assert course.last_intensive + relativedelta(months=months) == event.date


def test_ten_thousand_random_inputs_agree_with_the_second_implementation() -> None:
    pick = random.Random(20261124)
    agreed = 0
    while agreed < 10_000:
        today = dt.date(2020, 1, 1) + dt.timedelta(days=pick.randrange(4000))
        long_ago = pick.random() < 0.03  # the second implementation walks day by day
        back = pick.randint(-6600, 61) if long_ago else pick.randint(-100, 70)
        first = today + dt.timedelta(days=back)
        plateaus = [None, first + dt.timedelta(days=pick.randint(-2, 90)), today]
        mothers = [None, today + dt.timedelta(days=pick.randint(-200, 62))]
        values = (
            today,
            first,
            pick.choice(plateaus),
            pick.choice([None, None, 1, 1, 2, 2, 3]),
            pick.random() < 0.6,
            pick.choice(mothers),
            pick.randint(0, 61) if pick.random() < 0.1 else pick.randint(1, 5),
        )
        course = Course(*values[1:])
        assert (course.refusal(today) is not None) == second_schedule.refused(*values), values
        if course.refusal(today) is None:
            wanted = second_schedule.events(*values)
            assert [event.as_json() for event in events(course, today)] == wanted, values
        agreed += 1


def test_sixty_months_take_less_than_five_milliseconds() -> None:
    course = Course(day("2010-01-01"), day("2026-11-01"), None, True, day("2011-01-31"), 60)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        events(course, TODAY)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.005
