"""Messages as batches of what an encoder's lower layers make of them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from bot.nlu.eight_bits import single_thread_session
from bot.nlu.encoder_graph import export_below
from bot.nlu.published import WORDS, Published
from bot.nlu.side_by_side import numbered
from bot.nlu.word_table import small_words

MOST_TOKENS = 160
SHUFFLE = 3.0  # batches hold messages of like length, give or take so many tokens

States = list[npt.NDArray[np.float16]]


def states_of(encoder: Published, below: int, texts: Sequence[str]) -> States:
    """What the lower layers, which never change, make of each message: worked out once.

    Args:
        encoder: Whose layers they are.
        below: How many of them.
        texts: The messages, of which at most `MOST_TOKENS` tokens are read.

    Returns:
        Of each message an array of shape (tokens, hidden size).
    """
    tokenizer = Tokenizer.from_str(encoder.tokenizer)
    tokenizer.enable_truncation(MOST_TOKENS)
    tokenizer.no_padding()
    words = small_words(encoder.weights[WORDS]).values
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "below.onnx"
        export_below(encoder, below, file)
        session = single_thread_session(file)

        def state(ids: list[int]) -> npt.NDArray[np.float16]:
            read = {"words": words[ids], **numbered([len(ids)])}
            (found,) = session.run(["states"], read)
            return np.asarray(found, np.float16)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            tokens = (encoding.ids for encoding in tokenizer.encode_batch(list(texts)))
            return list(pool.map(state, tokens))


def shuffled_batches(
    lengths: Sequence[int], size: int, rng: np.random.Generator
) -> Iterator[npt.NDArray[np.int64]]:
    """Places of so many messages of like length, the batches in random order, without an end."""
    while True:
        order = np.argsort(np.array(lengths) + rng.normal(0, SHUFFLE, len(lengths)))
        batches = [order[start : start + size] for start in range(0, len(order), size)]
        for number in rng.permutation(len(batches)):
            yield batches[number]


def padded(rows: Sequence[npt.NDArray[np.generic]]) -> tuple[npt.NDArray[np.generic], ...]:
    """Rows of unequal length as one array, and a mask with 1 where there is something."""
    longest = max(map(len, rows))
    whole = np.zeros((len(rows), longest, *rows[0].shape[1:]), rows[0].dtype)
    mask = np.zeros((len(rows), longest), np.float32)
    for place, row in enumerate(rows):
        whole[place, : len(row)], mask[place, : len(row)] = row, 1.0
    return whole, mask


def warm_up_and_down(steps: int, warm_up: float) -> npt.NDArray[np.float32]:
    """The share of the learning rate for each step: it rises at first and falls to nothing.

    Args:
        steps: How many there are.
        warm_up: The share of them in which it rises.
    """
    warm = max(1, round(warm_up * steps))
    step = np.arange(1, steps + 1, dtype=np.float32)
    return np.minimum(step / warm, (steps - step) / (steps - warm))
