"""What understanding must reach. CI holds the floors (test_understanding.py)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """What a figure must reach.

    Attributes:
        what: The figure in words.
        unit: "%", "points", "ms" or "s".
        floor: CI fails beyond this.
        wanted: Where we want to be.
        least: Whether the figure must be at least the floor; else at most.
    """

    what: str
    unit: str
    floor: float
    wanted: float
    least: bool = False

    def holds(self, figure: float) -> bool:
        """Whether the floor is kept."""
        return figure >= self.floor if self.least else figure <= self.floor


GOALS = {
    "in_scope": Goal("right statement shown, single in-scope", "%", 94, 97, least=True),
    "near_out_of_scope": Goal("near out-of-scope answered as if known", "%", 12, 5),
    "far_out_of_scope": Goal("far out-of-scope answered as if known", "%", 3, 1),
    "two_questions": Goal("two questions, both answered", "%", 80, 90, least=True),
    "long_stories": Goal("long stories", "%", 85, 93, least=True),
    "follow_ups": Goal("follow-ups in context", "%", 85, 95, least=True),
    "typing_errors": Goal("loss by one typing error a sentence", "points", 3, 1),
    "nlu_p50": Goal("whole NLU, one thread, p50", "ms", 8, 4),
    "nlu_p95": Goal("whole NLU, one thread, p95", "ms", 15, 8),
    "training": Goal("training with threshold", "s", 30, 15),
}
