"""`python -m bench.runtime.action_cost MODEL [URL]`: a custom action above a plain answer.

The same bot in one process either way: with the action server at the URL, as stock Rasa has it, or
without one, with this project's actions in process. Prints milliseconds.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
import uuid

from bot.logs import prepare_logs

prepare_logs("ERROR")

from rasa.core.agent import Agent  # noqa: E402
from rasa.utils.endpoints import EndpointConfig  # noqa: E402

from bench.runtime.stock import ACTED_ON  # noqa: E402

MESSAGES = 200


def _endpoint(url: str | None) -> EndpointConfig:
    if url is not None:
        return EndpointConfig(url)
    from bot.agent import InProcessActions  # also does Rasa's constant work once

    return InProcessActions("bench.runtime.stock_actions")


async def _cost(model: str, url: str | None) -> float:
    agent = Agent.load(model, action_endpoint=_endpoint(url))

    async def wait(text: str) -> float:
        start = time.perf_counter()
        answered = await agent.handle_text(text, sender_id=uuid.uuid4().hex)
        assert answered
        return time.perf_counter() - start

    plain, acted_on = "/ask_seizures", f"/{ACTED_ON}"  # nothing to be understood
    # In turn, so that a busy moment of the machine falls on both.
    pairs = [(await wait(plain), await wait(acted_on)) for _ in range(MESSAGES)]
    return 1000 * statistics.median(acted - said for said, acted in pairs[MESSAGES // 10 :])


if __name__ == "__main__":
    print(asyncio.run(_cost(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)))
