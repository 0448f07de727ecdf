"""The forms in which people write dates: patterns over a text that `spelled_alike` made."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from bot.schedule.dates.resolving import HOLIDAYS, DateRead, Resolver
from bot.schedule.dates.spelling import MONTH_NAMES

Form = Callable[[Resolver, "re.Match[str]"], "DateRead | None"]

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


def dates_in(said: str, resolver: Resolver) -> Iterator[tuple[int, int, DateRead]]:
    """Start, end and date of each date in the text, in order; the longest form wins."""
    place = 0
    while place < len(said):
        for pattern, form in _FORMS:
            match = pattern.match(said, place)
            if match is None or not _stands_alone(said, match):
                continue
            read = form(resolver, match)
            if read is not None:
                read = _shifted(said[:place], read)
                if _LOOSE.search(said[:place]):
                    read = replace(read, doubtful=True)
                yield match.start(), match.end(), read
                place = match.end() - 1
                break
        place += 1


def _shifted(before: str, read: DateRead) -> DateRead:
    """The reading moved by what stands before it: "two days after ..."."""
    shift = _SHIFT.search(before)
    if shift is None:
        return read
    days = int(shift["n"] or 1) * (-1 if shift["way"] == "before" else 1)
    return DateRead(read.date + dt.timedelta(days=days), doubtful=True)


def _stands_alone(said: str, match: re.Match[str]) -> bool:
    """Whether a match begins and ends where words do, and is no part of a bigger number."""
    before, after = said[: match.start()], said[match.end() :]
    inside = re.search(r"[\w:]$|\d[./-]$", before) or re.match(r"\w|:\d|[./-]\d", after)
    return inside is None


def _form(pattern: str, form: Form) -> tuple[re.Pattern[str], Form]:
    return re.compile(pattern), form


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
_FORMS: list[tuple[re.Pattern[str], Form]] = [
    _form(r"(?P<year>\d{4})[-/. ](?P<month>\d{1,2})[-/. ](?P<day>\d{1,2})", Resolver.iso),
    _form(
        rf"{_OPT_WD}(?:in )?(?:the )?{_DAY}[ ./-]*(?:day )?(?:of )?(?:the )?{_MON}{_WHICH_YEAR}",
        Resolver.written,
    ),
    _form(
        rf"{_OPT_WD}(?P<last>last )?{_MON}[ ,.-]*(?:on )?(?:the )?{_DAY}(?![:\d]){_WHICH_YEAR}",
        Resolver.written,
    ),
    _form(
        rf"{_OPT_WD}(?P<one>\d{{1,2}}){_SEP}(?P<two>\d{{1,2}}){_SEP}(?P<year>\d{{4}}|\d{{2}})",
        Resolver.numeric,
    ),
    _form(r"(?P<one>\d{2})(?P<two>\d{2})(?P<year>20\d{2})", Resolver.numeric),
    _form(
        rf"{_OPT_WD}(?:the )?(?P<one>\d{{1,2}}){_TH}? of the (?P<two>\d{{1,2}}){_TH}?",
        Resolver.numeric,
    ),
    _form(
        rf"{_OPT_WD}(?!24/7)(?P<one>\d{{1,2}})[./-](?P<two>\d{{1,2}})\.?(?! ?{_MEASURE}\b)",
        Resolver.numeric,
    ),
    _form("|".join(HOLIDAYS), Resolver.holiday),
    _form(rf"(?:the )?(?P<which>last|1o|2o|3o) {_WD} (?:of|in) {_MON}", Resolver.weekday_of_month),
    _form(
        rf"{_MON} (?P<which_year>last|this|next) year,? (?:on )?(?:the )?{_DAY}", Resolver.written
    ),
    _form(
        rf"{_OPT_WD}(?:the )?{_ORDINAL}(?:[ ,]*{_WD.replace('wd', 'wd_after')})?(?! {_COUNTED})"
        r"(?: (?:of )?(?P<which_month>this|last|next) month)?",
        Resolver.day_of_month,
    ),
    _form(
        r"(?P<which_month>last|next|this) month,? (?:on )?(?:the )?" + _ORDINAL,
        Resolver.day_of_month,
    ),
    _form(
        r"(?:the )?(?:(?P<n>\d{1,2}) )?days? (?P<shift>before|after) "
        r"(?P<anchor>yesterday|tomorrow)",
        Resolver.relative,
    ),
    _form(rf"{_N} {_UNIT} (?P<ago>ago) (?P<anchor>today|yesterday)", Resolver.ago),
    _form(
        rf"{_N} ?{_UNIT} (?:and .{{1,6}} )?(?P<ago>ago|back|earlier|(?P<since>before)(?! the))"
        rf"(?:,? (?:on |that was |so )?(?:(?P<last>last) )?{_WD})?",
        Resolver.ago,
    ),
    _form(rf"(?P<ago>before) {_N} {_UNIT}(?! old)", Resolver.ago),
    _form(rf"(?P<ago>(?P<since>since)) {_N} {_UNIT}", Resolver.ago),
    _form(rf"{_N} (?P<unit>week)s? (?P<ago>(?P<last>last)) {_WD}", Resolver.ago),
    _form(rf"(?:in|after) {_N} {_UNIT}(?: time)?", Resolver.ago),
    _form(rf"{_N} (?P<unit>week) (?:on )?{_WD}", Resolver.week_on),
    _form(rf"{_N} {_UNIT} (?:from (?:now|today)|later)", Resolver.ago),
    _form(rf"{_N} (?P<unit>week)s? (?:from )?(?P<anchor>today|tomorrow)", Resolver.ago),
    _form(rf"(?P<n>\d) {_WD}s? ago", Resolver.weekdays_ago),
    _form(
        rf"(?P<anchor>yesterday|today|tomorrow)(?:[ ,(]+(?:on )?{_WD}\)?)?",
        Resolver.relative,
    ),
    _form(
        r"(?:earlier )?this (?:morning|afternoon|evening|lunchtime|noon)|just now|right now",
        Resolver.this_day,
    ),
    _form(r"(?P<n>\d{1,3}|an?|half an) (?:hours?|hrs?) ago", Resolver.hours_ago),
    _form(r"(?:\d{1,3}|an?) (?:minutes?|mins?) ago", Resolver.this_day),
    _form(r"in (?:\d{1,2}|an?|half an) (?:hours?|hrs?|minutes?|mins?)", Resolver.this_day),
    _form(
        r"last night(?P<past_midnight>,? at [1-5] ?(?:am|oclock))?|the night before last",
        Resolver.last_night,
    ),
    _form(rf"(?P<week>last|this|next) week,? (?:on )?{_WD}", Resolver.weekday),
    _form(rf"{_WD}(?:,? of| in)? (?P<week>last|this|next) week", Resolver.weekday),
    _form(rf"{_WD} (?P<in_a_week>in a week|week)\b", Resolver.weekday),
    _form(rf"{_WD} (?P<after_next>after next)", Resolver.weekday),
    _form(
        rf"(?P<which>this past|this coming|this last|last|this|next|past|coming) {_WD}",
        Resolver.weekday,
    ),
    _form(rf"{_WD} (?P<gone>just gone|gone|past)", Resolver.weekday),
    _form(rf"(?:the )?{_WD} (?:before last|(?:a|1) week ago)", Resolver.before_last),
    _form(_WD, Resolver.weekday),
]
