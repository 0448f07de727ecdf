"""Reminders on real databases: told once, through kill -9, two senders and clocks that jump."""

from __future__ import annotations

import datetime as dt
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.dialogue.family import Family
from bot.guide.catalogue import load_catalogue
from bot.reminding import Reminding
from bot.store import inbox, opt_outs, outbox, pushes, reminders
from tests.databases import ENGINES, new_database
from tests.server.reminder_sender import ROOT, STEPS

pytestmark = pytest.mark.server

LONDON = ZoneInfo("Europe/London")
FAMILY = Family(first=dt.date(2026, 11, 20), breastfeeding=False)
TABLES = (pushes.TABLE, outbox.TABLE, inbox.TABLE, opt_outs.TABLE, reminders.TABLE, reminders.PLANS)


def at(month: int, day: int, hour: int, year: int = 2026) -> float:
    return dt.datetime(year, month, day, hour, tzinfo=LONDON).timestamp()


ASKED, DUE = at(11, 24, 12), at(11, 25, 9)  # of the injection on the 26th


class House:
    """A database, and the reminders kept in it, on a clock that the test sets."""

    def __init__(self, url: str, clock: Callable[[float], None]) -> None:
        self.url = url
        self.clock = clock
        self._engine = sa.create_engine(url)
        for table in TABLES:
            table.create(self._engine)
        self.reminding = Reminding(self.sessions, load_catalogue(ROOT / "content"), 30)

    @contextmanager
    def sessions(self) -> Iterator[Session]:
        with Session(self._engine) as session:
            yield session

    def want(self, *conversations: str, family: Family = FAMILY, channel: str = "web") -> None:
        for conversation in conversations:
            self.reminding.heed(conversation, channel, family, "start")

    def pass_to(self, now: float) -> None:
        """Lets the clock show a time, and does what the server does then."""
        self.clock(now)
        self.reminding.plan_all()
        while self.reminding.send_due():
            pass

    def said(self, conversation: str = "one") -> list[str]:
        with self.sessions() as session:
            return [push.reply["text"] for push in pushes.of(session, conversation)]

    def count(self) -> Counter[str]:
        with self.sessions() as session:
            return Counter(session.execute(sa.select(pushes.TABLE.c.conversation)).scalars())

    def due(self) -> int:
        with self.sessions() as session:
            return reminders.count_due(session, DUE)

    def sender(self, step: str = "") -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.server.reminder_sender", self.url, str(DUE), step]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def close(self) -> None:
        self._engine.dispose()


@pytest.fixture(params=ENGINES)
def house(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    def clock(now: float) -> None:
        monkeypatch.setattr(time, "time", lambda: now)

    with new_database(request.param, tmp_path) as url:
        running = House(url, clock)
        clock(ASKED)
        yield running
        running.close()


def begin(sender: subprocess.Popen[str]) -> None:
    assert sender.stdin is not None
    sender.stdin.write("go\n")
    sender.stdin.flush()


def wait_until_none_is_due(house: House) -> None:
    deadline = time.monotonic() + 60
    while house.due() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert house.due() == 0


def test_two_senders_killed_again_and_again_tell_each_family_once(house: House) -> None:
    # All are ready before the first begins: a quick one would be done before a second had started.
    dice, senders = random.Random(8), [house.sender() for _ in range(6)]
    families = [f"family {number}" for number in range(300)]
    house.want(*families)
    for sender in senders:
        begin(sender)
    kills = 0
    for sender in senders[:-1]:
        time.sleep(dice.uniform(0.02, 0.1))
        kills += house.due() > 0
        sender.kill()
        sender.wait()
    wait_until_none_is_due(house)
    senders[-1].kill()
    senders[-1].wait()
    assert kills >= 1
    assert house.count() == Counter(dict.fromkeys(families, 1))


@pytest.mark.parametrize("step", STEPS)
def test_a_sender_that_dies_at_a_step_tells_nobody_twice(house: House, step: str) -> None:
    families = [f"family {number}" for number in range(6)]
    house.want(*families)
    victim = house.sender(step)
    begin(victim)
    assert victim.wait(timeout=60) == -signal.SIGKILL
    assert house.due() > 0
    house.pass_to(DUE)
    assert house.count() == Counter(dict.fromkeys(families, 1))


def test_the_next_day_is_told_of_in_turn(house: House) -> None:
    house.want("one")
    house.pass_to(DUE - 1)
    assert house.said() == []
    for day in range(25, 31):
        house.pass_to(at(11, day, 9))
    assert [text[:60].rpartition("on ")[2][:12] for text in house.said()] == [
        "Thursday 26 ", "Saturday 28 ", "Monday 30 No",
    ]  # fmt: skip


def test_a_clock_that_jumps_tells_nothing_twice_and_goes_on(house: House) -> None:
    house.want("one")
    house.pass_to(DUE)
    house.pass_to(DUE - 2 * 86400)  # back
    house.pass_to(DUE)
    assert len(house.said()) == 1
    house.pass_to(at(11, 25, 9, year=2027))  # ahead by a year
    ahead = house.said()
    assert len(ahead) <= 2  # at most what would be right on that day
    house.pass_to(DUE + 3600)
    house.pass_to(at(11, 27, 9))
    assert len(house.said()) == len(ahead) + 1
    assert "Saturday 28 November 2026" in house.said()[-1]


def test_a_correction_moves_the_reminder(house: House) -> None:
    house.want("one")
    corrected = Family(first=dt.date(2026, 11, 21), breastfeeding=False)
    for _ in range(2):  # doing it again changes nothing
        house.reminding.heed("one", "web", corrected, None)
    house.pass_to(DUE)
    assert house.said() == []
    house.pass_to(at(11, 26, 9))
    assert "Friday 27 November 2026" in house.said()[0]
    given = Family(**{**corrected.__dict__, "given": dt.date(2026, 11, 29)})
    house.reminding.heed("one", "web", given, None)
    house.pass_to(at(11, 28, 9))
    assert len(house.said()) == 1


def test_an_injection_told_of_is_not_told_of_again_after_a_correction(house: House) -> None:
    house.want("one")
    house.pass_to(DUE)
    house.reminding.heed(
        "one", "web", Family(first=dt.date(2026, 11, 22), breastfeeding=False), None
    )
    house.pass_to(DUE + 60)
    assert len(house.said()) == 1


def test_whoever_stops_hears_no_more_until_they_ask_again(house: House) -> None:
    house.want("one")
    house.reminding.heed("one", "web", Family(), "stop")
    house.reminding.heed("one", "web", FAMILY, None)  # the calendar goes on
    house.pass_to(DUE)
    assert house.said() == []
    house.want("one")
    house.pass_to(at(11, 27, 9))
    assert len(house.said()) == 1


def test_a_wish_before_there_is_a_calendar_waits_for_it(house: House) -> None:
    house.want("one", family=Family())
    house.pass_to(ASKED + 60)
    house.reminding.heed("one", "web", FAMILY, None)
    house.pass_to(DUE)
    assert len(house.said()) == 1


def test_a_new_session_that_knows_no_calendar_keeps_the_reminders(house: House) -> None:
    house.want("one")
    house.reminding.heed("one", "web", Family(), None)
    house.pass_to(DUE)
    assert len(house.said()) == 1


def test_on_a_messenger_the_reminder_goes_on_its_way_once(house: House) -> None:
    with house.sessions() as session:
        said = inbox.Incoming("update 1", "one", "telegram", "chat 77", "remind me")
        session.execute(
            inbox.TABLE.insert().values(**said._asdict(), came_at=ASKED, next_try=ASKED, attempts=0)
        )
        session.commit()
    house.want("one", channel="telegram")
    for _ in range(2):
        house.pass_to(DUE)
    with house.sessions() as session:
        letters = session.execute(sa.select(outbox.TABLE)).all()
    assert [(row.channel, row.recipient) for row in letters] == [("telegram", "chat 77")]
    assert "26 November" in letters[0].reply["text"]


def test_nothing_goes_to_a_messenger_that_was_told_to_stop(house: House) -> None:
    with house.sessions() as session:
        outbox.add(session, "one", "telegram", "chat 77", {"text": "hello"}, key="hello")
        session.commit()
    house.want("one", channel="telegram")
    with house.sessions() as session:
        opt_outs.stop(session, "one")
        session.commit()
    house.pass_to(DUE)
    with house.sessions() as session:
        assert session.execute(sa.select(sa.func.count()).select_from(outbox.TABLE)).scalar() == 1


def test_one_that_fails_is_put_off_and_keeps_no_other_waiting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.want("one", "two")
    add, failures = pushes.add, []

    def failing(session: Session, conversation: str, reply: dict[str, Any]) -> int:
        if conversation == "one" and not failures:
            failures.append(conversation)
            raise ValueError("no words")
        return add(session, conversation, reply)

    monkeypatch.setattr(pushes, "add", failing)
    house.pass_to(DUE)
    assert (len(house.said("one")), len(house.said("two"))) == (0, 1)
    house.pass_to(DUE + 10)
    assert (len(house.said("one")), len(house.said("two"))) == (1, 1)
