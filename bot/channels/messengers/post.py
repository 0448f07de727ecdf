"""The post: answers what messengers brought, and sends the replies, once and in order.

A message is kept before its webhook is answered, and let go of in the transaction that puts its
replies on their way. What a dying process has begun, any process does again: the processor answers
an id only once, and a letter's key is unique. Only where a platform takes a message and its answer
is lost on the way to us, that message may arrive twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Optional, TypeVar, Union

import aiohttp
from rasa.core.channels.channel import UserMessage
from sanic import Sanic
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.calendar_links import CalendarLinks
from bot.channels.collector import ReplyCollector
from bot.channels.messengers.carrier_words import order_of
from bot.channels.messengers.messenger import CalendarCopy, Messenger, Refused, TryAgain
from bot.channels.renderers.phone import rest_of_sms
from bot.channels.renderers.text import chosen, gathered
from bot.dialogue.compose import Composer
from bot.dialogue.messages import as_text
from bot.dialogue.reply import Reply
from bot.guide.catalogue import Catalogue
from bot.store import claims, inbox, opt_outs, outbox
from bot.store.conversations import ConversationStore
from bot.store.inbox import Incoming, Waiting
from bot.store.outbox import Letter

if TYPE_CHECKING:
    from bot.agent import CompanionAgent

logger = logging.getLogger(__name__)

LOOKED_EVERY = 1.0  # seconds; another process may have left something to do
ANSWERED_AT_ONCE = 4
SENT_AT_ONCE = 16
MOST_ATTEMPTS = 5  # to answer a message, before an apology is sent

RowT = TypeVar("RowT")


class Post:
    """The post of all messengers.

    Args:
        store: The conversations' database.
        messengers: Those that are on.
        catalogue: All content.
        composer: Composes what the post itself says.
        links: Makes links to calendars.
        patience: How long a platform may take to answer a call, in seconds.
    """

    def __init__(
        self,
        store: ConversationStore,
        messengers: Iterable[Messenger],
        catalogue: Catalogue,
        composer: Composer,
        links: CalendarLinks,
        patience: float,
    ) -> None:
        self._store = store
        self._messengers = {messenger.name(): messenger for messenger in messengers}
        self._words = catalogue.messenger_words
        self._composer = composer
        self._links = links
        self._patience = aiohttp.ClientTimeout(total=patience)
        self._news = (asyncio.Event(), asyncio.Event())  # to answer, to send
        self._closed = False

    async def take(self, messages: Sequence[Incoming]) -> None:
        """Keeps messages to be answered soon; those that came before are passed over."""
        kept = [m._replace(text=as_text(m.text)) for m in messages]
        await asyncio.to_thread(self._in_one, lambda s: [inbox.take(s, m) for m in kept])
        self._news[0].set()

    async def carry(self, app: Sanic) -> None:
        """Answers and sends until `close`; idle where no messenger is on."""
        if not self._messengers:
            return
        while app.ctx.agent is None:
            if self._closed:
                return
            await asyncio.sleep(0.2)
        agent: CompanionAgent = app.ctx.agent
        async with aiohttp.ClientSession(timeout=self._patience) as http:
            await asyncio.gather(
                self._work_off(
                    inbox.claim, lambda row: self._answer(row, agent), ANSWERED_AT_ONCE, 0
                ),
                self._work_off(
                    outbox.claim, lambda row: self._send(row, agent, http), SENT_AT_ONCE, 1
                ),
            )

    def close(self) -> None:
        """Takes up nothing more; `carry` returns when it has ended what it has begun.

        What is cut off instead waits, for whoever starts next, until its claim runs out.
        """
        self._closed = True
        for news in self._news:
            news.set()

    async def _work_off(
        self,
        claim: Callable[[Any, int], list[RowT]],
        handle: Callable[[RowT], Awaitable[None]],
        at_once: int,
        line: int,
    ) -> None:
        """Claims rows and handles them side by side; a failed one comes up again."""
        running: set[asyncio.Task[None]] = set()
        news = self._news[line]

        async def handled(row: RowT) -> None:
            try:
                await handle(row)
            except Exception as error:  # the boundary: asyncio would log its words
                logger.error("The post failed: %s", type(error).__name__)
            finally:
                news.set()

        try:
            while not self._closed:
                news.clear()
                free = at_once - len(running)
                rows: list[RowT] = []
                if free:
                    try:
                        rows = await asyncio.to_thread(self._in_one, lambda s, n=free: claim(s, n))
                    except SQLAlchemyError as error:
                        logger.error("The post cannot be looked for: %s", type(error).__name__)
                for row in rows:
                    task = asyncio.create_task(handled(row))
                    running.add(task)
                    task.add_done_callback(running.discard)
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(news.wait(), LOOKED_EVERY)
            if running:
                await asyncio.wait(running)
        finally:
            for task in running:
                task.cancel()

    async def _answer(self, waiting: Waiting, agent: "CompanionAgent") -> None:
        message = waiting.message
        messenger = self._messengers.get(message.channel)
        try:
            read = await asyncio.to_thread(self._in_one, lambda s: self._read(s, message))
            replies = read if isinstance(read, list) else await self._ask(agent, message, read)
        except Exception as error:  # the boundary: a parent always gets an answer
            logger.error("A message was not answered: %s", type(error).__name__)
            if waiting.attempts < MOST_ATTEMPTS:
                wait = claims.back_off(waiting.attempts)
                put_back = claims.put_back
                await asyncio.to_thread(
                    self._in_one, lambda s: put_back(s, inbox.TABLE, waiting.id, wait)
                )
                return
            replies = [self._composer.fixed("broken")]
        if messenger is not None and messenger.numbers_choices:
            replies = gathered(replies)

        def put_on_their_way(session: Any) -> None:
            inbox.answered(session, waiting.id)
            for place, reply in enumerate(replies):
                key = f"{message.update_id}:{place}"
                to = (message.conversation, message.channel, message.recipient)
                outbox.add(session, *to, reply.dict(), key)

        await asyncio.to_thread(self._in_one, put_on_their_way)
        self._news[1].set()

    async def _ask(self, agent: "CompanionAgent", message: Incoming, text: str) -> list[Reply]:
        collector = ReplyCollector()
        await agent.handle_message(
            UserMessage(
                text,
                collector,
                message.conversation,
                input_channel=message.channel,
                message_id=message.update_id,
            )
        )
        return [Reply.parse_obj(reply) for reply in collector.replies]

    def _read(self, session: Any, message: Incoming) -> Union[str, list[Reply]]:
        """What the person means; or the replies, where the post itself knows them."""
        conversation = message.conversation
        last = outbox.latest(session, conversation)
        if conversation.startswith("sms-"):
            stopped = opt_outs.holds(session, conversation)
            order = order_of(message.text, self._words, stopped)
            if order == "stop":
                opt_outs.stop(session, conversation)
                return []
            if order == "start":
                opt_outs.start(session, conversation)
                return [self._composer.fixed("phone_start")]
            if stopped:
                return []
            if order == "help":
                return [self._composer.fixed("phone_help")]
            if order == "more" and last:
                rest = rest_of_sms(Reply.parse_obj(last), self._words)
                if rest is not None:
                    return [rest]
        messenger = self._messengers.get(message.channel)
        if messenger is not None and messenger.numbers_choices and last:
            return chosen(message.text, Reply.parse_obj(last).buttons)
        return message.text

    async def _send(
        self, letter: Letter, agent: "CompanionAgent", http: aiohttp.ClientSession
    ) -> None:
        messenger = self._messengers.get(letter.channel)
        try:
            if messenger is None:
                raise Refused("messenger is off")
            if await asyncio.to_thread(
                self._in_one, lambda s: opt_outs.holds(s, letter.conversation)
            ):
                raise Refused("stopped")
            reply = Reply.parse_obj(letter.reply)
            calendar = await self._calendar(letter, agent) if reply.schedule else None
            calls = messenger.calls(letter.recipient, reply, calendar)
            for place, call in enumerate(calls[letter.sent :], start=letter.sent + 1):
                await messenger.send(http, call)
                await asyncio.to_thread(
                    self._in_one, lambda s, n=place: outbox.arrived(s, letter.id, n)
                )
        except TryAgain as busy:
            why, wait = str(busy), busy.wait
            again = await asyncio.to_thread(
                self._in_one, lambda s: outbox.try_later(s, letter, why, wait)
            )
            if not again:
                logger.error("A reply to %s was given up: %s", letter.channel, why)
        except Refused as refused:
            error = str(refused)
            logger.warning("A reply to %s was refused: %s", letter.channel, error)
            await asyncio.to_thread(self._in_one, lambda s: outbox.finish(s, letter.id, error))
        else:
            await asyncio.to_thread(self._in_one, lambda s: outbox.finish(s, letter.id))

    async def _calendar(self, letter: Letter, agent: "CompanionAgent") -> CalendarCopy:
        link = self._links.link(letter.id)
        line: Optional[str] = self._words.calendar_link.format(link=link) if link else None
        file = await self._links.file(letter.conversation, agent)
        return CalendarCopy(line, file, self._words.calendar_file)

    def _in_one(self, work: Callable[[Any], RowT]) -> RowT:
        """Does something in one transaction."""
        with self._store.session_scope() as session:
            done = work(session)
            session.commit()
        return done
