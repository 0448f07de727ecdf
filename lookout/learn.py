"""Teaches the encoders' upper layers to tell danger from calm: `make lookout`.

Low-rank adaptation: the published weights stay as they are, and each linear layer of the branch
learns a small change to them. Two readers learn, each on an encoder of its own: the quick one,
which reads every message, and the careful one, which reads what the quick one suspects.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tokenizers import Tokenizer

from bot.nlu.eight_bits import single_thread_session
from bot.nlu.encoder_graph import SHARED_LAYERS, export_below
from bot.nlu.lookout_branch import CLASSES, Branch, mean_of
from bot.nlu.published import (
    QUICK_SHA256,
    RELATIVE_BIAS,
    WORDS,
    Published,
    distance_buckets,
    quick_folder,
    read_careful,
    read_folder,
)
from bot.nlu.side_by_side import numbered
from bot.nlu.word_table import small_words
from lookout.messages import digest, read_messages

logger = logging.getLogger("lookout")

FOLDER = Path(__file__).parent

RANK = 16
BATCH = 32
WARM_UP = 0.06  # of all steps
DECAY = 0.01
DROPOUT = 0.1
SMOOTHING = 0.05  # some labels are a matter of opinion
MOST_TOKENS = 160
SHUFFLE = 3.0  # batches hold messages of like length, give or take so many tokens

States = list[npt.NDArray[np.float16]]


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


class _Linear:
    """A linear layer of the published weights with a change that is learned."""

    def __init__(self, name: str, encoder: Published, seed: int) -> None:
        self._kernel = tf.constant(encoder.weights[f"{name}.weight"].T)
        self._bias = tf.Variable(encoder.weights[f"{name}.bias"])
        size_in, size_out = self._kernel.shape
        down = np.random.default_rng(seed).normal(0, 2 * size_in**-0.5, (size_in, RANK))
        self._down = tf.Variable(down.astype(np.float32))
        self._up = tf.Variable(np.zeros((RANK, size_out), np.float32))
        self.learned = {
            f"{name}.weight.down": self._down,
            f"{name}.weight.up": self._up,
            f"{name}.bias": self._bias,
        }

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        change = tf.tensordot(tf.tensordot(x, self._down, 1), self._up, 1)
        return tf.tensordot(x, self._kernel, 1) + self._bias + change


class _Layer:
    """One transformer layer."""

    def __init__(self, number: int, encoder: Published) -> None:
        name = f"encoder.layer.{number}"
        parts = [f"attention.self.{part}" for part in ("query", "key", "value")]
        parts += ["attention.output.dense", "intermediate.dense", "output.dense"]
        self._linear = [
            _Linear(f"{name}.{part}", encoder, 10 * number + place)
            for place, part in enumerate(parts)
        ]
        norms = ("attention.output.LayerNorm", "output.LayerNorm")
        names = [f"{name}.{norm}.{part}" for norm in norms for part in ("weight", "bias")]
        self._norms = [tf.Variable(encoder.weights[name]) for name in names]
        self._heads = encoder.config["num_attention_heads"]
        self._epsilon = encoder.config["layer_norm_eps"]
        self.learned: dict[str, tf.Variable] = dict(zip(names, self._norms, strict=True))
        for linear in self._linear:
            self.learned |= linear.learned

    def __call__(
        self, x: tf.Tensor, weigh: tf.Tensor, drop: Callable[[tf.Tensor], tf.Tensor]
    ) -> tf.Tensor:
        query, key, value, mix, widen, narrow = self._linear
        shape = tf.shape(x)
        size = x.shape[-1] // self._heads

        def split(y: tf.Tensor) -> tf.Tensor:
            y = tf.reshape(y, [shape[0], shape[1], self._heads, size])
            return tf.transpose(y, [0, 2, 1, 3])

        scores = tf.matmul(split(query(x)), split(key(x)), transpose_b=True) / np.sqrt(size)
        mixed = tf.matmul(drop(tf.nn.softmax(scores + weigh)), split(value(x)))
        mixed = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), tf.shape(x))
        scale, shift, outer_scale, outer_shift = self._norms
        x = self._normalised(x + drop(mix(mixed)), scale, shift)
        inner = tf.nn.gelu(widen(x))
        return self._normalised(x + drop(narrow(inner)), outer_scale, outer_shift)

    def _normalised(self, x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor) -> tf.Tensor:
        mean, variance = tf.nn.moments(x, -1, keepdims=True)
        return (x - mean) * tf.math.rsqrt(variance + self._epsilon) * scale + shift


class _Upper:
    """The layers that learn."""

    def __init__(self, encoder: Published, below: int) -> None:
        layers = range(below, encoder.config["num_hidden_layers"])
        self._layers = [_Layer(number, encoder) for number in layers]
        self.learned = {k: v for layer in self._layers for k, v in layer.learned.items()}
        self._distances = tf.zeros((1, MOST_TOKENS, MOST_TOKENS))
        if RELATIVE_BIAS in encoder.weights:
            table = encoder.weights[RELATIVE_BIAS]
            rows = distance_buckets(MOST_TOKENS, len(table))
            self._distances = tf.constant(table[rows].transpose(2, 0, 1))

    def __call__(
        self, x: tf.Tensor, mask: tf.Tensor, drop: Callable[[tf.Tensor], tf.Tensor]
    ) -> tf.Tensor:
        """The mean of the last states."""
        length = tf.shape(x)[1]
        weigh = self._distances[:, :length, :length] + (1.0 - mask[:, None, None, :]) * -1e4
        for layer in self._layers:
            x = layer(x, weigh, drop)
        real = mask[:, :, None]
        return tf.reduce_sum(x * real, 1) / tf.reduce_sum(real, 1)


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
    upper = _Upper(encoder, reader.below)
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
    batches = _shuffled_batches(lengths, np.random.default_rng(seed))
    steps = round(reader.epochs * -(-len(lengths) // BATCH))
    losses: list[float] = []
    for number, share in enumerate(_warm_up_and_down(steps), 1):
        places = next(batches)
        for optimizer, rate in zip(optimizers, rates, strict=True):
            optimizer.learning_rate.assign(share * rate)
        losses.append(float(step(*_padded([states[place] for place in places]), labels[places])))
        if number % 200 == 0 or number == steps:
            minutes = (time.monotonic() - began) / 60
            recent = np.mean(losses[-200:])
            logger.info("Step %d of %d: loss %.3f, %.0f minutes", number, steps, recent, minutes)
    changes = {name: variable.numpy() for name, variable in upper.learned.items()}
    return Branch(changes, head.numpy(), bias.numpy(), digest())


def _warm_up_and_down(steps: int) -> npt.NDArray[np.float32]:
    """The share of the learning rate for each step: it rises at first and falls to nothing."""
    warm = max(1, round(WARM_UP * steps))
    step = np.arange(1, steps + 1, dtype=np.float32)
    return np.minimum(step / warm, (steps - step) / (steps - warm))


def _states(encoder: Published, below: int, tokens: Sequence[list[int]]) -> States:
    """What the lower layers, which never change, make of each message: worked out once."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "below.onnx"
        export_below(encoder, below, file)
        session = single_thread_session(file)

        words = small_words(encoder.weights[WORDS]).values

        def state(ids: list[int]) -> npt.NDArray[np.float16]:
            read = {"words": words[ids], **numbered([len(ids)])}
            (found,) = session.run(["states"], read)
            return np.asarray(found, np.float16)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(state, tokens))


def _shuffled_batches(
    lengths: Sequence[int], rng: np.random.Generator
) -> Iterator[npt.NDArray[np.int64]]:
    """Places of messages of like length, the batches in random order, without an end."""
    while True:
        order = np.argsort(np.array(lengths) + rng.normal(0, SHUFFLE, len(lengths)))
        batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
        for number in rng.permutation(len(batches)):
            yield batches[number]


def _padded(rows: Sequence[npt.NDArray[np.generic]]) -> tuple[npt.NDArray[np.generic], ...]:
    """Rows of unequal length as one array, and a mask with 1 where there is something."""
    longest = max(map(len, rows))
    padded = np.zeros((len(rows), longest, *rows[0].shape[1:]), rows[0].dtype)
    mask = np.zeros((len(rows), longest), np.float32)
    for place, row in enumerate(rows):
        padded[place, : len(row)], mask[place, : len(row)] = row, 1.0
    return padded, mask


def main(name: str) -> None:
    """Lets a reader learn and keeps what it has learned."""
    reader = READERS[name]
    encoder = reader.encoder()
    messages = read_messages(reader.training_data)
    logger.info("The %s reader learns from %d messages ...", name, len(messages))
    tokenizer = Tokenizer.from_str(encoder.tokenizer)
    tokenizer.enable_truncation(MOST_TOKENS)
    tokenizer.no_padding()
    tokens = [encoding.ids for encoding in tokenizer.encode_batch(list(messages))]
    labels = np.array([CLASSES.index(kind) for kind in messages.values()])
    states = _states(encoder, reader.below, tokens)
    grow = partial(learn, reader, encoder, states, labels)
    mean_of([grow(seed) for seed in reader.seeds]).save(FOLDER / f"{name}.npz")


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    logger.setLevel(logging.INFO)
    for chosen in sys.argv[1:] or READERS:
        main(chosen)
