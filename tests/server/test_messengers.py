"""Conversations on the parents' messengers: documented webhooks in, the platforms' far end out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
import requests

from bot.settings import Settings
from tests.databases import new_database
from tests.server.messenger_house import House, Person
from tests.server.webhooks import (
    ADDRESS,
    PEOPLE,
    SECRETS,
    SMS_NUMBER,
    Signed,
    facebook,
    signed_slack,
    signed_telegram,
    slack,
    telegram,
    twilio,
)

pytestmark = pytest.mark.server

TODAY, YESTERDAY, PICK = range(3)
YES = MONTHLY = 0
TWO_MONTHLY = 1


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("messengers")
    with new_database("sqlite", folder) as database:
        running = House(folder, database)
        try:
            yield running
        finally:
            running.stop()


@pytest.mark.parametrize("platform", PEOPLE)
def test_a_whole_conversation(house: House, platform: str) -> None:
    person = Person(house, platform)
    assert "did you mean" in person.says("the interval").lower()
    assert re.search(r"[\[(]\d", person.taps()), "no answer with references came"
    assert "life" in person.says("Is it for life?")

    assert "first injection" in person.says("make my calendar")
    assert "write the day" in person.taps(PICK)
    assert "breastfeed" in person.says("5 days ago")
    calendar = person.taps(YES)
    assert "You breastfeed" in calendar and "Next: " in calendar
    holds_the_calendar(house, platform, calendar)
    assert "On which day" in person.says("the doctor says it has plateaued")
    assert "No further improvement since" in person.taps(YESTERDAY)
    assert "How often" in person.says("the team told us how often we go from now on")
    assert "Later injections: every 2 months" in person.taps(TWO_MONTHLY)
    assert "Your own first injection" in person.says("my own first injection was yesterday")

    assert "with a message here" in person.says("remind me")
    assert "company" in person.says("what do you store?")
    assert "Call 112 now" in person.says("he is blue and not breathing")


def holds_the_calendar(house: House, platform: str, shown: str) -> None:
    """Telegram gets the file; the others a link that opens it, and only that one."""
    if platform == "telegram":
        assert b"BEGIN:VCALENDAR" in house.far.files[-1]
        return
    link = re.search(rf"{ADDRESS}(/calendar/\S+)", shown)
    assert link is not None, shown
    file = requests.get(f"{house.server.url}{link[1]}", timeout=30)
    assert file.text.startswith("BEGIN:VCALENDAR")
    forged = link[1].replace("/calendar/", "/calendar/1")
    assert requests.get(f"{house.server.url}{forged}", timeout=30).status_code == 404


@pytest.mark.parametrize("platform", PEOPLE)
def test_a_forged_request_is_refused(house: House, platform: str) -> None:
    write, name, _ = PEOPLE[platform]
    where, body, headers = write(name(1), "Is it for life?")
    mark = next(n for n in headers if "Signature" in n or "Secret" in n)
    wrong = f"{headers[mark][:-1]}{'0' if headers[mark][-1] != '0' else '1'}"
    for forged in ({**headers, mark: wrong}, {k: v for k, v in headers.items() if k != mark}):
        assert house.post(where, body, forged).status_code == 403
    if platform != "telegram":  # which signs no body
        assert house.post(where, body + b" ", headers).status_code in (400, 403)


def test_a_stale_slack_request_is_refused(house: House) -> None:
    _, body, _ = slack("9", "Is it for life?")
    assert house.post(*signed_slack(body, age=400)).status_code == 403


def test_platforms_can_try_out_the_address(house: House) -> None:
    challenge = json.dumps({"type": "url_verification", "challenge": "c-1"}).encode()
    assert house.post(*signed_slack(challenge)).json() == {"challenge": "c-1"}
    url = f"{house.server.url}/webhooks/facebook/webhook"
    query = {"hub.mode": "subscribe", "hub.challenge": "42"}
    right = {**query, "hub.verify_token": SECRETS["FACEBOOK_VERIFY"]}
    assert requests.get(url, params=right, timeout=30).text == "42"
    wrong = {**query, "hub.verify_token": "wrong"}
    assert requests.get(url, params=wrong, timeout=30).status_code == 403


def edited_on_telegram() -> Signed:
    update = json.loads(telegram(5, "Is it for life?")[1])
    update["edited_message"] = update.pop("message")
    return signed_telegram(update)


def by_a_bot_on_telegram() -> Signed:
    update = json.loads(telegram(5, "Is it for life?")[1])
    update["message"]["from"] = {"id": 5, "is_bot": True, "first_name": "B"}
    return signed_telegram(update)


def in_a_telegram_channel() -> Signed:
    update = json.loads(telegram(5, "Is it for life?", type="channel")[1])
    post = update.pop("message")
    del post["from"]  # a channel's posts have no sender
    return signed_telegram({**update, "channel_post": post})


# Facebook pages and Twilio numbers have no groups.
NOT_FOR_US: dict[str, Callable[[], Signed]] = {
    "telegram: in a group": lambda: telegram(5, "Is it for life?", type="group"),
    "telegram: in a supergroup": lambda: telegram(5, "Is it for life?", type="supergroup"),
    "telegram: in a channel": in_a_telegram_channel,
    "telegram: edited": edited_on_telegram,
    "telegram: by a bot": by_a_bot_on_telegram,
    "slack: in a channel": lambda: slack("5", "Is it for life?", channel_type="channel"),
    "slack: in a group": lambda: slack("5", "Is it for life?", channel_type="mpim"),
    "slack: edited": lambda: slack("5", "Is it for life?", subtype="message_changed"),
    "slack: by a bot": lambda: slack("5", "Is it for life?", bot_id="B1"),
    "facebook: our own": lambda: facebook("5", "Is it for life?", is_echo=True),
    "sms: by a program": lambda: twilio("12345", "Is it for life?"),
    "sms: by a company": lambda: twilio("Pharmacy", "Is it for life?"),
    "whatsapp: by no number": lambda: twilio("whatsapp:Pharmacy", "Is it for life?"),
}


@pytest.mark.parametrize("what", NOT_FOR_US)
def test_what_is_no_persons_message_to_us_is_passed_over(house: House, what: str) -> None:
    before = len(house.far.sent)
    assert house.post(*NOT_FOR_US[what]()).status_code == 200
    house.settle()
    assert len(house.far.sent) == before


@pytest.mark.parametrize("platform", PEOPLE)
def test_what_comes_three_times_is_answered_once(house: House, platform: str) -> None:
    """Also on the way to a calendar, where a second "yes" would answer the next question."""
    said = ["thanks", "Is it for life?", "make my calendar", "5 days ago", "monthly", "not sure"]
    said += ["he is blue and not breathing"]
    person, other = Person(house, platform), Person(house, platform)
    for text in said:
        assert without_links(person.says(text, times=3)) == without_links(other.says(text))


def without_links(shown: str) -> str:
    return re.sub(r"/calendar/\S+", "/calendar/...", shown)


@pytest.mark.parametrize("platform", PEOPLE)
def test_four_kilobytes_of_emoji_are_answered(house: House, platform: str) -> None:
    assert "question" in Person(house, platform).says("👶" * 1024)


def test_stop_is_silence_until_start(house: House) -> None:
    person = Person(house, "sms")
    assert "In danger" in person.says("HELP")
    person.sends("STOP")
    person.sends("Is it for life?")
    person.sends("help")
    house.settle()
    assert len(house.far.to(person.address)) == 1
    assert "again" in person.says("Start")
    assert "life" in person.says("Is it for life?")


def test_words_that_twilio_counts_as_stop_and_start_are_so(house: House) -> None:
    """In whatever language the account's owner has set them."""
    person = Person(house, "sms")
    assert house.post(*twilio(person.name, "arret", OptOutType="STOP")).status_code == 200
    house.settle()
    person.sends("Is it for life?")
    house.settle()
    assert house.far.to(person.address) == []
    assert house.post(*twilio(person.name, "encore", OptOutType="START")).status_code == 200
    assert "life" in person.says("Is it for life?")


def test_a_yes_that_twilio_counts_as_start_is_an_answer(house: House) -> None:
    person = Person(house, "sms")
    person.says("make my calendar")
    assert "breastfeed" in person.says("yesterday")
    assert house.post(*twilio(person.name, "Yes", OptOutType="START")).status_code == 200
    house.settle()
    assert "You breastfeed" in house.far.to(person.address)[-1][0]


def test_a_message_to_a_number_that_is_not_set_is_not_taken() -> None:
    """There is nothing to answer from."""
    from bot.channels.messengers.twilio import TwilioChannel

    channel = TwilioChannel(Settings(twilio_number=SMS_NUMBER))
    taken = {
        who: len(channel.messages(SimpleNamespace(body=twilio(who, "Is it for life?")[1])))
        for who in ("+447700900000", "whatsapp:+447700900000")
    }
    assert taken == {"+447700900000": 1, "whatsapp:+447700900000": 0}
