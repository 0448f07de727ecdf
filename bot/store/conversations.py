"""The database of conversations, as Rasa's tracker store, and what parents thought of answers."""

from __future__ import annotations

import datetime as dt
import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, Optional

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import InMemoryTrackerStore, SQLTrackerStore
from rasa.shared.core.domain import Domain
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import ArgumentError

from bot.settings import get_settings
from bot.store import inbox, opt_outs, outbox, pushes, reminders
from bot.store.pushes import Push

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
    """Rasa's SQL tracker store, opened at the database that the settings name."""

    def __init__(
        self,
        domain: Optional[Domain] = None,
        event_broker: Optional[EventBroker] = None,
        **kwargs: Any,
    ) -> None:
        try:
            url = make_url(get_settings().database)
        except ArgumentError as error:
            raise ValueError(
                "COMPANION_DATABASE is no database address; write it as sqlite:///var/companion.db."
            ) from error
        if url.drivername.startswith("sqlite") and url.database:
            _make_writable(Path(url.database))
        super().__init__(
            domain=domain,
            dialect=url.drivername,
            host=url.host,
            port=url.port,
            db=url.database,
            username=url.username,
            password=url.password,
            query=dict(url.query),
            event_broker=event_broker,
        )
        # A failing statement must not bring what parents said into the log.
        self.engine.hide_parameters = True
        _RATINGS.metadata.create_all(self.engine)
        for table in (pushes.TABLE, outbox.TABLE, inbox.TABLE, inbox.SEEN, opt_outs.TABLE):
            table.metadata.create_all(self.engine)
        reminders.create_tables(self.engine)

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
        today = dt.datetime.now(dt.timezone.utc).date()
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


def _make_writable(database: Path) -> None:
    """Makes the database's folder.

    Raises:
        OSError: Nothing can be written there. SQLAlchemy would only say so at the first message.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    for path in (database.parent, database):
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(
                errno.EACCES, "cannot be written; see COMPANION_DATABASE", str(path)
            )
