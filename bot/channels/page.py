"""The pages: the chat, the loader that a clinic embeds, and a demonstration clinic.

They are built from web/ and carried with the package, so that serving them needs no Node.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from string import Template
from typing import Any

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse, empty, raw

from bot.dialogue.compose import Composer
from bot.guide.catalogue import Catalogue
from bot.guide.models import ClinicCard
from bot.nlu.phrases import matcher
from bot.settings import Settings

FOLDER = Path(__file__).parent / "static"
LANGUAGES = {file.stem: file for file in sorted((FOLDER / "strings").glob("*.json"))}
ENGLISH = "en"

_ALARMS = ("report_emergency", "report_crisis")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; require-trusted-types-for 'script'; base-uri 'none'; form-action 'none'"
)

SECURITY_HEADERS = {
    "Content-Security-Policy": f"{_POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def pages(catalogue: Catalogue, settings: Settings) -> Blueprint:
    """The routes of all pages and of what they load."""
    chat = _chat_pages(catalogue, settings)
    clinic = Template((FOLDER / "clinic.html").read_text(encoding="utf-8"))
    routes = Blueprint("pages")

    @routes.get("/")
    async def demonstration(request: Request) -> HTTPResponse:
        origin = f"{request.scheme}://{request.host}"
        page = clinic.substitute(_escaped({**_card(catalogue.clinic), "origin": origin}))
        policy = f"{_POLICY}; frame-src 'self'; frame-ancestors 'none'"
        return _Page(page.encode(), "text/html; charset=utf-8", policy).answer(request)

    @routes.get("/chat")
    async def whole_page(request: Request) -> HTTPResponse:
        return chat.get(request.args.get("lang", ENGLISH), chat[ENGLISH]).answer(request)

    for name, kind in (
        ("widget.js", "text/javascript"),
        ("chat.js", "text/javascript"),
        ("chat.css", "text/css"),
        ("clinic.css", "text/css"),
    ):
        file = _Page((FOLDER / name).read_bytes(), f"{kind}; charset=utf-8")
        routes.add_route(_handler(file), f"/{name}", name=name.replace(".", "_"))
    return routes


class _Page:
    """A page or file that is held in memory, packed for slow connections.

    Args:
        content: Its bytes.
        content_type: What they are.
        policy: Its content security policy, where it is not everybody's.
    """

    def __init__(self, content: bytes, content_type: str, policy: str | None = None) -> None:
        self._content = content
        self._packed = gzip.compress(content, mtime=0)
        self._type = content_type
        self._headers = {
            "ETag": f'W/"{hashlib.sha256(content).hexdigest()[:20]}"',
            "Cache-Control": "no-cache",  # kept, but asked whether it is still the same
            "Vary": "Accept-Encoding",
            **({"Content-Security-Policy": policy} if policy else {}),
        }

    def answer(self, request: Request) -> HTTPResponse:
        if request.headers.get("if-none-match") == self._headers["ETag"]:
            return empty(304, headers=self._headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            packed = {**self._headers, "Content-Encoding": "gzip"}
            return raw(self._packed, headers=packed, content_type=self._type)
        return raw(self._content, headers=self._headers, content_type=self._type)


def _handler(page: _Page) -> Callable[[Request], Coroutine[Any, Any, HTTPResponse]]:
    async def handle(request: Request) -> HTTPResponse:
        return page.answer(request)

    return handle


def _chat_pages(catalogue: Catalogue, settings: Settings) -> dict[str, _Page]:
    """The chat in each language, with all that it must know without asking the server."""
    template = Template((FOLDER / "chat.html").read_text(encoding="utf-8"))
    policy = f"{_POLICY}; frame-ancestors 'self' {settings.sites}".rstrip()
    card, facts = _card(catalogue.clinic), _facts(catalogue, settings)
    made = {}
    for code, file in LANGUAGES.items():
        words: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        in_danger = words["in_danger"].format(number=card["emergency_number"])
        values = _escaped({**words, **card, "in_danger": in_danger, "lang": code})
        values["facts"] = _embedded({**facts, "lang": code, "words": words})
        page = template.substitute(values)
        made[code] = _Page(page.encode(), "text/html; charset=utf-8", policy)
    return made


def _facts(catalogue: Catalogue, settings: Settings) -> dict[str, Any]:
    composer = Composer(catalogue, settings.retention_days)
    greeting = composer.fixed("greet")
    return {
        "clinic": catalogue.clinic.dict(),
        "greeting": greeting.text,
        "questions": [button.title for button in greeting.buttons],
        "reviewed": all(statement.reviewed_on for statement in catalogue.statements.values()),
        "sites": settings.sites.split(),
        # With these words the page itself says whom to call while the server cannot be reached.
        "alarms": [
            {
                "words": matcher(
                    phrase
                    for sign in catalogue.danger_signs
                    if sign.alarm == alarm
                    for phrase in sign.phrases
                ).pattern,
                "reply": composer.fixed(alarm).dict(),
            }
            for alarm in _ALARMS
        ],
    }


def _card(clinic: ClinicCard) -> dict[str, str]:
    return {
        "clinic": clinic.name,
        "phone": clinic.phone,
        "hours": clinic.hours,
        "emergency_number": clinic.emergency_number,
        "dial_phone": _dialled(clinic.phone),
        "dial_emergency": _dialled(clinic.emergency_number),
    }


def _dialled(number: str) -> str:
    """A number as it is dialled; in "+44 (0)1632" the zero is not."""
    return "".join(c for c in number.replace("(0)", "") if c in "+0123456789")


def _escaped(values: dict[str, str]) -> dict[str, str]:
    return {name: html.escape(text) for name, text in values.items()}


def _embedded(facts: dict[str, Any]) -> str:
    """JSON that cannot end the script element that holds it."""
    return json.dumps(facts, ensure_ascii=False).replace("<", "\\u003c")
