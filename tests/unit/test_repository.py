"""What is committed stays fit to be public: no addresses of registries, no paths of one machine, no secrets, nothing huge."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
MODELS_LIMIT = 90_000_000
FILE_LIMIT = 80_000_000

# Written in two halves, so that this file does not hold what it forbids.
FORBIDDEN = {
    "the address of a registry": r"pypi\." r"org|python" r"hosted\.|npm" r"js\.(org|com)|deb\.deb" r"ian\.org|nodes" r"ource\.com",
    "a path of one machine": r"(?<![\w.])/(ro" r"ot|ho" r"me/[a-z]+|wo" r"rk|opt/w" r"b|opt/py" r"pi|Us" r"ers/[a-z]+)/",
    "a token of Slack": r"xox[abpers]-" r"\d{8,}-\d{8,}-[A-Za-z0-9]{16,}|hooks\.slack" r"\.com/services/T",
    "a key of a cloud": r"AK" r"IA[0-9A-Z]{16}|gh[pousr]" r"_[A-Za-z0-9]{36}",
    "a private key": r"-----BEGIN [A-Z ]*PRIV" r"ATE KEY-----",
}  # fmt: skip


@cache
def files() -> tuple[Path, ...]:
    """Every file that is, or would be, committed."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: what is committed cannot be told")
    listing = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True
    )
    found = (ROOT / name for name in listing.stdout.decode().split("\0") if name)
    return tuple(path for path in found if path.is_file())


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in files():
        if path.stat().st_size > 5_000_000:
            continue
        data = path.read_bytes()
        if b"\0" not in data:
            found.append((path, data.decode("utf-8")))
    return found


@pytest.mark.parametrize("what", FORBIDDEN)
def test_nothing_committed_holds(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("what", "sample"),
    [
        ("the address of a registry", "index = https://" + "pypi." + "org/simple"),
        ("a path of one machine", "open('/" + "home/anna/x')"),
        ("a token of Slack", "xoxb-" + "123456789012-123456789012-" + "a" * 24),
        ("a key of a cloud", "AK" + "IA" + "A" * 16),
        ("a private key", "-----BEGIN RSA PRIV" + "ATE KEY-----"),
    ],
)
def test_the_patterns_find_what_they_are_for(what: str, sample: str) -> None:
    assert re.search(FORBIDDEN[what], sample)


def test_models_and_files_stay_small() -> None:
    sizes = {path: path.stat().st_size for path in files()}
    assert [str(path) for path, size in sizes.items() if size > FILE_LIMIT] == []
    assert sum(size for path, size in sizes.items() if (ROOT / "models") in path.parents) < MODELS_LIMIT


def test_texts_are_utf_8_with_unix_line_ends_and_a_final_one() -> None:
    odd = [
        str(path.relative_to(ROOT))
        for path, text in texts()
        if text and path.suffix in {".py", ".md", ".yaml", ".toml", ".sh", ".html"}
        if "\r" in text or not text.endswith("\n")
    ]
    assert odd == []


def test_no_text_for_people_holds_a_place_still_to_be_filled() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path, text in texts()
        if path.suffix == ".md"
        for number, line in enumerate(text.splitlines(), 1)
        if "@@" in line
    ]
    assert found == []


def test_nothing_is_left_for_later() -> None:
    words = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImpl" + "ementedError")))
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path, text in texts()
        if path.suffix == ".py"
        for number, line in enumerate(text.splitlines(), 1)
        if words.search(line)
    ]
    assert found == []


def test_every_exemption_from_a_rule_has_its_reason() -> None:
    bare = []
    for path, text in texts():
        if path.suffix != ".py":
            continue
        for number, line in enumerate(text.splitlines(), 1):
            mark = re.search(
                r"#\s*(noqa|type: ignore|pragma: no cover)(?P<codes>:\s*[A-Z0-9, ]+\b|\[[\w, -]+\])?(?P<rest>.*)", line
            )
            if mark and (not mark["codes"] or not re.search(r"[A-Za-z]{4,}", mark["rest"])):
                bare.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert bare == []


def test_every_ignored_rule_in_pyproject_has_its_reason() -> None:
    section = (
        (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[tool.ruff.lint]")[1].split("\n[tool.mypy]")[0]
    )
    rules = [line.strip() for line in section.splitlines() if re.match(r'\s*("[A-Z]+\d*",|"[^"]+" = \["[A-Z])', line)]
    assert len(rules) > 10
    assert [rule for rule in rules if not re.search(r"# \w+.* \w+", rule)] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_pins_everything_by_hash_and_names_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE)
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert blocks
    assert [block.split()[0] for block in blocks if "==" not in block.split()[0] or "--hash=sha256:" not in block] == []


@pytest.mark.parametrize(
    ("lock", "extras"), [("run", ()), ("container", ("postgres",)), ("test", ("test", "postgres"))]
)
def test_the_locks_hold_what_pyproject_asks_for(lock: str, extras: tuple[str, ...]) -> None:
    pinned: dict[str, set[Version]] = {}
    for name, version in re.findall(
        r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / "requirements" / f"{lock}.lock").read_text(), re.MULTILINE
    ):
        pinned.setdefault(canonicalize_name(name), set()).add(Version(version))
    wanted = [*PROJECT["project"]["dependencies"]]
    for extra in extras:
        wanted += PROJECT["project"]["optional-dependencies"][extra]
    for text in wanted:
        requirement = Requirement(text)
        versions = pinned.get(canonicalize_name(requirement.name), set())
        assert versions, f"{requirement.name} is not locked: make lock"
        assert all(version in requirement.specifier for version in versions), f"{text}: {versions}: make lock"


@pytest.mark.parametrize("name", ["run", "container", "test", "build", "tools"])
def test_no_lock_but_the_trainers_brings_torch_or_cuda(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    assert not re.search(r"^(torch|transformers|nvidia-|triton)", text, re.MULTILINE)


@pytest.mark.parametrize("script", [".ci/run", "scripts/lock", "tests/container/check.sh"])
def test_scripts_can_be_run_and_stop_at_the_first_fault(script: str) -> None:
    path = ROOT / script
    assert path.stat().st_mode & 0o111
    assert "set -euo pipefail" in path.read_text(encoding="utf-8")


def test_the_version_stands_in_the_changelog() -> None:
    assert f"## [{PROJECT['project']['version']}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_compose_keeps_the_container_fenced_in() -> None:
    service = YAML(typ="safe").load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["bot"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert any(mount.startswith("/tmp") for mount in service["tmpfs"])
    assert set(service["volumes"]) == {"data:/data", "${WALKBACK_DESK:-./config}:/config:ro"}


def test_the_image_runs_as_its_own_user_and_has_a_health_check() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    last = len(lines) - 1 - [line.startswith("FROM ") for line in reversed(lines)].index(True)
    final = lines[last:]
    assert [line for line in final if re.fullmatch(r"USER [1-9]\d*:[1-9]\d*", line)]
    assert [line for line in final if line.startswith("HEALTHCHECK ")]
    assert 'ENTRYPOINT ["walkback"]' in final
