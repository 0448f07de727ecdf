"""The database of conversations, as Rasa's tracker store, and what parents thought of answers."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Optional

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import InMemoryTrackerStore, SQLTrackerStore, TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.orm import Session, sessionmaker

from bot.store import inbox, opt_outs, outbox, pushes, reminders, turns
from bot.store.database import create_tables, database_url, open_engine
from bot.store.pushes import Push
from bot.store.turns import Snapshot, StoredTracker

_TAIL = 60  # events: some five turns; a turn leans on the one before it and on the slots
_SPOKEN = (UserUttered.type_name, BotUttered.type_name)
_LONGEST_ANSWER = 20  # events; a turn has at most four replies

_EVENTS = SQLTrackerStore.SQLEvent
sa.Index("ix_events_sender_id_id", _EVENTS.sender_id, _EVENTS.id)

_RATINGS = sa.Table(
    "ratings",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("conversation", sa.String(255), index=True, nullable=False),
    sa.Column("statement", sa.String(100), nullable=False),
    sa.Column("helpful", sa.Boolean, nullable=False),
    sa.Column("given_on", sa.Date, nullable=False),
    sa.Column("words", sa.Text),  # the parent's question, only where the clinic wants it
)


class Opinion(NamedTuple):
    """What parents thought of a statement.

    Attributes:
        statement: Its id.
        helpful: How many said that it helped.
        unhelpful: How many said that it did not.
    """

    statement: str
    helpful: int
    unhelpful: int


class ConversationStore(SQLTrackerStore):
    """Rasa's SQL tracker store, opened at the database that the settings name.

    It reads the end of a conversation and its slots, never the whole, and writes only what is new,
    in one transaction. Whatever fails is raised: what is not kept is not answered either.
    """

    def __init__(
        self,
        domain: Optional[Domain] = None,
        event_broker: Optional[EventBroker] = None,
        **kwargs: Any,
    ) -> None:
        # Not Rasa's own beginning: it tries for ever, and asks PostgreSQL for 150 connections.
        TrackerStore.__init__(self, domain, event_broker)
        self.engine = open_engine(database_url())
        self.sessionmaker = sessionmaker(bind=self.engine)
        ours = (_RATINGS, pushes.TABLE, outbox.TABLE, inbox.TABLE, inbox.SEEN, opt_outs.TABLE)
        kept = [table.metadata for table in (*ours, reminders.TABLE)]
        create_tables(self.engine, self.Base.metadata, turns.METADATA, *kept)

    @contextmanager
    def session_scope(self) -> Iterator[Session]:
        """A session; what is not committed is taken back. Rasa's own ends the process on a NUL."""
        with self.sessionmaker() as session:
            yield session

    def init_tracker(self, sender_id: str) -> StoredTracker:
        """The tracker of a conversation that begins (called by Rasa)."""
        return StoredTracker(sender_id, self.domain.slots)

    async def retrieve(self, sender_id: str) -> Optional[StoredTracker]:
        """The end of a conversation, with all its slots (called by Rasa)."""
        return await asyncio.to_thread(self._retrieve_end, sender_id)

    async def retrieve_full_tracker(self, conversation_id: str) -> Optional[StoredTracker]:
        """The whole conversation (called by Rasa)."""
        return await asyncio.to_thread(self._retrieve_whole, conversation_id)

    def _retrieve_end(self, conversation: str) -> Optional[StoredTracker]:
        with self.session_scope() as session:
            newest = self._data(session, conversation).order_by(_EVENTS.id.desc()).limit(_TAIL)
            rows = [data for (data,) in session.execute(newest)]
            now = turns.snapshot(session, conversation) if rows else None
        if now is None:  # a new conversation, or one of a version that noted no slots
            return self._retrieve_whole(conversation) if rows else None
        events = _parsed(reversed(rows))
        beginning: list[Event] = []
        if len(rows) == _TAIL:
            beginning, events = [ActionExecuted(ACTION_LISTEN_NAME)], _from_a_message(events)
        slots = [SlotSet(name, value) for name, value in now.slots.items()]
        tracker = self._tracker(conversation, [*slots, *beginning, *_latest_session(events)])
        tracker.offered = frozenset(now.offered)
        return tracker

    def _retrieve_whole(self, conversation: str) -> Optional[StoredTracker]:
        with self.session_scope() as session:
            rows = session.execute(self._data(session, conversation).order_by(_EVENTS.id)).all()
        return self._tracker(conversation, _parsed(data for (data,) in rows)) if rows else None

    def _tracker(self, conversation: str, events: list[Event]) -> StoredTracker:
        tracker = self.init_tracker(conversation)
        for event in events:
            tracker.update(event)
        tracker.stored = len(tracker.events)
        return tracker

    @staticmethod
    def _data(session: Session, conversation: str) -> Any:
        return sa.select(_EVENTS.data).where(_EVENTS.sender_id == conversation)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keeps what is new in a conversation, whole or not at all (called by Rasa)."""
        already = getattr(tracker, "stored", 0)
        new = list(tracker.events)[already:]
        if not new:
            return
        offered = getattr(tracker, "offered", None)
        offered = (offered or frozenset()) | turns.payloads(
            tracker.events if offered is None else new
        )
        now = Snapshot(tracker.current_slot_values(), sorted(offered))
        rows = [_row(tracker.sender_id, event) for event in new]
        await asyncio.to_thread(self._write, tracker.sender_id, new, rows, now)
        if isinstance(tracker, StoredTracker):
            tracker.stored, tracker.offered = len(tracker.events), offered
        if self.event_broker is not None:
            await self._stream_new_events(self.event_broker, new, tracker.sender_id)

    def _write(self, conversation: str, new: list[Event], rows: list[Any], now: Snapshot) -> None:
        with self.session_scope() as session:
            session.add_all(rows)
            session.flush()  # gives each row its number
            for event, row in zip(new, rows, strict=True):
                if isinstance(event, UserUttered) and event.message_id:
                    said = {"event": row.id, "said_at": row.timestamp}
                    key = {"conversation": conversation, "message_id": event.message_id}
                    session.execute(turns.MESSAGES.insert().values(**key, **said))
            turns.keep(session, conversation, now, max(row.timestamp for row in rows))
            session.commit()

    async def replies_to(self, conversation: str, message_id: str) -> Optional[list[BotUttered]]:
        """What was answered to the message of that id; None when it never came."""
        return await asyncio.to_thread(self._replies_to, conversation, message_id)

    def _replies_to(self, conversation: str, message_id: str) -> Optional[list[BotUttered]]:
        with self.session_scope() as session:
            number = turns.event_of(session, conversation, message_id)
            if number is None:
                return None
            spoken = self._data(session, conversation).where(_EVENTS.type_name.in_(_SPOKEN))
            following = spoken.where(_EVENTS.id >= number).order_by(_EVENTS.id)
            rows = session.execute(following.limit(_LONGEST_ANSWER)).all()
        return turns.replies_to(_parsed(data for (data,) in rows), message_id)

    async def spoken(self, conversation: str) -> list[Event]:
        """What was said in a conversation by both sides, oldest first."""
        return await asyncio.to_thread(self._spoken, conversation)

    def _spoken(self, conversation: str) -> list[Event]:
        with self.session_scope() as session:
            spoken = self._data(session, conversation).where(_EVENTS.type_name.in_(_SPOKEN))
            return _parsed(data for (data,) in session.execute(spoken.order_by(_EVENTS.id)))

    def count_messages(self, conversation: str) -> int:
        """How many messages of a parent are kept."""
        said = (_EVENTS.sender_id == conversation) & (_EVENTS.type_name == UserUttered.type_name)
        with self.session_scope() as session:
            return int(session.execute(sa.select(sa.func.count()).where(said)).scalar_one())

    def check(self) -> None:
        """Writes a row and takes it away, as a full disk still lets itself be read.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: Nothing can be kept at present.
        """
        mark = f"check-{uuid.uuid4().hex}"
        with self.session_scope() as session:
            turns.keep(session, mark, Snapshot({}, []), time.time())
            session.flush()
            turns.erase(session, mark)
            session.commit()

    def push(self, conversation: str, reply: dict[str, Any]) -> int:
        """Says something that the assistant begins; open pages show it within a second.

        Args:
            conversation: Whose it is.
            reply: A REPLY.

        Returns:
            Its number.
        """
        with self.session_scope() as session:
            number = pushes.add(session, conversation, reply)
            session.commit()
        return number

    def pushes(self, conversation: str, after: int = 0) -> list[Push]:
        """What the assistant began in a conversation, from a number on."""
        with self.session_scope() as session:
            return pushes.of(session, conversation, after)

    def newest_push(self) -> int:
        """The highest number of all pushes."""
        with self.session_scope() as session:
            return pushes.newest(session)

    def forget_before(self, instant: float) -> int:
        """Deletes every event that is older, and what could tell whose a rating of then was.

        Args:
            instant: Seconds since the epoch.

        Returns:
            How many events were deleted.
        """
        day = dt.datetime.fromtimestamp(instant, dt.timezone.utc).date()
        with self.session_scope() as session:
            old = session.query(self.SQLEvent).filter(self.SQLEvent.timestamp < instant)
            deleted = int(old.delete(synchronize_session=False))
            session.execute(pushes.TABLE.delete().where(pushes.TABLE.c.said_at < instant))
            turns.forget_before(session, instant)
            session.execute(outbox.TABLE.delete().where(outbox.TABLE.c.added_at < instant))
            inbox.forget(session, instant)
            reminders.forget(session, day)
            # Nobody has opened that page for as long as its words were kept.
            reminders.forget_silent(session, "web", sa.select(self.SQLEvent.sender_id))
            session.execute(
                _RATINGS.update()
                .where(_RATINGS.c.given_on < day)
                .values(conversation="", words=None)
            )
            session.commit()
        return deleted

    def erase(self, conversation: str) -> None:
        """Deletes all that is kept of a conversation: events, ratings, pushes, letters, reminders.

        What it still waits to be answered stays: the message that orders this is among it.
        """
        with self.session_scope() as session:
            kept = session.query(self.SQLEvent).filter(self.SQLEvent.sender_id == conversation)
            kept.delete(synchronize_session=False)
            for table in (_RATINGS, pushes.TABLE, outbox.TABLE):
                session.execute(table.delete().where(table.c.conversation == conversation))
            turns.erase(session, conversation)
            reminders.erase(session, conversation)
            session.commit()

    def rate(
        self,
        conversation: str,
        statements: Iterable[str],
        helpful: bool,
        words: Optional[str] = None,
    ) -> None:
        """Keeps what a parent thought of an answer; a later thumb takes the earlier one's place.

        Args:
            conversation: Whose it is, so that it can be erased.
            statements: Ids of the statements that the answer showed.
            helpful: Whether it helped.
            words: The parent's question, where the clinic wants it kept.
        """
        today = dt.datetime.fromtimestamp(time.time(), dt.timezone.utc).date()
        with self.session_scope() as session:
            for statement in statements:
                session.execute(
                    _RATINGS.delete().where(
                        _RATINGS.c.conversation == conversation, _RATINGS.c.statement == statement
                    )
                )
                session.execute(
                    _RATINGS.insert().values(
                        conversation=conversation,
                        statement=statement,
                        helpful=helpful,
                        given_on=today,
                        words=words,
                    )
                )
            session.commit()

    def opinions(self) -> list[Opinion]:
        """What parents thought of each statement, the least helpful first."""
        helpful = sa.func.sum(sa.case((_RATINGS.c.helpful, 1), else_=0))
        count = sa.func.count()
        columns = (_RATINGS.c.statement, helpful, count - helpful)
        with self.session_scope() as session:
            rows = session.execute(sa.select(*columns).group_by(_RATINGS.c.statement)).all()
        opinions = [Opinion(name, int(good), int(bad)) for name, good, bad in rows]
        return sorted(opinions, key=lambda opinion: (-opinion.unhelpful, opinion.statement))


class PassingStore(InMemoryTrackerStore):
    """Conversations in the terminal: in memory, gone with the process, and never rated."""

    async def replies_to(self, conversation: str, message_id: str) -> Optional[list[BotUttered]]:
        """What was answered to the message of that id; None when it never came."""
        tracker = await self.retrieve_full_tracker(conversation)
        return turns.replies_to(tracker.events, message_id) if tracker else None

    def count_messages(self, conversation: str) -> int:
        """How many messages are kept."""
        kept = self.store.get(conversation)
        events = json.loads(kept)["events"] if kept else []
        return sum(event["event"] == UserUttered.type_name for event in events)

    def erase(self, conversation: str) -> None:
        """Forgets a conversation."""
        self.store.pop(conversation, None)

    def rate(
        self,
        conversation: str,
        statements: Iterable[str],
        helpful: bool,
        words: Optional[str] = None,
    ) -> None:
        """Keeps nothing: who tries it out in a terminal is no parent."""


def _row(conversation: str, event: Event) -> Any:
    data = event.as_dict()
    return _EVENTS(
        sender_id=conversation,
        type_name=event.type_name,
        timestamp=data.get("timestamp"),
        intent_name=data.get("parse_data", {}).get("intent", {}).get("name"),
        action_name=data.get("name"),
        data=json.dumps(data),
    )


def _parsed(rows: Iterable[str]) -> list[Event]:
    found = (Event.from_parameters(json.loads(row)) for row in rows)
    return [event for event in found if event is not None]


def _from_a_message(events: list[Event]) -> list[Event]:
    """Drops what is left of a turn that was cut."""
    for place, event in enumerate(events):
        if isinstance(event, UserUttered):
            return events[place:]
    return events


def _latest_session(events: list[Event]) -> list[Event]:
    """The events of the session that goes on, without its `SessionStarted`, which empties slots."""
    begins = [place for place, event in enumerate(events) if isinstance(event, SessionStarted)]
    return events[begins[-1] + 1 :] if begins else events
