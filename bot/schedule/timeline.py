"""The calendar as a picture: a lane for the baby and one for the mother, as accessible SVG."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from bot.guide.models import ScheduleWords
from bot.schedule.calendar_file import summary
from bot.schedule.events import Event

WIDTH, LANE, LEFT, TOP = 480, 56, 84, 36  # pixels
RADIUS = 6
_CLOSE = 21  # days that take the left half: then dates lie close, and later far apart

_STYLE = (
    "text{font:15px sans-serif;fill:#1d2b2a}.lane{stroke:#9db3b1;stroke-width:2}"
    ".injection{fill:#1f6b68}.check{fill:#fff;stroke:#8a4b00;stroke-width:2}"
    ".today{stroke:#b3261e;stroke-width:2;stroke-dasharray:4 3}"
)


def timeline(events: Sequence[Event], today: dt.date, words: ScheduleWords) -> str:
    """The picture as SVG text, with a title and a description that say the same in words.

    Injections are full circles, checks are empty squares, today is a broken line. The first three
    weeks take half of the width.

    Args:
        events: What is ahead, sorted by date.
        today: The local date.
        words: The lanes' names and what events are called.
    """
    lanes = [who for who in ("baby", "mother") if any(event.who == who for event in events)]
    height = TOP + LANE * max(1, len(lanes)) + 26
    end = max([event.date for event in events], default=today + dt.timedelta(days=_CLOSE))
    svg = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {height}",
            "width": str(WIDTH),
            "height": str(height),
            "role": "img",
            "aria-labelledby": "timeline-title timeline-description",
        },
    )
    _add(svg, "title", words.timeline, id="timeline-title")
    _add(svg, "desc", described(events, words), id="timeline-description")
    _add(svg, "style", _STYLE)
    _add(svg, "rect", width=WIDTH, height=height, fill="#fff")
    for place, who in enumerate(lanes):
        y = TOP + LANE * place + LANE // 2
        _add(svg, "text", words.baby if who == "baby" else words.mother, x=4, y=y + 4)
        _add(svg, "line", x1=LEFT, x2=WIDTH - 12, y1=y, y2=y, **{"class": "lane"})
        for event in events:
            if event.who == who:
                _mark(svg, event, _x(event.date, today, end), y, words)
    x = _x(today, today, end)
    _add(svg, "line", x1=x, x2=x, y1=TOP - 8, y2=height - 24, **{"class": "today"})
    _add(svg, "text", words.today, x=x - 18, y=TOP - 14)
    for date in _months(today, end):
        _add(svg, "text", f"{date:%b}", x=_x(date, today, end) - 10, y=height - 6)
    return ET.tostring(svg, encoding="unicode")


def described(events: Sequence[Event], words: ScheduleWords) -> str:
    """The picture in words: each date with what is due on it."""
    return "; ".join(
        f"{event.date:%A} {event.date.day} {event.date:%B %Y}: {summary(event, words)}"
        for event in events
    )


def _mark(svg: ET.Element, event: Event, x: float, y: int, words: ScheduleWords) -> None:
    if event.what == "injection":
        mark = _add(svg, "circle", cx=x, cy=y, r=RADIUS, **{"class": "injection"})
    else:
        side = 2 * RADIUS - 2
        top = y - 20 if event.what == "potassium" else y + 10  # beside an injection of that day
        mark = _add(
            svg, "rect", x=x - side / 2, y=top, width=side, height=side, **{"class": "check"}
        )
    _add(mark, "title", described([event], words))


def _x(date: dt.date, today: dt.date, end: dt.date) -> float:
    """Where a date stands: the first three weeks in the left half, the rest in the right."""
    days, whole = (date - today).days, max((end - today).days, 1)
    room = WIDTH - LEFT - 30
    if whole <= 2 * _CLOSE:
        share = days / whole
    elif days <= _CLOSE:
        share = 0.5 * days / _CLOSE
    else:
        share = 0.5 + 0.5 * (days - _CLOSE) / (whole - _CLOSE)
    return round(LEFT + 10 + room * share, 1)


def _months(today: dt.date, end: dt.date) -> list[dt.date]:
    """First days of months to write below: each of the near ones, at most ten in all."""
    firsts = []
    month = today.replace(day=1)
    while (month := (month + dt.timedelta(days=32)).replace(day=1)) <= end:
        firsts.append(month)
    return firsts[:: len(firsts) // 10 + 1]


def _add(parent: ET.Element, tag: str, text: str = "", **attributes: object) -> ET.Element:
    element = ET.SubElement(parent, tag, {name: str(value) for name, value in attributes.items()})
    element.text = text or None
    return element
