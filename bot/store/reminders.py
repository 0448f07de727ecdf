"""Who wants reminders, and the one that waits for each; each day is told of once.

A reminder that was sent stays, so that its day does not come again, whatever the clock says.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple, Optional

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bot.store import claims, inbox, outbox

# Seconds. It never runs out: a reminder is handed over in the transaction that claims it.
LEASE = 60.0

_METADATA = sa.MetaData()

PLANS = sa.Table(
    "reminder_plans",
    _METADATA,
    sa.Column("conversation", sa.String(255), primary_key=True),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("recipient", sa.String(255)),  # as the messenger names them; none on the web
    sa.Column("family", sa.JSON, nullable=False),  # by the names of the tracker's slots
    sa.Column("since", sa.Float, nullable=False),  # seconds since the epoch
)

TABLE = sa.Table(
    "reminders",
    _METADATA,
    *claims.columns(),
    sa.Column("date", sa.Date, nullable=False),  # of the injections
    sa.UniqueConstraint("conversation", "date"),
    sqlite_autoincrement=True,
)


class Plan(NamedTuple):
    """A family that wants reminders.

    Attributes:
        conversation: Whose it is.
        channel: Where the reminders go.
        recipient: The person there, as the messenger names them; None on the web.
        family: What is known of the course, by the names of the tracker's slots.
        since: When they were asked for, in seconds since the epoch.
    """

    conversation: str
    channel: str
    recipient: Optional[str]
    family: dict[str, Any]
    since: float


class Due(NamedTuple):
    """A reminder that is due.

    Attributes:
        id: Its number.
        conversation: Whose it is.
        date: The day of the injections.
        attempts: How often it was tried, this time included.
    """

    id: int
    conversation: str
    date: dt.date
    attempts: int


def plan_of(session: Session, conversation: str) -> Optional[Plan]:
    """What a conversation wants to be reminded of; None where it wants nothing."""
    row = session.execute(sa.select(PLANS).where(PLANS.c.conversation == conversation)).first()
    return Plan(*row) if row else None


def plans(session: Session) -> list[Plan]:
    """All of them."""
    return [Plan(*row) for row in session.execute(sa.select(PLANS))]


def keep(session: Session, plan: Plan) -> None:
    """Keeps a plan in place of the conversation's former one."""
    if not claims.add_once(session, PLANS, plan._asdict()):
        mine = PLANS.c.conversation == plan.conversation
        session.execute(PLANS.update().where(mine).values(**plan._asdict()))


def messenger_address(session: Session, conversation: str) -> Optional[str]:
    """The person behind a conversation, as their messenger names them."""
    for table in (inbox.TABLE, outbox.TABLE):
        newest = (
            sa.select(table.c.recipient)
            .where(table.c.conversation == conversation)
            .order_by(table.c.id.desc())
            .limit(1)
        )
        found: Optional[str] = session.execute(newest).scalar()
        if found is not None:
            return found
    return None


def told(session: Session, conversation: str) -> set[dt.date]:
    """The days that a conversation was reminded of."""
    sent = (TABLE.c.conversation == conversation) & TABLE.c.next_try.is_(None)
    return set(session.execute(sa.select(TABLE.c.date).where(sent)).scalars())


def expect(session: Session, conversation: str, date: Optional[dt.date], due: float = 0.0) -> None:
    """Lets one reminder wait in place of others; none when there is no date."""
    waiting = (TABLE.c.conversation == conversation) & TABLE.c.next_try.is_not(None)
    found = session.execute(sa.select(TABLE.c.date, TABLE.c.next_try).where(waiting)).all()
    if [tuple(row) for row in found] == ([] if date is None else [(date, due)]):
        return
    if date is None:
        session.execute(TABLE.delete().where(waiting))
        return
    session.execute(TABLE.delete().where(waiting, TABLE.c.date != date))
    row = {"conversation": conversation, "date": date, "next_try": due, "attempts": 0}
    if not claims.add_once(session, TABLE, row):
        untried = waiting & (TABLE.c.date == date) & (TABLE.c.attempts == 0)
        session.execute(TABLE.update().where(untried).values(next_try=due))


def claim(session: Session, most: int) -> list[Due]:
    """Takes reminders that are due; nobody else gets them meanwhile."""
    if session.get_bind().dialect.name == "sqlite":
        # Python's driver opens no transaction for an update that begins with WITH.
        session.execute(sa.text("BEGIN IMMEDIATE"))
    rows = claims.claim(session, TABLE, most, LEASE)
    return [Due(*(getattr(row, name) for name in Due._fields)) for row in rows]


def sent(session: Session, reminder: Due) -> None:
    """Notes that a reminder was handed over."""
    done = {"next_try": None, "claim": None}
    session.execute(TABLE.update().where(TABLE.c.id == reminder.id).values(**done))


def drop(session: Session, reminder: Due) -> None:
    """Takes a reminder back; its day may come again."""
    session.execute(TABLE.delete().where(TABLE.c.id == reminder.id))


def put_back(session: Session, reminder: Due) -> None:
    """Gives a reminder back after a vain attempt, to be tried again later and later."""
    claims.put_back(session, TABLE, reminder.id, claims.back_off(reminder.attempts))


def stop(session: Session, conversation: str) -> None:
    """Reminds a conversation no more."""
    session.execute(PLANS.delete().where(PLANS.c.conversation == conversation))
    expect(session, conversation, None)


def erase(session: Session, conversation: str) -> None:
    """Deletes all that is kept of a conversation, what it was reminded of included."""
    for table in (PLANS, TABLE):
        session.execute(table.delete().where(table.c.conversation == conversation))


def forget(session: Session, day: dt.date) -> None:
    """Deletes what was told of days before that one."""
    session.execute(TABLE.delete().where(TABLE.c.next_try.is_(None), TABLE.c.date < day))


def forget_silent(session: Session, channel: str, heard: sa.sql.Select) -> None:
    """Reminds those no more of whom nothing else is kept.

    Args:
        session: The caller's transaction.
        channel: On this channel alone.
        heard: Selects the conversations of which something is kept.
    """
    silent = sa.select(PLANS.c.conversation).where(
        PLANS.c.channel == channel, PLANS.c.conversation.not_in(heard)
    )
    session.execute(TABLE.delete().where(TABLE.c.conversation.in_(silent)))
    session.execute(PLANS.delete().where(PLANS.c.conversation.in_(silent)))


def count_due(session: Session, now: float) -> int:
    """How many reminders should have been sent by now."""
    count = sa.select(sa.func.count()).where(TABLE.c.next_try <= now)
    return int(session.execute(count).scalar() or 0)
