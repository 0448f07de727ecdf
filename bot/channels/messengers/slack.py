"""Slack, in direct messages. Rasa's own connector checks signatures, but answers retries again."""

from __future__ import annotations

import html
import json as jsonlib
import re
from typing import Any, Optional

from sanic.request import Request
from sanic.response import HTTPResponse, empty, json
from slack_sdk.signature import SignatureVerifier

from bot.channels.messengers.messenger import CalendarCopy, Call, Messenger, Refused, TryAgain
from bot.channels.renderers import slack
from bot.dialogue.reply import Reply
from bot.store.inbox import Incoming

_LINK = re.compile(r"<(?:[^|>]+\|)?([^>]+)>")  # Slack writes addresses as <address|shown>
_PASSING = ("ratelimited", "internal_error", "fatal_error", "service_unavailable")


class SlackChannel(Messenger):
    """A Slack app in direct messages."""

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place below /webhooks/."""
        return "slack"

    @property
    def on(self) -> bool:
        """Whether token and signing secret are set."""
        return bool(self._settings.slack_token)

    def authentic(self, request: Request) -> bool:
        """Whether Slack has signed the request within the last five minutes."""
        stamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        if not stamp.isdecimal():
            return False
        verifier = SignatureVerifier(self._settings.slack_signing_secret or "")
        return bool(verifier.is_valid(request.body, stamp, signature))

    def messages(self, request: Request) -> list[Incoming]:
        """The direct message, or tapped button, of a person."""
        body = self._body(request)
        if body.get("type") == "block_actions":
            (action, *_), person = body["actions"], body["user"]["id"]
            number = f"slack:{person}:{action['action_ts']}"
            return [self._incoming(number, person, body["channel"]["id"], action["value"])]
        event = body.get("event") or {}
        of_a_person = event.get("channel_type") == "im" and event.get("user")
        if event.get("type") != "message" or not of_a_person or event.get("bot_id"):
            return []
        if event.get("subtype") not in (None, "file_share"):
            return []  # an edit, a deletion, a notice
        text = html.unescape(_LINK.sub(r"\1", event.get("text") or ""))
        number = f"slack:{body['event_id']}"
        return [self._incoming(number, event["user"], event["channel"], text)]

    def receipt(self, request: Request) -> HTTPResponse:
        """Repeats the challenge by which Slack tries out an address."""
        challenge = self._body(request).get("challenge")
        return json({"challenge": challenge}) if challenge else empty(200)

    def calls(self, recipient: str, reply: Reply, calendar: Optional[CalendarCopy]) -> list[Call]:
        """One `chat.postMessage`."""
        headers = {"Authorization": f"Bearer {self._settings.slack_token}"}
        return [
            Call(
                f"{self._settings.slack_api}/chat.postMessage",
                {"json": {"channel": recipient, **body}},
                headers,
            )
            for body in slack.messages(reply, calendar.line if calendar else None)
        ]

    def judge(self, body: dict[str, Any]) -> None:
        """Slack says `ok: false` with status 200."""
        if not body.get("ok", True):
            error = str(body.get("error"))
            raise TryAgain(error) if error in _PASSING else Refused(error)

    def _incoming(self, number: str, person: str, place: str, text: str) -> Incoming:
        return Incoming(number, f"slack-{person}", self.name(), place, text)

    def _body(self, request: Request) -> dict[str, Any]:
        tapped = request.form.get("payload")
        body: dict[str, Any] = jsonlib.loads(tapped) if tapped else request.json
        return body
