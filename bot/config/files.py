"""Reading a configuration file into plain values, with the line of each.

The file is composed into ruamel.yaml's nodes and converted here: no tag is ever constructed, so a file cannot run code, an alias
cannot multiply without bound, and every fault knows its line.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bot.errors import ConfigurationError, Fault

MAX_BYTES = 2_000_000
MAX_VALUES = 50_000
MAX_DEPTH = 20
_TAG = "tag:yaml.org,2002:"

Where = tuple[str | int, ...]
"""A value's place: keys and indexes from the top of the file."""


@dataclass(slots=True, kw_only=True)
class Document:
    """One file as read: plain `data` ({} where unreadable), the line of each place, and the faults found so far."""

    path: Path
    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[Where, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    seen: int = 0
    _early: list[tuple[Where, str, str]] = field(default_factory=list)

    def fault(self, where: Where, problem: str, advice: str = "") -> None:
        """Record what is wrong at `where`, at the line of the nearest place that stands in the file."""
        at = where
        while at and at not in self.lines:
            at = at[:-1]
        self.faults.append(
            Fault(file=str(self.path), line=self.lines.get(at, 0), key=self.key(where), problem=problem, advice=advice)
        )

    def note(self, where: Where, problem: str, advice: str = "") -> None:
        """Keep a fault met while the data is not there yet, by which its key is named."""
        if (where, problem, advice) not in self._early:
            self._early.append((where, problem, advice))

    def settle(self, data: dict[str, Any]) -> None:
        """Take the data, and record the faults kept so far."""
        self.data = data
        for where, problem, advice in self._early:
            self.fault(where, problem, advice)

    def key(self, where: Where) -> str:
        """Return `where` as a person writes it: items of lists by their id, name or url where they have one."""
        words = ""
        value: Any = self.data
        for part in where:
            value = _inside(value, part)
            if isinstance(part, str):
                words += f".{part}" if words else part
            else:
                named = value if isinstance(value, dict) else {}
                label = next((named[k] for k in ("id", "name", "url") if isinstance(named.get(k), str)), part)
                words += f"[{label}]"
        return words

    def items(self, *where: str | int) -> list[dict[str, Any]]:
        """Return the mappings of the list at `where`, {} for an item that is none; [] where there is no list."""
        value: Any = self.data
        for part in where:
            value = _inside(value, part)
        return [item if isinstance(item, dict) else {} for item in value] if isinstance(value, list) else []


def read_document(path: Path, text: str | None = None, *, advice: str = "") -> Document:
    """Read a file, or `text` in its stead. Whatever is wrong becomes a fault of the document; `advice` is for a missing file."""
    document = Document(path=path)
    if text is None:
        text = _read_text(document, advice)
    if text is None:
        return document
    node = _compose(document, text)
    if node is None:
        return document
    document.lines[()] = node.start_mark.line + 1
    if not isinstance(node, MappingNode):
        document.fault((), f"should be a mapping, not {_kind(node)}", "Begin with a key and a colon.")
        return document
    data = _convert(document, node, ())
    if document.seen > MAX_VALUES:
        document.fault((), f"holds more than {MAX_VALUES} values", "Write values out instead of using aliases (*name).")
    else:
        document.settle(data)
    return document


def _read_text(document: Document, advice: str) -> str | None:
    try:
        raw = document.path.read_bytes()
    except FileNotFoundError:
        document.fault((), "there is no such file", advice)
    except OSError as error:
        document.fault((), f"cannot be read: {error.strerror}")
    else:
        if len(raw) > MAX_BYTES:
            document.fault((), f"is larger than {MAX_BYTES} bytes")
            return None
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = "\0"
        if "\0" not in text:
            return text
        document.fault((), "is not text", "Save it as UTF-8.")
    return None


def _compose(document: Document, text: str) -> Node | None:
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False
    try:
        node: Node | None = yaml.compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = "holds a second document (---)" if "another document" in (error.problem or "") else error.problem
        document.lines[()] = mark.line + 1 if mark else 0
        document.fault((), f"is not valid YAML: {problem}", "Check indentation, quotes and brackets near this line.")
    except YAMLError as error:
        document.fault((), f"is not valid YAML: {str(error).splitlines()[0]}")
    except RecursionError:
        document.fault((), "is nested too deeply")
    else:
        if node is None or (isinstance(node, ScalarNode) and not node.value):
            document.fault((), "is empty")
            return None
        return node
    return None


def _convert(document: Document, node: Node, where: Where) -> Any:
    document.seen += 1
    document.lines[where] = node.start_mark.line + 1
    if document.seen > MAX_VALUES:
        return None
    if len(where) > MAX_DEPTH:
        document.note(where[:3], "is nested too deeply")
        return None
    if isinstance(node, MappingNode):
        return _mapping(document, node, where)
    if isinstance(node, SequenceNode):
        return [_convert(document, item, (*where, index)) for index, item in enumerate(node.value)]
    return _scalar(document, node, where)


def _mapping(document: Document, node: MappingNode, where: Where) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = key_node.value if isinstance(key_node, ScalarNode) else str(_kind(key_node))
        place = (*where, key)
        if key in result:
            first = document.lines[place]
            document.lines[place] = key_node.start_mark.line + 1
            document.note(place, f"stands twice (first on line {first})")
            continue
        result[key] = _convert(document, value_node, place)
        document.lines[place] = key_node.start_mark.line + 1
    return result


def _scalar(document: Document, node: Node, where: Where) -> Any:
    kind = str(node.tag).removeprefix(_TAG)
    text = str(node.value)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in {"true", "yes", "on", "y"}
    try:
        if kind == "int":
            return int(text.replace("_", ""), 0)
        if kind == "float":
            return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        return text
    if kind not in {"str", "timestamp", "merge", "value"}:
        document.note(where, f"has the tag {node.tag}", "Only plain values are read.")
    return text


def _kind(node: Node) -> str:
    if isinstance(node, SequenceNode):
        return "a list"
    return "a mapping" if isinstance(node, MappingNode) else "a single value"


def _inside(value: Any, part: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None


def nearest(word: str, known: Iterable[str]) -> str:
    """Return advice that names the known word most like `word`, or all of them where none is."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"Did you mean «{close[0]}»?"
    return f"Known: {', '.join(names[:12])}{', …' if len(names) > 12 else ''}." if names else ""


def write_atomically(path: Path, text: str) -> None:
    """Put `text` in the place of the file at once, keeping its mode; a crash leaves the old file or the new one, never a part.

    Raises:
        ConfigurationError: the folder or the file cannot be written.
    """
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    except OSError as error:
        raise ConfigurationError([Fault(file=str(path), problem=f"cannot be written: {error.strerror}")]) from None
    finally:
        temporary.unlink(missing_ok=True)
