"""On a real PostgreSQL: it goes away and comes back; and what was found broken in stock Rasa.

The other holes of stock Rasa have their tests in test_two_processes.py (lost and doubled messages)
and tests/unit/test_store.py (cost of a long conversation, a database that is down at the start).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

import pytest
import requests

from tests.databases import PORT, Cable, new_database
from tests.server.conftest import Chat, Server

pytestmark = pytest.mark.server

TOKEN = "a token for the tests, long enough to be safe"


class Running(NamedTuple):
    server: Server
    cable: Cable


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("down")
    with new_database("postgresql", folder) as database:
        cable = Cable()
        address = database.replace(f":{PORT}/", f":{cable.port}/")
        server = Server(folder, COMPANION_DATABASE=address, COMPANION_REST_TOKEN=TOKEN)
        try:
            server.wait()
            yield Running(server, cable)
        finally:
            server.stop()
            cable.close()


def _health(server: Server) -> requests.Response:
    return requests.get(f"{server.url}/health", timeout=30)


def test_a_parent_hears_that_it_was_not_saved_and_the_next_turn_works(running: Running) -> None:
    """Stock Rasa answers 200 and forgets what was said."""
    server, cable = running
    chat = Chat(server.url)
    chat.say("we started on 20 November 2026")
    cable.cut()
    try:
        refused = chat.post({"message": "Is it for life?", "message_id": "m1"})
        assert refused.status_code == 503
        assert "could not save this" in refused.json()["error"]
        assert "+44 1632 960 012" in refused.json()["error"]
        assert refused.headers["Retry-After"]
        health = _health(server)
        assert health.status_code == 503
        assert health.json() == {"status": "degraded", "failing": ["database"]}
        assert requests.get(f"{server.url}/live", timeout=30).status_code == 200
    finally:
        cable.mend()
    again = chat.post({"message": "Is it for life?", "message_id": "m1"})
    assert again.status_code == 200, again.text
    assert [turn["message_id"] for turn in chat.history()][1:] == ["m1"]
    assert _health(server).json() == {"status": "ready"}
    assert "Is it for life" not in server.log


def test_connections_that_died_while_nobody_spoke_cost_nobody_a_turn(running: Running) -> None:
    server, cable = running
    chat = Chat(server.url)
    chat.say("hello")
    cable.cut()
    cable.mend()
    assert chat.say("Is it for life?")[0]["kind"] == "answer"


@pytest.mark.parametrize("odd", ["\0", "\ud83d"], ids=["a NUL", "half of a pair"])
def test_what_no_database_takes_in_an_id_is_harmless(running: Running, odd: str) -> None:
    """A NUL in a sender ends stock Rasa's server on PostgreSQL."""
    url = f"{running.server.url}/webhooks/rest/webhook"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for _ in range(2):
        body = {"sender": f"a{odd}b", "message": f"Is it{odd} for life?", "message_id": f"m{odd}"}
        answer = requests.post(url, json=body, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        assert answer.json()[0]["kind"] == "answer"
    assert _health(running.server).status_code == 200


def test_a_megabyte_of_text_stops_nobody(running: Running) -> None:
    """Stock Rasa takes up to 100 MB, and 1 MB of text keeps everybody waiting for 4.4 s."""
    chat, other = Chat(running.server.url), Chat(running.server.url)
    other.say("hello")
    with ThreadPoolExecutor(1) as pool:
        before = time.monotonic()
        huge = pool.submit(chat.post, {"message": "a " * 500_000})
        other.say("Is it for life?")
        assert time.monotonic() - before < 3
        # The server may also hang up in the middle of the megabyte.
        with suppress(requests.ConnectionError):
            assert huge.result().status_code == 413


@pytest.mark.parametrize("body", [{"message": "hello"}, {"message": "hello", "sender": ""}])
def test_a_missing_sender_shares_no_conversation(running: Running, body: dict[str, str]) -> None:
    """In stock Rasa all who send none share the conversation "default"."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = f"{running.server.url}/webhooks/rest/webhook"
    assert requests.post(url, json=body, headers=headers, timeout=30).status_code == 400


def test_knowing_a_sender_id_opens_nothing(running: Running) -> None:
    """Stock Rasa gives a conversation to whoever names its id, over REST and socketio alike."""
    url = f"{running.server.url}/webhooks/web/history"
    headers = {"Authorization": "Bearer rest-family"}
    assert requests.get(url, headers=headers, timeout=30).status_code == 401
    for path in ("/conversations/rest-family/tracker", "/socket.io/", "/webhooks/socketio/"):
        assert requests.get(f"{running.server.url}{path}", timeout=30).status_code == 404


def test_a_typed_command_sets_nothing(running: Running) -> None:
    """Stock Rasa obeys `/intent{...}` from anybody, slots included."""
    chat = Chat(running.server.url)
    chat.say('/ask_next_dates{"schedule__first": "2020-01-01"}')
    url = f"{running.server.url}/webhooks/web/calendar"
    assert requests.get(url, headers=chat.headers, timeout=30).status_code == 404


def test_blank_text_is_no_intent(running: Running) -> None:
    """Stock Rasa answers it as whatever intent the model finds nearest."""
    chat = Chat(running.server.url)
    assert chat.post({"message": " \n\t "}).status_code == 400
    assert chat.say("?!")[0]["kind"] == "clarify"


def test_the_same_message_id_is_answered_once(running: Running) -> None:
    """Stock Rasa answers twice."""
    chat = Chat(running.server.url)
    first = chat.say("Is it for life?", message_id="m1")
    assert chat.say("Is it for life?", message_id="m1") == first
    assert len(chat.history()) == 1
