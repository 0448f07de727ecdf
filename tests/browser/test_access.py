"""B: for everybody: screen reader, keyboard, small screens, forced colours, no motion."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import answer_with, open_frame, open_page, push, reply
from tests.browser.conftest import conversation_of as conversation
from tests.browser.states import LONG, STATES, enter
from tests.server.conftest import Server

pytestmark = pytest.mark.browser

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE, SMALL = {"width": 390, "height": 800}, {"width": 320, "height": 568}
SPACING = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
    word-spacing: 0.16em !important } p { margin-bottom: 2em !important }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""
# What sticks out sideways, is cut off, or scrolls sideways.
CUT_OFF = """() => {
  const wide = document.documentElement.clientWidth;
  const found = [];
  if (document.documentElement.scrollWidth > wide) found.push("the page scrolls sideways");
  for (const element of document.querySelectorAll("b12-companion *, body > *")) {
    if (element.closest(".unseen, svg, .paper") || !element.checkVisibility()) continue;
    const { left, right, width } = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const name = `${element.tagName}.${element.className}`;
    if (width && (left < -1 || right > wide + 1)) found.push(`${name} sticks out`);
    const hides = style.overflowX !== "visible" && element.tagName !== "TEXTAREA";
    if (hides && element.scrollWidth > element.clientWidth + 1) found.push(`${name} is cut off`);
  }
  return found;
}"""
# The controls of the page, and how large each is.
TARGETS = """() => [...document.querySelectorAll("a, button, input, textarea, summary")]
  .filter((element) => element.checkVisibility())
  .map((element) => {
    const { width, height } = element.getBoundingClientRect();
    const { className, tagName } = element;
    return { name: `${tagName}.${className}`, width, height };
  })"""
# The ring of what has the focus: its width, and its contrast with what lies behind it.
RING = """() => {
  let element = document.activeElement;
  while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  const style = getComputedStyle(element);
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = (color) => numbers(color).slice(0, 3)
    .map((part) => part / 255)
    .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  let ground = parseFloat(style.outlineOffset) < 0 ? element : element.parentElement;
  const clear = (color) => numbers(color)[3] === 0;
  while (ground && clear(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
  const behind = ground ? getComputedStyle(ground).backgroundColor : "rgb(255, 255, 255)";
  const [light, dark] = [luminance(style.outlineColor), luminance(behind)].sort((a, b) => b - a);
  return {
    name: `${element.tagName}.${element.className}#${element.id}`,
    width: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    contrast: (light + 0.05) / (dark + 0.05),
  };
}"""


def violations(page: Page) -> list[str]:
    result = Axe().run(page, options={"runOnly": WCAG})
    return [
        f"{found['id']}: {node['html'][:120]}"
        for found in result.response["violations"]
        for node in found["nodes"]
    ]


def in_each_look(page: Page) -> list[str]:
    found = []
    for look in ({"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}):
        page.emulate_media(**{"color_scheme": "light", "forced_colors": "none", **look})
        found += [f"{look}: {each}" for each in violations(page)]
    page.emulate_media(color_scheme="light", forced_colors="none")
    page.set_viewport_size(SMALL)
    return found + [f"320: {each}" for each in violations(page)]


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(new_page: Callable[..., Page], server: Server, state: str) -> None:
    page = new_page()
    enter(page, server, state)
    assert in_each_look(page) == []
    arabic = new_page()
    enter(arabic, server, state, "?lang=ar")
    assert arabic.evaluate("getComputedStyle(document.body).direction") == "rtl"
    assert violations(arabic) == []
    arabic.set_viewport_size(SMALL)
    assert arabic.evaluate(CUT_OFF) == []


def test_axe_finds_nothing_on_the_closed_and_the_open_clinic_page(
    page: Page, server: Server
) -> None:
    page.goto(server.url)
    assert in_each_look(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    open_frame(page, server.url)
    assert violations(page) == []


def test_new_messages_typing_and_trouble_are_announced_in_their_places(
    new_page: Callable[..., Page], server: Server
) -> None:
    page = new_page()
    enter(page, server, "typing")
    expect(page.get_by_role("status")).to_have_text("Typing")
    page = new_page()
    enter(page, server, "emergency")
    expect(page.get_by_role("log").locator(".theirs")).to_have_count(2)
    expect(page.get_by_role("status")).to_have_text("")
    expect(page.get_by_role("alert").filter(has_text="Call 112")).to_have_count(1)
    page = new_page()
    enter(page, server, "error")
    expect(page.get_by_role("alert").filter(has_text="broke")).to_have_count(1)
    expect(page.get_by_role("log").get_by_role("alert")).to_have_count(0)


def test_axe_would_find_something(page: Page, server: Server) -> None:
    chat = enter(page, server, "greeting")
    chat.field.evaluate("field => field.labels[0].remove() || field.removeAttribute('placeholder')")
    assert any(each.startswith("label") for each in violations(page))


def test_restored_history_is_not_announced(page: Page, server: Server) -> None:
    chat = enter(page, server, "restored")
    expect(chat.find(".earlier .bubble")).to_have_count(3)
    expect(chat.find("[role=log] .bubble")).to_have_count(0)
    expect(chat.find("[aria-live] .bubble, [role=status] .bubble")).to_have_count(0)


def test_by_keyboard_alone(page: Page, server: Server) -> None:
    page.goto(server.url)
    launcher = page.get_by_role("button", name="Questions about B12?")
    for _ in range(12):
        page.keyboard.press("Tab")
        if launcher.evaluate("element => element.getRootNode().activeElement === element"):
            break
    page.keyboard.press("Enter")
    field = page.frame_locator("iframe").locator("#message")
    expect(field).to_be_focused()
    answer_with(page, reply("An answer.", buttons=[{"title": "More", "payload": "/more"}]))
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    expect(field).to_have_value("one\ntwo")
    page.keyboard.press("Enter")
    bubbles = page.frame_locator("iframe").locator(".log .bubble")
    expect(bubbles).to_have_count(2)
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.frame_locator("iframe").get_by_role("button", name="More", exact=True)
           .last).to_be_focused()  # fmt: skip
    page.keyboard.press("Enter")
    expect(bubbles).to_have_count(4)
    page.keyboard.press("Escape")
    expect(launcher).to_be_focused()
    expect(page.locator("iframe")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    expect(bubbles).to_have_count(4)


@pytest.mark.parametrize("sign", ["isComposing: true", "keyCode: 229"])
def test_nothing_is_sent_while_a_word_is_composed(page: Page, server: Server, sign: str) -> None:
    chat = open_page(page, server)
    answer_with(page, reply("An answer."))
    chat.field.fill("に")
    chat.field.evaluate(
        f"""field => field.dispatchEvent(new KeyboardEvent("keydown",
            {{ key: "Enter", bubbles: true, cancelable: true, {sign} }}))"""
    )
    page.wait_for_timeout(200)
    expect(chat.find(".mine")).to_have_count(0)
    expect(chat.field).to_have_value("に")
    chat.field.press("Enter")
    expect(chat.find(".mine")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_can_be_seen_everywhere(page: Page, server: Server, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    enter(page, server, "emergency")
    seen = {}
    for _ in range(40):
        page.keyboard.press("Tab")
        ring = page.evaluate(RING)
        if ring["name"].startswith("BODY"):
            continue
        seen[ring["name"]] = ring
        assert ring["width"] >= 2, ring
        assert ring["contrast"] >= 3, ring
    assert len(seen) > 8


def test_targets_are_large_enough(page: Page, server: Server) -> None:
    page.set_viewport_size(SMALL)
    for state in ("long_reply", "schedule", "emergency", "error"):
        enter(page, server, state)
        for target in page.evaluate(TARGETS):
            assert target["width"] >= 24 and target["height"] >= 24, target
    for name in (".send", ".icon", ".quick-replies button", ".actions .call"):
        enter(page, server, "emergency")
        for box in (each.bounding_box() for each in page.locator(name).all()):
            assert box and box["height"] >= 44


@pytest.mark.parametrize("state", ["long_reply", "schedule", "emergency", "error", "statement"])
def test_nothing_is_cut_off(page: Page, server: Server, state: str) -> None:
    chat = enter(page, server, state)
    for width, height in ((320, 568), (640, 400), (320, 256)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate(CUT_OFF) == []
    page.set_viewport_size(PHONE)
    page.evaluate(SPACING)
    assert page.evaluate(CUT_OFF) == []
    page.set_viewport_size({"width": 320, "height": 256})
    if state == "long_reply":  # even there all can be reached and used
        chat.field.scroll_into_view_if_needed()
        expect(chat.field).to_be_in_viewport()
        answer_with(page, reply("Short."))
        chat.say("Thank you")


def test_nothing_moves_for_those_who_asked_for_that(page: Page, server: Server) -> None:
    count = "document.getAnimations().length"
    enter(page, server, "typing")
    assert page.evaluate(count) > 0
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(count) == 0


def test_a_reply_shows_from_its_start(page: Page, server: Server) -> None:
    chat = enter(page, server, "long_reply")
    start = chat.find(".theirs.answer p").first
    expect(start).to_be_in_viewport()
    expect(chat.find(".theirs.answer li").last).not_to_be_in_viewport()


def test_who_has_scrolled_up_is_not_torn_away(page: Page, server: Server) -> None:
    chat = open_page(page, server)
    answer_with(page, reply(LONG))
    chat.say("hello")
    page.unroute("**/webhooks/web/message")
    chat.say("hello")
    page.wait_for_timeout(500)
    chat.find("main").evaluate("element => element.scrollTo(0, 0)")
    page.wait_for_timeout(100)
    push(server, conversation(page), "Tomorrow is injection 3.")
    pill = page.get_by_role("button", name="New messages")
    expect(pill).to_be_in_viewport()
    assert chat.find("main").evaluate("element => element.scrollTop") == 0
    pill.click()
    expect(chat.find(".theirs", has_text="injection 3")).to_be_in_viewport()
    expect(pill).to_have_count(0)
