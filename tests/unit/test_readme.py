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
import typer
from typer.core import TyperGroup
from typer.main import get_command

from bot import errors
from bot.cli import app
from bot.config import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if page.parent.name != "reference"]
OTHER_VARIABLES = {"WALKBACK_SHARED", "WALKBACK_CHECK_DIR", "WALKBACK_DESK"}
REFUSAL = typer.BadParameter.__mro__[2]
"""What the command line's library raises for whatever it does not understand; it has moved between its versions."""
SHELLS = {"sh", "bash", "console"}
FENCE = re.compile(r"(?P<mark><!-- run -->\n)?^```(?P<kind>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def runnable() -> list[Any]:
    """The blocks of each page that are marked to be run, in their order, as one script."""
    found = []
    for page in PAGES:
        marked = [block["body"] for block in FENCE.finditer(page.read_text(encoding="utf-8")) if block["mark"]]
        if marked:
            found.append(pytest.param("\n".join(marked), id=name_of(page)))
    return found


def blocks_of_commands(page: Path) -> list[str]:
    """What a page's blocks of commands have a shell do: continued lines in one, texts that are handed in left out."""
    found = []
    for block in FENCE.finditer(page.read_text(encoding="utf-8")):
        if block["kind"] not in SHELLS:
            continue
        body = re.sub(r"\\\n\s*|(?<=\|)\n\s*", " ", block["body"])
        body = re.sub(r"(<<-?'?(\w+)'?[^\n]*\n).*?^\2$", r"\1", body, flags=re.MULTILINE | re.DOTALL)
        if block["kind"] == "console":
            body = "\n".join(line[1:].strip() for line in body.splitlines() if line.startswith("$"))
        found.append(body)
    return found


def commands_in_blocks(page: Path) -> list[list[str]]:
    """Every `walkback …` of a page's blocks of commands, as words."""
    found = []
    for line in "\n".join(blocks_of_commands(page)).splitlines():
        for part in re.split(r"\|\|?|&&|;", line):
            command = re.match(r"\s*(?:[A-Z_]+=\S*\s+)*(walkback\s[^<>#]*)", part)
            if command:
                found.append(shlex.split(command[1]))
    return found


def commands_in_spans(page: Path) -> list[list[str]]:
    """Every `walkback …` between a page's backticks, as words."""
    spans = re.findall(r"`(walkback [^`\n]+)`", FENCE.sub("", page.read_text(encoding="utf-8")))
    return [shlex.split(re.split(r"[|<>…]", span)[0], comments=True) for span in spans]


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


def misunderstood(words: list[str]) -> str:
    """Say why the command line would refuse these words: "" where it would go to work."""
    command: Any = get_command(app)
    rest = words[1:]
    try:
        while isinstance(command, TyperGroup):
            if not rest or rest[0] not in command.commands:
                return "" if rest and rest[0] in ("--help", "--version") else f"no command in {' '.join(words)!r}"
            command = command.commands[rest.pop(0)]
        command.make_context(words[-1], rest)
    except typer.Exit:
        return ""
    except REFUSAL as fault:
        return str(fault.format_message())
    return ""


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
        timeout=1200,  # it only ends what hangs; a busy machine may take its time
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    if "--json" in script:
        lines = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
        assert any(line["alert"] for line in lines)


def test_the_first_steps_and_the_samples_are_run() -> None:
    run = {param.id: param.values[0] for param in runnable()}
    for page in ("README.md", "docs/quick-start.md"):
        for command in ("walkback scan", "walkback init", "walkback doctor", "walkback test"):
            assert command in run[page]
    assert {"docs/how-to/start-a-desk.md", "docs/how-to/scan-an-archive.md"} <= set(run)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_in_a_block_would_be_understood(page: Path) -> None:
    refused = [(" ".join(words), misunderstood(words)) for words in commands_in_blocks(page)]
    assert [each for each in refused if each[1]] == []


def test_git_ignores_what_the_blocks_that_are_run_write_into_a_checkout() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    script = "\n".join(param.values[0] for param in runnable())
    written = re.findall(r"> (\S+) <<", script)
    folders = re.findall(r"^walkback init (\w\S*)", script, re.MULTILINE)
    assert {"positions.yaml", "pairs.jsonl"} <= set(written)
    assert "my-desk" in folders
    assert [name for name in written if f"/{name}" not in ignored] == []
    assert [name for name in folders if f"/{name}/" not in ignored] == []


def test_every_block_says_what_it_is() -> None:
    kinds = {block["kind"] for page in PAGES for block in FENCE.finditer(page.read_text(encoding="utf-8"))}
    assert kinds <= SHELLS | {"text", "yaml", "json", "python", "toml", "html", "xml", "ini", "sql", "nginx", "promql"}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_and_option_named_exists(page: Path) -> None:
    assert [(" ".join(words), complaint(words)) for words in commands_in_spans(page) if complaint(words)] == []


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
    assert misunderstood(["walkback", "scan", "a.txt", "--json"]) == ""
    assert misunderstood(["walkback", "feeds", "--help"]) == ""
    for wrong, words in (
        (["walkback", "sing"], "no command"),
        (["walkback", "feeds", "sing"], "no command"),
        (["walkback", "scan"], "Missing argument"),
        (["walkback", "scan", "a.txt", "--loudly"], "No such option"),
        (["walkback", "positions", "show", "x", "--limit", "many"], "valid int"),
        (["walkback", "doctor", "please"], "unexpected extra argument"),
    ):
        assert words in misunderstood(wrong)


def test_commands_are_found_wherever_a_block_has_them(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```sh\ncat > x <<'END'\nwalkback sing\nEND\nA=1 walkback scan \\\n  x --json > y\n"
        "echo x |\n    walkback read - | wc\n```\n"
        "```console\n$ walkback packs\nwalkback is what it prints\n```\n```text\nwalkback sing\n```\n"
    )
    assert [" ".join(words) for words in commands_in_blocks(page)] == [
        "walkback scan x --json", "walkback read -", "walkback packs",
    ]  # fmt: skip


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
