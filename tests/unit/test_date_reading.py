"""Dates as people write them: date_phrases.yml, on Tuesday 24 November 2026."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot.schedule.dates.reading import read_date
from bot.schedule.dates.resolving import DateRead, NoSuchDate

TODAY = dt.date(2026, 11, 24)
PHRASES: list[dict[str, Any]] = YAML(typ="safe").load(
    Path(__file__).with_name("date_phrases.yml").read_text(encoding="utf-8")
)


def read(phrase: dict[str, Any]) -> DateRead | None:
    try:
        return read_date(phrase["said"], TODAY, phrase.get("asks_about", "past"))
    except NoSuchDate:
        return None


def test_97_of_100_ways_are_understood() -> None:
    assert len(PHRASES) >= 200
    missed = [p["said"] for p in PHRASES if (found := read(p)) is None or found.date != p["date"]
              if p["date"] is not None]  # fmt: skip
    assert len(missed) / len(PHRASES) <= 0.03, missed


def test_none_is_misread_without_being_said_back() -> None:
    silent = []
    for phrase in PHRASES:
        found = read(phrase)
        if found is None or found.doubtful:
            continue
        if found.date != phrase["date"] or phrase.get("ambiguous"):
            silent.append((phrase["said"], found.date))
    assert silent == []


def test_the_order_of_the_clinic_decides_and_is_said_back() -> None:
    assert read_date("03/04/2026", TODAY) == DateRead(dt.date(2026, 4, 3), doubtful=True)
    month_first = read_date("03/04/2026", TODAY, day_first=False)
    assert month_first == DateRead(dt.date(2026, 3, 4), doubtful=True)
    assert read_date("11/20/2026", TODAY) == DateRead(dt.date(2026, 11, 20))
    assert read_date("20/11/2026", TODAY, day_first=False) == DateRead(dt.date(2026, 11, 20))


@pytest.mark.parametrize(
    "text", ["30 February", "31/11/2026", "Monday 20 November 2026", "the 32nd"]
)
def test_days_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(NoSuchDate):
        read_date(text, TODAY)


@given(st.dates(dt.date(2009, 1, 1), dt.date(2026, 11, 24)))
def test_every_date_survives_being_written_down(date: dt.date) -> None:
    for text in (f"{date:%A} {date.day} {date:%B %Y}", date.isoformat(), f"{date:%b %d, %Y}"):
        assert read_date(text, TODAY) == DateRead(date), text


@given(st.text(max_size=200))
def test_anything_may_be_typed(text: str) -> None:
    try:
        found = read_date(text, TODAY)
    except NoSuchDate:
        return
    assert found is None or isinstance(found.date, dt.date)
