"""From an intent to what the assistant says: one mechanism for every topic and message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.dialogue.messages import LONGEST_MESSAGE
from bot.dialogue.reply import Button, Reply
from bot.guide.catalogue import Catalogue
from bot.guide.models import FixedReply, Statement, Term
from bot.guide.reading import LONGEST_ANSWER

MOST_STATEMENTS = 4
MOST_WORDS = 2  # medical words explained at once
_REFERENCE = re.compile(r"\[(\d+)\]")


class Composer:
    """Composes replies from the catalogue.

    Args:
        catalogue: All content.
        retention_days: How long conversations are kept, in days (told to those who ask).
    """

    def __init__(self, catalogue: Catalogue, retention_days: int) -> None:
        self._catalogue = catalogue
        self._facts = {
            "clinic": catalogue.clinic.name,
            "team": catalogue.clinic.team,
            "phone": catalogue.clinic.phone,
            "hours": catalogue.clinic.hours,
            "emergency_number": catalogue.clinic.emergency_number,
            "crisis_line": catalogue.clinic.crisis_line,
            "retention_days": retention_days,
            "longest_message": f"{LONGEST_MESSAGE:,}",
        }

    def answers(self, intent: str) -> bool:
        """Whether a topic or a fixed reply belongs to this intent."""
        return intent in self._catalogue.topics or intent in self._catalogue.replies

    def reply_to(self, intent: str, with_note: bool = False, also: str | None = None) -> Reply:
        """The reply to an intent or occasion.

        Args:
            intent: A topic's intent, or the name of a fixed reply.
            with_note: Whether an answer from the guide carries the note that it is education and
                does not replace the care team.
            also: A second topic that may be meant: its statements join the answer's as long as
                there are at most four and the whole stays short.

        Raises:
            KeyError: Nothing belongs to this intent.
        """
        topic = self._catalogue.topics.get(intent)
        if topic is None:
            return self._fixed(self._catalogue.replies[intent])
        reply = self._from_guide(topic.lead, topic.statements, topic.follow_ups, with_note)
        more = self._catalogue.topics[also].statements if also else ()
        shown = list(topic.statements)
        for name in more:
            if name not in shown and len(shown) < MOST_STATEMENTS:
                longer = self._from_guide(topic.lead, [*shown, name], topic.follow_ups, with_note)
                if len(longer.text.split()) <= LONGEST_ANSWER:
                    reply, shown = longer, [*shown, name]
        return reply

    def explain(self, words: Sequence[str], with_note: bool = False) -> Reply:
        """Explains medical words, each with the first statement in which the guide uses it.

        At most two words are explained; words that the glossary lacks are passed over, and if none
        is left the reply says that the guide does not cover the word.
        """
        terms: list[Term] = []
        for word in words:
            term = self._catalogue.term(word)
            if term is not None and term not in terms:
                terms.append(term)
        if not terms:
            return self.reply_to("unknown_word")
        terms = terms[:MOST_WORDS]
        statements = list(dict.fromkeys(term.statements[0] for term in terms))
        lead = " ".join(term.meaning for term in terms)
        follow_ups = [
            topic.intent
            for topic in self._catalogue.topics.values()
            if set(topic.statements[:2]) & set(statements)
        ]
        return self._from_guide(lead, statements, follow_ups[:3], with_note)

    def clarify(self, intents: Sequence[str]) -> Reply:
        """Asks back "did you mean", with the topics as buttons."""
        reply = self.reply_to("clarify")
        reply.buttons = self._buttons(intents)
        return reply

    def _from_guide(
        self, lead: str, ids: Iterable[str], follow_ups: Iterable[str], with_note: bool
    ) -> Reply:
        statements: list[Statement] = [self._catalogue.statements[name] for name in ids]
        bullet = "• " if len(statements) > 1 else ""
        parts = [lead, "\n".join(bullet + statement.cited for statement in statements)]
        parts += [
            contradiction.note
            for contradiction in self._catalogue.contradictions_of(s.id for s in statements)
        ]
        if with_note:
            parts.append(self._catalogue.notes.education)
        text = "\n\n".join(parts)
        return Reply(
            kind="answer",
            text=text,
            statements=[statement.id for statement in statements],
            references=sorted({int(number) for number in _REFERENCE.findall(text)}),
            buttons=self._buttons(follow_ups),
        )

    def _fixed(self, reply: FixedReply) -> Reply:
        return Reply(
            kind=reply.kind,
            text=reply.text.format(**self._facts).strip(),
            buttons=self._buttons(reply.buttons),
        )

    def _buttons(self, intents: Iterable[str]) -> list[Button]:
        topics = self._catalogue.topics
        return [Button(title=topics[name].question, payload=f"/{name}") for name in intents]
