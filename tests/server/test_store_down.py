"""PostgreSQL goes away and comes back: nobody is told that something was kept when it was not."""

from __future__ import annotations

from collections.abc import Iterator
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


def test_a_nul_in_a_sender_is_harmless(running: Running) -> None:
    """It ends stock Rasa's server on PostgreSQL."""
    url = f"{running.server.url}/webhooks/rest/webhook"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for sender in ("a\0b", "a\0b"):
        body = {"sender": sender, "message": "Is it\0 for life?", "message_id": "m\0"}
        answer = requests.post(url, json=body, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        assert answer.json()[0]["kind"] == "answer"
    assert _health(running.server).status_code == 200
