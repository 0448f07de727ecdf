"""Letters and messages are worked off once and in order, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.store import claims, inbox, opt_outs, outbox

POSTGRES = os.environ.get("TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432")
REPLY = {"text": "It is for life. [1]", "buttons": []}


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.engine.Engine]:
    if request.param == "sqlite":
        yield from _with_tables(f"sqlite:///{tmp_path}/outbox.db")
        return
    name = f"test_{uuid.uuid4().hex}"
    server = sa.create_engine(f"{POSTGRES}/postgres", isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.execute(sa.text(f"create database {name}"))
    except sa.exc.OperationalError:
        if "CI" in os.environ:
            raise
        pytest.skip("PostgreSQL does not run here.")
    yield from _with_tables(f"{POSTGRES}/{name}")
    with server.connect() as connection:
        connection.execute(sa.text(f"drop database {name}"))
    server.dispose()


def _with_tables(url: str) -> Iterator[sa.engine.Engine]:
    engine = sa.create_engine(url)
    for table in (outbox.TABLE, inbox.TABLE, inbox.SEEN, opt_outs.TABLE):
        table.metadata.create_all(engine)
    yield engine
    engine.dispose()


def _add(engine: sa.engine.Engine, key: str, conversation: str = "sms-1") -> bool:
    with Session(engine) as session, session.begin():
        return outbox.add(session, conversation, "twilio", "+1", REPLY, key)


def _claim(engine: sa.engine.Engine, most: int = 10) -> list[outbox.Letter]:
    with Session(engine) as session, session.begin():
        return outbox.claim(session, most)


def _finish(engine: sa.engine.Engine, letter: outbox.Letter) -> None:
    with Session(engine) as session, session.begin():
        outbox.finish(session, letter.id)


def test_the_same_key_is_one_letter(engine: sa.engine.Engine) -> None:
    assert [_add(engine, "a"), _add(engine, "a"), _add(engine, "b")] == [True, False, True]


def test_a_conversation_is_sent_in_order(engine: sa.engine.Engine) -> None:
    _add(engine, "a1", "a"), _add(engine, "a2", "a"), _add(engine, "b1", "b")
    first, other = _claim(engine)
    assert [first.conversation, other.conversation] == ["a", "b"]
    assert first.reply == REPLY
    assert _claim(engine) == []  # the second letter waits for the first
    _finish(engine, first)
    (second,) = _claim(engine)
    assert second.id > first.id and second.conversation == "a"


def test_what_failed_waits_and_what_is_old_is_given_up(
    engine: sa.engine.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _add(engine, "a")
    (letter,) = _claim(engine)
    with Session(engine) as session, session.begin():
        assert outbox.try_later(session, letter, "429", wait=30)
    assert _claim(engine) == []
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 31)
    (again,) = _claim(engine)
    assert again.attempts == 2
    monkeypatch.setattr(time, "time", lambda: now + outbox.GIVEN_UP_AFTER)
    with Session(engine) as session, session.begin():
        assert not outbox.try_later(session, again, "429")
    assert _claim(engine) == []


def test_who_died_while_sending_is_stood_in_for(
    engine: sa.engine.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _add(engine, "a")
    (letter,) = _claim(engine)
    with Session(engine) as session, session.begin():
        outbox.arrived(session, letter.id, 1)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + outbox.LEASE + 1)
    (again,) = _claim(engine)
    assert (again.id, again.sent) == (letter.id, 1)


def test_eight_workers_send_each_letter_once(engine: sa.engine.Engine) -> None:
    for number in range(60):
        _add(engine, f"k{number}", f"c{number % 20}")
    sent: list[int] = []
    lock = threading.Lock()

    def work(_: int) -> None:
        idle = 0
        while idle < 3:
            letters = _claim(engine, 3)
            idle = 0 if letters else idle + 1
            for letter in letters:
                with lock:
                    sent.append(letter.id)
                _finish(engine, letter)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(sent) == len(set(sent)) == 60


def test_an_update_is_taken_once_even_after_its_answer(engine: sa.engine.Engine) -> None:
    message = inbox.Incoming("telegram:1", "telegram-7", "telegram", "7", "Is it for life?")
    for number in range(3):
        with Session(engine) as session, session.begin():
            assert inbox.take(session, message) == (number == 0)
    with Session(engine) as session, session.begin():
        (waiting,) = inbox.claim(session, 5)
        assert waiting.message == message
        inbox.answered(session, waiting.id)
    with Session(engine) as session, session.begin():
        assert not inbox.take(session, message)
        assert inbox.claim(session, 5) == []


def test_stop_takes_back_what_waits_until_start(engine: sa.engine.Engine) -> None:
    _add(engine, "a")
    with Session(engine) as session, session.begin():
        opt_outs.stop(session, "sms-1")
        opt_outs.stop(session, "sms-1")
        assert opt_outs.holds(session, "sms-1")
    assert _claim(engine) == []
    with Session(engine) as session, session.begin():
        opt_outs.start(session, "sms-1")
        assert not opt_outs.holds(session, "sms-1")


def test_waits_grow_and_end_at_ten_minutes() -> None:
    assert 0.5 <= claims.back_off(0) <= 1
    assert 16 <= claims.back_off(5) <= 32
    assert 300 <= claims.back_off(1000) <= 600
