"""Weights in 8 bits: a quarter of the memory to read for each message, which is what takes time."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Union

import numpy as np
import numpy.typing as npt
import onnxruntime

if TYPE_CHECKING:
    import onnx

OPSET = 17
IR_VERSION = 8


def single_thread_session(model: Union[Path, bytes]) -> onnxruntime.InferenceSession:
    """Runs an ONNX model on one thread a message.

    A server answers several messages at once, and they must not fight over cores. Weights are kept
    outside the session's memory arena, which would not give back what it held before it packed
    them: 214 MB instead of 292 for the careful reader.

    Args:
        model: A file, or what it holds.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.use_device_allocator_for_initializers", "1")
    held = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(held, options, providers=["CPUExecutionProvider"])


def product_with(matrix: npt.NDArray[np.float32]) -> bytes:
    """An ONNX model that multiplies with a matrix in 8 bits.

    Input `rows` (rows x size), output `product` (rows x columns), both float32.

    Args:
        matrix: Shape (size, columns).
    """
    from onnx import TensorProto, helper, numpy_helper

    size, columns = matrix.shape
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["rows", "matrix"], ["product"], name="multiply")],
        "product",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["rows", size])],
        [helper.make_tensor_value_info("product", TensorProto.FLOAT, ["rows", columns])],
        [numpy_helper.from_array(np.ascontiguousarray(matrix), "matrix")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    with _silence():
        small: bytes = _in_blocks(model, ["multiply"]).SerializeToString()
    return small


def write_8_bit(
    model: "onnx.ModelProto", target: Path, whole: str = "", narrowing: Sequence[str] = ()
) -> None:
    """Writes a model with the weights of its multiplications in 8 bits, all or nothing.

    Args:
        model: The model.
        target: The file; its folder must exist.
        whole: The multiplication that stays as it is.
        narrowing: Those of which each 32 weights have a scale of their own, and as many inputs: of
            what they take in the large encoder, a few values are so large that one scale for all
            would leave nothing of the others (cosine .90 against .99).

    Raises:
        OSError: The file cannot be written.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with tempfile.TemporaryDirectory(dir=target.parent) as work, _silence():
        plain, small = Path(work) / "fp32.onnx", Path(work) / "int8.onnx"
        onnx.save(_in_blocks(model, narrowing) if narrowing else model, str(plain))
        # Per channel: one scale for the whole matrix loses too much (cosine .956 against .99).
        # Reduced range: processors without VNNI cut off sums of whole bytes, so that a text
        # would mean something else on another machine (with the careful encoder: nonsense).
        quantize_dynamic(
            str(plain),
            str(small),
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[whole],
        )
        small.replace(target)


@contextmanager
def _silence() -> Iterator[None]:
    """Lets nothing be logged: onnxruntime comments on every matrix that it packs."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _in_blocks(model: "onnx.ModelProto", names: Sequence[str]) -> "onnx.ModelProto":
    from onnxruntime.quantization.matmul_nbits_quantizer import (
        DefaultWeightOnlyQuantConfig,
        MatMulNBitsQuantizer,
    )

    others = [node.name for node in model.graph.node if node.name not in names]
    # Accuracy level 4: the inputs are rounded to 8 bits, too, in the same blocks.
    config = DefaultWeightOnlyQuantConfig(32, is_symmetric=True, accuracy_level=4, bits=8)
    quantizer = MatMulNBitsQuantizer(model, algo_config=config, nodes_to_exclude=others)
    quantizer.process()
    changed: onnx.ModelProto = quantizer.model.model
    return changed
