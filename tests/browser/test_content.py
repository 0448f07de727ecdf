"""F: what the chat shows: statements, the calendar, paper, files, quick replies, languages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import vobject
from playwright.sync_api import Page, expect

from tests.browser.conftest import Clinic, open_frame, open_page, until
from tests.browser.states import enter
from tests.server.conftest import ROOT, Server

pytestmark = pytest.mark.browser


def test_it_greets_with_questions_from_the_topics(page: Page, server: Server) -> None:
    chat = open_page(page, server)
    expect(chat.find(".theirs").first).to_contain_text("Hello")
    questions = chat.find(".quick-replies button")
    expect(questions).to_have_count(3)
    topics = (ROOT / "content" / "topics.yml").read_text(encoding="utf-8")
    title = questions.first.inner_text()
    assert title in topics
    questions.first.click()
    expect(chat.find(".mine")).to_have_text(re.compile(re.escape(title)))
    expect(chat.find(".log .theirs.answer")).to_have_count(1)
    page.wait_for_timeout(100)
    new = chat.find(".quick-replies button").all_inner_texts()
    assert new and title not in new


def test_a_reference_opens_its_statement(page: Page, server: Server) -> None:
    chat = open_page(page, server)
    chat.say("how often are the injections later on?")
    chip = chat.find(".reference", has_text="6").first
    expect(chip).to_have_accessible_name("Reference 6: what the guide says")
    chip.click()
    sheet = page.get_by_role("dialog", name="What the guide says")
    expect(sheet).to_contain_text("every 2 months")
    expect(sheet).to_contain_text("Section of the guide")
    expect(sheet).to_contain_text("[6]")
    expect(sheet).to_contain_text("not yet clinically reviewed")
    assert not sheet.locator(".statement", has_text="[1]").count()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(chip).to_be_focused()


def test_a_reviewed_statement_says_by_whom_and_when(page: Page, server: Server) -> None:
    signed = {"text": "Words.", "section": "Outlook", "references": [2],
              "reviewed_by": "Dr A. Example", "reviewed_on": "2026-10-03"}  # fmt: skip
    page.route("**/statements", lambda route: route.fulfill(json={"x": signed}))
    chat = enter(page, server, "long_reply")
    chat.find(".reference", has_text="2").first.click()
    expect(chat.find("dialog[open] .review")).to_have_text(
        re.compile("Reviewed by Dr A. Example on Sat.* 3 Oct 2026")
    )


def test_the_calendar_is_a_list_a_picture_a_file_and_paper(
    page: Page, server: Server, tmp_path: Path
) -> None:
    page.add_init_script("window.print = () => { window.prints = (window.prints ?? 0) + 1; }")
    chat = open_page(page, server)
    for text in ("make me a calendar", "yesterday", "yes"):
        chat.say(text)
    shown = [each.get_attribute("datetime") for each in chat.find(".dates time").all()]
    assert len(shown) > 5 and shown == sorted(shown, key=str)
    picture = chat.find("img.timeline")
    expect(picture).to_be_visible()
    assert "injection" in (picture.get_attribute("alt") or "")
    assert picture.evaluate("image => image.naturalWidth") > 0
    with page.expect_download() as download:
        page.get_by_role("button", name="Add to my phone").click()
    assert download.value.suggested_filename == "b12-calendar.ics"
    file = tmp_path / "b12.ics"
    download.value.save_as(file)
    entries = vobject.readOne(file.read_text(encoding="utf-8")).vevent_list
    assert [entry.dtstart.value.isoformat() for entry in entries] == shown
    page.get_by_role("button", name="Print", exact=True).click()
    until(page, "window.prints === 1")
    page.evaluate("document.body.classList.add('prints-paper')")
    page.emulate_media(media="print")
    expect(chat.find(".paper h1")).to_have_text("Our B12 calendar")
    expect(chat.find(".paper")).to_contain_text("Questions for your care team")
    expect(chat.find(".paper .line")).to_have_count(5)
    expect(chat.find("header")).to_be_hidden()
    assert len(page.pdf()) > 5000


def test_the_conversation_can_be_printed(page: Page, server: Server) -> None:
    page.add_init_script("window.print = () => { window.prints = (window.prints ?? 0) + 1; }")
    chat = enter(page, server, "long_reply")
    chat.find(".menu-button").click()
    page.get_by_role("button", name="Print this conversation").click()
    until(page, "window.prints === 1")
    page.emulate_media(media="print")
    expect(chat.find(".theirs.answer")).to_be_visible()
    expect(chat.find("form.column")).to_be_hidden()


def test_a_date_can_be_picked(page: Page, server: Server) -> None:
    chat = open_page(page, server)
    chat.say("make me a calendar")
    picker = chat.find(".quick-replies button", has_text=re.compile("date", re.I)).first
    picker.click()
    field = chat.find("input[type=date]")
    expect(field).to_be_focused()
    field.fill("2026-11-20")
    page.get_by_role("button", name="Use this date").click()
    expect(chat.find(".mine").last).to_contain_text("2026-11-20")


@pytest.mark.parametrize(("locale", "written"), [("en-GB", "1 Dec 2026"), ("en-US", "Dec 1, 2026")])
def test_dates_are_written_as_the_parent_is_used_to(
    new_page: Callable[..., Page], server: Server, locale: str, written: str
) -> None:
    page = new_page(locale=locale, timezone_id="America/Los_Angeles")
    chat = enter(page, server, "schedule")
    expect(chat.find(".dates time").first).to_contain_text(written)


def test_every_string_is_translated_and_none_is_in_the_code(page: Page, server: Server) -> None:
    folder = ROOT / "web" / "public" / "strings"
    strings = {file.stem: json.loads(file.read_text(encoding="utf-8"))
               for file in folder.glob("*.json")}  # fmt: skip
    english = strings["en"]
    for code, words in strings.items():
        assert set(words) == set(english), code
        for name, text in words.items():
            assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", english[name]), name
    chat = open_page(page, server, "?lang=ar")
    arabic = strings["ar"]
    assert page.evaluate("document.documentElement.lang") == "ar"
    expect(chat.find("h1")).to_have_text(arabic["name"])
    expect(chat.field).to_have_attribute("placeholder", arabic["your_question"])
    chat.find(".menu-button").click()
    expect(chat.find(".menu")).to_contain_text(arabic["erase"])
    # Latin words that are not the clinic's own data or the guide's would be a forgotten string.
    outside = page.evaluate(
        """() => [...document.querySelectorAll("b12-companion *")]
          .filter((element) => !element.closest("[lang=en], .paper, .names p, .mark, svg"))
          .flatMap((element) => [...element.childNodes, ...element.attributes]
            .filter((node) => node.nodeType === Node.TEXT_NODE || node.name === "aria-label"
              || node.name === "placeholder")
            .map((node) => node.nodeValue))
          .filter((text) => /[A-Za-z]{3}/.test(text))"""
    )
    assert outside == []


def test_the_clinics_name_colour_language_and_side(
    page: Page, server: Server, clinic: Clinic
) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    query = "data-name=Berta&data-color=ffd54a&data-lang=ar&data-side=left&data-label=Ask"
    page.goto(f"{clinic.url}/?{query}")
    launcher = page.get_by_role("button", name="Ask")
    box = launcher.bounding_box()
    assert box and box["x"] < 100
    assert launcher.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(255, 213, 74)"
    launcher.click()
    frame = page.frame_locator("iframe")
    expect(frame.locator("h1")).to_have_text("Berta")
    expect(frame.locator("html")).to_have_attribute("dir", "rtl")
    head = frame.locator("header")
    assert head.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(255, 213, 74)"
    assert head.evaluate("e => getComputedStyle(e).color") == "rgb(0, 0, 0)"


def test_it_can_fill_the_page_and_become_small_again(
    page: Page, server: Server, clinic: Clinic
) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    chat = open_frame(page, clinic.url)
    frame = page.locator("iframe")
    for width in (1280, 400):
        chat.find(".menu-button").click()
        chat.find(".menu .widen").click()
        page.wait_for_timeout(100)
        box = frame.bounding_box()
        assert box and box["width"] == width
