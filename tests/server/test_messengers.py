"""The parents' messengers: webhook bodies as documented in, the platforms' far end out."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import signal
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from slack_sdk.signature import SignatureVerifier
from twilio.request_validator import RequestValidator

from tests.server.conftest import Server, free_port
from tests.server.far_end import WAIT_ASKED, FarEnd

pytestmark = pytest.mark.server

ADDRESS = "https://chat.clinic.example"
SECRETS = ("telegram-token", "telegram-secret", "slack-token", "slack-secret", "facebook-token",
           "facebook-secret", "facebook-verify", "twilio-token")  # fmt: skip


class House:
    """A server with all messengers on, and their far end."""

    def __init__(self, folder: Any) -> None:
        self.far = FarEnd()
        self.folder = folder
        self.port = free_port()
        self.past_logs = ""
        self.server = self.start()

    def start(self) -> Server:
        server = Server(
            self.folder,
            COMPANION_PORT=str(self.port),
            COMPANION_ADDRESS=ADDRESS,
            COMPANION_TELEGRAM_TOKEN="telegram-token",
            COMPANION_TELEGRAM_SECRET="telegram-secret",
            COMPANION_SLACK_TOKEN="slack-token",
            COMPANION_SLACK_SIGNING_SECRET="slack-secret",
            COMPANION_FACEBOOK_TOKEN="facebook-token",
            COMPANION_FACEBOOK_SECRET="facebook-secret",
            COMPANION_FACEBOOK_VERIFY="facebook-verify",
            COMPANION_TWILIO_ACCOUNT="AC1",
            COMPANION_TWILIO_TOKEN="twilio-token",
            COMPANION_TWILIO_NUMBER="+15550001",
            COMPANION_TWILIO_WHATSAPP_NUMBER="+15550002",
            COMPANION_TELEGRAM_API=self.far.url,
            COMPANION_SLACK_API=self.far.url,
            COMPANION_FACEBOOK_API=self.far.url,
            COMPANION_TWILIO_API=self.far.url,
        )
        server.wait()
        return server

    def restart(self, how: signal.Signals) -> None:
        self.server.kill(how)
        self.past_logs += self.server.log
        self.server = self.start()

    def settle(self, seconds: float = 120) -> None:
        """Waits until nothing is left to be answered or sent."""
        deadline = time.monotonic() + seconds
        while self.waiting() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not self.waiting(), "the post is not worked off"
        assert not self.far.faults, self.far.faults

    def waiting(self) -> int:
        """How many messages are not answered, and replies not sent."""
        kept = sqlite3.connect(self.server.database.replace("sqlite:///", ""), timeout=30)
        try:
            counts = kept.execute(
                "select (select count(*) from inbox)"
                " + (select count(*) from outbox where next_try is not null)"
            )
            return int(counts.fetchone()[0])
        finally:
            kept.close()

    def post(self, name: str, body: bytes, headers: dict[str, str]) -> requests.Response:
        url = f"{self.server.url}/webhooks/{name}/webhook"
        return requests.post(url, data=body, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    running = House(tmp_path_factory.mktemp("messengers"))
    try:
        yield running
    finally:
        running.server.stop()
        running.far.stop()


Signed = tuple[str, bytes, dict[str, str]]
JSON = {"Content-Type": "application/json"}


def telegram(who: int, said: str, update: str | None = None, **chat: Any) -> Signed:
    number = int(update) if update else uuid.uuid4().int % 10**9
    person = {"id": who, "is_bot": False, "first_name": "Ana", "language_code": "en"}
    place = {"id": who, "type": "private", "first_name": "Ana", **chat}
    if said.startswith("/"):
        inner = {"message_id": 1, "chat": place, "date": 1, "text": "..."}
        what = {"callback_query": {"id": "7", "from": person, "message": inner, "data": said,
                                   "chat_instance": "1"}}  # fmt: skip
    else:
        what = {"message": {"message_id": 1, "from": person, "chat": place, "date": 1,
                            "text": said}}  # fmt: skip
    return signed_telegram({"update_id": number, **what})


def signed_telegram(update: dict[str, Any], secret: str = "telegram-secret") -> Signed:
    headers = {**JSON, "X-Telegram-Bot-Api-Secret-Token": secret}
    return "telegram", json.dumps(update).encode(), headers


def slack(who: str, said: str, number: str | None = None, **more: Any) -> Signed:
    number = number or uuid.uuid4().hex
    if said.startswith("/"):
        action = {"type": "button", "action_id": "choice-0", "block_id": "b", "value": said,
                  "action_ts": number}  # fmt: skip
        tapped = {"type": "block_actions", "team": {"id": "T1"}, "user": {"id": f"U{who}"},
                  "channel": {"id": f"D{who}"}, "actions": [action]}  # fmt: skip
        body = urlencode({"payload": json.dumps(tapped)}).encode()
        return signed_slack(body, "application/x-www-form-urlencoded")
    event = {"type": "message", "channel": f"D{who}", "channel_type": "im", "user": f"U{who}",
             "text": said, "ts": "1.2", **more}  # fmt: skip
    whole = {"type": "event_callback", "team_id": "T1", "event_id": f"Ev{number}", "event": event}
    return signed_slack(json.dumps(whole).encode())


def signed_slack(body: bytes, kind: str = "application/json", age: int = 0) -> Signed:
    stamp = str(int(time.time()) - age)
    made = SignatureVerifier("slack-secret").generate_signature(timestamp=stamp, body=body)
    headers = {"Content-Type": kind, "X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": made}
    return "slack", body, headers


def facebook(who: str, said: str, number: str | None = None, **more: Any) -> Signed:
    message = {"mid": number or uuid.uuid4().hex, "text": said, **more}
    if said.startswith("/"):
        message |= {"text": "tapped", "quick_reply": {"payload": said}}
    event = {"sender": {"id": who}, "recipient": {"id": "page"}, "timestamp": 1, "message": message}
    entry = {"id": "page", "time": 1, "messaging": [event]}
    body = json.dumps({"object": "page", "entry": [entry]}).encode()
    made = hmac.new(b"facebook-secret", body, hashlib.sha256).hexdigest()
    return "facebook", body, {**JSON, "X-Hub-Signature-256": f"sha256={made}"}


def twilio(who: str, said: str, number: str | None = None) -> Signed:
    form = {"MessageSid": number or f"SM{uuid.uuid4().hex}", "AccountSid": "AC1", "From": who,
            "To": "+15550001", "Body": said, "NumMedia": "0", "FromCity": ""}  # fmt: skip
    url = f"{ADDRESS}/webhooks/twilio/webhook"
    made = RequestValidator("twilio-token").compute_signature(url, form)
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": made}
    return "twilio", urlencode(form).encode(), headers


# Of each platform: how a person with this name writes there, and how replies are addressed.
PEOPLE: dict[str, tuple[Callable[..., Signed], Callable[[int], Any], Callable[[int], str]]] = {
    "telegram": (telegram, lambda n: n, str),
    "slack": (slack, str, lambda n: f"D{n}"),
    "facebook": (facebook, str, str),
    "sms": (twilio, lambda n: f"+4477{n:08}", lambda n: f"+4477{n:08}"),
    "whatsapp": (twilio, lambda n: f"whatsapp:+4477{n:08}", lambda n: f"whatsapp:+4477{n:08}"),
}


class Person:
    """Somebody who writes on one platform."""

    def __init__(self, house: House, platform: str) -> None:
        number = uuid.uuid4().int % 10**8
        self._house, (self._write, name, address) = house, PEOPLE[platform]
        self.name, self.address = name(number), address(number)
        self.count = 0

    def sends(self, said: str, times: int = 1, number: str | None = None) -> None:
        name, body, headers = self._write(self.name, said, number)
        for _ in range(times):
            answer = self._house.post(name, body, headers)
            assert answer.status_code == 200, answer.text

    def says(self, said: str, times: int = 1) -> str:
        """What is answered to a message, all parts of it."""
        self.sends(said, times)
        self._house.settle()
        got = self._house.far.to(self.address)
        new, self.count = got[self.count :], len(got)
        assert new, "no answer came"
        return "\n".join(shown for shown, _ in new)

    def taps(self) -> str:
        """What is answered to the first button of the newest message."""
        body = self._house.far.to(self.address)[-1][1]
        if keys := body.get("reply_markup"):
            return self.says(keys["inline_keyboard"][0][0]["callback_data"])
        if blocks := body.get("blocks"):
            return self.says(blocks[-1]["elements"][0]["value"])
        if message := body.get("message"):
            return self.says(message["quick_replies"][0]["payload"])
        return self.says("1")


@pytest.mark.parametrize("platform", PEOPLE)
def test_a_whole_conversation(house: House, platform: str) -> None:
    person = Person(house, platform)
    assert "did you mean" in person.says("the schedule").lower()
    assert re.search(r"[\[(]\d", person.taps()), "no answer with references came"
    assert "life" in person.says("Is it for life?")
    by_number = platform in ("sms", "whatsapp", "facebook")
    assert "first injection" in person.says("make my calendar")
    assert "breastfeed" in person.says("1" if by_number else "/schedule_today")
    shown = first = person.says("yes" if by_number else "/affirm")
    while platform == "sms" and shown.endswith("Say MORE for the rest."):
        first = shown if "calendar/" in shown else first
        shown = person.says("more")
    if platform == "telegram":
        assert b"BEGIN:VCALENDAR" in house.far.files[-1]
    else:
        link = re.search(rf"{ADDRESS}(/calendar/\S+)", first if platform == "sms" else shown)
        assert link is not None, shown
        file = requests.get(f"{house.server.url}{link[1]}", timeout=10)
        assert file.text.startswith("BEGIN:VCALENDAR")
        forged = link[1].replace("/calendar/", "/calendar/1")
        assert requests.get(f"{house.server.url}{forged}", timeout=10).status_code == 404
    assert "with a message here" in person.says("remind me")
    assert "Call 112 now" in person.says("he is blue and not breathing")
    assert not house.far.faults


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
    query = {"hub.mode": "subscribe", "hub.challenge": "42", "hub.verify_token": "facebook-verify"}
    assert requests.get(url, params=query, timeout=10).text == "42"
    query["hub.verify_token"] = "wrong"
    assert requests.get(url, params=query, timeout=10).status_code == 403


def test_what_is_no_persons_message_is_passed_over(house: House) -> None:
    bot = {"id": 5, "is_bot": True, "first_name": "B"}
    edited = json.loads(telegram(5, "Is it for life?")[1])
    edited["edited_message"] = edited.pop("message")
    by_bot = json.loads(telegram(5, "Is it for life?")[1])
    by_bot["message"]["from"] = bot
    before = len(house.far.sent)
    for request in (
        telegram(5, "Is it for life?", type="group"),
        signed_telegram(edited),
        signed_telegram(by_bot),
        slack("5", "Is it for life?", bot_id="B1"),
        slack("5", "Is it for life?", subtype="message_changed"),
        slack("5", "Is it for life?", channel_type="channel"),
        facebook("5", "Is it for life?", is_echo=True),
        twilio("12345", "Is it for life?"),
    ):
        assert house.post(*request).status_code == 200
    house.settle()
    assert len(house.far.sent) == before


@pytest.mark.parametrize("platform", PEOPLE)
def test_an_update_that_comes_three_times_is_answered_once(house: House, platform: str) -> None:
    person, other = Person(house, platform), Person(house, platform)
    for said in ("thanks", "Is it for life?", "he is blue and not breathing"):
        assert person.says(said, times=3) == other.says(said)


@pytest.mark.parametrize("platform", PEOPLE)
def test_four_kilobytes_of_emoji_are_answered(house: House, platform: str) -> None:
    assert "question" in Person(house, platform).says("👶" * 1024)


@pytest.mark.parametrize("mood", [429, 500, "slow", "silent"])
def test_a_platform_in_trouble_gets_the_answer_once(house: House, mood: Any) -> None:
    person = Person(house, "telegram")
    house.far.moods.extend([mood, mood])
    before = len(house.far.called_at)
    person.says("thanks")
    house.far.moods.clear()
    assert person.count == 1
    if mood == 429:
        first, second, third = house.far.called_at[before:]
        assert min(second - first, third - second) >= WAIT_ASKED


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


def test_nothing_is_lost_or_doubled_when_the_server_dies(house: House) -> None:
    answered = [Person(house, platform) for platform in PEOPLE]
    for number, person in enumerate(answered):
        person.sends("thanks", number=str(2 * 10**9 + number))
    house.settle()
    asked = [Person(house, platform) for platform in PEOPLE for _ in range(4)]
    for person in asked:
        person.sends("thanks")
    house.restart(signal.SIGKILL)
    for number, person in enumerate(answered):
        person.sends("thanks", number=str(2 * 10**9 + number))
    house.settle(seconds=300)  # what the dead server had claimed comes up again after a minute
    assert [len(house.far.to(person.address)) for person in answered] == [1] * len(answered)
    # Whatever was on its way to the platform as the server died may have arrived.
    assert {len(house.far.to(person.address)) for person in asked} <= {1, 2}


def test_500_updates_three_times_from_8_connections_are_500_answers(house: House) -> None:
    people = [Person(house, "telegram") for _ in range(100)]
    updates = [(people[n % 100], 10**9 + n) for n in range(500)] * 3

    def deliver(update: tuple[Person, int]) -> None:
        update[0].sends("thanks", number=str(update[1]))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(deliver, updates))
    house.settle(seconds=300)
    assert {len(house.far.to(person.address)) for person in people} == {5}
    assert sum(len(house.far.to(person.address)) for person in people) == 500


def test_no_secret_and_no_words_in_the_log(house: House) -> None:
    log = house.past_logs + house.server.log
    assert "answers at" in log
    assert not [secret for secret in SECRETS if secret in log]
    assert "for life?" not in log
