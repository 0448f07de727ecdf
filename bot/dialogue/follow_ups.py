"""What a message means after what was said before: "and for me?" after an answer on injections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.dialogue.compose import MORE, SIMPLER
from bot.dialogue.family import Family
from bot.dialogue.reading import ASK_BACK, Reading
from bot.guide.catalogue import Catalogue

# Short messages lean on what was said before. How much likelier the topic under way and its
# neighbours are then than all others (chosen on the tuning set).
FEW_WORDS = 8
SAME_TOPIC = 4.0
NEIGHBOUR = 2.0
UNDER_WAY = 0.3  # what the topic under way gets beforehand, of a likelihood of 1

# From here on a message speaks for itself, or has at least a topic to be asked about.
SPEAKS_FOR_ITSELF = 0.6
WITHOUT_DOUBT = 0.9
POSSIBLY_LEANS = 0.2
HAS_A_TOPIC = 0.1


@dataclass(frozen=True)
class Context:
    """What the conversation is about.

    Attributes:
        topic: The intent of the topic answered last; None at the beginning, and after something
            that the guide does not cover.
        told: Statements told on this topic so far.
        last: Those of the last answer alone.
        noted: Whether the education note was given.
        alarm: The kind of an alarm raised in one of the last messages, `emergency` or `crisis`.
        since_alarm: How many messages came after it.
        family: What the family has told for its calendar.
    """

    topic: str | None = None
    told: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    noted: bool = False
    alarm: str | None = None
    since_alarm: int = 0
    family: Family = field(default_factory=Family)


class FollowUps:
    """Finds the topic that a follow-up question means.

    Args:
        catalogue: All content, with the table of follow-ups.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._topics = catalogue.topics
        self._follow_ups = catalogue.follow_ups
        self._kinds = {name: reply.kind for name, reply in catalogue.replies.items()}

    def leans(self, reading: Reading) -> bool:
        """Whether a reading is a follow-up question: no topic of its own, and as a rule short."""
        short = reading.length <= FEW_WORDS or reading.confidence >= WITHOUT_DOUBT
        return reading.intent in self._follow_ups and short

    def in_context(self, reading: Reading, context: Context) -> Reading:
        """The reading as it is meant in this context, its intent a topic where it leaned on one."""
        if reading.about is not None:
            context = replace(context, topic=reading.about, told=(), last=())
        elif reading.intent in (SIMPLER, MORE) and self.leans(reading):
            return reading
        if context.topic is None or not self._may_lean(reading):
            return self._by_itself(reading)
        likelihoods: dict[str, float] = defaultdict(float, {context.topic: UNDER_WAY})
        neighbours = self._topics[context.topic].follow_ups
        for name, likelihood in reading.likelihoods:
            if name in self._follow_ups:
                likelihoods[self._follow_ups[name].topic_after(context.topic)] += likelihood
            elif name in self._topics:
                nearness = SAME_TOPIC if name == context.topic else 1.0
                nearness = NEIGHBOUR if name in neighbours else nearness
                likelihoods[name] += likelihood * nearness
        return _likeliest(reading, likelihoods)

    def _may_lean(self, reading: Reading) -> bool:
        if self.leans(reading):
            return True
        kind = self._kinds.get(reading.intent)
        if kind not in (None, "smalltalk") or reading.words:
            return False  # an alarm, a wish to change treatment, beyond the guide; a medical word
        follows = max((s for name, s in reading.likelihoods if name in self._follow_ups), default=0)
        if kind == "smalltalk" and follows < POSSIBLY_LEANS:
            return False
        sure = dict(reading.likelihoods).get(reading.intent, 0.0) >= SPEAKS_FOR_ITSELF
        return not sure and reading.length <= FEW_WORDS

    def _by_itself(self, reading: Reading) -> Reading:
        """The reading without a context to lean on: its own topic, or a question back."""
        if reading.intent not in self._follow_ups:
            return reading
        topics = {name: share for name, share in reading.likelihoods if name in self._topics}
        if max(topics.values(), default=0.0) >= HAS_A_TOPIC:
            return _likeliest(reading, topics)
        follow_up = self._follow_ups[reading.intent]
        clear = self.leans(reading) and reading.confidence >= SPEAKS_FOR_ITSELF
        if follow_up.alone and clear:
            return replace(reading, intent=follow_up.alone, likelihoods=())
        offered = tuple((name, 0.0) for name in follow_up.leads_to) if clear else ()
        return replace(reading, intent=ASK_BACK, likelihoods=offered or tuple(topics.items()))


def _likeliest(reading: Reading, likelihoods: Mapping[str, float]) -> Reading:
    total = sum(likelihoods.values())
    ordered = sorted(likelihoods.items(), key=lambda entry: -entry[1])
    shares = tuple((name, likelihood / total) for name, likelihood in ordered)
    return replace(reading, intent=shares[0][0], confidence=shares[0][1], likelihoods=shares)
