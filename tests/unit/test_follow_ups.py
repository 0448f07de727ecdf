"""What a follow-up means after the answer before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.dialogue.follow_ups import Context, FollowUps
from bot.dialogue.reading import Reading
from bot.guide.catalogue import load_catalogue

CATALOGUE = load_catalogue(Path(__file__).parent.parent.parent / "content")


@pytest.fixture
def follow_ups() -> FollowUps:
    return FollowUps(CATALOGUE)


def read(text: str, **likelihoods: float) -> Reading:
    ordered = tuple(sorted(likelihoods.items(), key=lambda entry: -entry[1]))
    return Reading(text, ordered[0][0], ordered[0][1], ordered)


@pytest.mark.parametrize(
    ("said", "intent", "before", "meant"),
    [
        ("and for me?", "follow_up_for_mother", "ask_first_injections", "ask_mother_injections"),
        ("and the baby?", "follow_up_for_baby", "ask_mother_injections", "ask_medicine_and_dose"),
        ("how often?", "follow_up_how_often", "ask_mother_treatment", "ask_mother_injections"),
        ("how often?", "follow_up_how_often", "ask_treatment_plan", "ask_first_injections"),
        ("how long?", "follow_up_how_long", "ask_maintenance_interval", "ask_lifelong_treatment"),
        ("why?", "follow_up_why", "ask_potassium", "ask_potassium"),
        ("and if not?", "follow_up_if_not", "ask_lifelong_treatment", "ask_stopping_treatment"),
        ("is that dangerous?", "follow_up_danger", "ask_potassium", "ask_potassium"),
    ],
)  # fmt: skip
def test_a_follow_up_leans_on_the_last_topic(
    follow_ups: FollowUps, said: str, intent: str, before: str, meant: str
) -> None:
    reading = read(said, **{intent: 0.95})
    assert follow_ups.in_context(reading, Context(before)).intent == meant


def test_without_context_it_is_asked_back(follow_ups: FollowUps) -> None:
    reading = read("how often?", follow_up_how_often=0.95)
    assert follow_ups.in_context(reading, Context()).intent == "nlu_fallback"


def test_a_question_with_a_topic_of_its_own_stands_for_itself(follow_ups: FollowUps) -> None:
    reading = read("why potassium?", ask_potassium=0.9, follow_up_why=0.1)
    assert follow_ups.in_context(reading, Context("ask_seizures")).intent == "ask_potassium"


def test_doubtful_short_words_stay_near_the_topic(follow_ups: FollowUps) -> None:
    reading = read("what could they find?", ask_signs=0.3, ask_brain_scan=0.1)
    assert follow_ups.in_context(reading, Context("ask_brain_scan")).intent == "ask_brain_scan"


def test_what_was_told_in_the_same_breath_counts_more(follow_ups: FollowUps) -> None:
    reading = Reading(
        "does it go away?",
        "follow_up_goes_away",
        0.9,
        (("follow_up_goes_away", 0.9),),
        about="ask_brain_scan",
    )
    assert follow_ups.in_context(reading, Context("ask_seizures")).intent == "ask_brain_scan"


def test_an_alarm_never_leans(follow_ups: FollowUps) -> None:
    reading = read("he is limp", report_emergency=0.4, ask_muscle_tone=0.3)
    assert follow_ups.in_context(reading, Context("ask_muscle_tone")).intent == "report_emergency"


@pytest.mark.parametrize("intent", [name for name in CATALOGUE.follow_ups if "_si" not in name])
@pytest.mark.parametrize("before", CATALOGUE.topics)
def test_every_follow_up_leads_somewhere_after_every_topic(intent: str, before: str) -> None:
    assert CATALOGUE.follow_ups[intent].topic_after(before) in CATALOGUE.topics
