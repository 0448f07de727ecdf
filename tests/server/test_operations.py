"""What a clinic's technicians rely on: figures, logs, a calm stop."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from tests.server.conftest import Chat, Server

pytestmark = pytest.mark.server

WORDS = "Our neighbour Zebulon asks whether the seizures will stop"
TOKEN = "a token for the tests, long enough to be safe"
STORY = "We have been through so much since the summer, and he sleeps all day long. " * 25


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with JSON logs and a token for its figures."""
    running = Server(
        tmp_path_factory.mktemp("guarded"),
        COMPANION_LOG_FORMAT="json",
        COMPANION_METRICS_TOKEN=TOKEN,
    )
    try:
        running.wait()
        yield running
    finally:
        running.stop()


def figures(server: Server) -> dict[str, float]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = requests.get(f"{server.url}/metrics", headers=headers, timeout=10)
    assert answer.status_code == 200
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_figures_tell_what_was_done_and_nothing_that_was_said(guarded: Server) -> None:
    chat = Chat(guarded.url)
    before = figures(guarded)
    chat.say(WORDS)
    chat.say("he is not breathing")
    after = figures(guarded)

    def more(name: str) -> float:
        return after.get(name, 0.0) - before.get(name, 0.0)

    assert more('companion_turns_total{channel="web"}') == 2
    assert more('companion_replies_total{kind="answer"}') == 1
    assert more('companion_replies_total{kind="emergency"}') == 1
    assert more('companion_alarms_total{intent="report_emergency"}') == 1
    assert more("companion_turn_seconds_count") == 2
    assert after["companion_reminders_due"] == 0
    assert not any("zebulon" in name.casefold() for name in after)


def test_a_message_sent_again_is_counted_once(guarded: Server) -> None:
    chat, before = Chat(guarded.url), figures(guarded)
    for _ in range(2):
        chat.say("Is it for life?", message_id="the same")
    name = 'companion_turns_total{channel="web"}'
    assert figures(guarded)[name] - before.get(name, 0.0) == 1


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer something else"}])
def test_figures_want_the_token_that_is_set(guarded: Server, headers: dict[str, str]) -> None:
    assert requests.get(f"{guarded.url}/metrics", headers=headers, timeout=10).status_code == 401


def test_without_a_token_only_the_machine_itself_sees_figures(server: Server) -> None:
    assert requests.get(f"{server.url}/metrics", timeout=10).status_code == 200
    through = {"X-Forwarded-For": "203.0.113.7"}  # as the documented proxy says
    assert requests.get(f"{server.url}/metrics", headers=through, timeout=10).status_code == 404


def test_each_line_of_the_log_is_json_without_words(guarded: Server) -> None:
    Chat(guarded.url).say(WORDS)
    lines = [line for line in guarded.log.splitlines() if line.startswith("{")]
    assert all({"time", "level", "logger", "message"} <= set(json.loads(line)) for line in lines)
    stray = [line for line in guarded.log.splitlines() if not line.startswith("{")]
    assert [line for line in stray if not line.startswith("B12 Companion answers")] == []
    assert "zebulon" not in guarded.log.casefold()


def test_a_server_that_is_told_to_stop_finishes_its_turns(tmp_path: Path) -> None:
    stopping = Server(tmp_path)
    stopping.wait()
    chats = [Chat(stopping.url) for _ in range(4)]
    with ThreadPoolExecutor(len(chats)) as pool:
        turns = [pool.submit(chat.say, STORY) for chat in chats]
        time.sleep(0.15)
        unfinished = [turn for turn in turns if not turn.done()]
        stopping.kill(signal.SIGTERM)  # waits until the process has ended
        assert unfinished, "all was answered before the stop"
        assert all(turn.result() for turn in turns)
    engine = sa.create_engine(stopping.database)
    with engine.connect() as connection:
        kept = connection.execute(
            sa.text("select count(*) from events where type_name = 'user'")
        ).scalar()
    assert kept == len(chats)
