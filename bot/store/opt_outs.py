"""Conversations to which nothing is sent, because the person said STOP, until they say START.

It outlives erasure and retention: forgetting it would write to somebody who forbade it.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.store import claims, outbox

TABLE = sa.Table(
    "opt_outs", sa.MetaData(), sa.Column("conversation", sa.String(255), primary_key=True)
)


def stop(session: Session, conversation: str) -> None:
    """Sends nothing more there, not even what is on its way."""
    claims.add_once(session, TABLE, {"conversation": conversation})
    outbox.drop_waiting(session, conversation)


def start(session: Session, conversation: str) -> None:
    """Lets things be sent there again."""
    session.execute(TABLE.delete().where(TABLE.c.conversation == conversation))


def holds(session: Session, conversation: str) -> bool:
    """Whether nothing may be sent there."""
    found = sa.select(TABLE.c.conversation).where(TABLE.c.conversation == conversation)
    return session.execute(found).first() is not None
