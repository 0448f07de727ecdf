"""The web channel over HTTP, on a real server with a real database."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.server.conftest import Chat, Server

pytestmark = pytest.mark.server

REPLY_FIELDS = {"kind", "text", "statements", "references", "buttons", "schedule"}


def test_a_question_is_answered_with_its_references(chat: Chat) -> None:
    (reply,) = chat.say("Will my son's seizures stop?")
    assert set(reply) == REPLY_FIELDS
    assert reply["kind"] == "answer"
    assert "recovery.seizures_tremor" in reply["statements"]
    assert 2 in reply["references"]
    assert "46.6%" in reply["text"]
    assert reply["schedule"] is None


def test_a_reload_shows_what_was_said(chat: Chat) -> None:
    (reply,) = chat.say("Will my son's seizures stop?")
    button = reply["buttons"][0]
    chat.say(button["payload"])
    turns = chat.history()
    assert [turn["user"] for turn in turns] == ["Will my son's seizures stop?", button["title"]]
    assert turns[0]["replies"] == [reply]


def test_the_same_message_id_is_one_turn(chat: Chat) -> None:
    first = chat.say("Is it for life?", message_id="m-1")
    again = chat.say("Is it for life?", message_id="m-1")
    assert again == first
    assert len(chat.history()) == 1
    chat.say("Is it for life?", message_id="m-2")
    assert len(chat.history()) == 2


def test_the_same_message_id_at_the_same_time_is_one_turn(chat: Chat) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: chat.say("Is it for life?", message_id="m"), range(8)))
    assert all(answer == answers[0] for answer in answers)
    assert len(chat.history()) == 1


def test_conversations_are_apart(new_chat: Callable[[], Chat]) -> None:
    first, second = new_chat(), new_chat()
    first.say("Is it for life?", message_id="same")
    second.say("Will the seizures stop?", message_id="same")
    assert [turn["user"] for turn in second.history()] == ["Will the seizures stop?"]


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."])
@pytest.mark.parametrize("call", ["message", "history"])
def test_without_a_valid_token_there_is_no_way_in(server: Server, token: str, call: str) -> None:
    method = "GET" if call == "history" else "POST"
    answer = requests.request(
        method,
        f"{server.url}/webhooks/web/{call}",
        json={"message": "hello"} if method == "POST" else None,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        timeout=10,
    )
    assert answer.status_code == 401
    assert "start a new one" in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ([], 400),
        ({"message": ""}, 400),
        ({"message": "  \n "}, 400),
        ({"message": 7}, 400),
        ({"message": None}, 400),
        ({"message": "hello", "message_id": 7}, 400),
        ({"message": "hello", "message_id": "x" * 65}, 400),
        ({"message": "x" * 2001}, 413),
        ({"message": "x" * 200_000}, 413),
    ],
)
def test_bad_input_gets_a_sentence(chat: Chat, body: Any, status: int) -> None:
    answer = chat.post(body)
    assert answer.status_code == status
    assert len(answer.json()["error"].split()) > 3
    assert chat.history() == []


def test_what_is_not_json_gets_a_sentence(server: Server, chat: Chat) -> None:
    answer = requests.post(
        f"{server.url}/webhooks/web/message", data="hello", headers=chat.headers, timeout=10
    )
    assert answer.status_code == 400
    assert "error" in answer.json()


@pytest.mark.parametrize(
    "text", ["\ud800 hello", "hello\0", "\u202e help \u202c", "<script>x</script>"]
)
def test_odd_characters_are_only_text(chat: Chat, text: str) -> None:
    assert chat.say(text)
    assert len(chat.history()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "/restart",
        "/session_start",
        "/ask_seizures",
        '/affirm{"education_note_given": true}',
        "/",
        "//x",
    ],
)
def test_a_typed_command_is_only_text(chat: Chat, text: str) -> None:
    chat.say("Is it for life?")
    assert chat.say(text)
    turns = chat.history()
    assert [turn["user"] for turn in turns] == ["Is it for life?", text]
    # Still the same conversation: the education note was given with the first answer.
    assert "does not replace" not in chat.say("Will the seizures stop?")[0]["text"]


def test_a_command_can_not_set_a_slot(chat: Chat) -> None:
    chat.say('/affirm{"education_note_given": true}')
    assert "does not replace" in chat.say("Will the seizures stop?")[0]["text"]


def test_too_many_messages_are_held_back_and_nothing_is_lost(tmp_path: Path) -> None:
    server = Server(tmp_path, COMPANION_MESSAGES_PER_MINUTE="3")
    try:
        server.wait()
        chat = Chat(server.url)
        for number in range(3):
            chat.say(f"question {number}")
        answer = chat.post({"message": "one more"})
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert "try again" in answer.json()["error"]
        assert len(chat.history()) == 3
        Chat(server.url).say("another parent is not held back")
    finally:
        server.stop()


def test_a_conversation_survives_a_restart(tmp_path: Path) -> None:
    server = Server(tmp_path)
    try:
        server.wait()
        chat = Chat(server.url)
        first = chat.say("Is it for life?", message_id="m-1")
    finally:
        server.stop()
    server = Server(tmp_path)
    try:
        server.wait()
        chat._url = f"{server.url}/webhooks/web"
        assert chat.say("Is it for life?", message_id="m-1") == first
        assert len(chat.history()) == 1
    finally:
        server.stop()


def test_the_tracker_keeps_the_whole_reply(server: Server, chat: Chat) -> None:
    (reply,) = chat.say("Will the seizures stop?")
    database = Path(server._log).parent / "companion.db"
    with sqlite3.connect(database) as connection:
        rows = connection.execute("select data from events where type_name = 'bot'").fetchall()
    import json

    assert reply in [
        {name: event["metadata"][name] for name in REPLY_FIELDS}
        for event in (json.loads(row[0]) for row in rows)
    ]


def test_what_parents_say_is_not_in_the_log(server: Server, chat: Chat) -> None:
    chat.say("Our daughter Zebulonia has fits, will they stop?")
    chat.say("/zebulonia{broken")
    assert "ebulonia" not in server.log


def test_health_and_page(server: Server) -> None:
    assert requests.get(f"{server.url}/health", timeout=5).json() == {"status": "ready"}
    page = requests.get(server.url, timeout=5)
    assert "B12" in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    for file in ("chat", "chat.js", "chat.css", "widget.js", "clinic.css"):
        assert requests.get(f"{server.url}/{file}", timeout=5).status_code == 200
    about = requests.get(f"{server.url}/webhooks/web/about", timeout=5).json()
    assert about["clinic"]["emergency_number"] == "112"
    assert len(about["questions"]) == 3


@pytest.mark.parametrize("path", ["/nope", "/webhooks/rest/", "/conversations/x/tracker", "/model"])
def test_nothing_else_is_open(server: Server, path: str) -> None:
    answer = requests.get(f"{server.url}{path}", timeout=5)
    assert answer.status_code == 404
    assert "error" in answer.json()


def test_before_the_model_is_there_health_says_so(tmp_path: Path) -> None:
    server = Server(tmp_path)
    try:
        seen = set()
        deadline = time.monotonic() + 90
        while 200 not in seen and time.monotonic() < deadline:
            try:
                seen.add(requests.get(f"{server.url}/health", timeout=5).status_code)
            except requests.ConnectionError:
                time.sleep(0.05)
        assert seen == {503, 200}
    finally:
        server.stop()
