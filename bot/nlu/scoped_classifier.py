"""Intent classifier with a scope gate: it also knows what it does not know."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from typing import Any, Optional

import numpy as np
import numpy.typing as npt
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from threadpoolctl import threadpool_limits

from bot.nlu.neighbours import Neighbours
from bot.nlu.network import Network, fit, main_directions, softmax
from bot.nlu.scope import Gate, Signs, choose_answer_threshold, fit_weights
from bot.nlu.sentence_features import sentence_features

logger = logging.getLogger(__name__)

Array = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]
Probabilities = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_ARRAYS_FILE = "classifier.npz"
_LABELS_FILE = "classifier.json"

# Without out-of-scope examples, every fold hides one intent in so many; their messages then stand
# for what is not known.
ONE_HIDDEN_IN = 5


@dataclass(frozen=True)
class _Examples:
    """The training examples.

    Attributes:
        intents: Names, shape (examples,).
        dense: The encoders' vectors; no columns where there is no encoder.
        reduced: Sparse features along their main directions.
    """

    intents: npt.NDArray[Any]
    dense: Array
    reduced: Array


@dataclass(frozen=True)
class _Fold:
    """One part of the cross-validation: examples learned from, and examples judged."""

    seen: Places
    unseen: Places


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ScopedIntentClassifier(GraphComponent, IntentClassifier):
    """A small network over all sentence features, behind a scope gate.

    A message that passes the gate gets its topic. One that nearly passes gets `nlu_fallback`, with
    the nearest topics in the ranking. One that does not gets the likelier out-of-scope intent. The
    gate's own score, 0 to 1, is put out as `scope_score`.

    Config:
        out_of_scope_intents: Intents whose examples stand for what is not known ([]).
        hidden: Units of the network's hidden layer (256).
        epochs: How often training goes through the examples (8).
        decay: Strength of the regularisation (0.01).
        neighbour_weight: What closeness to an intent's nearest examples adds to its likelihood (6).
        reduced_size: Sparse features are learned through this many components (400).
        out_of_scope_weight: What leaving a foreign question alone counts against answering a known
            one, when the threshold is chosen (1).
        folds: Cross-validation folds for the threshold (5).
        clarify_ratio: "Did you mean" begins at this share of the answer threshold (0.6).
        least_confidence: An intent less likely than this is asked back, however near (0).
        ranking_length: How many intents the ranking lists (10).
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The settings and their defaults."""
        return {
            "out_of_scope_intents": [],
            "hidden": 256,
            "epochs": 8,
            "decay": 0.01,
            "neighbour_weight": 6.0,
            "reduced_size": 400,
            "out_of_scope_weight": 1.0,
            "folds": 3,
            "clarify_ratio": 0.6,
            "least_confidence": 0.0,
            "ranking_length": 10,
        }

    @classmethod
    def required_components(cls) -> list[type]:
        """Needs at least one featurizer before it."""
        return [Featurizer]

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        labels: Optional[dict[str, Any]] = None,
        arrays: Optional[dict[str, Any]] = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        if labels is not None and arrays is not None:
            self._use(labels, arrays)

    def _use(self, labels: dict[str, Any], arrays: dict[str, Any]) -> None:
        self._classes: list[str] = labels["classes"]
        self._gate = Gate(**labels["gate"])
        self._out_of_scope = np.isin(self._classes, self._config["out_of_scope_intents"])
        names = {field.name for field in fields(Network)}
        self._network = Network(**{name: arrays[name] for name in names})
        near = {name: array for name, array in arrays.items() if name not in names}
        self._neighbours = Neighbours(**near) if near else None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "ScopedIntentClassifier":
        """An untrained component (called by Rasa)."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "ScopedIntentClassifier":
        """The trained component (called by Rasa)."""
        with model_storage.read_from(resource) as folder:
            labels = json.loads((folder / _LABELS_FILE).read_text(encoding="utf-8"))
            with np.load(folder / _ARRAYS_FILE) as stored:
                arrays = {name: stored[name] for name in stored.files}
        return cls(config, model_storage, resource, labels, arrays)

    def train(self, training_data: TrainingData) -> Resource:
        """Fits the classifier and chooses the gate's thresholds by cross-validation."""
        messages = [
            example
            for example in training_data.intent_examples
            if example.get(TEXT) and example.get(INTENT)
        ]
        intents = np.array([e.get(INTENT) for e in messages])
        if len(set(intents)) < 2:
            raise InvalidConfigException(
                "The classifier needs training examples of at least two intents."
            )
        dense, rows = sentence_features(messages)
        sparse = rows.matrix()
        directions = main_directions(sparse, self._config["reduced_size"])
        examples = _Examples(intents, dense, sparse @ directions)
        network, gate = self._fit(examples)
        classes, places = np.unique(intents, return_inverse=True)
        arrays = network.over(directions).arrays()
        if dense.shape[1]:
            arrays |= Neighbours.of(dense, places)
        labels = {"classes": [str(name) for name in classes], "gate": asdict(gate)}
        with self._model_storage.write_to(self._resource) as folder:
            (folder / _LABELS_FILE).write_text(json.dumps(labels, indent=1), encoding="utf-8")
            np.savez(folder / _ARRAYS_FILE, **arrays)
        self._use(labels, arrays)
        return self._resource

    def _fit(self, examples: _Examples) -> tuple[Network, Gate]:
        """The network fitted on all examples, and the gate on what folds had not seen."""
        folds = list(self._folds(examples.intents))
        everything = _Fold(np.arange(len(examples.intents)), np.arange(0))

        def learn(fold: _Fold) -> Network:
            seen = fold.seen
            return fit(
                examples.dense[seen],
                examples.reduced[seen],
                examples.intents[seen],
                self._config["hidden"],
                self._config["epochs"],
                self._config["decay"],
            )

        # Side by side and each on one thread: quicker than one after the other on all.
        with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as pool:
            *networks, final = pool.map(learn, [*folds, everything])
        return final, self._fit_gate(examples, folds, networks)

    def _folds(self, intents: npt.NDArray[Any]) -> Iterator[_Fold]:
        from sklearn.model_selection import StratifiedKFold

        names, counts = np.unique(intents, return_counts=True)
        foreign = np.isin(names, self._config["out_of_scope_intents"])
        count = min(self._config["folds"], counts.max())
        # Every fold must be left with two intents to tell apart.
        if count < 2 or (~foreign).sum() < 2 or (not foreign.any() and len(names) < 3):
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # an intent with fewer examples than folds
            splits = list(
                StratifiedKFold(count, shuffle=True, random_state=0).split(intents, intents)
            )
        for number, (seen, unseen) in enumerate(splits):
            if not foreign.any():
                hidden = names[number::ONE_HIDDEN_IN][: len(names) - 2]
                seen = seen[~np.isin(intents[seen], hidden)]
            if len(set(intents[seen])) > 1:
                yield _Fold(seen, unseen)

    def _fit_gate(self, examples: _Examples, folds: list[_Fold], networks: list[Network]) -> Gate:
        intents = examples.intents
        signs = Signs.unknown(len(intents))
        right = np.zeros(len(intents), dtype=bool)
        in_scope = ~np.isin(intents, self._config["out_of_scope_intents"])
        for fold, network in zip(folds, networks, strict=True):
            seen, unseen = fold.seen, fold.unseen
            classes = np.unique(intents[seen])
            beyond = np.isin(classes, self._config["out_of_scope_intents"])
            vectors = examples.dense
            neighbours = (
                Neighbours(**Neighbours.of(vectors[seen], np.searchsorted(classes, intents[seen])))
                if vectors.shape[1]
                else None
            )
            probabilities = network.probabilities(vectors[unseen], examples.reduced[unseen])
            found, blended = self._judge(probabilities, vectors[unseen], neighbours, beyond)
            signs.put(unseen, found)
            likeliest = classes[np.where(beyond, -1.0, blended).argmax(axis=1)]
            right[unseen] = likeliest == intents[unseen]
            in_scope[unseen] &= np.isin(intents[unseen], classes)
        judged = np.concatenate([np.arange(0), *(fold.unseen for fold in folds)])
        if in_scope[judged].all() or not in_scope[judged].any():
            logger.warning("Too few examples to validate on: the scope gate lets all pass.")
            return Gate(weights=None)
        foreign = np.isin(self._config["out_of_scope_intents"], intents).any()
        held_back = "the out-of-scope ones" if foreign else "those whose intent was hidden"
        return self._choose(signs.of(judged), right[judged], in_scope[judged], held_back)

    def _choose(self, signs: Signs, right: Flags, in_scope: Flags, held_back: str) -> Gate:
        """The gate with its weights and thresholds, which the training log shows."""
        gate = Gate(fit_weights(signs, in_scope))
        scores = gate.scores(signs)
        weight = self._config["out_of_scope_weight"]
        answer = choose_answer_threshold(scores, right, in_scope, weight)
        passed = scores >= answer
        logger.info(
            "Scope gate: answers from %.3f on. In cross-validation it let %.1f %% of the in-scope "
            "messages pass (%.1f %% with the right intent first) and held back %.1f %% of %s.",
            answer,
            100 * passed[in_scope].mean(),
            100 * (passed & right)[in_scope].mean(),
            100 * (~passed)[~in_scope].mean(),
            held_back,
        )
        return Gate(gate.weights, answer, answer * self._config["clarify_ratio"])

    def _judge(
        self,
        probabilities: Probabilities,
        dense: Array,
        neighbours: Optional[Neighbours],
        beyond: Flags,
    ) -> tuple[Signs, Probabilities]:
        """The signs for the gate, and the probabilities with the neighbours' word added."""
        best = probabilities[:, ~beyond].max(axis=1)
        outside = probabilities[:, beyond].sum(axis=1)
        if neighbours is None:
            ones = np.ones(len(probabilities))
            return Signs(best, outside, ones, np.zeros_like(ones)), probabilities
        nearest, mean = neighbours.cosines(dense)
        near_known = nearest[:, ~beyond].max(axis=1)
        near_beyond = nearest[:, beyond].max(axis=1) if beyond.any() else np.zeros_like(best)
        weight = self._config["neighbour_weight"]
        blended = softmax(np.log(np.maximum(probabilities, 1e-12)) + weight * mean)
        return Signs(best, outside, near_known, near_beyond), blended

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the intent, its confidence and the ranking of each message that has text."""
        with_text = [message for message in messages if message.get(TEXT)]
        if with_text:
            dense, sparse = sentence_features(with_text)
            signs, probabilities = self._judge(
                self._network.probabilities(dense, sparse),
                dense,
                self._neighbours,
                self._out_of_scope,
            )
            scores = self._gate.scores(signs)
            for message, row, score in zip(with_text, probabilities, scores, strict=True):
                self._set_intent(message, row, float(score))
                message.set("scope_score", float(score), add_to_output=True)
        return messages

    def _set_intent(self, message: Message, probabilities: Probabilities, score: float) -> None:
        order = np.argsort(-probabilities)

        def ranked(place: np.int64) -> dict[str, Any]:
            return {"name": self._classes[place], "confidence": float(probabilities[place])}

        known = ranked(order[~self._out_of_scope[order]][0])
        beyond = order[self._out_of_scope[order]]
        if score >= self._gate.answer and known["confidence"] >= self._config["least_confidence"]:
            intent = known
        elif score >= self._gate.clarify or not len(beyond):
            intent = {"name": DEFAULT_NLU_FALLBACK_INTENT_NAME, "confidence": score}
        else:
            intent = ranked(beyond[0])
        most = self._config["ranking_length"]
        others = [other for other in map(ranked, order[:most]) if other["name"] != intent["name"]]
        message.set(INTENT, intent, add_to_output=True)
        message.set(INTENT_RANKING_KEY, [intent, *others][:most], add_to_output=True)
