"""The scope gate: is this message close enough to what the assistant knows?

A classifier's probability alone is high on nonsense. The gate weighs four signs: how sure the
classifier is, how much of the probability lies on known topics, how near the message is to a known
example, and how near it is to an example of what is out of scope. The weights are fitted on
messages that the classifier had not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass
class Signs:
    """What the gate looks at, one value a message each.

    Attributes:
        best: Probability of the likeliest known topic.
        beyond: Probability of all out-of-scope classes together.
        near_known: Cosine to the nearest example of a known topic.
        near_beyond: Cosine to the nearest out-of-scope example.
    """

    best: Array
    beyond: Array
    near_known: Array
    near_beyond: Array

    @classmethod
    def unknown(cls, count: int) -> Signs:
        """Room for the signs of so many messages."""
        return cls(*(np.zeros(count) for _ in range(4)))

    def of(self, at: npt.NDArray[np.int64]) -> Signs:
        """The signs of the messages at these places."""
        return Signs(self.best[at], self.beyond[at], self.near_known[at], self.near_beyond[at])

    def put(self, at: npt.NDArray[np.int64], signs: Signs) -> None:
        """Fills in the signs of the messages at these places."""
        self.best[at], self.beyond[at] = signs.best, signs.beyond
        self.near_known[at], self.near_beyond[at] = signs.near_known, signs.near_beyond

    def matrix(self) -> Array:
        """The signs as they are weighed, shape (messages, 4)."""
        beyond = np.clip(self.beyond, 1e-6, 1 - 1e-6)
        best = np.clip(self.best, 1e-6, 1.0)
        odds = np.log((1 - beyond) / beyond)
        return np.column_stack([np.log(best), odds, self.near_known, self.near_beyond])


@dataclass(frozen=True)
class Gate:
    """Where messages pass.

    Attributes:
        weights: Weights of the four signs and the bias; None lets everything pass.
        answer: From this score on the topic is accepted.
        clarify: From this score on the assistant asks "did you mean"; below, it is out of scope.
    """

    weights: tuple[float, ...] | None
    answer: float = 0.0
    clarify: float = 0.0

    def scores(self, signs: Signs) -> Array:
        """Scope scores between 0 and 1, one a message."""
        if self.weights is None:
            return np.ones_like(signs.best)
        *weights, bias = self.weights
        return np.asarray(1.0 / (1.0 + np.exp(-(signs.matrix() @ np.array(weights) + bias))))


def fit_weights(signs: Signs, in_scope: Flags) -> tuple[float, ...]:
    """Weights that tell in-scope from out-of-scope messages best; both must be there."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(class_weight="balanced", C=100).fit(signs.matrix(), in_scope)
    return (*(float(weight) for weight in model.coef_[0]), float(model.intercept_[0]))


def choose_answer_threshold(
    scores: Array, right: Flags, in_scope: Flags, out_of_scope_weight: float = 1.0
) -> float:
    """The score with the best balance of questions answered rightly and questions left alone.

    Args:
        scores: Scope scores of messages that the classifier was not trained on.
        right: Whether the likeliest known topic is the right one.
        in_scope: Whether the message belongs to a topic at all.
        out_of_scope_weight: What a question left alone counts against one answered rightly.
    """
    candidates = np.unique(np.round(scores, 3))
    answered_right = np.array([(right & (scores >= c))[in_scope].mean() for c in candidates])
    left_alone = np.array([(scores < c)[~in_scope].mean() for c in candidates])
    # The balance is flat around its best: the middle of the plateau is steadier than its edge.
    balance = answered_right + out_of_scope_weight * left_alone
    return float(np.median(candidates[balance >= balance.max() - 0.002]))
