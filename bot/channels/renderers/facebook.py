"""Facebook Messenger: plain text and quick replies, which are short.

Limits: 2000 characters a message, 13 quick replies, 20 characters of title, 1000 of payload. Where
a question is longer than a title, it stands in the text with its number, which opens the title.
"""

from __future__ import annotations

from typing import Any, Optional

from bot.channels.renderers.text import buttons_of, numbered, pieces, shortened, units
from bot.dialogue.reply import Reply

LONGEST_TEXT = 2000
LONGEST_TITLE = 20


def messages(reply: Reply, calendar: Optional[str] = None) -> list[dict[str, Any]]:
    """The `message` objects of the Send API, without the recipient.

    Args:
        reply: The reply.
        calendar: The line that leads to the calendar's file.
    """
    buttons = buttons_of(reply)
    titles = [button.title for button in buttons]
    choices = ""
    if any(units(title) > LONGEST_TITLE for title in titles):
        choices = numbered(buttons)
        titles = [f"{place} {title}" for place, title in enumerate(titles, start=1)]
    text = "\n\n".join(part for part in (reply.text, calendar, choices) if part)
    sent: list[dict[str, Any]] = [{"text": piece} for piece in pieces(text, LONGEST_TEXT)]
    if buttons:
        sent[-1]["quick_replies"] = [
            {
                "content_type": "text",
                "title": shortened(title, LONGEST_TITLE),
                "payload": button.payload,
            }
            for title, button in zip(titles, buttons, strict=True)
        ]
    return sent
