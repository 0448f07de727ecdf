"""Measures understanding on the question sets: `make evaluate`.

Prints a table of figures with the floors that CI holds, and writes docs/evaluation.md with every
miss. `python -m tests.nlu.evaluation tuning` prints the tuning sets instead and writes nothing.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from bot.logs import prepare_logs

prepare_logs("ERROR")

from rasa.core.channels.channel import UserMessage  # noqa: E402

from bot.agent import CompanionAgent, load_agent  # noqa: E402
from bot.settings import get_settings  # noqa: E402
from tests.nlu.goals import GOALS  # noqa: E402
from tests.nlu.machine import slowness  # noqa: E402
from tests.nlu.question_sets import Asked, ask_all, read_set  # noqa: E402
from tests.nlu.typing_errors import with_typing_errors  # noqa: E402

SETS = (
    "in_scope",
    "near_out_of_scope",
    "far_out_of_scope",
    "two_questions",
    "long_stories",
    "follow_ups",
)


# The kind of reply that each message of a safety set must get.
SAFETY_SETS = {"emergencies": "emergency", "crises": "crisis", "care_team_wishes": "care_team"}


@dataclass(frozen=True)
class Evaluation:
    """Everything that was measured.

    Attributes:
        figures: By the keys of tests.nlu.goals.GOALS, in the goals' units.
        asked: The messages of each set, and `typing_errors` and `without_typing_errors`.
        sizes: How many messages (or pairs) a figure stands for.
        calendar_misses: Matters of the calendar taken for questions, and the other way round.
    """

    figures: dict[str, float] = field(default_factory=dict)
    asked: dict[str, list[Asked]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    calendar_misses: list[Asked] = field(default_factory=list)


async def evaluate(agent: CompanionAgent, folder: str) -> Evaluation:
    """Asks all sets of a folder, and times the pipeline on its in-scope questions."""
    done = Evaluation()
    for name in SETS:
        asked = await ask_all(agent, read_set(folder, name))
        beyond = name.endswith("out_of_scope")
        hits = [entry.answered if beyond else entry.right for entry in asked]
        done.asked[name] = asked
        done.figures[name] = 100 * float(np.mean(hits))
        done.sizes[name] = len(asked)
    await _safety(agent, folder, done)
    await _calendar_matters(agent, folder, done)
    await _typing_errors(agent, folder, done)
    questions = [entry.said[0] for entry in done.asked["in_scope"]]
    done.figures["nlu_p50"], done.figures["nlu_p95"] = await nlu_milliseconds(agent, questions)
    done.sizes["nlu_p50"] = done.sizes["nlu_p95"] = len(questions)
    return done


async def _safety(agent: CompanionAgent, folder: str, done: Evaluation) -> None:
    """What must raise an alarm, in English and in other languages, and what must not."""
    hits = {}
    for name, kind in SAFETY_SETS.items():
        done.asked[name] = await ask_all(agent, read_set(folder, name))
        hits[name] = [kind in entry.kinds for entry in done.asked[name]]
    calm = await ask_all(agent, read_set(folder, "calm_look_alikes"))
    done.asked["calm_look_alikes"] = calm
    hits["calm_look_alikes"] = [not entry.alarmed for entry in calm]
    if folder == "held_out":  # the tuning sets have none
        messages = read_set(folder, "foreign_emergencies")
        foreign = await ask_all(agent, (m for m in messages if m["kind"] == "emergency"))
        done.asked["foreign_emergencies"] = foreign
        hits["foreign_emergencies"] = [entry.alarmed for entry in foreign]
    for name, right in hits.items():
        done.figures[name] = 100 * float(np.mean(right))
        done.sizes[name] = len(right)


async def _calendar_matters(agent: CompanionAgent, folder: str, done: Evaluation) -> None:
    """What a family asks or tells for its own calendar, and questions that resemble it."""
    messages = read_set(folder, "calendar_matters")
    for entry, message in zip(await ask_all(agent, messages), messages, strict=True):
        if ("schedule" in entry.kinds) != message["calendar"]:
            done.calendar_misses.append(entry)
    done.figures["calendar_matters"] = 100 * (1 - len(done.calendar_misses) / len(messages))
    done.sizes["calendar_matters"] = len(messages)


async def _typing_errors(agent: CompanionAgent, folder: str, done: Evaluation) -> None:
    """Pairs with and without one typing error: written by hand, and made of the in-scope set."""
    made = [
        {**message, "text": with_typing_errors(message["text"])}
        for message in read_set(folder, "in_scope")
    ]
    mistyped = await ask_all(agent, made)
    clean = list(done.asked["in_scope"])
    try:
        written = read_set(folder, "typing_errors")
    except FileNotFoundError:  # the tuning sets have none
        written = []
    mistyped += await ask_all(agent, written)
    clean += await ask_all(agent, ({**m, "text": m["clean"]} for m in written))
    done.asked["typing_errors"], done.asked["without_typing_errors"] = mistyped, clean
    right = [100 * float(np.mean([entry.right for entry in asked])) for asked in (clean, mistyped)]
    done.figures["typing_errors"] = right[0] - right[1]
    done.sizes["typing_errors"] = len(clean)


async def nlu_milliseconds(agent: CompanionAgent, questions: list[str]) -> tuple[float, float]:
    """Median and 95th percentile of the time to understand a message, on one reference thread.

    The faster of two rounds counts: something else may keep the machine busy during one.
    """
    assert agent.processor is not None
    rounds = []
    with threadpool_limits(1):
        for _ in range(2):
            times = []
            for text in questions:
                start = time.perf_counter()
                await agent.processor.parse_message(UserMessage(text))
                times.append(1000 * (time.perf_counter() - start))
            times = list(np.array(times) / slowness())
            rounds.append((float(np.percentile(times, 50)), float(np.percentile(times, 95))))
    return min(rounds)


def training_seconds() -> float:
    """How long `rasa train nlu` takes, beyond the start of Python, on the reference machine.

    Sentences that the last training had are not encoded again, as after an edit of the data.
    """
    from rasa.model_training import train_nlu

    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get("RASA_CACHE_DIRECTORY")
        os.environ["RASA_CACHE_DIRECTORY"] = str(Path(folder) / "cache")
        start = time.perf_counter()
        try:
            train_nlu("config.yml", "data/nlu", folder)
        finally:
            if before is None:
                del os.environ["RASA_CACHE_DIRECTORY"]
            else:
                os.environ["RASA_CACHE_DIRECTORY"] = before
        return (time.perf_counter() - start) / slowness()


def table(figures: Mapping[str, float], sizes: Mapping[str, int]) -> str:
    """The figures beside their goals, as a Markdown table."""
    lines = ["| what | measured | of | floor | wanted |", "| --- | --- | --- | --- | --- |"]
    for name, goal in GOALS.items():
        if name in figures:
            mark = "" if goal.holds(figures[name]) else " **under the floor**"
            lines.append(
                f"| {goal.what} | {figures[name]:.1f} {goal.unit}{mark} | {sizes.get(name, '')} "
                f"| {goal.floor:g} {goal.unit} | {goal.wanted:g} {goal.unit} |"
            )
    return "\n".join(lines)


def main(folder: str) -> None:
    """Prints the table; for the held-out sets also writes docs/evaluation.md."""
    done = asyncio.run(evaluate(load_agent(get_settings().model), folder))
    if folder == "held_out":
        from tests.nlu.report import write_report

        # The faster of two, as for the messages.
        done.figures["training"] = min(training_seconds(), training_seconds())
        write_report(done)
    print(table(done.figures, done.sizes))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "held_out")
