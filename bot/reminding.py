"""Reminders: kept true to each family's calendar, and handed over once when they are due."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Optional

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.dialogue.compose import Composer
from bot.dialogue.family import Family
from bot.dialogue.places import PAGE
from bot.dialogue.reminders import Reminders
from bot.guide.catalogue import Catalogue
from bot.metrics import ERRORS, REMINDED
from bot.store import claims, opt_outs, outbox, pushes, reminders
from bot.store.reminders import Due, Plan

logger = logging.getLogger(__name__)

LOOKED_EVERY = 5.0  # seconds
PLANNED_EVERY = 60 * 60  # seconds
AT_ONCE = 50  # reminders in one transaction


class Reminding:
    """Keeps and sends reminders.

    Args:
        sessions: Opens a session of the conversations' database, as a context.
        catalogue: All content.
        retention_days: How long conversations are kept, in days.
    """

    def __init__(
        self,
        sessions: Callable[[], AbstractContextManager[Session]],
        catalogue: Catalogue,
        retention_days: int,
    ) -> None:
        self._sessions = sessions
        self._reminders = Reminders(catalogue, Composer(catalogue, retention_days))

    def heed(
        self, conversation: str, channel: Optional[str], family: Family, order: Optional[str]
    ) -> None:
        """Does what a turn means for reminders. Doing it again changes nothing.

        Args:
            conversation: Whose turn it is.
            channel: Where it writes.
            family: What is known after the turn.
            order: `start`, `stop`, or None.

        Raises:
            LookupError: A messenger's address is not known.
        """
        with self._sessions() as session:
            if order == "stop":
                reminders.stop(session, conversation)
                session.commit()
                return
            plan = reminders.plan_of(session, conversation)
            if order == "start" and channel is not None:
                since = plan.since if plan else time.time()
                address = _address(session, conversation, channel)
                plan = Plan(conversation, channel, address, family.as_slots(), since)
            elif plan is None or not family.complete:
                return  # a new session knows nothing of the course; the plan still does
            else:
                plan = plan._replace(family=family.as_slots())
            reminders.keep(session, plan)
            self._plan(session, plan)
            session.commit()

    def plan_all(self) -> None:
        """Works out each family's next reminder anew: the clock or the clinic's time may change."""
        with self._sessions() as session:
            plans = reminders.plans(session)
        for plan in plans:
            with self._sessions() as session:
                self._plan(session, plan)
                session.commit()

    def send_due(self, most: int = AT_ONCE) -> int:
        """Hands over what is due, all in one transaction: a reminder is told and done, or neither.

        Returns:
            How many were looked at.
        """
        with self._sessions() as session:
            found, told = reminders.claim(session, most), 0
            for due in found:
                try:
                    told += self._send(session, due)
                except SQLAlchemyError:
                    raise
                except Exception as error:  # one family's trouble must not keep others waiting
                    ERRORS.labels("reminders").inc()
                    logger.error("A reminder was put off: %s", type(error).__name__)
                    reminders.put_back(session, due)
            session.commit()
        REMINDED.inc(told)
        return len(found)

    async def watch(self) -> None:
        """Sends what is due, for as long as the server runs."""
        failures, planned = 0, float("-inf")
        while True:
            wait = LOOKED_EVERY
            try:
                if time.monotonic() - planned > PLANNED_EVERY:
                    await asyncio.to_thread(self.plan_all)
                    planned = time.monotonic()
                while await asyncio.to_thread(self.send_due):
                    pass
                failures = 0
            except Exception as error:  # the boundary: no failure may end all reminders
                failures += 1
                wait += claims.back_off(failures)
                ERRORS.labels("reminders").inc()
                logger.error("Reminders could not be sent: %s", type(error).__name__)
            await asyncio.sleep(wait)

    def _plan(self, session: Session, plan: Plan) -> None:
        told = reminders.told(session, plan.conversation)
        family = Family.of_slots(plan.family)
        coming = self._reminders.next(family, told, plan.since, time.time())
        date, due = (coming.date, coming.due) if coming else (None, 0.0)
        reminders.expect(session, plan.conversation, date, due)

    def _send(self, session: Session, due: Due) -> bool:
        """Hands a reminder over; whether it still was right."""
        plan = reminders.plan_of(session, due.conversation)
        if plan is None or opt_outs.holds(session, due.conversation):
            reminders.stop(session, due.conversation)
            return False
        now = time.time()
        told = reminders.told(session, due.conversation)
        coming = self._reminders.next(Family.of_slots(plan.family), told, plan.since, now)
        right = coming is not None and coming.date == due.date and coming.due <= now
        if coming is None or not right:
            reminders.drop(session, due)  # the clock or the calendar has changed
        else:
            reply = self._reminders.words(coming).dict()
            if plan.channel == PAGE:
                pushes.add(session, plan.conversation, reply)
            else:
                assert plan.recipient is not None, "a messenger's plan has an address"
                key = f"reminder {plan.conversation} {due.date}"
                outbox.add(session, plan.conversation, plan.channel, plan.recipient, reply, key)
            reminders.sent(session, due)
        self._plan(session, plan)
        return right


def _address(session: Session, conversation: str, channel: str) -> Optional[str]:
    if channel == PAGE:
        return None
    address = reminders.messenger_address(session, conversation)
    if address is None:
        raise LookupError(f"No message of this conversation came by {channel}.")
    return address
