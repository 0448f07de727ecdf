"""What the safety look-out has learned: upper layers of the encoder, taught on messages of danger.

`make lookout` learns it (lookout/learn.py) and keeps it in lookout/: for each linear
layer a small change to the published weights, two thin matrices (low-rank adaptation), because ten
million whole weights would neither fit a repository nor be learned from some ten thousand messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

# In the order of the branch's output.
CALM = "calm"
CLASSES = (CALM, "report_emergency", "report_crisis", "request_treatment_change")


@dataclass(frozen=True)
class Branch:
    """The look-out's own upper layers.

    Attributes:
        changes: By name of a published weight, what to put in its place, or, for a name that ends
            in `.down` and `.up`, the two factors of what to add to it, shapes (in, rank) and
            (rank, out).
        head: From the mean of the last states to the classes, shape (hidden size, classes).
        bias: Shape (classes,).
        learned_from: Digest of the messages it was learned from.
    """

    changes: dict[str, Array]
    head: Array
    bias: Array
    learned_from: str

    def weights(self, published: Mapping[str, Array]) -> dict[str, Array]:
        """The published weights with its changes."""
        changed = dict(published)
        for name, value in self.changes.items():
            if name in published:
                changed[name] = value
            elif name.endswith(".down"):
                whole = name.removesuffix(".down")
                changed[whole] = published[whole] + (value @ self.changes[f"{whole}.up"]).T
        return changed

    def save(self, path: Path) -> None:
        """Writes it with half precision, which is as good and half as large."""
        changes = {f"change:{name}": v.astype(np.float16) for name, v in self.changes.items()}
        np.savez_compressed(
            path,
            head=self.head,
            bias=self.bias,
            learned_from=self.learned_from,
            **changes,
        )


def mean_of(branches: Sequence[Branch]) -> Branch:
    """The branch whose weights are the mean of several that grew on the same encoder.

    The mean of products is one product again, of the factors side by side.
    """
    first, count = branches[0], len(branches)
    changes: dict[str, Array] = {}
    for name in first.changes:
        values = [branch.changes[name] for branch in branches]
        if name.endswith(".down"):
            changes[name] = np.concatenate(values, axis=1)
        elif name.endswith(".up"):
            changes[name] = np.concatenate(values, axis=0) / np.float32(count)
        else:
            changes[name] = np.mean(values, axis=0)
    return Branch(
        changes,
        np.mean([branch.head for branch in branches], axis=0),
        np.mean([branch.bias for branch in branches], axis=0),
        first.learned_from,
    )


def load_branch(path: Path) -> Branch:
    """The branch in a file that `Branch.save` wrote.

    Raises:
        OSError: The file cannot be read.
    """
    with np.load(path) as stored:
        changes = {
            name.removeprefix("change:"): stored[name].astype(np.float32)
            for name in stored.files
            if name.startswith("change:")
        }
        return Branch(
            changes,
            stored["head"],
            stored["bias"],
            str(stored["learned_from"]),
        )
