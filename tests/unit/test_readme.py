"""README and docs: their commands run, and every command, option, variable, target and link that they name exists."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from bot import errors
from bot.cli import app
from bot.config import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if page.parent.name != "reference"]
OTHER_VARIABLES = {"WALKBACK_SHARED", "WALKBACK_CHECK_DIR", "WALKBACK_DESK"}
FENCE = re.compile(r"(?P<mark><!-- run -->\n)?^```(?P<kind>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def runnable() -> list[Any]:
    return [
        pytest.param(block["body"], id=f"{name_of(page)}:{page.read_text()[: block.start()].count(chr(10)) + 1}")
        for page in PAGES
        for block in FENCE.finditer(page.read_text(encoding="utf-8"))
        if block["mark"]
    ]


def commands_in(page: Path) -> list[list[str]]:
    """Every `walkback …` of a page, from its shell blocks and its code spans, as words."""
    text = page.read_text(encoding="utf-8")
    lines = [line for block in FENCE.finditer(text) if block["kind"] == "sh" for line in block["body"].splitlines()]
    spans = re.findall(r"`(walkback [^`\n]+)`", FENCE.sub("", text))
    found = []
    for line in (*lines, *spans):
        part = re.search(r"(?:^|\|\s*)(walkback\s.+)", line.strip())
        if part:
            found.append(shlex.split(re.split(r"[|<>…]", part[1])[0], comments=True))
    return found


def complaint(words: list[str]) -> str:
    """Say what is wrong with a `walkback …` command line: "" where the command and its options exist."""
    command: Any = get_command(app)
    rest = words[1:]
    while rest and isinstance(command, TyperGroup):
        if rest[0].startswith("-"):
            break
        if rest[0] not in command.commands:
            return f"no command {rest[0]!r}"
        command = command.commands[rest.pop(0)]
    known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help"}
    unknown = [word for word in rest if word.startswith("--") and word.split("=")[0] not in known]
    return f"no option {', '.join(unknown)}" if unknown else ""


@pytest.mark.parametrize("script", runnable())
def test_the_blocks_marked_to_be_run_do_run(tmp_path: Path, script: str) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    walkback = folder / "walkback"
    walkback.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bot "$@"\n')
    walkback.chmod(0o755)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("WALKBACK_")},
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "OMP_NUM_THREADS": "1",
    }
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert lines
    assert any(line["alert"] for line in lines)


def test_there_are_blocks_to_run_in_readme_and_docs() -> None:
    assert len(runnable()) >= 3


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_and_option_named_exists(page: Path) -> None:
    assert [(" ".join(words), complaint(words)) for words in commands_in(page) if complaint(words)] == []


def test_the_readme_lists_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    command = get_command(app)
    assert isinstance(command, TyperGroup)
    shown = [name for name, child in command.commands.items() if not child.hidden]
    assert [name for name in shown if f"`walkback {name}" not in text] == []


def test_what_does_not_exist_is_noticed() -> None:
    assert complaint(["walkback", "sing"]) == "no command 'sing'"
    assert complaint(["walkback", "scan", "--loudly"]) == "no option --loudly"
    assert complaint(["walkback", "scan", "a.txt", "--json"]) == ""


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_variable_named_exists(page: Path) -> None:
    known = {f"WALKBACK_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES
    assert set(re.findall(r"\bWALKBACK_[A-Z_]+\b", page.read_text(encoding="utf-8"))) - known == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", FENCE.sub("", page.read_text(encoding="utf-8")))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_the_exit_codes_are_those_of_the_faults() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    documented = {int(code) for code in re.findall(r"^\| (\d) \|", text, re.MULTILINE)}
    assert {
        errors.ConfigurationError.exit_code,
        errors.InputError.exit_code,
        errors.EnvironmentFault.exit_code,
    } <= documented


def test_make_can_say_what_it_makes() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"make demo", "make test", "make check", "make run", "make lock"} <= {
        " ".join(line.split()[:2]) for line in listed.splitlines()
    }
