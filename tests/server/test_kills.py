"""kill -9 of the server, and of PostgreSQL, in the middle of many turns.

200 turns by default; `make faults` says 1,000. The sender of reminders is killed in
test_reminders.py. There is no Redis to be killed: between processes nothing is locked.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from tests.databases import ENGINES, new_database
from tests.private_postgresql import private_postgresql
from tests.server.conftest import Chat, Server

pytestmark = pytest.mark.server

TURNS = int(os.environ.get("COMPANION_FAULT_TURNS", "200"))
PARENTS = 8
KILLS = 2
PATIENCE = 300  # seconds for one message, with a server's start within
QUESTIONS = ("Is it for life?", "Will the seizures stop?", "why?", "Do I need shots too?")


class Talk:
    """Parents who talk at once; each repeats a message under its id until it is answered.

    That is what the page does.

    Args:
        url: The server.
    """

    def __init__(self, url: str) -> None:
        self.chats = [Chat(url) for _ in range(PARENTS)]
        self.answers: list[dict[str, Any]] = [{} for _ in self.chats]
        self.unanswered = 0
        self._counted = threading.Lock()

    @property
    def done(self) -> int:
        return sum(map(len, self.answers))

    def hold(self, fault: Callable[[], None]) -> None:
        """Holds the conversations, and lets the fault happen in the middle of them."""
        each = TURNS // PARENTS
        with ThreadPoolExecutor(PARENTS) as pool:
            talks = [pool.submit(self._talk, number, each) for number in range(PARENTS)]
            for kill in range(1, KILLS + 1):
                self._wait_for(kill * each * PARENTS // (KILLS + 1))
                before = self.unanswered
                fault()
                while self.unanswered == before and self.done < each * PARENTS:
                    time.sleep(0.01)
            for talk in talks:
                talk.result()
        assert self.done == each * PARENTS

    def _wait_for(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.done < count:
            assert time.monotonic() < deadline, "the conversations stand still"
            time.sleep(0.005)

    def _talk(self, parent: int, each: int) -> None:
        for number in range(each):
            text = QUESTIONS[number % len(QUESTIONS)]
            self.answers[parent][f"m{number}"] = self._say(self.chats[parent], text, f"m{number}")

    def _say(self, chat: Chat, text: str, message_id: str) -> Any:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = chat.post({"message": text, "message_id": message_id})
            except (requests.ConnectionError, requests.Timeout):
                pass
            else:
                if answer.status_code == 200:
                    return answer.json()
                assert answer.status_code == 503, answer.text
            with self._counted:
                self.unanswered += 1
            time.sleep(0.1)
        pytest.fail("never answered")

    def check(self, database: str) -> None:
        """All that was acknowledged is kept as it was answered, once, and in order."""
        for chat, answers in zip(self.chats, self.answers, strict=True):
            turns = chat.history()
            assert [turn["message_id"] for turn in turns] == list(answers)
            assert [turn["replies"] for turn in turns] == list(answers.values())
        engine = sa.create_engine(database)
        with engine.connect() as connection:
            said = sa.text("select sender_id, data from events where type_name = 'user'")
            kept = Counter(
                (sender, json.loads(data)["message_id"])
                for sender, data in connection.execute(said)
            )
        engine.dispose()
        assert len(kept) == self.done
        assert set(kept.values()) == {1}


@contextmanager
def serving(folder: Path, database: str) -> Iterator[Server]:
    limit = {"COMPANION_MESSAGES_PER_MINUTE": "100000"}
    server = Server(folder, COMPANION_DATABASE=database, **limit)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_killed_server_loses_and_doubles_nothing(engine: str, tmp_path: Path) -> None:
    def fault() -> None:
        server.kill(signal.SIGKILL)
        server.start()

    with new_database(engine, tmp_path) as database, serving(tmp_path, database) as server:
        talk = Talk(server.url)
        talk.hold(fault)
        assert talk.unanswered >= KILLS
        talk.check(database)


def test_a_killed_postgresql_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with private_postgresql() as postgresql, serving(tmp_path, postgresql.url) as server:

        def fault() -> None:
            postgresql.kill()
            time.sleep(1)  # so that some find nobody there
            postgresql.start()

        talk = Talk(server.url)
        talk.hold(fault)
        assert talk.unanswered >= KILLS
        talk.check(postgresql.url)
        server_log = server.log
    assert not any(question in server_log for question in QUESTIONS)
