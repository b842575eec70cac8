"""What tests of every kind share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from postgres_databases import Databases
from postgres_server import Server
from sqlalchemy import Engine
from typed import Run, command_line

from bot.store.engine import open_engine
from bot.store.migrate import upgrade

settings.register_profile("walkback", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("walkback")

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get("WALKBACK_TEST_POSTGRES", "")
"""The address of a PostgreSQL server to use; left out, one is started for the run from the package in the extra `test`."""
BACK_ENDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of corpus, data and evaluation cases, which is no part of the repository."""
    folder = Path(os.environ.get("WALKBACK_SHARED", ROOT.parent / "shared")).resolve()
    if not (folder / "corpus" / "gold.jsonl").is_file():
        pytest.skip(f"no folder of corpus and data at {folder} (WALKBACK_SHARED names another)")
    return folder


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Undo what a command configured, so that no later test logs into its captured stream."""
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _no_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a developer's own token, database and addresses out of every test."""
    for name in os.environ:
        if name.startswith("WALKBACK_") and name != "WALKBACK_SHARED":
            monkeypatch.delenv(name)


@pytest.fixture
def walkback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line."""
    return command_line(monkeypatch, capsys)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """A PostgreSQL server of our own, which a test may restart, started when the first test asks."""
    with Server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """A PostgreSQL server with databases for the tests."""
    with Databases(POSTGRES or request.getfixturevalue("postgres_server").url()) as databases:
        yield databases


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with this version's tables and nothing in them, to be copied."""
    path = tmp_path_factory.mktemp("template") / "store.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(params=BACK_ENDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables, on each back end in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
    else:
        with request.getfixturevalue("postgres").empty() as url:
            yield url


@pytest.fixture(params=BACK_ENDS)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with this version's tables and nothing in them, on each back end in turn."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "store.db")
        yield f"sqlite:///{tmp_path / 'store.db'}"
    else:
        with request.getfixturevalue("postgres").prepared() as url:
            yield url


@pytest.fixture
def empty_store(empty_url: str) -> Iterator[Engine]:
    """A database without tables, open; the test runs on each back end."""
    engine = open_engine(empty_url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(store_url: str) -> Iterator[Engine]:
    """A database with this version's tables and nothing in them, open; the test runs on each back end."""
    engine = open_engine(store_url)
    yield engine
    engine.dispose()
