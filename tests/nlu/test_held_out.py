"""The held-out sets stay above their floors, on the trained model."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.nlu.evaluation import FOLDER, ask_set, right_share, share

pytestmark = pytest.mark.model


def _asked(name: str, agent: Any, loop: asyncio.AbstractEventLoop) -> Any:
    return loop.run_until_complete(ask_set(agent, FOLDER / "held_out" / f"{name}.yml"))


def test_the_right_statement_is_shown(agent: Any, loop: asyncio.AbstractEventLoop) -> None:
    asked = _asked("in_scope", agent, loop)
    assert len(asked) >= 250
    misses = [f"{entry.intent}: {entry.text}" for entry in asked if not entry.right]
    assert right_share(asked) >= 0.92, misses


def test_near_misses_are_left_alone(agent: Any, loop: asyncio.AbstractEventLoop) -> None:
    asked = _asked("near_out_of_scope", agent, loop)
    assert share(asked, "answer") <= 0.15


def test_foreign_matters_are_left_alone(agent: Any, loop: asyncio.AbstractEventLoop) -> None:
    asked = _asked("far_out_of_scope", agent, loop)
    assert share(asked, "answer") <= 0.05


def test_every_topic_understands_its_own_question(
    agent: Any, loop: asyncio.AbstractEventLoop
) -> None:
    from bot.guide.catalogue import load_catalogue
    from bot.settings import get_settings
    from bot.terminal import Conversation

    catalogue = load_catalogue(get_settings().content)
    lost = []
    for topic in catalogue.topics.values():
        turn = loop.run_until_complete(Conversation(agent).say(topic.question))
        shown = {name for reply in turn["replies"] for name in reply["statements"]}
        if topic.statements[0] not in shown:
            lost.append(f"{topic.question} -> {turn['intent']}")
    assert lost == []
