"""Opens the database that the settings name, SQLite or PostgreSQL, and makes our tables in it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import QueuePool, StaticPool

from bot.settings import get_settings

# For each worker, in transactions and as many without; once open they stay so, for a new one costs
# PostgreSQL a process. Rasa's own are 50 and 100 more, above what PostgreSQL takes from all (100).
_CONNECTIONS = 10
_PATIENCE = 5  # seconds for a connection, and for what was sent to be received
# Hidden parameters: a failing statement must not bring what parents said into the log.
_POSTGRESQL: dict[str, Any] = {
    "hide_parameters": True,
    "pool_size": _CONNECTIONS,
    "max_overflow": 0,
    "pool_timeout": _PATIENCE,
    "connect_args": {
        "connect_timeout": _PATIENCE,
        "tcp_user_timeout": _PATIENCE * 1000,  # milliseconds
    },
}
_SQLITE: dict[str, Any] = {
    "hide_parameters": True,
    "connect_args": {"check_same_thread": False},
}
_CREATING = 0x0B12  # the advisory lock held while tables are made; any number that is no hash
_TRIES = 5


def database_url() -> URL:
    """The address that the settings name.

    Raises:
        ValueError: It is none, or that of an engine that is not supported.
    """
    try:
        url = make_url(get_settings().database)
    except ArgumentError as error:
        raise ValueError(
            "COMPANION_DATABASE is no database address; write it as sqlite:///var/companion.db."
        ) from error
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise ValueError("COMPANION_DATABASE must begin with sqlite:// or postgresql://.")
    return url


def open_engine(url: URL) -> Engine:
    """The engine of a database.

    Raises:
        OSError: Its folder cannot be written. SQLAlchemy would only say so at the first message.
    """
    if url.get_backend_name() == "postgresql":
        # What PostgreSQL closed when it was restarted is opened anew.
        return sa.create_engine(url, **_POSTGRESQL, pool_pre_ping=True)
    if url.database in (None, "", ":memory:"):
        return sa.create_engine(url, **_SQLITE, poolclass=StaticPool)
    _make_writable(Path(url.database))
    # Kept open: to open the file anew takes longer than what is then read of it.
    return sa.create_engine(url, **_SQLITE, poolclass=QueuePool)


def open_autocommit(engine: Engine) -> Engine:
    """The engine for statements that stand alone: with PostgreSQL without transactions.

    A transaction would cost two more trips to the server each time, and the look whether a
    connection still lives a third: such a statement can be repeated instead.
    """
    if engine.dialect.name != "postgresql":
        return engine
    # Nor is there anything to take back when a connection is given back.
    alone = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
    return sa.create_engine(engine.url, **_POSTGRESQL, **alone)


def create_tables(engine: Engine, *kept: sa.MetaData) -> None:
    """Makes what is missing, also while another process does the same.

    Raises:
        ConnectionError: The database cannot be reached.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            with engine.begin() as connection:
                if engine.dialect.name == "postgresql":
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CREATING)))
                for metadata in kept:
                    metadata.create_all(connection)
                    for table in metadata.tables.values():
                        for index in table.indexes:  # a table of an earlier version lacks new ones
                            index.create(connection, checkfirst=True)
            return
        except OperationalError as error:
            if engine.dialect.name == "postgresql" or attempt == _TRIES:
                raise ConnectionError(
                    f"The database {engine.url!r} cannot be used. Is it running, and do "
                    f"COMPANION_DATABASE's name and password fit? {error.orig}"
                ) from error
            # SQLite: another process made the table between our look and our attempt.


def _make_writable(database: Path) -> None:
    database.parent.mkdir(parents=True, exist_ok=True)
    for path in (database.parent, database):
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(
                errno.EACCES, "cannot be written; see COMPANION_DATABASE", str(path)
            )
