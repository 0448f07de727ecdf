"""How fast this machine is: times are held against those of the machine that set the goals."""

from __future__ import annotations

import time

import numpy as np
from threadpoolctl import threadpool_limits

# Seconds that the work below takes on the machine on which the goals for times were set.
REFERENCE = 0.50


def slowness() -> float:
    """How many times slower this machine is than the reference, at this moment."""
    with threadpool_limits(1):
        return min(_work() for _ in range(3)) / REFERENCE


def _work() -> float:
    """Seconds for a fixed piece of work, half Python and half arithmetic."""
    start = time.perf_counter()
    counts: dict[str, int] = {}
    for number in range(400_000):
        word = f"w{number % 5000}"
        counts[word] = counts.get(word, 0) + 1
    matrix = np.random.default_rng(0).random((700, 700), dtype=np.float32)
    for _ in range(60):
        matrix = matrix @ matrix
        matrix /= np.linalg.norm(matrix)
    return time.perf_counter() - start
