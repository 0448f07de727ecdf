"""Reads dates as people write them: "last Friday", "3 days ago", "20 Nov", "11/20/2026".

A small grammar of our own. Measured on the list in tests/unit/date_phrases.yml, the general
libraries read part of it and misread the rest silently: "20.11." as the 23rd, "in October" as the
24th, "12" as a day. Here what is not surely a date is none, and what can be read two ways says so.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from dateutil.relativedelta import relativedelta

from bot.schedule.date_words import MONTH, MONTH_NAMES, WEEKDAY, spelled_alike

Direction = Literal["past", "future"]

_HOLIDAYS = {
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


def read_date(
    text: str, today: dt.date, direction: Direction = "past", day_first: bool = True
) -> DateRead | None:
    """The one date that a message gives, or None.

    Args:
        text: What the parent wrote.
        today: The local date at which it was written.
        direction: Whether "Friday" means the last or the next one.
        day_first: Whether 03/04/2026 is 3 April; the clinic's order.

    Raises:
        NoSuchDate: The date does not exist ("30 February") or contradicts itself ("Monday 20
            November" when that is a Friday).
    """
    said = spelled_alike(text)
    if _VAGUE.search(said):
        return None
    found = list(_Grammar(today, direction, day_first).dates(said))
    if not found:
        return None
    if len({read.date for _, _, read in found}) == 1:
        return replace(found[0][2], doubtful=all(read.doubtful for _, _, read in found))
    start, end, read = found[0]
    between = said[end : found[1][0]]
    if _CHOICE.search(between) or _RANGE.search(said[:start]):
        return None
    if _CORRECTION.search(between):
        return replace(found[-1][2], doubtful=True)
    if "first" in text.lower()[:start] and re.search(r"\bnext\b", between):
        return read  # "the first was on the 18th, the next is tomorrow"
    if not between.strip(" ,.()"):
        raise NoSuchDate(text)  # "yesterday, the 22nd"
    return replace(read, doubtful=True)


_VAGUE = re.compile(
    r"\bor (?:the )?day (?:before|after)|\b(?:every|each|most) (?:mon|tue|wed|thu|fri|sat|sun)|"
    r"\bhalf an? (?:day|week|month|year)|"
    r"\b(?:not|before|after|until|till|more than|less than|nearly|almost|over|since before) "
    r"(?:on |the |last )?(?:mon|tue|wed|thu|fri|sat|sun|\d{1,2}th)\b|"
    r"\b(?:more|less) than (?:a|\d+) (?:day|week|month|year)|"
    r"\b(?:around|about|before|after|over) (?:christmas|new year)"
)
_CHOICE = re.compile(r"\b(?:or|to|till|until|maybe)\b|/|-|\band the\b")
_RANGE = re.compile(r"\b(?:between|from)\b")
_CORRECTION = re.compile(r"\b(?:no|sorry|wait|actually|mean|meant|oops|not|rather)\b")
_LOOSE = re.compile(r"\b(?:about|around|roughly|approx\w*|circa|maybe|perhaps|near|ish|like)\W*$")

_SHIFT = re.compile(r"(?:(?P<n>\d{1,2}) )?days? (?P<way>after|before) (?:the |that )?(?:\w+ )?$")

_WD = r"(?P<wd>mon|tue|wed|thu|fri|sat|sun)"
_MON = r"(?P<month>" + MONTH_NAMES + r")\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|o|\.)?"
_YEAR = r"(?P<year>\d{4}|'?\d{2}(?![\d:./]|\s*(?:th|mg|mcg|injection|shot|am|pm|o)))"
_WHICH_YEAR = (
    r"(?:(?:[ ,./-]+(?:in )?" + _YEAR + r")|,? (?:of )?(?P<which_year>last|this|next) year)?"
)
_UNIT = r"(?P<unit>day|d|week|month|year)s?"
_N = r"(?P<n>\d{1,3}|an?|couple(?: of)?)"
_ORDINAL = r"(?P<day>\d{1,2})(?:st|nd|rd|th|(?<=the \d)o|(?<=the \d\d)o)"


Reader = Callable[["_Grammar", "re.Match[str]"], "DateRead | None"]


class _Grammar:
    """Finds and resolves dates in a text that `spelled_alike` made."""

    def __init__(self, today: dt.date, direction: Direction, day_first: bool) -> None:
        self._today = today
        self._back = direction == "past"
        self._day_first = day_first

    def dates(self, said: str) -> Iterator[tuple[int, int, DateRead]]:
        """Start, end and date of each date in the text, in order; the longest form wins."""
        place = 0
        while place < len(said):
            for pattern, reader in _FORMS:
                match = pattern.match(said, place)
                if match is None or not _stands_alone(said, match):
                    continue
                read = reader(self, match)
                if read is not None:
                    read = self._shifted(said[:place], read)
                    if _LOOSE.search(said[:place]):
                        read = replace(read, doubtful=True)
                    yield match.start(), match.end(), read
                    place = match.end() - 1
                    break
            place += 1

    def _shifted(self, before: str, read: DateRead) -> DateRead:
        """The reading moved by what stands before it: "two days after ..."."""
        shift = _SHIFT.search(before)
        if shift is None:
            return read
        days = int(shift["n"] or 1) * (-1 if shift["way"] == "before" else 1)
        return DateRead(read.date + dt.timedelta(days=days), doubtful=True)

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
        return replace(self._nearest_year(*_HOLIDAYS[match.group()]), doubtful=False)

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


def _stands_alone(said: str, match: re.Match[str]) -> bool:
    """Whether a match begins and ends where words do, and is no part of a bigger number."""
    before, after = said[: match.start()], said[match.end() :]
    inside = re.search(r"[\w:]$|\d[./-]$", before) or re.match(r"\w|:\d|[./-]\d", after)
    return inside is None


def _form(pattern: str, reader: Reader) -> tuple[re.Pattern[str], Reader]:
    return re.compile(pattern), reader


_SEP = r"[./ ,-]{1,2}"
_TH = r"(?:st|nd|rd|th|o)"
# What follows a number that is no day: "2/3 of the dose", "the 2nd injection".
_MEASURE = r"(?:of|mg|mcg|ml|kg|kilo|g|cm|degrees|hours|years|months|weeks|days|stars|then)"
_COUNTED = (
    r"(?:1|injection|shot|jab|dose|time|day|week|month|floor|baby|child|birthday|round|visit|"
    r"of(?! (?:this|last|next)))"
)
_OPT_WD = rf"(?:{_WD}[ ,.]*(?:(?:on|the|that is|it was) )*)?"
# In this order: a longer form before the shorter one that it begins with.
_FORMS: list[tuple[re.Pattern[str], Reader]] = [
    _form(r"(?P<year>\d{4})[-/. ](?P<month>\d{1,2})[-/. ](?P<day>\d{1,2})", _Grammar.iso),
    _form(
        rf"{_OPT_WD}(?:in )?(?:the )?{_DAY}[ ./-]*(?:day )?(?:of )?(?:the )?{_MON}{_WHICH_YEAR}",
        _Grammar.written,
    ),
    _form(
        rf"{_OPT_WD}(?P<last>last )?{_MON}[ ,.-]*(?:on )?(?:the )?{_DAY}(?![:\d]){_WHICH_YEAR}",
        _Grammar.written,
    ),
    _form(
        rf"{_OPT_WD}(?P<one>\d{{1,2}}){_SEP}(?P<two>\d{{1,2}}){_SEP}(?P<year>\d{{4}}|\d{{2}})",
        _Grammar.numeric,
    ),
    _form(r"(?P<one>\d{2})(?P<two>\d{2})(?P<year>20\d{2})", _Grammar.numeric),
    _form(
        rf"{_OPT_WD}(?:the )?(?P<one>\d{{1,2}}){_TH}? of the (?P<two>\d{{1,2}}){_TH}?",
        _Grammar.numeric,
    ),
    _form(
        rf"{_OPT_WD}(?!24/7)(?P<one>\d{{1,2}})[./-](?P<two>\d{{1,2}})\.?(?! ?{_MEASURE}\b)",
        _Grammar.numeric,
    ),
    _form("|".join(_HOLIDAYS), _Grammar.holiday),
    _form(rf"(?:the )?(?P<which>last|1o|2o|3o) {_WD} (?:of|in) {_MON}", _Grammar.weekday_of_month),
    _form(
        rf"{_MON} (?P<which_year>last|this|next) year,? (?:on )?(?:the )?{_DAY}", _Grammar.written
    ),
    _form(
        rf"{_OPT_WD}(?:the )?{_ORDINAL}(?:[ ,]*{_WD.replace('wd', 'wd_after')})?(?! {_COUNTED})"
        r"(?: (?:of )?(?P<which_month>this|last|next) month)?",
        _Grammar.day_of_month,
    ),
    _form(
        r"(?P<which_month>last|next|this) month,? (?:on )?(?:the )?" + _ORDINAL,
        _Grammar.day_of_month,
    ),
    _form(
        r"(?:the )?(?:(?P<n>\d{1,2}) )?days? (?P<shift>before|after) "
        r"(?P<anchor>yesterday|tomorrow)",
        _Grammar.relative,
    ),
    _form(rf"{_N} {_UNIT} (?P<ago>ago) (?P<anchor>today|yesterday)", _Grammar.ago),
    _form(
        rf"{_N} ?{_UNIT} (?:and .{{1,6}} )?(?P<ago>ago|back|earlier|(?P<since>before)(?! the))"
        rf"(?:,? (?:on |that was |so )?(?:(?P<last>last) )?{_WD})?",
        _Grammar.ago,
    ),
    _form(rf"(?P<ago>before) {_N} {_UNIT}(?! old)", _Grammar.ago),
    _form(rf"(?P<ago>(?P<since>since)) {_N} {_UNIT}", _Grammar.ago),
    _form(rf"{_N} (?P<unit>week)s? (?P<ago>(?P<last>last)) {_WD}", _Grammar.ago),
    _form(rf"(?:in|after) {_N} {_UNIT}(?: time)?", _Grammar.ago),
    _form(rf"{_N} (?P<unit>week) (?:on )?{_WD}", _Grammar.week_on),
    _form(rf"{_N} {_UNIT} (?:from (?:now|today)|later)", _Grammar.ago),
    _form(rf"{_N} (?P<unit>week)s? (?:from )?(?P<anchor>today|tomorrow)", _Grammar.ago),
    _form(rf"(?P<n>\d) {_WD}s? ago", _Grammar.weekdays_ago),
    _form(
        rf"(?P<anchor>yesterday|today|tomorrow)(?:[ ,(]+(?:on )?{_WD}\)?)?",
        _Grammar.relative,
    ),
    _form(
        r"(?:earlier )?this (?:morning|afternoon|evening|lunchtime|noon)|just now|right now",
        _Grammar.this_day,
    ),
    _form(r"(?P<n>\d{1,3}|an?|half an) (?:hours?|hrs?) ago", _Grammar.hours_ago),
    _form(r"(?:\d{1,3}|an?) (?:minutes?|mins?) ago", _Grammar.this_day),
    _form(r"in (?:\d{1,2}|an?|half an) (?:hours?|hrs?|minutes?|mins?)", _Grammar.this_day),
    _form(
        r"last night(?P<past_midnight>,? at [1-5] ?(?:am|oclock))?|the night before last",
        _Grammar.last_night,
    ),
    _form(rf"(?P<week>last|this|next) week,? (?:on )?{_WD}", _Grammar.weekday),
    _form(rf"{_WD}(?:,? of| in)? (?P<week>last|this|next) week", _Grammar.weekday),
    _form(rf"{_WD} (?P<in_a_week>in a week|week)\b", _Grammar.weekday),
    _form(rf"{_WD} (?P<after_next>after next)", _Grammar.weekday),
    _form(
        rf"(?P<which>this past|this coming|this last|last|this|next|past|coming) {_WD}",
        _Grammar.weekday,
    ),
    _form(rf"{_WD} (?P<gone>just gone|gone|past)", _Grammar.weekday),
    _form(rf"(?:the )?{_WD} (?:before last|(?:a|1) week ago)", _Grammar.before_last),
    _form(_WD, _Grammar.weekday),
]
