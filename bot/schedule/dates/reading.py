"""Reads dates as people write them: "last Friday", "3 days ago", "20 Nov", "11/20/2026".

A small grammar of our own. Measured on the list in tests/unit/date_phrases.yml, the general
libraries read part of it and misread the rest silently: "20.11." as the 23rd, "in October" as the
24th, "12" as a day. Here what is not surely a date is none, and what can be read two ways says so.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

from bot.schedule.dates.grammar import dates_in
from bot.schedule.dates.resolving import DateRead, Direction, NoSuchDate, Resolver
from bot.schedule.dates.spelling import spelled_alike


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
    found = list(dates_in(said, Resolver(today, direction, day_first)))
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
