"""Multinomial logistic regression over sentence features, fast enough to train again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

Array = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float64]
Labels = npt.NDArray[Any]

# As many examples, evenly picked, show the main directions as well as all of them do.
BASIS_EXAMPLES = 5000


@dataclass(frozen=True)
class Regression:
    """A fitted regression.

    Attributes:
        classes: The names of the classes, sorted.
        weights: Shape (features, classes).
        intercept: Shape (classes,).
    """

    classes: list[str]
    weights: Array
    intercept: Array

    def probabilities(self, features: Array) -> Probabilities:
        """The probability of each class, shape (messages, classes)."""
        return softmax(features @ self.weights + self.intercept)


def softmax(logits: npt.NDArray[Any]) -> Probabilities:
    """Probabilities along the last axis."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    probabilities: Probabilities = shifted / shifted.sum(axis=1, keepdims=True)
    return probabilities


def fit(features: Array, labels: Labels, strength: float, iterations: int) -> Regression:
    """A regression fitted on examples of at least two classes.

    The optimiser is stopped early on purpose and warns that it did not converge.

    Args:
        features: Shape (examples, features).
        labels: The class of each example.
        strength: Inverse strength of the regularisation.
        iterations: Steps of the optimiser.
    """
    from sklearn.linear_model import LogisticRegression

    # Half-way between counting examples and counting classes: a large class (what is out of scope,
    # emergencies) keeps some of the weight that its variety deserves.
    names, counts = np.unique(labels, return_counts=True)
    class_weight = dict(zip(names, np.sqrt(counts.mean() / counts), strict=True))
    model = LogisticRegression(C=strength, class_weight=class_weight, max_iter=iterations)
    model.fit(features, labels)
    weights, intercept = model.coef_.T, model.intercept_
    if weights.shape[1] == 1:  # two classes: the second against the first
        weights = np.hstack([np.zeros_like(weights), weights])
        intercept = np.array([0.0, intercept[0]])
    classes = [str(name) for name in model.classes_]
    return Regression(classes, weights.astype(np.float32), intercept.astype(np.float32))


def main_directions(sparse: csr_matrix, most: int) -> Array:
    """Main directions of sparse features, shape (sparse size, directions).

    Learning in a few hundred directions instead of tens of thousands of columns takes seconds
    instead of minutes; the weights are turned back to columns afterwards.
    """
    from sklearn.utils.extmath import randomized_svd

    some = sparse[:: max(1, sparse.shape[0] // BASIS_EXAMPLES)]
    count = min(most, *some.shape)
    if count < 1:
        return np.zeros((sparse.shape[1], 0), dtype=np.float32)
    _, _, directions = randomized_svd(some, count, n_iter=2, random_state=0)
    return np.asarray(directions.T, dtype=np.float32)
