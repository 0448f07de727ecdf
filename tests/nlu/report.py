"""Writes docs/evaluation.md: the figures, the confusion of topics as a picture, and every miss."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections import Counter
from pathlib import Path

import numpy as np

from bot.guide.catalogue import Catalogue, load_catalogue
from bot.settings import get_settings
from tests.nlu.evaluation import SAFETY_SETS, Evaluation, table
from tests.nlu.goals import GOALS
from tests.nlu.question_sets import Asked

DOCS = Path("docs")
PICTURE = Path("images/confusion.png")

# How much a topic answers a question by the place of the right statement in it.
_WEIGHTS = (1.0, 0.5, 0.25, 0.25)

_NOT_ANSWERED = ("asked back", "not covered", "other reply")


def write_report(done: Evaluation) -> None:
    """Writes the page and its picture."""
    settings = get_settings()
    catalogue = load_catalogue(settings.content, settings.clinic_card)
    _draw_confusion(done.asked["in_scope"], catalogue, DOCS / PICTURE)
    (DOCS / "evaluation.md").write_text(_page(done), encoding="utf-8")


def _page(done: Evaluation) -> str:
    mistyped = zip(done.asked["typing_errors"], done.asked["without_typing_errors"], strict=True)
    lost = [typo for typo, clean in mistyped if clean.right and not typo.right]
    back = sum("clarify" in entry.kinds for entry in done.asked["in_scope"])
    parts = [
        "# How well it understands",
        f"Measured on {dt.date.today():%d %B %Y} with `make evaluate`, on the held-out sets of "
        "`tests/nlu/held_out`. They were written apart from the training data and nothing was "
        f"tuned on them. {os.cpu_count()} cores, {platform.machine()}, Python "
        f"{platform.python_version()}.",
        table(done.figures, done.sizes),
        "A question counts as right when a statement that answers it is shown. For a message with "
        "two questions, both must be. A question beyond the guide counts as answered when any "
        "statement is shown. The loss by typing errors is over pairs with and without one error: "
        "the hundred of `typing_errors.yml`, and each in-scope question with an error made by "
        f"chance. {back} of {len(done.asked['in_scope'])} in-scope questions were asked back "
        '("did you mean"), which counts as a miss.',
        "## Confusion of topics",
        "Each row is the topic that answers best what was asked, each column the topic whose "
        "statements came first in the reply.",
        f"![Confusion of topics]({PICTURE})",
        "## Every miss",
        *_misses("Single questions", [e for e in done.asked["in_scope"] if not e.right]),
        *_misses(
            "Answered though near out of scope",
            [e for e in done.asked["near_out_of_scope"] if e.answered],
        ),
        *_misses(
            "Answered though far out of scope",
            [e for e in done.asked["far_out_of_scope"] if e.answered],
        ),
        *_misses("Two questions", [e for e in done.asked["two_questions"] if not e.right]),
        *_misses("Long stories", [e for e in done.asked["long_stories"] if not e.right]),
        *_misses("Follow-ups", [e for e in done.asked["follow_ups"] if not e.right]),
        *_misses("Lost by a typing error", lost),
        *_misses("Calendar matters", done.calendar_misses),
        "## Every alarm missed, and every false one",
        *(
            line
            for name, kind in SAFETY_SETS.items()
            for line in _misses(
                GOALS[name].what.capitalize(),
                [entry for entry in done.asked[name] if kind not in entry.kinds],
            )
        ),
        *_misses(
            "Emergencies in other languages",
            [entry for entry in done.asked["foreign_emergencies"] if not entry.alarmed],
        ),
        *_misses(
            "Calm messages that alarmed",
            [entry for entry in done.asked["calm_look_alikes"] if entry.alarmed],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _misses(title: str, missed: list[Asked]) -> list[str]:
    if not missed:
        return [f"### {title}", "None."]
    lines = ["| said | understood | shown | would be right |", "| --- | --- | --- | --- |"]
    for entry in missed:
        said = " / ".join(entry.said).replace("|", "\\|").replace("\n", " ")
        shown = ", ".join(entry.shown) or ", ".join(entry.kinds)
        right = "; ".join(", ".join(sorted(wanted)) for wanted in entry.wanted)
        understood = f"{entry.intent} {entry.confidence:.2f}"
        lines.append(f"| {said} | {understood} | {shown} | {right} |")
    return [f"### {title} ({len(missed)})", "\n".join(lines)]


def _draw_confusion(asked: list[Asked], catalogue: Catalogue, path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    topics = list(catalogue.topics)
    columns = [*topics, *_NOT_ANSWERED]
    counts = Counter((_asked_for(e, catalogue), _answered_by(e, catalogue)) for e in asked)
    grid = np.array([[counts[row, column] for column in columns] for row in topics])
    figure, axes = plt.subplots(figsize=(15, 14))
    axes.imshow(np.sqrt(grid), cmap="Blues", aspect="auto")
    for (row, column), count in np.ndenumerate(grid):
        if count:
            colour = "white" if count > grid.max() / 2 else "black"
            axes.text(column, row, str(count), ha="center", va="center", fontsize=8, color=colour)
    named = [name.removeprefix("ask_").replace("_", " ") for name in columns]
    axes.set_xticks(range(len(columns)), named, rotation=90)
    axes.set_yticks(range(len(topics)), named[: len(topics)])
    axes.set_xlabel("came first in the reply")
    axes.set_ylabel("asked for")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=70)
    plt.close(figure)


def _asked_for(entry: Asked, catalogue: Catalogue) -> str:
    return _best_topic({name: 1.0 for name in entry.wanted[0]}, catalogue)


def _answered_by(entry: Asked, catalogue: Catalogue) -> str:
    if entry.shown:
        shown = dict(zip(entry.shown, _WEIGHTS, strict=False))
        return _best_topic(shown, catalogue)
    if "clarify" in entry.kinds:
        return _NOT_ANSWERED[0]
    return _NOT_ANSWERED[1 if "out_of_scope" in entry.kinds else 2]


def _best_topic(statements: dict[str, float], catalogue: Catalogue) -> str:
    def fit(intent: str) -> float:
        shown = catalogue.topics[intent].statements
        return sum(
            weight * statements.get(name, 0.0)
            for name, weight in zip(shown, _WEIGHTS, strict=False)
        )

    return max(catalogue.topics, key=fit)
