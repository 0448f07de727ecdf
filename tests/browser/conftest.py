"""A real Chromium, a real server, and a clinic's page of another site that embeds the chat."""

from __future__ import annotations

import base64
import json
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    FrameLocator,
    Locator,
    Page,
    Playwright,
    Route,
    expect,
    sync_playwright,
)

from tests.server.conftest import Server, free_port

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE = 20_000  # milliseconds, for a machine that is busy
expect.set_options(timeout=PATIENCE)  # a context's timeout does not count for these

# Counts what the content policy stops, and what an injected script would do.
WATCH = """
window.stopped = [];
document.addEventListener("securitypolicyviolation", (event) => stopped.push(
  `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
window.alert = () => { window.injected = true; };
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a Chromium there is nothing to drive; in CI there always is one."""
    if CHROMIUM or os.environ.get("CI"):
        return
    skip = pytest.mark.skip(reason="chromium is not installed; `make browser` tries to.")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(skip)


class Clinic:
    """A clinic's website on another site than the chat, with a strict content policy."""

    def __init__(self, port: int) -> None:
        self.url = f"http://localhost:{port}"
        self._chat = ""
        clinic = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = clinic.page(self.path.partition("?")[2])
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Security-Policy", clinic.policy)
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def embed(self, chat: str) -> None:
        self._chat = chat

    @property
    def policy(self) -> str:
        return (
            f"default-src 'none'; script-src {self._chat}; frame-src {self._chat}; "
            "require-trusted-types-for 'script'"
        )

    def page(self, attributes: str) -> str:
        """The page; its address's query holds more attributes of the script, apart by `&`."""
        more = " ".join(f'{each.partition("=")[0]}="{each.partition("=")[2]}"'
                        for each in attributes.split("&") if each)  # fmt: skip
        return (
            '<!DOCTYPE html><html lang="en"><title>A clinic</title><h1>A clinic</h1>'
            f'<script src="{self._chat}/widget.js" data-phone="+44 1632 960 012" {more} defer>'
            "</script></html>"
        )

    def stop(self) -> None:
        self._server.shutdown()


@pytest.fixture(scope="session")
def clinic() -> Iterator[Clinic]:
    site = Clinic(free_port())
    yield site
    site.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, clinic: Clinic) -> Iterator[Server]:
    running = Server(
        tmp_path_factory.mktemp("server"),
        COMPANION_SITES=clinic.url,
        COMPANION_MESSAGES_PER_MINUTE="1000",
    )
    clinic.embed(running.url)
    try:
        running.wait()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield running
    running.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Makes pages, each with cookies and storage of its own; nothing may go wrong in any."""
    contexts: list[BrowserContext] = []
    errors: list[Error] = []

    def make(**options: Any) -> Page:
        options = {"viewport": {"width": 390, "height": 800}, "locale": "en-GB", **options}
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(WATCH)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(error))
        return page

    yield make
    stopped = [
        violation
        for context in contexts
        for page in context.pages
        for frame in page.frames
        for violation in frame.evaluate("window.stopped ?? []")
    ]
    for context in contexts:
        context.close()
    assert errors == []
    assert stopped == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    return new_page()


class Chat:
    """The chat as a parent sees it, on a page of its own or in a clinic's frame."""

    def __init__(self, page: Page, place: Page | FrameLocator) -> None:
        self.page = page
        self.place = place
        self.field = place.locator("#message")
        self.field.wait_for()

    def find(self, selector: str, has_text: str | None = None) -> Locator:
        return self.place.locator(selector, has_text=has_text)

    def write(self, text: str) -> None:
        self.field.fill(text)
        self.field.press("Enter")

    def say(self, text: str) -> None:
        """Says something and waits for the answer."""
        answered = self.find(".theirs").count()
        self.write(text)
        self.find(".theirs").nth(answered).wait_for()
        self.wait()

    def wait(self) -> None:
        """Waits until nothing is on its way."""
        self.find(".typing i").first.wait_for(state="detached")

    def texts(self) -> list[str]:
        return [text.strip() for text in self.find(".bubble").all_inner_texts()]


def open_page(page: Page, server: Server, query: str = "") -> Chat:
    """The chat on a page of its own."""
    page.goto(f"{server.url}/chat{query}")
    chat = Chat(page, page)
    chat.wait()
    return chat


def open_frame(page: Page, url: str) -> Chat:
    """The chat on a clinic's page."""
    page.goto(url)
    page.get_by_role("button", name="Questions about B12?").click()
    chat = Chat(page, page.frame_locator("iframe"))
    chat.wait()
    return chat


def until(page: Page, expression: str) -> None:
    """Waits for an expression; Playwright's own way would need `eval` in the page."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(20)


def reply(text: str, kind: str = "answer", **more: Any) -> dict[str, Any]:
    empty = {"statements": [], "references": [], "buttons": [], "schedule": None}
    return {"kind": kind, "text": text, **empty, **more}


def answer_with(page: Page, *replies: dict[str, Any]) -> None:
    """Lets the server's next answers be these."""
    page.unroute("**/webhooks/web/message")

    def fulfill(route: Route) -> None:
        route.fulfill(json=list(replies))

    page.route("**/webhooks/web/message", fulfill)


def conversation_of(page: Page) -> str:
    """The conversation that the page's cookie opens."""
    (token,) = {
        cookie["value"]
        for cookie in page.context.cookies()
        if cookie["name"] == "__Host-b12-session"
    }
    claims = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=="))["sub"])


def database(server: Server) -> sqlite3.Connection:
    return sqlite3.connect(server.database.removeprefix("sqlite:///"))


def push(server: Server, conversation: str, text: str) -> None:
    """Begins something as another process does, such as a sender of reminders."""
    with database(server) as connection:
        connection.execute(
            "insert into pushes (conversation, said_at, reply) values (?, ?, ?)",
            (conversation, time.time(), json.dumps(reply(text, "schedule"))),
        )
