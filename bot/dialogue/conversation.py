"""One turn of a conversation: from what was understood to what is said. Pure Python, no Rasa."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.dialogue.aftermath import SAFE, URGENT, remembering
from bot.dialogue.calendar.calendar import Calendar
from bot.dialogue.calendar.openings import CALENDAR, OPENINGS
from bot.dialogue.calendar.steps import Talk
from bot.dialogue.compose import HELPFUL, MORE, SIMPLER, UNHELPFUL, Composer
from bot.dialogue.family import Family
from bot.dialogue.follow_ups import Context, FollowUps
from bot.dialogue.messages import EMPTY, OTHER_LANGUAGE
from bot.dialogue.places import is_messenger
from bot.dialogue.questions import Questions
from bot.dialogue.reading import ASK_BACK, Reading
from bot.dialogue.reminders import (
    LOSS,
    ORDERS,
    OVER,
    REQUEST,
    STOP_ORDER,
    WISH,
    Reminders,
)
from bot.dialogue.reply import Reply
from bot.guide.catalogue import Catalogue

# What an unanswered message was about, when this likely, is what the next one may lean on.
CLEAR_TOPIC = 0.4

# From this likelihood on a topic is answered beside kind words, and beside "ask your care team
# first", by the kind of that message.
ALSO_ANSWERED = {"smalltalk": 0.1, "care_team": 0.4}

EXPLAIN = "ask_term_meaning"
ERASE = "request_erasure"
CANCEL = "cancel_schedule"
PRIVACY = "ask_privacy"

# How likely it must be, after an alarm, that the message says that help has come.
HELP_CAME = 0.5

# How sure an order to erase must be to be carried out without asking back.
CLEARLY_ERASE = 0.8

# How sure a reading must be to count beside the talk about the calendar.
CLEARLY = 0.6
_MERE_ANSWERS = ("affirm", "deny", "express_confusion", EMPTY)

# From where on a wish is heard beside what is likelier told for the calendar, and from where on it
# is heard alone: no telling of the tuning set that is likelier told sounds that much like a wish.
SURELY_A_WISH = 0.5
BEYOND_DOUBT_A_WISH = 0.95

CHOICES = 2  # topics offered by "did you mean"


@dataclass(frozen=True)
class Turn:
    """What is said, and what the conversation is about from then on.

    Attributes:
        replies: What is said.
        context: What the next message may lean on.
        errand: What is to be done in the database, or None: `{"erase": True}`,
            `{"helpful": bool, "statements": [id, ...]}`, or `{"reminders": "start"}` (or "stop").
    """

    replies: list[Reply]
    context: Context
    errand: dict[str, Any] | None = None


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
        self._calendar = Calendar(catalogue, composer)
        self._reminders = Reminders(catalogue, composer)

    def answer(self, parsed: Mapping[str, Any], context: Context) -> Turn:
        """The replies to a message.

        Args:
            parsed: The message as Rasa's pipeline parsed it, with its `parts`, with `today`, the
                local date as ISO text, with `channel`, where it came from, and with
                `stored_messages`, how many messages of this conversation are kept, where that was
                asked.
            context: What was said before.
        """
        if language := parsed.get("language"):
            return self._in_language(language, parsed["intent"]["name"], context)
        parts = [Reading.of(part) for part in parsed.get("parts") or []]
        whole = Reading.of(parsed)
        if context.alarm:
            if dict(whole.likelihoods).get(SAFE, 0.0) >= HELP_CAME:
                whole = replace(whole, intent=SAFE, alarms=())  # "the ambulance is here"
            elif any(part.intent == SAFE for part in parts):
                context = replace(context, alarm=None)
        asked = self._with_answers(self._questions.asked(whole, parts))
        today = dt.date.fromisoformat(parsed["today"])
        talk = self._talk(whole, parts, asked, context.family, today, parsed.get("channel"))
        if talk is not None:
            context = replace(context, family=talk.family)
            if talk.replies and not talk.led_back:
                asked = self._also_asked(asked, whole)
        asked = [_not_on_the_calendar(reading) for reading in asked]
        errand = (talk.errand if talk else None) or _errand(asked, context)
        stored = int(parsed.get("stored_messages") or 0)
        replies: list[Reply] = []
        said: set[str] = set()
        for reading in asked:
            reply, context = self._reply(reading, context, said, stored)
            if reading.intent == PRIVACY and is_messenger(parsed.get("channel")):
                reply.text += f"\n\n{self._composer.fixed('privacy_on_messenger').text}"
            if reply.kind == "answer" and not set(reply.statements) - said:
                continue  # the answer before has said it all
            said |= set(reply.statements)
            if reply.text not in [other.text for other in replies]:
                replies.append(reply)
        answers = [reply for reply in replies if reply.kind == "answer"]
        if answers:  # then nothing needs to be asked back
            replies = [reply for reply in replies if reply.kind != "clarify"]
            self._composer.add_thumbs(answers[-1])
        if answers and not context.noted:
            self._composer.add_note(answers[-1])
            context = replace(context, noted=True)
        replies += talk.replies if talk else []
        intents = [reading.intent for reading in asked]
        replies, context = remembering(replies, intents, context, self._composer)
        return Turn(replies, context, errand)

    def _talk(
        self,
        whole: Reading,
        parts: Sequence[Reading],
        asked: Sequence[Reading],
        family: Family,
        today: dt.date,
        channel: str | None,
    ) -> Talk | None:
        """What is said on reminders and on the calendar; None where the message is about neither.

        In danger nothing is said on them. Where a parent in despair tells of a loss, they end.
        """
        order = self._reminders.ordered(whole, parts)
        kinds = {self._kind(reading.intent) for reading in asked}
        if not kinds.isdisjoint(URGENT):
            ends = order in (LOSS, OVER) and "emergency" not in kinds
            return Talk([], Family(), errand=STOP_ORDER) if ends else None
        if order is None:
            return self._on_the_calendar(whole, parts, asked, family, today)
        if order != REQUEST:
            return self._reminders.ended(order, family)
        telling = (reading for reading in (whole, *parts) if reading.confidence >= CLEARLY)
        talk: Talk | None = None
        if any(reading.intent in OPENINGS for reading in telling):
            talk = self._on_the_calendar(whole, parts, asked, family, today)
        elif not family.complete:
            talk = self._calendar.hear("", CALENDAR, False, family, today)
        return self._reminders.begun(channel, talk or Talk([], family))

    def _on_the_calendar(
        self,
        whole: Reading,
        parts: Sequence[Reading],
        asked: Sequence[Reading],
        family: Family,
        today: dt.date,
    ) -> Talk | None:
        """What is said on the family's calendar; None where the message is not about it."""
        intent = whole.intent
        if family.asking and intent in OPENINGS and whole.confidence < CLEARLY:
            intent = ASK_BACK  # "my daughter nurses him" answers what was asked
        if family.asking and intent == CANCEL and whole.confidence < SURELY_A_WISH:
            intent = ASK_BACK  # "qqq" is no wish to leave it
        if intent == WISH:
            intent = _rather_told(whole) or intent
        elif intent not in OPENINGS:
            # "First one yesterday, and he smiles! Is that the B12?" asks, and tells by the way.
            asks = any(part.asks for part in parts) and any(
                self._kind(reading.intent) == "answer" and reading.intent not in OPENINGS
                for reading in asked
            )
            told = (
                part.intent
                for part in parts
                if part.intent in OPENINGS
                and part.confidence >= CLEARLY
                and (part.intent == CALENDAR or not asks)
            )
            intent = next(told, intent)
        topics = [reading for reading in asked if reading.intent in self._catalogue.topics]
        # Two questions are no date, however they are written.
        answerable = len(topics) > 1 or any(self._is_a_question(reading) for reading in asked)
        return self._calendar.hear(whole.text, intent, answerable, family, today)

    def _is_a_question(self, reading: Reading) -> bool:
        """Whether a message is surely another matter, though the calendar waits for an answer."""
        if reading.intent in (*_MERE_ANSWERS, ASK_BACK):
            return False
        kind = self._kind(reading.intent)
        has_mark = "?" in reading.text
        if kind == "out_of_scope":
            return has_mark
        sure = reading.confidence >= CLEARLY or has_mark
        return kind != "schedule" and (sure or kind in ("handoff", "privacy"))

    def _also_asked(self, asked: Sequence[Reading], whole: Reading) -> list[Reading]:
        """What else is answered in a message that told something for the calendar.

        A likely wish to change the treatment, lest it be taken for told; and its questions.
        """
        wishes = [r for r in asked if r.intent == WISH and r.confidence >= SURELY_A_WISH]
        if "?" not in whole.text:
            return wishes
        topics = [reading for reading in asked if reading.intent in self._catalogue.topics]
        return wishes + [reading for reading in topics if reading.confidence >= CLEARLY]

    def _kind(self, intent: str) -> str:
        reply = self._catalogue.replies.get(intent)
        return reply.kind if reply else "answer"

    def _in_language(self, code: str, intent: str, context: Context) -> Turn:
        if intent == OTHER_LANGUAGE:
            replies = [self._composer.in_language(code)]
        else:
            replies = [self._composer.alarm_in_language(intent, code)]
        replies, context = remembering(replies, [intent], context, self._composer)
        return Turn(replies, context)

    def _with_answers(self, asked: Sequence[Reading]) -> list[Reading]:
        """What the guide says goes with kind words and with "ask your care team first"."""
        found: list[Reading] = []
        for reading in asked:
            found.append(reading)
            message = self._catalogue.replies.get(reading.intent)
            if message is None or message.kind not in ALSO_ANSWERED:
                continue
            topics = [entry for entry in reading.likelihoods if entry[0] in self._catalogue.topics]
            if topics and topics[0][1] >= ALSO_ANSWERED[message.kind]:
                found.append(replace(reading, intent=topics[0][0], confidence=topics[0][1]))
        return found

    def _reply(
        self, reading: Reading, context: Context, said: set[str], stored: int
    ) -> tuple[Reply, Context]:
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
        unclear = meant.intent == ERASE and not _clearly_erase(meant)
        occasion = "erasure_unclear" if unclear else meant.intent
        reply = self._composer.fixed(occasion, stored_messages=stored)
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


def _not_on_the_calendar(reading: Reading) -> Reading:
    """A clause that sounded like a matter of the calendar, which was not taken up: unclear."""
    matters = (*OPENINGS, *ORDERS)
    return replace(reading, intent=ASK_BACK) if reading.intent in matters else reading


def _rather_told(wish: Reading) -> str | None:
    """What a message tells for the calendar, if that is likelier than a wish to change treatment.

    "We're on every 2 months" tells of a plan, and sounds like a wish to change it.
    """
    told = [(name, share) for name, share in wish.likelihoods if name in OPENINGS]
    is_told = sum(share for _, share in told) >= max(CLEARLY, wish.confidence)
    return told[0][0] if is_told and wish.confidence < BEYOND_DOUBT_A_WISH else None


def _clearly_erase(reading: Reading) -> bool:
    return reading.confidence >= CLEARLY_ERASE


def _errand(asked: Sequence[Reading], context: Context) -> dict[str, Any] | None:
    """What the message orders to be done, beside being answered."""
    for reading in asked:
        if reading.intent == ERASE and _clearly_erase(reading):
            return {"erase": True}
        if reading.intent in (HELPFUL, UNHELPFUL) and context.last:
            return {"helpful": reading.intent == HELPFUL, "statements": list(context.last)}
    return None


def _about(context: Context, topic: str | None, reply: Reply) -> Context:
    shown = tuple(reply.statements)
    return replace(context, topic=topic, told=shown, last=shown)


def _points_back(text: str) -> bool:
    """Whether a question for a meaning names no word: "what does that mean?"."""
    return not {"that", "this", "it", "those", "these"}.isdisjoint(re.findall(r"\w+", text.lower()))
