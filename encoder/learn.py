"""Teaches one layer to end where the quick encoder's upper four end: `make encoder`.

It learns from all messages that there are to learn from, whole and clause by clause, whatever they
mean: what they are to become, the published encoder says.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from bot.nlu.clauses import clauses_of
from bot.nlu.encoder_graph import SHARED_LAYERS
from bot.nlu.published import QUICK_SHA256, Published, quick_folder, read_folder
from bot.nlu.short_encoder import cut_short, save
from learning.batches import States, padded, shuffled_batches, states_of, warm_up_and_down
from learning.layers import Free, Upper
from lookout.messages import read_messages

logger = logging.getLogger("encoder")

FILE = Path(__file__).parent / "upper.npz"

# Epochs, and the learning rate at its height: it rises and falls twice.
GOES = ((2.2, 8e-4), (3.0, 6e-4))
BATCH = 64
WARM_UP = 0.03  # of all steps
KEPT_APART = 1500  # messages that show how near it comes
LONGEST = 64  # tokens; longer messages are few, and dear

Vectors = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

_SIZE = 384  # of the quick encoder's states
_MANY_MESSAGES = [
    tf.TensorSpec([None, None, _SIZE], tf.float16),
    tf.TensorSpec([None, None], tf.float32),
]


def _texts() -> Iterator[str]:
    for text in read_messages(one_in=1):
        yield text
        clauses = clauses_of(text)
        if len(clauses) > 1:
            yield from (clause.text for clause in clauses)


def _vectors(upper: Upper, states: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """What upper layers make of messages, of unit length, shape (messages, hidden size)."""
    return tf.math.l2_normalize(upper(tf.cast(states, tf.float32), mask, lambda x: x), 1)


def _wanted(encoder: Published, states: States) -> Vectors:
    """The vectors that the published encoder gives."""
    upper = Upper(encoder, SHARED_LAYERS, Free)
    read = tf.function(
        lambda rows, mask: _vectors(upper, rows, mask),
        input_signature=_MANY_MESSAGES,
        autograph=False,
    )
    vectors = np.empty((len(states), _SIZE), np.float32)
    order = np.argsort([len(rows) for rows in states])
    for places in np.array_split(order, -(-len(order) // BATCH)):
        vectors[places] = read(*padded([states[place] for place in places])).numpy()
    return vectors


def learn(encoder: Published, states: States, wanted: Vectors) -> dict[str, Vectors]:
    """The weights of the layer, by their names in the short encoder.

    Args:
        encoder: As it was published.
        states: Of each message, what the shared layers make of it, shape (tokens, hidden size).
        wanted: Of each message, the vector that the published encoder gives.
    """
    rng = np.random.default_rng(1)
    upper = Upper(cut_short(encoder), SHARED_LAYERS, Free)
    own = list(upper.learned.values())
    optimizer = tf.keras.optimizers.experimental.AdamW(weight_decay=0.0)
    to_vectors = [*_MANY_MESSAGES, tf.TensorSpec([None, _SIZE], tf.float32)]

    def distance_once(rows: tf.Tensor, mask: tf.Tensor, vectors: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(1.0 - tf.reduce_sum(_vectors(upper, rows, mask) * vectors, 1))

    def step_once(rows: tf.Tensor, mask: tf.Tensor, vectors: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = distance_once(rows, mask, vectors)
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, own), 1.0)
        optimizer.apply_gradients(zip(gradients, own, strict=True))
        return loss

    distance, step = (
        tf.function(once, input_signature=to_vectors, autograph=False)
        for once in (distance_once, step_once)
    )

    def batch(places: Places) -> tuple[npt.NDArray[np.generic], ...]:
        return *padded([states[place] for place in places]), wanted[places]

    order = rng.permutation(len(states))
    apart, taught = order[:KEPT_APART], order[KEPT_APART:]
    batches = shuffled_batches([len(states[place]) for place in taught], BATCH, rng)
    in_an_epoch = -(-len(taught) // BATCH)
    goes = [rate * warm_up_and_down(round(n * in_an_epoch), WARM_UP) for n, rate in GOES]
    rates = np.concatenate(goes)
    began = time.monotonic()
    for number, rate in enumerate(rates, 1):
        optimizer.learning_rate.assign(rate)
        step(*batch(taught[next(batches)]))
        if number % 500 == 0 or number == len(rates):
            cosine = 1 - np.mean([distance(*batch(p)) for p in np.array_split(apart, 30)])
            minutes = (time.monotonic() - began) / 60
            logger.info(
                "Step %d of %d: cosine %.3f, %.0f minutes", number, len(rates), cosine, minutes
            )
    return {name: variable.numpy() for name, variable in upper.learned.items()}


def main() -> None:
    """Lets the layer learn and keeps what it has learned."""
    encoder = read_folder(quick_folder(), QUICK_SHA256)
    states = states_of(encoder, SHARED_LAYERS, list(dict.fromkeys(_texts())))
    states = [rows for rows in states if len(rows) <= LONGEST]
    logger.info("The layer learns from %d messages and clauses ...", len(states))
    save(learn(encoder, states, _wanted(encoder, states)), QUICK_SHA256, FILE)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logger.setLevel(logging.INFO)
    main()
