"""Conversations without a server: in the terminal, or many at once from a file."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from rasa.core.channels.channel import UserMessage

from bot.agent import CompanionAgent, load_agent
from bot.channels.collector import ReplyCollector


class Conversation:
    """One conversation with the assistant, over the same model, rules and actions as the server.

    Args:
        agent: The agent with its model.
        today: The date the conversation takes place on, as ISO text; the clock's when None. May be
            changed as it goes on.
        channel: The name of the channel that it is held as on; the terminal when None.
    """

    def __init__(
        self, agent: CompanionAgent, today: str | None = None, channel: str | None = None
    ) -> None:
        self._agent = agent
        self._id = uuid.uuid4().hex
        self._channel = channel
        self.today = today

    async def say(self, text: str) -> dict[str, Any]:
        """Sends a message.

        Returns:
            The turn: `user`, `intent`, `confidence`, `replies` (a list of REPLY).
        """
        collector = ReplyCollector()
        metadata = {"today": self.today} if self.today else None
        await self._agent.handle_message(
            UserMessage(text, collector, self._id, input_channel=self._channel, metadata=metadata)
        )
        tracker = await self._agent.tracker_store.get_or_create_tracker(self._id)
        intent = tracker.latest_message.intent if tracker.latest_message else {}
        return {
            "user": text,
            "intent": intent.get("name"),
            "confidence": round(float(intent.get("confidence") or 0.0), 4),
            "replies": collector.replies,
        }


async def chat(model: Path) -> None:
    """Talks in the terminal until the input ends; a button is tapped by typing its number."""
    conversation = Conversation(load_agent(model))
    print("Ask a question, or type the number of a suggestion. Ctrl-D ends the chat.\n")
    buttons: list[dict[str, str]] = []
    while True:
        try:
            typed = input("you> ").strip()
        except EOFError:
            print()
            return
        choice = int(typed) if typed.isdecimal() else 0
        text = buttons[choice - 1]["payload"] if 0 < choice <= len(buttons) else typed
        turn = await conversation.say(text)
        buttons = []
        for reply in turn["replies"]:
            print(f"\n{reply['text']}\n")
            buttons += reply["buttons"]
        for number, button in enumerate(buttons, start=1):
            print(f"  {number}. {button['title']}")
        print()
