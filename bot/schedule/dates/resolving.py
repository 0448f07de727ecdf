"""Works out which day a written form means, seen from a day on which it was written."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Literal

from dateutil.relativedelta import relativedelta

from bot.schedule.dates.spelling import MONTH, WEEKDAY

Direction = Literal["past", "future"]

HOLIDAYS = {
    "christmas day": (12, 25), "christmas eve": (12, 24), "boxing day": (12, 26),
    "valentines day": (2, 14), "valentine day": (2, 14),
    "new years day": (1, 1), "new years eve": (12, 31), "halloween": (10, 31),
}  # fmt: skip


@dataclass(frozen=True)
class DateRead:
    """A date that was read.

    Attributes:
        date: The day that is meant, as far as can be told.
        doubtful: Whether it can honestly be read another way; then a yes or no is due.
    """

    date: dt.date
    doubtful: bool = False


class NoSuchDate(ValueError):
    """A date was written that does not exist, or that contradicts itself."""


class Resolver:
    """Resolves what the patterns of the grammar found; each method takes a match of its form.

    Args:
        today: The local date at which it was written.
        direction: Whether "Friday" means the last or the next one.
        day_first: Whether 03/04/2026 is 3 April.

    The methods raise `NoSuchDate` where the date does not exist or contradicts itself.
    """

    def __init__(self, today: dt.date, direction: Direction, day_first: bool) -> None:
        self._today = today
        self._back = direction == "past"
        self._day_first = day_first

    # ---- whole dates -----------------------------------------------------------------------------

    def written(self, match: re.Match[str]) -> DateRead | None:
        """20 November 2026, Nov 20th, Friday 20 November."""
        fields = match.groupdict()
        day, month = int(fields["day"]), MONTH[fields["month"]]
        if fields.get("which_year"):
            year = self._today.year + {"last": -1, "this": 0, "next": 1}[fields["which_year"]]
            return self._checked(DateRead(_date(year, month, day)), fields)
        if fields.get("year"):
            return self._checked(DateRead(_date(_year(fields["year"]), month, day)), fields)
        read = self._nearest_year(month, day, fields.get("wd"))
        if fields.get("last"):  # "last November 20th"
            year = read.date.year
            year -= self._back and self._today.month >= month and year == self._today.year
            return DateRead(_date(year, month, day), doubtful=True)
        this_year = day == self._today.year % 100 and "th" not in match.group()
        if this_year and match.start("day") > match.start("month"):
            return DateRead(read.date, doubtful=True)  # "Oct 26" may be October 2026
        return self._checked(read, fields)

    def iso(self, match: re.Match[str]) -> DateRead:
        """2026-11-20."""
        return DateRead(_date(*(int(match[part]) for part in ("year", "month", "day"))))

    def numeric(self, match: re.Match[str]) -> DateRead:
        """20/11/2026, and 11/20/2026 where only that can be read."""
        one, two = int(match["one"]), int(match["two"])
        wd = match.groupdict().get("wd")
        readings = []
        for day, month in ((one, two), (two, one)) if self._day_first else ((two, one), (one, two)):
            try:
                year = match.groupdict().get("year")
                read = (
                    DateRead(_date(_year(year), month, day))
                    if year
                    else self._nearest_year(month, day, wd)
                )
                readings.append(self._checked(read, match.groupdict()))
            except NoSuchDate:
                continue
        if not readings:
            raise NoSuchDate(match.group())
        either = len({read.date for read in readings}) > 1
        doubtful = readings[0].doubtful or either or re.fullmatch(r"\d+-\d+", match.group())
        return DateRead(readings[0].date, bool(doubtful))

    def holiday(self, match: re.Match[str]) -> DateRead:
        """Christmas Day."""
        return replace(self._nearest_year(*HOLIDAYS[match.group()]), doubtful=False)

    # ---- a day of the month ----------------------------------------------------------------------

    def day_of_month(self, match: re.Match[str]) -> DateRead | None:
        """The 20th; the 3rd of last month; Friday the 13th."""
        fields = match.groupdict()
        day = int(fields["day"])
        if not 1 <= day <= 31:
            raise NoSuchDate(match.group())
        which = fields.get("which_month")
        start = self._today.replace(day=1)
        if which:
            start += relativedelta(months={"last": -1, "this": 0, "next": 1}[which])
            return self._checked(DateRead(_date(start.year, start.month, day)), fields)
        for back in range(12):
            month = start + relativedelta(months=-back if self._back else back)
            try:
                date = _date(month.year, month.month, day)
            except NoSuchDate:
                continue
            if not (date <= self._today if self._back else date >= self._today):
                continue
            if fields.get("wd") and date.weekday() != WEEKDAY[fields["wd"]]:
                continue
            doubtful = match.group() == "the 1o"  # or "the first injection"
            return DateRead(date, doubtful)
        raise NoSuchDate(match.group())

    # ---- counted from today ----------------------------------------------------------------------

    def relative(self, match: re.Match[str]) -> DateRead:
        """Today, yesterday, the day before yesterday, the day after tomorrow."""
        fields = match.groupdict()
        days = {"yesterday": -1, "today": 0, "tomorrow": 1}[fields["anchor"]]
        shift = fields.get("shift")
        if shift:
            days += (-1 if shift == "before" else 1) * int(fields.get("n") or 1)
        return self._checked(DateRead(self._in_days(days)), fields)

    def this_day(self, match: re.Match[str]) -> DateRead:
        """This morning, just now."""
        return DateRead(self._today)

    def hours_ago(self, match: re.Match[str]) -> DateRead:
        """An hour ago, 48 hours ago."""
        count = match["n"]
        days, rest = divmod(int(count) if count.isdigit() else 1, 24)
        return DateRead(self._in_days(-days), doubtful=rest > 4)

    def last_night(self, match: re.Match[str]) -> DateRead:
        """Last night; after midnight it may be today."""
        if match.groupdict().get("past_midnight"):
            return DateRead(self._today, doubtful=True)
        return DateRead(self._in_days(-2 if match.group().startswith("the night") else -1))

    def ago(self, match: re.Match[str]) -> DateRead:
        """3 days ago, a week ago on Sunday, in two weeks, a week tomorrow."""
        fields = match.groupdict()
        count = fields["n"]
        number = 2 if count.startswith("couple") else 1 if count in ("a", "an") else int(count)
        unit = {"d": "day"}.get(fields["unit"], fields["unit"])
        anchor = self._in_days({"yesterday": -1, "tomorrow": 1}.get(fields.get("anchor") or "", 0))
        number = -number if fields.get("ago") else number
        date = anchor + relativedelta(**{f"{unit}s": number})  # type: ignore[arg-type]
        doubtful = count.startswith("couple") or bool(fields.get("since"))
        weekday = fields.get("wd")
        if weekday and unit == "day":
            return self._checked(DateRead(date, doubtful), fields)
        if weekday:
            step = number * 7 if unit == "week" else 0
            if fields.get("last"):  # "a week last Sunday"
                return DateRead(self._weekday_back(WEEKDAY[weekday]) + dt.timedelta(days=step))
            if date.weekday() == WEEKDAY[weekday]:
                return DateRead(date)
            near = self._weekday_back(WEEKDAY[weekday]) + dt.timedelta(days=step)
            return DateRead(near, doubtful=True)
        return DateRead(date, doubtful)

    def week_on(self, match: re.Match[str]) -> DateRead:
        """A week on Friday."""
        weeks = dt.timedelta(days=7)
        return DateRead(self._weekday_ahead(WEEKDAY[match["wd"]]) + weeks, doubtful=self._back)

    def before_last(self, match: re.Match[str]) -> DateRead:
        """The Monday before last; Friday a week ago."""
        date = self._weekday_back(WEEKDAY[match["wd"]]) - dt.timedelta(days=7)
        return DateRead(date, doubtful="ago" in match.group())

    def weekdays_ago(self, match: re.Match[str]) -> DateRead:
        """Two Sundays ago."""
        weeks = dt.timedelta(days=7 * (int(match["n"]) - 1))
        return DateRead(self._weekday_back(WEEKDAY[match["wd"]]) - weeks)

    # ---- weekdays --------------------------------------------------------------------------------

    def weekday(self, match: re.Match[str]) -> DateRead | None:
        """Friday, last Friday, Monday last week, next Wednesday."""
        fields = match.groupdict()
        number = WEEKDAY[fields["wd"]]
        which, week = fields.get("which") or "", fields.get("week")
        monday = self._in_days(-self._today.weekday())
        if week:
            weeks = {"last": -1, "this": 0, "next": 1}.get(week, 0)
            date = monday + dt.timedelta(days=7 * weeks + number)
            return DateRead(
                date, doubtful=week == "last" and self._today.weekday() < 2 and number == 6
            )
        if fields.get("in_a_week"):
            return DateRead(self._weekday_ahead(number, also_today=True) + dt.timedelta(days=7))
        if fields.get("after_next"):
            return DateRead(self._weekday_ahead(number) + dt.timedelta(days=7), doubtful=True)
        today = number == self._today.weekday()
        if "this" in which and not ("past" in which or "coming" in which):
            if today:
                return DateRead(self._today, doubtful=True)
            date = self._weekday_back(number) if self._back else self._weekday_ahead(number)
            return DateRead(date, doubtful=self._back)
        if "next" in which:
            date = self._weekday_ahead(number)
            same_week = date <= monday + dt.timedelta(days=6)
            return DateRead(date + dt.timedelta(days=7 * same_week), doubtful=same_week)
        if "coming" in which:
            return DateRead(self._weekday_ahead(number))
        gone = bool(fields.get("gone")) or "past" in which
        date = self._weekday_back(number)
        if "last" in which:
            # Yesterday is rarely called "last Monday"; two days back it still may be.
            return DateRead(date, doubtful=(self._today - date).days == 1 and not gone)
        if gone or self._back:
            return DateRead(date, doubtful=today and not gone)
        return DateRead(self._weekday_ahead(number), doubtful=today)

    def weekday_of_month(self, match: re.Match[str]) -> DateRead:
        """The last Friday of October; the first Monday of November."""
        first = self._nearest_year(MONTH[match["month"]], 1).date
        ahead = first + dt.timedelta(days=(WEEKDAY[match["wd"]] - first.weekday()) % 7)
        if match["which"] != "last":
            return DateRead(ahead + dt.timedelta(days=7 * (int(match["which"][0]) - 1)))
        later = (ahead + dt.timedelta(days=7 * weeks) for weeks in (4, 3))
        return DateRead(next(date for date in later if date.month == first.month))

    # ---- arithmetic ------------------------------------------------------------------------------

    def _in_days(self, days: int) -> dt.date:
        return self._today + dt.timedelta(days=days)

    def _weekday_back(self, number: int) -> dt.date:
        return self._in_days(-((self._today.weekday() - number - 1) % 7 + 1))

    def _weekday_ahead(self, number: int, also_today: bool = False) -> dt.date:
        if also_today and number == self._today.weekday():
            return self._today
        return self._in_days((number - self._today.weekday() - 1) % 7 + 1)

    def _nearest_year(self, month: int, day: int, weekday: str | None = None) -> DateRead:
        """That day in the year nearest in the direction asked about."""
        year = self._today.year
        candidates = []
        for candidate in (year, year - 1) if self._back else (year, year + 1):
            try:
                candidates.append(_date(candidate, month, day))
            except NoSuchDate:
                continue
        fitting = [
            date
            for date in candidates
            if (date <= self._today if self._back else date >= self._today)
            and (weekday is None or date.weekday() == WEEKDAY[weekday])
        ]
        if not candidates or (not fitting and weekday is not None):
            raise NoSuchDate(f"{day} {month}")
        if not fitting:
            return DateRead(candidates[0], doubtful=True)
        # A past date that this year holds soon may be a slip: "30 November" on the 24th.
        soon = dt.timedelta(days=10)
        slip = any(
            dt.timedelta() < abs(d - self._today) <= soon for d in candidates if d not in fitting
        )
        return DateRead(fitting[0], doubtful=slip and fitting[0].year != year)

    def _checked(self, read: DateRead, fields: dict[str, str | None]) -> DateRead:
        """The reading, if the weekday that stands with it is right."""
        weekday = fields.get("wd")
        if weekday and read.date.weekday() != WEEKDAY[weekday]:
            raise NoSuchDate(f"{weekday} {read.date}")
        return read


def _date(year: int, month: int, day: int) -> dt.date:
    try:
        return dt.date(year, month, day)
    except ValueError as error:
        raise NoSuchDate(f"{day}/{month}/{year}") from error


def _year(written: str) -> int:
    year = int(written.removeprefix("'"))
    return 2000 + year if year < 100 else year
