"""Which questions a message asks: the message as a whole, or its clauses, in the order asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from bot.dialogue.aftermath import URGENT
from bot.dialogue.reading import ASK_BACK, Reading
from bot.guide.catalogue import Catalogue

MOST_QUESTIONS = 3

# Up to this many words the whole message is read along with its one question: what comes before
# the question says whom and what it is about. A longer one is a story, and would drown it.
LONGEST_READ_WHOLE = 40

# How sure a clause must be to say what the next question is about; and to be an alarm in a story.
SURE = 0.7
BEYOND_DOUBT = 0.97
FAIRLY_SURE = 0.5
POSSIBLE = 0.15


class Questions:
    """Finds the questions in a message.

    Args:
        catalogue: All content; it says which intents are urgent and which have no answer.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def asked(self, whole: Reading, parts: Sequence[Reading]) -> list[Reading]:
        """The questions to answer, at most three, in the order asked.

        Args:
            whole: The message read as one.
            parts: Its clauses, each read by itself; empty when there is one clause only.
        """
        is_story = whole.length > LONGEST_READ_WHOLE
        alarms = [reading for reading in (whole, *parts) if self._is_urgent(reading)]
        if is_story:  # it tells much, and of what is over
            alarms = [
                alarm for alarm in alarms if alarm is whole or alarm.confidence >= BEYOND_DOUBT
            ]
        if not alarms:
            return self._questions(whole, parts, is_story)
        raised = [replace(alarms[0], intent=name) for name in alarms[0].alarms] or alarms[:1]
        if not is_story:
            return raised
        # The alarm of a story may be over, so that its question is answered too.
        asked = [part for part in self._asking(whole, parts) if self._is_answerable(part)]
        return [*raised, *_each_once(asked)][:MOST_QUESTIONS]

    def _questions(self, whole: Reading, parts: Sequence[Reading], is_story: bool) -> list[Reading]:
        asking = self._asking(whole, parts)
        answerable = [part for part in asking if self._is_answerable(part)]
        if self._kind(whole) == "care_team":  # "Lifelong? No. We give it a year, then stop."
            beside = [part for part in answerable if part.confidence >= SURE]
            return _each_once([whole, *beside])[:MOST_QUESTIONS]
        if not answerable:
            return [self._story(whole, parts)]
        if len(answerable) == 1:
            drowned = is_story and (answerable[0].confidence >= SURE or whole.confidence < SURE)
            return answerable if drowned else [self._together(whole, answerable[0])]
        talking = [part for part in answerable if self._kind(part) != "smalltalk"]
        return _each_once(talking or answerable)[:MOST_QUESTIONS]

    def _asking(self, whole: Reading, parts: Sequence[Reading]) -> list[Reading]:
        """The parts that ask, each with the topic of what was told before it."""
        asking = []
        about = subject = self._topic(whole, SURE) if whole.length <= LONGEST_READ_WHOLE else None
        for part in parts:
            if not part.asks:
                about = self._topic(part, FAIRLY_SURE) or about
                continue
            words = part.words or whole.words  # "It says chorea. What does that mean?"
            asking.append(replace(part, about=about, words=words))
            if part.intent in self._catalogue.topics and part.confidence >= SURE:
                about = None if part.intent == subject else subject
        return asking

    def _is_answerable(self, reading: Reading) -> bool:
        """Whether there is something to say to it, other than that the guide does not cover it."""
        if reading.intent == ASK_BACK:
            return reading.about is not None
        return self._kind(reading) not in ("out_of_scope", *URGENT)

    def _kind(self, reading: Reading) -> str:
        reply = self._catalogue.replies.get(reading.intent)
        return reply.kind if reply else "answer"

    def _is_urgent(self, reading: Reading) -> bool:
        return self._kind(reading) in URGENT

    def _story(self, whole: Reading, parts: Sequence[Reading]) -> Reading:
        """The reading of a message in which nothing has the form of a question."""
        answerable = [part for part in parts if self._is_answerable(part)]
        if self._is_answerable(whole) or whole.length <= LONGEST_READ_WHOLE or not answerable:
            return whole
        return max(answerable, key=lambda part: part.confidence)

    def _together(self, whole: Reading, part: Reading) -> Reading:
        """The whole and its one question, weighed together."""
        if self._kind(whole) == "smalltalk":
            return part  # "I can't stop crying. Is it my fault?"
        if self._kind(whole) != "answer":
            return whole  # "They say we should stop. Should we?"
        if part.intent in self._catalogue.follow_ups:
            # "The scan showed shrinkage. Is that bad?": the rest says what it is about.
            about = part.about or self._topic(whole, POSSIBLE)
            return replace(part, about=about) if about else whole
        if not self._is_answerable(whole):
            return whole
        if whole.intent == part.intent:
            return whole
        likelihoods: dict[str, float] = defaultdict(float)
        for reading in (whole, part):
            for name, likelihood in reading.likelihoods:
                likelihoods[name] += likelihood / 2
        ordered = tuple(sorted(likelihoods.items(), key=lambda entry: -entry[1]))
        name = max((whole.intent, part.intent), key=lambda name: likelihoods[name])
        return replace(
            whole, intent=name, confidence=likelihoods[name], likelihoods=ordered, asks=True
        )

    def _topic(self, reading: Reading, least: float) -> str | None:
        """The likeliest topic of a reading, if it is at least so likely."""
        for name, likelihood in reading.likelihoods:
            if name in self._catalogue.topics and likelihood >= least:
                return name
        return None


def _each_once(readings: Sequence[Reading]) -> list[Reading]:
    """Readings of the same intent count once: "does it stay, is it for good"."""
    firsts: dict[str, Reading] = {}
    for reading in readings:
        firsts.setdefault(reading.intent, reading)
    return list(firsts.values())
