"""The web calls for a conversation's own calendar: to show, to print, to take along."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Optional

from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, json, raw

from bot.dialogue.calendar.text import CalendarText
from bot.dialogue.family import Family
from bot.guide.catalogue import Catalogue
from bot.schedule.calendar_file import calendar_file
from bot.schedule.timeline import described, timeline

if TYPE_CHECKING:
    from bot.agent import CompanionAgent

ALL_DATES = 1000  # on paper nothing is left out
QUESTION_LINES = 5  # blank lines on the printed page


def add_calendar_routes(
    routes: Blueprint, catalogue: Catalogue, conversation_of: Callable[[Request], str]
) -> None:
    """Adds `/calendar` and `/calendar.ics`.

    Args:
        routes: The channel's routes.
        catalogue: All content.
        conversation_of: The conversation of a request, by its token; refuses others.
    """
    text = CalendarText(catalogue)
    words = catalogue.schedule_words

    async def family_of(request: Request) -> Optional[Family]:
        agent: CompanionAgent = request.app.ctx.agent
        return _family_in(await agent.tracker_store.retrieve(conversation_of(request)))

    def with_family(
        answer: Callable[[Family], HTTPResponse],
    ) -> Callable[[Request], Coroutine[Any, Any, HTTPResponse]]:
        async def handle(request: Request) -> HTTPResponse:
            family = await family_of(request)
            if family is None:
                return json({"error": words.no_calendar}, status=404)
            return answer(family)

        return handle

    def as_json(family: Family) -> HTTPResponse:
        today = catalogue.clinic.today()
        ahead = text.ahead(family, today)
        shown: dict[str, Any] = {
            "title": words.print_title,
            "text": text.whole(family, today, most=ALL_DATES).text,
            "timeline": timeline(ahead, today, words),
            "description": described(ahead, words),
            "notes": words.print_notes,
            "questions": words.print_questions,
            "question_lines": QUESTION_LINES,
            "clinic_heading": words.print_clinic,
            "clinic": catalogue.clinic.dict(),
        }
        return json(shown)

    def as_file(family: Family) -> HTTPResponse:
        return raw(
            _file(family, catalogue),
            content_type="text/calendar; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{words.download}"'},
        )

    routes.add_route(with_family(as_json), "/calendar", name="calendar")
    routes.add_route(with_family(as_file), "/calendar.ics", name="calendar_file")


def calendar_of(tracker: Optional[DialogueStateTracker], catalogue: Catalogue) -> Optional[bytes]:
    """The calendar's file of a conversation; None where there is no calendar yet."""
    family = _family_in(tracker)
    return _file(family, catalogue) if family else None


def _family_in(tracker: Optional[DialogueStateTracker]) -> Optional[Family]:
    family = Family.of_slots(tracker.current_slot_values()) if tracker else Family()
    return family if family.complete else None


def _file(family: Family, catalogue: Catalogue) -> bytes:
    assert family.first is not None
    today = catalogue.clinic.today()
    ahead = CalendarText(catalogue).ahead(family, today)
    return calendar_file(ahead, family.first, today, catalogue.schedule_words)
