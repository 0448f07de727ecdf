"""Messages that are read together are answered each by itself."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, NamedTuple

import pytest

from bot.reading_together import LONGEST, MOST, READERS, ReadingTogether


class Message(NamedTuple):
    text: str


class Reader:
    """Reads with as many capitals; fails where one message says so, and waits to be let go."""

    def __init__(self) -> None:
        self.goes: list[int] = []
        self.let_go = threading.Event()

    def __call__(self, messages: list[Any]) -> list[dict[str, Any]]:
        self.goes.append(len(messages))
        assert self.let_go.wait(10)
        texts = [message.text for message in messages]
        if "poison" in texts:
            raise ValueError("not to be read")
        return [{"text": text.upper()} for text in texts]


async def read_all(reader: Reader, texts: list[str]) -> list[Any]:
    reading = ReadingTogether(reader)
    tasks = [asyncio.ensure_future(reading.understood(Message(text))) for text in texts]
    await asyncio.sleep(0.05)
    reader.let_go.set()
    return await asyncio.gather(*tasks, return_exceptions=True)


def test_those_that_wait_are_read_together_and_each_gets_its_own() -> None:
    reader = Reader()
    messages = [f"message {number}" for number in range(READERS + 2 * MOST)]
    found = asyncio.run(read_all(reader, messages))
    assert found == [{"text": message.upper()} for message in messages]
    # The first find readers free and are read at once, alone.
    assert sorted(reader.goes) == [1] * READERS + [MOST] * 2


def test_a_story_keeps_nobody_waiting() -> None:
    reader = Reader()
    story = "x" * LONGEST
    texts = [*map(str, range(READERS)), "a", "b", story, "c", "d"]
    found = asyncio.run(read_all(reader, texts))
    assert [one["text"] for one in found] == [text.upper() for text in texts]
    assert sorted(reader.goes) == [*[1] * (READERS + 1), 2, 2]


def test_one_that_cannot_be_read_fails_alone() -> None:
    reader = Reader()
    messages = [*map(str, range(READERS)), "a", "poison", "b"]
    found = asyncio.run(read_all(reader, messages))
    assert isinstance(found.pop(READERS + 1), ValueError)
    assert [one["text"] for one in found] == [*map(str, range(READERS)), "A", "B"]


def test_one_that_nobody_waits_for_any_more_holds_up_no_other() -> None:
    async def go_away() -> None:
        reader = Reader()
        reading = ReadingTogether(reader)
        tasks = [
            asyncio.ensure_future(reading.understood(Message(str(n)))) for n in range(READERS + 3)
        ]
        await asyncio.sleep(0.05)
        for gone in (tasks.pop(0), tasks.pop(-2)):
            gone.cancel()
            with pytest.raises(asyncio.CancelledError):
                await gone
        reader.let_go.set()
        assert len(await asyncio.gather(*tasks)) == READERS + 1
        assert await reading.understood(Message("later")) == {"text": "LATER"}

    asyncio.run(go_away())
