"""What the assistant says to an intent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.dialogue.compose import Composer
from bot.guide.catalogue import Catalogue, load_catalogue
from bot.guide.models import Topic

CATALOGUE = load_catalogue(Path(__file__).parent.parent.parent / "content")
TOPICS = list(CATALOGUE.topics.values())
NOTE = CATALOGUE.notes.education


@pytest.fixture
def catalogue() -> Catalogue:
    return CATALOGUE


@pytest.fixture
def composer(catalogue: Catalogue) -> Composer:
    return Composer(catalogue, retention_days=30)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.intent)
def test_an_answer_shows_its_statements_and_nothing_else(composer: Composer, topic: Topic) -> None:
    reply = composer.answer(topic.intent)
    composer.add_note(reply)
    assert reply.kind == "answer"
    assert reply.text.startswith(topic.lead)
    assert reply.statements == list(topic.statements)
    for name in topic.statements:
        assert CATALOGUE.statements[name].cited in reply.text
    assert reply.references == sorted({int(n) for n in re.findall(r"\[(\d+)\]", reply.text)})
    assert 2 <= len(reply.buttons) <= 3
    assert len(reply.text.split()) <= 120 + reply.text.count("•")


def test_the_note_comes_only_when_asked_for(composer: Composer) -> None:
    reply = composer.answer("ask_seizures")
    assert NOTE not in reply.text
    composer.add_note(reply)
    assert reply.text.endswith(NOTE)


@pytest.mark.parametrize(
    "intent", ["ask_maintenance_interval", "ask_mother_treatment", "ask_stopping_treatment"]
)
def test_whichever_interval_is_shown_the_other_is_named(composer: Composer, intent: str) -> None:
    reply = composer.answer(intent)
    assert "monthly [1][3]" in reply.text
    assert "every 2 months [6]" in reply.text
    assert "Your care team decides" in reply.text
    assert {1, 3, 6} <= set(reply.references)


def test_no_contradiction_is_named_where_there_is_none(composer: Composer) -> None:
    assert "two answers" not in composer.answer("ask_potassium").text


def test_buttons_lead_to_topics(composer: Composer, catalogue: Catalogue) -> None:
    for button in composer.answer("ask_seizures").buttons:
        topic = catalogue.topics[button.payload.removeprefix("/")]
        assert button.title == topic.question


def test_fixed_messages_carry_the_clinic_card(composer: Composer, catalogue: Catalogue) -> None:
    for name in catalogue.replies:
        text = composer.fixed(name).text
        assert "{" not in text
    assert catalogue.clinic.phone in composer.fixed("out_of_scope_near").text
    assert composer.fixed("report_emergency").text.startswith("Call 112 now")


@pytest.mark.parametrize(
    ("asked", "word", "number"),
    [
        ("hypotonia", "muscle tone", 2),
        ("RETICS", "young red blood cells", 1),
        ("myoclonic", "jerks", 4),
        ("IM injection", "into a muscle", 6),
    ],
)
def test_a_medical_word_is_explained_with_where_the_guide_uses_it(
    composer: Composer, asked: str, word: str, number: int
) -> None:
    reply = composer.explain([asked])
    assert reply.kind == "answer"
    assert word in reply.text
    assert number in reply.references


def test_a_word_that_the_guide_does_not_use_is_not_guessed(composer: Composer) -> None:
    reply = composer.explain(["leukocytosis"])
    assert reply.kind == "out_of_scope"
    assert "does not cover" in reply.text


def test_one_word_is_explained_once_and_at_most_two_are(composer: Composer) -> None:
    reply = composer.explain(["tremor", "tremors", "chorea", "pallor"])
    assert reply.text.count("Chorea means") == 1
    assert "Pallor" not in reply.text


def test_did_you_mean_offers_the_topics(composer: Composer) -> None:
    reply = composer.clarify(["ask_seizures", "ask_potassium"])
    assert reply.kind == "clarify"
    assert [button.payload for button in reply.buttons] == ["/ask_seizures", "/ask_potassium"]


def test_a_second_answer_leaves_out_what_was_just_said(composer: Composer) -> None:
    first = composer.answer("ask_seizures")
    second = composer.answer("ask_abnormal_movements", without=first.statements)
    assert second.statements
    assert not set(first.statements) & set(second.statements)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.intent)
def test_said_more_simply_it_is_shorter_and_keeps_references(
    composer: Composer, topic: Topic
) -> None:
    plain, simple = composer.answer(topic.intent), composer.simpler(topic.intent, ())
    assert simple.statements == plain.statements
    assert simple.references == plain.references
    assert len(simple.text.split()) < len(plain.text.split())


def test_more_tells_what_was_not_told(composer: Composer) -> None:
    told: tuple[str, ...] = tuple(composer.answer("ask_seizures").statements)
    for _ in range(3):
        more = composer.more("ask_seizures", told)
        assert more.kind == "answer"
        assert not set(more.statements) & set(told)
        told = (*told, *more.statements)


def test_when_all_is_told_it_says_so(composer: Composer, catalogue: Catalogue) -> None:
    reply = composer.more("ask_potassium", tuple(catalogue.statements))
    assert reply.kind == "out_of_scope"
    assert "all the guide says" in reply.text
    assert reply.buttons


def test_each_other_language_names_the_clinic(composer: Composer, catalogue: Catalogue) -> None:
    assert len(catalogue.languages) >= 10
    for code in catalogue.languages:
        text = composer.in_language(code).text
        assert catalogue.clinic.phone in text
        assert catalogue.clinic.emergency_number in text
