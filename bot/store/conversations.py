"""The database of conversations, as Rasa's tracker store."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, Optional

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from sqlalchemy.engine.url import make_url
from sqlalchemy.exc import ArgumentError

from bot.settings import get_settings


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

    def forget_before(self, instant: float) -> int:
        """Deletes every event that is older.

        Args:
            instant: Seconds since the epoch.

        Returns:
            How many events were deleted.
        """
        with self.session_scope() as session:
            old = session.query(self.SQLEvent).filter(self.SQLEvent.timestamp < instant)
            deleted = int(old.delete(synchronize_session=False))
            session.commit()
        return deleted


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
