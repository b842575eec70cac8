"""Unfolding: the same model, with what hangs on constants alone computed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bot.config import shipped_path
from bot.detection.onnx import silent_runtime
from bot.detection.unfolding import unfolded

ENCODER = shipped_path("models") / "encoder" / "model.onnx"
TOPICS = shipped_path("models") / "topics" / "model.onnx"


def answers(model: bytes | Path, **inputs: np.ndarray) -> list[np.ndarray]:
    runtime = silent_runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    source = model if isinstance(model, bytes) else str(model)
    session = runtime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    return session.run(None, inputs)


def test_what_has_nothing_to_unfold_is_left_as_it_is() -> None:
    assert unfolded(memoryview(TOPICS.read_bytes())) is None


def test_the_shipped_encoder_is_unfolded_into_eight_bits_a_weight() -> None:
    sizes: list[int] = []

    def place(array: np.ndarray) -> tuple[int, int]:
        sizes.append(array.nbytes)
        return sum(sizes[:-1]), array.nbytes

    made = unfolded(memoryview(ENCODER.read_bytes()), place, "weights.bin")
    assert made is not None
    assert len(made) < 1_000_000 < ENCODER.stat().st_size < sum(sizes)
    assert b"weights.bin" in made


@pytest.mark.parametrize("damage", [lambda raw: raw[: len(raw) // 2], lambda raw: b"\xff" * 50, lambda raw: b"\x0b"])
def test_what_is_no_model_is_a_value_error(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ValueError, match=r"field|number"):
        unfolded(memoryview(damage(ENCODER.read_bytes())))


def test_nothing_at_all_is_nothing_to_unfold() -> None:
    assert unfolded(memoryview(b"")) is None


class TestSmallGraphs:
    """Graphs made here, which needs the extra `train`."""

    @pytest.fixture(autouse=True)
    def _needs_onnx(self) -> None:
        pytest.importorskip("onnx", reason="the extra `train` is not installed")

    @staticmethod
    def made(nodes: list, constants: dict[str, np.ndarray], outputs: list[str]) -> bytes:
        from onnx import TensorProto, helper, numpy_helper

        graph = helper.make_graph(
            nodes,
            "small",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 64])],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
            [numpy_helper.from_array(value, name) for name, value in constants.items()],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()

    def test_a_matrix_of_four_bits_gives_the_same_figures_unfolded(self) -> None:
        import onnx
        from onnx import helper

        from bot.training.quantize import grid_for, quantize_matrices

        weight = np.random.default_rng(0).normal(size=(64, 24)).astype(np.float32)
        raw = self.made([helper.make_node("MatMul", ["x", "w"], ["y"], name="/a/MatMul")], {"w": weight}, ["y"])
        model = onnx.load_from_string(raw)
        quantize_matrices(model, {"a": grid_for(weight, np.ones(64, np.float32))})
        folded = model.SerializeToString()
        made = unfolded(memoryview(folded))
        assert made is not None
        left = {node.op_type for node in onnx.load_from_string(made).graph.node}
        assert not left & {"BitwiseAnd", "BitShift", "Concat", "Reshape"}
        x = np.random.default_rng(1).normal(size=(5, 64)).astype(np.float32)
        np.testing.assert_array_equal(answers(folded, x=x)[0], answers(made, x=x)[0])

    def test_a_constant_that_two_steps_need_and_one_that_is_an_output_stay(self) -> None:
        from onnx import helper

        nodes = [
            helper.make_node("Mul", ["one", "two"], ["product"]),
            helper.make_node("Add", ["x", "product"], ["sum"]),
            helper.make_node("Div", ["sum", "product"], ["y"]),
            helper.make_node("Sub", ["one", "two"], ["z"]),
        ]
        constants = {
            name: np.random.default_rng(n).normal(size=64).astype(np.float32) for n, name in enumerate(["one", "two"])
        }
        raw = self.made(nodes, constants, ["y", "z"])
        made = unfolded(memoryview(raw))
        assert made is not None
        x = np.ones((3, 64), np.float32)
        for was, now in zip(answers(raw, x=x), answers(made, x=x), strict=True):
            np.testing.assert_array_equal(was, now)
