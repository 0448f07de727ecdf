"""What is counted for the clinic's monitoring: never a word of a parent, never a conversation."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

# Seconds. A plain answer takes some hundredths, a long story a second.
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REGISTRY = CollectorRegistry()
TURNS = Counter("companion_turns", "Messages answered.", ["channel"], registry=REGISTRY)
REPLIES = Counter("companion_replies", "Replies given.", ["kind"], registry=REGISTRY)
FALLBACKS = Counter("companion_fallbacks", "Turns not understood.", registry=REGISTRY)
ALARMS = Counter("companion_alarms", "Turns that raised an alarm.", ["intent"], registry=REGISTRY)
ERRORS = Counter("companion_errors", "What failed on our side.", ["where"], registry=REGISTRY)
SECONDS = Histogram(
    "companion_turn_seconds", "How long an answer took.", buckets=_SECONDS, registry=REGISTRY
)
REMINDED = Counter("companion_reminders", "Reminders handed over.", registry=REGISTRY)
_DUE = Gauge("companion_reminders_due", "Reminders that should be sent by now.", registry=REGISTRY)


def exposition(due: int) -> bytes:
    """All figures of this process in Prometheus' text form.

    Args:
        due: How many reminders should be sent by now.
    """
    _DUE.set(due)
    return generate_latest(REGISTRY)
