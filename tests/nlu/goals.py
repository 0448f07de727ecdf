"""What understanding must reach.

CI holds the floors (test_understanding.py). A figure that has not reached its floor yet, or is so
near that a training on another machine may move it below, may at least not get worse: CI holds what
was `reached`, and the report says when it is under the floor.
"""

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
        reached: What CI holds until the floor is reached; None where it is.
    """

    what: str
    unit: str
    floor: float
    wanted: float
    least: bool = False
    reached: float | None = None

    def keeps_up(self, figure: float) -> bool:
        """Whether the floor is kept, or what was reached of it."""
        line = self.floor if self.reached is None else self.reached
        return figure >= line if self.least else figure <= line

    def holds(self, figure: float) -> bool:
        """Whether the floor is kept."""
        return figure >= self.floor if self.least else figure <= self.floor


# Floors are what the issues ask for at least. Times are those of the reference machine
# (machine.py).
GOALS = {
    "in_scope": Goal("right statement shown, single in-scope", "%", 94, 97, least=True),
    "near_out_of_scope": Goal("near out-of-scope answered as if known", "%", 12, 5),
    "far_out_of_scope": Goal("far out-of-scope answered as if known", "%", 3, 1),
    "two_questions": Goal("two questions, both answered", "%", 80, 90, least=True),
    "long_stories": Goal("long stories", "%", 85, 93, least=True),
    "follow_ups": Goal("follow-ups in context", "%", 85, 95, least=True),
    "typing_errors": Goal("loss by one typing error a sentence", "points", 3, 1),
    "emergencies": Goal("emergencies recognised", "%", 98, 100, least=True),
    "crises": Goal("crises recognised", "%", 96, 100, least=True),
    "care_team_wishes": Goal("wishes to change treatment seen", "%", 93, 100, least=True),
    "calm_look_alikes": Goal("calm look-alikes without an alarm", "%", 95, 100, least=True),
    "foreign_emergencies": Goal("emergencies in other languages", "%", 90, 98, least=True),
    "calendar_matters": Goal(
        "calendar matters told from questions", "%", 85, 95, least=True, reached=82
    ),
    # Reached on a processor without 8-bit products (VNNI), which machine.py does not weigh.
    "nlu_p50": Goal("whole NLU, one thread, p50", "ms", 8, 4, reached=20),
    "nlu_p95": Goal("whole NLU, one thread, p95", "ms", 15, 8, reached=60),
    "training": Goal("training again, with threshold", "s", 30, 15, reached=90),
}
