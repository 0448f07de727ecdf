"""The chat page at /: static files, with the clinic's own numbers already in the page."""

from __future__ import annotations

import html
from pathlib import Path
from string import Template

from sanic import Blueprint
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import html as html_response

from bot.guide.catalogue import Catalogue

FOLDER = Path(__file__).parent.parent.parent / "web"

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def page(catalogue: Catalogue) -> Blueprint:
    """The page's routes.

    The numbers to call stand in the page itself, so that they are there without scripts and while
    the server is still loading the model.
    """
    signed = all(statement.reviewed_on for statement in catalogue.statements.values())
    card = catalogue.clinic
    facts = {
        "clinic": card.name,
        "phone": card.phone,
        "hours": card.hours,
        "emergency_number": card.emergency_number,
        "dial_phone": "".join(c for c in card.phone if c in "+0123456789"),
        "review": "" if signed else catalogue.notes.not_reviewed,
    }
    template = Template((FOLDER / "index.html").read_text(encoding="utf-8"))
    rendered = template.substitute({name: html.escape(text) for name, text in facts.items()})

    routes = Blueprint("page")

    @routes.get("/")
    async def index(request: Request) -> HTTPResponse:
        return html_response(rendered)

    for file in ("app.js", "style.css"):
        routes.static(f"/{file}", str(FOLDER / file), name=file)
    return routes
