"""Asks back when a message is close to what the guide covers, but not close enough."""

from __future__ import annotations

from rasa_sdk.interfaces import Tracker

from actions.replying import Events, ReplyingAction, uttered

CHOICES = 2


class ActionClarify(ReplyingAction):
    """Offers the nearest topics as buttons."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_clarify"

    def respond(self, tracker: Tracker) -> Events:
        """Asks whether one of the two nearest topics was meant."""
        ranked = [entry["name"] for entry in tracker.latest_message.get("intent_ranking", [])]
        nearest = [name for name in ranked if name in self.catalogue.topics][:CHOICES]
        return [uttered(self.composer.clarify(nearest))]
