"""Begins a session: the first of a conversation, and a new one after a day's silence."""

from __future__ import annotations

from rasa_sdk.events import ActionExecuted, SessionStarted, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.replying import Events
from bot.dialogue.family import Family


class ActionSessionStart(Action):
    """Forgets what was talked about the day before; what the family told of its course stays.

    Rasa carries over all slots or none.
    """

    def name(self) -> str:
        """The name of the action of Rasa's that this one replaces."""
        return "action_session_start"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Events:
        """Runs the action (called by Rasa)."""
        told = Family.of_slots(tracker.slots).interrupted().as_slots()
        unsaid = Family().as_slots()
        kept = [SlotSet(name, value) for name, value in told.items() if value != unsaid[name]]
        return [SessionStarted(), *kept, ActionExecuted("action_listen")]
