"""A connector for a clinic's own programs: off until a token is set, and then only with it."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any, Optional

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, json

from bot.channels.collector import ReplyCollector
from bot.channels.rest_description import LONGEST_ID, description
from bot.dialogue.messages import LONGEST_MESSAGE, as_text
from bot.settings import Settings, get_settings


class RestChannel(InputChannel):
    """Takes `{"sender": "...", "message": "...", "message_id": "..."}` and answers with REPLYs.

    Rasa's own REST channel asks for nothing and cuts texts at blank lines.

    Args:
        settings: The server's settings, with the token.
    """

    def __init__(self, settings: Settings) -> None:
        self._token = settings.rest_token

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place below /webhooks/."""
        return "rest"

    @classmethod
    def from_credentials(cls, credentials: Optional[dict[str, Any]]) -> "RestChannel":
        """The channel with the settings of this process (called by Rasa)."""
        return cls(get_settings())

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[None]]) -> Blueprint:
        """The channel's routes (called by Rasa)."""
        routes = Blueprint("rest")

        @routes.get("/openapi.json")
        async def describe(request: Request) -> HTTPResponse:
            self._hold_on()
            return json(description())

        @routes.post("/webhook")
        async def webhook(request: Request) -> HTTPResponse:
            self._hold_token(request)
            body = request.json if isinstance(request.json, dict) else {}
            sender, message_id = _short(body, "sender"), _short(body, "message_id")
            text = body.get("message")
            if sender is None or not isinstance(text, str) or not as_text(text):
                raise SanicException('Please send JSON: {"sender": "...", "message": "..."}.', 400)
            if len(as_text(text)) > LONGEST_MESSAGE:
                raise SanicException(f"At most {LONGEST_MESSAGE} characters, please.", 413)
            collector = ReplyCollector()
            await on_new_message(
                UserMessage(
                    as_text(text),
                    collector,
                    f"rest-{sender}",  # so that no sender names another channel's conversation
                    input_channel=self.name(),
                    message_id=message_id,
                )
            )
            return json([{"recipient_id": sender, **reply} for reply in collector.replies])

        return routes

    def _hold_on(self) -> None:
        if self._token is None:
            raise SanicException("This connector is off; COMPANION_REST_TOKEN turns it on.", 404)

    def _hold_token(self, request: Request) -> None:
        self._hold_on()
        expected = (self._token or "").encode()
        if not hmac.compare_digest((request.token or "").encode(), expected):
            raise SanicException("Please send the token: Authorization: Bearer ...", 401)
        if not getattr(request.app.ctx, "agent", None):
            raise SanicException("The model is still loading. Please try again soon.", 503)


def _short(body: dict[str, Any], name: str) -> Optional[str]:
    """A short text of a request; None where it is missing.

    Raises:
        SanicException: 400, it is something else.
    """
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_ID:
        raise SanicException(f"{name} must be a text of 1 to {LONGEST_ID} characters.", 400)
    return value
