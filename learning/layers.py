"""Transformer layers that learn, on what the layers below them make of messages."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from bot.nlu.published import RELATIVE_BIAS, Published, distance_buckets
from learning.batches import MOST_TOKENS

RANK = 16

Drop = Callable[[tf.Tensor], tf.Tensor]


class Linear(Protocol):
    """A linear layer; `learned` has what it learns, by the names of the published weights."""

    learned: dict[str, tf.Variable]

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """What it makes of rows."""


class Adapted:
    """A linear layer that learns a small change to the published weights (low-rank adaptation)."""

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
        """What it makes of rows."""
        change = tf.tensordot(tf.tensordot(x, self._down, 1), self._up, 1)
        return tf.tensordot(x, self._kernel, 1) + self._bias + change


class Free:
    """A linear layer that begins with the published weights and learns all of them."""

    def __init__(self, name: str, encoder: Published, seed: int) -> None:
        self._weight = tf.Variable(encoder.weights[f"{name}.weight"])
        self._bias = tf.Variable(encoder.weights[f"{name}.bias"])
        self.learned = {f"{name}.weight": self._weight, f"{name}.bias": self._bias}

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """What it makes of rows."""
        return tf.tensordot(x, tf.transpose(self._weight), 1) + self._bias


class _Layer:
    """One transformer layer."""

    def __init__(
        self, number: int, encoder: Published, linear: Callable[[str, Published, int], Linear]
    ) -> None:
        name = f"encoder.layer.{number}"
        parts = [f"attention.self.{part}" for part in ("query", "key", "value")]
        parts += ["attention.output.dense", "intermediate.dense", "output.dense"]
        self._linear = [
            linear(f"{name}.{part}", encoder, 10 * number + place)
            for place, part in enumerate(parts)
        ]
        norms = ("attention.output.LayerNorm", "output.LayerNorm")
        names = [f"{name}.{norm}.{part}" for norm in norms for part in ("weight", "bias")]
        self._norms = [tf.Variable(encoder.weights[name]) for name in names]
        self._heads = encoder.config["num_attention_heads"]
        self._epsilon = encoder.config["layer_norm_eps"]
        self.learned: dict[str, tf.Variable] = dict(zip(names, self._norms, strict=True))
        for each in self._linear:
            self.learned |= each.learned

    def __call__(self, x: tf.Tensor, weigh: tf.Tensor, drop: Drop) -> tf.Tensor:
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


class Upper:
    """An encoder's upper layers.

    Args:
        encoder: Whose layers they are.
        below: How many lower layers stay as they are.
        linear: How their linear layers learn: `Adapted` or `Free`.
    """

    def __init__(
        self, encoder: Published, below: int, linear: Callable[[str, Published, int], Linear]
    ) -> None:
        layers = range(below, encoder.config["num_hidden_layers"])
        self._layers = [_Layer(number, encoder, linear) for number in layers]
        self.learned = {k: v for layer in self._layers for k, v in layer.learned.items()}
        self._distances = tf.zeros((1, MOST_TOKENS, MOST_TOKENS))
        if RELATIVE_BIAS in encoder.weights:
            table = encoder.weights[RELATIVE_BIAS]
            rows = distance_buckets(MOST_TOKENS, len(table))
            self._distances = tf.constant(table[rows].transpose(2, 0, 1))

    def __call__(self, x: tf.Tensor, mask: tf.Tensor, drop: Drop) -> tf.Tensor:
        """The mean of the last states, shape (messages, hidden size).

        Args:
            x: States, shape (messages, tokens, hidden size).
            mask: 1 where there is a token, shape (messages, tokens).
            drop: What is left out by chance.
        """
        length = tf.shape(x)[1]
        weigh = self._distances[:, :length, :length] + (1.0 - mask[:, None, None, :]) * -1e4
        for layer in self._layers:
            x = layer(x, weigh, drop)
        real = mask[:, :, None]
        return tf.reduce_sum(x * real, 1) / tf.reduce_sum(real, 1)
