"""After an alarm the next messages remember it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.dialogue.aftermath import REMEMBERED
from bot.dialogue.compose import Composer
from bot.dialogue.conversation import Conversation
from bot.dialogue.follow_ups import Context
from bot.guide.catalogue import load_catalogue

CATALOGUE = load_catalogue(Path(__file__).parent.parent.parent / "content")


@pytest.fixture
def conversation() -> Conversation:
    return Conversation(CATALOGUE, Composer(CATALOGUE, retention_days=30))


def parsed(intent: str, **more: Any) -> dict[str, Any]:
    understood = {"name": intent, "confidence": 0.95}
    return {
        "text": "x",
        "intent": understood,
        "intent_ranking": [understood],
        "today": "2026-11-24",
        **more,
    }


def kinds(conversation: Conversation, context: Context, intent: str) -> list[str]:
    return [reply.kind for reply in conversation.answer(parsed(intent), context).replies]


@pytest.mark.parametrize("alarm", ["emergency", "crisis"])
def test_the_next_answers_come_after_a_reminder(conversation: Conversation, alarm: str) -> None:
    context = conversation.answer(parsed(f"report_{alarm}"), Context()).context
    for _ in range(REMEMBERED):
        turn = conversation.answer(parsed("ask_seizures"), context)
        assert [reply.kind for reply in turn.replies] == [alarm, "answer"]
        assert CATALOGUE.clinic.emergency_number in turn.replies[0].text
        context = turn.context
    assert kinds(conversation, context, "ask_seizures") == ["answer"]


@pytest.mark.parametrize("alarm", ["emergency", "crisis"])
@pytest.mark.parametrize("intent", ["deny", "thank_you", "nlu_fallback", "out_of_scope_far"])
def test_nothing_cold_is_said_to_somebody_in_danger(
    conversation: Conversation, alarm: str, intent: str
) -> None:
    context = conversation.answer(parsed(f"report_{alarm}"), Context()).context
    assert kinds(conversation, context, intent) == [alarm]


def test_help_that_has_come_ends_it(conversation: Conversation) -> None:
    context = conversation.answer(parsed("report_emergency"), Context()).context
    safe = conversation.answer(parsed("report_safe"), context)
    assert [reply.kind for reply in safe.replies] == ["smalltalk"]
    assert kinds(conversation, safe.context, "ask_seizures") == ["answer"]


def test_another_language_gets_both(conversation: Conversation) -> None:
    turn = conversation.answer(parsed("report_emergency", language="es"), Context())
    (reply,) = turn.replies
    assert reply.kind == "emergency"
    assert reply.text.startswith("Llame al 112")
    assert "Call 112 now" in reply.text
    assert turn.context.alarm == "emergency"


@pytest.mark.parametrize("code", list(CATALOGUE.languages))
@pytest.mark.parametrize("alarm", ["emergency", "crisis"])
def test_every_language_has_its_numbers(conversation: Conversation, code: str, alarm: str) -> None:
    turn = conversation.answer(parsed(f"report_{alarm}", language=code), Context())
    number = "112" if alarm == "emergency" else "116 123"
    assert number in turn.replies[0].text.partition("\n\n")[0]
