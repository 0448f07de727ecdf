"""The web channel: signed sessions, one JSON call a message, history that survives a reload."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from typing import Any, Optional

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from rasa.core.channels.channel import InputChannel, UserMessage
from rasa.shared.core.events import BotUttered, UserUttered
from sanic import Blueprint
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot.channels.collector import ReplyCollector, reply_of
from bot.channels.sessions import Sessions, session_key
from bot.dialogue.compose import Composer
from bot.dialogue.messages import LONGEST_MESSAGE
from bot.guide.catalogue import load_catalogue
from bot.settings import Settings, get_settings

_LONGEST_MESSAGE_ID = 64


class WebChannel(InputChannel):
    """The channel behind the chat page (docs/developers.md describes the calls).

    Args:
        settings: The server's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self._catalogue = load_catalogue(settings.content, settings.clinic_card)
        self._composer = Composer(self._catalogue, settings.retention_days)
        self._sessions = Sessions(session_key(settings.session_key), settings.session_days)
        self._limit = RateLimitItemPerMinute(settings.messages_per_minute)
        self._hits = MemoryStorage()  # the limiter itself holds it weakly
        self._limiter = MovingWindowRateLimiter(self._hits)

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

        @routes.post("/session")
        async def session(request: Request) -> HTTPResponse:
            return json({"session": self._sessions.open()})

        @routes.post("/message")
        async def message(request: Request) -> HTTPResponse:
            conversation = self._conversation(request)
            text, message_id = self._read_message(request)
            self._hold_rate(conversation)
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
            tracker = await request.app.ctx.agent.tracker_store.retrieve_full_tracker(conversation)
            return json(turns_of(tracker.events) if tracker else [])

        return routes

    def _conversation(self, request: Request) -> str:
        if not getattr(request.app.ctx, "agent", None):
            raise self._refusal("web_starting", 503)
        conversation = self._sessions.conversation(request.token or "")
        if conversation is None:
            raise self._refusal("web_session_closed", 401)
        return conversation

    def _hold_rate(self, conversation: str) -> None:
        if not self._limiter.hit(self._limit, conversation):
            reset, _ = self._limiter.get_window_stats(self._limit, conversation)
            wait = max(1, math.ceil(reset - time.time()))
            raise self._refusal("web_too_many", 429, {"Retry-After": str(wait)})

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
        # A lone surrogate or a NUL is no text, and no database takes it.
        text = body["message"].encode("utf-8", "replace").decode("utf-8").replace("\0", "").strip()
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


def turns_of(events: Any) -> list[dict[str, Any]]:
    """What was said: `{"user": text, "replies": [REPLY, ...]}` a turn, oldest first.

    A tapped button shows its title, not its payload.
    """
    turns: list[dict[str, Any]] = []
    titles: dict[str, str] = {}
    for event in events:
        if isinstance(event, UserUttered):
            said = event.text or ""
            turns.append({"user": titles.get(said, said), "replies": []})
        elif isinstance(event, BotUttered) and turns:
            reply = reply_of(event.metadata)
            turns[-1]["replies"].append(reply)
            titles.update({button["payload"]: button["title"] for button in reply["buttons"]})
    return turns
