"""An ONNX file with its weights unfolded: what hangs on constants alone is computed, a matrix at a time, and stands in its place.

The runtime would do the same when it loads (constant folding), but all matrices at once and in single precision: five seconds
and 2.5 GB for an encoder whose unfolded weights are 100 MB. The file is read and written here as the protocol buffer that it is
(onnx.proto; field numbers are named below), since the package `onnx` is needed for training alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MODEL_GRAPH = 7
GRAPH_NODE, GRAPH_INITIALIZER, GRAPH_OUTPUT = 1, 5, 12
NODE_INPUT, NODE_OUTPUT, NODE_OP, NODE_ATTRIBUTE, NODE_DOMAIN = 1, 2, 4, 5, 7
ATTRIBUTE_NAME, ATTRIBUTE_INT, ATTRIBUTE_STRING = 1, 3, 4
TENSOR_DIMS, TENSOR_TYPE, TENSOR_NAME, TENSOR_RAW, TENSOR_EXTERNAL, TENSOR_LOCATION = 1, 2, 8, 9, 13, 14
VALUE_NAME = ENTRY_KEY = 1
ENTRY_VALUE = 2
TYPES: Mapping[int, type[np.generic]] = {
    1: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64, 9: np.bool_, 10: np.float16, 11: np.float64,
}  # fmt: skip
LEAST_APART = 1024
"""Bytes of a constant from which it stands in the file of weights."""

Array = NDArray[Any]
Attributes = Mapping[str, int | bytes]
Place = Callable[[Array], tuple[int, int]]
"""Stores an array's bytes apart, and returns where they begin and how many there are."""
Field = tuple[int, int | memoryview]
_FIXED = {1: 8, 5: 4}
"""Bytes of a field of fixed length, by its kind in the file."""

OPERATIONS: Mapping[str, Callable[[Sequence[Array], Attributes], Array]] = {
    "BitwiseAnd": lambda of, _: np.bitwise_and(of[0], of[1]),
    "BitShift": lambda of, how: np.left_shift(*of) if how["direction"] == b"LEFT" else np.right_shift(*of),
    "Concat": lambda of, how: np.concatenate(of, axis=int(how["axis"])),
    "Cast": lambda of, how: of[0].astype(TYPES[int(how["to"])]),
    "Sub": lambda of, _: np.subtract(of[0], of[1]),
    "Mul": lambda of, _: np.multiply(of[0], of[1]),
    "Round": lambda of, _: np.rint(of[0]),
    "Reshape": lambda of, _: of[0].reshape(tuple(int(size) for size in of[1])),
}
"""What is computed here; anything else is left to the runtime, with all that hangs on it."""
NESTED = frozenset({"If", "Loop", "Scan"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """A step of the graph, and the bytes that say so."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    operation: str
    attributes: Attributes
    raw: memoryview


def unfolded(model: memoryview, place: Place | None = None, location: str = "") -> bytes | None:
    """Return the model unfolded, None where there is nothing to unfold.

    Args:
        model: The file's bytes.
        place: Where large constants go; None for keeping them in the model.
        location: The name of the file that `place` writes, as the model is to cite it.
    """
    parts = list(_fields(model))
    graph = next((value for number, value in parts if number == MODEL_GRAPH), None)
    if not isinstance(graph, memoryview):
        return None
    fields = list(_fields(graph))
    messages = [(number, value) for number, value in fields if isinstance(value, memoryview)]
    nodes = [_node(value) for number, value in messages if number == GRAPH_NODE]
    kept = {_text_of(value, TENSOR_NAME): value for number, value in messages if number == GRAPH_INITIALIZER}
    outputs = [_text_of(value, VALUE_NAME) for number, value in messages if number == GRAPH_OUTPUT]
    if any(node.operation in NESTED for node in nodes):
        return None  # what they take from around them is not named among their inputs
    left, made = _folded(nodes, kept, frozenset(outputs), place, location)
    if len(left) == len(nodes):
        return None
    used = {name for node in left for name in node.inputs} | set(outputs)
    constants = [_apart(tensor, place, location) for name, tensor in kept.items() if name in used]
    body = b"".join(
        [
            *(_written(GRAPH_NODE, node.raw) for node in left),
            *(_written(GRAPH_INITIALIZER, tensor) for tensor in (*made.values(), *constants)),
            *(_written(*field) for field in fields if field[0] not in {GRAPH_NODE, GRAPH_INITIALIZER}),
        ]
    )
    return b"".join(_written(number, body if number == MODEL_GRAPH else value) for number, value in parts)


def _folded(
    nodes: Sequence[_Node],
    kept: Mapping[str, memoryview],
    outputs: frozenset[str],
    place: Place | None,
    location: str,
) -> tuple[list[_Node], dict[str, bytes]]:
    """Return the nodes that stay, and as tensors by name what they need of those that go."""
    waiting = Counter(name for node in nodes for name in node.inputs)
    values: dict[str, Array] = {}
    left: list[_Node] = []
    made: dict[str, bytes] = {}
    for node in nodes:
        if node.operation in OPERATIONS and not outputs.intersection(node.outputs):
            inputs = [values[name] if name in values else _array(kept.get(name)) for name in node.inputs]
        else:
            inputs = [None]
        known = [value for value in inputs if value is not None]
        if known and len(known) == len(inputs):
            values[node.outputs[0]] = np.asarray(OPERATIONS[node.operation](known, node.attributes))
        else:
            left.append(node)
            needed = [name for name in node.inputs if name in values and name not in made]
            made |= {name: _tensor(name, values[name], place, location) for name in needed}
        for name in node.inputs:
            waiting[name] -= 1
            if not waiting[name]:
                values.pop(name, None)
    return left, made


def _node(raw: memoryview) -> _Node:
    inputs, outputs, operation = [], [], ""
    attributes: dict[str, int | bytes] = {}
    for number, value in _fields(raw):
        if not isinstance(value, memoryview):
            continue
        if number == NODE_INPUT:
            inputs.append(bytes(value).decode())
        elif number == NODE_OUTPUT:
            outputs.append(bytes(value).decode())
        elif number == NODE_OP:
            operation = bytes(value).decode()
        elif number == NODE_DOMAIN and value:
            operation = f"{bytes(value).decode()}.{operation}"
        elif number == NODE_ATTRIBUTE:
            attributes |= _attribute(value)
    return _Node(inputs=tuple(inputs), outputs=tuple(outputs), operation=operation, attributes=attributes, raw=raw)


def _attribute(raw: memoryview) -> dict[str, int | bytes]:
    name, found = "", None
    for number, value in _fields(raw):
        if number == ATTRIBUTE_NAME and isinstance(value, memoryview):
            name = bytes(value).decode()
        elif number in {ATTRIBUTE_INT, ATTRIBUTE_STRING}:
            found = _signed(value) if isinstance(value, int) else bytes(value)
    return {} if found is None else {name: found}


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def _array(tensor: memoryview | None) -> Array | None:
    """Return a constant's value, None where there is none or it is not kept as plain bytes."""
    if tensor is None:
        return None
    kind, dims, raw = 0, [], None
    for number, value in _fields(tensor):
        if number == TENSOR_TYPE and isinstance(value, int):
            kind = value
        elif number == TENSOR_DIMS:
            dims += [value] if isinstance(value, int) else list(_numbers(value))
        elif number == TENSOR_RAW and isinstance(value, memoryview):
            raw = value
    if raw is None or kind not in TYPES:
        return None
    return np.frombuffer(raw, dtype=TYPES[kind]).reshape(dims)


def _tensor(name: str, array: Array, place: Place | None, location: str) -> bytes:
    kind = next(number for number, known in TYPES.items() if array.dtype == known)
    head = b"".join(_written(TENSOR_DIMS, size) for size in array.shape)
    head += _written(TENSOR_TYPE, kind) + _written(TENSOR_NAME, name.encode())
    return head + _stored(np.ascontiguousarray(array), place, location)


def _apart(tensor: memoryview, place: Place | None, location: str) -> bytes | memoryview:
    """Return a constant with its bytes in the file of weights, where they are many."""
    array = _array(tensor)
    if array is None or place is None or array.nbytes < LEAST_APART:
        return tensor
    return _tensor(_text_of(tensor, TENSOR_NAME), array, place, location)


def _stored(array: Array, place: Place | None, location: str) -> bytes:
    if place is None or array.nbytes < LEAST_APART:
        return _written(TENSOR_RAW, array.tobytes())
    start, length = place(array)
    entries = {"location": location, "offset": str(start), "length": str(length)}
    told = [_written(ENTRY_KEY, key.encode()) + _written(ENTRY_VALUE, value.encode()) for key, value in entries.items()]
    return b"".join(_written(TENSOR_EXTERNAL, entry) for entry in told) + _written(TENSOR_LOCATION, 1)


def _text_of(message: memoryview, wanted: int) -> str:
    found = next((value for number, value in _fields(message) if number == wanted), b"")
    return "" if isinstance(found, int) else bytes(found).decode()


def _fields(message: memoryview) -> Iterator[Field]:
    """Yield the fields of a message: numbers as such, everything else as its bytes. ValueError for what is no message."""
    at = 0
    while at < len(message):
        key, at = _number(message, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _number(message, at)
            yield number, value
            continue
        if wire == 2:
            length, at = _number(message, at)
        elif wire in _FIXED:
            length = _FIXED[wire]
        else:
            raise ValueError(f"field {number} of kind {wire}")
        if at + length > len(message):
            raise ValueError(f"field {number} ends after its message")
        yield (number if wire == 2 else -number * 8 - wire), message[at : at + length]
        at += length


def _number(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("a number without an end")
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def _numbers(packed: memoryview) -> Iterator[int]:
    at = 0
    while at < len(packed):
        value, at = _number(packed, at)
        yield value


def _written(number: int, value: int | bytes | memoryview) -> bytes:
    """Return a field. A number below 0 stands for a field of fixed length, as `_fields` names it."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    if number < 0:
        return _varint(-number) + bytes(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + bytes(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
