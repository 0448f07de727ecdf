"""100 parents at once: no error, and memory stays level.

20 seconds by default; `make faults` lets them talk for five minutes.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.server.conftest import Chat, Server

pytestmark = pytest.mark.server

SECONDS = int(os.environ.get("COMPANION_FAULT_SECONDS", "20"))
PARENTS = 100
GROWTH = 60  # megabytes that may come and go; the longest run is held to it as the shortest is
QUESTIONS = (
    "Is it for life?", "why?", "Will the seizures stop?", "Do I need shots too? And how often?",
    "we started on 20 November 2026", "what does pallor mean?", "thank you",
)  # fmt: skip


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path, COMPANION_MESSAGES_PER_MINUTE="100000")
    try:
        running.wait()
        yield running
    finally:
        running.stop()


def megabytes(server: Server) -> float:
    status = Path(f"/proc/{server.pid}/status").read_text()
    (resident,) = re.findall(r"VmRSS:\s+(\d+) kB", status)
    return int(resident) / 1024


def talk(server: Server, number: int, seconds: float) -> int:
    """Talks for so long; how many messages were answered."""
    chat, answered, until = Chat(server.url), 0, time.monotonic() + seconds
    while time.monotonic() < until:
        assert chat.say(QUESTIONS[(number + answered) % len(QUESTIONS)])
        answered += 1
    return answered


def test_a_hundred_parents_at_once_meet_no_error_and_memory_stays_level(crowded: Server) -> None:
    with ThreadPoolExecutor(PARENTS) as pool:

        def all_talk(seconds: float) -> int:
            talks = [pool.submit(talk, crowded, number, seconds) for number in range(PARENTS)]
            return sum(one.result() for one in talks)

        all_talk(SECONDS / 2)  # until all that is kept ready is there
        before = megabytes(crowded)
        answered = all_talk(SECONDS)
    after = megabytes(crowded)
    print(f"{answered} messages in {SECONDS} s; resident {before:.0f} MB, then {after:.0f} MB")
    assert answered >= PARENTS
    assert after < before + GROWTH
    assert "ERROR" not in crowded.log
