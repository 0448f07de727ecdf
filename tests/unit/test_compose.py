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
    reply = composer.reply_to(topic.intent, with_note=True)
    assert reply.kind == "answer"
    assert reply.text.startswith(topic.lead)
    assert reply.statements == list(topic.statements)
    for name in topic.statements:
        assert CATALOGUE.statements[name].cited in reply.text
    assert reply.references == sorted({int(n) for n in re.findall(r"\[(\d+)\]", reply.text)})
    assert 2 <= len(reply.buttons) <= 3
    assert len(reply.text.split()) <= 120 + reply.text.count("•")


def test_the_note_comes_only_when_asked_for(composer: Composer) -> None:
    assert NOTE in composer.reply_to("ask_seizures", with_note=True).text
    assert NOTE not in composer.reply_to("ask_seizures").text


@pytest.mark.parametrize(
    "intent", ["ask_maintenance_interval", "ask_mother_treatment", "ask_stopping_treatment"]
)
def test_whichever_interval_is_shown_the_other_is_named(composer: Composer, intent: str) -> None:
    reply = composer.reply_to(intent)
    assert "monthly [1][3]" in reply.text
    assert "every 2 months [6]" in reply.text
    assert "Your care team decides" in reply.text
    assert {1, 3, 6} <= set(reply.references)


def test_no_contradiction_is_named_where_there_is_none(composer: Composer) -> None:
    assert "two answers" not in composer.reply_to("ask_potassium").text


def test_buttons_lead_to_topics(composer: Composer, catalogue: Catalogue) -> None:
    for button in composer.reply_to("ask_seizures").buttons:
        topic = catalogue.topics[button.payload.removeprefix("/")]
        assert button.title == topic.question


def test_fixed_messages_carry_the_clinic_card(composer: Composer, catalogue: Catalogue) -> None:
    for name in catalogue.replies:
        text = composer.reply_to(name).text
        assert "{" not in text
    assert catalogue.clinic.phone in composer.reply_to("out_of_scope_near").text
    assert composer.reply_to("report_emergency").text.startswith("Call 112 now")


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
