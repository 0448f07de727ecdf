"""A process that sends reminders, until its test kills it or it kills itself in the middle.

`python -m tests.server.reminder_sender URL NOW [STEP]`: NOW is the clock, in seconds since the
epoch. STEP names a function; it dies right after the third call of it. It says "ready", and
begins when it is sent a line.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.guide.catalogue import load_catalogue
from bot.reminding import Reminding
from bot.store import pushes, reminders

ROOT = Path(__file__).parent.parent.parent
STEPS: dict[str, Any] = {"claim": reminders, "add": pushes, "sent": reminders, "commit": Session}


def die_after(owner: Any, name: str) -> None:
    todo, calls = getattr(owner, name), 0

    def dying(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        result = todo(*args, **kwargs)
        calls += 1
        if calls == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dying)


def main(url: str, now: str, step: str = "") -> None:
    time.time = lambda: float(now)
    engine = sa.create_engine(url)

    @contextmanager
    def sessions() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    reminding = Reminding(sessions, load_catalogue(ROOT / "content"), retention_days=30)
    if step:
        die_after(STEPS[step], step)
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        if not reminding.send_due(most=1):
            time.sleep(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
