"""The database of conversations, as Rasa's tracker store."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Optional, TypeVar

import orjson
import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import InMemoryTrackerStore, SQLTrackerStore, TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    Event,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from bot.store import inbox, opt_outs, outbox, pushes, ratings, reminders, turns, writing
from bot.store.database import create_tables, database_url, open_autocommit, open_engine
from bot.store.pushes import Push
from bot.store.ratings import Opinion
from bot.store.turns import EVENTS, End, Snapshot, StoredTracker

Found = TypeVar("Found")

_LONGEST_ANSWER = 20  # events; a turn has at most four replies

# Put together once: that takes SQLAlchemy as long as PostgreSQL takes to answer.
_DATA = sa.select(EVENTS.c.data).where(EVENTS.c.sender_id == sa.bindparam("conversation"))
_WHOLE = _DATA.order_by(EVENTS.c.id)
_SPOKEN = _WHOLE.where(EVENTS.c.type_name.in_((UserUttered.type_name, BotUttered.type_name)))
_ANSWER = _SPOKEN.where(EVENTS.c.id >= sa.bindparam("number")).limit(_LONGEST_ANSWER)

# What was read with the question whether a message came before, for the turn that then begins.
_AHEAD: ContextVar[Optional[tuple[str, Optional[StoredTracker]]]] = ContextVar(
    "conversation", default=None
)


class ConversationStore(SQLTrackerStore):
    """Rasa's SQL tracker store, opened at the database that the settings name.

    It reads the end of a conversation and its slots, never the whole, and writes only what is new,
    all or nothing. Whatever fails is raised: what is not kept is not answered either.
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
        self.autocommit = open_autocommit(self.engine)
        self._turned_away = False  # whether the latest turn could not be kept
        self.sessionmaker = sessionmaker(bind=self.engine)
        ours = (ratings.TABLE, pushes.TABLE, outbox.TABLE, inbox.TABLE, inbox.SEEN, opt_outs.TABLE)
        kept = [table.metadata for table in (*ours, reminders.TABLE)]
        create_tables(self.engine, self.Base.metadata, turns.METADATA, *kept)

    @contextmanager
    def session_scope(self) -> Iterator[Session]:
        """A session; what is not committed is taken back. Rasa's own ends the process on a NUL."""
        with self.sessionmaker() as session:
            yield session

    def init_tracker(self, sender_id: str) -> StoredTracker:
        """The tracker of a conversation that begins (called by Rasa)."""
        return StoredTracker.begun(sender_id, self.domain.slots)

    async def retrieve(self, sender_id: str) -> Optional[StoredTracker]:
        """The end of a conversation, with all its slots (called by Rasa)."""
        ahead = _AHEAD.get()
        _AHEAD.set(None)
        if ahead is not None and ahead[0] == sender_id:
            return ahead[1]
        return await asyncio.to_thread(self._retrieve_end, sender_id)

    async def retrieve_full_tracker(self, conversation_id: str) -> Optional[StoredTracker]:
        """The whole conversation (called by Rasa)."""
        return await asyncio.to_thread(self._retrieve_whole, conversation_id)

    def _retrieve_end(self, conversation: str) -> Optional[StoredTracker]:
        return self._tracker_at(conversation, self._on_connection(turns.end, conversation, None))

    def _tracker_at(self, conversation: str, end: Optional[End]) -> Optional[StoredTracker]:
        if end is None:  # a new one, or of a version that did not note where it stands
            return self._retrieve_whole(conversation)
        if not end.events:
            tracker = self._retrieve_whole(conversation) or self.init_tracker(conversation)
        else:
            listened = ActionExecuted(ACTION_LISTEN_NAME)
            tracker = self._tracker(conversation, [listened, *_parsed(end.events)])
            # Not by events, which Rasa would go through again and again in this turn.
            for name in end.now.slots.keys() & tracker.slots.keys():
                tracker.slots[name].value = end.now.slots[name]
            tracker.offered = frozenset(end.now.offered)
        tracker.said_at = end.now.said_at
        return tracker

    def _retrieve_whole(self, conversation: str) -> Optional[StoredTracker]:
        events = self._read(_WHOLE, conversation)
        return self._tracker(conversation, events) if events else None

    def _read(self, statement: sa.sql.Select, conversation: str, **values: Any) -> list[Event]:
        wanted = {"conversation": conversation, **values}
        rows = self._on_connection(lambda connection: connection.execute(statement, wanted).all())
        return _parsed(data for (data,) in rows)

    def _on_connection(self, do: Callable[..., Found], *args: Any) -> Found:
        """What a statement gives; repeated where PostgreSQL was restarted in between."""
        try:
            with self.autocommit.connect() as connection:
                return do(connection, *args)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        with self.autocommit.connect() as connection:
            return do(connection, *args)

    def _tracker(self, conversation: str, events: list[Event]) -> StoredTracker:
        tracker = self.init_tracker(conversation)
        for event in events:
            tracker.update(event)
        tracker.stored = len(tracker.events)
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keeps what is new in a conversation, whole or not at all (called by Rasa).

        Raises:
            Overtaken: Another process has written into it since it was retrieved.
        """
        already = getattr(tracker, "stored", 0)
        new = list(tracker.events)[already:]
        if not new:
            return
        offered = getattr(tracker, "offered", None)
        offered = (offered or frozenset()) | turns.payloads(
            tracker.events if offered is None else new
        )
        said_at = max(event.timestamp for event in new)
        now = Snapshot(tracker.current_slot_values(), sorted(offered), said_at)
        before = getattr(tracker, "said_at", None)
        try:
            await asyncio.to_thread(self._write, tracker.sender_id, new, now, before)
        except SQLAlchemyError:
            self._turned_away = True
            raise
        self._turned_away = False
        if isinstance(tracker, StoredTracker):
            tracker.stored, tracker.offered = len(tracker.events), offered
            tracker.said_at = said_at
        if self.event_broker is not None:
            await self._stream_new_events(self.event_broker, new, tracker.sender_id)

    def _write(
        self, conversation: str, new: list[Event], now: Snapshot, before: Optional[float]
    ) -> None:
        if self.engine.dialect.name != "postgresql":
            with self.engine.begin() as connection:
                writing.step_by_step(connection, conversation, new, now, before)
        else:
            # Once more on a dead connection: a turn that was kept after all is overtaken by itself.
            self._on_connection(writing.in_one_statement, conversation, new, now, before)

    async def replies_to(self, conversation: str, message_id: str) -> Optional[list[BotUttered]]:
        """What was answered to the message of that id; None when it never came.

        Then the end of the conversation is read, too: the `retrieve` of this turn gives it.
        """
        known, end = await asyncio.to_thread(self._replies_or_end, conversation, message_id)
        _AHEAD.set((conversation, end) if known is None else None)
        return known

    def _replies_or_end(
        self, conversation: str, message_id: str
    ) -> tuple[Optional[list[BotUttered]], Optional[StoredTracker]]:
        end = self._on_connection(turns.end, conversation, message_id)
        if end is None or end.came_before is None:
            return None, self._tracker_at(conversation, end)
        said = self._read(_ANSWER, conversation, number=end.came_before)
        return turns.replies_to(said, message_id), None

    async def spoken(self, conversation: str) -> list[Event]:
        """What was said in a conversation by both sides, oldest first."""
        return await asyncio.to_thread(self._read, _SPOKEN, conversation)

    def count_messages(self, conversation: str) -> int:
        """How many messages of a parent are kept."""
        of_parents = EVENTS.c.type_name == UserUttered.type_name
        said = (EVENTS.c.sender_id == conversation) & of_parents
        with self.session_scope() as session:
            return int(session.execute(sa.select(sa.func.count()).where(said)).scalar_one())

    def check(self) -> None:
        """Writes a little and takes it away, as a full disk still lets itself be read.

        Since a turn could not be kept it writes as much as a turn: in a page that PostgreSQL has
        begun a little finds room on a full disk, too.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: Nothing can be kept at present.
        """
        mark = f"check-{uuid.uuid4().hex}"
        sizes = [1000] * 10 if self._turned_away else [1]  # bytes; larger ones would be put aside
        row = {"sender_id": mark, "type_name": "check", "timestamp": time.time()}
        rows = [{**row, "data": os.urandom(size).hex()} for size in sizes]
        with self.session_scope() as session:
            session.execute(EVENTS.insert(), rows)
            session.execute(EVENTS.delete().where(EVENTS.c.sender_id == mark))
            session.commit()
        self._turned_away = False

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
            old = EVENTS.delete().where(EVENTS.c.timestamp < instant)
            deleted = int(session.execute(old).rowcount)
            session.execute(pushes.TABLE.delete().where(pushes.TABLE.c.said_at < instant))
            turns.forget_before(session, instant)
            session.execute(outbox.TABLE.delete().where(outbox.TABLE.c.added_at < instant))
            inbox.forget(session, instant)
            reminders.forget(session, day)
            # Nobody has opened that page for as long as its words were kept.
            reminders.forget_silent(session, "web", sa.select(EVENTS.c.sender_id))
            ratings.forget_whose(session, day)
            session.commit()
        return deleted

    def erase(self, conversation: str) -> None:
        """Deletes all that is kept of a conversation: events, ratings, pushes, letters, reminders.

        What it still waits to be answered stays: the message that orders this is among it.
        """
        with self.session_scope() as session:
            session.execute(EVENTS.delete().where(EVENTS.c.sender_id == conversation))
            for table in (ratings.TABLE, pushes.TABLE, outbox.TABLE):
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
        with self.session_scope() as session:
            ratings.rate(session, conversation, statements, helpful, words)
            session.commit()

    def opinions(self) -> list[Opinion]:
        """What parents thought of each statement, the least helpful first."""
        with self.session_scope() as session:
            return ratings.opinions(session)


class PassingStore(InMemoryTrackerStore):
    """Conversations in the terminal: in memory, gone with the process, and never rated."""

    async def replies_to(self, conversation: str, message_id: str) -> Optional[list[BotUttered]]:
        """What was answered to the message of that id; None when it never came."""
        tracker = await self.retrieve_full_tracker(conversation)
        return turns.replies_to(tracker.events, message_id) if tracker else None

    def count_messages(self, conversation: str) -> int:
        """How many messages are kept."""
        kept = self.store.get(conversation)
        events = orjson.loads(kept)["events"] if kept else []
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


def _parsed(rows: Iterable[str]) -> list[Event]:
    found = (Event.from_parameters(orjson.loads(row)) for row in rows)
    return [event for event in found if event is not None]
