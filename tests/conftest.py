"""What tests of every kind share."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from bot.store.engine import open_engine
from bot.store.migrate import upgrade

settings.register_profile("walkback", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("walkback")

ROOT = Path(__file__).resolve().parent.parent
POSTGRES = os.environ.get("WALKBACK_TEST_POSTGRES", "")
"""A PostgreSQL server; where one is named, the store's tests run on it, too."""


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


@pytest.fixture(params=["sqlite", "postgresql"] if POSTGRES else ["sqlite"])
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without tables."""
    if request.param == "sqlite":
        engine = open_engine(f"sqlite:///{tmp_path / 'store.db'}")
        yield engine
        engine.dispose()
        return
    schema = f"test_{uuid.uuid4().hex}"
    server = open_engine(POSTGRES)
    with server.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    address = make_url(POSTGRES).update_query_dict({"options": f"-csearch_path={schema}"})
    engine = open_engine(address.render_as_string(hide_password=False))
    yield engine
    engine.dispose()
    with server.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    server.dispose()


@pytest.fixture
def store(empty_store: Engine) -> Engine:
    """A database with this version's tables and nothing in them."""
    upgrade(empty_store)
    return empty_store
