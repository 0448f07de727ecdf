"""The safety look-out: finds danger, despair and wishes to change treatment in each message.

Two things look, and either suffices: phrases that a content editor can read and change
(content/danger_words.yml), and readers that learned from example messages how people really say it
(lookout/). A quick reader, layers on the encoder that has read the message anyway, suspects at the
faintest sign; what it suspects, a careful one reads again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

import numpy as np
import onnxruntime
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.guide.catalogue import load_catalogue
from bot.nlu.careful_reader import CarefulReader, careful_file
from bot.nlu.danger_words import DangerWords
from bot.nlu.eight_bits import single_thread_session
from bot.nlu.encoder import SHARED_STATES
from bot.nlu.encoder_graph import GRAPH_VERSION, export_lookout
from bot.nlu.lookout_branch import CALM, CLASSES, load_branch
from bot.nlu.network import softmax
from bot.nlu.parts import IS_PART
from bot.nlu.published import QUICK_SHA256, quick_folder, read_folder, sha256_of
from bot.nlu.side_by_side import in_turns, numbered
from bot.nlu.spelling import TYPED
from bot.settings import get_settings

ALARMS = "alarms"

_ONNX_FILE = "lookout.onnx"

CLEAR = 0.6  # an alarm so likely rules the others out

# Where the classifier is so sure of an intent, alarms less likely than this are none. On the tuning
# sets that costs no emergency and no crisis.
SURELY_CALM = 0.5
DOUBTFUL = 0.5


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class SafetyLookout(GraphComponent):
    """Sets the intent of each message that raises an alarm, whatever the classifier thinks.

    Where it may be one of several alarms, `alarms` has them all: clear ones, the likeliest first,
    or else unclear ones, the most urgent first. Goes behind the classifier, whose ranking stays as
    it is, and behind `SentenceEncoder`. The readers read the whole message; of its clauses only the
    phrases are looked for.

    Config:
        thresholds: The intents that are an alarm, the most urgent first, each with the likelihood
            from which on it is one.
        suspicion: The quick reader's likelihood of any alarm from which on the careful reader reads
            the message too (0.1).
        vague_intents: Intents of which the classifier is sure in danger, too ([]).
        small_talk: Intents that count where the classifier is surer of them than the readers are of
            an alarm ([]): "goodbye" is no farewell to life.
        quick: What the quick reader has learned (lookout/quick.npz).
        careful: What the careful reader has learned (lookout/careful.npz).
        cache_dir: Where their 8-bit files are kept.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The settings and their defaults."""
        return {
            "thresholds": {},
            "suspicion": 0.1,
            "vague_intents": [],
            "small_talk": [],
            "quick": "lookout/quick.npz",
            "careful": "lookout/careful.npz",
            "cache_dir": ".rasa/encoder",
        }

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        quick: Optional[onnxruntime.InferenceSession] = None,
        careful: Optional[CarefulReader] = None,
    ) -> None:
        settings = get_settings()
        catalogue = load_catalogue(settings.content, settings.clinic_card)
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._words = DangerWords(catalogue.danger_signs, catalogue.calming_words)
        self._quick = quick
        self._careful = careful

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SafetyLookout":
        """A component without its readers yet (called by Rasa)."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "SafetyLookout":
        """The component with its readers (called by Rasa)."""
        with model_storage.read_from(resource) as folder:
            quick = single_thread_session(folder / _ONNX_FILE)
        careful = CarefulReader(careful_file(Path(config["careful"]), Path(config["cache_dir"])))
        return cls(config, model_storage, resource, quick, careful)

    def train(self, training_data: TrainingData) -> Resource:
        """Packs the quick reader into the model; both learned beforehand, by `make lookout`."""
        weights, cache_dir = Path(self._config["quick"]), Path(self._config["cache_dir"])
        cached = cache_dir / f"lookout-{sha256_of(weights)[:16]}-{GRAPH_VERSION}.onnx"
        if not cached.exists():
            cache_dir.mkdir(parents=True, exist_ok=True)
            encoder = read_folder(quick_folder(), QUICK_SHA256)
            export_lookout(encoder, load_branch(weights), cached)
        careful_file(Path(self._config["careful"]), cache_dir)
        with self._model_storage.write_to(self._resource) as folder:
            shutil.copyfile(cached, folder / _ONNX_FILE)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the intent of each message that has text and raises an alarm."""
        read = self._likelihoods([m for m in messages if m.get(TEXT) and not m.get(IS_PART)])
        held_back = False  # in the last whole message: its calm clause may hide an alarming one
        for message in messages:
            if not message.get(TEXT) or (message.get(IS_PART) and not held_back):
                continue
            sighting = self._words.look(message.get(TEXT))
            if not message.get(IS_PART):
                held_back = sighting.held_back
            likelihoods = {} if message.get(IS_PART) else next(read)
            if alarms := self._alarms(message, likelihoods, sighting.alarm):
                message.set(INTENT, alarms[0], add_to_output=True)
                message.set(ALARMS, alarms, add_to_output=True)
        return messages

    def _alarms(
        self, message: Message, likelihoods: dict[str, float], by_words: Optional[str]
    ) -> list[dict[str, Any]]:
        if by_words:  # "I want to sleep and not wake up": the readers may know better
            likelihoods[by_words] = max(likelihoods[by_words], CLEAR) if likelihoods else 1.0
        thresholds: Mapping[str, float] = self._config["thresholds"]
        reached = [name for name in thresholds if likelihoods.get(name, 0.0) >= thresholds[name]]
        clear = [name for name in reached if likelihoods[name] >= CLEAR]
        if not by_words and self._is_surely_calm(message, [likelihoods[name] for name in reached]):
            return []
        clear.sort(key=lambda name: -likelihoods[name])
        return [{"name": name, "confidence": likelihoods[name]} for name in clear or reached]

    def _is_surely_calm(self, message: Message, likelihoods: list[float]) -> bool:
        """Whether the classifier is surer of what was meant than the readers of an alarm."""
        understood = message.get(INTENT)
        small_talk = understood["name"] in self._config["small_talk"]
        limit = understood["confidence"] if small_talk else DOUBTFUL
        return (
            understood["name"] not in self._config["vague_intents"]
            and understood["confidence"] >= SURELY_CALM
            and max(likelihoods, default=0.0) < limit
        )

    def _likelihoods(self, messages: list[Message]) -> Iterator[dict[str, float]]:
        """Of each class, for each message; of none where there is no suspicion."""
        assert self._quick and self._careful, "Rasa loads a component before using it"
        states = [message.get(SHARED_STATES) for message in messages]
        lengths = [len(rows) for rows in states]
        for turn in in_turns(lengths):
            read = {
                "states": np.concatenate(states[turn]),
                "texts": numbered(lengths[turn])["texts"],
            }
            (found,) = self._quick.run(["danger"], read)
            calm = softmax(found)[:, CLASSES.index(CALM)]
            for message, quick, is_calm in zip(messages[turn], found, calm, strict=True):
                if 1.0 - is_calm < self._config["suspicion"]:
                    yield {}
                    continue
                careful = self._careful.read(message.get(TYPED) or message.get(TEXT))
                both = softmax((quick + careful) / 2)[0]
                yield dict(zip(CLASSES, map(float, both), strict=True))
