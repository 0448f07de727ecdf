"""Each messenger shows a reply whole, within its limits, and never a payload."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.renderers import facebook, phone, slack, telegram
from bot.channels.renderers.text import chosen, gathered, pieces, units
from bot.dialogue.compose import Composer
from bot.dialogue.reply import Button, Reply
from bot.guide.catalogue import load_catalogue
from tests.conversations.limits_of_platforms import shown_everywhere

CATALOGUE = load_catalogue(Path("content"))
COMPOSER = Composer(CATALOGUE, 30)
WORDS = CATALOGUE.messenger_words
CHOICES = [
    Button(title="Monthly", payload="/schedule_monthly"),
    Button(title="Every 2 months", payload="/schedule_two_monthly"),
    Button(title="👍 This helped", payload="/feedback_helpful"),
]


@pytest.mark.parametrize("topic", CATALOGUE.topics)
def test_every_answer_fits_every_platform(topic: str) -> None:
    reply = COMPOSER.answer(topic)
    COMPOSER.add_note(reply)
    COMPOSER.add_thumbs(reply)
    for platform, shown in shown_everywhere(reply, WORDS).items():
        assert "/ask_" not in shown and "/feedback" not in shown, platform
        for number in reply.references:
            assert str(number) in shown, platform
        assert reply.buttons[0].title in shown, platform


@pytest.mark.parametrize("alarm", ["report_emergency", "report_crisis"])
def test_an_alarm_is_whole_in_the_first_message(alarm: str) -> None:
    reply = COMPOSER.fixed(alarm)
    assert phone.rest_of_sms(reply, WORDS) is None
    assert CATALOGUE.clinic.emergency_number in phone.sms(reply, WORDS)
    for bodies in (telegram.messages(reply), slack.messages(reply), facebook.messages(reply)):
        assert len(bodies) == 1
    assert len(phone.whatsapp(reply)) == 1


@pytest.mark.parametrize("code", CATALOGUE.languages)
def test_other_languages_fit_too(code: str) -> None:
    for intent in ("report_emergency", "report_crisis"):
        shown_everywhere(COMPOSER.alarm_in_language(intent, code), WORDS)
    shown_everywhere(COMPOSER.in_language(code), WORDS)


def test_on_a_phone_choices_are_numbered_and_both_ways_work() -> None:
    reply = Reply(kind="schedule", text="How often?", buttons=CHOICES)
    assert phone.sms(reply, WORDS) == "How often?\n\n1 Monthly\n2 Every 2 months\n3 This helped"
    assert chosen("1", CHOICES) == "/schedule_monthly"
    assert chosen(" every 2 MONTHS. ", CHOICES) == "/schedule_two_monthly"
    assert chosen("this helped", CHOICES) == "/feedback_helpful"
    assert chosen("4", CHOICES) == "4"
    assert chosen("👍", CHOICES) == "👍"


def test_the_choices_of_several_replies_are_counted_once() -> None:
    first = Reply(kind="answer", text="One.", buttons=CHOICES[:1])
    last = Reply(kind="answer", text="Two.", buttons=CHOICES)
    one, two = gathered([first, last])
    assert one.buttons == [] and two.buttons == CHOICES
    assert gathered([]) == []


def test_facebook_numbers_titles_that_it_would_cut() -> None:
    long = Button(title="Can my baby get fully well?", payload="/ask_recovery_chance")
    reply = Reply(kind="answer", text="Yes.", buttons=[long, *CHOICES])
    (message,) = facebook.messages(reply)
    assert "1 Can my baby get fully well?" in message["text"]
    assert message["quick_replies"][0]["title"].startswith("1 Can my baby")
    (short,) = facebook.messages(Reply(kind="answer", text="Yes.", buttons=CHOICES))
    assert short["text"] == "Yes."


def test_what_formats_is_written_as_it_is() -> None:
    reply = Reply(kind="answer", text="Is 1 < 2 & *bold* _this_?")
    (body,) = slack.messages(reply)
    assert "1 &lt; 2 &amp; *bold*" in body["blocks"][0]["text"]["text"]
    assert body["blocks"][0]["text"]["type"] == "plain_text"
    assert telegram.messages(reply) == [{"text": reply.text}]
    (message,) = phone.whatsapp(reply)
    assert "*bold*" not in message and message.replace("\u200b", "") == reply.text


def test_an_address_stays_as_it_is() -> None:
    address = "https://clinic.example/_help_/*a*~b~._c"
    reply = Reply(kind="answer", text=f"_Read_ {address} today.")
    for platform, shown in shown_everywhere(reply, WORDS).items():
        assert address in shown, platform


def test_references_are_short_on_sms() -> None:
    assert phone.sms(Reply(kind="answer", text="For life. [1][3]"), WORDS) == "For life. (1,3)"


def test_the_rest_of_a_long_sms_comes_on_request() -> None:
    reply = Reply(kind="answer", text="A sentence of some length. " * 40, buttons=CHOICES)
    shown, rest = phone.sms(reply, WORDS), phone.rest_of_sms(reply, WORDS)
    assert shown.endswith(WORDS.more) and "1 Monthly" not in shown
    pages = [shown]
    while rest is not None:
        pages.append(phone.sms(rest, WORDS))
        rest = phone.rest_of_sms(rest, WORDS)
    assert sum(page.count("A sentence of some length.") for page in pages) == 40
    assert pages[-1].endswith("3 This helped")
    assert all(phone.segments(page) <= 3 for page in pages)


@pytest.mark.parametrize(
    ("text", "count"),
    [("a" * 160, 1), ("a" * 161, 2), ("[" * 80, 1), ("[" * 81, 2), ("ж" * 70, 1), ("ж" * 71, 2)],
)
def test_segments_are_counted_as_networks_do(text: str, count: int) -> None:
    assert phone.segments(text) == count


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400), st.integers(min_value=4, max_value=80))
def test_no_piece_is_too_long_and_no_word_is_lost(text: str, longest: int) -> None:
    cut = list(pieces(text, longest))
    assert all(units(piece) <= longest for piece in cut)
    assert "".join("".join(cut).split()) == "".join(text.split())
