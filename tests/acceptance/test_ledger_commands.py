"""The ledger's commands as somebody types them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from event_wordings import BASELINE, PAUSE
from ledger_desk import POSITION, Said, ScriptedDesk, Vectors
from typed import Run

from bot.config import load_positions, shipped_path
from bot.domain import Relation
from bot.store.engine import open_engine
from bot.store.migrate import upgrade
from bot.training.data import read_rows

AT = datetime.now(UTC) - timedelta(hours=1)
"""The commands go by the clock."""
POSITIONS = f"""
holders:
  - name: Norland
    aliases: [Oster]
    voices: [{{name: Ada Berg, aliases: [Berg]}}]
positions:
  - id: {POSITION.id}
    holder: Norland
    topic: {POSITION.topic}
    baseline: {BASELINE}
    since: 2025-06-01
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, walkback: Run) -> Run:
    shutil.copytree(shipped_path("config"), tmp_path / "config")
    (tmp_path / "config" / "positions.yaml").write_text(POSITIONS, encoding="utf-8")
    monkeypatch.setenv("WALKBACK_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("WALKBACK_CONFIG_DIR", str(tmp_path / "config"))
    return walkback


@pytest.fixture
def desk(tmp_path: Path) -> ScriptedDesk:
    engine = open_engine(f"sqlite:///{tmp_path / 'walkback.db'}")
    upgrade(engine)
    made = ScriptedDesk(engine, Vectors())
    made.reads(Said(words=PAUSE[0], speaker="Ada Berg"), at=AT)
    return made


def test_a_position_shows_its_lines_and_what_was_said_on_it(run: Run, desk: ScriptedDesk) -> None:
    desk.actions.confirm(desk.deliveries()[0]["alert_key"], by="Ada", now=AT)
    code, out, _ = run("positions", "show", POSITION.id)
    assert code == 0
    assert f"since {AT:%Y-%m-%d}:\n  Norland could accept a twenty-year pause before Estmark joins the Alliance." in out
    assert f"before, since 2025-06-01 (configuration): {BASELINE}" in out
    assert f"softening     alert  Ada Berg (Wire): {PAUSE[0]}" in out
    code, out, _ = run("positions", "show", POSITION.id, "--json")
    first, second = (json.loads(line) for line in out.splitlines())
    assert (first["revision"], first["statements"], second["relation"], second["revision"]) == (2, 1, "softening", 1)


def test_a_tracked_position_is_listed_beside_the_configured_ones(run: Run, desk: ScriptedDesk) -> None:
    desk.actions.track(replace(POSITION, id="from-slack"), by="Ada", now=AT)
    _, out, _ = run("positions", "list", "--json")
    assert [json.loads(line)["id"] for line in out.splitlines()] == [POSITION.id, "from-slack"]
    assert run("positions", "show", "from-slack")[0] == 0
    assert run("positions", "show", "nothing")[0] == 2


def test_what_is_worth_judging_can_be_listed_and_labelled(run: Run, desk: ScriptedDesk) -> None:
    code, out, _ = run("train", "--review", "--json")
    (row,) = (json.loads(line) for line in out.splitlines())
    assert (code, row["statement"], row["position"]) == (0, PAUSE[0], POSITION.id)
    assert run("train", "--label", f"{row['id']}=softening")[0] == 0
    assert run("train", "--review", "--json")[1] == ""
    code, _, told = run("train", "--label", "x=boring")
    assert (code, "is not ID=RELATION" in told) == (2, True)


def test_what_the_desk_judged_is_exported_as_rows_that_training_reads(
    run: Run, desk: ScriptedDesk, tmp_path: Path
) -> None:
    assert run("export", "verdicts")[:2] == (0, "")
    desk.actions.confirm(desk.deliveries()[0]["alert_key"], by="Ada", now=AT)
    code, out, _ = run("export", "verdicts")
    (row,) = (json.loads(line) for line in out.splitlines())
    assert (code, row["statement"], row["relation"], row["by"], row["weight"]) == (0, PAUSE[0], "softening", "Ada", 1.0)
    code, out, told = run("export", "verdicts", "--output", str(tmp_path / "desk.jsonl"))
    assert (code, out, "1 row." in " ".join(told.split())) == (0, "", True)
    assert [read.relation for read in read_rows(tmp_path / "desk.jsonl")] == [Relation.SOFTENING]


def test_what_speakers_repeat_is_suggested_as_a_file_that_loads(run: Run, tmp_path: Path) -> None:
    archive = tmp_path / "archive.jsonl"
    said = "Ada Berg said that Norland rejects any foreign military base on the island of Vik."
    rows = [
        {"id": f"a{n}", "published": f"2026-01-0{n}T10:00:00Z", "title": "Vik", "url": f"https://x.example/{n}",
         "text": f"The press met in Oster on day {n}. {said} Snow fell on the harbour."}
        for n in (1, 2, 3)
    ]  # fmt: skip
    archive.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    code, out, _ = run("positions", "suggest", str(archive))
    assert code == 0
    (position,) = load_positions(tmp_path / "suggested.yaml", out)
    assert (position.holder.name, position.baseline) == (
        "Norland",
        "Norland rejects any foreign military base on the island of Vik.",
    )
    assert position.source == "https://x.example/1"
    assert "Said in 3 articles" in out
    assert run("positions", "suggest", str(archive), "--least", "4")[0] == 2
