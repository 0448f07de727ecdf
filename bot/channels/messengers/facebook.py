"""Facebook Messenger.

Rasa's own connector checks the outdated SHA-1 signature, lets the sender pick the hash, compares in
varying time, and drops all but the first message of a request.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any, Optional

from rasa.core.channels.channel import UserMessage
from sanic import Blueprint
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse, text

from bot.channels.messengers.messenger import CalendarCopy, Call, Messenger, TryAgain
from bot.channels.renderers import facebook
from bot.dialogue.reply import Reply
from bot.store.inbox import Incoming

_BUSY = (1, 2, 4, 17, 32, 613)  # error codes of passing trouble and of rate limits


class FacebookChannel(Messenger):
    """A Facebook page's inbox."""

    numbers_choices = True

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place below /webhooks/."""
        return "facebook"

    @property
    def on(self) -> bool:
        """Whether the page's token and the app's secret are set."""
        return bool(self._settings.facebook_token)

    def authentic(self, request: Request) -> bool:
        """Whether the request is signed with the app's secret."""
        key = (self._settings.facebook_secret or "").encode()
        expected = f"sha256={hmac.new(key, request.body, hashlib.sha256).hexdigest()}"
        sent = request.headers.get("x-hub-signature-256", "")
        return hmac.compare_digest(sent.encode(), expected.encode())

    def messages(self, request: Request) -> list[Incoming]:
        """All messages and tapped buttons of persons; echoes and receipts are none."""
        events = [e for entry in request.json.get("entry", []) for e in entry.get("messaging", [])]
        return [incoming for event in events if (incoming := self._incoming(event))]

    def _incoming(self, event: dict[str, Any]) -> Optional[Incoming]:
        person, message = event["sender"]["id"], event.get("message") or {}
        if tapped := event.get("postback"):
            number, said = tapped.get("mid") or event["timestamp"], tapped["payload"]
        elif message and not message.get("is_echo"):
            quick = message.get("quick_reply") or {}
            number, said = message["mid"], quick.get("payload") or message.get("text") or ""
        else:
            return None
        return Incoming(f"facebook:{number}", f"facebook-{person}", self.name(), person, said)

    def calls(self, recipient: str, reply: Reply, calendar: Optional[CalendarCopy]) -> list[Call]:
        """One call of the Send API for each piece."""
        headers = {"Authorization": f"Bearer {self._settings.facebook_token}"}
        to = {"recipient": {"id": recipient}, "messaging_type": "RESPONSE"}
        return [
            Call(
                f"{self._settings.facebook_api}/me/messages",
                {"json": {**to, "message": message}},
                headers,
            )
            for message in facebook.messages(reply, calendar.line if calendar else None)
        ]

    def judge(self, body: dict[str, Any]) -> None:
        """Facebook tells of rate limits by a code in the body."""
        error = body.get("error") or {}
        if error.get("code") in _BUSY or error.get("is_transient"):
            raise TryAgain(f"code {error.get('code')}")

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[None]]) -> Blueprint:
        """The webhook, and the question by which Facebook tries it out (called by Rasa)."""
        routes = super().blueprint(on_new_message)

        @routes.get("/webhook")
        async def try_out(request: Request) -> HTTPResponse:
            self.hold_on()
            sent = request.args.get("hub.verify_token", "")
            expected = self._settings.facebook_verify or ""
            if not hmac.compare_digest(sent.encode(), expected.encode()):
                raise SanicException("This is not the verify token.", 403)
            return text(request.args.get("hub.challenge", ""))

        return routes
