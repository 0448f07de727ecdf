"""Labelled sentences for the benchmark: this project's own, or a public intent set in CSV."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

Labelled = list[tuple[str, str]]  # sentence, intent


@dataclass(frozen=True)
class Split:
    """What is learned from and what is asked.

    Attributes:
        train: Sentences with their intents.
        test: Sentences with their intents; those of an out-of-scope intent have no right answer.
        out_of_scope: Names of the out-of-scope intents.
    """

    train: Labelled
    test: Labelled
    out_of_scope: frozenset[str]


def own_sentences(folder: Path) -> Labelled:
    """The training sentences of this project."""
    return [
        (line.removeprefix("- "), block["intent"])
        for path in sorted(folder.glob("*.yml"))
        for block in YAML(typ="safe").load(path.read_text(encoding="utf-8"))["nlu"]
        for line in block["examples"].splitlines()
    ]


def csv_sentences(path: Path) -> Labelled:
    """Sentences of a CSV file with a heading: the sentence first, the intent second.

    Raises:
        ValueError: The file has no two columns.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
    if not rows or min(len(row) for row in rows) < 2:
        raise ValueError(f"{path} needs two columns, sentence and intent, with a heading.")
    return [(row[0].strip(), row[1].strip()) for row in rows[1:] if row[0].strip()]


def divide(
    sentences: Labelled, per_intent: int, tested: int, out_of_scope: frozenset[str]
) -> tuple[Labelled, Labelled]:
    """Draws so many sentences of each intent to learn from, and others to be asked.

    Of out-of-scope intents twenty times as many are asked: there are few such intents.
    """
    by_intent: dict[str, list[str]] = defaultdict(list)
    for sentence, intent in sentences:
        by_intent[intent].append(sentence)
    train: Labelled = []
    test: Labelled = []
    for intent, texts in sorted(by_intent.items()):
        random.Random(intent).shuffle(texts)
        asked = tested * (20 if intent in out_of_scope else 1)
        test += [(text, intent) for text in texts[:asked]]
        train += [(text, intent) for text in texts[asked:][:per_intent]]
    return train, test
