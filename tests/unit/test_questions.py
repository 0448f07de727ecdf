"""Which questions a message asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.dialogue.questions import Questions
from bot.dialogue.reading import Reading
from bot.guide.catalogue import load_catalogue

CATALOGUE = load_catalogue(Path(__file__).parent.parent.parent / "content")
STORY = "word " * 150


@pytest.fixture
def questions() -> Questions:
    return Questions(CATALOGUE)


def read(intent: str, confidence: float = 0.9, text: str = "", asks: bool = True) -> Reading:
    likelihoods = ((intent, confidence),) if intent.startswith(("ask_", "follow_")) else ()
    return Reading(text, intent, confidence, likelihoods, asks=asks)


def test_a_single_clause_is_read_whole(questions: Questions) -> None:
    whole = read("ask_seizures")
    assert questions.asked(whole, []) == [whole]


def test_two_questions_are_answered_in_the_order_asked(questions: Questions) -> None:
    parts = [read("ask_potassium"), read("ask_seizures")]
    asked = questions.asked(read("ask_seizures"), parts)
    assert [entry.intent for entry in asked] == ["ask_potassium", "ask_seizures"]


def test_at_most_three_and_each_topic_once(questions: Questions) -> None:
    names = ["ask_potassium", "ask_seizures", "ask_potassium", "ask_cause", "ask_relapse"]
    asked = questions.asked(read("ask_seizures"), [read(name) for name in names])
    assert [entry.intent for entry in asked] == ["ask_potassium", "ask_seizures", "ask_cause"]


def test_thanks_beside_questions_are_passed_over(questions: Questions) -> None:
    parts = [read("ask_potassium"), read("thank_you"), read("ask_cause")]
    asked = questions.asked(read("ask_potassium"), parts)
    assert [entry.intent for entry in asked] == ["ask_potassium", "ask_cause"]


def test_what_was_told_says_what_the_question_is_about(questions: Questions) -> None:
    parts = [read("ask_brain_scan", asks=False), read("follow_up_goes_away"), read("ask_cause")]
    asked = questions.asked(read("ask_brain_scan"), parts)
    assert asked[0].intent == "follow_up_goes_away"
    assert asked[0].about == "ask_brain_scan"


def test_a_story_gets_its_question_answered_and_not_its_keywords(questions: Questions) -> None:
    parts = [
        read("ask_seizures", asks=False),
        read("out_of_scope_near", asks=False),
        read("ask_relapse"),
        read("ask_blood_counts", asks=False),
    ]
    asked = questions.asked(read("ask_seizures", 0.6, STORY), parts)
    assert [entry.intent for entry in asked] == ["ask_relapse"]


def test_an_alarm_comes_before_everything(questions: Questions) -> None:
    parts = [read("ask_relapse"), read("report_emergency", asks=False)]
    asked = questions.asked(read("ask_relapse", 0.6), parts)
    assert [entry.intent for entry in asked] == ["report_emergency"]


def test_an_alarm_in_a_story_is_seen_when_it_is_beyond_doubt(questions: Questions) -> None:
    whole = read("ask_relapse", 0.4, STORY)
    alarm = [read("ask_relapse"), read("report_emergency", 0.99)]
    asked = questions.asked(whole, alarm)
    assert [entry.intent for entry in asked] == ["report_emergency", "ask_relapse"]
    told = [read("ask_relapse"), read("report_emergency", 0.8, asks=False)]
    assert questions.asked(whole, told)[0].intent == "ask_relapse"


def test_a_story_that_alarms_as_a_whole_gets_its_question_answered_too(
    questions: Questions,
) -> None:
    parts = [read("ask_relapse"), read("report_emergency", 0.8, asks=False)]
    asked = questions.asked(read("report_emergency", 0.3, STORY), parts)
    assert [entry.intent for entry in asked] == ["report_emergency", "ask_relapse"]


def test_a_message_beyond_the_guide_is_not_answered_by_its_last_words(
    questions: Questions,
) -> None:
    parts = [read("out_of_scope_near", asks=False), read("follow_up_what_to_do")]
    asked = questions.asked(read("out_of_scope_near", text="colic all evening, what helps"), parts)
    assert [entry.intent for entry in asked] == ["out_of_scope_near"]


def test_a_question_next_to_one_beyond_the_guide_is_answered(questions: Questions) -> None:
    parts = [read("out_of_scope_near"), read("ask_relapse"), read("ask_cause")]
    asked = questions.asked(read("out_of_scope_near"), parts)
    assert [entry.intent for entry in asked] == ["ask_relapse", "ask_cause"]
