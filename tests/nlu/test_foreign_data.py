"""The pipeline on training data that has nothing to do with this project."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.model

PIZZA = {
    "order": [
        "I want a pizza", "one margherita please", "can I order two large ones", "let me order",
        "a calzone for me", "give me a pepperoni pizza", "order a small pizza", "four pizzas",
    ],
    "hours": [
        "when do you open", "are you open on sunday", "opening hours", "until when are you open",
        "what time do you close", "do you close at noon", "is the shop open now", "hours please",
    ],
    "delivery": [
        "do you deliver", "how long does delivery take", "can you bring it to my house",
        "where is my order", "is delivery free", "delivery to the station", "when will it arrive",
        "what does delivery cost",
    ],
    "pay": [
        "can I pay by card", "do you take cash", "is paypal fine", "I want to pay",
        "how can I pay", "card payment", "which cards do you accept", "paying with coins",
    ],
}  # fmt: skip


def _train(folder: Path, data: dict[str, list[str]], loop: Any) -> Any:
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    lines = ['version: "3.1"', "nlu:"]
    for intent, examples in data.items():
        lines += [f"- intent: {intent}", "  examples: |", *(f"    - {text}" for text in examples)]
    (folder / "nlu.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    model = train_nlu("config.yml", str(folder), str(folder / "models"))
    agent = Agent.load(model)
    return lambda text: loop.run_until_complete(agent.parse_message(text))


def test_intents_of_a_pizza_shop(tmp_path: Path, loop: asyncio.AbstractEventLoop) -> None:
    ask = _train(tmp_path, PIZZA, loop)
    assert ask("could I get a large pizza")["intent"]["name"] == "order"
    assert ask("at what time do you open tomorrow")["intent"]["name"] == "hours"
    asked = ask("do you deliver and can I pay by card?")
    assert [part["intent"]["name"] for part in asked["parts"]] == ["delivery", "pay"]
    # Nothing stands for what is not known, and still it is told apart.
    beyond = ask("who painted the ceiling of that chapel in Rome")
    assert beyond["scope_score"] < ask("do you take cash")["scope_score"]
    assert beyond["intent"]["name"] == "nlu_fallback"


@pytest.mark.parametrize(
    "data",
    [
        {"order": PIZZA["order"], "hours": PIZZA["hours"]},
        {"order": PIZZA["order"], "hours": ["when do you open"], "pay": ["can I pay"]},
        {"order": ["I want a pizza"], "hours": ["when do you open"]},
    ],
    ids=["two intents", "two intents of one example", "one example each"],
)
def test_poor_data_still_train(
    data: dict[str, list[str]], tmp_path: Path, loop: asyncio.AbstractEventLoop
) -> None:
    ask = _train(tmp_path, data, loop)
    assert ask("I want a pizza please")["intent_ranking"][0]["confidence"] > 0
