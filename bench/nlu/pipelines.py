"""The pipelines that are compared, as Rasa configurations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

# What Rasa 3.6 fills in when config.yml names no pipeline.
STOCK: list[dict[str, Any]] = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True},
    {"name": "EntitySynonymMapper"},
    {"name": "ResponseSelector", "epochs": 100, "constrain_similarities": True},
    {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
]


def ours(config: Path, out_of_scope: list[str]) -> list[dict[str, Any]]:
    """This project's pipeline, told which intents of the data are out of scope."""
    pipeline: list[dict[str, Any]] = YAML(typ="safe").load(config.read_text())["pipeline"]
    for component in pipeline:
        if "out_of_scope_intents" in component:
            component["out_of_scope_intents"] = out_of_scope
    return pipeline
