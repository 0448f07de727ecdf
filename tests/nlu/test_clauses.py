"""How a message is cut into its questions."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.model  # imports spaCy


@pytest.fixture(scope="module")
def clauses_of() -> Any:
    from bot.nlu.clauses import clauses_of

    return clauses_of


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Will he be well? And do I need jabs?", ["Will he be well?", "do I need jabs?"]),
        ("how often are the shots and do I need one", ["how often are the shots", "do I need one"]),
        ("is it curable, will she walk", ["is it curable", "will she walk"]),
        ("will he recover do i need shots too", ["will he recover", "do i need shots too"]),
        ("how long will he need it", ["how long will he need it"]),
        ("what if we miss one and how bad is it", ["what if we miss one", "how bad is it"]),
        ("1) is it forever 2) what about me", ["1) is it forever 2)", "what about me"]),
        ("how often does she need it, and for me?", ["how often does she need it", "for me?"]),
    ],
)
def test_questions_come_apart(clauses_of: Any, text: str, clauses: list[str]) -> None:
    assert [clause.text for clause in clauses_of(text)] == clauses


@pytest.mark.parametrize(
    "text",
    [
        "She had a fit on Monday.",
        "When my wife came home, I was at sea.",
        "My mother, who was a nurse, means well.",
        "He has had four so far.",
    ],
)
def test_telling_is_not_asking(clauses_of: Any, text: str) -> None:
    assert not any(clause.asks for clause in clauses_of(text))


@pytest.mark.parametrize(
    "text",
    [
        "will it stop",
        "Forever?",
        "I just want to know if it stays",
        "what about the milk",
        "why me",
    ],
)
def test_questions_are_seen_without_a_question_mark(clauses_of: Any, text: str) -> None:
    assert clauses_of(text)[-1].asks


@pytest.mark.parametrize("text", ["", "   ", "...", "?!", "\n\n", "👶", "a" * 2000])
def test_nothing_breaks_it(clauses_of: Any, text: str) -> None:
    assert isinstance(clauses_of(text), list)
