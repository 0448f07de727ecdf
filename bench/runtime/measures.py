"""What is measured of each assistant."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import sqlalchemy

from bench.runtime.load import (
    burst,
    percentile,
    throughput,
    waits_in_one_conversation,
    waits_of_one,
    waits_under_arrivals,
)
from bench.runtime.servers import Bot
from tests.databases import new_database

Serve = Callable[[str, Path, int], AbstractContextManager[Bot]]

USERS = 50
ARRIVALS = 0.9  # of the messages a second that stock Rasa manages without deep nets
BURST = 20  # messages
WINDOW = 10  # messages whose median stands for the one in question
FIFTH = 5


@dataclass(frozen=True)
class Plan:
    """How long each measurement takes.

    Attributes:
        texts: What is asked, in turn.
        seconds: Of each load.
        runs: Over which the bursts are spread.
        arrivals: Messages a second that come whether the last was answered or not; None for the
            assistant that is measured first, whose own throughput decides.
    """

    texts: list[str]
    seconds: float
    runs: int
    arrivals: Optional[float] = None


@dataclass(frozen=True)
class Assistant:
    """One that is measured.

    Attributes:
        name: As the table has it.
        serve: Starts it on a database, with so many processes.
        longest: Messages of the longest conversation; none where it would take too long.
        bursts: Of all runs together. With none, two processes and steady arrivals are not measured
            either.
    """

    name: str
    serve: Serve
    longest: int
    bursts: int


Figures = dict[str, float]


async def measure(assistant: Assistant, plan: Plan, folder: Path) -> tuple[Figures, list[float]]:
    """One run: figures by name, and the seconds to each answer of the long conversation."""
    figures: Figures = {}
    waits: list[float] = []
    with new_database("postgresql", folder) as database:
        begin = time.perf_counter()
        with assistant.serve(database, folder, 1) as bot:
            await waits_of_one(bot, plan.texts, 1)
            figures["start"] = time.perf_counter() - begin
            await waits_of_one(bot, plan.texts, len(plan.texts))  # all is warm
            figures["one_p50"] = percentile(await waits_of_one(bot, plan.texts, 200), 50)
            figures["throughput_1"] = await throughput(bot, plan.texts, USERS, plan.seconds)
            if assistant.bursts:
                figures["arrivals"] = plan.arrivals or ARRIVALS * figures["throughput_1"]
                arrived = await waits_under_arrivals(
                    bot, plan.texts, figures["arrivals"], plan.seconds
                )
                figures["arrivals_p95"] = percentile(arrived, 95)
            if assistant.longest:
                asked = plan.texts[:WINDOW]
                waits = await waits_in_one_conversation(bot, asked, assistant.longest)
                early = waits[FIFTH - 1 :][:WINDOW]
                figures["growth"] = statistics.median(waits[-WINDOW:]) / statistics.median(early)
            figures["memory"] = bot.resident_megabytes()
    if assistant.bursts:
        with (
            new_database("postgresql", folder) as database,
            assistant.serve(database, folder, 2) as bot,
        ):
            await waits_of_one(bot, plan.texts, len(plan.texts))
            figures["throughput_2"] = await throughput(bot, plan.texts, USERS, plan.seconds)
            figures |= await _bursts(bot, plan, database, -(-assistant.bursts // plan.runs))
    return figures, waits


async def _bursts(bot: Bot, plan: Plan, database: str, bursts: int) -> Figures:
    """How many of a hundred messages are not in the database, and the longest wait."""
    engine = sqlalchemy.create_engine(database)
    kept = "select count(*) from events where type_name = 'user'"
    with engine.connect() as connection:
        before = connection.execute(sqlalchemy.text(kept)).scalar()
        texts = (plan.texts * BURST)[:BURST]
        waits = [wait for _ in range(bursts) for wait in await burst(bot, texts)]
        after = connection.execute(sqlalchemy.text(kept)).scalar()
    engine.dispose()
    return {"lost": 100 * (1 - (after - before) / len(waits)), "slowest": max(waits)}
