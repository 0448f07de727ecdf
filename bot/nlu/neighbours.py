"""How close a message is to the examples of each intent, by the encoder's vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

CHUNK = 64  # messages at a time: the work then stays in the processor's cache
FEW = 8  # messages that go one by one: a matrix product would first copy all examples (3 ms)
SIZE = 128  # main axes that are compared: a third of the encoder's, and as good
COUNT = 3  # examples of an intent that are averaged: one may be odd, many would blur


class Neighbours:
    """Training examples grouped by intent.

    Args:
        axes: The examples' main axes, shape (size, axes).
        near: The examples along them, of length one, grouped by class, shape (examples, axes).
        near_classes: The class of each, as an index.
    """

    def __init__(self, axes: Array, near: Array, near_classes: npt.NDArray[np.int64]) -> None:
        self._axes, self._vectors, self._classes = axes, near, near_classes
        self._starts = np.searchsorted(near_classes, np.arange(near_classes.max() + 2))

    @classmethod
    def of(cls, vectors: Array, classes: npt.NDArray[np.int64]) -> Neighbours:
        """The neighbours that examples make.

        Args:
            vectors: The examples' vectors, shape (examples, size).
            classes: The class of each example, as an index.
        """
        order = np.argsort(classes, kind="stable")
        _, axes = np.linalg.eigh(vectors.T @ vectors)
        main: Array = axes[:, ::-1][:, :SIZE].astype(np.float32)
        return cls(main, _unit(vectors[order] @ main), classes[order])

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Its arrays by name; `Neighbours(**arrays)` makes it again."""
        return {"axes": self._axes, "near": self._vectors, "near_classes": self._classes}

    def cosines(self, vectors: Array) -> tuple[Array, Array]:
        """Closeness of messages to each class.

        Args:
            vectors: The messages' vectors, shape (messages, size).

        Returns:
            The cosine to the nearest example of each class, and the mean of the three nearest;
            both of shape (messages, classes).
        """
        parts = [self._cosines(vectors[i : i + CHUNK]) for i in range(0, len(vectors), CHUNK)]
        nearest, mean = zip(*parts, strict=True)
        return np.concatenate(nearest), np.concatenate(mean)

    def _cosines(self, vectors: Array) -> tuple[Array, Array]:
        turned = _unit(vectors @ self._axes)
        if len(turned) <= FEW:
            cosines = np.stack([row @ self._vectors.T for row in turned])
        else:
            cosines = turned @ self._vectors.T
        starts, sizes = self._starts[:-1], np.diff(self._starts)
        nearest = np.maximum.reduceat(cosines, starts, axis=1)
        total, top = nearest.copy(), nearest
        for taken in range(1, COUNT):
            # What was counted is taken out, so that the next best comes up.
            cosines[cosines == top[:, self._classes]] = -np.inf
            following = np.maximum.reduceat(cosines, starts, axis=1)
            top = np.where(np.isfinite(following), following, top)  # equals went out together
            total += np.where(sizes > taken, top, 0.0)
        return nearest, total / np.minimum(sizes, COUNT)


def _unit(vectors: Array) -> Array:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9))
