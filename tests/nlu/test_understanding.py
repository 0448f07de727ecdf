"""The floors of understanding, or what was reached of them (goals.py), on the trained model."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from tests.nlu.goals import GOALS

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def evaluated(agent: Any, loop: asyncio.AbstractEventLoop) -> Any:
    from tests.nlu.evaluation import evaluate

    return loop.run_until_complete(evaluate(agent, "held_out"))


@pytest.mark.parametrize("figure", [name for name in GOALS if name != "training"])
def test_what_was_reached_is_kept(figure: str, evaluated: Any) -> None:
    assert GOALS[figure].keeps_up(evaluated.figures[figure]), (
        f"{GOALS[figure].what}: {evaluated.figures[figure]:.1f} {GOALS[figure].unit}"
    )


def test_training_is_quick() -> None:
    from tests.nlu.evaluation import training_seconds

    # One of three: something else may have kept the machine busy.
    assert any(GOALS["training"].keeps_up(training_seconds()) for _ in range(3))


FIGURE = re.compile(r"\d+\.\d+(?:e-\d+)?")


def test_messages_read_at_the_same_time_are_read_as_one_by_one(
    agent: Any, loop: asyncio.AbstractEventLoop
) -> None:
    from rasa.core.channels.channel import UserMessage

    from tests.nlu.question_sets import read_set

    async def read(text: str) -> str:
        return json.dumps(await agent.processor.parse_message(UserMessage(text)))

    async def together(texts: list[str]) -> list[str]:
        return await asyncio.gather(*map(read, texts))

    sets = ("in_scope", "two_questions", "emergencies", "long_stories")
    texts = [message["text"] for name in sets for message in read_set("tuning", name)[:60]]
    in_company = loop.run_until_complete(together(texts))
    for text, found in zip(texts, in_company, strict=True):
        alone = loop.run_until_complete(read(text))
        assert FIGURE.sub("", found) == FIGURE.sub("", alone), text
        figures = ([float(figure) for figure in FIGURE.findall(one)] for one in (found, alone))
        assert next(figures) == pytest.approx(next(figures), abs=0.001), text


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("in_scope", 300),
        ("near_out_of_scope", 250),
        ("far_out_of_scope", 100),
        ("two_questions", 60),
        ("long_stories", 40),
        ("follow_ups", 60),
        ("typing_errors", 100),
        ("emergencies", 150),
        ("crises", 60),
        ("care_team_wishes", 100),
        ("calm_look_alikes", 150),
        ("foreign_emergencies", 150),
        ("calendar_matters", 200),
    ],
)
def test_the_sets_are_large_enough(name: str, least: int) -> None:
    from tests.nlu.question_sets import read_set

    assert len(read_set("held_out", name)) >= least


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


def test_other_languages_are_recognised_and_english_is_left_alone() -> None:
    from bot.guide.catalogue import load_catalogue
    from bot.nlu.language import LanguageRecogniser
    from bot.settings import get_settings
    from tests.nlu.question_sets import read_set

    catalogue = load_catalogue(get_settings().content)
    recogniser = LanguageRecogniser(catalogue.languages.values(), catalogue.danger_signs)
    messages = read_set("tuning", "languages")
    foreign = [m for m in messages if m["language"] != "en"]
    found = [m for m in foreign if recogniser.foreign(m["text"]) == m["language"]]
    assert len(found) / len(foreign) >= 0.88
    english = [m["text"] for m in messages if m["language"] == "en"]
    assert len([text for text in english if recogniser.foreign(text)]) <= 2
    for name in ("in_scope", "near_out_of_scope", "far_out_of_scope"):
        for message in read_set("held_out", name):
            assert recogniser.foreign(message["text"]) is None, message["text"]
