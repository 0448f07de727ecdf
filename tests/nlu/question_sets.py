"""The question sets, and what the assistant makes of them.

The sets under held_out/ were written apart from the training data, from the guide's statements
alone, and nothing is ever tuned on them. The sets under tuning/ are for choosing between ways to do
it. Each is a list of `messages`: with `text`, or with `turns` of which the last one counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bot.agent import CompanionAgent
from bot.terminal import Conversation

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Asked:
    """One message of a set and what the assistant made of it.

    Attributes:
        said: The message, or the turns that led to it and the message.
        wanted: For each question in it, ids of statements that answer it; empty out of scope.
        intent: The intent that was understood of the whole message.
        confidence: The classifier's confidence in it.
        kinds: The kinds of the replies.
        shown: Ids of the statements that were shown.
    """

    said: tuple[str, ...]
    wanted: tuple[frozenset[str], ...]
    intent: str
    confidence: float
    kinds: tuple[str, ...]
    shown: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether each question was shown a statement that answers it."""
        return all(wanted & set(self.shown) for wanted in self.wanted)

    @property
    def alarmed(self) -> bool:
        """Whether an emergency or a crisis was seen in it."""
        return not {"emergency", "crisis"}.isdisjoint(self.kinds)

    @property
    def answered(self) -> bool:
        """Whether anything was answered from the guide."""
        return "answer" in self.kinds


def read_set(folder: str, name: str) -> list[dict[str, Any]]:
    """The messages of a set such as `held_out`, `in_scope`."""
    path = FOLDER / folder / f"{name}.yml"
    messages: list[dict[str, Any]] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))[
        "messages"
    ]
    return messages


async def ask_all(agent: CompanionAgent, messages: Iterable[dict[str, Any]]) -> list[Asked]:
    """Asks each message in a conversation of its own."""
    return [await _ask(agent, message) for message in messages]


async def _ask(agent: CompanionAgent, message: dict[str, Any]) -> Asked:
    turns = message.get("turns") or [message["text"]]
    conversation = Conversation(agent)
    for text in turns:
        turn = await conversation.say(text)
    questions = message.get("questions")
    if questions is None:
        questions = [message["statements"]] if "statements" in message else []
    return Asked(
        said=tuple(turns),
        wanted=tuple(frozenset(ids) for ids in questions),
        intent=turn["intent"],
        confidence=turn["confidence"],
        kinds=tuple(reply["kind"] for reply in turn["replies"]),
        shown=tuple(name for reply in turn["replies"] for name in reply["statements"]),
    )
