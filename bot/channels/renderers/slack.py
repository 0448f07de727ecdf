"""Slack: Block Kit, the text escaped and free of formatting.

Limits: 3000 characters a section, 50 blocks a message, 75 characters a button, 25 buttons a block.
"""

from __future__ import annotations

from typing import Any, Optional

from bot.channels.renderers.text import buttons_of, pieces, shortened, units
from bot.dialogue.reply import Reply

LONGEST_SECTION = 3000
LONGEST_BUTTON = 75


def escaped(text: str) -> str:
    """The text with the three characters that mean something in Slack written as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def messages(reply: Reply, calendar: Optional[str] = None) -> list[dict[str, Any]]:
    """The one body of `chat.postMessage`, without the channel.

    Args:
        reply: The reply.
        calendar: The line that leads to the calendar's file.
    """
    text = "\n\n".join(part for part in (reply.text, calendar) if part)
    sections = list(pieces(text, LONGEST_SECTION, lambda piece: units(escaped(piece))))
    blocks: list[dict[str, Any]] = [
        # Not mrkdwn, in which a * or _ would format.
        {"type": "section", "text": {"type": "plain_text", "text": escaped(piece), "emoji": False}}
        for piece in sections
    ]
    if buttons := buttons_of(reply):
        elements = [
            {
                "type": "button",
                "action_id": f"choice-{place}",
                "text": {"type": "plain_text", "text": shortened(b.title, LONGEST_BUTTON)},
                "value": b.payload,
            }
            for place, b in enumerate(buttons)
        ]
        blocks.append({"type": "actions", "elements": elements})
    # The text is what notifications and screen readers get.
    return [{"text": escaped(sections[0]), "mrkdwn": False, "blocks": blocks}]
