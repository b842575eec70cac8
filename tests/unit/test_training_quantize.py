"""Matrices as integers, and graphs of them as the runtime reads them."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="the extra `train` is not installed")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402 - onnx may be missing

from bot.detection.onnx import silent_runtime  # noqa: E402 - after the check for the extra
from bot.training.quantize import (  # noqa: E402 - after the check for the extra
    MOST,
    Inputs,
    layer_name,
    quantize_embeddings,
    quantize_matrices,
    quantized,
)

INPUTS, OUTPUTS = 128, 24
WEIGHT = np.random.default_rng(0).normal(size=(INPUTS, OUTPUTS)).astype(np.float32)


def away(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))


@pytest.mark.parametrize(("bits", "most"), [(8, 0.03), (4, 0.13)])
def test_a_matrix_is_near_what_it_was_and_fits_seven_bits(bits: int, most: float) -> None:
    made = quantized(WEIGHT, bits)
    assert away(made.restored(), WEIGHT) < most
    assert np.abs(made.integers()).max() <= MOST + 1


def test_nothing_but_zeros_is_zeros() -> None:
    for bits in (4, 8):
        assert not quantized(np.zeros((INPUTS, 3), np.float32), bits).restored().any()


def test_rounding_by_what_goes_in_errs_less_on_what_goes_in() -> None:
    generator = np.random.default_rng(1)
    mixed = generator.normal(size=(4, INPUTS)) * 3
    x = (generator.normal(size=(500, 4)) @ mixed + generator.normal(size=(500, INPUTS))).astype(np.float32)
    plain, careful = (quantized(WEIGHT, 4, hessian) for hessian in (None, x.T @ x / len(x)))
    assert away(x @ careful.restored(), x @ WEIGHT) < 0.7 * away(x @ plain.restored(), x @ WEIGHT)


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


def few_bits(*, measured: bool = False) -> onnx.ModelProto:
    model = graph()
    found = Inputs(hessian=np.eye(INPUTS, dtype=np.float32), most=np.linspace(1, 9, INPUTS, dtype=np.float32))
    bits = lambda name: 4 if "layer.0" in name else 8  # noqa: E731 - what the recipe gives, in one line
    quantize_matrices(model, bits, {"layer.0.a": found} if measured else None)
    quantize_embeddings(model)
    return model


@pytest.mark.parametrize("measured", [False, True])
def test_the_runtime_computes_what_the_full_graph_does_but_for_rounding(measured) -> None:
    ids = list(range(20))
    for made, full, most in zip(run(few_bits(measured=measured), ids), run(graph(), ids), (0.2, 0.06), strict=True):
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
