"""The call `/metrics` for a clinic's monitoring: with its token, or from the machine itself."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from prometheus_client import CONTENT_TYPE_LATEST
from sanic import Blueprint
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, raw
from sqlalchemy.orm import Session

from bot.metrics import exposition
from bot.settings import Settings
from bot.store import reminders


def metrics(
    settings: Settings, sessions: Callable[[], AbstractContextManager[Session]]
) -> Blueprint:
    """The route.

    Args:
        settings: With the token, if there is one.
        sessions: Opens a session of the conversations' database, as a context.
    """
    routes = Blueprint("metrics")

    @routes.get("/metrics")
    async def show(request: Request) -> HTTPResponse:
        _hold(request, settings.metrics_token)
        due = await asyncio.to_thread(count_due)
        return raw(exposition(due), content_type=CONTENT_TYPE_LATEST)

    def count_due() -> int:
        with sessions() as session:
            return reminders.count_due(session, time.time())

    return routes


def _hold(request: Request, token: str | None) -> None:
    """Refuses whoever may not see the figures.

    Raises:
        SanicException: 401 for a wrong token; 404 where none is set and the call comes from
            elsewhere, straight or through a proxy.
    """
    if token is not None:
        if not hmac.compare_digest((request.token or "").encode(), token.encode()):
            raise SanicException("Please send the token: Authorization: Bearer ...", 401)
    elif "x-forwarded-for" in request.headers or not ipaddress.ip_address(request.ip).is_loopback:
        raise SanicException("Nothing to see here; COMPANION_METRICS_TOKEN turns it on.", 404)
