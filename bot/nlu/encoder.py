"""Sentence embeddings (all-MiniLM-L6-v2) as dense features, on one CPU thread, fully offline."""

from __future__ import annotations

import hashlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any, Optional

import numpy as np
import numpy.typing as npt
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from tokenizers import Tokenizer

from bot.nlu.eight_bits import single_thread_session
from bot.nlu.encoder_graph import GRAPH_VERSION, export_encoder
from bot.nlu.published import (
    QUICK_SHA256,
    WORDS,
    Published,
    quick_folder,
    read_folder,
    sha256_of,
)
from bot.nlu.sentence_features import SentenceFeatures
from bot.nlu.short_encoder import shortened
from bot.nlu.side_by_side import in_turns, numbered
from bot.nlu.word_table import WordTable

Array = npt.NDArray[np.float32]

_ONNX_FILE = "encoder.onnx"
_WORDS_FILE = "words.bin"
_TOKENIZER_FILE = "tokenizer.json"
_OUTPUTS = ["embedding", "states"]
SHARED_STATES = "shared_states"


class Encoder:
    """Turns sentences into vectors.

    Args:
        folder: Holds the ONNX file, the table of words and the tokenizer.
        max_tokens: Longer messages are cut; the model's own limit is 512.
    """

    def __init__(self, folder: Path, max_tokens: int) -> None:
        self._session = single_thread_session(folder / _ONNX_FILE)
        self._words = WordTable(folder / _WORDS_FILE, size=self._session.get_inputs()[0].shape[-1])
        self._tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER_FILE))
        self._tokenizer.enable_truncation(max_tokens)
        self._tokenizer.no_padding()

    def encode(self, texts: list[str]) -> tuple[Array, list[Array]]:
        """The vectors of texts, and the states of the layers that the look-out shares.

        Returns:
            Vectors of length one, shape (texts, 384), and for each text (tokens, 384).
        """
        # One by one: a batch would wake a thread for each core.
        tokens = [self._tokenizer.encode(text).ids for text in texts]
        lengths = [len(ids) for ids in tokens]
        runs = [self._run(tokens[turn]) for turn in in_turns(lengths)]
        vectors, states = (np.concatenate(parts) for parts in zip(*runs, strict=True))
        return vectors, np.split(states, np.cumsum(lengths[:-1]))

    def encode_many(self, texts: list[str]) -> Array:
        """The same vectors for thousands of texts, on all cores."""
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]
        turns = [tokens[turn] for turn in in_turns([len(ids) for ids in tokens])]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return np.concatenate(list(pool.map(lambda turn: self._run(turn)[0], turns)))

    def _run(self, tokens: list[list[int]]) -> list[Array]:
        words = self._words.rows(chain.from_iterable(tokens))
        apart = numbered([len(ids) for ids in tokens])
        found: list[Array] = self._session.run(_OUTPUTS, {"words": words, **apart})
        return found


def pack(published: Published, folder: Path) -> None:
    """Writes what an `Encoder` needs into a folder, which is made if it is missing.

    Raises:
        OSError: A file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    WordTable.write(published.weights[WORDS], folder / _WORDS_FILE)
    (folder / _TOKENIZER_FILE).write_text(published.tokenizer, encoding="utf-8")
    export_encoder(published, folder / _ONNX_FILE)


def is_packed(folder: Path) -> bool:
    """Whether `pack` wrote all: the ONNX file comes last."""
    return (folder / _ONNX_FILE).exists()


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SentenceEncoder(DenseFeaturizer, GraphComponent):
    """Adds a dense sentence feature to each message; training only packs the encoder's files.

    The states that the look-out goes on from stand in the message's `shared_states`.

    Config:
        model_dir: Folder with model.safetensors, config.json and tokenizer.json of a BERT sentence
            encoder; null takes the pinned all-MiniLM-L6-v2 package.
        weights_sha256: The checksum that the weights must have.
        upper: The layer that has learned to stand for the encoder's upper ones (encoder/upper.npz);
            null takes the encoder whole.
        cache_dir: Where the packed encoder and the training sentences' vectors are kept between
            trainings: encoding them anew takes half of the time.
        max_tokens: Longer messages are cut (256).
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The settings and their defaults."""
        return {
            **DenseFeaturizer.get_default_config(),
            "model_dir": None,
            "weights_sha256": QUICK_SHA256,
            "upper": None,
            "cache_dir": ".rasa/encoder",
            "max_tokens": 256,
        }

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Nothing to validate beyond what training reports."""

    def __init__(
        self,
        config: dict[str, Any],
        name: str,
        model_storage: ModelStorage,
        resource: Resource,
        encoder: Optional[Encoder] = None,
    ) -> None:
        super().__init__(name, config)
        self._model_storage = model_storage
        self._resource = resource
        self._encoder = encoder

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SentenceEncoder":
        """A component without files yet (called by Rasa)."""
        return cls(config, execution_context.node_name or cls.__name__, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "SentenceEncoder":
        """The component with the files of the trained model (called by Rasa)."""
        with model_storage.read_from(resource) as folder:
            encoder = Encoder(folder, config["max_tokens"])
        return cls(
            config, execution_context.node_name or cls.__name__, model_storage, resource, encoder
        )

    def train(self, training_data: TrainingData) -> Resource:
        """Packs the 8-bit encoder and its tokenizer into the model."""
        config = self._config
        source = Path(config["model_dir"]) if config["model_dir"] else quick_folder()
        cached = self._cached
        if not is_packed(cached):
            encoder = read_folder(source, config["weights_sha256"])
            if config["upper"]:
                encoder = shortened(encoder, config["weights_sha256"], Path(config["upper"]))
            pack(encoder, cached)
        with self._model_storage.write_to(self._resource) as folder:
            shutil.copytree(cached, folder, dirs_exist_ok=True)
            self._encoder = Encoder(folder, config["max_tokens"])
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Adds the feature to every training example."""
        assert self._encoder is not None, "Rasa trains or loads a component before using it"
        messages = [e for e in training_data.training_examples if e.get(TEXT)]
        if messages:
            self._add(messages, self._vectors([message.get(TEXT) for message in messages]))
        return training_data

    @property
    def _cached(self) -> Path:
        config = self._config
        made_of = [config["weights_sha256"]]
        if config["upper"]:
            made_of.append(sha256_of(Path(config["upper"])))
        name = "-".join(digest[:16] for digest in made_of)
        return Path(config["cache_dir"]) / f"{name}-{GRAPH_VERSION}"

    def _vectors(self, texts: list[str]) -> Array:
        """The vectors of training sentences; those that the last training had too are kept."""
        assert self._encoder is not None, "Rasa trains or loads a component before using it"
        file = self._cached.with_name(f"{self._cached.name}.{self._config['max_tokens']}.npz")
        keys = [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts]
        known: dict[str, Array] = {}
        if file.exists():
            with np.load(file) as kept:
                known = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            encoded = self._encoder.encode_many(list(new.values()))
            known.update(zip(new, encoded, strict=True))
            used = list(dict.fromkeys(keys))
            written = file.with_name(f"{os.getpid()}-{file.name}")
            np.savez(written, keys=used, vectors=np.stack([known[key] for key in used]))
            written.replace(file)
        return np.stack([known[key] for key in keys])

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the feature to every message that has text."""
        assert self._encoder is not None, "Rasa trains or loads a component before using it"
        with_text = [message for message in messages if message.get(TEXT)]
        if with_text:
            vectors, states = self._encoder.encode([m.get(TEXT) for m in with_text])
            self._add(with_text, vectors)
            for message, shared in zip(with_text, states, strict=True):
                message.set(SHARED_STATES, shared)
        return messages

    def _add(self, messages: list[Message], vectors: Array) -> None:
        for message, vector in zip(messages, vectors, strict=True):
            message.add_features(SentenceFeatures(vector[np.newaxis], self._identifier))
