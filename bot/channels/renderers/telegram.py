"""Telegram: plain text, which needs no escaping, and an inline keyboard.

Limits of the Bot API: 4096 characters a message, 64 bytes of data a button.
"""

from __future__ import annotations

from typing import Any

from bot.channels.renderers.text import buttons_of, pieces
from bot.dialogue.reply import Reply

LONGEST_TEXT = 4096


def messages(reply: Reply) -> list[dict[str, Any]]:
    """The bodies of `sendMessage`, without the chat."""
    sent: list[dict[str, Any]] = [{"text": piece} for piece in pieces(reply.text, LONGEST_TEXT)]
    if buttons := buttons_of(reply):
        # One a row: the titles are questions.
        keys = [[{"text": b.title, "callback_data": b.payload}] for b in buttons]
        sent[-1]["reply_markup"] = {"inline_keyboard": keys}
    return sent
