"""Trains a pipeline with plain Rasa and measures what it understands."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bench.nlu.data import Labelled, Split
from tests.nlu.typing_errors import with_typing_errors

TYPING_ERRORS = (0, 1, 2)  # a sentence


@dataclass(frozen=True)
class Measured:
    """Figures of one pipeline.

    Attributes:
        accuracy: Per cent of in-scope sentences whose likeliest known intent is right, by the
            number of typing errors.
        auroc: How well in-scope and out-of-scope sentences are told apart, per cent; None when the
            test has no out-of-scope sentences.
        training_seconds: `rasa train nlu`, beyond the start of Python.
        milliseconds: Median time of one message.
        megabytes: Size of the packed model.
    """

    accuracy: dict[int, float]
    auroc: float | None
    training_seconds: float
    milliseconds: float
    megabytes: float


async def measure(pipeline: list[dict[str, Any]], split: Split) -> Measured:
    """Trains the pipeline on the split and asks it the test sentences."""
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu
    from sklearn.metrics import roc_auc_score

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["RASA_CACHE_DIRECTORY"] = str(folder / "cache")  # nothing from earlier runs
        write_project(folder, {"pipeline": pipeline}, split.train)
        start = time.perf_counter()
        model = train_nlu(str(folder / "config.yml"), str(folder / "nlu.yml"), name)
        seconds = time.perf_counter() - start
        assert model is not None
        agent = Agent.load(model)
        megabytes = Path(model).stat().st_size / 1e6

        known = [(text, intent) for text, intent in split.test if intent not in split.out_of_scope]
        accuracy, times, scores = {}, [], []
        for errors in TYPING_ERRORS:
            right = 0
            for text, intent in known:
                start = time.perf_counter()
                parsed = await agent.parse_message(with_typing_errors(text, errors))
                times.append(1000 * (time.perf_counter() - start))
                likeliest, score = _likeliest_known(parsed, split.out_of_scope)
                right += likeliest == intent
                if not errors:
                    scores.append(score)
            accuracy[errors] = 100 * right / len(known)
        foreign = [text for text, intent in split.test if intent in split.out_of_scope]
        for text in foreign:
            parsed = await agent.parse_message(text)
            scores.append(_likeliest_known(parsed, split.out_of_scope)[1])
        labels = [1] * len(known) + [0] * len(foreign)
        auroc = 100 * float(roc_auc_score(labels, scores)) if foreign else None
    return Measured(accuracy, auroc, seconds, statistics.median(times), megabytes)


def write_project(folder: Path, parts: dict[str, Any], train: Labelled) -> None:
    """Writes config.yml and nlu.yml for Rasa.

    Args:
        folder: Where to write them.
        parts: The pipeline and, where it shall converse, the policies.
        train: The sentences to learn from.
    """
    yaml = YAML()
    config = {"recipe": "default.v1", "assistant_id": "bench", "language": "en"}
    with (folder / "config.yml").open("w", encoding="utf-8") as file:
        yaml.dump({**config, **parts}, file)
    intents = sorted({intent for _, intent in train})
    blocks = [
        {"intent": name, "examples": "".join(f"- {_plain(t)}\n" for t, i in train if i == name)}
        for name in intents
    ]
    with (folder / "nlu.yml").open("w", encoding="utf-8") as file:
        yaml.dump({"version": "3.1", "nlu": blocks}, file)


def _plain(text: str) -> str:
    """A sentence without what Rasa's format would read as an annotation or a new line."""
    return " ".join(text.translate(str.maketrans("[]{}()", "      ")).split())


def _likeliest_known(parsed: dict[str, Any], out_of_scope: frozenset[str]) -> tuple[str, float]:
    """The likeliest intent that is neither out of scope nor a fallback, and how surely in scope."""
    beyond = {*out_of_scope, "nlu_fallback"}
    known = [e for e in parsed["intent_ranking"] if e["name"] not in beyond]
    if not known:
        return "", 0.0
    best = max(known, key=lambda entry: entry["confidence"])
    return best["name"], float(parsed.get("scope_score", best["confidence"]))
