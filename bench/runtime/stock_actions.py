"""The custom action of the stock assistant: it says what `utter_answer` says."""

from __future__ import annotations

from typing import Any

from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from bench.runtime.stock import TEXT


class ActionAnswer(Action):
    """Says one text."""

    def name(self) -> str:
        """The name in the domain."""
        return "action_answer"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[dict[str, Any]]:
        """Says it (called by the action server)."""
        dispatcher.utter_message(text=TEXT)
        return []
