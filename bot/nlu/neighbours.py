"""How close a message is to the examples of each intent, by the encoder's vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from bot.nlu.eight_bits import product_with, single_thread_session

Array = npt.NDArray[np.float32]

CHUNK = 64  # messages at a time: the work then stays in the processor's cache
SIZE = 128  # main axes that are compared: a third of the encoder's, and as good
COUNT = 3  # examples of an intent that are averaged: one may be odd, many would blur
GROUPS = 8  # of an intent's examples, of which each gives its nearest: finding three of all is slow


class Neighbours:
    """Training examples grouped by intent.

    Args:
        axes: The examples' main axes, shape (size, axes).
        product: The ONNX model, byte by byte, that multiplies with the examples: along these axes,
            of length one, ordered by group.
        groups: The group of each example, in order; those of a class follow each other.
    """

    def __init__(
        self, axes: Array, product: npt.NDArray[np.uint8], groups: npt.NDArray[np.int64]
    ) -> None:
        self._axes = axes
        self._session = single_thread_session(product.tobytes())
        self._starts = np.flatnonzero(np.diff(groups, prepend=-1))
        self._filled = groups[self._starts]
        self._classes = 1 + int(groups.max()) // GROUPS
        # How many groups of each class are averaged, and which places of the best are empty.
        self._counts = np.minimum(np.bincount(self._filled // GROUPS), COUNT)
        self._empty = np.arange(COUNT, 0, -1) > self._counts[:, np.newaxis]

    @staticmethod
    def of(vectors: Array, classes: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[Any]]:
        """What examples make: `Neighbours(**arrays)`. Not kept beside it: it is as large again.

        Args:
            vectors: The examples' vectors, shape (examples, size).
            classes: The class of each example, as an index; none is left out.
        """
        order = np.argsort(classes, kind="stable")
        ordered = classes[order]
        within = np.arange(len(ordered)) - np.searchsorted(ordered, ordered)
        groups = GROUPS * ordered + within % GROUPS
        by_group = np.argsort(groups, kind="stable")
        _, axes = np.linalg.eigh(vectors.T @ vectors)
        main: Array = axes[:, ::-1][:, :SIZE].astype(np.float32)
        examples = _unit(vectors[order[by_group]] @ main)
        product = np.frombuffer(product_with(examples.T), np.uint8)
        return {"axes": main, "product": product, "groups": groups[by_group]}

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
        (cosines,) = self._session.run(["product"], {"rows": turned})
        of_groups = np.full((len(turned), self._classes * GROUPS), -np.inf, dtype=np.float32)
        of_groups[:, self._filled] = np.maximum.reduceat(cosines, self._starts, axis=1)
        of_groups = of_groups.reshape(-1, self._classes, GROUPS)
        of_groups.sort(axis=2)
        best = of_groups[:, :, -COUNT:]
        return best[:, :, -1], np.where(self._empty, 0.0, best).sum(axis=2) / self._counts


def _unit(vectors: Array) -> Array:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9))
