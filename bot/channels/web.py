"""The web channel: signed sessions, one JSON call a message, history that survives a reload."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Optional

from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.core.events import BotUttered, Event, UserUttered
from sanic import Blueprint
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot.channels.collector import ReplyCollector, reply_of
from bot.channels.events import Events
from bot.channels.family_calendar import add_calendar_routes
from bot.channels.rate import Rate
from bot.channels.requests import (
    address_of,
    comes_from_elsewhere,
    session_cookie,
    session_token,
)
from bot.channels.sessions import Sessions, session_key
from bot.dialogue.compose import Composer
from bot.dialogue.messages import LONGEST_MESSAGE, as_text
from bot.guide.catalogue import load_catalogue
from bot.guide.models import Statement
from bot.settings import Settings, get_settings
from bot.store.conversations import ConversationStore
from bot.store.pushes import Push

if TYPE_CHECKING:
    from bot.agent import CompanionAgent

_LONGEST_MESSAGE_ID = 64


class WebChannel(InputChannel):
    """The channel behind the chat page (docs/developers.md describes the calls).

    Args:
        settings: The server's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._catalogue = load_catalogue(settings.content, settings.clinic_card)
        self._composer = Composer(self._catalogue, settings.retention_days)
        self._statements = {
            name: statement_card(statement)
            for name, statement in self._catalogue.statements.items()
        }
        self._sessions = Sessions(session_key(settings.session_key), settings.session_days)
        self._session_days = settings.session_days
        self._sites = settings.sites.split()
        self._rate = Rate(settings.messages_per_minute)
        self._address_rate = Rate(settings.messages_per_minute_and_address)

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place below /webhooks/."""
        return "web"

    @classmethod
    def from_credentials(cls, credentials: Optional[dict[str, Any]]) -> "WebChannel":
        """The channel with the settings of this process (called by Rasa)."""
        return cls(get_settings())

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[None]]) -> Blueprint:
        """The channel's routes (called by Rasa)."""
        routes = Blueprint("web")

        @routes.get("/about")
        async def about(request: Request) -> HTTPResponse:
            greeting = self._composer.fixed("greet")
            return json(
                {
                    "clinic": self._catalogue.clinic.dict(),
                    "greeting": greeting.text,
                    "questions": [button.title for button in greeting.buttons],
                }
            )

        @routes.get("/statements")
        async def statements(request: Request) -> HTTPResponse:
            return json(self._statements)

        @routes.post("/session")
        async def session(request: Request) -> HTTPResponse:
            self._hold_origin(request)
            self._hold_rate(self._address_rate, address_of(request))
            token = self._sessions.open()
            cookie = session_cookie(token, self._session_days)
            return json({"session": token}, headers={"Set-Cookie": cookie})

        @routes.post("/message")
        async def message(request: Request) -> HTTPResponse:
            self._hold_origin(request)
            conversation = self._conversation(request)
            text, message_id = self._read_message(request)
            await self._hold_rates(conversation, address_of(request), text, request.app.ctx.agent)
            collector = ReplyCollector()
            await on_new_message(
                UserMessage(
                    text, collector, conversation, input_channel=self.name(), message_id=message_id
                )
            )
            return json(collector.replies)

        @routes.get("/history")
        async def history(request: Request) -> HTTPResponse:
            conversation = self._conversation(request)
            store: ConversationStore = request.app.ctx.conversations
            begun = await asyncio.to_thread(store.pushes, conversation)
            turns = turns_of(await store.spoken(conversation), begun)
            # From here on the page listens to /events.
            newest = str(begun[-1].id if begun else 0)
            return json(turns, headers={"Last-Event-ID": newest})

        @routes.delete("/history")
        async def erase(request: Request) -> HTTPResponse:
            self._hold_origin(request)
            store: ConversationStore = request.app.ctx.conversations
            await asyncio.to_thread(store.erase, self._conversation(request))
            return json({"erased": True})

        @routes.get("/events")
        async def events(request: Request) -> None:
            conversation = self._conversation(request)
            after = request.headers.get("last-event-id") or "0"
            if not after.isdecimal():
                raise SanicException("Last-Event-ID must be the number of an event.", 400)
            open_events: Events = request.app.ctx.events
            response = await request.respond(
                content_type="text/event-stream",
                headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
            )
            async for event in open_events.stream(conversation, int(after)):
                await response.send(event)
            await response.eof()

        add_calendar_routes(routes, self._catalogue, self._conversation)
        return routes

    def _conversation(self, request: Request) -> str:
        if not getattr(request.app.ctx, "agent", None):
            raise self._refusal("web_starting", 503)
        conversation = self._sessions.conversation(session_token(request))
        if conversation is None:
            raise self._refusal("web_session_closed", 401)
        return conversation

    def _hold_origin(self, request: Request) -> None:
        """Refuses what another site's page sends in the name of its visitor."""
        if comes_from_elsewhere(request, self._sites):
            raise self._refusal("web_elsewhere", 403)

    async def _hold_rates(
        self, conversation: str, address: str, text: str, agent: "CompanionAgent"
    ) -> None:
        """Refuses what comes too fast, unless it may tell of danger."""
        assert agent.processor is not None
        try:
            self._hold_rate(self._rate, conversation)
            self._hold_rate(self._address_rate, address)
        except Refusal:
            if not await agent.processor.raises_alarm(text):
                raise

    def _hold_rate(self, rate: Rate, who: str) -> None:
        if wait := rate.wait(who):
            raise self._refusal("web_too_many", 429, {"Retry-After": str(math.ceil(wait))})

    def _refusal(
        self, occasion: str, status: int, headers: Optional[dict[str, str]] = None
    ) -> "Refusal":
        return Refusal(self._composer.fixed(occasion).text, status, headers or {})

    def _read_message(self, request: Request) -> tuple[str, Optional[str]]:
        """The message's text and id.

        Raises:
            SanicException: 400 or 413, with a sentence that says what to send instead.
        """
        body = request.json
        if not isinstance(body, dict) or not isinstance(body.get("message"), str):
            raise SanicException('Please send JSON such as {"message": "your question"}.', 400)
        text = as_text(body["message"])
        if not text:
            raise self._refusal("web_empty", 400)
        if len(text) > LONGEST_MESSAGE:
            raise self._refusal("web_too_long", 413)
        message_id = body.get("message_id")
        if message_id is not None and not (
            isinstance(message_id, str) and 0 < len(message_id) <= _LONGEST_MESSAGE_ID
        ):
            raise SanicException(
                f"The message_id must be a text of at most {_LONGEST_MESSAGE_ID} characters.", 400
            )
        return text, message_id


class Refusal(SanicException):
    """A message that cannot be taken.

    Args:
        sentence: What the parent sees, from the content.
        status: The HTTP status.
        headers: More headers of the answer.
    """

    def __init__(self, sentence: str, status: int, headers: dict[str, str]) -> None:
        super().__init__(sentence, status)
        self.headers = headers


def statement_card(statement: Statement) -> dict[str, Any]:
    """What a page shows of a statement: its words, where they come from, who has reviewed them."""
    reviewed_on = statement.reviewed_on
    return {
        "text": statement.plain,
        "section": statement.section,
        "references": list(statement.references),
        "reviewed_by": statement.reviewed_by,
        "reviewed_on": reviewed_on.isoformat() if reviewed_on else None,
    }


def turns_of(events: Iterable[Event], begun: Sequence[Push] = ()) -> list[dict[str, Any]]:
    """What was said, oldest first: `{"user": text, "message_id": id, "replies": [REPLY, ...]}`.

    A tapped button shows its title, not its payload. What the assistant began is a turn of its own
    with `user` null.

    Args:
        events: What was said, oldest first.
        begun: What the assistant began, oldest first.
    """
    turns: list[dict[str, Any]] = []
    titles: dict[str, str] = {}
    waiting = deque(begun)
    turn: Optional[dict[str, Any]] = None
    for event in events:
        if isinstance(event, UserUttered):
            while waiting and waiting[0].said_at < event.timestamp:
                turns.append(_begun(waiting.popleft()))
            said = event.text or ""
            turn = {"user": titles.get(said, said), "message_id": event.message_id, "replies": []}
            turns.append(turn)
        elif isinstance(event, BotUttered) and turn is not None:
            reply = reply_of(event.metadata)
            turn["replies"].append(reply)
            titles.update({button["payload"]: button["title"] for button in reply["buttons"]})
    return [*turns, *map(_begun, waiting)]


def _begun(push: Push) -> dict[str, Any]:
    return {"user": None, "message_id": None, "replies": [push.reply]}
