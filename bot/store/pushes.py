"""Replies that the assistant began, such as a reminder: kept until the retention time is over."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

TABLE = sa.Table(
    "pushes",
    sa.MetaData(),
    # Never given twice, not even after the newest row was deleted: open pages count on it.
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("conversation", sa.String(255), index=True, nullable=False),
    sa.Column("said_at", sa.Float, nullable=False),  # seconds since the epoch
    sa.Column("reply", sa.JSON, nullable=False),
    sqlite_autoincrement=True,
)


class Push(NamedTuple):
    """A reply that the assistant began.

    Attributes:
        id: Its number; later ones have higher numbers.
        said_at: Seconds since the epoch.
        reply: A REPLY.
    """

    id: int
    said_at: float
    reply: dict[str, Any]


def add(session: Session, conversation: str, reply: dict[str, Any]) -> int:
    """Keeps a reply for a conversation; its number."""
    row = {"conversation": conversation, "said_at": time.time(), "reply": reply}
    result = session.execute(TABLE.insert().values(**row))
    return int(result.inserted_primary_key[0])


def of(session: Session, conversation: str, after: int = 0) -> list[Push]:
    """The replies of a conversation with a higher number than `after`, oldest first."""
    columns = (TABLE.c.id, TABLE.c.said_at, TABLE.c.reply)
    wanted = (TABLE.c.conversation == conversation) & (TABLE.c.id > after)
    rows = session.execute(sa.select(*columns).where(wanted).order_by(TABLE.c.id))
    return [Push(*row) for row in rows]


def newest(session: Session) -> int:
    """The highest number of all conversations; 0 where there is none."""
    return int(session.execute(sa.select(sa.func.max(TABLE.c.id))).scalar() or 0)
