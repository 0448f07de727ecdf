"""What the next turn needs of a long conversation, beside its latest events.

Rasa rebuilds a conversation from all its events at each message, so that the thousandth message
costs many times the fifth. Here the slots and the offered buttons stand in one row of the
conversation, and each message's id in a row of its own: nothing grows but the events, of which only
the last are read.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, NamedTuple, Optional

import orjson
import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import BotUttered, Event, UserUttered
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session
from sqlalchemy.sql import ColumnElement, Select

from bot.store.functions import Function

EVENTS: sa.Table = SQLTrackerStore.SQLEvent.__table__
EVENTS.indexes.clear()  # Rasa's own one, which the one below serves for as well
sa.Index("ix_events_sender_id_id", EVENTS.c.sender_id, EVENTS.c.id)

METADATA = sa.MetaData()

CONVERSATIONS = sa.Table(
    "conversations",
    METADATA,
    sa.Column("conversation", sa.String(255), primary_key=True),
    sa.Column("slots", sa.JSON, nullable=False),
    sa.Column("offered", sa.JSON, nullable=False),  # payloads of all buttons
    sa.Column("said_at", sa.Float, index=True, nullable=False),  # of the latest event
)

MESSAGES = sa.Table(
    "messages",
    METADATA,
    sa.Column("conversation", sa.String(255), primary_key=True),
    # The key also holds that no message is answered twice, whoever answers it.
    sa.Column("message_id", sa.Text, primary_key=True),
    sa.Column("event", sa.Integer, nullable=False),
    sa.Column("said_at", sa.Float, index=True, nullable=False),
    sa.Index("ix_messages_conversation_event", "conversation", "event"),
)


class StoredTracker(DialogueStateTracker):
    """The latest part of a conversation.

    Attributes:
        stored: How many of its events the database has.
        offered: The payloads of all buttons of the whole conversation, as far as stored; None where
            that was not noted yet.
        said_at: When its latest event was said, as far as stored; None where that was not noted.
    """

    stored: int = 0
    offered: Optional[frozenset[str]] = None
    said_at: Optional[float] = None

    @classmethod
    def begun(cls, conversation: str, slots: Iterable[Slot]) -> StoredTracker:
        """One without events yet, with slots of its own."""
        tracker = cls(conversation, ())  # with slots, Rasa's own beginning would copy.copy each
        tracker.slots = {slot.name: _twin(slot) for slot in slots}
        return tracker

    def copy(self) -> StoredTracker:
        """Its duplicate (called by Rasa, whose own replays all events for each action)."""
        twin = copy.copy(self)
        twin.events = self.events.copy()
        twin.slots = {name: _twin(slot) for name, slot in self.slots.items()}
        return twin


def _twin(slot: Slot) -> Slot:
    """What copy.copy makes of it, in a fifth of the time."""
    twin: Slot = object.__new__(type(slot))
    twin.__dict__.update(slot.__dict__)
    return twin


class Snapshot(NamedTuple):
    """Where a conversation stands.

    Attributes:
        slots: The slots' values.
        offered: The payloads of all buttons.
        said_at: When its latest event was said.
    """

    slots: dict[str, Any]
    offered: list[str]
    said_at: float


class End(NamedTuple):
    """The end of a conversation.

    Attributes:
        now: Where it stands.
        events: From the latest message on, as JSON.
        came_before: The number of the event of the message in question; None when it never came.
    """

    now: Snapshot
    events: list[str]
    came_before: Optional[int]


def payloads(events: Iterable[Event]) -> frozenset[str]:
    """The payloads of all buttons that these events offered."""
    return frozenset(
        button["payload"]
        for event in events
        if isinstance(event, BotUttered)
        for button in event.data.get("buttons") or []
    )


def offered_payloads(tracker: DialogueStateTracker) -> frozenset[str]:
    """The payloads of all buttons that this conversation was offered."""
    earlier = getattr(tracker, "offered", None) or frozenset()
    return earlier | payloads(tracker.events)


def replies_to(events: Iterable[Event], message_id: str) -> Optional[list[BotUttered]]:
    """What was answered to the message of that id; None when it never came."""
    replies: Optional[list[BotUttered]] = None
    for event in events:
        if isinstance(event, UserUttered):
            if replies is not None:
                break
            if event.message_id == message_id:
                replies = []
        elif isinstance(event, BotUttered) and replies is not None:
            replies.append(event)
    return replies


def _end_of(conversation: ColumnElement, message_id: ColumnElement) -> Select:
    """Where a conversation stands and, from its latest message on, its events.

    Beside that, the number of the event of a message, where it came before. One statement, so that
    it is one trip.
    """
    latest_message = (
        sa.select(sa.func.max(MESSAGES.c.event))
        .where(MESSAGES.c.conversation == conversation)
        .scalar_subquery()
    )
    the_message = (MESSAGES.c.conversation == CONVERSATIONS.c.conversation) & (
        MESSAGES.c.message_id == message_id
    )
    latest_events = (EVENTS.c.sender_id == CONVERSATIONS.c.conversation) & (
        EVENTS.c.id >= latest_message
    )
    return (
        sa.select(
            # As text: they stand in each row, and one is enough to read.
            sa.cast(CONVERSATIONS.c.slots, sa.Text).label("slots"),
            sa.cast(CONVERSATIONS.c.offered, sa.Text).label("offered"),
            CONVERSATIONS.c.said_at,
            MESSAGES.c.event.label("came_before"),
            EVENTS.c.data.label("event"),
        )
        .select_from(
            CONVERSATIONS.outerjoin(MESSAGES, the_message).outerjoin(EVENTS, latest_events)
        )
        .where(CONVERSATIONS.c.conversation == conversation)
        .order_by(EVENTS.c.id)
    )


_END = _end_of(sa.bindparam("whose"), sa.bindparam("which"))
_END_OF_ARGUMENTS = _end_of(sa.literal_column("whose"), sa.literal_column("which"))
_PLANNED_END = Function(
    "companion_end",
    {"whose": "varchar", "which": "text"},
    returns="table (slots text, offered text, said_at float8, came_before integer, event text)",
    body=f"""
    #variable_conflict use_column
    begin
        return query {_END_OF_ARGUMENTS.compile(dialect=postgresql.dialect())};
    end
    """,
)
_PLANNED_END.create_with(METADATA)


def end(connection: Connection, conversation: str, message_id: Optional[str]) -> Optional[End]:
    """The end of a conversation; None where no turn noted where it stands.

    Args:
        connection: To the database.
        conversation: Which one.
        message_id: Of the message that may have come before.
    """
    wanted = {"whose": conversation, "which": message_id}
    planned = connection.dialect.name == "postgresql"
    found = _PLANNED_END.call(connection, wanted) if planned else connection.execute(_END, wanted)
    rows = found.all()
    if not rows:
        return None
    first = rows[0]
    now = Snapshot(orjson.loads(first.slots), orjson.loads(first.offered), first.said_at)
    events = [row.event for row in rows if row.event is not None]
    return End(now, events, first.came_before)


def erase(session: Session, conversation: str) -> None:
    """Deletes what is kept of a conversation."""
    for table in METADATA.tables.values():
        session.execute(table.delete().where(table.c.conversation == conversation))


def forget_before(session: Session, instant: float) -> None:
    """Deletes what is older; of a conversation that goes on, its present state stays."""
    for table in METADATA.tables.values():
        session.execute(table.delete().where(table.c.said_at < instant))
