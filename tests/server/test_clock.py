"""A server whose clock jumps: reminders come once, nobody is held back, nothing is lost."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import requests

from bot.reminding import LOOKED_EVERY
from tests.server.conftest import Chat, Server, Stream

pytestmark = pytest.mark.server

LONDON = ZoneInfo("Europe/London")  # as the clinic card says
PATIENCE = 90  # seconds, for a busy machine
A_MINUTE = 3  # messages
HOUR, DAY = 60 * 60, 24 * 60 * 60  # seconds

# As in test_reminders.py, but on days near today's: sessions are checked on the machine's clock.
TODAY = dt.datetime.now(LONDON).date()
FIRST = TODAY - dt.timedelta(days=4)
INJECTION = TODAY + dt.timedelta(days=2)


def at(days: int, hour: int) -> float:
    day = TODAY + dt.timedelta(days=days)
    return dt.datetime(day.year, day.month, day.day, hour, tzinfo=LONDON).timestamp()


ASKED, DUE = at(0, 12), at(1, 9)


class Clock:
    """The clock of one server."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.jump(0)

    def jump(self, ahead: float) -> None:
        """Lets it go ahead of the machine's by so many seconds."""
        new = self.file.with_suffix(".new")
        new.write_text(str(ahead))
        new.replace(self.file)  # so that the server never reads half a number

    def show(self, instant: float) -> None:
        self.jump(instant - time.time())


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    return Clock(tmp_path_factory.mktemp("clock") / "ahead")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Server]:
    running = Server(
        tmp_path_factory.mktemp("odd"),
        module="tests.server.odd_server",
        ODD_CLOCK=str(clock.file),
        COMPANION_MESSAGES_PER_MINUTE=str(A_MINUTE),
    )
    try:
        running.wait()
        yield running
    finally:
        running.stop()


def ask_for_reminders(server: Server) -> Chat:
    chat = Chat(server.url)
    chat.say(f"we started on {FIRST:%-d %B %Y} and I do not breastfeed")
    assert "I will remind you" in chat.say("remind us please")[0]["text"]
    return chat


def listen(server: Server, chat: Chat) -> Stream:
    return Stream(chat, f"{server.url}/webhooks/web/events")


def test_a_reminder_asked_for_in_chat_reaches_the_open_page_once_until_all_is_erased(
    odd: Server, clock: Clock
) -> None:
    clock.show(ASKED)
    chat, other = ask_for_reminders(odd), ask_for_reminders(odd)
    page, other_page = listen(odd, chat), listen(odd, other)
    clock.show(DUE)
    (reminder,) = page.wait(1, PATIENCE)
    assert f"{INJECTION:%-d %B %Y}" in reminder["text"]
    assert len(other_page.wait(1, PATIENCE)) == 1
    clock.show(DUE - 2 * DAY)
    time.sleep(LOOKED_EVERY)
    clock.show(DUE)
    other.erase()
    clock.show(DUE + 2 * DAY)  # of the next injection
    _, following = page.wait(2, PATIENCE)
    assert f"{INJECTION + dt.timedelta(days=2):%-d %B %Y}" in following["text"]
    assert len(other_page.events) == 1
    assert other.history() == []
    assert [turn["user"] for turn in chat.history()][-2:] == [None, None]
    page.close()
    other_page.close()


def test_a_clock_set_back_holds_nobody_back_and_keeps_the_order(odd: Server, clock: Clock) -> None:
    clock.jump(0)
    chat = Chat(odd.url)
    chat.say("Is it for life?", message_id="m0")
    clock.jump(-HOUR)
    chat.say("Will the seizures stop?", message_id="m1")
    clock.jump(2 * DAY)
    chat.say("Do I need shots too?", message_id="m2")
    assert [turn["message_id"] for turn in chat.history()] == ["m0", "m1", "m2"]
    clock.jump(-HOUR)
    with ThreadPoolExecutor(2 * A_MINUTE) as pool:
        answers = list(pool.map(lambda _: chat.post({"message": "why?"}), range(2 * A_MINUTE)))
    held = [answer for answer in answers if answer.status_code == 429]
    assert held
    assert all(int(answer.headers["Retry-After"]) <= 60 for answer in held)
    assert requests.get(f"{odd.url}/health", timeout=PATIENCE).status_code == 200
    ahead = Chat(odd.url)
    clock.jump(-DAY)
    assert ahead.say("Is it for life?")[0]["kind"] == "answer"  # its session is from "tomorrow"
