"""One turn of a conversation: from what was understood to what is said. Pure Python, no Rasa."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.dialogue.compose import MORE, SIMPLER, Composer
from bot.dialogue.follow_ups import Context, FollowUps
from bot.dialogue.messages import OTHER_LANGUAGE
from bot.dialogue.questions import Questions
from bot.dialogue.reading import ASK_BACK, Reading
from bot.dialogue.reply import Reply
from bot.guide.catalogue import Catalogue

# What an unanswered message was about, when this likely, is what the next one may lean on.
CLEAR_TOPIC = 0.4

# From this likelihood on a topic is answered beside a message such as "ask your care team first".
ALSO_ANSWERED = 0.1

EXPLAIN = "ask_term_meaning"

CHOICES = 2  # topics offered by "did you mean"


@dataclass(frozen=True)
class Turn:
    """What is said, and what the conversation is about from then on."""

    replies: list[Reply]
    context: Context


class Conversation:
    """Answers messages in the context of what was said before.

    Args:
        catalogue: All content.
        composer: Puts replies into words.
    """

    def __init__(self, catalogue: Catalogue, composer: Composer) -> None:
        self._catalogue = catalogue
        self._composer = composer
        self._questions = Questions(catalogue)
        self._follow_ups = FollowUps(catalogue)

    def answer(self, parsed: Mapping[str, Any], context: Context) -> Turn:
        """The replies to a message.

        Args:
            parsed: The message as Rasa's pipeline parsed it, with its `parts`.
            context: What was said before.
        """
        if parsed["intent"]["name"] == OTHER_LANGUAGE:
            return Turn([self._composer.in_language(parsed["language"])], context)
        parts = [Reading.of(part) for part in parsed.get("parts") or []]
        asked = self._with_answers(self._questions.asked(Reading.of(parsed), parts))
        replies: list[Reply] = []
        said: set[str] = set()
        for reading in asked:
            reply, context = self._reply(reading, context, said)
            if reply.kind == "answer" and not set(reply.statements) - said:
                continue  # the answer before has said it all
            said |= set(reply.statements)
            if reply.text not in [other.text for other in replies]:
                replies.append(reply)
        answers = [reply for reply in replies if reply.kind == "answer"]
        if answers:  # then nothing needs to be asked back
            replies = [reply for reply in replies if reply.kind != "clarify"]
        if answers and not context.noted:
            self._composer.add_note(answers[-1])
            context = replace(context, noted=True)
        return Turn(replies, context)

    def _with_answers(self, asked: Sequence[Reading]) -> list[Reading]:
        """What the guide says goes with kind words and with "ask your care team first"."""
        found: list[Reading] = []
        for reading in asked:
            found.append(reading)
            message = self._catalogue.replies.get(reading.intent)
            if message is None or message.kind not in ("smalltalk", "care_team"):
                continue
            topics = [entry for entry in reading.likelihoods if entry[0] in self._catalogue.topics]
            if topics and topics[0][1] >= ALSO_ANSWERED:
                found.append(replace(reading, intent=topics[0][0], confidence=topics[0][1]))
        return found

    def _reply(self, reading: Reading, context: Context, said: set[str]) -> tuple[Reply, Context]:
        if reading.intent == EXPLAIN and not reading.words and _points_back(reading.text):
            reading = replace(reading, intent=SIMPLER)
        meant = self._follow_ups.in_context(reading, context)
        if meant.intent in (SIMPLER, MORE):
            return self._again(meant.intent, context)
        if meant.intent in self._catalogue.topics:
            lead = None
            if self._follow_ups.leans(reading) and meant.intent == context.topic:
                lead = self._catalogue.follow_ups[reading.intent].lead
            reply = self._composer.answer(meant.intent, lead, meant.likelihoods, said)
            return reply, _about(context, meant.intent, reply)
        if meant.intent == ASK_BACK:
            nearest = self._nearest(meant)
            return self._composer.clarify(nearest), self._left_open(meant, context)
        if meant.intent == EXPLAIN:
            reply = self._composer.explain(meant.words)
            topic = reply.buttons[0].payload.removeprefix("/") if reply.buttons else None
            return reply, _about(context, topic, reply)
        reply = self._composer.fixed(meant.intent)
        if reply.kind == "smalltalk":
            return reply, context
        return reply, self._left_open(meant, replace(context, topic=None))

    def _left_open(self, reading: Reading, context: Context) -> Context:
        """The context after a message that was not answered: its topic, if it clearly had one."""
        for name, likelihood in reading.likelihoods:
            if name in self._catalogue.topics and likelihood >= CLEAR_TOPIC:
                return replace(context, topic=name, told=(), last=())
        return context

    def _again(self, intent: str, context: Context) -> tuple[Reply, Context]:
        """The last answer in simpler words, or more on the same matter."""
        if context.topic is None:
            return self._composer.fixed(f"{intent}_alone"), context
        if intent == SIMPLER:
            return self._composer.simpler(context.topic, context.last), context
        reply = self._composer.more(context.topic, context.told)
        shown = tuple(reply.statements)
        return reply, replace(context, told=(*context.told, *shown), last=shown or context.last)

    def _nearest(self, reading: Reading) -> list[str]:
        topics = [name for name, _ in reading.likelihoods if name in self._catalogue.topics]
        return topics[:CHOICES]


def _about(context: Context, topic: str | None, reply: Reply) -> Context:
    shown = tuple(reply.statements)
    return replace(context, topic=topic, told=shown, last=shown)


def _points_back(text: str) -> bool:
    """Whether a question for a meaning names no word: "what does that mean?"."""
    return not {"that", "this", "it", "those", "these"}.isdisjoint(re.findall(r"\w+", text.lower()))
