"""Takes the documentation's pictures of the chat: `python -m tests.browser.pictures`."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, PATIENCE, Chat, open_frame, open_page
from tests.browser.states import MESSAGES
from tests.server.conftest import ROOT, Server

FOLDER = ROOT / "docs" / "images"
GAP = 16  # pixels between pictures on one sheet
COLOURS = 128  # enough for a page, and a fifth of the bytes


def taken(page: Page) -> Image.Image:
    page.wait_for_timeout(500)
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def sheet(name: str, pictures: list[Image.Image]) -> None:
    """Saves pictures side by side."""
    width = sum(picture.width for picture in pictures) + GAP * (len(pictures) - 1)
    whole = Image.new("RGB", (width, max(picture.height for picture in pictures)), "#8a8f8d")
    left = 0
    for picture in pictures:
        whole.paste(picture, (left, 0))
        left += picture.width + GAP
    whole.quantize(COLOURS).save(FOLDER / f"{name}.png", optimize=True)


def tour(page: Page, server: Server) -> list[Image.Image]:
    """The main states in one conversation."""
    chat = open_page(page, server)
    pictures = [taken(page)]
    chat.say("How often are the injections later on?")
    pictures.append(taken(page))
    chat.find(".reference").last.click()
    chat.find("dialog[open] .statement").first.wait_for()
    pictures.append(taken(page))
    page.keyboard.press("Escape")
    calendar(chat)
    chat.find(".dates").last.scroll_into_view_if_needed()
    chat.find(".dates").last.evaluate("element => element.scrollIntoView()")
    pictures.append(taken(page))
    chat.say("my baby is not breathing")
    pictures.append(taken(page))
    chat.find(".pinned button").click()
    page.route(MESSAGES, lambda route: route.abort())
    chat.write("Is it for life?")
    chat.find(".trouble").wait_for()
    return [*pictures, taken(page)]


def calendar(chat: Chat) -> None:
    for text in ("make me a calendar", "yesterday", "yes"):
        chat.say(text)


def main() -> int:
    """Takes all pictures."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        def new_page(width: int, height: int, scheme: str = "light") -> Page:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                locale="en-GB",
                color_scheme="dark" if scheme == "dark" else "light",
            )
            context.set_default_timeout(PATIENCE)
            return context.new_page()

        try:
            server.wait()
            sheet("chat-320", tour(new_page(320, 568), server))
            sheet("chat-390", tour(new_page(390, 760), server))
            dark = tour(new_page(390, 760, "dark"), server)
            page = new_page(390, 760)
            arabic = open_page(page, server, "?lang=ar")
            calendar(arabic)
            arabic.find(".dates").last.evaluate("element => element.scrollIntoView()")
            sheet("chat-dark-arabic", [dark[1], dark[3], dark[4], taken(page)])
            page = new_page(1280, 800)
            chat = open_frame(page, server.url)
            chat.say("How often are the injections later on?")
            sheet("chat-1280", [taken(page)])
            page = new_page(760, 760)
            chat = open_page(page, server)
            chat.say("How often are the injections later on?")
            sheet("conversation", [taken(page)])
        finally:
            browser.close()
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
