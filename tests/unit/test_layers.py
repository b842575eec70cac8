"""The house stands: imports only point down (docs/architecture.md)."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BOT = ROOT / "bot"

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"domain", "errors", "ports"}),
    frozenset({"core"}),
    frozenset({"feeds", "reading", "detection", "store", "slack", "console", "charts", "training"}),
    frozenset({"stages"}),
    frozenset({"runtime", "web", "demo", "replay", "export"}),
    frozenset({"config", "app", "cli", "commands", "reference", "__main__"}),
)
PARTS = frozenset().union(*LAYERS)
EDGES = LAYERS[2]
ALLOWED_BETWEEN_EDGES = {("training", "detection")}
PURE_LIBRARIES = {"numpy", "snowballstemmer"}
IMPURE_STANDARD = {
    "asyncio", "concurrent", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "select",
    "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time",
    "urllib.request",
}  # fmt: skip


def part_of(module: str) -> str:
    """`bot.core.schedule` -> `core`."""
    return module.split(".")[1]


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    """Each imported module with its line: `bot.core` for `from bot.core import x`, `bot.x` for `from bot import x`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are written in full"
            if node.module == "bot":
                for alias in node.names:
                    yield node.lineno, f"bot.{alias.name}"
            else:
                yield node.lineno, node.module or ""


def modules() -> list[tuple[str, Path]]:
    found = []
    for path in sorted(BOT.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if name != "bot":
            found.append((name, path))
    return found


def broken_rules(module: str, path: Path) -> list[str]:
    """Return what a module imports against the rules, one sentence each."""
    here = part_of(module)
    level = {part: number for number, layer in enumerate(LAYERS) for part in layer}
    if here not in level:
        return [f"{module} belongs to no layer: name its layer in this test and in docs/architecture.md"]
    faults = []
    for line, name in imports_of(path):
        if not name.startswith("bot."):
            continue
        there = part_of(name)
        place = f"{module}, line {line}: {here} imports {name}"
        if level.get(there, len(LAYERS)) > level[here]:
            faults.append(f"{place}, which lies above it")
        elif here != there and {here, there} <= EDGES and (here, there) not in ALLOWED_BETWEEN_EDGES:
            faults.append(f"{place}: edges are joined by stages, not by each other")
    return faults


@pytest.mark.parametrize(("module", "path"), modules(), ids=lambda value: value if isinstance(value, str) else "")
def test_imports_only_point_down(module: str, path: Path) -> None:
    assert broken_rules(module, path) == []


@pytest.mark.parametrize("path", sorted((BOT / "core").glob("*.py")), ids=lambda path: path.name)
def test_core_is_pure(path: Path) -> None:
    for line, name in imports_of(path):
        top = name.split(".")[0]
        allowed = top in {"bot", *PURE_LIBRARIES} or (
            top in sys.stdlib_module_names and not {top, name} & IMPURE_STANDARD
        )
        assert allowed, f"{path.relative_to(ROOT)}:{line}: the core imports {name}"


@pytest.mark.parametrize("path", sorted((BOT / "core").glob("*.py")), ids=lambda path: path.name)
def test_core_asks_no_clock_and_opens_nothing(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in {"open", "print", "input"}, f"{path.name}:{node.lineno}: {called}"
            assert not called.endswith((".now", ".today", ".utcnow")), f"{path.name}:{node.lineno}: {called}"


def test_words_stand_on_the_standard_library_alone_but_for_arrays() -> None:
    for path in (BOT / "domain.py", BOT / "errors.py", *(BOT / "ports").glob("*.py")):
        for line, imported in imports_of(path):
            top = imported.split(".")[0]
            assert top in sys.stdlib_module_names or top in {"bot", "numpy"}, f"{path.name}:{line}: {imported}"


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("bot.core.x", "from bot.store import schema", "lies above it"),
        ("bot.feeds.x", "import bot.slack.post", "joined by stages"),
        ("bot.stages.x", "from bot import app", "lies above it"),
        ("bot.domain", "from bot.core import policies", "lies above it"),
        ("bot.novelty", "", "belongs to no layer"),
    ],
)
def test_a_breach_is_named(tmp_path: Path, module: str, source: str, complaint: str) -> None:
    path = tmp_path / "x.py"
    path.write_text(source)
    assert complaint in " ".join(broken_rules(module, path))
