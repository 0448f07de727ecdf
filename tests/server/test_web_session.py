"""Who gets into a conversation, and what the assistant begins there, on a real server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from bot.settings import get_settings
from bot.store.conversations import ConversationStore
from tests.server.conftest import Chat, Server, Stream

pytestmark = pytest.mark.server

REMINDER = {
    "kind": "schedule",
    "text": "Tomorrow is injection 3.",
    "statements": [],
    "references": [],
    "buttons": [],
    "schedule": None,
}


@pytest.fixture
def store(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[ConversationStore]:
    """The server's own database, opened by another process, as a sender of reminders does."""
    monkeypatch.setenv("COMPANION_DATABASE", server.database)
    get_settings.cache_clear()
    yield ConversationStore()
    get_settings.cache_clear()


def conversation_of(chat: Chat) -> str:
    import jwt

    token = chat.headers["Authorization"].removeprefix("Bearer ")
    return str(jwt.decode(token, options={"verify_signature": False})["sub"])


def test_the_cookie_opens_the_same_conversation(server: Server) -> None:
    opened = requests.post(f"{server.url}/webhooks/web/session", timeout=10)
    cookie = opened.headers["Set-Cookie"]
    for needed in ("__Host-", "Path=/", "Secure", "HttpOnly", "SameSite=None", "Partitioned"):
        assert needed in cookie
    header = {"Cookie": cookie.partition(";")[0]}
    url = f"{server.url}/webhooks/web"
    body = {"message": "Is it for life?"}
    said = requests.post(f"{url}/message", json=body, headers=header, timeout=30)
    assert said.status_code == 200
    bearer = {"Authorization": f"Bearer {opened.json()['session']}"}
    turns = requests.get(f"{url}/history", headers=bearer, timeout=10).json()
    assert [turn["user"] for turn in turns] == ["Is it for life?"]


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://127.0.0.1:1"])
def test_another_site_cannot_send(chat: Chat, server: Server, origin: str) -> None:
    url = f"{server.url}/webhooks/web"
    headers = {**chat.headers, "Origin": origin}
    body = {"message": "Is it for life?"}
    assert (
        requests.post(f"{url}/message", json=body, headers=headers, timeout=10).status_code == 403
    )
    assert requests.post(f"{url}/session", headers=headers, timeout=10).status_code == 403
    assert chat.history() == []


def test_the_own_page_may_send(chat: Chat, server: Server) -> None:
    headers = {**chat.headers, "Origin": server.url}
    url, body = f"{server.url}/webhooks/web/message", {"message": "Is it for life?"}
    assert requests.post(url, json=body, headers=headers, timeout=30).status_code == 200


def test_a_clinics_site_may_be_allowed_and_one_address_has_a_limit(tmp_path: Path) -> None:
    server = Server(
        tmp_path,
        COMPANION_SITES="https://clinic.example https://other.example",
        COMPANION_MESSAGES_PER_MINUTE_AND_ADDRESS="4",
        COMPANION_PROXIES="1",
    )
    try:
        server.wait()
        session, page = f"{server.url}/webhooks/web/session", requests.get(server.url, timeout=10)
        assert page.status_code == 200
        headers = {"Origin": "https://clinic.example", "X-Forwarded-For": "203.0.113.7"}
        codes = [requests.post(session, headers=headers, timeout=10).status_code for _ in range(5)]
        assert codes == [200, 200, 200, 200, 429]
        headers["X-Forwarded-For"] = "203.0.113.8"
        assert requests.post(session, headers=headers, timeout=10).status_code == 200
    finally:
        server.stop()


def test_a_push_shows_at_once_in_an_open_page(
    chat: Chat, server: Server, store: ConversationStore, new_chat: Callable[[], Chat]
) -> None:
    url = f"{server.url}/webhooks/web/events"
    stream, other = Stream(chat, url), Stream(new_chat(), url)
    waits = []
    for number in range(1, 4):
        before = time.monotonic()
        store.push(conversation_of(chat), REMINDER)
        assert stream.wait(number) == [REMINDER] * number
        waits.append(time.monotonic() - before)
    assert min(waits) < 1.0
    assert other.wait(1, seconds=0.5) == []
    stream.close()
    other.close()


def test_a_push_made_while_away_arrives_once(
    chat: Chat, server: Server, store: ConversationStore
) -> None:
    url = f"{server.url}/webhooks/web"
    chat.say("Is it for life?")
    store.push(conversation_of(chat), {**REMINDER, "text": "one"})
    chat.say("Will the seizures stop?")
    store.push(conversation_of(chat), {**REMINDER, "text": "two"})
    history = requests.get(f"{url}/history", headers=chat.headers, timeout=10)
    said = [turn["user"] or turn["replies"][0]["text"] for turn in history.json()]
    assert said == ["Is it for life?", "one", "Will the seizures stop?", "two"]
    stream = Stream(chat, f"{url}/events", after=history.headers["Last-Event-ID"])
    store.push(conversation_of(chat), {**REMINDER, "text": "three"})
    assert [reply["text"] for reply in stream.wait(1)] == ["three"]
    number = stream.events[-1]["id"]
    stream.close()
    store.push(conversation_of(chat), {**REMINDER, "text": "four"})
    again = Stream(chat, f"{url}/events", after=number)
    assert [reply["text"] for reply in again.wait(1)] == ["four"]
    again.close()


def test_what_was_pushed_is_erased_with_the_rest(chat: Chat, store: ConversationStore) -> None:
    conversation = conversation_of(chat)
    store.push(conversation, REMINDER)
    chat.say("please delete everything I have written")
    assert store.pushes(conversation) == []
    assert chat.history() == []


def test_a_conversation_can_be_erased_by_its_owner_only(
    server: Server, chat: Chat, new_chat: Callable[[], Chat]
) -> None:
    url = f"{server.url}/webhooks/web/history"
    chat.say("Is it for life?")
    assert requests.delete(url, timeout=10).status_code == 401
    assert requests.delete(url, headers=new_chat().headers, timeout=10).status_code == 200
    foreign = {**chat.headers, "Origin": "https://elsewhere.example"}
    assert requests.delete(url, headers=foreign, timeout=10).status_code == 403
    assert len(chat.history()) == 1
    assert requests.delete(url, headers=chat.headers, timeout=10).status_code == 200
    assert chat.history() == []
    assert chat.say("Is it for life?")[0]["kind"] == "answer"


@pytest.mark.parametrize("after", ["x", "-1", "1.5"])
def test_a_wrong_event_number_is_refused(chat: Chat, server: Server, after: str) -> None:
    headers = {**chat.headers, "Last-Event-ID": after}
    url = f"{server.url}/webhooks/web/events"
    assert requests.get(url, headers=headers, timeout=10).status_code == 400


def test_events_need_a_session(server: Server) -> None:
    assert requests.get(f"{server.url}/webhooks/web/events", timeout=10).status_code == 401


def test_an_open_stream_does_not_hold_up_the_servers_end(tmp_path: Path) -> None:
    server = Server(tmp_path)
    try:
        server.wait()
        stream = Stream(Chat(server.url), f"{server.url}/webhooks/web/events")
    finally:
        before = time.monotonic()
        server.stop()
    assert time.monotonic() - before < 14  # after 15 s Sanic closes what is still open
    stream.close()


def test_every_statement_can_be_shown(server: Server) -> None:
    shown = requests.get(f"{server.url}/webhooks/web/statements", timeout=10).json()
    assert len(shown) == 47
    every_two_months = shown["timeline.two_monthly"]
    assert every_two_months["references"] == [6]
    assert every_two_months["section"]
    assert every_two_months["reviewed_on"] is None
