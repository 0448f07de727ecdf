"""One message of a conversation at a time, in whichever process: none lost, none overtaken.

Rasa's lock in Redis is read, changed and written back in three steps; two workers that do so at
once lose tickets, and with them messages. Here the operating system or PostgreSQL holds the lock.
Both give it free when the process that has it dies.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import logging
import os
import threading
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Optional, Protocol

import sqlalchemy as sa
from rasa.core.lock import TicketLock
from rasa.core.lock_store import LockError, LockStore
from sqlalchemy.engine import Connection
from sqlalchemy.engine.url import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot.store.database import database_url, open_engine

logger = logging.getLogger(__name__)

_LONGEST_WAIT = 30.0  # seconds; the chat itself gives up a message after that
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.002, 0.02  # seconds between looks at another process's lock


_TAKE, _RELEASE = (
    sa.select(function(sa.bindparam("key", type_=sa.BigInteger)))
    for function in (sa.func.pg_try_advisory_lock, sa.func.pg_advisory_unlock)
)


class Latch(Protocol):
    """A lock between processes."""

    def take(self, key: int) -> bool:
        """Takes the lock of a key if no other process has it; whether it is taken."""

    def release(self, key: int) -> None:
        """Gives it back."""


class FileLatch:
    """Locks single bytes of a file that stays empty: one for each key.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        # Never closed: closing any handle of it would give all of this process's locks back.
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def take(self, key: int) -> bool:
        """Takes the lock of a key if no other process has it; whether it is taken."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, key)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def release(self, key: int) -> None:
        """Gives it back."""
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, key)


class AdvisoryLatch:
    """PostgreSQL's advisory locks, all of this process on one connection.

    Args:
        url: The database.
    """

    def __init__(self, url: URL) -> None:
        self._engine = open_engine(url).execution_options(isolation_level="AUTOCOMMIT")
        self._connection: Optional[Connection] = None
        self._using = threading.Lock()

    def take(self, key: int) -> bool:
        """Takes the lock of a key if no other process has it; whether it is taken."""
        try:
            return bool(self._call(_TAKE, key))
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        # PostgreSQL was restarted in between; the lock went with the connection.
        return bool(self._call(_TAKE, key))

    def release(self, key: int) -> None:
        """Gives it back."""
        try:
            self._call(_RELEASE, key)
        except SQLAlchemyError as error:  # PostgreSQL freed it with the connection
            logger.warning("The connection that held a lock is gone: %s", type(error).__name__)

    def _call(self, statement: sa.sql.Select, key: int) -> Any:
        with self._using:
            if self._connection is None:
                self._connection = self._engine.connect()
            try:
                return self._connection.execute(statement, {"key": key}).scalar()
            except DBAPIError:
                self._connection.invalidate()
                self._connection.close()
                self._connection = None
                raise


def latch_of(url: URL) -> Optional[Latch]:
    """The lock that fits a database; None for one in memory, which no other process shares."""
    if url.get_backend_name() == "postgresql":
        return AdvisoryLatch(url)
    if url.database in (None, "", ":memory:"):
        return None
    return FileLatch(Path(f"{url.database}.lock"))


class ConversationLock(LockStore):
    """Rasa's lock store: in order within a process, one at a time between processes.

    Args:
        endpoint_config: What endpoints.yml says; the database's address decides.
    """

    def __init__(self, endpoint_config: Any = None) -> None:
        self._latch = latch_of(database_url())
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._present: Counter[str] = Counter()

    @asynccontextmanager
    async def lock(
        self,
        conversation_id: str,
        lock_lifetime: float = _LONGEST_WAIT,
        wait_time_in_seconds: float = _LONGEST_PAUSE,
    ) -> AsyncIterator[TicketLock]:
        """Holds a conversation (called by Rasa).

        Raises:
            LockError: Another process has it for longer than a parent waits.
        """
        self._present[conversation_id] += 1
        try:
            async with self._turns[conversation_id]:
                if self._latch is None:
                    yield TicketLock(conversation_id)
                    return
                key = _key(conversation_id)
                await self._take(self._latch, key)
                try:
                    yield TicketLock(conversation_id)
                finally:
                    await asyncio.to_thread(self._latch.release, key)
        finally:
            self._present[conversation_id] -= 1
            if not self._present[conversation_id]:
                del self._present[conversation_id], self._turns[conversation_id]

    async def _take(self, latch: Latch, key: int) -> None:
        deadline = time.monotonic() + _LONGEST_WAIT
        pause = _SHORTEST_PAUSE
        while not await asyncio.to_thread(latch.take, key):
            if time.monotonic() > deadline:
                raise LockError("A conversation is held by another process for too long.")
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


def _key(conversation: str) -> int:
    """A number for a conversation, of 62 bits: a file has no more places."""
    return int.from_bytes(hashlib.sha256(conversation.encode()).digest()[:8], "big") >> 2
