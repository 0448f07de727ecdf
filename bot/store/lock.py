"""One message of a conversation at a time within a process, in the order in which they came.

Between processes nothing is held that could be lost with a process or wait for one that hangs: a
turn that another process has overtaken is not kept, and is done again (bot/store/writing.py).
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from rasa.core.lock import TicketLock
from rasa.core.lock_store import LockStore


class ConversationLock(LockStore):
    """Rasa's lock store without its tickets, for which each message asks again and again.

    Args:
        endpoint_config: What endpoints.yml says; there is nothing to set.
    """

    def __init__(self, endpoint_config: Any = None) -> None:
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._present: Counter[str] = Counter()

    @asynccontextmanager
    async def lock(
        self, conversation_id: str, *args: Any, **kwargs: Any
    ) -> AsyncIterator[TicketLock]:
        """Holds a conversation (called by Rasa)."""
        self._present[conversation_id] += 1
        try:
            async with self._turns[conversation_id]:
                yield TicketLock(conversation_id)
        finally:
            self._present[conversation_id] -= 1
            if not self._present[conversation_id]:
                del self._present[conversation_id], self._turns[conversation_id]
