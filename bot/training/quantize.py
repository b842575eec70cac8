"""Weights of few bits and activations of eight: an ONNX graph's matrices become integers, its embedding tables int8.

A matrix is kept as whole numbers of a scale a column; one that lies on a `Grid` takes 4 bits, with a small multiplier for every
32 weights besides, and the runtime unfolds it when it loads. Activations are scaled by the token, in the graph: what is computed
for a token hangs on that token alone, and one with a huge value, as some have, spoils no other's precision. Weights take 7 bits of
their 8, since the kernel of processors without VNNI adds two products in 16 bits. On a grid, inputs that are large by habit are
made smaller and their weights larger (SmoothQuant, Xiao et al. 2023, arXiv:2211.10438).

What four bits cost is made good in training, where weights learn to lie on their grid (`training/rounding.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

BLOCK = 32
MOST = 63
"""The largest weight, as an integer."""
MOST_INPUT = 127
"""The largest input of a product, as an integer."""
_STEPS = 127
UNIT = np.float32(MOST / 8 / _STEPS)
"""What a step of 1 is worth, in integers."""
_SHRINK = np.linspace(0.75, 1.05, 7, dtype=np.float32)
_FLOAT, _UINT8, _INT8 = onnx.TensorProto.FLOAT, onnx.TensorProto.UINT8, onnx.TensorProto.INT8

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Where the weights of an (inputs, outputs) matrix may lie in 4 bits.

    They are rint((code - 8) * step * UNIT) * scale / even with a code in 0..15: one scale for each output, one step in -127..127
    for each output and each BLOCK of inputs, and by `even` each input is divided before it is rounded itself.
    """

    even: Floats
    scales: Floats
    steps: NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantized:
    """An evened (inputs, outputs) matrix as integers. `steps` is None for 8 bits, where `codes` are the weights themselves.

    Otherwise they are those of a `Grid`. Either way the column's scale, shape (outputs,), makes a number of an integer.
    """

    codes: NDArray[np.uint8] | NDArray[np.int8]
    steps: NDArray[np.int8] | None
    scales: Floats

    def integers(self) -> NDArray[np.int8]:
        """Return the weights as the runtime multiplies them, shape (inputs, outputs)."""
        if self.steps is None:
            return self.codes.astype(np.int8)
        return _unfolded(self.codes.astype(np.float32), np.repeat(self.steps, BLOCK, axis=0)).astype(np.int8)

    def restored(self) -> Floats:
        """Return the evened matrix that the integers stand for."""
        return self.integers().astype(np.float32) * self.scales


def grid_for(weight: Floats, even: Floats) -> Grid:
    """Return the grid on which an (inputs, outputs) matrix loses little; inputs are a multiple of 2 * BLOCK."""
    evened = weight * even[:, None]
    scales = np.maximum(np.abs(evened).max(axis=0) * np.float32(1.05) / MOST, np.float32(1e-12))
    blocks = (evened / scales).reshape(-1, BLOCK, weight.shape[1])
    return Grid(even=even, scales=scales, steps=np.stack([_best_steps(block) for block in blocks]))


def evening(largest: Floats, weights: Sequence[Floats]) -> Floats:
    """Return by what each input is divided and its weights multiplied, so that neither has all of the unevenness.

    Args:
        largest: The largest magnitude that was seen of each input, shape (inputs,).
        weights: The (inputs, outputs) matrices that read it.
    """
    of_weights = np.max([np.abs(weight).max(axis=1) for weight in weights], axis=0)
    even = np.sqrt(np.maximum(largest, 1e-5) / np.maximum(of_weights, 1e-5))
    result: Floats = np.clip(even / np.median(even), 0.02, 50.0).astype(np.float32)
    return result


def quantized(weight: Floats, grid: Grid | None = None) -> Quantized:
    """Return an evened (inputs, outputs) matrix in 4 bits on its grid, or in 8 bits where it has none.

    Weights that lie on the grid are kept as they are, to the last bit of a float; others go to the nearest place on it.
    """
    if grid is None:
        scales = np.maximum(np.abs(weight).max(axis=0) / MOST, np.float32(1e-12))
        return Quantized(codes=np.rint(weight / scales).astype(np.int8), steps=None, scales=scales)
    return Quantized(
        codes=_codes(weight / grid.scales, np.repeat(grid.steps, BLOCK, axis=0)), steps=grid.steps, scales=grid.scales
    )


def _codes(wanted: Floats, steps: NDArray[np.int8]) -> NDArray[np.uint8]:
    result: NDArray[np.uint8] = np.clip(np.rint(wanted / (steps.astype(np.float32) * UNIT)) + 8, 0, 15).astype(np.uint8)
    return result


def _unfolded(codes: Floats, steps: NDArray[np.int8]) -> Floats:
    result: Floats = np.rint((codes - np.float32(8)) * (steps.astype(np.float32) * UNIT))
    return result


def _best_steps(block: Floats) -> NDArray[np.int8]:
    """Return each column's step with the least error; the largest weight takes the longer, negative side."""
    largest = np.take_along_axis(block, np.abs(block).argmax(axis=0)[None], axis=0)[0]
    full = -largest / 8 / UNIT
    best, least = np.ones(full.shape, np.int8), np.full(full.shape, np.inf, np.float32)
    for factor in _SHRINK:
        steps = np.clip(np.rint(full * factor), -_STEPS, _STEPS).astype(np.int8)
        steps[steps == 0] = 1
        error = ((_unfolded(_codes(block, steps).astype(np.float32), steps) - block) ** 2).sum(axis=0)
        best, least = np.where(error < least, steps, best), np.minimum(error, least)
    return best


def quantize_matrices(model: onnx.ModelProto, grids: Mapping[str, Grid] | None = None) -> None:
    """Replace, in place, each product with a constant matrix by one of integers.

    Args:
        model: The graph, of opset 18 or later; products are `MatMul`, or `Gemm` as torch writes a linear layer.
        grids: Of the layers that take 4 bits, by their names in torch; layers that read one input have the same `even`.
    """
    graph, grids = model.graph, grids or {}
    constants = {tensor.name: tensor for tensor in graph.initializer if len(tensor.dims) == 2}
    by_source: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        if node.op_type in {"MatMul", "Gemm"} and node.input[1] in constants:
            by_source.setdefault(node.input[0], []).append(node)
    _constants(graph)
    for source, nodes in by_source.items():
        names = [layer_name(node.name) for node in nodes]
        even = next((grids[name].even for name in names if name in grids), None)
        evened = np.float32(1.0) if even is None else even[:, None]
        made = _activation(graph, source, even)
        for node, name in zip(nodes, names, strict=True):
            weight = numpy_helper.to_array(constants[node.input[1]])
            integers = quantized((weight.T if node.op_type == "Gemm" else weight) * evened, grids.get(name))
            _replace(graph, node, [*made, *_weights(graph, name, integers), *_product(node, name)])
            made = []
    _drop_unused(graph)


def layer_name(node: str) -> str:
    """Return what torch calls the layer of an exported node: "/trunk/encoder/layer.0/q/MatMul" is "trunk.encoder.layer.0.q"."""
    return node.strip("/").rpartition("/")[0].replace("/", ".")


def _constants(graph: onnx.GraphProto) -> None:
    values = {"q.middle": np.uint8(128), "q.middle_float": np.float32(128), "q.most": np.float32(MOST_INPUT),
              "q.least": np.float32(1e-12), "q.last": np.array([-1]), "q.low": np.uint8(15), "q.four": np.uint8(4),
              "q.eight": np.float32(8), "q.unit": UNIT}  # fmt: skip
    graph.initializer.extend(numpy_helper.from_array(np.asarray(value), name) for name, value in values.items())


def _activation(graph: onnx.GraphProto, name: str, even: Floats | None) -> list[onnx.NodeProto]:
    """Return the nodes that make `name` into unsigned integers around 128, with a scale a token."""
    make, nodes, source = helper.make_node, [], name
    if even is not None:
        graph.initializer.append(numpy_helper.from_array(1.0 / even, f"{name}.evening"))
        nodes, source = [make("Mul", [name, f"{name}.evening"], [f"{name}.even"])], f"{name}.even"
    return [
        *nodes,
        make("Abs", [source], [f"{name}.abs"]),
        make("ReduceMax", [f"{name}.abs", "q.last"], [f"{name}.max"], keepdims=1),
        make("Max", [f"{name}.max", "q.least"], [f"{name}.max1"]),
        make("Div", [f"{name}.max1", "q.most"], [f"{name}.scale"]),
        make("Div", [source, f"{name}.scale"], [f"{name}.units"]),
        make("Round", [f"{name}.units"], [f"{name}.whole"]),
        make("Add", [f"{name}.whole", "q.middle_float"], [f"{name}.moved"]),
        make("Cast", [f"{name}.moved"], [f"{name}.codes"], to=_UINT8),
    ]


def _weights(graph: onnx.GraphProto, name: str, made: Quantized) -> list[onnx.NodeProto]:
    """Store a matrix and return the nodes that unfold it; they hang on constants alone, so that the runtime does it once."""
    graph.initializer.append(numpy_helper.from_array(made.scales, f"{name}.column"))
    if made.steps is None:
        graph.initializer.append(numpy_helper.from_array(made.codes, f"{name}.whole_weights"))
        return []
    inputs, outputs = made.codes.shape
    packed = made.codes[: inputs // 2] | (made.codes[inputs // 2 :] << 4)
    shapes = {"blocks": [inputs // BLOCK, BLOCK, outputs], "shape": [inputs, outputs]}
    graph.initializer.extend(
        [
            numpy_helper.from_array(packed, f"{name}.packed"),
            numpy_helper.from_array(made.steps[:, None, :], f"{name}.steps"),
            *(numpy_helper.from_array(np.array(shape), f"{name}.{key}") for key, shape in shapes.items()),
        ]
    )
    make = helper.make_node
    return [
        make("BitwiseAnd", [f"{name}.packed", "q.low"], [f"{name}.low"]),
        make("BitShift", [f"{name}.packed", "q.four"], [f"{name}.high"], direction="RIGHT"),
        make("Concat", [f"{name}.low", f"{name}.high"], [f"{name}.codes"], axis=0),
        make("Cast", [f"{name}.codes"], [f"{name}.floats"], to=_FLOAT),
        make("Sub", [f"{name}.floats", "q.eight"], [f"{name}.signed"]),
        make("Reshape", [f"{name}.signed", f"{name}.blocks"], [f"{name}.blocked"]),
        make("Cast", [f"{name}.steps"], [f"{name}.step_floats"], to=_FLOAT),
        make("Mul", [f"{name}.step_floats", "q.unit"], [f"{name}.step_units"]),
        make("Mul", [f"{name}.blocked", f"{name}.step_units"], [f"{name}.scaled"]),
        make("Round", [f"{name}.scaled"], [f"{name}.rounded"]),
        make("Reshape", [f"{name}.rounded", f"{name}.shape"], [f"{name}.unblocked"]),
        make("Cast", [f"{name}.unblocked"], [f"{name}.whole_weights"], to=_INT8),
    ]


def _product(node: onnx.NodeProto, name: str) -> list[onnx.NodeProto]:
    make, source = helper.make_node, node.input[0]
    bias = list(node.input[2:3])
    out = f"{name}.product" if bias else node.output[0]
    nodes = [
        make("MatMulInteger", [f"{source}.codes", f"{name}.whole_weights", "q.middle"], [f"{name}.sum"]),
        make("Cast", [f"{name}.sum"], [f"{name}.sum_float"], to=_FLOAT),
        make("Mul", [f"{name}.sum_float", f"{source}.scale"], [f"{name}.by_token"]),
        make("Mul", [f"{name}.by_token", f"{name}.column"], [out]),
    ]
    return [*nodes, make("Add", [out, *bias], [node.output[0]])] if bias else nodes


def quantize_embeddings(model: onnx.ModelProto, least: int = 4096) -> None:
    """Keep tables of at least `least` values, in place, as int8 with a scale a row; a row is restored when it is read."""
    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in [node for node in graph.node if node.op_type == "Gather"]:
        table = constants.get(node.input[0])
        if table is None or table.data_type != _FLOAT or len(table.dims) != 2 or np.prod(table.dims) < least:
            continue
        values = numpy_helper.to_array(table)
        scales = np.maximum(np.abs(values).max(axis=1, keepdims=True) / 127.0, 1e-12).astype(np.float32)
        name = node.output[0]
        graph.initializer.extend(
            [
                numpy_helper.from_array(np.rint(values / scales).astype(np.int8), f"{name}.table"),
                numpy_helper.from_array(scales, f"{name}.rows"),
            ]
        )
        made = [
            helper.make_node("Gather", [f"{name}.table", node.input[1]], [f"{name}.code"]),
            helper.make_node("Cast", [f"{name}.code"], [f"{name}.value"], to=_FLOAT),
            helper.make_node("Gather", [f"{name}.rows", node.input[1]], [f"{name}.row"]),
            helper.make_node("Mul", [f"{name}.value", f"{name}.row"], [name]),
        ]
        _replace(graph, node, made)
    _drop_unused(graph)


def _replace(graph: onnx.GraphProto, node: onnx.NodeProto, made: Sequence[onnx.NodeProto]) -> None:
    at = list(graph.node).index(node)
    graph.node.remove(node)
    for offset, new in enumerate(made):
        graph.node.insert(at + offset, new)


def _drop_unused(graph: onnx.GraphProto) -> None:
    used = {name for node in graph.node for name in node.input} | {output.name for output in graph.output}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)
