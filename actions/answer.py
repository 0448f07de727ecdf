"""Answers whatever the parent wrote, in the context of what was said before."""

from __future__ import annotations

from rasa_sdk.events import SlotSet
from rasa_sdk.interfaces import Tracker

from actions.replying import Events, ReplyingAction, uttered
from bot.dialogue.family import Family
from bot.dialogue.follow_ups import Context

LAST_TOPIC = "last_topic"
TOLD = "told_statements"
LAST_STATEMENTS = "last_statements"
NOTE_GIVEN = "education_note_given"
ALARM = "alarm"
ERRAND = "errand"


class ActionReply(ReplyingAction):
    """Gives the replies to the latest message and remembers what they were about."""

    def name(self) -> str:
        """The action's name in the domain."""
        return "action_reply"

    def respond(self, tracker: Tracker) -> Events:
        """The replies, and the slots that the next message may lean on."""
        context = Context(
            topic=tracker.get_slot(LAST_TOPIC),
            told=tuple(tracker.get_slot(TOLD) or ()),
            last=tuple(tracker.get_slot(LAST_STATEMENTS) or ()),
            noted=bool(tracker.get_slot(NOTE_GIVEN)),
            family=Family.of_slots(tracker.slots),
            **(tracker.get_slot(ALARM) or {}),
        )
        turn = self.conversation.answer(tracker.latest_message, context)
        after = {
            LAST_TOPIC: turn.context.topic,
            TOLD: list(turn.context.told),
            LAST_STATEMENTS: list(turn.context.last),
            NOTE_GIVEN: turn.context.noted,
            ALARM: {"alarm": turn.context.alarm, "since_alarm": turn.context.since_alarm},
            **turn.context.family.as_slots(),
            ERRAND: turn.errand,
        }
        # Only what changed: each event is kept, and read again in the turns that follow.
        changed = {name: value for name, value in after.items() if tracker.get_slot(name) != value}
        return [
            *(uttered(reply) for reply in turn.replies),
            *(SlotSet(name, value) for name, value in changed.items()),
        ]
