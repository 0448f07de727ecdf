"""A second implementation of the calendar's rules, written apart from the first, for tests only.

Slow and obvious on purpose: it walks day by day from the earliest date to the horizon and asks, for
each day and each kind of event, whether it falls on this day. Input that the rules refuse raises
ValueError.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta

__all__ = ["events", "refused"]

_ONE_DAY = timedelta(days=1)
_INTENSIVE = ["timeline.alternate_days", "protocol.initial_injections"]
_POTASSIUM = ["protocol.potassium"]
_BLOOD_COUNT = ["protocol.blood_counts"]
_MAINTENANCE = {
    1: ["protocol.lifelong_monthly", "prevention.monthly_mandatory"],
    2: ["timeline.two_monthly", "protocol.maintenance_two_monthly"],
}
_MOTHER_INITIAL = ["mother.treat_now", "mother.initial_dose", "timeline.both_treated"]
_MOTHER_MONTHLY = ["mother.monthly", "prevention.mother_monthly"]


def _plus_months(anchor: date, months: int) -> date:
    """anchor plus (or minus) calendar months, one month step at a time, clamped once at the end."""
    year, month = anchor.year, anchor.month
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        if month == 13:
            year, month = year + 1, 1
        if month == 0:
            year, month = year - 1, 12
    return date(year, month, min(anchor.day, calendar.monthrange(year, month)[1]))


def _is_months_after(day: date, anchor: date, interval: int) -> bool:
    """Is `day` equal to anchor + k * interval months for some k = 1, 2, ...?"""
    distance = (day.year * 12 + day.month) - (anchor.year * 12 + anchor.month)
    if distance < 1 or distance % interval != 0:
        return False
    return day.day == min(anchor.day, calendar.monthrange(day.year, day.month)[1])


def refused(
    today: date,
    first: date,
    plateau: date | None,
    interval: int | None,
    breastfeeding: bool,
    mother_first: date | None,
    months: int,
) -> bool:
    """True when the rules refuse this input."""
    if first > today + timedelta(days=60) or first < _plus_months(today, -18 * 12):
        return True
    if plateau is not None and (plateau < first or plateau > today):
        return True
    if mother_first is not None and mother_first > today + timedelta(days=60):
        return True
    if interval is not None and interval not in (1, 2):
        return True
    return months < 1 or months > 60


def events(
    today: date,
    first: date,
    plateau: date | None,
    interval: int | None,
    breastfeeding: bool,
    mother_first: date | None,
    months: int,
) -> list[dict[str, object]]:
    """The upcoming events (today <= date <= H), in the JSON form of the rules, sorted."""
    if refused(today, first, plateau, interval, breastfeeding, mother_first, months):
        raise ValueError("the rules refuse this input")
    start = max(today, first)
    horizon = _plus_months(start, months)
    mother = start if mother_first is None else mother_first

    last_intensive = first  # A; only used when P is known
    day = first
    while plateau is not None and day <= plateau:
        if (day - first).days % 2 == 0:
            last_intensive = day
        day += _ONE_DAY

    # (date, who, what, interval or 0, phase, statements)
    found: list[tuple[date, str, str, int, str | None, list[str]]] = []
    day = min(first, mother)
    while day <= horizon:
        since = (day - first).days  # 0 on D, which is day 1 of therapy
        wanted = day <= plateau if plateau is not None else 0 <= (day - start).days <= 13
        if since >= 0 and since % 2 == 0 and wanted:
            found.append((day, "baby", "injection", 0, "intensive", _INTENSIVE))
        if since in (0, 1, 2):
            found.append((day, "baby", "potassium", 0, None, _POTASSIUM))
        if since in (4, 5, 6):
            found.append((day, "baby", "blood_count", 0, None, _BLOOD_COUNT))
        for step in (1, 2):
            if (
                plateau is not None
                and interval in (None, step)
                and _is_months_after(day, last_intensive, step)
            ):
                found.append((day, "baby", "injection", step, "maintenance", _MAINTENANCE[step]))
        if breastfeeding and day == mother:
            found.append((day, "mother", "injection", 0, "initial", _MOTHER_INITIAL))
        if breastfeeding and _is_months_after(day, mother, 1):
            found.append((day, "mother", "injection", 0, "monthly", _MOTHER_MONTHLY))
        day += _ONE_DAY

    upcoming = sorted((e for e in found if today <= e[0] <= horizon), key=lambda e: e[:4])
    return [
        {
            "date": when.isoformat(),
            "who": who,
            "what": what,
            "phase": phase,
            "interval": step or None,
            "statements": list(statements),
        }
        for when, who, what, step, phase, statements in upcoming
    ]
