"""Telegram. Rasa's own connector trusts whoever posts, and answers edited messages and groups."""

from __future__ import annotations

import hmac
from typing import Any, Optional

import aiohttp
from sanic.request import Request
from sanic.response import HTTPResponse, empty, json

from bot.channels.messengers.messenger import CalendarCopy, Call, Messenger
from bot.channels.renderers import telegram
from bot.dialogue.reply import Reply
from bot.store.inbox import Incoming

# A message without text that a person sends; it is answered that only words can be read.
_WORDLESS = ("photo", "voice", "audio", "video", "video_note", "sticker", "document", "location")


class TelegramChannel(Messenger):
    """A Telegram bot in private chats."""

    @classmethod
    def name(cls) -> str:
        """The channel's name, and its place below /webhooks/."""
        return "telegram"

    @property
    def on(self) -> bool:
        """Whether token and secret are set."""
        return bool(self._settings.telegram_token)

    def authentic(self, request: Request) -> bool:
        """Whether the request carries the secret that `setWebhook` was given."""
        sent = request.headers.get("x-telegram-bot-api-secret-token", "")
        return hmac.compare_digest(sent.encode(), (self._settings.telegram_secret or "").encode())

    def messages(self, request: Request) -> list[Incoming]:
        """The message or tapped button of a person in a private chat; edits are none."""
        update: dict[str, Any] = request.json
        tapped = update.get("callback_query") or {}
        message = tapped.get("message") or update.get("message") or {}
        sender, chat = tapped.get("from") or message.get("from") or {}, message.get("chat") or {}
        if chat.get("type") != "private" or sender.get("is_bot", True):
            return []
        text = tapped.get("data") or message.get("text") or message.get("caption")
        if text is None:
            if not any(kind in message for kind in _WORDLESS):
                return []
            text = ""
        if text.startswith("/start") and not tapped:
            text = "hello"  # what Telegram sends when a person opens the chat
        who = str(chat["id"])
        number = f"telegram:{update['update_id']}"
        return [Incoming(number, f"telegram-{who}", self.name(), who, text)]

    def receipt(self, request: Request) -> HTTPResponse:
        """Ends the waiting sign on a tapped button."""
        if tapped := request.json.get("callback_query"):
            return json({"method": "answerCallbackQuery", "callback_query_id": tapped["id"]})
        return empty(200)

    def calls(self, recipient: str, reply: Reply, calendar: Optional[CalendarCopy]) -> list[Call]:
        """One `sendMessage` for each piece, and `sendDocument` with the calendar."""
        base = f"{self._settings.telegram_api}/bot{self._settings.telegram_token}"
        calls = [
            Call(f"{base}/sendMessage", {"json": {"chat_id": int(recipient), **body}})
            for body in telegram.messages(reply)
        ]
        if calendar and calendar.file:
            form = aiohttp.FormData()
            form.add_field("chat_id", recipient)
            form.add_field("caption", calendar.caption)
            form.add_field(
                "document", calendar.file, filename="b12-calendar.ics", content_type="text/calendar"
            )
            calls.append(Call(f"{base}/sendDocument", {"data": form}))
        return calls

    def wait_asked(self, body: dict[str, Any]) -> Optional[float]:
        """Telegram names the seconds in the body."""
        wait = (body.get("parameters") or {}).get("retry_after")
        return None if wait is None else float(wait)
