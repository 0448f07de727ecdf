"""What an action does when something inside it breaks."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

pytestmark = pytest.mark.model


def test_a_failing_action_apologises_and_keeps_the_words_out_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    from rasa_sdk import Tracker
    from rasa_sdk.executor import CollectingDispatcher

    from actions.replying import Events, ReplyingAction

    class Failing(ReplyingAction):
        def name(self) -> str:
            return "action_failing"

        def respond(self, tracker: Tracker) -> Events:
            raise RuntimeError(f"cannot handle {tracker.latest_message['text']}")

    tracker = Tracker("x", {}, {"text": "my secret worry"}, [], False, None, {}, "action_listen")
    with caplog.at_level(logging.DEBUG):
        events: list[dict[str, Any]] = asyncio.run(
            Failing().run(CollectingDispatcher(), tracker, {})
        )
    (event,) = events
    assert event["metadata"]["kind"] == "error"
    assert "+44 1632 960 012" in event["text"]
    assert "RuntimeError" in caplog.text
    assert "respond" in caplog.text
    assert "secret" not in caplog.text
