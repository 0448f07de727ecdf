"""What the look-out learns from."""

from __future__ import annotations

import hashlib
from pathlib import Path

from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.loading import load_data

from bot.nlu.lookout_branch import CALM, CLASSES

FOLDER = Path(__file__).parent / "messages"
TRAINING_DATA = Path("data/nlu")


NEAR = FOLDER / "near"  # calm and danger in like words: for the reader that decides


def files_of(name: str, near: bool) -> list[Path]:
    """The files with the messages of a class, with the near ones or without."""
    return [folder / f"{name}.txt" for folder in ([FOLDER, NEAR] if near else [FOLDER])]


def read_messages(one_in: int, near: bool) -> dict[str, str]:
    """Each message with its class: the folder's own, then the assistant's training data as calm.

    Args:
        one_in: How many examples of the training data stand for one that is read.
        near: Whether the near ones are among them.

    Raises:
        OSError: A file cannot be read.
    """
    classes: dict[str, str] = {}
    for name in CLASSES:
        for file in files_of(name, near):
            lines = file.read_text(encoding="utf-8").splitlines()
            classes |= dict.fromkeys(filter(None, lines), name)
    for example in load_data(str(TRAINING_DATA)).intent_examples[::one_in]:
        if example.get(INTENT):
            classes.setdefault(example.get(TEXT), CALM)
    return classes


def digest(near: bool) -> str:
    """A digest of the messages, by which learned weights name what they were learned from."""
    files = (file for name in CLASSES for file in files_of(name, near))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
