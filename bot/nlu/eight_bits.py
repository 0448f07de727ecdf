"""Weights in 8 bits: a quarter of the memory to read for each message, which is what takes time."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Union

import numpy as np
import numpy.typing as npt
import onnxruntime

Shapes = dict[str, list[Any]]

_OPSET = 17
_IR_VERSION = 8
CONTRIBUTED = "com.microsoft"  # operators of onnxruntime's own

# What is multiplied with weights: 128 stands for nothing.
_MIDDLE, _MOST = 128, 127
# One bit less: processors without VNNI cut off sums of whole bytes, so that a text would mean
# something else on another machine (with the careful encoder: nonsense).
_MOST_OF_A_WEIGHT = 64


def single_thread_session(model: Union[Path, bytes]) -> onnxruntime.InferenceSession:
    """Runs an ONNX model on one thread a message.

    A server answers several messages at once, and they must not fight over cores. Weights are kept
    outside the session's memory arena, which would not give back what it held before it packed
    them: 214 MB instead of 292 for the careful reader. Nor is a plan of memory kept for each length
    of text.

    Args:
        model: A file, or what it holds.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    held = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(held, options, providers=["CPUExecutionProvider"])


class Graph:
    """Collects the nodes and weights of an ONNX graph that multiplies in 8 bits.

    What it multiplies with weights has as many rows everywhere.
    """

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._weights: dict[str, npt.NDArray[Any]] = {}
        self._small_rows: dict[str, tuple[str, str]] = {}
        self._middles = ""

    def weight(self, name: str, value: Any, dtype: Any = np.float32) -> str:
        """Adds a weight; one name is one value."""
        self._weights[name] = np.array(value, dtype=dtype, order="C")
        return name

    def add(self, op: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Adds a node and returns the name of its output."""
        from onnx import helper

        name = output or f"{op}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, list(inputs), [name], name=name, **attributes))
        return name

    def split(self, x: str, parts: int) -> list[str]:
        """Equal parts of a tensor along its first axis."""
        from onnx import helper

        names = [f"{x}_{part}" for part in range(parts)]
        self._nodes.append(helper.make_node("Split", [x], names, axis=0))
        return names

    def column(self, row: str) -> str:
        """A vector as a matrix of one column."""
        return self.add("Unsqueeze", row, self.weight("second", [1], np.int64))

    def product(self, x: str, matrix: npt.NDArray[np.float32], name: str, output: str = "") -> str:
        """A matrix times weights.

        Both are rounded to 8 bits, the weights with a scale for each column and `x` with one for
        each row: so a token's few large values take nothing from the others, and a text means the
        same whatever is read beside it.

        Args:
            x: Shape (rows, size).
            matrix: Shape (size, columns).
            name: Of the weights.
            output: What to call the product, if that matters.
        """
        middle = self.weight("middle", _MIDDLE, np.uint8)
        rows, scales = self._rows_of(x, middle)
        largest = np.maximum(np.abs(matrix).max(axis=0), 1e-9)
        column_scales = largest / np.float32(_MOST_OF_A_WEIGHT)
        product = self.add(
            "MatMulIntegerToFloat",
            rows,
            self.weight(f"{name}.values", np.rint(matrix / column_scales), np.int8),
            self.weight("as_it_is", 1.0),
            self.weight(f"{name}.scales", column_scales),
            middle,
            domain=CONTRIBUTED,
        )
        return self.add("Mul", product, scales, output=output)

    def _rows_of(self, x: str, middle: str) -> tuple[str, str]:
        """A matrix in 8 bits, and the scales of its rows as a column."""
        if x not in self._small_rows:
            largest = self.add("ReduceMax", self.add("Abs", x), axes=[1], keepdims=0)
            largest = self.add("Max", largest, self.weight("not_nothing", 1e-9))
            scales = self.add("Div", largest, self.weight("most", _MOST))
            if not self._middles:
                self._middles = self.add("Expand", middle, self.add("Shape", scales))
            rows = self.add("QuantizeLinear", x, scales, self._middles, axis=0)
            self._small_rows[x] = rows, self.column(scales)
        return self._small_rows[x]

    def write(self, target: Path, inputs: Shapes, outputs: Shapes) -> None:
        """Writes the finished model, all or nothing.

        Args:
            target: The file; its folder must exist.
            inputs: Names and shapes of what it takes.
            outputs: Names and shapes of what it gives.

        Raises:
            OSError: The file cannot be written.
        """
        with tempfile.TemporaryDirectory(dir=target.parent) as work:
            whole = Path(work) / target.name
            whole.write_bytes(self.model(inputs, outputs))
            whole.replace(target)

    def model(self, inputs: Shapes, outputs: Shapes) -> bytes:
        """The finished model; names and shapes of what it takes and gives."""
        from onnx import TensorProto, helper, numpy_helper

        kinds = {
            "words": TensorProto.UINT8,
            "texts": TensorProto.INT64,
            "places": TensorProto.INT64,
        }

        def values(shapes: Shapes) -> list[Any]:
            return [
                helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), shape)
                for name, shape in shapes.items()
            ]

        weights = [numpy_helper.from_array(value, name) for name, value in self._weights.items()]
        graph = helper.make_graph(self._nodes, "graph", values(inputs), values(outputs), weights)
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(CONTRIBUTED, 1)]
        model = helper.make_model(graph, opset_imports=opsets)
        model.ir_version = _IR_VERSION
        return bytes(model.SerializeToString())


def product_with(matrix: npt.NDArray[np.float32]) -> bytes:
    """An ONNX model that multiplies with a matrix in 8 bits.

    Input `rows` (rows x size), output `product` (rows x columns), both float32.

    Args:
        matrix: Shape (size, columns).
    """
    size, columns = matrix.shape
    g = Graph()
    g.product("rows", matrix, "matrix", output="product")
    return g.model({"rows": ["rows", size]}, {"product": ["rows", columns]})
