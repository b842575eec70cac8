"""`walkback replay` with the shipped model, on articles that we wrote, and over the corpus with its own labels."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from evaluation.replay_corpus import measure, read_corpus
from typer.testing import CliRunner

from bot.cli import app
from bot.config import load_positions, shipped_path
from bot.core.policies import AlertPolicy
from bot.detection.onnx import SentenceEncoder
from bot.domain import Assessment, Candidate, Decision, Mode, Relation, Ruling, Statement, identify
from bot.replay.records import record_of
from bot.replay.rows import alert_rows
from bot.replay.run import Replay, Setting
from bot.stages.judge import JudgedArticle

KEYS = ["at", "position", "relation", "statement", "speaker", "document", "probability", "corroborations", "disputed"]
POSITIONS = """
positions:
  - {id: no-tanks, holder: Norland, topic: tanks for Sudland, since: 2026-01-01,
     baseline: "Norland will never send tanks to Sudland."}
"""
ROWS = [
    {
        "id": "b",
        "published": "2026-02-11T09:00:00+00:00",
        "title": "Norland's premier changes course",
        "text": "Norland is ready to send tanks to Sudland after all, its government said on Wednesday. Rain is expected.",
    },
    {
        "id": "a",
        "published": "2026-02-10T09:00:00+00:00",
        "text": "Norland will never send tanks to Sudland, its government said again on Tuesday. The harbour was closed.",
    },
]
SHIPPED_MFA = Path(__file__).parents[1] / "replay" / "mfa_positions.yaml"


@pytest.fixture
def archive(tmp_path):
    (tmp_path / "positions.yaml").write_text(POSITIONS)
    (tmp_path / "archive.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return ["replay", str(tmp_path / "archive.jsonl"), "--positions", str(tmp_path / "positions.yaml")]


def test_standard_output_has_one_json_line_an_alert_and_nothing_else(archive):
    result = CliRunner().invoke(app, [*archive, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(list(row) == KEYS for row in rows)
    assert [row["document"] for row in rows] == ["b"]
    assert "2 articles of 2 days" in result.stderr


def test_a_replay_that_is_run_again_takes_up_what_was_judged_and_says_the_same(archive, tmp_path):
    run = [*archive, "--json", "--run", str(tmp_path / "run")]
    first = CliRunner().invoke(app, run, catch_exceptions=False)
    (kept,) = (tmp_path / "run").glob("judged-*.jsonl")
    size = kept.stat().st_size
    again = CliRunner().invoke(app, [*run, "--report", str(tmp_path / "report")], catch_exceptions=False)
    assert json.loads(first.stdout)["document"] == "b"
    assert (again.stdout, kept.stat().st_size) == (first.stdout, size)
    assert "What archive.jsonl would have told you" in (tmp_path / "report" / "report.html").read_text()


@pytest.mark.parametrize("wish", ["threshold=2", "threshold=x", "model=", "colour=red"])
def test_a_comparison_with_what_is_not_known_is_refused(archive, wish):
    result = CliRunner().invoke(app, [*archive, "--compare", wish])
    assert type(result.exception).__name__ == "InputError"


def test_an_archive_of_which_nothing_can_be_read_ends_with_2(archive, tmp_path):
    result = CliRunner().invoke(app, ["replay", str(tmp_path / "nothing.jsonl"), *archive[2:]])
    assert result.exit_code == 2


def test_the_lines_of_the_foreign_ministry_can_be_used():
    lines = load_positions(SHIPPED_MFA)
    assert len(lines) >= 20
    assert all(line.since.isoformat() < "2025-12-01" for line in lines)
    assert all(len(line.paraphrases) >= 3 for line in lines)


@pytest.mark.shared
def test_the_corpus_in_the_order_of_time_alerts_each_labelled_shift_once(shared, tmp_path):
    """The labels stand in for the model, so that this holds for the way from a judgement to an alert alone."""
    items, gold = read_corpus(shared / "corpus")
    assert [item.document for item in items] == ["002", "003", "001", "000", "004"]
    lines = load_positions(shared / "corpus" / "positions.yaml")
    shifts = [row for row in gold if row["relation"] and Relation(row["relation"]).is_shift]
    records = {item.article.id: record_of(labelled(item, shifts, lines)) for item in items}
    embedder = SentenceEncoder(shipped_path("models") / "topics", threads=1)
    detector = SimpleNamespace(name="labels", featurizer=SimpleNamespace(scorer=None, embedder=embedder))
    setting = Setting(lines=lines, policy=AlertPolicy(), model="labels")
    replayed = Replay(tmp_path / "corpus.db", detector=detector, judge_lines=refuse).run(items, records, setting)
    rows = alert_rows(replayed)
    assert max(Counter((row["position"], row["document"]) for row in rows).values()) == 1
    found = measure(replayed, gold)
    assert [one.shift for one in found.shifts if not one.document] == []
    assert (found.again, found.late, found.false, found.in_order) == ((), (), (), True)


def refuse(lines):
    raise AssertionError("nothing is judged anew")


def labelled(item, shifts, lines):
    """What the labels say of a document, as if a model had said it."""
    by_id = {line.id: line for line in lines}
    made = []
    for row in (row for row in shifts if row["document"] == item.document):
        relation = Relation(row["relation"])
        statement = Statement(
            id=identify(item.article.id, row["start"], row["end"]),
            article_id=item.article.id,
            start=row["start"],
            end=row["end"],
            text=item.article.text[row["start"] : row["end"]],
            speaker=row["speaker"] if row["speaker"] != "reporter" else "",
            holder=by_id[row["position"]].holder.name,
            mode=Mode.ASSERTION,
        )
        assert statement.text == row["statement"]
        assessment = Assessment(
            candidate=Candidate(
                statement=statement,
                position=by_id[row["position"]],
                similarity=0.9,
                title=item.article.title,
                published=item.article.published,
            ),
            relation=relation,
            probabilities=dict.fromkeys(Relation, 0.0) | {relation: 0.9, Relation.UNRELATED: 0.1},
            evidence=statement.text,
            reason="labelled",
            model="labels",
        )
        made.append((assessment, Ruling(decision=Decision.ALERT, reason="labelled")))
    return JudgedArticle(article=item.article, assessments=tuple(made), sentences=1)
