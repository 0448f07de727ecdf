"""When a reminder is due, and of which day; on random courses and on the days the clocks change."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.dialogue.compose import Composer
from bot.dialogue.family import Family
from bot.dialogue.reminders import Reminders
from bot.guide.catalogue import load_catalogue
from bot.schedule.reminders import due_instant

DAY = dt.timedelta(days=1)
ZONES = [
    "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata",
    "America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia",
]  # fmt: skip
CATALOGUE = load_catalogue(Path(__file__).parent.parent.parent / "content")
LONDON = ZoneInfo("Europe/London")


@pytest.fixture(scope="module")
def reminders() -> Reminders:
    return Reminders(CATALOGUE, Composer(CATALOGUE, retention_days=30))


def at(day: int, hour: int, minute: int = 0) -> float:
    """An instant of November 2026 in London."""
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=LONDON).timestamp()


@settings(max_examples=500, deadline=None)
@given(
    date=st.dates(dt.date(2020, 1, 3), dt.date(2045, 12, 31)),
    minutes=st.integers(0, 24 * 60 - 1),
    name=st.sampled_from(ZONES),
)
def test_it_is_due_at_that_local_time_on_the_day_before(
    date: dt.date, minutes: int, name: str
) -> None:
    zone, wanted = ZoneInfo(name), dt.time(minutes // 60, minutes % 60)
    due = dt.datetime.fromtimestamp(due_instant(date, wanted, zone), zone)
    naive = dt.datetime.combine(date - DAY, wanted)
    skipped = naive.replace(tzinfo=zone).astimezone(dt.timezone.utc).astimezone(zone)
    if skipped.replace(tzinfo=None) == naive:  # the clocks show that time on that day
        assert due.replace(tzinfo=None) == naive
        assert due.fold == 0
    else:
        late = due.replace(tzinfo=None) - naive
        assert dt.timedelta() < late <= DAY


@pytest.mark.parametrize(
    ("date", "wanted", "utc"),
    [
        ((2027, 3, 29), (1, 30), "2027-03-28T01:30"),  # skipped: it is half past two by then
        ((2026, 10, 26), (1, 30), "2026-10-25T00:30"),  # twice: the first
        ((2027, 3, 29), (9, 0), "2027-03-28T08:00"),
        ((2027, 3, 28), (9, 0), "2027-03-27T09:00"),
    ],
)
def test_the_days_on_which_the_clocks_change(
    date: tuple[int, int, int], wanted: tuple[int, int], utc: str
) -> None:
    due = due_instant(dt.date(*date), dt.time(*wanted), LONDON)
    assert dt.datetime.fromtimestamp(due, dt.timezone.utc).isoformat()[:16] == utc


def test_every_injection_gets_one_reminder_the_day_before(reminders: Reminders) -> None:
    """A month of an open first phase, looked at each quarter of an hour."""
    family = Family(first=dt.date(2026, 11, 2), breastfeeding=False)
    told: set[dt.date] = set()
    now, said = at(1, 12), []
    for _ in range(28 * 96):
        now += 900
        coming = reminders.next(family, told, at(1, 12), now)
        assert coming is not None
        if coming.due <= now:
            told.add(coming.date)
            said.append((dt.datetime.fromtimestamp(now, LONDON), coming.date))
    assert len(said) == 14
    assert all(day - when.date() == DAY and when.hour == 9 for when, day in said)
    assert {later - sooner for (_, sooner), (_, later) in pairwise(said)} == {2 * DAY}


def test_who_asks_late_is_reminded_from_the_next_one_on(reminders: Reminders) -> None:
    family = Family(first=dt.date(2026, 11, 20), breastfeeding=False)
    asked = at(25, 10)  # of the injection on the 26th it was due an hour ago
    coming = reminders.next(family, (), asked, asked)
    assert coming is not None and coming.date == dt.date(2026, 11, 28)


def test_one_that_could_not_be_sent_comes_late_but_not_after_its_day(reminders: Reminders) -> None:
    family = Family(first=dt.date(2026, 11, 20), breastfeeding=False)
    for now, date in ((at(26, 23), 26), (at(27, 0, 1), 28)):
        coming = reminders.next(family, (), at(24, 12), now)
        assert coming is not None and coming.date.day == date


def test_an_injection_that_was_given_is_not_told_of(reminders: Reminders) -> None:
    family = Family(first=dt.date(2026, 11, 20), breastfeeding=False, given=dt.date(2026, 11, 26))
    coming = reminders.next(family, (), at(24, 12), at(25, 12))
    assert coming is not None and coming.date.day == 28


def test_the_mother_is_told_of_hers_once_it_has_a_day(reminders: Reminders) -> None:
    family = Family(first=dt.date(2026, 11, 20), breastfeeding=True)
    coming = reminders.next(family, (), at(24, 8), at(24, 8))
    assert coming is not None and coming.who == {"baby"}
    dated = Family(**{**family.__dict__, "mother_first": dt.date(2026, 11, 26)})
    both = reminders.next(dated, (), at(24, 10), at(24, 10))
    assert both is not None and both.who == {"baby", "mother"}
    assert "26 November 2026" in reminders.words(both).text
    assert "your own" in reminders.words(both).text


def test_a_reminder_reads_true_on_any_day_and_says_how_to_end_it(reminders: Reminders) -> None:
    family = Family(first=dt.date(2026, 11, 20), breastfeeding=False)
    coming = reminders.next(family, (), at(24, 12), at(24, 12))
    assert coming is not None
    text = reminders.words(coming).text
    assert "Thursday 26 November 2026" in text and "stop reminders" in text
    assert "tomorrow" not in text.casefold()
