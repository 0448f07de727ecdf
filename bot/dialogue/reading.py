"""What was understood of a message, or of one clause of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ASK_BACK = "nlu_fallback"  # what the pipeline says of a message near several topics

Likelihoods = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Reading:
    """One reading of a text.

    Attributes:
        text: The words.
        intent: The intent that was understood, after the scope gate.
        confidence: How sure that is, 0 to 1.
        likelihoods: Intents with their likelihoods, before the scope gate, likeliest first.
        scope: How surely it belongs to what the assistant knows, 0 to 1.
        words: Medical words that occur, as typed.
        asks: Whether the text has the form of a question.
        alarms: The alarms that it may be, the most urgent first; empty when it is none.
        about: The topic of what was told just before the question: "The scan showed shrinkage. Does
            it go away?"; None when nothing was.
    """

    text: str
    intent: str
    confidence: float = 1.0
    likelihoods: Likelihoods = ()
    scope: float = 1.0
    words: tuple[str, ...] = ()
    asks: bool = True
    alarms: tuple[str, ...] = ()
    about: str | None = None

    @classmethod
    def of(cls, parsed: Mapping[str, Any]) -> Reading:
        """The reading of a message, or of a part of one, as Rasa's pipeline parsed it."""
        understood = parsed["intent"]
        ranking = parsed.get("intent_ranking") or []
        likelihoods = sorted(
            (
                (str(entry["name"]), float(entry["confidence"]))
                for entry in ranking
                if entry["name"] != ASK_BACK
            ),
            key=lambda entry: -entry[1],
        )
        entities = parsed.get("entities") or []
        return cls(
            text=str(parsed.get("text") or ""),
            intent=str(understood["name"]),
            confidence=float(understood["confidence"]),
            likelihoods=tuple(likelihoods),
            scope=float(parsed.get("scope_score", 1.0)),
            words=tuple(str(e["value"]) for e in entities if e["entity"] == "medical_word"),
            asks=bool(parsed.get("asks", True)),
            alarms=tuple(str(alarm["name"]) for alarm in parsed.get("alarms") or ()),
        )

    @property
    def length(self) -> int:
        """How many words the text has."""
        return len(self.text.split())
