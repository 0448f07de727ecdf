"""C: what a parent wrote is never lost, and never there twice."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, Route, expect

from tests.browser.conftest import (
    CHROMIUM,
    FLAGS,
    PATIENCE,
    Chat,
    Clinic,
    conversation_of,
    database,
    open_frame,
    open_page,
    push,
)
from tests.server.conftest import Server

pytestmark = pytest.mark.browser

MESSAGES = "**/webhooks/web/message"


def users_of(server: Server, conversation: str) -> int:
    """How many messages of the parent the tracker holds."""
    query = "select count(*) from events where sender_id = ? and type_name = 'user'"
    count: int = database(server).execute(query, (conversation,)).fetchone()[0]
    return count


def talk_and_reload(page: Page, again: Callable[[], Chat], chat: Chat) -> None:
    """A conversation with a card, buttons and a draft is the same after a reload."""
    for text in ("make me a calendar", "yesterday", "yes"):
        chat.say(text)
    before = chat.texts()
    buttons = chat.find(".quick-replies button").all_inner_texts()
    dates = chat.find(".dates time").all_inner_texts()
    assert buttons and dates
    chat.field.fill("what I was about to")
    restored = again()
    expect(restored.field).to_have_value("what I was about to")
    expect(restored.find(".mine")).to_have_count(3)
    assert [re.sub(r"\s+", " ", text) for text in restored.texts()] == [
        re.sub(r"\s+", " ", text) for text in before
    ]
    assert restored.find(".quick-replies button").all_inner_texts() == buttons
    assert restored.find(".dates time").all_inner_texts() == dates
    restored.say("Is it for life?")
    expect(restored.find(".mine")).to_have_count(4)


def test_a_reload_in_a_clinics_frame_brings_all_back(
    page: Page, server: Server, clinic: Clinic
) -> None:
    talk_and_reload(page, lambda: open_frame(page, clinic.url), open_frame(page, clinic.url))
    kept = page.evaluate("Object.keys(localStorage)")
    assert kept == []  # nothing of the conversation is left with the clinic's page


def test_with_third_party_storage_blocked_too(
    playwright: Playwright, server: Server, clinic: Clinic, tmp_path: Path
) -> None:
    settings = tmp_path / "Default" / "Preferences"
    settings.parent.mkdir()
    settings.write_text(
        '{"profile": {"block_third_party_cookies": true, "cookie_controls_mode": 1}}'
    )
    for _ in range(2):  # the second time after the browser has been closed
        context = playwright.chromium.launch_persistent_context(
            tmp_path, executable_path=CHROMIUM, args=FLAGS, viewport={"width": 390, "height": 800}
        )
        context.set_default_timeout(PATIENCE)
        page = context.pages[0]
        chat = open_frame(page, clinic.url)
        if chat.find(".mine").count() == 0:
            with pytest.raises(Exception, match=r"denied|SecurityError"):
                page.frames[1].evaluate("localStorage.length")
            talk_and_reload(page, lambda page=page: open_frame(page, clinic.url), chat)
        else:
            expect(chat.find(".mine")).to_have_count(4)
        context.close()


def test_where_cookies_are_refused_the_loader_keeps_the_session(
    page: Page, server: Server, clinic: Clinic
) -> None:
    def without_cookie(route: Route) -> None:
        answer = route.fetch()
        headers = {k: v for k, v in answer.headers.items() if k != "set-cookie"}
        route.fulfill(response=answer, headers=headers)
        page.context.clear_cookies()

    page.route("**/webhooks/web/session", without_cookie)
    page.add_init_script(
        f"""if (location.origin === "{server.url}") Object.defineProperty(
            window, "localStorage", {{ get() {{ throw new DOMException("SecurityError"); }} }})"""
    )
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    talk_and_reload(page, lambda: open_frame(page, clinic.url), open_frame(page, clinic.url))
    token = page.evaluate("localStorage.getItem('b12-chat-session')")
    assert token
    assert not any(token in address for address in addresses)


def test_the_loader_and_the_frame_heed_nobody_else(
    page: Page, server: Server, clinic: Clinic
) -> None:
    chat = open_frame(page, clinic.url)
    # From the page to itself: the loader takes it for what it is, somebody else's.
    page.evaluate("""postMessage({b12: "keep", name: "session", value: "stolen"}, "*")""")
    page.evaluate("""postMessage({b12: "close"}, "*")""")
    chat.find("h1").evaluate("""() => postMessage({b12: "hello", kept: {session: "x"}}, "*")""")
    chat.say("Is it for life?")
    assert page.evaluate("localStorage.length") == 0


def test_erasing_leaves_nothing_here_or_on_the_server(page: Page, server: Server) -> None:
    chat = open_page(page, server)
    chat.say("Will Xylophona's seizures stop?")
    conversation = conversation_of(page)
    assert users_of(server, conversation) == 1
    chat.field.fill("a draft")
    chat.find(".menu-button").click()
    chat.find(".menu .erase").click()
    chat.find(".erase-yes").click()
    expect(chat.find(".log")).to_contain_text("erased")
    expect(chat.find(".mine")).to_have_count(0)
    expect(chat.field).to_have_value("")
    assert users_of(server, conversation) == 0
    assert page.evaluate("localStorage.length") == 0
    chat = open_page(page, server)
    expect(chat.find(".mine")).to_have_count(0)


def fail_with(page: Page, trouble: str) -> None:
    def handle(route: Route) -> None:
        if trouble == "down":
            route.abort("connectionrefused")
        elif trouble == "503":
            route.fulfill(status=503, json={"error": "I am just waking up."})
        elif trouble == "html":
            route.fulfill(status=502, body="<h1>Bad Gateway</h1>")
        elif trouble == "lost":  # it has arrived, the answer has not
            route.fetch()
            route.abort("connectionreset")

    page.route(MESSAGES, handle)


@pytest.mark.parametrize("trouble", ["down", "503", "html", "lost", "silence", "offline"])
def test_in_trouble_the_text_stays_and_a_retry_is_one_message(
    new_page: Callable[..., Page], server: Server, trouble: str
) -> None:
    page = new_page()
    if trouble == "silence":
        page.clock.install()
    chat = open_page(page, server)
    chat.say("hello")
    if trouble == "offline":
        page.context.set_offline(True)
    else:
        fail_with(page, trouble)
    chat.write("Is it for life?")
    if trouble == "silence":
        chat.find(".typing i").first.wait_for()
        page.clock.fast_forward(15_000)
    again = chat.find("[role=alert] button", has_text="Try again")
    began = time.monotonic()
    expect(again).to_be_visible(timeout=PATIENCE if trouble == "lost" else 1_500)
    if trouble != "lost":
        assert time.monotonic() - began < 1.5
    expect(chat.find(".mine.failed")).to_contain_text("Is it for life?")
    expect(chat.find(".mine.failed")).to_contain_text("Not sent yet")
    page.unroute(MESSAGES)
    if trouble == "offline":
        expect(chat.find("[role=alert]", has_text="You are offline")).to_be_visible()
        page.context.set_offline(False)  # it goes by itself
    else:
        again.click()
    expect(chat.find(".theirs.answer")).to_have_count(1)
    expect(chat.find(".failed, .trouble")).to_have_count(0)
    expect(chat.find(".mine", has_text="Is it for life?")).to_have_count(1)
    assert users_of(server, conversation_of(page)) == 2


def test_a_message_that_never_got_through_survives_a_reload(page: Page, server: Server) -> None:
    chat = open_page(page, server)
    fail_with(page, "down")
    chat.write("Is it for life?")
    expect(chat.find(".mine.failed")).to_be_visible()
    chat.write("Will the seizures stop?")
    expect(chat.find(".mine.failed")).to_have_count(2)
    page.unroute(MESSAGES)
    chat = open_page(page, server)
    expect(chat.find(".theirs.answer")).to_have_count(2)
    expect(chat.find(".failed")).to_have_count(0)
    assert users_of(server, conversation_of(page)) == 2


def test_a_push_shows_at_once_and_one_made_while_away_once(page: Page, server: Server) -> None:
    chat = open_page(page, server)
    chat.say("Is it for life?")
    conversation = conversation_of(page)
    page.wait_for_timeout(500)  # the stream has opened
    began = time.monotonic()
    push(server, conversation, "Tomorrow is injection 3.")
    expect(chat.find("[role=log]")).to_contain_text("injection 3")
    assert time.monotonic() - began < 1.5
    page.goto("about:blank")
    push(server, conversation, "Tomorrow is injection 4.")
    chat = open_page(page, server)
    for number in (3, 4):
        expect(chat.find(".theirs", has_text=f"injection {number}")).to_have_count(1)
    push(server, conversation, "Tomorrow is injection 5.")
    expect(chat.find(".theirs", has_text="injection 5")).to_have_count(1)
    expect(chat.find(".theirs", has_text="injection 4")).to_have_count(1)


def test_killed_in_the_middle_of_an_answer_and_started_again(page: Page, tmp_path: Path) -> None:
    import signal

    server = Server(tmp_path)
    settings: dict[str, Any] = {"COMPANION_PORT": str(server.port)}
    try:
        server.wait()
        chat = open_page(page, server)
        chat.say("hello")
        with page.expect_request(MESSAGES):
            chat.write("Is it for life?")
        server.kill(signal.SIGKILL)
        expect(chat.find("[role=alert] button", has_text="Try again")).to_be_visible()
        server = Server(tmp_path, **settings)
        server.wait()
        chat.find("[role=alert] button", has_text="Try again").click()
        expect(chat.find(".theirs.answer")).to_have_count(1)
        expect(chat.find(".failed, .trouble")).to_have_count(0)
        assert users_of(server, conversation_of(page)) == 2
    finally:
        server.stop()
