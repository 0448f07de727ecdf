"""Turns the weights of published encoders into small ONNX files.

They become an ONNX graph with mean pooling and unit length built in, with 8-bit weights (per output
channel), about three times faster on a CPU, and within .99 cosine of the original. What words mean
by themselves stays outside of the graph (bot/nlu/word_table.py).

The safety look-out has the quick encoder's upper layers a second time, taught to tell danger from
calm, in a file of its own; what lies below is worked out once for both. Its careful reader is one
file, from the tokens to the classes.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from bot.nlu.eight_bits import IR_VERSION, OPSET, write_8_bit
from bot.nlu.lookout_branch import Branch
from bot.nlu.published import RELATIVE_BIAS, WORDS, Published, distance_buckets
from bot.nlu.word_table import small_words

if TYPE_CHECKING:
    import onnx

_HEAD = "danger_head"  # has four columns, which 8 bits would not make smaller
_Shapes = dict[str, list[Any]]

# Raised with every change to the graph, so that no cached file outlives it.
GRAPH_VERSION = 6

# Up to this layer the look-out reads what the encoder has worked out anyway.
SHARED_LAYERS = 2

LONGEST_CAREFUL = 256  # tokens that the careful reader takes


class _Graph:
    """Collects the nodes and weights of a BERT graph under construction.

    There is no mask: texts are run by themselves or with others of equal length, never padded.

    Args:
        encoder: What it is made of.
        branch: What its upper layers have learned, if they have.
    """

    def __init__(self, encoder: Published, branch: Branch | None = None) -> None:
        self._published = branch.weights(encoder.weights) if branch else encoder.weights
        self._heads: int = encoder.config["num_attention_heads"]
        self._epsilon: float = encoder.config["layer_norm_eps"]
        self.layers: int = encoder.config["num_hidden_layers"]
        self.hidden: int = encoder.config["hidden_size"]
        self._distances = ""
        self.narrowing: list[str] = []  # the multiplications that end each layer
        self.nodes: list[Any] = []
        self.weights: dict[str, npt.NDArray[Any]] = {}

    def weight(self, name: str, value: npt.NDArray[Any]) -> str:
        """Adds a weight; one name is one value."""
        self.weights[name] = np.ascontiguousarray(value)
        return name

    def constant(self, name: str, value: Any, dtype: Any = np.int64) -> str:
        """Adds a constant."""
        return self.weight(name, np.array(value, dtype=dtype))

    def add(self, op: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Adds a node and returns the name of its output."""
        from onnx import helper

        name = output or f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def embedded(self) -> str:
        """Embeddings: word + position (0, 1, 2, ...) + the one token type that is used."""
        position, kind = (
            self._published[f"embeddings.{part}_embeddings.weight"]
            for part in ("position", "token_type")
        )
        zero, one, two = (self.constant(n, [v]) for n, v in (("zero", 0), ("one", 1), ("two", 2)))
        length = self.add("Slice", self.add("Shape", "words"), one, two)
        if RELATIVE_BIAS in self._published:
            self._distances = self._relative_bias(zero, length)
        positions = self.add("Slice", self.weight("position", position), zero, length, zero)
        small = small_words(self._published[WORDS])
        scale = self.constant("word_scale", small.scale, np.float32)
        words = self.add(
            "DequantizeLinear", "words", scale, self.constant("word_zero", small.zero, np.uint8)
        )
        x = self.add("Add", self.add("Add", words, positions), self.weight("type", kind[0]))
        return self._layer_norm(x, "embeddings.LayerNorm")

    def _relative_bias(self, zero: str, length: str) -> str:
        """What the distance of two tokens adds to their scores, (heads x tokens x tokens)."""
        table = self._published[RELATIVE_BIAS]
        rows = distance_buckets(LONGEST_CAREFUL, len(table))
        bias = self.weight("relative_bias", table[rows].transpose(2, 0, 1))
        rows_cut = self.add("Slice", bias, zero, length, self.constant("rows", [1]))
        return self.add("Slice", rows_cut, zero, length, self.constant("columns", [2]))

    def layer(self, x: str, number: int) -> str:
        """One transformer layer."""
        name = f"encoder.layer.{number}"
        attended = self.add("Add", x, self._attention(x, f"{name}.attention"))
        x = self._layer_norm(attended, f"{name}.attention.output.LayerNorm")
        inner = self._gelu(self._linear(x, f"{name}.intermediate.dense"))
        self.narrowing.append(f"{name}.output.dense.product")
        x = self.add("Add", x, self._linear(inner, f"{name}.output.dense"))
        return self._layer_norm(x, f"{name}.output.LayerNorm")

    def mean(self, x: str) -> str:
        """The mean over the tokens."""
        return self.add("ReduceMean", x, axes=[1], keepdims=0)

    def _linear(self, x: str, name: str) -> str:
        kernel = self.weight(f"{name}.kernel", self._published[f"{name}.weight"].T)
        bias = self.weight(f"{name}.bias", self._published[f"{name}.bias"])
        return self.add("Add", self.add("MatMul", x, kernel, output=f"{name}.product"), bias)

    def _layer_norm(self, x: str, name: str) -> str:
        scale = self.weight(f"{name}.scale", self._published[f"{name}.weight"])
        bias = self.weight(f"{name}.bias", self._published[f"{name}.bias"])
        return self.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=self._epsilon)

    def _attention(self, x: str, name: str) -> str:
        head_size = self.hidden // self._heads
        split = self.constant("split_heads", [0, 0, self._heads, head_size])
        join = self.constant("join_heads", [0, 0, self.hidden])
        scale = self.constant("scale", 1.0 / np.sqrt(head_size), np.float32)

        def heads_of(part: str, order: list[int]) -> str:
            projected = self._linear(x, f"{name}.self.{part}")
            return self.add("Transpose", self.add("Reshape", projected, split), perm=order)

        query, value = heads_of("query", [0, 2, 1, 3]), heads_of("value", [0, 2, 1, 3])
        key = heads_of("key", [0, 2, 3, 1])
        scores = self.add("Mul", self.add("MatMul", query, key), scale)
        if self._distances:
            scores = self.add("Add", scores, self._distances)
        mixed = self.add("MatMul", self.add("Softmax", scores, axis=-1), value)
        mixed = self.add("Reshape", self.add("Transpose", mixed, perm=[0, 2, 1, 3]), join)
        return self._linear(mixed, f"{name}.output.dense")

    def _gelu(self, x: str) -> str:
        half = self.constant("half", 0.5, np.float32)
        unit = self.constant("unit", 1.0, np.float32)
        root_two = self.constant("root_two", np.sqrt(2.0), np.float32)
        erf = self.add("Erf", self.add("Div", x, root_two))
        return self.add("Mul", self.add("Mul", x, half), self.add("Add", erf, unit))

    def of_words(self) -> _Shapes:
        """The input of a graph that begins with embeddings."""
        return {"words": ["batch", "tokens", self.hidden]}

    def model(self, inputs: _Shapes, outputs: _Shapes) -> "onnx.ModelProto":
        """The finished model."""
        from onnx import TensorProto, helper, numpy_helper

        weights = [numpy_helper.from_array(value, name) for name, value in self.weights.items()]

        def values(shapes: _Shapes) -> list[Any]:
            kinds = {"words": TensorProto.UINT8}
            return [
                helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), shape)
                for name, shape in shapes.items()
            ]

        graph = helper.make_graph(self.nodes, "bert", values(inputs), values(outputs), weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = IR_VERSION
        return model


def export_encoder(encoder: Published, target: Path) -> None:
    """Writes the sentence encoder as an 8-bit ONNX file, all or nothing.

    Input `words` (batch x tokens x hidden size), what `WordTable` gives. Outputs (float32)
    `embedding` (batch x hidden size), of unit length, and `states` (batch x tokens x hidden size),
    of the layers that the look-out shares.

    Raises:
        OSError: The file cannot be written; its folder must exist.
    """
    g = _Graph(encoder)
    x = g.embedded()
    for number in range(g.layers):
        if number == SHARED_LAYERS:
            g.add("Identity", x, output="states")
        x = g.layer(x, number)
    g.add("LpNormalization", g.mean(x), output="embedding", axis=-1, p=2)
    outputs = {"embedding": ["batch", g.hidden], "states": ["batch", "tokens", g.hidden]}
    write_8_bit(g.model(g.of_words(), outputs), target)


def export_lookout(encoder: Published, branch: Branch, target: Path) -> None:
    """Writes the look-out's layers as an 8-bit ONNX file, all or nothing.

    Input `states` of the encoder; output `danger` (batch x classes, float32), logits.

    Args:
        encoder: What the branch grew on.
        branch: What the look-out has learned.
        target: The ONNX file to write; its folder must exist.

    Raises:
        OSError: The file cannot be written.
    """
    g = _Graph(encoder, branch)
    _classify(g, "states", SHARED_LAYERS, branch)
    inputs = {"states": ["batch", "tokens", g.hidden]}
    write_8_bit(g.model(inputs, _danger(branch)), target, _HEAD)


def export_careful(encoder: Published, branch: Branch, target: Path) -> None:
    """Writes the look-out's careful reader as an 8-bit ONNX file, all or nothing.

    Input `words` (batch x tokens x hidden size), at most `LONGEST_CAREFUL` tokens, what `WordTable`
    gives; output `danger` (batch x classes, float32), logits.

    Args:
        encoder: What the branch grew on.
        branch: What the careful reader has learned.
        target: The ONNX file to write; its folder must exist.

    Raises:
        OSError: The file cannot be written.
    """
    g = _Graph(encoder, branch)
    _classify(g, g.embedded(), 0, branch)
    write_8_bit(g.model(g.of_words(), _danger(branch)), target, _HEAD, g.narrowing)


def export_below(encoder: Published, layers: int, target: Path) -> None:
    """Writes an encoder's lower layers, whose output `states` others learn from."""
    g = _Graph(encoder)
    x = g.embedded()
    for number in range(layers):
        x = g.layer(x, number)
    g.add("Identity", x, output="states")
    outputs = {"states": ["batch", "tokens", g.hidden]}
    narrowing = g.narrowing if RELATIVE_BIAS in encoder.weights else []
    write_8_bit(g.model(g.of_words(), outputs), target, narrowing=narrowing)


def _classify(g: _Graph, x: str, first: int, branch: Branch) -> None:
    for number in range(first, g.layers):
        x = g.layer(x, number)
    product = g.add("MatMul", g.mean(x), g.weight("head", branch.head), output=_HEAD)
    g.add("Add", product, g.weight("bias", branch.bias), output="danger")


def _danger(branch: Branch) -> _Shapes:
    return {"danger": ["batch", len(branch.bias)]}
