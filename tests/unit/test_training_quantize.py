"""Matrices as integers, and graphs of them as the runtime reads them."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="the extra `train` is not installed")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402 - onnx may be missing

from bot.detection.onnx import silent_runtime  # noqa: E402 - after the check for the extra
from bot.training.quantize import (  # noqa: E402 - after the check for the extra
    MOST,
    evening,
    grid_for,
    layer_name,
    quantize_embeddings,
    quantize_matrices,
    quantized,
)

INPUTS, OUTPUTS = 128, 24
WEIGHT = np.random.default_rng(0).normal(size=(INPUTS, OUTPUTS)).astype(np.float32)


def away(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))


FLAT = np.ones(INPUTS, np.float32)
UNEVEN = evening(np.linspace(1, 9, INPUTS, dtype=np.float32), [WEIGHT])


@pytest.mark.parametrize(("grid", "most"), [(None, 0.03), (grid_for(WEIGHT, FLAT), 0.13)], ids=["8 bits", "4 bits"])
def test_a_matrix_is_near_what_it_was_and_fits_seven_bits(grid, most: float) -> None:
    made = quantized(WEIGHT, grid)
    assert away(made.restored(), WEIGHT) < most
    assert np.abs(made.integers()).max() <= MOST + 1


def test_nothing_but_zeros_is_zeros() -> None:
    zeros = np.zeros((INPUTS, 3), np.float32)
    for grid in (None, grid_for(zeros, FLAT)):
        assert not quantized(zeros, grid).restored().any()


@pytest.mark.parametrize("even", [FLAT, UNEVEN], ids=["flat", "uneven"])
def test_what_lies_on_its_grid_stays_where_it_is(even) -> None:
    grid = grid_for(WEIGHT, even)
    once = quantized(WEIGHT * even[:, None], grid)
    back = once.restored() / even[:, None]  # as a layer has them that reads what is not evened
    np.testing.assert_array_equal(quantized(back * even[:, None], grid).integers(), once.integers())


def test_large_inputs_are_made_smaller_and_weights_that_read_them_larger() -> None:
    most = np.ones(INPUTS, np.float32)
    most[5] = 100.0
    even = evening(most, [WEIGHT, WEIGHT * 0.5])
    assert even.argmax() == 5
    assert even[5] == pytest.approx(10.0 * np.delete(even, 5).mean(), rel=0.5)


def graph() -> onnx.ModelProto:
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["x"], name="/embeddings/Gather"),
        helper.make_node("MatMul", ["x", "first"], ["y"], name="/layer.0/a/MatMul"),
        helper.make_node("MatMul", ["x", "second"], ["z"], name="/layer.1/b/MatMul"),
        helper.make_node("Gemm", ["z", "third", "bias"], ["w"], name="/head/Gemm", transB=1),
    ]
    generator = np.random.default_rng(2)
    constants = {
        "table": generator.normal(size=(50, INPUTS)),
        "first": WEIGHT,
        "second": generator.normal(size=(INPUTS, 64)),
        "third": generator.normal(size=(3, 64)),
        "bias": np.array([1.0, 2.0, 3.0]),
    }
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["n"])],
        [
            helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", OUTPUTS]),
            helper.make_tensor_value_info("w", TensorProto.FLOAT, ["n", 3]),
        ],
        [numpy_helper.from_array(np.asarray(value, dtype=np.float32), name) for name, value in constants.items()],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def run(model: onnx.ModelProto, ids: list[int]) -> list[np.ndarray]:
    session = silent_runtime().InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"ids": np.array(ids)})


def few_bits(*, uneven: bool = False) -> onnx.ModelProto:
    model = graph()
    quantize_matrices(model, {"layer.0.a": grid_for(WEIGHT, UNEVEN if uneven else FLAT)})
    quantize_embeddings(model)
    return model


@pytest.mark.parametrize("uneven", [False, True])
def test_the_runtime_computes_what_the_full_graph_does_but_for_rounding(uneven) -> None:
    ids = list(range(20))
    for made, full, most in zip(run(few_bits(uneven=uneven), ids), run(graph(), ids), (0.2, 0.06), strict=True):
        assert away(made, full) < most


def test_what_a_row_comes_to_hangs_on_that_row_alone() -> None:
    model = few_bits()
    alone, together = run(model, [7]), run(model, [3, 7, 11])
    for one, many in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one[0], many[1])


def test_the_file_is_a_fraction_of_the_full_one() -> None:
    full, few = graph(), few_bits()
    kept = {tensor.name for tensor in few.graph.initializer}
    assert not kept & {"table", "first", "second", "third"}
    assert len(few.SerializeToString()) < 0.5 * len(full.SerializeToString())


def test_a_node_is_named_after_its_layer() -> None:
    assert layer_name("/trunk/encoder/layer.0/q/MatMul") == "trunk.encoder.layer.0.q"
