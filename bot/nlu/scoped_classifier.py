"""Intent classifier with a scope gate: it also knows what it does not know."""

from __future__ import annotations

import json
import logging
import warnings
from dataclasses import asdict
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
from scipy.sparse import csr_matrix

from bot.nlu.neighbours import Neighbours
from bot.nlu.scope import Gate, Signs, choose_answer_threshold, fit_weights
from bot.nlu.sentence_features import sentence_features

logger = logging.getLogger(__name__)

Array = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_ARRAYS_FILE = "classifier.npz"
_LABELS_FILE = "classifier.json"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class ScopedIntentClassifier(GraphComponent, IntentClassifier):
    """Logistic regression over all sentence features, behind a scope gate.

    A message that passes the gate gets its topic. One that nearly passes gets `nlu_fallback`, with
    the nearest topics in the ranking. One that does not gets the likelier out-of-scope intent.

    Config:
        out_of_scope_intents: Intents whose examples stand for what is not known ([]).
        ungated_intents: Intents that count whenever they are the likeliest, however unusual the
            wording, such as emergencies ([]).
        C: Inverse strength of the regularisation (10).
        iterations: Steps of the optimiser; more take longer and understand no better (30).
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
            "ungated_intents": [],
            "C": 10.0,
            "iterations": 30,
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
        self._dense_weights = arrays["dense_weights"]
        self._sparse_weights = arrays["sparse_weights"]
        self._intercept = arrays["intercept"]
        examples, classes = arrays["examples"], arrays["example_classes"]
        self._neighbours = Neighbours(examples, classes) if examples.shape[1] else None

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
        examples = [e for e in training_data.intent_examples if e.get(TEXT) and e.get(INTENT)]
        intents = np.array([e.get(INTENT) for e in examples])
        dense, sparse = sentence_features(examples)
        basis = self._sparse_basis(sparse)
        reduced = np.hstack([dense, sparse @ basis]).astype(np.float32)
        in_scope = ~np.isin(intents, self._config["out_of_scope_intents"])

        gate = self._fit_gate(reduced, dense, intents, in_scope)
        classes, weights, intercept = self._fit(reduced, intents)
        arrays = {
            "dense_weights": weights[: dense.shape[1]],
            "sparse_weights": (basis @ weights[dense.shape[1] :]).astype(np.float32),
            "intercept": intercept,
            "examples": dense,
            "example_classes": np.searchsorted(classes, intents),
        }
        labels = {"classes": classes, "gate": asdict(gate)}
        with self._model_storage.write_to(self._resource) as folder:
            (folder / _LABELS_FILE).write_text(json.dumps(labels, indent=1), encoding="utf-8")
            np.savez(folder / _ARRAYS_FILE, **arrays)
        self._use(labels, arrays)
        return self._resource

    def _sparse_basis(self, sparse: csr_matrix) -> Array:
        """Main directions of the sparse features, shape (sparse size, components).

        Learning in a few hundred directions instead of tens of thousands of columns takes seconds
        instead of minutes; the weights are turned back to columns afterwards.
        """
        from sklearn.utils.extmath import randomized_svd

        size = min(self._config["reduced_size"], *sparse.shape)
        if size < 1:
            return np.zeros((sparse.shape[1], 0), dtype=np.float32)
        _, _, directions = randomized_svd(sparse, size, n_iter=2, random_state=0)
        return np.asarray(directions.T, dtype=np.float32)

    def _fit(self, features: Array, intents: npt.NDArray[Any]) -> tuple[list[str], Array, Array]:
        """Class names, weights (features x classes) and intercept of a fitted regression."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        if len(set(intents)) < 2:
            raise InvalidConfigException(
                "The classifier needs training examples of at least two intents."
            )
        # Half-way between counting examples and counting intents: a large intent (what is out of
        # scope, emergencies) keeps some of the weight that its variety deserves.
        names, counts = np.unique(intents, return_counts=True)
        class_weight = dict(zip(names, np.sqrt(counts.mean() / counts), strict=True))
        model = LogisticRegression(
            C=self._config["C"], class_weight=class_weight, max_iter=self._config["iterations"]
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # stopped early on purpose
            model.fit(features, intents)
        weights, intercept = model.coef_.T, model.intercept_
        if weights.shape[1] == 1:  # two classes: the second against the first
            weights = np.hstack([np.zeros_like(weights), weights])
            intercept = np.array([0.0, intercept[0]])
        classes = [str(name) for name in model.classes_]
        return classes, weights.astype(np.float32), intercept.astype(np.float32)

    def _fit_gate(
        self, features: Array, dense: Array, intents: npt.NDArray[Any], in_scope: Flags
    ) -> Gate:
        """The gate, fitted on messages that a classifier of the other folds had not seen."""
        from sklearn.model_selection import StratifiedKFold

        rarest = int(np.unique(intents, return_counts=True)[1].min())
        folds = min(self._config["folds"], rarest)
        if folds < 2:
            logger.warning("An intent has a single example: the scope gate lets everything pass.")
            return Gate(weights=None)
        count = len(intents)
        signs = Signs(np.zeros(count), np.zeros(count), np.zeros(count), np.zeros(count))
        right = np.zeros(count, dtype=bool)
        splits = StratifiedKFold(folds, shuffle=True, random_state=0).split(features, intents)
        for seen, unseen in splits:
            classes, weights, intercept = self._fit(features[seen], intents[seen])
            probabilities = _softmax(features[unseen] @ weights + intercept)
            neighbours = (
                Neighbours(dense[seen], np.searchsorted(classes, intents[seen]))
                if dense.shape[1]
                else None
            )
            beyond = np.isin(classes, self._config["out_of_scope_intents"])
            found, blended = self._judge(probabilities, dense[unseen], neighbours, beyond)
            signs.best[unseen], signs.beyond[unseen] = found.best, found.beyond
            signs.near_known[unseen] = found.near_known
            signs.near_beyond[unseen] = found.near_beyond
            likeliest = np.array(classes)[np.where(beyond, -1.0, blended).argmax(axis=1)]
            right[unseen] = likeliest == intents[unseen]
        gate = Gate(fit_weights(signs, in_scope))
        scores = gate.scores(signs)
        answer = choose_answer_threshold(
            scores, right, in_scope, self._config["out_of_scope_weight"]
        )
        passed = scores >= answer
        logger.info(
            "Scope gate: answers from %.3f on. In %d-fold cross-validation it let %.1f %% of the "
            "in-scope messages pass (%.1f %% with the right intent first) and held back %.1f %% of "
            "the out-of-scope ones.",
            answer,
            folds,
            100 * passed[in_scope].mean(),
            100 * (passed & right)[in_scope].mean(),
            100 * (~passed)[~in_scope].mean() if (~in_scope).any() else 100.0,
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
        blended = _softmax(np.log(np.maximum(probabilities, 1e-12)) + weight * mean)
        return Signs(best, outside, near_known, near_beyond), blended

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets the intent, its confidence and the ranking of each message that has text."""
        with_text = [message for message in messages if message.get(TEXT)]
        if with_text:
            dense, sparse = sentence_features(with_text)
            logits = dense @ self._dense_weights + sparse @ self._sparse_weights + self._intercept
            signs, probabilities = self._judge(
                _softmax(logits), dense, self._neighbours, self._out_of_scope
            )
            scores = self._gate.scores(signs)
            for message, row, score in zip(with_text, probabilities, scores, strict=True):
                self._set_intent(message, row, float(score))
        return messages

    def _set_intent(self, message: Message, probabilities: Probabilities, score: float) -> None:
        order = np.argsort(-probabilities)
        ranking = [{"name": self._classes[i], "confidence": float(probabilities[i])} for i in order]
        likeliest = ranking[0]
        beyond = [ranked for ranked, i in zip(ranking, order, strict=True) if self._out_of_scope[i]]
        known = [
            ranked for ranked, i in zip(ranking, order, strict=True) if not self._out_of_scope[i]
        ]
        if likeliest["name"] in self._config["ungated_intents"]:
            intent = likeliest
        elif (
            score >= self._gate.answer
            and known[0]["confidence"] >= self._config["least_confidence"]
        ):
            intent = known[0]
        elif score >= self._gate.clarify or not beyond:
            intent = {"name": DEFAULT_NLU_FALLBACK_INTENT_NAME, "confidence": score}
        else:
            intent = beyond[0]
        others = [ranked for ranked in ranking if ranked["name"] != intent["name"]]
        message.set(INTENT, intent, add_to_output=True)
        message.set(
            INTENT_RANKING_KEY,
            [intent, *others][: self._config["ranking_length"]],
            add_to_output=True,
        )


def _softmax(logits: npt.NDArray[Any]) -> Probabilities:
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    probabilities: Probabilities = shifted / shifted.sum(axis=1, keepdims=True)
    return probabilities
