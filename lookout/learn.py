"""Teaches the encoders' upper layers to tell danger from calm: `make lookout`.

Low-rank adaptation: the published weights stay as they are, and each linear layer of the branch
learns a small change to them. Two readers learn, each on an encoder of its own: the quick one,
which reads every message, and the careful one, which reads what the quick one suspects.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from bot.nlu.encoder_graph import SHARED_LAYERS
from bot.nlu.lookout_branch import CLASSES, Branch, mean_of
from bot.nlu.published import QUICK_SHA256, Published, quick_folder, read_careful, read_folder
from learning.batches import States, padded, shuffled_batches, states_of, warm_up_and_down
from learning.layers import Adapted, Upper
from lookout.messages import digest, read_messages

logger = logging.getLogger("lookout")

FOLDER = Path(__file__).parent

BATCH = 32
WARM_UP = 0.06  # of all steps
DECAY = 0.01
DROPOUT = 0.1
SMOOTHING = 0.05  # some labels are a matter of opinion


@dataclass(frozen=True)
class Reader:
    """A reader that learns.

    Attributes:
        encoder: Gives what it grows on.
        below: How many lower layers stay as they are.
        epochs: How often it reads each message.
        seeds: One branch each; their mean errs less than either, and costs no more to run.
        learning_rate: Of the layers.
        head_learning_rate: Of what stands on top of them.
        training_data: One in so many examples of the assistant's own training data is read as calm.
    """

    encoder: Callable[[], Published]
    below: int
    epochs: float
    seeds: tuple[int, ...]
    learning_rate: float
    head_learning_rate: float
    training_data: int


READERS = {
    "quick": Reader(
        encoder=lambda: read_folder(quick_folder(), QUICK_SHA256),
        below=SHARED_LAYERS,
        epochs=3,
        seeds=(0,),
        learning_rate=8e-4,
        head_learning_rate=1e-3,
        training_data=2,
    ),
    "careful": Reader(
        encoder=read_careful,
        below=8,
        epochs=1.3,
        seeds=(0,),
        learning_rate=4e-4,
        head_learning_rate=1e-3,
        training_data=4,
    ),
}


def learn(
    reader: Reader,
    encoder: Published,
    states: States,
    labels: npt.NDArray[np.int64],
    seed: int,
) -> Branch:
    """The branch learned from messages in the random order of a seed.

    Args:
        reader: How it learns.
        encoder: What it grows on.
        states: Of each message, what the lower layers make of it, shape (tokens, hidden size).
        labels: Of each message, the place of its class in `CLASSES`.
        seed: Of chance.
    """
    tf.random.set_seed(seed)
    upper = Upper(encoder, reader.below, Adapted)
    size = encoder.config["hidden_size"]
    start = np.random.default_rng(0).normal(0, 0.02, (size, len(CLASSES)))
    head, bias = tf.Variable(start.astype(np.float32)), tf.Variable(np.zeros(len(CLASSES), "f"))
    own, heads = list(upper.learned.values()), [head, bias]
    rates = (reader.learning_rate, reader.head_learning_rate)
    optimizers = [tf.keras.optimizers.experimental.AdamW(weight_decay=DECAY) for _ in rates]

    def drop(x: tf.Tensor) -> tf.Tensor:
        return tf.nn.dropout(x, DROPOUT)

    def step_once(x: tf.Tensor, mask: tf.Tensor, wanted: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            mean = drop(upper(tf.cast(x, tf.float32), mask, drop))
            loss = tf.reduce_mean(
                tf.keras.losses.categorical_crossentropy(
                    tf.one_hot(wanted, len(CLASSES)),
                    tf.matmul(mean, head) + bias,
                    from_logits=True,
                    label_smoothing=SMOOTHING,
                )
            )
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, own + heads), 1.0)
        optimizers[0].apply_gradients(zip(gradients[: len(own)], own, strict=True))
        optimizers[1].apply_gradients(zip(gradients[len(own) :], heads, strict=True))
        return loss

    step = tf.function(
        step_once,
        input_signature=[
            tf.TensorSpec([None, None, size], tf.float16),
            tf.TensorSpec([None, None], tf.float32),
            tf.TensorSpec([None], tf.int64),
        ],
        autograph=False,
    )
    began = time.monotonic()
    lengths = [len(rows) for rows in states]
    batches = shuffled_batches(lengths, BATCH, np.random.default_rng(seed))
    steps = round(reader.epochs * -(-len(lengths) // BATCH))
    losses: list[float] = []
    for number, share in enumerate(warm_up_and_down(steps, WARM_UP), 1):
        places = next(batches)
        for optimizer, rate in zip(optimizers, rates, strict=True):
            optimizer.learning_rate.assign(share * rate)
        losses.append(float(step(*padded([states[place] for place in places]), labels[places])))
        if number % 200 == 0 or number == steps:
            minutes = (time.monotonic() - began) / 60
            recent = np.mean(losses[-200:])
            logger.info("Step %d of %d: loss %.3f, %.0f minutes", number, steps, recent, minutes)
    changes = {name: variable.numpy() for name, variable in upper.learned.items()}
    return Branch(changes, head.numpy(), bias.numpy(), digest())


def main(name: str) -> None:
    """Lets a reader learn and keeps what it has learned."""
    reader = READERS[name]
    encoder = reader.encoder()
    messages = read_messages(reader.training_data)
    logger.info("The %s reader learns from %d messages ...", name, len(messages))
    labels = np.array([CLASSES.index(kind) for kind in messages.values()])
    states = states_of(encoder, reader.below, list(messages))
    grow = partial(learn, reader, encoder, states, labels)
    mean_of([grow(seed) for seed in reader.seeds]).save(FOLDER / f"{name}.npz")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logger.setLevel(logging.INFO)
    for chosen in sys.argv[1:] or READERS:
        main(chosen)
