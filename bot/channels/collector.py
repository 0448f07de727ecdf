"""An output channel that gathers replies whole, as REPLY."""

from __future__ import annotations

from typing import Any

from rasa.core.channels.channel import OutputChannel

from bot.dialogue.reply import Reply


class ReplyCollector(OutputChannel):
    """Gathers the replies to one message; Rasa's own channels would cut texts at blank lines."""

    def __init__(self) -> None:
        self.replies: list[dict[str, Any]] = []

    @classmethod
    def name(cls) -> str:
        """The channel's name in the tracker."""
        return "web"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keeps one reply."""
        self.replies.append(reply_of(message))


def reply_of(message: dict[str, Any]) -> dict[str, Any]:
    """The REPLY in a bot event's metadata or message."""
    return {name: message[name] for name in Reply.__fields__}
