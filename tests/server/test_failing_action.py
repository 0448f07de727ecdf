"""The action breaks in the middle of a turn, on a real server."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests

from tests.server.conftest import Chat, Server

pytestmark = pytest.mark.server

WORD = "Zebulon"
LONGEST = 3.0  # seconds until a parent hears of it
TRIES = 3  # the quickest counts: the machine may be busy with something else


@pytest.fixture(scope="module")
def breaking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("breaking")
    running = Server(folder, module="tests.server.odd_server", ODD_WORD=WORD)
    try:
        running.wait()
        yield running
    finally:
        running.stop()


def test_the_parent_hears_an_apology_and_the_next_turn_works(breaking: Server) -> None:
    """Stock Rasa answers with status 200 and an empty list."""
    chat = Chat(breaking.url)
    chat.say("Is it for life?")
    taken = []
    for number in range(TRIES):
        before = time.monotonic()
        (apology,) = chat.say(f"Will the seizures of {WORD} stop?", message_id=f"m{number}")
        taken.append(time.monotonic() - before)
        assert apology["kind"] == "error"
        assert "+44 1632 960 012" in apology["text"]
    assert min(taken) < LONGEST
    assert chat.say("why?")[0]["kind"] == "answer"  # it leans on what came before the failure
    assert chat.say("Will the seizures stop?")[0]["kind"] == "answer"
    assert WORD not in breaking.log
    figures = requests.get(f"{breaking.url}/metrics", timeout=30).text
    assert f'companion_errors_total{{where="action"}} {float(TRIES)}' in figures
