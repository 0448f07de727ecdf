"""Conversations are kept for as long as parents are told, and no longer."""

from __future__ import annotations

import asyncio
import logging
import time

from bot.store.conversations import ConversationStore

logger = logging.getLogger(__name__)

_HOUR = 60 * 60  # seconds
_DAY = 24 * _HOUR


async def forget_hourly(store: ConversationStore, days: int) -> None:
    """Deletes what is older than the retention time, now and then every hour.

    Args:
        store: The conversations' database.
        days: How long conversations are kept.
    """
    while True:
        deleted = await asyncio.to_thread(store.forget_before, time.time() - days * _DAY)
        if deleted:
            logger.info("Deleted %d events older than %d days.", deleted, days)
        await asyncio.sleep(_HOUR)
