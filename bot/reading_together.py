"""Messages that wait at the same time are read together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rasa.core.channels.channel import UserMessage

Parsed = dict[str, Any]

# The encoders give Python free while they compute: meanwhile others are served, and no message
# waits for one that is read carefully (p95 at 35 a second: 100 ms instead of 125).
READERS = 2
# Read at once by a reader, to whom the weights come from memory once for all: with 50 users 147
# messages a second instead of 107 (2 cores).
MOST = 8
LONGEST = 1000  # characters that are read at once; a story keeps nobody waiting


class ReadingTogether:
    """Lets messages be read beside the event loop.

    Args:
        read: Reads messages, each as if it were alone.
    """

    def __init__(self, read: Callable[[list[UserMessage]], list[Parsed]]) -> None:
        self._read = read
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._free = READERS
        self._waiting: deque[tuple[UserMessage, asyncio.Future[Parsed]]] = deque()

    async def understood(self, message: UserMessage) -> Parsed:
        """What is understood of a message.

        Raises:
            Exception: It cannot be read; those beside it can.
        """
        answer: asyncio.Future[Parsed] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, answer))
        self._begin()
        return await answer

    def _begin(self) -> None:
        while self._free and self._waiting:
            self._free -= 1
            messages, answers = zip(*self._next(), strict=True)
            reading = asyncio.get_running_loop().run_in_executor(
                self._threads, self._each, list(messages)
            )
            reading.add_done_callback(partial(self._end, answers))

    def _next(self) -> list[tuple[UserMessage, asyncio.Future[Parsed]]]:
        """Those that are read next: the first that waits, and who fits in with it."""
        some = [self._waiting.popleft()]
        length = len(some[0][0].text or "")
        while self._waiting and len(some) < MOST:
            length += len(self._waiting[0][0].text or "")
            if length > LONGEST:
                break
            some.append(self._waiting.popleft())
        return some

    def _each(self, messages: list[UserMessage]) -> list[Parsed | Exception]:
        try:
            return [found for _, found in zip(messages, self._read(messages), strict=True)]
        except Exception as error:  # of any kind, and it belongs to one of them only
            if len(messages) == 1:
                return [error]
            return [found for message in messages for found in self._each([message])]

    def _end(
        self,
        answers: tuple[asyncio.Future[Parsed], ...],
        reading: asyncio.Future[list[Parsed | Exception]],
    ) -> None:
        self._free += 1
        self._begin()
        for answer, found in zip(answers, reading.result(), strict=True):
            if answer.done():  # nobody waits any more
                continue
            if isinstance(found, Exception):
                answer.set_exception(found)
            else:
                answer.set_result(found)
