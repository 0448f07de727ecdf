"""Tf-idf of characters and of words as sparse features: what an encoder blurs, these keep apart.

Characters (1 to 4 within words) forgive endings and typing errors; words (1 and 2) hold figures and
set phrases such as "2 months". Each block has unit length.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Optional

import numpy as np
import numpy.typing as npt
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.sparse_featurizer.sparse_featurizer import SparseFeaturizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.runs import character_runs, word_runs
from bot.nlu.sentence_features import SentenceFeatures, SparseRow

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer

Columns = npt.NDArray[np.int32]

_FILE = "tfidf.json"

_WORDS_KEPT = 4096  # about a megabyte

FEW_TEXTS = 50  # with fewer, every run of characters counts


def _cutters(config: dict[str, Any]) -> dict[str, Callable[[str], list[str]]]:
    """What cuts a text into the runs of each block."""
    return {
        "characters": partial(character_runs, longest=config["longest_characters"]),
        "words": partial(word_runs, longest=config["longest_words"]),
    }


def _vectorizer(runs_of: Callable[[str], list[str]], least_count: int = 1) -> "TfidfVectorizer":
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        analyzer=runs_of, min_df=least_count, sublinear_tf=True, dtype=np.float32
    )


class _Block:
    """One kind of runs, and the tf-idf row of a text in it.

    Weighing a single row here takes a twentieth of the time that scikit-learn's `transform`, made
    for whole corpora, spends on checks.
    """

    def __init__(self, name: str, runs_of: Callable[[str], list[str]], stored: Any) -> None:
        self.name = name
        self._runs_of = runs_of
        self._columns = {term: column for column, term in enumerate(stored["terms"])}
        self._rarity = np.array(stored["rarity"], dtype=np.float32)

    def row(self, text: str) -> SparseRow:
        """Sublinear tf-idf of unit length."""
        columns, counts = np.unique(self._columns_in(text), return_counts=True)
        weights = (1.0 + np.log(counts, dtype=np.float32)) * self._rarity[columns]
        weights /= math.sqrt(weights @ weights) or 1.0
        return SparseRow(weights, columns, len(self._rarity))

    def _columns_in(self, text: str) -> Columns:
        """The column of each run; runs that no training sentence had have none."""
        found = map(self._columns.get, self._runs_of(text))
        return np.array([column for column in found if column is not None], dtype=np.int32)

    def rows(self, texts: list[str]) -> Iterator[SparseRow]:
        """The rows of many texts."""
        vectorizer = _vectorizer(self._runs_of)
        vectorizer.vocabulary = self._columns
        vectorizer.idf_ = self._rarity
        found = vectorizer.transform(texts)
        for start, end in pairwise(found.indptr):
            yield SparseRow(found.data[start:end], found.indices[start:end], found.shape[1])


class _WordwiseBlock(_Block):
    """Runs within words, which come again and again: those of the latest words are kept."""

    def __init__(self, name: str, runs_of: Callable[[str], list[str]], stored: Any) -> None:
        super().__init__(name, runs_of, stored)
        self._columns_of_word = lru_cache(_WORDS_KEPT)(super()._columns_in)

    def _columns_in(self, text: str) -> Columns:
        found = [np.zeros(0, dtype=np.int32), *map(self._columns_of_word, text.split())]
        return np.concatenate(found)


def _blocks(config: dict[str, Any], stored: dict[str, Any]) -> list[_Block]:
    kinds = {"characters": _WordwiseBlock, "words": _Block}
    return [kinds[name](name, runs_of, stored[name]) for name, runs_of in _cutters(config).items()]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class CharWordTfidf(SparseFeaturizer, GraphComponent):
    """Adds two sparse sentence features to each message, one of characters and one of words.

    Config:
        longest_characters: Longest run of characters (4).
        longest_words: Longest run of words (2).
        least_count: In how many examples a run must stand to count (3).
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The settings and their defaults."""
        return {
            **SparseFeaturizer.get_default_config(),
            "longest_characters": 4,
            "longest_words": 2,
            "least_count": 3,
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
        blocks: Optional[list[_Block]] = None,
    ) -> None:
        super().__init__(name, config)
        self._model_storage = model_storage
        self._resource = resource
        self._blocks = blocks

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
        return cls(
            config,
            execution_context.node_name or cls.__name__,
            model_storage,
            resource,
            _blocks(config, stored),
        )

    def train(self, training_data: TrainingData) -> Resource:
        """Learns the runs of characters and words and how rare each is."""
        texts = [text for e in training_data.nlu_examples if (text := e.get(TEXT))]
        stored = {}
        few = len(texts) < FEW_TEXTS
        least_count = 1 if few else self._config["least_count"]
        for name, runs_of in _cutters(self._config).items():
            vectorizer = _vectorizer(runs_of, least_count).fit(texts)
            stored[name] = {
                "terms": [str(term) for term in vectorizer.get_feature_names_out()],
                "rarity": [round(float(value), 5) for value in vectorizer.idf_],
            }
        self._blocks = _blocks(self._config, stored)
        with self._model_storage.write_to(self._resource) as folder:
            (folder / _FILE).write_text(json.dumps(stored, ensure_ascii=False), encoding="utf-8")
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Adds the feature to every training example.

        All at once, by the vectorizers themselves: row by row, thousands of texts take three times
        as long.
        """
        messages = [e for e in training_data.training_examples if e.get(TEXT)]
        for block in self._blocks or []:
            rows = block.rows([message.get(TEXT) for message in messages])
            for message, row in zip(messages, rows, strict=True):
                self._add(message, block, row)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the feature to every message that has text."""
        assert self._blocks is not None, "Rasa trains or loads a component before using it"
        for message in messages:
            if text := message.get(TEXT):
                for block in self._blocks:
                    self._add(message, block, block.row(text))
        return messages

    def _add(self, message: Message, block: _Block, row: SparseRow) -> None:
        message.add_features(SentenceFeatures(row, f"{self._identifier}.{block.name}"))
