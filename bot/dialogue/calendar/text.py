"""The family's calendar in words: the next date first, then all dates by person, then the notes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby

from bot.dialogue.family import Family
from bot.dialogue.reply import Button, Reply
from bot.guide.catalogue import Catalogue
from bot.schedule.course import Course
from bot.schedule.events import Event, events, injections_before

MOST_DATES = 8  # of one series; the rest is counted, and all stand in the calendar file

# The buttons below a calendar: intents with a title of their own.
_BUTTONS = ("schedule_file", "request_reminders", "schedule_print", "change_schedule")


class CalendarText:
    """Puts a family's dates into words.

    Args:
        catalogue: All content.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._words = catalogue.schedule_words

    def day(self, date: dt.date) -> str:
        """A date in words, such as "Friday 20 November 2026"."""
        return f"{date:%A} {date.day} {date:%B %Y}"

    def next_line(self, family: Family, today: dt.date) -> str:
        """The sentence on the next date that is still to come."""
        return self._next(self.ahead(family, today))

    def next_of_baby(self, family: Family, today: dt.date) -> str:
        """The sentence on the baby's next injection."""
        ahead = self.ahead(family, today)
        return self._next([e for e in ahead if e.who == "baby" and e.what == "injection"])

    def ahead(self, family: Family, today: dt.date) -> list[Event]:
        """The events from today on, without an injection of the baby that was given already."""
        course = family.course()
        if course is None:
            return []
        given = family.given
        return [
            event
            for event in events(course, today)
            if given is None or event.date > given or event.who != "baby" or event.phase is None
        ]

    def whole(self, family: Family, today: dt.date, most: int = MOST_DATES) -> Reply:
        """The calendar as a reply.

        Args:
            family: A family with a first injection.
            today: The local date.
            most: Dates of one series that are listed; the rest is counted.
        """
        course = family.course()
        assert course is not None, "a calendar needs a first injection"
        ahead = self.ahead(family, today)
        end = course.horizon(today)
        parts = [self._next(ahead), self._of_baby(course, ahead, today, end, most)]
        if course.breastfeeding:
            parts.append(self._of_mother(course, ahead, end, most))
        else:
            parts.append(self._words.mother_left_out)
        shown = list(dict.fromkeys(name for event in ahead for name in event.statements))
        parts += self._contradictions(ahead)
        parts.append(self._words.team_decides)
        references = {
            number for name in shown for number in self._catalogue.statements[name].references
        }
        return Reply(
            kind="schedule",
            text="\n\n".join(parts),
            statements=shown,
            references=sorted(references),
            buttons=[
                Button(title=self._catalogue.button_title(name), payload=f"/{name}")
                for name in _BUTTONS
            ],
            schedule=[event.as_json() for event in ahead],
        )

    def _next(self, ahead: Sequence[Event]) -> str:
        if not ahead:
            return self._words.nothing_ahead
        soonest = [event for event in ahead if event.date == ahead[0].date]
        event = min(soonest, key=lambda event: (event.what != "injection", event.who))
        date = self.day(event.date)
        if event.what != "injection":
            return self._words.next_check.format(date=date)
        if event.who == "mother":
            return self._words.next_mother.format(date=date)
        if event.number is None:
            return self._words.next_baby_uncounted.format(date=date)
        return self._words.next_baby.format(date=date, number=event.number)

    def _of_baby(
        self, course: Course, ahead: list[Event], today: dt.date, end: dt.date, most: int
    ) -> str:
        words = self._words
        lines = [words.baby]
        before = injections_before(course, today)
        if before:
            lines.append(f"• {words.past.format(number=before)}")
        lines += self._series(
            ahead, ("baby", "injection", "intensive", None), words.intensive, most
        )
        if course.plateau is None:
            lines.append(f"• {words.intensive_open}")
        lines += self._series(ahead, ("baby", "potassium", None, None), words.potassium, most)
        lines += self._series(ahead, ("baby", "blood_count", None, None), words.blood_count, most)
        for interval, template in ((2, words.maintenance_2), (1, words.maintenance_1)):
            lines += self._series(
                ahead, ("baby", "injection", "maintenance", interval), template, most
            )
        if course.plateau is not None:
            lines.append(f"• {words.maintenance_for_life.format(date=self.day(end))}")
        return "\n".join(lines)

    def _of_mother(self, course: Course, ahead: list[Event], end: dt.date, most: int) -> str:
        words = self._words
        first = words.mother_initial_soon if course.mother_first is None else words.mother_initial
        return "\n".join(
            [
                words.mother,
                *self._series(ahead, ("mother", "injection", "initial", None), first, most),
                *self._series(
                    ahead, ("mother", "injection", "monthly", None), words.mother_monthly, most
                ),
                f"• {words.mother_goes_on.format(date=self.day(end))}",
            ]
        )

    def _series(
        self,
        ahead: list[Event],
        series: tuple[str, str, str | None, int | None],
        template: str,
        most: int,
    ) -> list[str]:
        """The line of one series (who, what, phase, interval), or none without a date ahead."""
        found = [e for e in ahead if (e.who, e.what, e.phase, e.interval) == series]
        if not found:
            return []
        numbers = sorted(
            {n for name in found[0].statements for n in self._catalogue.statements[name].references}
        )
        references = "".join(f"[{number}]" for number in numbers)
        dates = short_dates([event.date for event in found[:most]])
        if len(found) > most:
            more = self._words.more.format(count=len(found) - most, date=self.day(found[-1].date))
            dates = f"{dates}, {more}"
        return [f"• {template.format(references=references, dates=dates)}"]

    def _contradictions(self, ahead: list[Event]) -> list[str]:
        maintenance = {event.interval for event in ahead if event.phase == "maintenance"}
        if len(maintenance) < 2:
            return []
        names = (
            name for event in ahead if event.phase == "maintenance" for name in event.statements
        )
        return [entry.note for entry in self._catalogue.contradictions_of(names)]


def short_dates(dates: Sequence[dt.date]) -> str:
    """Dates in few words: "Tue 24, Thu 26 November; Wed 2 December 2026"."""
    parts = []
    for (year, month), days in groupby(dates, key=lambda date: (date.year, date.month)):
        named = [f"{day:%a} {day.day}" for day in days]
        parts.append((f"{', '.join(named)} {dt.date(year, month, 1):%B}", year))
    lines = []
    for place, (text, year) in enumerate(parts):
        last = place + 1 == len(parts) or parts[place + 1][1] != year
        lines.append(f"{text} {year}" if last else text)
    return "; ".join(lines)
