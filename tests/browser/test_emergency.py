"""E: in danger, whom to call is in sight, at once and whatever else is broken."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Chat, answer_with, open_frame, open_page, reply
from tests.browser.states import LONG, MESSAGES
from tests.server.conftest import Server

pytestmark = pytest.mark.browser

SMALL = {"width": 320, "height": 568}


def in_sight(chat: Chat, first: str, number: str) -> None:
    line = chat.find(".pinned .first-line")
    expect(line).to_contain_text(first)
    expect(line).to_be_in_viewport(ratio=1)
    call = chat.find(".pinned .call")
    expect(call).to_be_in_viewport(ratio=1)
    assert (call.get_attribute("href") or "") == f"tel:{number}"


def test_it_stays_in_sight_until_dismissed(page: Page, server: Server) -> None:
    page.set_viewport_size(SMALL)
    chat = open_page(page, server)
    chat.say("Will the seizures stop?")
    chat.say("my baby is not breathing")
    in_sight(chat, "Call 112 now", "112")
    answer_with(page, reply(LONG))
    chat.say("Is it for life?")
    chat.find("main").evaluate("element => element.scrollTo(0, 0)")
    in_sight(chat, "Call 112 now", "112")
    chat = open_page(page, server)  # also after a reload
    in_sight(chat, "Call 112 now", "112")
    page.get_by_role("button", name="Close this notice").click()
    expect(chat.find(".pinned")).to_have_count(0)
    expect(chat.field).to_be_focused()
    chat = open_page(page, server)
    expect(chat.find(".pinned")).to_have_count(0)


def test_in_a_frame_and_in_despair(page: Page, server: Server) -> None:
    page.set_viewport_size(SMALL)
    chat = open_frame(page, server.url)
    chat.say("I want to kill myself")
    in_sight(chat, "I am so glad you told me", "116123")


@pytest.mark.parametrize(
    ("words", "number"),
    [("My baby isn't BREATHING!", "112"), ("she is having a seizure now", "112"),
     ("I want to kill myself", "116123")],
)  # fmt: skip
def test_it_shows_even_when_the_model_server_is_down(
    page: Page, server: Server, words: str, number: str
) -> None:
    page.set_viewport_size(SMALL)
    chat = open_page(page, server)
    page.route(MESSAGES, lambda route: route.abort("connectionrefused"))
    page.route("**/webhooks/web/session", lambda route: route.abort("connectionrefused"))
    chat.write(words)
    in_sight(chat, "Call 112 now" if number == "112" else "I am so glad", number)


def test_while_nothing_is_answered_the_number_stands_beside_try_again(
    page: Page, server: Server
) -> None:
    page.set_viewport_size(SMALL)
    chat = open_page(page, server)
    page.route(MESSAGES, lambda route: route.fulfill(status=503, json={"error": "Waking up."}))
    chat.write("mi bebé no respira")  # words of other languages are known to the server only
    call = chat.find(".trouble a", has_text="112")
    expect(call).to_be_in_viewport(ratio=1)
    assert call.get_attribute("href") == "tel:112"
    chat.write("Is it for life?")
    expect(chat.find(".pinned")).to_have_count(0)


def test_a_stuck_message_does_not_hold_up_an_emergency(page: Page, server: Server) -> None:
    chat = open_page(page, server)

    def handle(route) -> None:  # type: ignore[no-untyped-def]
        if "breathing" in (route.request.post_data or ""):
            route.fallback()
        else:
            route.fulfill(status=429, json={"error": "That was a lot in a short time."})

    page.route(MESSAGES, handle)
    chat.write("Is it for life?")
    expect(chat.find(".failed")).to_have_count(1)
    chat.write("my baby is not breathing")
    expect(chat.find(".theirs.emergency")).to_have_count(1)
    in_sight(chat, "Call 112 now", "112")
