"""Answers a question from the guide, or gives the fixed message that belongs to an intent."""

from __future__ import annotations

from rasa_sdk import Tracker
from rasa_sdk.events import SlotSet

from actions.replying import Events, ReplyingAction, uttered

NOTE_GIVEN = "education_note_given"


class ActionReply(ReplyingAction):
    """Replies to the latest intent with its topic's answer or its fixed message."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_reply"

    def respond(self, tracker: Tracker) -> Events:
        """The reply; the first answer of a conversation carries the education note."""
        intent = tracker.latest_message["intent"]["name"]
        reply = self.composer.reply_to(intent, with_note=not tracker.get_slot(NOTE_GIVEN))
        noted = [SlotSet(NOTE_GIVEN, True)] if reply.kind == "answer" else []
        return [uttered(reply), *noted]


class ActionExplainWord(ReplyingAction):
    """Explains the medical words that the parent asked about."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_explain_word"

    def respond(self, tracker: Tracker) -> Events:
        """The explanation, or that the guide does not cover the word."""
        words = list(tracker.get_latest_entity_values("medical_word"))
        reply = self.composer.explain(words, with_note=not tracker.get_slot(NOTE_GIVEN))
        noted = [SlotSet(NOTE_GIVEN, True)] if reply.kind == "answer" else []
        return [uttered(reply), *noted]
