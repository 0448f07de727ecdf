"""What the look-out learns from."""

from __future__ import annotations

import hashlib
from pathlib import Path

from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.loading import load_data

from bot.nlu.lookout_branch import CALM, CLASSES

FOLDER = Path(__file__).parent / "messages"
TRAINING_DATA = Path("data/nlu")


def file_of(name: str) -> Path:
    """The file with the messages of a class."""
    return FOLDER / f"{name}.txt"


def read_messages(one_in: int) -> dict[str, str]:
    """Each message with its class: the folder's own, then the assistant's training data as calm.

    Args:
        one_in: How many examples of the training data stand for one that is read.

    Raises:
        OSError: A file cannot be read.
    """
    classes: dict[str, str] = {}
    for name in CLASSES:
        lines = file_of(name).read_text(encoding="utf-8").splitlines()
        classes |= dict.fromkeys(filter(None, lines), name)
    for example in load_data(str(TRAINING_DATA)).intent_examples[::one_in]:
        if example.get(INTENT):
            classes.setdefault(example.get(TEXT), CALM)
    return classes


def digest() -> str:
    """A digest of the messages, by which learned weights name what they were learned from."""
    return hashlib.sha256(b"".join(file_of(name).read_bytes() for name in CLASSES)).hexdigest()
