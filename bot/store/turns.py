"""What the next turn needs of a long conversation, beside its latest events.

Rasa rebuilds a conversation from all its events at each message, so that the thousandth message
costs many times the fifth. Here the slots and the offered buttons stand in one row of the
conversation, and each message's id in a row of its own: nothing grows but the events, of which only
the last are read.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, NamedTuple, Optional, Union

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

Execution = Union[Connection, Session]  # a statement can be executed on either

EVENTS: sa.Table = SQLTrackerStore.SQLEvent.__table__
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
    """

    stored: int = 0
    offered: Optional[frozenset[str]] = None

    def copy(self) -> StoredTracker:
        """Its duplicate (called by Rasa, whose own replays all events for each action)."""
        twin = copy.copy(self)
        twin.events = self.events.copy()
        twin.slots = {name: copy.copy(slot) for name, slot in self.slots.items()}
        return twin


class Snapshot(NamedTuple):
    """Where a conversation stands.

    Attributes:
        slots: The slots' values.
        offered: The payloads of all buttons.
    """

    slots: dict[str, Any]
    offered: list[str]


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


_THERE = CONVERSATIONS.c.conversation == sa.bindparam("there")
_SNAPSHOT = sa.select(CONVERSATIONS.c.slots, CONVERSATIONS.c.offered).where(_THERE)
_KEEP = CONVERSATIONS.update().where(_THERE)
_ITS_EVENT = (MESSAGES.c.conversation == CONVERSATIONS.c.conversation) & (
    MESSAGES.c.message_id == sa.bindparam("id")
)
_SNAPSHOT_AND_EVENT = _SNAPSHOT.add_columns(MESSAGES.c.event).select_from(
    CONVERSATIONS.outerjoin(MESSAGES, _ITS_EVENT)
)

# The number of the event of a conversation's latest message.
LATEST_MESSAGE = (
    sa.select(sa.func.max(MESSAGES.c.event))
    .where(MESSAGES.c.conversation == sa.bindparam("conversation"))
    .scalar_subquery()
)


def snapshot(session: Execution, conversation: str) -> Optional[Snapshot]:
    """Where a conversation stands; None where no turn noted it."""
    row = session.execute(_SNAPSHOT, {"there": conversation}).first()
    return Snapshot(*row) if row else None


def snapshot_and_event(
    session: Execution, conversation: str, message_id: str
) -> tuple[Optional[Snapshot], Optional[int]]:
    """Where a conversation stands, and the number of a message's event; None when it never came."""
    wanted = {"there": conversation, "id": message_id}
    row = session.execute(_SNAPSHOT_AND_EVENT, wanted).first()
    return (Snapshot(row.slots, row.offered), row.event) if row else (None, None)


def keep(session: Execution, conversation: str, now: Snapshot, said_at: float) -> None:
    """Notes where a conversation stands."""
    values = {**now._asdict(), "said_at": said_at}
    if session.execute(_KEEP, {"there": conversation, **values}).rowcount == 0:
        session.execute(CONVERSATIONS.insert(), {"conversation": conversation, **values})


def note(session: Execution, conversation: str, said: UserUttered, number: int) -> None:
    """Notes by its id a message, and the number of its event."""
    new = {"conversation": conversation, "message_id": said.message_id, "event": number}
    session.execute(MESSAGES.insert(), {**new, "said_at": said.timestamp})


def erase(session: Session, conversation: str) -> None:
    """Deletes what is kept of a conversation."""
    for table in METADATA.tables.values():
        session.execute(table.delete().where(table.c.conversation == conversation))


def forget_before(session: Session, instant: float) -> None:
    """Deletes what is older; of a conversation that goes on, its present state stays."""
    for table in METADATA.tables.values():
        session.execute(table.delete().where(table.c.said_at < instant))
