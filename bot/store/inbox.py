"""Messages that messengers brought: each taken once, and kept until it is answered."""

from __future__ import annotations

import time
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.store import claims

LEASE = 30.0  # seconds; an answer takes less than one
REMEMBERED = 7 * 24 * 60 * 60  # seconds; platforms deliver again for at most a day and a half

TABLE = sa.Table(
    "inbox",
    sa.MetaData(),
    *claims.columns(),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("recipient", sa.String(255), nullable=False),
    sa.Column("update_id", sa.String(255), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("came_at", sa.Float, nullable=False),  # seconds since the epoch
    sqlite_autoincrement=True,
)

# Apart from the messages: it outlives answers and erasures, and tells of nobody.
SEEN = sa.Table(
    "seen_updates",
    sa.MetaData(),
    sa.Column("update_id", sa.String(255), primary_key=True),
    sa.Column("came_at", sa.Float, index=True, nullable=False),
)


class Incoming(NamedTuple):
    """A person's message, as a messenger's webhook brought it.

    Attributes:
        update_id: The platform's own id of it, the same however often it is delivered.
        conversation: Whose it is.
        channel: The messenger's name.
        recipient: Who gets the answer, as the messenger names them.
        text: What was written, or the payload of a tapped button.
    """

    update_id: str
    conversation: str
    channel: str
    recipient: str
    text: str


class Waiting(NamedTuple):
    """A message that waits for its answer.

    Attributes:
        id: Its number.
        message: What came.
        attempts: How often it was tried to answer, this time included.
    """

    id: int
    message: Incoming
    attempts: int


def take(session: Session, message: Incoming) -> bool:
    """Keeps a message to be answered; False when it came before."""
    now = time.time()
    if not claims.add_once(session, SEEN, {"update_id": message.update_id, "came_at": now}):
        return False
    row = {**message._asdict(), "came_at": now, "next_try": now, "attempts": 0}
    session.execute(TABLE.insert().values(**row))
    return True


def claim(session: Session, most: int) -> list[Waiting]:
    """Takes messages that wait, of each conversation the oldest, for nobody else to get."""
    rows = claims.claim(session, TABLE, most, LEASE)
    return [
        Waiting(row.id, Incoming(*(getattr(row, name) for name in Incoming._fields)), row.attempts)
        for row in rows
    ]


def answered(session: Session, row: int) -> None:
    """Lets go of a message that is answered; that it came stays known."""
    session.execute(TABLE.delete().where(TABLE.c.id == row))


def forget(session: Session, instant: float) -> None:
    """Deletes messages older than an instant, and ids that no platform will deliver again."""
    session.execute(TABLE.delete().where(TABLE.c.came_at < instant))
    session.execute(SEEN.delete().where(SEEN.c.came_at < time.time() - REMEMBERED))
