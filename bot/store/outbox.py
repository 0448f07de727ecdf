"""Replies on their way to a messenger: sent once, in order, again while its platform is busy."""

from __future__ import annotations

import time
from typing import Any, NamedTuple, Optional

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.store import claims

LEASE = 60.0  # seconds; a message that was sent renews it
GIVEN_UP_AFTER = 24 * 60 * 60  # seconds; an answer of yesterday would only confuse

TABLE = sa.Table(
    "outbox",
    sa.MetaData(),
    *claims.columns(),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("recipient", sa.String(255), nullable=False),
    sa.Column("reply", sa.JSON, nullable=False),
    sa.Column("key", sa.String(255), unique=True, nullable=False),
    sa.Column("added_at", sa.Float, nullable=False),  # seconds since the epoch
    sa.Column("sent", sa.Integer, nullable=False, default=0),  # of its messages
    sa.Column("error", sa.String(100)),  # why the last attempt failed
    sqlite_autoincrement=True,
)


class Letter(NamedTuple):
    """A reply on its way.

    Attributes:
        id: Its number.
        conversation: Whose it is.
        channel: The messenger's name.
        recipient: The person there, as the messenger names them.
        reply: A REPLY.
        sent: How many of the messages that it is made into have arrived.
        attempts: How often it was tried, this time included.
        added_at: Seconds since the epoch.
    """

    id: int
    conversation: str
    channel: str
    recipient: str
    reply: dict[str, Any]
    sent: int
    attempts: int
    added_at: float


def add(
    session: Session,
    conversation: str,
    channel: str,
    recipient: str,
    reply: dict[str, Any],
    key: str,
    not_before: Optional[float] = None,
) -> bool:
    """Puts a reply on its way, unless one with this key was put before.

    Args:
        session: The caller's transaction.
        conversation: Whose it is.
        channel: The messenger's name, such as `telegram`.
        recipient: The person there, as the messenger names them.
        reply: A REPLY.
        key: The same for the same message, whoever adds it however often.
        not_before: Seconds since the epoch; at once when None.

    Returns:
        Whether it was added.
    """
    now = time.time()
    row = {
        "conversation": conversation,
        "channel": channel,
        "recipient": recipient,
        "reply": reply,
        "key": key,
        "added_at": now,
        "next_try": not_before or now,
        "attempts": 0,
        "sent": 0,
    }
    return claims.add_once(session, TABLE, row)


def claim(session: Session, most: int) -> list[Letter]:
    """Takes replies that are due; nobody else gets them meanwhile."""
    rows = claims.claim(session, TABLE, most, LEASE)
    return [Letter(*(getattr(row, name) for name in Letter._fields)) for row in rows]


def arrived(session: Session, letter: int, messages: int) -> None:
    """Notes that so many of a reply's messages have arrived, and that more follow."""
    change = {"sent": messages, "next_try": time.time() + LEASE}
    session.execute(TABLE.update().where(TABLE.c.id == letter).values(**change))


def finish(session: Session, letter: int, error: Optional[str] = None) -> None:
    """Ends the sending of a reply: it has arrived, or `error` says why it never will."""
    change = {"next_try": None, "claim": None, "error": error}
    session.execute(TABLE.update().where(TABLE.c.id == letter).values(**change))


def try_later(session: Session, letter: Letter, error: str, wait: Optional[float] = None) -> bool:
    """Puts a reply back after a vain attempt.

    Args:
        session: The caller's transaction.
        letter: The reply.
        error: Why it failed, without a person's words.
        wait: Seconds that the platform asked for; growing from attempt to attempt when None.

    Returns:
        Whether it will be tried again; False when it is a day old and given up.
    """
    wait = claims.back_off(letter.attempts) if wait is None else wait
    if time.time() + wait > letter.added_at + GIVEN_UP_AFTER:
        finish(session, letter.id, error)
        return False
    claims.put_back(session, TABLE, letter.id, wait)
    session.execute(TABLE.update().where(TABLE.c.id == letter.id).values(error=error))
    return True


def latest(session: Session, conversation: str) -> Optional[dict[str, Any]]:
    """The newest REPLY that was put on its way in a conversation."""
    newest = (
        sa.select(TABLE.c.reply)
        .where(TABLE.c.conversation == conversation)
        .order_by(TABLE.c.id.desc())
        .limit(1)
    )
    reply: Optional[dict[str, Any]] = session.execute(newest).scalar()
    return reply


def drop_waiting(session: Session, conversation: str) -> None:
    """Takes back what was not sent yet."""
    waiting = (TABLE.c.conversation == conversation) & TABLE.c.next_try.is_not(None)
    session.execute(TABLE.update().where(waiting).values(next_try=None, error="taken back"))


def owner(session: Session, letter: int) -> Optional[str]:
    """The conversation of a reply."""
    found: Optional[str] = session.execute(
        sa.select(TABLE.c.conversation).where(TABLE.c.id == letter)
    ).scalar()
    return found
