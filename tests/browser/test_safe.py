"""D: a strict policy, and text that is only ever text."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browser.conftest import Clinic, answer_with, open_frame, open_page, push, reply
from tests.browser.conftest import conversation_of as conversation
from tests.server.conftest import Server

pytestmark = pytest.mark.browser

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "require-trusted-types-for 'script'",
}
PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<a href=javascript:alert(1)>click</a>",
    "[click](javascript:alert(1))",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    'https://clinic.example/"onmouseover="alert(1)',
    "https://clinic.example/'><img src=x onerror=alert(1)>",
    "mailto:a@b.example?subject=<script>alert(1)</script>",
    "tel:112<script>alert(1)</script>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<style>*{background:url(javascript:alert(1))}</style>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "${alert(1)} {{alert(1)}} <%= alert(1) %>",
    "<template><script>alert(1)</script></template>",
    "</textarea><script>alert(1)</script>",
    "\u202e<script>alert(1)</script>\u0000",
    "<object data=javascript:alert(1)></object>",
]


def looks_harmless(page: Page) -> None:
    page.wait_for_timeout(200)
    assert page.evaluate("window.injected") is None
    assert page.evaluate(
        """() => document.querySelectorAll(
          "b12-companion :is(script, iframe, object, style, body, math, template, [onerror],"
          + " [onload], [onmouseover], [ontoggle])").length"""
    ) == 0  # fmt: skip
    schemes = page.evaluate("[...document.links].map((link) => link.protocol)")
    assert set(schemes) <= {"http:", "https:", "tel:", "mailto:"}


def test_the_policy_is_the_strict_one(server: Server, clinic: Clinic) -> None:
    for path in ("/chat", "/chat?lang=ar"):
        policy = requests.get(f"{server.url}{path}", timeout=10).headers["Content-Security-Policy"]
        directives = {each.strip() for each in policy.split(";")}
        assert directives >= POLICY
        assert f"frame-ancestors 'self' {clinic.url}" in directives
    everywhere = requests.get(f"{server.url}/health", timeout=10).headers
    assert "frame-ancestors 'none'" in everywhere["Content-Security-Policy"]
    assert everywhere["X-Content-Type-Options"] == "nosniff"


def test_no_payload_runs_wherever_it_stands(page: Page, server: Server) -> None:
    chat = open_page(page, server)
    for kind in ("answer", "emergency", "smalltalk"):
        everything: list[dict[str, Any]] = [
            reply(
                payload,
                kind,
                references=[1],
                statements=[payload],
                buttons=[{"title": payload, "payload": payload}],
                schedule=[{"date": "2026-12-01", "who": "baby", "what": "injection"}],
            )
            for payload in PAYLOADS
        ]
        page.route("**/calendar", lambda route: route.fulfill(json={
            "timeline": PAYLOADS[3], "description": PAYLOADS[1]}))  # fmt: skip
        answer_with(page, *everything)
        chat.say(" ".join(PAYLOADS)[:1500])
        looks_harmless(page)
    shown = chat.find(".log .theirs").all_inner_texts()
    assert all(any(payload.split("\u0000")[0] in text for text in shown) for payload in PAYLOADS)


def test_no_payload_runs_in_errors_statements_pushes_and_history(
    page: Page, server: Server
) -> None:
    chat = open_page(page, server)
    chat.say(" ".join(PAYLOADS)[:1900])
    for payload in PAYLOADS[:5]:
        push(server, conversation(page), payload)
    expect(chat.find("[role=log]")).to_contain_text(PAYLOADS[4])
    looks_harmless(page)
    statement = {"text": PAYLOADS[0], "section": PAYLOADS[1], "references": [1],
                 "reviewed_by": PAYLOADS[2], "reviewed_on": "2026-12-01"}  # fmt: skip
    page.route("**/statements", lambda route: route.fulfill(json={"x": statement}))
    answer_with(page, reply("It goes away [1]", statements=["x"]))
    chat.say("hello")
    chat.find(".reference").last.click()
    expect(chat.find("dialog[open]")).to_contain_text(PAYLOADS[0])
    looks_harmless(page)
    page.keyboard.press("Escape")
    page.unroute("**/webhooks/web/message")
    page.route(
        "**/webhooks/web/message",
        lambda route: route.fulfill(status=400, json={"error": PAYLOADS[1]}),
    )
    chat.write("hello")
    expect(chat.find("[role=alert] .trouble")).to_contain_text(PAYLOADS[1])
    looks_harmless(page)
    chat = open_page(page, server)
    expect(chat.find(".earlier .mine").first).to_contain_text(PAYLOADS[1])
    looks_harmless(page)


def test_no_payload_runs_from_the_frames_address(page: Page, server: Server) -> None:
    for payload in PAYLOADS[:10]:
        page.goto(f"{server.url}/chat?" + requests.compat.urlencode(
            {"name": payload, "color": payload, "lang": payload}))  # fmt: skip
        expect(page.locator("h1")).to_have_text(payload[:40])
        looks_harmless(page)


def test_a_foreign_page_can_neither_send_nor_show_it(
    page: Page, server: Server, clinic: Clinic
) -> None:
    open_frame(page, clinic.url)  # it may show the chat, and still not send by itself
    page.goto(f"{server.url}/health")
    foreign = {"Origin": "https://elsewhere.example"}
    for method, path in (("POST", "message"), ("POST", "session"), ("DELETE", "history")):
        url = f"{server.url}/webhooks/web/{path}"
        assert requests.request(method, url, headers=foreign, timeout=10).status_code == 403
    # The same clinic under a name that is not allowed.
    page.goto(clinic.url.replace("localhost", "127.0.0.1"))
    page.get_by_role("button", name="Questions about B12?").click()
    page.wait_for_timeout(1000)
    assert all("chat" not in frame.url for frame in page.frames)


def test_it_works_under_the_clinics_strict_policy(
    page: Page, server: Server, clinic: Clinic
) -> None:
    chat = open_frame(page, clinic.url)
    chat.say("Will my son's seizures stop?")
    chat.find(".reference").first.click()
    expect(chat.find("dialog[open] .statement").first).to_be_visible()
    # Violations on either side fail every test: see `new_page`.
