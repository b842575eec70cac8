"""Weights of few bits and activations of eight: an ONNX graph's matrices become integers, its embedding tables int8.

A matrix is kept as whole numbers of a scale a column; one of 4 bits has a small multiplier for every 32 weights besides, and the
runtime unfolds it when it loads. Activations are scaled by the token, in the graph: what is computed for a token hangs on
that token alone, and one with a huge value, as some have, spoils no other's precision. Weights take 7 bits of their 8, since the
kernel of processors without VNNI adds two products in 16 bits. Inputs that are large by habit are made smaller and their weights
larger (SmoothQuant, Xiao et al. 2023, arXiv:2211.10438), where they have been measured.

Rounding follows GPTQ (Frantar et al. 2023, arXiv:2210.17323): each row of weights takes over the error of those before it, by how
the inputs go together. Where nothing has been measured it is plain rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

BLOCK = 32
MOST = 63
"""The largest weight, as an integer."""
_STEPS = 127
_UNIT = np.float32(MOST / 8 / _STEPS)
_SHRINK = np.linspace(0.75, 1.05, 7, dtype=np.float32)
_DAMPING = 0.01
_FLOAT, _UINT8, _INT8 = onnx.TensorProto.FLOAT, onnx.TensorProto.UINT8, onnx.TensorProto.INT8

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What went into a layer: `hessian` is the mean of x xT, (inputs, inputs), `most` the largest magnitude of each input."""

    hessian: Floats
    most: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantized:
    """A (inputs, outputs) matrix as integers. `steps` is None for 8 bits, where `codes` are the weights themselves.

    With 4 bits a weight is (code - 8) * step * _UNIT, rounded; `codes` is (inputs, outputs) in 0..15 and `steps`, in
    -127..127, is (inputs / BLOCK, outputs). Either way the column's scale, shape (outputs,), makes a number of it.
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
        """Return the matrix that the integers stand for."""
        return self.integers().astype(np.float32) * self.scales


def quantized(weight: Floats, bits: int, hessian: Floats | None = None, upper: Floats | None = None) -> Quantized:
    """Return a matrix in `bits` (4 or 8).

    Args:
        weight: Shape (inputs, outputs); for 4 bits, inputs are a multiple of 2 * BLOCK.
        bits: 4 or 8.
        hessian: Mean of x xT over inputs x, shape (inputs, inputs); None for plain rounding.
        upper: What `_inverse_root` makes of it, where it is at hand.
    """
    weight = np.array(weight, dtype=np.float32)
    if bits == 8:
        scales = np.maximum(np.abs(weight).max(axis=0) / MOST, np.float32(1e-12))
        return Quantized(codes=np.rint(weight / scales).astype(np.int8), steps=None, scales=scales)
    importance = np.ones(len(weight), np.float32) if hessian is None else np.diag(hessian).astype(np.float32)
    importance = importance / max(float(importance.mean()), 1e-12) + np.float32(0.01)
    upper = _inverse_root(hessian) if hessian is not None and upper is None else upper
    scales = np.maximum(np.abs(weight).max(axis=0) * np.float32(1.05) / MOST, np.float32(1e-12))
    codes, steps = np.empty(weight.shape, np.uint8), np.empty((len(weight) // BLOCK, weight.shape[1]), np.int8)
    for number, at in enumerate(range(0, len(weight), BLOCK)):
        block = slice(at, at + BLOCK)
        steps[number] = _best_steps(weight[block] / scales, importance[block])
        errors = np.zeros((BLOCK, weight.shape[1]), np.float32)
        for row in range(at, at + BLOCK):
            wanted = weight[row] / scales
            codes[row] = _codes(wanted, steps[number])
            if upper is None:
                continue
            gap = (wanted - _unfolded(codes[row].astype(np.float32), steps[number])) * scales / upper[row, row]
            weight[row + 1 : at + BLOCK] -= upper[row, row + 1 : at + BLOCK, None] * gap
            errors[row - at] = gap
        if upper is not None:
            weight[at + BLOCK :] -= upper[block, at + BLOCK :].T @ errors
    return Quantized(codes=codes, steps=steps, scales=scales)


def _codes(wanted: Floats, steps: NDArray[np.int8]) -> NDArray[np.uint8]:
    result: NDArray[np.uint8] = np.clip(np.rint(wanted / (steps.astype(np.float32) * _UNIT)) + 8, 0, 15).astype(
        np.uint8
    )
    return result


def _unfolded(codes: Floats, steps: NDArray[np.int8]) -> Floats:
    result: Floats = np.rint((codes - np.float32(8)) * (steps.astype(np.float32) * _UNIT))
    return result


def _best_steps(block: Floats, importance: Floats) -> NDArray[np.int8]:
    """Return each column's multiplier with the least weighted error; the largest weight takes the longer, negative side."""
    largest = np.take_along_axis(block, np.abs(block).argmax(axis=0)[None], axis=0)[0]
    full = -largest / 8 / _UNIT
    best, least = np.ones(full.shape, np.int8), np.full(full.shape, np.inf, np.float32)
    for factor in _SHRINK:
        steps = np.clip(np.rint(full * factor), -_STEPS, _STEPS).astype(np.int8)
        steps[steps == 0] = 1
        values = _unfolded(_codes(block, steps).astype(np.float32), steps)
        error = ((values - block) ** 2 * importance[:, None]).sum(axis=0)
        best, least = np.where(error < least, steps, best), np.minimum(error, least)
    return best


def _inverse_root(hessian: Floats) -> Floats:
    """Return the upper Cholesky factor of the damped inverse, as GPTQ uses it."""
    damped = np.array(hessian, dtype=np.float32)
    damped[np.diag_indices_from(damped)] += _DAMPING * max(float(np.diag(damped).mean()), 1e-12)
    inverse = np.linalg.inv(damped)
    lower = np.linalg.cholesky((inverse + inverse.T) / 2)
    return np.ascontiguousarray(lower.T)


def quantize_matrices(
    model: onnx.ModelProto, bits: Callable[[str], int], measured: Mapping[str, Inputs] | None = None
) -> None:
    """Replace, in place, each product with a constant matrix by one of integers.

    Args:
        model: The graph, of opset 18 or later; products are `MatMul`, or `Gemm` as torch writes a linear layer.
        bits: Gives 4 or 8 for a node's name.
        measured: What went into the layers, by their names in torch; layers with one input may share one entry.
    """
    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer if len(tensor.dims) == 2}
    by_source: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        if node.op_type in {"MatMul", "Gemm"} and node.input[1] in constants:
            by_source.setdefault(node.input[0], []).append(node)
    _constants(graph)
    for source, nodes in by_source.items():
        weights = [numpy_helper.to_array(constants[node.input[1]]) for node in nodes]
        weights = [w.T if node.op_type == "Gemm" else w for w, node in zip(weights, nodes, strict=True)]
        found = next((m for node in nodes if (m := (measured or {}).get(layer_name(node.name)))), None)
        even = np.ones(len(weights[0]), np.float32) if found is None else _evened(found, weights)
        hessian = None if found is None else found.hessian / np.outer(even, even)
        fine = any(bits(node.name) == 4 for node in nodes)
        upper = _inverse_root(hessian) if hessian is not None and fine else None
        first = _activation(graph, source, None if found is None else even)
        for node, weight in zip(nodes, weights, strict=True):
            name = layer_name(node.name)
            made = quantized(weight * even[:, None], bits(node.name), hessian, upper)
            _replace(graph, node, [*first, *_weights(graph, name, made), *_product(node, name)])
            first = []
    _drop_unused(graph)


def _evened(found: Inputs, weights: Sequence[Floats]) -> Floats:
    """Return by what each input is divided and its weights multiplied, so that neither has all of the unevenness."""
    largest = np.max([np.abs(weight).max(axis=1) for weight in weights], axis=0)
    even = np.sqrt(np.maximum(found.most, 1e-5) / np.maximum(largest, 1e-5))
    result: Floats = np.clip(even / np.median(even), 0.02, 50.0).astype(np.float32)
    return result


def layer_name(node: str) -> str:
    """Return what torch calls the layer of an exported node: "/trunk/encoder/layer.0/q/MatMul" is "trunk.encoder.layer.0.q"."""
    return node.strip("/").rpartition("/")[0].replace("/", ".")


def _constants(graph: onnx.GraphProto) -> None:
    values = {"q.middle": np.uint8(128), "q.middle_float": np.float32(128), "q.most": np.float32(127),
              "q.least": np.float32(1e-12), "q.last": np.array([-1]), "q.low": np.uint8(15), "q.four": np.uint8(4),
              "q.eight": np.float32(8), "q.unit": _UNIT}  # fmt: skip
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
