"""One probe for each hole: the same calls to either server, and whether it holds."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple

import requests
import socketio
import sqlalchemy as sa

from tests.databases import Cable

MARK = "zzsetzz"
PATIENCE = 60  # seconds
SLOW = 0.5  # seconds that an ordinary message may take; it takes some hundredths


class Side(NamedTuple):
    """A server under trial.

    Attributes:
        url: Its address.
        headers: What its REST connector wants.
        database: Where its events are, not by the cable.
        cable: Its way to the database.
        command: A typed command that would set a slot to MARK.
    """

    url: str
    headers: dict[str, str]
    database: str
    cable: Cable
    command: str

    def post(self, headers: bool = True, **body: Any) -> requests.Response:
        """Sends to the REST connector."""
        url = f"{self.url}/webhooks/rest/webhook"
        return requests.post(
            url, json=body, headers=self.headers if headers else {}, timeout=PATIENCE
        )

    def works(self) -> bool:
        """Whether an ordinary message is answered."""
        answer = self.post(sender=uuid.uuid4().hex, message="hello")
        return answer.status_code == 200 and bool(answer.json())

    def events(self, kind: str, words: str) -> int:
        """How many events of a kind hold these words."""
        engine = sa.create_engine(self.database)
        with engine.connect() as connection:
            wanted = sa.text(
                "select count(*) from events where type_name = :kind and data like :words"
            )
            found = connection.execute(wanted, {"kind": kind, "words": f"%{words}%"}).scalar_one()
        engine.dispose()
        return int(found)


def nul_in_a_sender(side: Side) -> bool:
    """A NUL in a sender ends the server on PostgreSQL."""
    with suppress(requests.RequestException):
        side.post(sender="a\0b", message="hello")
        return side.works()
    return False


def a_megabyte_of_text(side: Side) -> bool:
    """A megabyte of text keeps everybody waiting."""
    side.works()
    with ThreadPoolExecutor(1) as pool:
        huge = pool.submit(side.post, sender="huge", message="hello there " * 83_000)
        longest = 0.0
        while not huge.done():
            before = time.monotonic()
            side.works()
            longest = max(longest, time.monotonic() - before)
        with suppress(requests.RequestException):  # it may hang up in the middle of it
            huge.result()
    return longest < SLOW


def no_sender(side: Side) -> bool:
    """All who send no sender share one conversation."""
    return side.post(message="hello").status_code == 400


def a_known_sender(side: Side) -> bool:
    """Who knows a sender's id goes on with that conversation."""
    side.post(sender="family", message="hello")
    return side.post(headers=False, sender="family", message="hello").status_code == 401


def a_typed_command(side: Side) -> bool:
    """A typed `/intent{...}` sets slots."""
    side.post(sender=uuid.uuid4().hex, message=side.command)
    return side.events("slot", MARK) == 0


def blank_text(side: Side) -> bool:
    """Blank text is answered as an intent."""
    return side.post(sender=uuid.uuid4().hex, message=" \n\t ").status_code == 400


def the_database_down(side: Side) -> bool:
    """With PostgreSQL down replies stay 200, and what was said is lost."""
    side.cable.cut()
    try:
        return side.post(sender=uuid.uuid4().hex, message="hello").status_code != 200
    except requests.RequestException:
        return False
    finally:
        side.cable.mend()


def an_unsigned_webhook(side: Side) -> bool:
    """Twilio's webhook believes anybody."""
    form = {"From": "+447700900123", "To": "+15550001", "Body": "hello", "MessageSid": "SM1"}
    answer = requests.post(f"{side.url}/webhooks/twilio/webhook", data=form, timeout=PATIENCE)
    return answer.status_code in (401, 403)


def the_same_id_twice(side: Side) -> bool:
    """The same message id twice is answered twice."""
    sender, said = uuid.uuid4().hex, f"hello {uuid.uuid4().hex}"
    for _ in range(2):
        side.post(sender=sender, message=said, message_id="m1")
    return side.events("user", said) == 1


def a_session_joined_by_its_id(side: Side) -> bool:
    """Over socketio whoever names a session's id joins it."""

    async def join() -> bool:
        client, joined = socketio.AsyncClient(reconnection=False), asyncio.Event()
        client.on("session_confirm", lambda *_: joined.set())
        try:
            # Its websockets want a newer aiohttp than Rasa does.
            await client.connect(side.url, transports=["polling"], wait_timeout=10)
        except socketio.exceptions.ConnectionError:
            return False
        await client.emit("session_request", {"session_id": "family"})
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(joined.wait(), 10)
        await client.disconnect()
        return joined.is_set()

    return not asyncio.run(join())


# What may end or block the server comes last.
PROBES: tuple[Callable[[Side], bool], ...] = (
    no_sender,
    a_known_sender,
    a_typed_command,
    blank_text,
    the_same_id_twice,
    an_unsigned_webhook,
    a_session_joined_by_its_id,
    the_database_down,
    a_megabyte_of_text,
    nul_in_a_sender,
)
