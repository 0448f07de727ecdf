"""A stock Rasa assistant that knows this project's topics, in a folder of its own.

Each intent leads by rule to one text, and one intent to the same text from an action server. An
assistant cannot do less, so stock Rasa is measured at its quickest.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bench.nlu.data import Labelled
from bench.nlu.measure import write_project
from bench.nlu.pipelines import STOCK

Parts = dict[str, list[dict[str, Any]]]

TEXT = "The care team will tell you."
ACTED_ON = "thank_you"  # the intent that the action server answers

LIGHT: Parts = {
    "pipeline": [
        {"name": "WhitespaceTokenizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {"name": "LogisticRegressionClassifier"},
    ],
    "policies": [{"name": "RulePolicy"}],
}


def with_deep_nets(epochs: int) -> Parts:
    """What Rasa 3.6 fills in when config.yml names neither pipeline nor policies.

    Args:
        epochs: How often training goes through the examples, 100 in Rasa's own default. A model
            answers no slower for having learned longer.
    """
    ted = {"max_history": 5, "epochs": epochs}
    return {
        "pipeline": [{**part, "epochs": epochs} if "epochs" in part else part for part in STOCK],
        "policies": [
            {"name": "MemoizationPolicy"},
            {"name": "RulePolicy"},
            {"name": "UnexpecTEDIntentPolicy", **ted},
            {"name": "TEDPolicy", **ted, "constrain_similarities": True},
        ],
    }


def train(folder: Path, parts: Parts, sentences: Labelled) -> Path:
    """Writes the assistant into a folder and trains it.

    Raises:
        subprocess.CalledProcessError: Rasa refused.
    """
    write_project(folder, parts, sentences)
    intents = sorted({intent for _, intent in sentences})
    plain = [intent for intent in intents if intent != ACTED_ON]
    answer, act = {"action": "utter_answer"}, {"action": "action_answer"}
    files: dict[str, Any] = {
        "domain.yml": {
            "intents": intents,
            "responses": {"utter_answer": [{"text": TEXT}]},
            "actions": ["action_answer"],
        },
        "rules.yml": {
            "rules": [
                {
                    "rule": "a text",
                    "steps": [{"or": [{"intent": intent} for intent in plain]}, answer],
                },
                {"rule": "an action", "steps": [{"intent": ACTED_ON}, act]},
            ],
            # The learning policies of the default want stories.
            "stories": [
                {
                    "story": f"{first}, {second}",
                    "steps": [{"intent": first}, answer, {"intent": second}, answer],
                }
                for first, second in zip(plain[:40], plain[40:], strict=False)
            ],
        },
    }
    yaml = YAML()
    for name, content in files.items():
        with (folder / name).open("w", encoding="utf-8") as file:
            yaml.dump({"version": "3.1", **content}, file)
    data = [str(folder / name) for name in ("nlu.yml", "rules.yml")]
    command = ["train", "--config", "config.yml", "--domain", "domain.yml", "--data", *data]
    subprocess.run(
        [sys.executable, "-m", "rasa", *command, "--fixed-model-name", "stock", "--out", "."],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder / "stock.tar.gz"
