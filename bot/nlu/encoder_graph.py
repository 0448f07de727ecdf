"""Turns the weights of published encoders into small ONNX files.

They become an ONNX graph with mean pooling and unit length built in, which multiplies in 8 bits
(bot/nlu/eight_bits.py): about three times faster on a CPU, and within .995 cosine of the original.
What words mean by themselves stays outside of the graph (bot/nlu/word_table.py).

The safety look-out has the quick encoder's upper layers a second time, taught to tell danger from
calm, in a file of its own; what lies below is worked out once for both. Its careful reader is one
file, from the tokens to the classes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bot.nlu.eight_bits import CONTRIBUTED, Graph, Shapes
from bot.nlu.lookout_branch import Branch
from bot.nlu.published import RELATIVE_BIAS, WORDS, Published, distance_buckets
from bot.nlu.word_table import small_words

# Raised with every change to the graph, so that no cached file outlives it.
GRAPH_VERSION = 7

# Up to this layer the look-out reads what the encoder has worked out anyway.
SHARED_LAYERS = 2

LONGEST_CAREFUL = 256  # tokens that the careful reader takes


class _Bert(Graph):
    """The graph of a BERT encoder under construction.

    It reads texts side by side, one token a row, and no text sees another.

    Args:
        encoder: What it is made of.
        branch: What its upper layers have learned, if they have.
    """

    def __init__(self, encoder: Published, branch: Branch | None = None) -> None:
        super().__init__()
        self._published = branch.weights(encoder.weights) if branch else encoder.weights
        self._heads: int = encoder.config["num_attention_heads"]
        self._epsilon: float = encoder.config["layer_norm_eps"]
        self.layers: int = encoder.config["num_hidden_layers"]
        self.hidden: int = encoder.config["hidden_size"]
        self._apart = self._ones = ""

    def embedded(self) -> str:
        """Embeddings: word + place in its text + the one token type that is used."""
        position, kind = (
            self._published[f"embeddings.{part}_embeddings.weight"]
            for part in ("position", "token_type")
        )
        positions = self.add("Gather", self.weight("position", position), "places")
        small = small_words(self._published[WORDS])
        scale, zero = self.weight("scale", small.scale), self.weight("zero", small.zero, np.uint8)
        words = self.add("DequantizeLinear", "words", scale, zero)
        x = self.add("Add", self.add("Add", words, positions), self.weight("type", kind[0]))
        return self._layer_norm(x, "embeddings.LayerNorm")

    def layer(self, x: str, number: int) -> str:
        """One transformer layer."""
        name = f"encoder.layer.{number}"
        mixed = self._attention(x, f"{name}.attention.self")
        x = self._added(x, mixed, f"{name}.attention.output")
        inner = self._gelu(self._linear(x, f"{name}.intermediate.dense"))
        return self._added(x, inner, f"{name}.output")

    def _added(self, x: str, inner: str, name: str) -> str:
        """What a linear layer makes of `inner`, added to `x`, and the sum normalised."""
        product = self.product(inner, self._published[f"{name}.dense.weight"].T, f"{name}.dense")
        norm = f"{name}.LayerNorm"
        weights = (f"{norm}.weight", f"{norm}.bias", f"{name}.dense.bias")
        named = (self.weight(weight, self._published[weight]) for weight in weights)
        return self.add(
            "SkipLayerNormalization",
            product,
            x,
            *named,
            epsilon=self._epsilon,
            domain=CONTRIBUTED,
        )

    def mean(self, x: str) -> str:
        """The mean over the tokens of each text, (texts x hidden size)."""
        zero, one = (self.weight(f"number_{n}", n, np.int64) for n in (0, 1))
        count = self.add("Add", self.add("ReduceMax", "texts", keepdims=0), one)
        numbers = self.column(self.add("Range", zero, count, one))
        own = self.add("Equal", numbers, "texts")
        shares = self.add("Where", own, self.weight("own", 1.0), self.weight("not_own", 0.0))
        lengths = self.add("ReduceSum", shares, self.weight("second", [1], np.int64))
        return self.add("MatMul", self.add("Div", shares, lengths), x)

    def _linear(self, x: str, *names: str, divide_first_by: float = 1.0) -> str:
        """Linear layers of the same input, their outputs beside each other."""
        kernels = [self._published[f"{name}.weight"].T for name in names]
        biases = [self._published[f"{name}.bias"] for name in names]
        kernels[0], biases[0] = kernels[0] / divide_first_by, biases[0] / divide_first_by
        product = self.product(x, np.concatenate(kernels, axis=1), names[0])
        return self.add("Add", product, self.weight(f"{names[0]}.bias", np.concatenate(biases)))

    def _layer_norm(self, x: str, name: str) -> str:
        scale = self.weight(f"{name}.scale", self._published[f"{name}.weight"])
        bias = self.weight(f"{name}.bias", self._published[f"{name}.bias"])
        return self.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=self._epsilon)

    def _attention(self, x: str, name: str) -> str:
        size = self.hidden // self._heads
        parts = [f"{name}.{part}" for part in ("query", "key", "value")]
        projected = self._linear(x, *parts, divide_first_by=float(np.sqrt(size)))
        split = self.weight("split", [0, 3, self._heads, size], np.int64)
        heads = self.add("Transpose", self.add("Reshape", projected, split), perm=[1, 2, 0, 3])
        query, key, value = self.split(heads, 3)
        scores = self.add("MatMul", query, self.add("Transpose", key, perm=[0, 1, 3, 2]))
        mixed = self.add("Transpose", self._weighed(scores, value), perm=[0, 2, 1, 3])
        return self.add("Reshape", mixed, self.weight("joined", [-1, self.hidden], np.int64))

    def _weighed(self, scores: str, value: str) -> str:
        """The softmax of the scores times the values.

        The operator Softmax would add up in an order that depends on where a text stands.
        """
        # Neither too large nor too small to be written down as an exponent.
        limits = (self.weight(f"exponent_{n}", n) for n in (-80.0, 80.0))
        scores = self.add("Add", self.add("Clip", scores, *limits), self._between_tokens())
        shares = self.add("Exp", scores)
        if not self._ones:
            self._ones = self.add("Expand", self.weight("all", 1.0), self.add("Shape", value))
        sums = self.add("MatMul", shares, self._ones)
        return self.add("Div", self.add("MatMul", shares, value), sums)

    def _between_tokens(self) -> str:
        """What is added to the scores of two tokens: what keeps texts apart, and distances."""
        if not self._apart:
            same = self.add("Equal", self.column("texts"), "texts")
            seen, unseen = self.weight("seen", 0.0), self.weight("unseen", -np.inf)
            self._apart = self.add("Where", same, seen, unseen)
            if RELATIVE_BIAS in self._published:
                self._apart = self.add("Add", self._relative_bias(), self._apart)
        return self._apart

    def _relative_bias(self) -> str:
        """What the distance of two tokens adds to their scores, (heads x tokens x tokens)."""
        table = self._published[RELATIVE_BIAS]
        rows = distance_buckets(LONGEST_CAREFUL, len(table))
        bias = self.weight("relative_bias", table[rows].transpose(2, 0, 1))
        return self.add("Gather", self.add("Gather", bias, "places", axis=1), "places", axis=2)

    def _gelu(self, x: str) -> str:
        half, unit = self.weight("half", 0.5), self.weight("unit", 1.0)
        erf = self.add("Erf", self.add("Div", x, self.weight("root_two", np.sqrt(2.0))))
        return self.add("Mul", self.add("Mul", x, half), self.add("Add", erf, unit))

    def of_words(self) -> Shapes:
        """The inputs of a graph that begins with embeddings."""
        return {"words": ["tokens", self.hidden], "texts": ["tokens"], "places": ["tokens"]}

    def states(self) -> Shapes:
        """The states of a layer."""
        return {"states": ["tokens", self.hidden]}


def export_encoder(encoder: Published, target: Path) -> None:
    """Writes the sentence encoder as an 8-bit ONNX file, all or nothing.

    Inputs: `words` (tokens x hidden size), what `WordTable` gives; `texts` and `places` (tokens),
    the number of each token's text and its place in it, as `side_by_side` has them. Outputs
    (float32): `embedding` (texts x hidden size), of unit length, and `states` (tokens x hidden
    size), of the layers that the look-out shares.

    Raises:
        OSError: The file cannot be written; its folder must exist.
    """
    g = _Bert(encoder)
    x = g.embedded()
    for number in range(g.layers):
        if number == SHARED_LAYERS:
            g.add("Identity", x, output="states")
        x = g.layer(x, number)
    g.add("LpNormalization", g.mean(x), output="embedding", axis=-1, p=2)
    g.write(target, g.of_words(), {"embedding": ["texts", g.hidden], **g.states()})


def export_lookout(encoder: Published, branch: Branch, target: Path) -> None:
    """Writes the look-out's layers as an 8-bit ONNX file, all or nothing.

    Inputs `states` of the encoder and `texts`; output `danger` (texts x classes, float32), logits.

    Args:
        encoder: What the branch grew on.
        branch: What the look-out has learned.
        target: The ONNX file to write; its folder must exist.

    Raises:
        OSError: The file cannot be written.
    """
    g = _Bert(encoder, branch)
    _classify(g, "states", SHARED_LAYERS, branch)
    g.write(target, {**g.states(), "texts": ["tokens"]}, _danger(branch))


def export_careful(encoder: Published, branch: Branch, target: Path) -> None:
    """Writes the look-out's careful reader as an 8-bit ONNX file, all or nothing.

    Inputs as the encoder's, texts of at most `LONGEST_CAREFUL` tokens; output `danger` (texts x
    classes, float32), logits.

    Args:
        encoder: What the branch grew on.
        branch: What the careful reader has learned.
        target: The ONNX file to write; its folder must exist.

    Raises:
        OSError: The file cannot be written.
    """
    g = _Bert(encoder, branch)
    _classify(g, g.embedded(), 0, branch)
    g.write(target, g.of_words(), _danger(branch))


def export_below(encoder: Published, layers: int, target: Path) -> None:
    """Writes an encoder's lower layers, whose output `states` others learn from."""
    g = _Bert(encoder)
    x = g.embedded()
    for number in range(layers):
        x = g.layer(x, number)
    g.add("Identity", x, output="states")
    g.write(target, g.of_words(), g.states())


def _classify(g: _Bert, x: str, first: int, branch: Branch) -> None:
    for number in range(first, g.layers):
        x = g.layer(x, number)
    product = g.add("MatMul", g.mean(x), g.weight("head", branch.head))
    g.add("Add", product, g.weight("bias", branch.bias), output="danger")


def _danger(branch: Branch) -> Shapes:
    return {"danger": ["texts", len(branch.bias)]}
