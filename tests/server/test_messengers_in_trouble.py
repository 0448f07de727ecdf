"""Messengers when platforms, lines or servers fail: nothing is lost, doubled or given away.

Held on SQLite with one server, and on PostgreSQL with two that share it.
"""

from __future__ import annotations

import base64
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.databases import ENGINES, new_database
from tests.server.far_end import WAIT_ASKED
from tests.server.messenger_house import PATIENCE, House, Person
from tests.server.webhooks import ACCOUNT, PEOPLE, SECRETS

pytestmark = pytest.mark.server

PASSWORD = "database-password"  # which the tests' PostgreSQL does not ask for


@pytest.fixture(scope="module", params=ENGINES)
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("trouble")
    with new_database(request.param, folder) as database:
        database = database.replace("postgres@", f"postgres:{PASSWORD}@")
        running = House(folder, database, servers=2 if request.param == "postgresql" else 1)
        try:
            yield running
        finally:
            running.stop()


def got(house: House, person: Person) -> int:
    """How many messages a person has got."""
    return len(house.far.to(person.address))


def test_500_updates_three_times_from_8_connections_are_500_answers(house: House) -> None:
    people = [Person(house, platform) for platform in PEOPLE for _ in range(20)]
    # The three come close together, to whichever server has its turn.
    updates = [(people[n % len(people)], 10**9 + n) for n in range(500) for _ in range(3)]

    def deliver(update: tuple[Person, int]) -> None:
        person, number = update
        person.sends("thanks", number=str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(deliver, updates))
    house.settle(seconds=300)
    assert {person.address: got(house, person) for person in people} == {
        person.address: 5 for person in people
    }


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


def test_platforms_that_do_not_answer_at_all_get_the_answers_when_they_are_back(
    house: House,
) -> None:
    people = [Person(house, platform) for platform in PEOPLE]
    before = len(house.far.called_at)
    house.far.moods.extend(["never"] * len(people))
    for person in people:
        person.sends("thanks")
    house.settle()
    assert [got(house, person) for person in people] == [1] * len(people)
    calls = house.far.called_at[before:]
    assert len(calls) == 2 * len(people)
    assert calls[len(people)] - calls[0] > PATIENCE / 2, "not given the time to answer"


def test_a_server_that_is_stopped_ends_what_it_has_begun(house: House) -> None:
    """Each answer arrives once, also those whose platform is slow as the server stops."""
    people = [Person(house, platform) for platform in PEOPLE for _ in range(4)]
    house.far.moods.extend(["slow"] * 8)
    for person in people:
        person.sends("thanks")
    house.restart(signal.SIGTERM)
    # Sooner than what a dead server had claimed would come up again.
    house.settle(seconds=45)
    assert Counter(got(house, person) for person in people) == {1: len(people)}


def test_nothing_is_lost_or_doubled_when_a_server_dies(house: House) -> None:
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
    assert [got(house, person) for person in answered] == [1] * len(answered)
    # Whatever was on its way to the platform as the server died may have arrived.
    assert {got(house, person) for person in asked} <= {1, 2}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_conversations_go_on_where_they_were(house: House, how: signal.Signals) -> None:
    """On each platform somebody is on the way to a calendar as the servers start anew."""
    people = {platform: Person(house, platform) for platform in PEOPLE}
    for platform, person in people.items():
        assert "first injection" in person.says("make my calendar"), platform
        assert "breastfeed" in person.says("5 days ago"), platform
    house.restart(how)
    for platform, person in people.items():
        calendar = person.taps()  # "Yes", offered before
        assert "You breastfeed" in calendar and "every other day" in calendar, platform


def test_no_secret_and_no_words_in_logs_or_answers(house: House) -> None:
    """After good, forged and broken requests, and calls that platforms refused or failed at."""
    answers = []
    for write, name, _ in PEOPLE.values():
        where, body, headers = write(name(6), "Is it for life?")
        mark = next(n for n in headers if "Signature" in n or "Secret" in n)
        forged = {**headers, mark: f"{headers[mark]}0"}
        answers += [
            house.post(*request)
            for request in ((where, body, headers), (where, body, forged), (where, b"{", headers))
        ]
    house.settle()
    for mood in (401, 500, "silent"):
        house.far.moods.extend([mood] * len(PEOPLE))
        for platform in PEOPLE:
            Person(house, platform).sends("Is it for life?")
        house.settle()
    assert [answer.status_code for answer in answers].count(200) == len(PEOPLE)
    assert house.logs.count("was refused") >= len(PEOPLE)
    basic = base64.b64encode(f"{ACCOUNT}:{SECRETS['TWILIO_TOKEN']}".encode()).decode()
    shown = house.logs + "".join(f"{answer.headers}{answer.text}" for answer in answers)
    shown += "".join(text for _, text, _ in house.far.sent)
    assert not [secret for secret in (*SECRETS.values(), basic, PASSWORD) if secret in shown]
    assert "for life?" not in house.logs
