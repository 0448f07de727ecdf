"""Whole turns: what is said to what was understood."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.dialogue.calendar.openings import OPENINGS
from bot.dialogue.compose import Composer
from bot.dialogue.conversation import Conversation
from bot.dialogue.follow_ups import Context
from bot.guide.catalogue import load_catalogue

CATALOGUE = load_catalogue(Path(__file__).parent.parent.parent / "content")
NOTE = CATALOGUE.notes.education


@pytest.fixture
def conversation() -> Conversation:
    return Conversation(CATALOGUE, Composer(CATALOGUE, retention_days=30))


def parsed(
    text: str, intent: str, *parts: dict[str, Any], asks: bool = True, sure: float = 0.95
) -> dict[str, Any]:
    understood = {"name": intent, "confidence": sure}
    return {
        "text": text,
        "intent": understood,
        "intent_ranking": [understood],
        "entities": [],
        "parts": list(parts),
        "asks": asks,
        "today": "2026-11-24",
    }


def test_two_questions_get_two_answers_no_statement_twice(conversation: Conversation) -> None:
    message = parsed(
        "will the fits stop and will the shaking stop",
        "ask_seizures",
        parsed("will the fits stop", "ask_seizures"),
        parsed("will the shaking stop", "ask_abnormal_movements"),
    )
    turn = conversation.answer(message, Context())
    assert len(turn.replies) == 2
    shown = [name for reply in turn.replies for name in reply.statements]
    assert len(shown) == len(set(shown))
    assert turn.context.topic == "ask_abnormal_movements"


INTENTS = sorted(
    {*CATALOGUE.topics, *CATALOGUE.replies, *CATALOGUE.follow_ups, *OPENINGS, "nlu_fallback"}
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(INTENTS), st.floats(0, 1)), min_size=1, max_size=4))
def test_whatever_was_understood_gets_a_reply(readings: list[tuple[str, float]]) -> None:
    whole, *parts = ({**parsed("some words", i, sure=sure), "parts": []} for i, sure in readings)
    conversation = Conversation(CATALOGUE, Composer(CATALOGUE, retention_days=30))
    turn = conversation.answer({**whole, "parts": parts}, Context())
    assert turn.replies


def test_an_injection_told_by_the_way_does_not_hide_the_answer(conversation: Conversation) -> None:
    message = parsed(
        "First one yesterday, today she smiles! Is that the medicine?",
        "ask_first_changes",
        parsed("First one yesterday, today she smiles!", "report_first_injection", asks=False),
        parsed("Is that the medicine?", "ask_first_changes"),
    )
    turn = conversation.answer(message, Context())
    assert [reply.kind for reply in turn.replies] == ["answer"]


def test_the_education_note_comes_once_at_the_end(conversation: Conversation) -> None:
    message = parsed("x", "ask_seizures", parsed("a", "ask_seizures"), parsed("b", "ask_cause"))
    turn = conversation.answer(message, Context())
    assert NOTE not in turn.replies[0].text
    assert turn.replies[1].text.endswith(NOTE)
    again = conversation.answer(parsed("y", "ask_relapse"), turn.context)
    assert NOTE not in again.replies[0].text


def test_say_it_more_simply_repeats_the_answer_in_short_words(conversation: Conversation) -> None:
    first = conversation.answer(parsed("x", "ask_potassium"), Context())
    simpler = conversation.answer(parsed("simpler please", "follow_up_simpler"), first.context)
    assert simpler.replies[0].statements == first.replies[0].statements
    assert CATALOGUE.statements["protocol.potassium"].short in simpler.replies[0].text


def test_said_more_simply_is_the_last_answer_alone(conversation: Conversation) -> None:
    turn = conversation.answer(parsed("x", "ask_seizures"), Context())
    more = conversation.answer(parsed("more", "follow_up_more"), turn.context)
    simpler = conversation.answer(parsed("simpler", "follow_up_simpler"), more.context)
    assert simpler.replies[0].statements == more.replies[0].statements


def test_a_word_nobody_named_means_the_answer_before(conversation: Conversation) -> None:
    first = conversation.answer(parsed("x", "ask_potassium"), Context())
    meant = conversation.answer(parsed("what does that mean", "ask_term_meaning"), first.context)
    assert meant.replies[0].statements == ["protocol.potassium"]


def test_more_goes_on_without_repeating(conversation: Conversation) -> None:
    turn = conversation.answer(parsed("x", "ask_folic_acid"), Context())
    told = set(turn.replies[0].statements)
    for _ in range(2):
        turn = conversation.answer(parsed("more", "follow_up_more"), turn.context)
        assert not told & set(turn.replies[0].statements)
        told |= set(turn.replies[0].statements)


def test_simpler_and_more_of_nothing_are_asked_back(conversation: Conversation) -> None:
    for intent in ("follow_up_simpler", "follow_up_more"):
        turn = conversation.answer(parsed("more", intent), Context())
        assert turn.replies[0].kind in ("smalltalk", "clarify")
        assert turn.replies[0].buttons


def test_beyond_the_guide_the_context_ends(conversation: Conversation) -> None:
    first = conversation.answer(parsed("x", "ask_potassium"), Context())
    beyond = conversation.answer(parsed("y", "out_of_scope_far"), first.context)
    why = conversation.answer(parsed("why?", "follow_up_why"), beyond.context)
    assert why.replies[0].kind == "clarify"


def test_thanks_keep_the_context(conversation: Conversation) -> None:
    first = conversation.answer(parsed("x", "ask_mother_treatment"), Context())
    thanks = conversation.answer(parsed("thanks", "thank_you"), first.context)
    often = conversation.answer(parsed("how often?", "follow_up_how_often"), thanks.context)
    assert "mother.monthly" in often.replies[0].statements


def test_another_language_is_answered_in_it(conversation: Conversation) -> None:
    message = {**parsed("¿se curará mi bebé?", "other_language"), "language": "es"}
    (reply,) = conversation.answer(message, Context()).replies
    assert reply.kind == "out_of_scope"
    assert "inglés" in reply.text
    assert CATALOGUE.clinic.phone in reply.text


def test_ask_your_team_first_goes_with_what_the_guide_says(conversation: Conversation) -> None:
    message = parsed("can we stop now that he is well", "request_treatment_change")
    message["intent_ranking"].append({"name": "ask_stopping_treatment", "confidence": 0.9})
    turn = conversation.answer(message, Context())
    assert [reply.kind for reply in turn.replies] == ["care_team", "answer"]
    assert "prevention.missed_injections" in turn.replies[1].statements


def told_or_wished(text: str, wished: float, *told: tuple[str, float]) -> dict[str, Any]:
    message = parsed(text, "request_treatment_change", sure=wished)
    message["intent_ranking"] = [{"name": name, "confidence": share} for name, share in told]
    return message


def test_what_is_likelier_told_than_wished_is_told(conversation: Conversation) -> None:
    message = told_or_wished(
        "skipped Saturday's, the ward said leave it",
        0.4,
        ("report_injection_missed", 0.55),
        ("report_injection_given", 0.3),
    )
    (reply,) = conversation.answer(message, Context()).replies
    assert reply.kind == "schedule"
    assert "prevention.missed_injections" in reply.statements


def test_what_may_well_be_wished_is_told_with_care(conversation: Conversation) -> None:
    message = told_or_wished("monthly from 12 October", 0.7, ("report_interval", 0.9))
    replies = conversation.answer(message, Context()).replies
    assert [reply.kind for reply in replies] == ["care_team", "schedule"]


@pytest.mark.parametrize(
    ("text", "wished", "told"),
    [
        ("no needle this Wednesday", 0.9, ("report_injection_missed", 0.7)),
        ("can we skip next week, we're on holiday", 0.96, ("request_schedule", 0.98)),
    ],
)
def test_what_is_likelier_wished_or_beyond_doubt_is_a_wish(
    conversation: Conversation, text: str, wished: float, told: tuple[str, float]
) -> None:
    (reply,) = conversation.answer(told_or_wished(text, wished, told), Context()).replies
    assert reply.kind == "care_team"


def test_a_clear_order_to_erase_is_an_errand(conversation: Conversation) -> None:
    turn = conversation.answer(parsed("delete everything", "request_erasure"), Context())
    assert turn.errand == {"erase": True}
    assert turn.replies[0].kind == "privacy"


def test_an_unclear_order_to_erase_is_asked_back(conversation: Conversation) -> None:
    message = parsed("remove it", "request_erasure")
    message["intent"] = {"name": "request_erasure", "confidence": 0.5}
    turn = conversation.answer(message, Context())
    assert turn.errand is None
    assert [button.payload for button in turn.replies[0].buttons] == ["/request_erasure"]


def test_thumbs_stand_on_the_last_answer_and_rate_its_statements(
    conversation: Conversation,
) -> None:
    message = parsed("x", "ask_seizures", parsed("a", "ask_seizures"), parsed("b", "ask_cause"))
    first = conversation.answer(message, Context())
    thumbs = [
        [button.payload for button in reply.buttons if "feedback" in button.payload]
        for reply in first.replies
    ]
    assert thumbs == [[], ["/feedback_helpful", "/feedback_unhelpful"]]
    rated = conversation.answer(parsed("no help", "feedback_unhelpful"), first.context)
    assert rated.errand == {"helpful": False, "statements": first.replies[1].statements}
    after = conversation.answer(parsed("and how often", "ask_potassium"), rated.context)
    assert after.replies[0].kind == "answer"
    assert after.errand is None


def test_a_thumb_without_an_answer_rates_nothing(conversation: Conversation) -> None:
    assert conversation.answer(parsed("great", "feedback_helpful"), Context()).errand is None


def test_what_is_stored_is_told_with_its_number(conversation: Conversation) -> None:
    message = parsed("what do you store", "ask_privacy") | {"stored_messages": 7}
    assert "7 of your messages" in conversation.answer(message, Context()).replies[0].text


@pytest.mark.parametrize(
    ("channel", "told"),
    [("telegram", True), ("twilio", True), ("web", False), ("rest", False), (None, False)],
)
def test_on_a_messenger_its_company_can_read_along(
    conversation: Conversation, channel: str | None, told: bool
) -> None:
    message = parsed("what do you store", "ask_privacy") | {"channel": channel}
    text = conversation.answer(message, Context()).replies[0].text
    assert ("company" in text) is told
