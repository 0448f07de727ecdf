"""The states that a parent sees, made with canned answers so that each takes a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, Route

from tests.browser.conftest import Chat, answer_with, open_page, reply
from tests.server.conftest import Server

MESSAGES = "**/webhooks/web/message"
LONG = "\n".join(
    [
        "Seizures are very hard to watch. Here is what the guide says about them.",
        *[
            f"• Point {number}: these signs, which doctors call hypotonia and developmental "
            f"regression, usually go away with treatment over weeks to months. [{number % 6 + 1}]"
            for number in range(12)
        ],
        "Mehr dazu: https://clinic.example/a-very-long-address/that-does-not-break/at-any-place-at-all",
    ]
)
EMERGENCY = (
    "Call 112 now.\nTell them what you see, and that your baby lacks vitamin B12. "
    "Stay with your baby and do what they tell you."
)
SCHEDULE = [
    {
        "date": (dt.date(2026, 12, 1) + dt.timedelta(days=2 * number)).isoformat(),
        "who": "mother" if number % 4 == 3 else "baby",
        "what": "potassium" if number % 4 == 2 else "injection",
        "statements": ["protocol.potassium"],
    }
    for number in range(9)
]
CALENDAR = {
    "title": "Our B12 calendar",
    "text": "Your baby\n• Injections every other day [6]: 1 December 2026",
    "timeline": "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 480 90' width='480' "
    "height='90'><rect width='480' height='90' fill='#fff'/><circle cx='90' cy='45' r='6'/></svg>",
    "description": "1 December 2026: B12 injection (baby)",
    "notes": "Notes",
    "questions": "Questions for your care team",
    "question_lines": 5,
    "clinic_heading": "Your clinic",
    "clinic": {"name": "Meadow Lane", "phone": "+44 1632 960 012", "hours": "8 to 6"},
}
BUTTONS = [
    {"title": "Will the shaking and twitching go away?", "payload": "/ask_tremor"},
    {"title": "How long until we see a change?", "payload": "/ask_time"},
]


def greeting(chat: Chat) -> None:
    pass


def long_reply(chat: Chat) -> None:
    answer_with(chat.page, reply(LONG, references=[1, 2, 3], buttons=BUTTONS))
    chat.say("Will the seizures stop, and everything else that we have seen these weeks?")


def schedule(chat: Chat) -> None:
    chat.page.route("**/webhooks/web/calendar", lambda route: route.fulfill(json=CALENDAR))
    answer_with(chat.page, reply("Here is your calendar.", "schedule", schedule=SCHEDULE))
    chat.say("make my calendar")
    chat.find("img.timeline").wait_for()


def emergency(chat: Chat) -> None:
    long_reply(chat)
    answer_with(chat.page, reply(EMERGENCY, "emergency"))
    chat.say("my baby is not breathing")


def typing(chat: Chat) -> None:
    chat.page.unroute(MESSAGES)
    chat.page.route(MESSAGES, lambda route: None)
    chat.write("Is it for life?")
    chat.find(".typing i").first.wait_for()


def error(chat: Chat) -> None:
    def refuse(route: Route) -> None:
        route.fulfill(status=500, json={"error": "Something broke on our side."})

    chat.page.route(MESSAGES, refuse)
    chat.write("Is it for life?")
    chat.find(".trouble").wait_for()


def offline(chat: Chat) -> None:
    chat.page.context.set_offline(True)
    chat.find(".trouble").wait_for()


def restored(chat: Chat) -> None:
    said: list[dict[str, Any]] = [
        {"user": "Is it for life?", "message_id": "1", "replies": [reply(LONG, buttons=BUTTONS)]},
        {"user": None, "message_id": None, "replies": [reply("Tomorrow is injection 3.")]},
    ]
    chat.page.route("**/webhooks/web/history", lambda route: route.fulfill(json=said))
    chat.page.route("**/webhooks/web/events", lambda route: route.abort())
    chat.page.reload()
    chat.find(".earlier .mine").wait_for()
    chat.wait()


def statement(chat: Chat) -> None:
    long_reply(chat)
    chat.find(".reference").first.click()
    chat.find("dialog[open] .statement").first.wait_for()


STATES: dict[str, Callable[[Chat], None]] = {
    state.__name__: state
    for state in (
        greeting, long_reply, schedule, emergency, typing, error, offline, restored, statement,
    )
}  # fmt: skip


def enter(page: Page, server: Server, name: str, query: str = "") -> Chat:
    """Opens the chat and brings it into a state."""
    chat = open_page(page, server, query)
    STATES[name](chat)
    return chat
