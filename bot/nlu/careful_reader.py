"""The look-out's careful reader: a large encoder that reads again what the quick layers suspect.

It takes some ten milliseconds, for a few messages in a hundred. Its 8-bit file is larger than all
the rest of a model, so it stays out of the model's archive, in the folder of encoders, and is built
from the installed packages where it is missing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from bot.nlu.eight_bits import single_thread_session
from bot.nlu.encoder_graph import GRAPH_VERSION, LONGEST_CAREFUL, export_careful
from bot.nlu.lookout_branch import load_branch
from bot.nlu.published import WORDS, read_careful, sha256_of
from bot.nlu.side_by_side import numbered
from bot.nlu.word_table import WordTable

Array = npt.NDArray[np.float32]


def careful_file(weights: Path, cache_dir: Path) -> Path:
    """The careful reader's 8-bit file, built if it is missing; tokenizer and words are beside it.

    Args:
        weights: What `make lookout` has learned (lookout/careful.npz).
        cache_dir: Where the file is kept.

    Raises:
        FileNotFoundError: The encoder's packages are not installed.
        ValueError: They hold other weights than those that were published.
    """
    file = cache_dir / f"careful-{sha256_of(weights)[:16]}-{GRAPH_VERSION}.onnx"
    if not file.exists():
        cache_dir.mkdir(parents=True, exist_ok=True)
        encoder = read_careful()
        _tokenizer_of(file).write_text(encoder.tokenizer, encoding="utf-8")
        WordTable.write(encoder.weights[WORDS], _words_of(file))
        export_careful(encoder, load_branch(weights), file)
    return file


def _tokenizer_of(file: Path) -> Path:
    return file.with_suffix(".json")


def _words_of(file: Path) -> Path:
    return file.with_suffix(".bin")


class CarefulReader:
    """Tells danger from calm.

    Args:
        file: What `careful_file` gave.
    """

    def __init__(self, file: Path) -> None:
        self._session = single_thread_session(file)
        self._words = WordTable(_words_of(file), size=self._session.get_inputs()[0].shape[-1])
        self._tokenizer = Tokenizer.from_file(str(_tokenizer_of(file)))
        self._tokenizer.enable_truncation(LONGEST_CAREFUL)
        self._tokenizer.no_padding()

    def read(self, text: str) -> Array:
        """How much speaks for each of the look-out's classes: logits, shape (1, classes)."""
        tokens = self._tokenizer.encode(text).ids
        read = {"words": self._words.rows(tokens), **numbered([len(tokens)])}
        logits: Array = self._session.run(["danger"], read)[0]
        return logits
