"""Load: parents who write to a bot, and how long they wait."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Iterator

import aiohttp
import numpy as np

from bench.runtime.servers import Bot

LENGTH = 10  # messages of a conversation
PATIENCE = 120  # seconds for an answer
PATIENCE_IN_A_BURST = 30  # where stock Rasa's lock may never be given back


def percentile(seconds: list[float], share: float) -> float:
    """The value that so many per cent do not exceed, in milliseconds."""
    return 1000 * float(np.percentile(seconds, share))


async def throughput(bot: Bot, texts: list[str], users: int, seconds: float) -> float:
    """Messages a second of users who each write again as soon as they are answered."""
    answered = 0
    asked = itertools.cycle(texts)
    async with _client() as client:
        end = time.perf_counter() + seconds

        async def write(user: int) -> None:
            nonlocal answered
            while True:
                conversation = await bot.open(client)
                for number in range(LENGTH):
                    if time.perf_counter() > end:
                        return
                    # Each message may reach another process.
                    await bot.say(client, conversation, next(asked), user + number)
                    answered += 1

        start = time.perf_counter()
        await asyncio.gather(*(write(user) for user in range(users)))
        return answered / (time.perf_counter() - start)


async def waits_under_arrivals(
    bot: Bot, texts: list[str], a_second: float, seconds: float
) -> list[float]:
    """Seconds from when each message was due to its answer; messages come at a steady rate."""
    asked = itertools.cycle(texts)
    count = round(a_second * seconds)
    async with _client() as client:
        conversations = [await bot.open(client) for _ in range(-(-count // LENGTH))]
        start = time.perf_counter()

        async def arrive(number: int) -> float:
            due = start + number / a_second
            await asyncio.sleep(due - time.perf_counter())
            # Ten in one conversation, far apart, so that none waits for the other.
            conversation = conversations[number % len(conversations)]
            await bot.say(client, conversation, next(asked), number)
            return time.perf_counter() - due

        return await asyncio.gather(*(arrive(number) for number in range(count)))


async def waits_of_one(bot: Bot, texts: list[str], messages: int) -> list[float]:
    """Seconds that a single user waits for each answer, in conversations of ten."""
    waits: list[float] = []
    async with _client() as client:
        for number, text in zip(range(messages), itertools.cycle(texts)):
            if number % LENGTH == 0:
                conversation = await bot.open(client)
            waits.append(await _timed(bot.say(client, conversation, text)))
    return waits


async def waits_in_one_conversation(bot: Bot, texts: list[str], messages: int) -> list[float]:
    """Seconds to each answer in a conversation that goes on and on."""
    async with _client() as client:
        conversation = await bot.open(client)
        asked: Iterator[str] = itertools.islice(itertools.cycle(texts), messages)
        return [await _timed(bot.say(client, conversation, text)) for text in asked]


async def burst(bot: Bot, texts: list[str]) -> list[float]:
    """Seconds to each answer when all texts come at once into one conversation, over all processes.

    A message without an answer in time waits forever.
    """

    async def one(number: int, text: str) -> float:
        try:
            return await _timed(bot.say(client, conversation, text, number))
        except (RuntimeError, aiohttp.ClientError, asyncio.TimeoutError):
            return float("inf")

    async with _client(PATIENCE_IN_A_BURST) as client:
        conversation = await bot.open(client)
        return await asyncio.gather(*(one(number, text) for number, text in enumerate(texts)))


def _client(patience: float = PATIENCE) -> aiohttp.ClientSession:
    # A new connection for each message: a server may close an idle one just as it is used again.
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=patience))


async def _timed(answer: Awaitable[None]) -> float:
    start = time.perf_counter()
    await answer
    return time.perf_counter() - start
