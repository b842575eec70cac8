"""`walkback replay` as somebody types it, over articles that we wrote. Only the models are made up."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest
from replay_samples import KeywordDetector, SampleMaker
from typed import Ended, Run

from bot.commands import replay_bench
from bot.config import load_positions, shipped_path
from bot.detection.manifest import read_manifest
from bot.domain import Article, identify
from bot.store import articles, positions, schema
from bot.store.articles import Arrival
from bot.store.engine import open_engine, snapshot, transaction
from bot.store.migrate import upgrade

KEYS = ["at", "position", "relation", "statement", "speaker", "document", "probability", "corroborations", "disputed"]
POSITIONS = """
holders:
  - name: Norland
    voices: [{name: Ada Berg, aliases: [Berg]}]
positions:
  - {id: no-tanks, holder: Norland, topic: tanks for Sudland, since: 2026-01-01,
     baseline: "Norland will never send tanks to Sudland."}
  - {id: harbour, holder: Norland, topic: the harbour of Eastport, since: 2026-02-01,
     baseline: "Norland will never sell the harbour of Eastport."}
"""
KEEPS = "Norland will never send tanks to Sudland, Premier Ada Berg said on Saturday."
COULD = "Norland could send tanks to Sudland, Premier Ada Berg said on Monday."
AGAIN = "Premier Ada Berg told parliament that Norland could send its tanks to Sudland."
MAY = "Norland may sell the harbour of Eastport, Premier Ada Berg said on Tuesday."
ARTICLES = (
    ("keeps", "2026-01-10T09:00:00Z", KEEPS),
    ("could", "2026-01-12T09:00:00Z", COULD),
    ("again", "2026-01-12T11:30:00Z", AGAIN),
    ("may", "2026-02-10T09:00:00Z", MAY),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(shipped_path("config"), tmp_path / "config")
    (tmp_path / "config" / "positions.yaml").write_text(POSITIONS, encoding="utf-8")
    desk = tmp_path / "config" / "desk.yaml"  # what its detector believes of a shift lies between 0.4 and 0.9
    desk.write_text(re.sub(r"alert_at: 0\.\d+", "alert_at: 0.6", desk.read_text(encoding="utf-8")), encoding="utf-8")
    write(tmp_path / "archive.jsonl", *ARTICLES)
    monkeypatch.setenv("WALKBACK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WALKBACK_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setattr(replay_bench, "load_detector", loaded)
    monkeypatch.setattr(replay_bench, "JudgeMaker", SampleMaker)
    return tmp_path


@pytest.fixture
def run(folder: Path, walkback: Run) -> Run:
    return partial(walkback, "replay")


def write(path: Path, *rows: tuple[str, str, str]) -> Path:
    lines = [
        json.dumps({"id": name, "published": at, "title": f"On {name}", "outlet": f"The {name}", "text": text})
        for name, at, text in rows
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def loaded(model: Path, *, threads: int) -> KeywordDetector:
    read_manifest(model)
    return KeywordDetector(model.name)


def documents(ended: Ended) -> list[str]:
    return [row["document"] for row in ended.lines]


def test_one_line_an_alert_at_the_articles_time_with_its_further_reports(run: Run, folder: Path) -> None:
    ended = run(folder / "archive.jsonl", "--json")
    first, second = ended.lines
    assert ended.code == 0
    assert list(first) == KEYS
    assert first == {
        "at": "2026-01-12T09:00:00+00:00", "position": "no-tanks", "relation": "softening", "statement": COULD,
        "speaker": "Ada Berg", "document": "could", "probability": 0.9, "corroborations": 1, "disputed": False,
    }  # fmt: skip
    assert (second["document"], second["position"], second["probability"]) == ("may", "harbour", 0.6)
    assert "4 articles of 32 days: 2 alerts, 0.06 a day." in ended.err


def test_people_read_each_alert_with_its_words(run: Run, folder: Path) -> None:
    ended = run(folder / "archive.jsonl")
    assert "no-tanks softening 0.90, 1 further report (could)\n    Ada Berg: Norland could" in ended.out


def test_a_stretch_of_time_is_replayed_alone_its_last_day_to_the_evening(run: Run, folder: Path) -> None:
    archive = folder / "archive.jsonl"
    assert documents(run(archive, "--json", "--to", "2026-01-12")) == ["could"]
    assert run(archive, "--json", "--to", "2026-01-12").lines[0]["corroborations"] == 1
    assert documents(run(archive, "--json", "--from", "2026-01-12T10:00")) == ["again", "may"]
    assert documents(run(archive, "--json", "--from", "2026-03-01")) == []


def test_a_line_that_was_not_on_record_on_the_day_is_left_out_and_named(run: Run, folder: Path) -> None:
    archive, lines = folder / "archive.jsonl", folder / "config" / "positions.yaml"
    ended = run(archive, "--json", "--as-of", "2026-01-15", "--positions", lines)
    assert (documents(ended), "left out: harbour" in ended.err) == (["could"], True)
    ended = run(archive, "--as-of", "2025-01-15", "--positions", lines)
    assert (ended.code, "no line was on record on 2025-01-15" in ended.err) == (2, True)


def test_the_ledger_is_asked_for_the_line_of_the_day(run: Run, folder: Path) -> None:
    engine = ledger(folder)
    with transaction(engine) as connection:
        positions.add_revision(
            connection, "no-tanks", baseline="Norland could send tanks to Sudland.", since=date(2026, 1, 20), source="",
            origin=positions.Origin.CONFIRMED, set_by="Ada", now=datetime(2026, 1, 20, tzinfo=UTC),
        )  # fmt: skip
    archive = folder / "archive.jsonl"
    ended = run(archive, "--json", "--as-of", "2026-01-15", "--report", folder / "then")
    assert (documents(ended), "left out: harbour" in ended.err) == (["could"], True)
    assert "Norland will never send tanks to Sudland" in (folder / "then" / "report.md").read_text(encoding="utf-8")
    ended = run(archive, "--json", "--as-of", "2026-02-15")
    assert documents(ended) == ["may"], "what was said before the line moved is older than the line"


def test_the_stores_own_articles_are_an_archive_and_stay_as_they_are(run: Run, folder: Path) -> None:
    engine = ledger(folder)
    with transaction(engine) as connection:
        for name, at, text in ARTICLES[:3]:
            moment = datetime.fromisoformat(at)
            article = Article(
                id=identify(name), url=f"https://{name}.example/", title=name, text=text, published=moment, outlet=name
            )
            articles.add(connection, [Arrival(article=article, entry_id=None)], moment)
    before = everything(engine)
    ended = run("store:", "--json")
    assert [(row["document"], row["corroborations"]) for row in ended.lines] == [("https://could.example/", 1)]
    assert everything(engine) == before
    joined = run("store:", write(folder / "more.jsonl", ARTICLES[3]), "--json")
    assert documents(joined) == ["https://could.example/", "may"]


def test_another_threshold_lets_the_weaker_alert_vanish(run: Run, folder: Path) -> None:
    ended = run(folder / "archive.jsonl", "--json", "--compare", "threshold=0.7", "--report", folder / "report")
    assert [(row["change"], row["document"]) for row in ended.lines] == [("stays", "could"), ("vanishes", "may")]
    assert list(ended.lines[0]) == ["change", *KEYS]
    assert "With a threshold of 0.7, 0 alerts would appear, 1 would vanish and 1 would stay." in ended.err
    assert "Would vanish:" in (folder / "report" / "report.md").read_text(encoding="utf-8")
    doubtful = write(folder / "doubtful.jsonl", ("might", "2026-02-10T09:00:00Z", MAY.replace("may", "might")))
    lower = run(doubtful, "--json", "--compare", "threshold=0.3")
    assert [(row["change"], row["document"], row["probability"]) for row in lower.lines] == [("appears", "might", 0.4)]


def test_other_lines_and_another_model_are_compared(run: Run, folder: Path) -> None:
    (folder / "other.yaml").write_text(POSITIONS.replace("2026-02-01", "2026-02-11"), encoding="utf-8")
    ended = run(folder / "archive.jsonl", "--json", "--compare", f"positions={folder / 'other.yaml'}")
    assert [(row["change"], row["document"]) for row in ended.lines] == [("stays", "could"), ("vanishes", "may")]
    deaf = folder / "deaf"
    deaf.mkdir()
    shutil.copy(shipped_path("models") / "manifest.json", deaf)
    (deaf / "manifest.json").write_text((deaf / "manifest.json").read_text().replace("walkback-", "deaf-"))
    ended = run(folder / "archive.jsonl", "--json", "--compare", f"model={deaf}")
    assert {row["change"] for row in ended.lines} == {"vanishes"}
    ended = run(folder / "archive.jsonl", "--compare", f"model={folder / 'nowhere'}")
    assert (ended.code, "Traceback" in ended.err, "nowhere" in ended.err) == (3, False, True)


def test_labels_choose_a_threshold(run: Run, folder: Path) -> None:
    labels = [
        {"document": "could", "position": "no-tanks", "relation": "softening"},
        {"document": "again", "position": "no-tanks", "relation": "softening"},
        {"document": "may", "position": "harbour", "relation": "consistent"},
    ]
    (folder / "labels.jsonl").write_text("\n".join(map(json.dumps, labels)), encoding="utf-8")
    ended = run(folder / "archive.jsonl", "--sweep", folder / "labels.jsonl", "--json")
    best = ended.lines[-1]
    assert (len(ended.lines), best["best"], best["threshold"], best["f1"]) == (20, True, 0.9, 1.0)
    at = {row["threshold"]: row for row in ended.lines[:-1]}
    assert (at[0.5]["right"], at[0.5]["false"], at[0.7]["false"]) == (2, 1, 0)
    told = run(folder / "archive.jsonl", "--sweep", folder / "labels.jsonl")
    assert "write `alert_at: 0.90` into desk.yaml" in told.err
    (folder / "labels.jsonl").write_text(json.dumps(labels[0] | {"document": "nobody"}), encoding="utf-8")
    told = run(folder / "archive.jsonl", "--sweep", folder / "labels.jsonl")
    assert (told.code, "no label speaks of a document of the archive" in told.err) == (2, True)


def test_a_replay_that_was_interrupted_goes_on_where_it_stopped(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = write(
        folder / "long.jsonl", *((f"a{n}", f"2026-01-{n + 10}T09:00:00Z", f"{COULD} Day {n}.") for n in range(6))
    )
    whole = run(archive, "--json")
    judged: list[str] = []
    monkeypatch.setattr(SampleMaker, "judged", judged)
    monkeypatch.setattr(SampleMaker, "stops_after", 3)
    kept = ("--run", folder / "kept", "--jobs", "1")
    assert run(archive, "--json", *kept).code == 130
    assert len(judged) == 3
    monkeypatch.setattr(SampleMaker, "stops_after", None)
    ended = run(archive, "--json", *kept)
    assert len(judged) == 6, "what was judged before the interruption was judged again"
    assert ended.out == whole.out
    assert run(archive, "--json", *kept).out == whole.out
    assert len(judged) == 6


def test_two_processes_say_what_one_says(run: Run, folder: Path) -> None:
    archive = write(
        folder / "long.jsonl", *((f"a{n}", f"2026-01-{n + 10}T09:00:00Z", f"{COULD} Day {n}.") for n in range(16))
    )
    alone, together = (run(archive, "--json", "--jobs", jobs) for jobs in (1, 2))
    assert alone.lines
    assert (alone.code, alone.out) == (together.code, together.out)


def test_what_cannot_be_read_is_named_and_the_rest_replayed(run: Run, folder: Path) -> None:
    mixed = folder / "mixed"
    mixed.mkdir()
    (mixed / "2026-01-12T0900 could.txt").write_text(COULD, encoding="utf-8")
    (mixed / "undated.txt").write_text(AGAIN, encoding="utf-8")
    (mixed / "saved.xml").write_text(
        "<rss version='2.0'><channel><title>The Wire</title><item><guid>w1</guid><title>Harbour</title>"
        f"<pubDate>Tue, 10 Feb 2026 09:00:00 GMT</pubDate><description>{MAY}</description></item></channel></rss>",
        encoding="utf-8",
    )
    ended = run(mixed, "--json")
    assert (ended.code, documents(ended)) == (1, ["2026-01-12T0900 could.txt", "w1"])
    assert "undated.txt: has no date" in ended.err


def ledger(folder: Path):
    (folder / "data").mkdir(exist_ok=True)
    engine = open_engine(f"sqlite:///{folder / 'data' / 'walkback.db'}")
    upgrade(engine)
    with transaction(engine) as connection:
        positions.seed(
            connection, load_positions(folder / "config" / "positions.yaml"), datetime(2026, 1, 1, tzinfo=UTC)
        )
    return engine


def everything(engine) -> dict[str, list]:
    tables = ("articles", "statements", "assessments", "shifts", "deliveries", "tallies", "positions")
    with snapshot(engine) as connection:
        return {name: connection.execute(schema.metadata.tables[name].select()).all() for name in tables}
