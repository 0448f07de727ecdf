"""What every messenger has: a webhook that takes messages, and calls that send replies."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Optional

import aiohttp
from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, empty

from bot.dialogue.reply import Reply
from bot.settings import Settings, get_settings
from bot.store.inbox import Incoming


class TryAgain(Exception):
    """The platform could not take a message now.

    Args:
        why: In a word, without anything a person wrote.
        wait: Seconds that the platform asked for.
    """

    def __init__(self, why: str, wait: Optional[float] = None) -> None:
        super().__init__(why)
        self.wait = wait


class Refused(Exception):
    """The platform will never take a message; says why in a word."""


@dataclass(frozen=True)
class Call:
    """One HTTP call that sends one message.

    Attributes:
        url: Where to.
        body: `json=` or `data=`, as aiohttp takes them.
        headers: More headers.
        auth: User and password.
    """

    url: str
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    auth: Optional[aiohttp.BasicAuth] = None


@dataclass(frozen=True)
class CalendarCopy:
    """A family's calendar to take along.

    Attributes:
        line: The words with a link to the file; None without an address of our own.
        file: The file.
        caption: The words below the file.
    """

    line: Optional[str]
    file: Optional[bytes]
    caption: str


class Messenger(InputChannel):
    """A platform's channel.

    Args:
        settings: The server's settings.
    """

    numbers_choices = False  # whether "1" names a button

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @classmethod
    def from_credentials(cls, credentials: Optional[dict[str, Any]]) -> "Messenger":
        """The channel with the settings of this process (called by Rasa)."""
        return cls(get_settings())

    @property
    @abstractmethod
    def on(self) -> bool:
        """Whether its secrets are set."""

    @abstractmethod
    def authentic(self, request: Request) -> bool:
        """Whether the platform has sent a request."""

    @abstractmethod
    def messages(self, request: Request) -> list[Incoming]:
        """The messages of persons in an authentic request."""

    def receipt(self, request: Request) -> HTTPResponse:
        """What the platform gets for a request."""
        return empty(200)

    @abstractmethod
    def calls(self, recipient: str, reply: Reply, calendar: Optional[CalendarCopy]) -> list[Call]:
        """The calls that send a reply, in order."""

    def judge(self, body: dict[str, Any]) -> None:
        """Raises TryAgain or Refused where an answer's body, not its status, tells of failure."""

    def wait_asked(self, body: dict[str, Any]) -> Optional[float]:
        """Seconds to wait, where a platform names them in the body and not in Retry-After."""
        return None

    async def send(self, http: aiohttp.ClientSession, call: Call) -> None:
        """Makes one call.

        Raises:
            TryAgain: The platform is busy, broken or out of reach.
            Refused: It will never take this.
        """
        try:
            async with http.post(
                call.url, headers=call.headers, auth=call.auth, **call.body
            ) as response:
                status, headers = response.status, response.headers
                read = await response.json(content_type=None) if status < 500 else None
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
            # Only the kind: the address may hold a secret.
            raise TryAgain(type(error).__name__) from None
        body = read if isinstance(read, dict) else {}
        if status == 429 or status >= 500:
            wait = _seconds(headers.get("Retry-After")) or self.wait_asked(body)
            raise TryAgain(str(status), wait)
        self.judge(body)
        if status >= 400:
            raise Refused(str(status))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[None]]) -> Blueprint:
        """The webhook (called by Rasa); the post answers what it takes."""
        routes = Blueprint(self.name())

        @routes.post("/webhook")
        async def webhook(request: Request) -> HTTPResponse:
            self.hold_on()
            if not self.authentic(request):
                raise SanicException("This request is not signed as it must be.", 403)
            messages = self.messages(request)
            await request.app.ctx.post.take(messages)
            return self.receipt(request)

        return routes

    def hold_on(self) -> None:
        """Refuses everything while the channel is off."""
        if not self.on:
            raise SanicException("This messenger is off; docs/messengers.md turns it on.", 404)


def _seconds(header: Optional[str]) -> Optional[float]:
    return float(header) if header is not None and header.isdecimal() else None
