"""Measures understanding on a question set: `python -m tests.nlu.evaluation held_out`.

The sets under held_out/ were written apart from the training data, from the guide's statements
alone, and nothing is ever tuned on them. The sets under tuning/ are for choosing between pipelines.
"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bot.logs import prepare_logs

prepare_logs("ERROR")

from bot.agent import CompanionAgent, load_agent  # noqa: E402
from bot.terminal import Conversation  # noqa: E402

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Asked:
    """One message of a set and what the assistant made of it.

    Attributes:
        text: The message.
        wanted: Ids of statements that answer it; empty when it is out of scope.
        intent: The intent that was understood.
        confidence: The classifier's confidence in it.
        kind: The kind of the first reply.
        shown: Ids of the statements that were shown.
    """

    text: str
    wanted: frozenset[str]
    intent: str
    confidence: float
    kind: str
    shown: frozenset[str]

    @property
    def right(self) -> bool:
        """Whether a statement that answers the message was shown."""
        return bool(self.wanted & self.shown)


async def ask_set(agent: CompanionAgent, path: Path) -> list[Asked]:
    """Asks each message of a set in a conversation of its own."""
    asked = []
    for message in YAML(typ="safe").load(path.read_text(encoding="utf-8"))["messages"]:
        turn: dict[str, Any] = await Conversation(agent).say(message["text"])
        asked.append(
            Asked(
                text=message["text"],
                wanted=frozenset(message.get("statements", [])),
                intent=turn["intent"],
                confidence=turn["confidence"],
                kind=turn["replies"][0]["kind"],
                shown=frozenset(s for reply in turn["replies"] for s in reply["statements"]),
            )
        )
    return asked


def share(asked: list[Asked], kind: str) -> float:
    """The share of messages that got a first reply of this kind."""
    return sum(entry.kind == kind for entry in asked) / len(asked)


def right_share(asked: list[Asked]) -> float:
    """The share of in-scope messages that were shown a statement which answers them."""
    return sum(entry.right for entry in asked) / len(asked)


def by_statement(asked: list[Asked]) -> dict[str, tuple[int, int]]:
    """For each statement: how many messages it answers, and how many of these were answered."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for entry in asked:
        for name in entry.wanted:
            counts[name][0] += 1
            counts[name][1] += entry.right
    return {name: (total, right) for name, (total, right) in sorted(counts.items())}


async def _report(name: str) -> None:
    from bot.settings import get_settings

    agent = load_agent(get_settings().model)
    folder = FOLDER / name
    in_scope = await ask_set(agent, folder / "in_scope.yml")
    near = await ask_set(agent, folder / "near_out_of_scope.yml")
    far = await ask_set(agent, folder / "far_out_of_scope.yml")

    for statement, (total, right) in by_statement(in_scope).items():
        print(f"{statement:36} {right:3} of {total:3}")
    print("\nmisses:")
    for entry in in_scope:
        if not entry.right:
            print(f"  {entry.intent} {entry.confidence:.2f} ({entry.kind}): {entry.text}")
    print("\nanswered though out of scope:")
    for entry in near + far:
        if entry.kind == "answer":
            print(f"  {entry.intent} {entry.confidence:.2f}: {entry.text}")
    print(f"\nin scope, right statement shown   {right_share(in_scope):6.1%} of {len(in_scope)}")
    print(f"in scope, asked back              {share(in_scope, 'clarify'):6.1%}")
    print(f"near out of scope, answered       {share(near, 'answer'):6.1%} of {len(near)}")
    print(f"far out of scope, answered        {share(far, 'answer'):6.1%} of {len(far)}")


if __name__ == "__main__":
    asyncio.run(_report(sys.argv[1]))
