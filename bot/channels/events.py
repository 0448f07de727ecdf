"""Server-Sent Events: what the assistant begins reaches open pages at once, closed ones later."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.store.conversations import ConversationStore

logger = logging.getLogger(__name__)

LOOKED_EVERY = 0.4  # seconds; any process may have kept a reply, so that the database is asked
BEAT_EVERY = 20.0  # seconds; proxies close what is silent for a minute


class Events:
    """The events of all conversations.

    Args:
        store: Where replies that the assistant began are kept.
    """

    def __init__(self, store: ConversationStore) -> None:
        self._store = store
        self._changed = asyncio.Condition()
        self._newest = 0
        self._closed = False

    async def watch(self) -> None:
        """Tells open pages of new replies, for as long as the server runs."""
        while True:
            try:
                newest = await asyncio.to_thread(self._store.newest_push)
            except SQLAlchemyError as error:
                logger.error("New replies could not be looked for: %s", type(error).__name__)
            else:
                if newest != self._newest:
                    async with self._changed:
                        self._newest = newest
                        self._changed.notify_all()
            await asyncio.sleep(LOOKED_EVERY)

    async def close(self) -> None:
        """Ends all streams, so that the server can stop."""
        async with self._changed:
            self._closed = True
            self._changed.notify_all()

    async def stream(self, conversation: str, after: int) -> AsyncIterator[str]:
        """The events of a conversation from a number on, in the text form of the standard."""
        yield ": welcome\n\n"
        seen = -1
        while not self._closed:
            if seen != self._newest:
                seen = self._newest
                for push in await asyncio.to_thread(self._store.pushes, conversation, after):
                    after = push.id
                    yield event(push.id, push.reply)
            async with self._changed:
                try:
                    await asyncio.wait_for(self._wait(seen), BEAT_EVERY)
                except asyncio.TimeoutError:
                    yield ": still here\n\n"

    async def _wait(self, seen: int) -> None:
        await self._changed.wait_for(lambda: self._closed or self._newest != seen)


def event(number: int, reply: dict[str, Any]) -> str:
    """One reply as an event."""
    return f"id: {number}\nevent: reply\ndata: {json.dumps(reply, ensure_ascii=False)}\n\n"
