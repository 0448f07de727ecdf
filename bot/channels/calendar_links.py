"""Links to a family's calendar file for messengers that take no file: short, signed, expiring.

A link names the letter it was sent in, so that it tells nobody's number, and ends with an erasure.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Optional

from sanic import Blueprint
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, raw

from bot.channels.family_calendar import calendar_of
from bot.guide.catalogue import Catalogue
from bot.store import outbox
from bot.store.conversations import ConversationStore

if TYPE_CHECKING:
    from bot.agent import CompanionAgent

VALID = 7 * 24 * 60 * 60  # seconds


class CalendarLinks:
    """Makes links and opens them.

    Args:
        key: The secret that signs them.
        address: The server's public address; without one there are no links.
        catalogue: All content.
        store: The conversations' database.
    """

    def __init__(
        self, key: str, address: str, catalogue: Catalogue, store: ConversationStore
    ) -> None:
        self._key = key
        self._address = address
        self._catalogue = catalogue
        self._store = store

    def link(self, letter: int) -> Optional[str]:
        """The link of a letter's conversation; None without a public address."""
        if not self._address:
            return None
        claim = f"{letter:x}.{int(time.time()) + VALID:x}"
        return f"{self._address}/calendar/{claim}.{self._signature(claim)}"

    def letter(self, token: str) -> Optional[int]:
        """The letter that a token names; None when it is forged or too old."""
        claim, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(claim).encode()):
            return None
        letter, until = (int(part, 16) for part in claim.split("."))
        return letter if until > time.time() else None

    async def file(self, conversation: str, agent: "CompanionAgent") -> Optional[bytes]:
        """The calendar's file of a conversation, if it has one."""
        tracker = await agent.tracker_store.retrieve(conversation)
        return calendar_of(tracker, self._catalogue)

    def routes(self) -> Blueprint:
        """The page that a link opens."""
        routes = Blueprint("calendar_links")
        name = self._catalogue.schedule_words.download

        @routes.get("/calendar/<token:str>")
        async def calendar(request: Request, token: str) -> HTTPResponse:
            letter, agent = self.letter(token), request.app.ctx.agent
            owner = await asyncio.to_thread(self._owner, letter) if letter is not None else None
            file = await self.file(owner, agent) if owner and agent else None
            if file is None:
                raise SanicException("This link is no longer valid. Ask for your calendar.", 404)
            return raw(
                file,
                content_type="text/calendar; charset=utf-8",
                headers={
                    "Content-Disposition": f'attachment; filename="{name}"',
                    "Cache-Control": "no-store",
                },
            )

        return routes

    def _owner(self, letter: int) -> Optional[str]:
        with self._store.session_scope() as session:
            return outbox.owner(session, letter)

    def _signature(self, claim: str) -> str:
        # The name keeps these signatures apart from those of sessions.
        whole = hmac.new(self._key.encode(), f"calendar:{claim}".encode(), hashlib.sha256).digest()
        # Letters and digits alone: a messenger may format a _ or leave a last - out of the link.
        return base64.b32encode(whole[:15]).decode().lower()
