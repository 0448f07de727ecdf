"""Rows that are worked off once, in order, by whichever process is free.

A table of this kind has the columns `id`, `conversation`, `next_try`, `claim` and `attempts`. A row
waits as long as `next_try` holds a time. Claiming it moves that time ahead, so that a row whose
process died comes up again.
"""

from __future__ import annotations

import random
import time
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

FIRST_WAIT = 1.0  # seconds
LONGEST_WAIT = 600.0  # seconds


def columns() -> tuple[sa.Column, ...]:
    """The columns that every table of this kind has."""
    return (
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("conversation", sa.String(255), index=True, nullable=False),
        sa.Column("next_try", sa.Float, index=True),  # seconds since the epoch; none when done
        sa.Column("claim", sa.String(32)),  # whose it is
        sa.Column("attempts", sa.Integer, nullable=False, default=0),
    )


def add_once(session: Session, table: sa.Table, row: dict[str, Any]) -> bool:
    """Adds a row unless its key is there; whether it was added.

    Databases that do not know this at once (all but PostgreSQL and SQLite) are not supported.
    """
    dialects = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
    insert = dialects[session.get_bind().dialect.name]
    done = session.execute(insert(table).values(**row).on_conflict_do_nothing())
    return bool(done.rowcount == 1)


def claim(session: Session, table: sa.Table, most: int, seconds: float) -> list[Any]:
    """Takes rows that are due, of each conversation only the one that has waited longest.

    Args:
        session: Its transaction must begin with this call, and end soon after.
        table: Where to take from.
        most: How many rows at most.
        seconds: For how long nobody else may have them.

    Returns:
        The rows, oldest first.
    """
    now, mine = time.time(), uuid.uuid4().hex
    waiting = table.c.next_try.is_not(None)
    first = sa.select(sa.func.min(table.c.id)).where(waiting).group_by(table.c.conversation)
    due = (
        sa.select(table.c.id)
        .where(table.c.id.in_(first), table.c.next_try <= now)
        .order_by(table.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)  # SQLite lets one process write at a time anyway
        .cte("due")
    )
    taken = (
        table.update()
        .where(table.c.id.in_(sa.select(due.c.id)), table.c.next_try <= now)
        .values(next_try=now + seconds, claim=mine, attempts=table.c.attempts + 1)
    )
    session.execute(taken)
    taken_by_me = sa.select(table).where(table.c.claim == mine).order_by(table.c.id)
    return list(session.execute(taken_by_me))


def put_back(session: Session, table: sa.Table, row: int, wait: float = 0.0) -> None:
    """Gives a row back, to be tried again after so many seconds."""
    session.execute(
        table.update().where(table.c.id == row).values(next_try=time.time() + wait, claim=None)
    )


def back_off(attempts: int) -> float:
    """Seconds to wait after so many vain attempts: twice as long each time, up to ten minutes.

    The longer half is a matter of chance, so that what failed together does not come back together.
    """
    longest = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts, 20))
    return longest * random.uniform(0.5, 1.0)
