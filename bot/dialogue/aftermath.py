"""After an alarm: the next messages remember it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.dialogue.compose import Composer
from bot.dialogue.follow_ups import Context
from bot.dialogue.reply import Reply

URGENT = ("emergency", "crisis")
SAFE = "report_safe"  # the intent that ends it

REMEMBERED = 3  # so many messages after the alarm

# What is said where there is nothing to answer: in danger it would be cold, or a distraction.
_EMPTY = ("smalltalk", "clarify", "out_of_scope")


def remembering(
    replies: Sequence[Reply], intents: Sequence[str], context: Context, composer: Composer
) -> tuple[list[Reply], Context]:
    """The replies as they are after an alarm, and the context with the alarm kept in mind.

    Args:
        replies: What is said to the message by itself.
        intents: What was asked.
        context: What was said before.
        composer: Puts replies into words.
    """
    raised = next((reply.kind for reply in replies if reply.kind in URGENT), None)
    if raised:
        family = context.family.interrupted()  # its questions can wait
        return list(replies), replace(context, alarm=raised, since_alarm=0, family=family)
    if context.alarm is None:
        return list(replies), context
    if SAFE in intents or context.since_alarm >= REMEMBERED:
        return list(replies), replace(context, alarm=None, since_alarm=0)
    context = replace(context, since_alarm=context.since_alarm + 1)
    if all(reply.kind in _EMPTY for reply in replies):
        return [composer.fixed(f"{context.alarm}_continues")], context
    if all(reply.kind == "handoff" for reply in replies):
        return list(replies), context  # it names whom to call
    return [composer.fixed(f"{context.alarm}_before_answer"), *replies], context
