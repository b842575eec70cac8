"""README and docs: their commands run, and every command, option, variable, target and link that they name exists."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from documented_desk import furnish
from shell_here import Done, run_script
from typed import Run
from typer.core import TyperGroup
from typer.main import get_command

from bot import errors
from bot.cli import app
from bot.commands import replay_bench, scanning
from bot.config import Settings
from bot.detection.detector import load_detector

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [page for page in PAGES if page.parent.name != "reference"]
OTHER_VARIABLES = {"WALKBACK_SHARED", "WALKBACK_CHECK_DIR", "WALKBACK_DESK"}
REFUSAL = typer.BadParameter.__mro__[2]
"""What the command line's library raises for whatever it does not understand; it has moved between its versions."""
SHELLS = {"sh", "bash", "console"}
FENCE = re.compile(
    r"(?:<!-- (?P<mark>run(?:: desk)?) -->\n)?^```(?P<kind>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
ALONE, IN_A_DESK = "run", "run: desk"
NOT_RUN = {
    ("README.md", "make demo"): "sets up an environment; tests/integration/test_demo.py runs the demonstration",
    ("README.md", ". .venv/bin/activate"): "the environment of a checkout that `make` set up",
    (
        "README.md",
        "walkback once",
    ): "reads the desk's feeds in the web, and `run` goes on for ever",
    ("docs/benchmarks.md", "python tests/benchmarks/poll.py --reader PYTHON     # PYTHON has the library `reader`"): (
        "minutes each, and libraries that are compared with"
    ),
    ("docs/detector.md", "walkback train                          # on our own pairs"): (
        "minutes, replaces the shipped model, and wants the corpus"
    ),
    ("docs/detector.md", "walkback train --encoder --weights DIR --public pairs.jsonl.gz --run encoder-run"): (
        "hours, torch and a public model's weights"
    ),
    ("docs/detector.md", "walkback evaluate cases.jsonl --baselines --ablations --report out"): (
        "minutes of fitting, and the corpus"
    ),
    (
        "docs/detector.md",
        """grep '"split":"test"' models/data/pairs.jsonl | grep '"evidence":"[^"]' > frozen.jsonl""",
    ): "minutes of encoding",
    ("docs/operating.md", "pip install 'walkback[postgres]'"): "a PostgreSQL, and workers go on for ever",
    ("docs/operating.md", "# stop the bot"): "a PostgreSQL; tests/acceptance/test_store_commands.py copies a store",
    ("docs/quick-start.md", "make demo"): "sets up an environment",
    ("docs/quick-start.md", ". .venv/bin/activate"): "the environment of a checkout that `make` set up",
    ("docs/quick-start.md", "walkback feeds check"): "reads the desk's feeds in the web",
    ("docs/quick-start.md", "walkback run"): "goes on for ever",
    ("docs/replay.md", "python tests/evaluation/replay_corpus.py ../shared --report report"): "minutes, and the corpus",
    (
        "docs/slack.md",
        "WALKBACK_SLACK_API_URL=https://proxy.example.org/slack/api/ walkback doctor",
    ): "a proxy to Slack",
    ("docs/how-to/add-a-feed.md", 'walkback feeds add https://example.org/rss.xml --name "Example Agency"'): (
        "asks for the feed in the web; tests/integration/test_feeds_check.py does on loopback"
    ),
    ("docs/how-to/run-it-for-good.md", "cp -r config my-desk                            # and edit it"): "docker",
    ("docs/how-to/start-a-desk.md", "walkback init"): "asks a person; the block below it answers by options",
}
"""By page and first line: the blocks of commands that are not run, and what they need that a test has not."""


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def runnable(mark: str = ALONE) -> list[Any]:
    """The blocks of each page that have this mark, in their order, as one script."""
    found = []
    for page in PAGES:
        marked = [block["body"] for block in FENCE.finditer(page.read_text(encoding="utf-8")) if block["mark"] == mark]
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


@pytest.mark.parametrize("script", [page for page in runnable() if page.id == "README.md"])
def test_the_readmes_blocks_run_in_processes_of_their_own(tmp_path: Path, script: str) -> None:
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
    alerts(script, ran.stdout)


def alerts(script: str, out: str) -> None:
    """Whoever asks for JSON of a sample is shown an alert."""
    if "--json" in script:
        assert any(json.loads(line)["alert"] for line in out.splitlines() if line.startswith("{"))


loaded = cache(load_detector)
VARIABLES = {f"WALKBACK_{name.upper()}" for name in Settings.model_fields}


@pytest.fixture
def shell(tmp_path: Path, walkback: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Done]:
    """Runs a script in a fresh folder; models are loaded once for all of them."""
    monkeypatch.chdir(tmp_path)
    for module in (replay_bench, scanning):
        monkeypatch.setattr(module, "load_detector", loaded)
    return lambda script: run_script(script, tmp_path, walkback, VARIABLES)


@pytest.mark.parametrize("script", [page for page in runnable() if page.id != "README.md"])
def test_the_blocks_marked_to_be_run_do_run(script: str, shell: Callable[[str], Done]) -> None:
    ended = shell(script)
    assert ended.code == 0, ended.out + ended.err
    alerts(script, ended.out)


def test_a_block_that_fails_is_noticed_and_runs_no_further(shell: Callable[[str], Done], tmp_path: Path) -> None:
    ended = shell("walkback --version\nA=$(echo x)\nwalkback sing $A\ntouch late")
    assert (ended.code, (tmp_path / "late").exists()) == (2, False)
    assert (ended.out.startswith("walkback"), "sing" in ended.err) == (True, True)


def test_what_a_block_exports_holds_for_its_commands_alone(shell: Callable[[str], Done], tmp_path: Path) -> None:
    (tmp_path / "in").write_text('{"title": "t", "text": "Nothing is said here."}', encoding="utf-8")
    script = "WALKBACK_CONFIG_DIR=gone walkback scan - < in || echo refused $?\nwalkback scan - < in > out"
    ended = shell(script)
    assert (ended.code, ended.out) == (0, "refused 2\n")


PRINTED = ""
COMES_OF_IT = {
    "docs/replay.md": (
        (PRINTED, "\n2026-01-26T09:00:00+00:00 ru-nato softening"),
        (PRINTED, "\nstays: 2026-01-26T09:00:00+00:00 ru-nato softening"),
        (PRINTED, "write `alert_at: 0."),
        (PRINTED, "\nk,ru-nato,Russia,"),
        (PRINTED, '\n[\n{"position": "ru-nato", '),
        ("report/report.html", "Russia could accept Ukraine in NATO"),
        ("shifts.atom", "https://desk.example/shifts.atom"),
    ),
    "docs/ledger.md": (("suggested.yaml", "baseline: Russia again rejected any membership of Ukraine in NATO"),),
    "docs/operating.md": ((PRINTED, "sound, "),),
    "docs/page.md": (),
    "docs/quick-start.md": (
        (PRINTED, "ru-nato softening"),
        (PRINTED, "alert  Sergei Lavrov (Wire): Russia could accept"),
    ),
    "docs/how-to/add-a-position.md": ((PRINTED, "--baseline"),),
    "docs/how-to/scan-an-archive.md": (("found.jsonl", '{"document": "m4.txt", '), ("found.jsonl", '"alert": true')),
}
"""By page: the words that its blocks print, or write into a file."""


@pytest.mark.parametrize("script", runnable(IN_A_DESK))
def test_the_blocks_that_need_a_desk_run_in_one(
    script: str, request: pytest.FixtureRequest, tmp_path: Path, shell: Callable[[str], Done]
) -> None:
    furnish(tmp_path)
    ended = shell(f'export WALKBACK_CONFIG_DIR="$PWD/config"\n{script}')
    assert ended.code == 0, ended.out + ended.err
    for file, words in COMES_OF_IT[request.node.callspec.id]:
        found = (tmp_path / file).read_text(encoding="utf-8") if file else f"\n{ended.out}{ended.err}"
        assert words in found


def test_every_block_of_commands_is_run_or_said_to_be_not() -> None:
    blocks = [
        (name_of(page), block["body"].splitlines()[0], block["mark"])
        for page in PAGES
        for block in FENCE.finditer(page.read_text(encoding="utf-8"))
        if block["kind"] in SHELLS
    ]
    assert {(page, first) for page, first, mark in blocks if not mark} == set(NOT_RUN)


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
