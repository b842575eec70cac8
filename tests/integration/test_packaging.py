"""The wheel holds all that an installed copy needs, and runs outside of the checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WHEEL_LIMIT = 100_000_000


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="hatchling is not installed: requirements/build.lock has it")
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("walkback-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def run(installed: Path, tmp_path: Path, *arguments: str) -> str:
    """Run Python on the installed copy alone, from an empty folder."""
    environment = {"PYTHONPATH": str(installed), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_every_file_of_the_package_the_models_and_the_configuration_is_in_the_wheel(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {str(path.relative_to(ROOT)) for path in (ROOT / "bot").rglob("*") if path.is_file()}
    for name in ("config", "models"):
        for path in (ROOT / name).rglob("*"):
            if path.is_file():
                wanted.add(f"bot/_shipped/{path.relative_to(ROOT)}")
    assert {name for name in wanted if "__pycache__" not in name} - held == set()
    assert not any(name.startswith(("tests/", "docs/")) for name in held)
    assert any(name.endswith("licenses/LICENSE") for name in held)


def test_the_wheel_stays_small(wheel: Path) -> None:
    assert wheel.stat().st_size < WHEEL_LIMIT


def test_an_installed_copy_finds_its_own_configuration(installed: Path, tmp_path: Path) -> None:
    script = (
        "from bot.config import load_configuration, shipped_path;"
        "print(shipped_path('config'), len(load_configuration(shipped_path('config')).positions))"
    )
    place, count = run(installed, tmp_path, "-c", script).split()
    assert Path(place) == installed / "bot" / "_shipped" / "config"
    assert int(count) >= 5


def test_an_installed_copy_judges_with_its_own_models(installed: Path, tmp_path: Path) -> None:
    text = tmp_path / "article.txt"
    text.write_text(
        "Russia could accept Ukraine in NATO after twenty years, Russia's Foreign Ministry said on Tuesday.\n"
    )
    assert '"position": "ru-nato"' in run(installed, tmp_path, "-m", "bot", "scan", str(text), "--json")
