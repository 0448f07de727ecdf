"""Tf-idf of characters and of words as sparse features: what an encoder blurs, these keep apart.

Characters (1 to 4 within words) forgive endings and typing errors; words (1 and 2) hold figures and
set phrases such as "2 months". Each block has unit length.
"""

from __future__ import annotations

import json
from typing import Any, Optional

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.sparse_featurizer.sparse_featurizer import SparseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import TfidfVectorizer

_FILE = "tfidf.json"


def _vectorizers(config: dict[str, Any]) -> list[TfidfVectorizer]:
    common = {
        "sublinear_tf": True,
        "dtype": np.float32,
        "strip_accents": "unicode",
        "min_df": config["least_count"],
    }
    return [
        TfidfVectorizer(
            analyzer="char_wb", ngram_range=(1, config["longest_characters"]), **common
        ),
        TfidfVectorizer(
            analyzer="word",
            ngram_range=(1, config["longest_words"]),
            token_pattern=r"(?u)\b\w+\b",
            **common,
        ),
    ]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class CharWordTfidf(SparseFeaturizer, GraphComponent):
    """Adds two sparse sentence features to each message, one of characters and one of words.

    Config:
        longest_characters: Longest run of characters (4).
        longest_words: Longest run of words (2).
        least_count: In how many examples a run must stand to count (2).
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The settings and their defaults."""
        return {
            **SparseFeaturizer.get_default_config(),
            "longest_characters": 4,
            "longest_words": 2,
            "least_count": 2,
        }

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Nothing to validate."""

    def __init__(
        self,
        config: dict[str, Any],
        name: str,
        model_storage: ModelStorage,
        resource: Resource,
        vectorizers: Optional[list[TfidfVectorizer]] = None,
    ) -> None:
        super().__init__(name, config)
        self._model_storage = model_storage
        self._resource = resource
        self._vectorizers = vectorizers

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "CharWordTfidf":
        """An untrained component (called by Rasa)."""
        return cls(config, execution_context.node_name or cls.__name__, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "CharWordTfidf":
        """The trained component (called by Rasa)."""
        with model_storage.read_from(resource) as folder:
            stored = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        vectorizers = _vectorizers(config)
        for vectorizer, block in zip(vectorizers, stored, strict=True):
            vectorizer.vocabulary_ = {term: i for i, term in enumerate(block["terms"])}
            vectorizer.idf_ = np.array(block["idf"], dtype=np.float32)
        return cls(
            config,
            execution_context.node_name or cls.__name__,
            model_storage,
            resource,
            vectorizers,
        )

    def train(self, training_data: TrainingData) -> Resource:
        """Learns the runs of characters and words and how rare each is."""
        texts = [text for e in training_data.nlu_examples if (text := e.get(TEXT))]
        self._vectorizers = [vectorizer.fit(texts) for vectorizer in _vectorizers(self._config)]
        stored = [
            {
                "terms": [str(term) for term in vectorizer.get_feature_names_out()],
                "idf": [round(float(value), 5) for value in vectorizer.idf_],
            }
            for vectorizer in self._vectorizers
        ]
        with self._model_storage.write_to(self._resource) as folder:
            (folder / _FILE).write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Adds the feature to every training example."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the feature to every message that has text."""
        assert self._vectorizers is not None, "Rasa trains or loads a component before using it"
        with_text = [message for message in messages if message.get(TEXT)]
        if with_text:
            texts = [message.get(TEXT) for message in with_text]
            for block, vectorizer in zip(("characters", "words"), self._vectorizers, strict=True):
                rows = vectorizer.transform(texts)
                origin = f"{self._identifier}.{block}"
                for index, message in enumerate(with_text):
                    message.add_features(Features(rows[index], FEATURE_TYPE_SENTENCE, TEXT, origin))
        return messages
