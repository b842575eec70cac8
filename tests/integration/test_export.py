"""`walkback export` over a store in which a replay left its shifts."""

from __future__ import annotations

import csv
import io
import json
import shutil

import pytest
from replay_samples import LINE, POLICY, START, assessed, detector, item, judged
from typer.testing import CliRunner

from bot.cli import app
from bot.domain import Relation
from bot.errors import InputError
from bot.export.rows import SHIFT_COLUMNS, STATEMENT_COLUMNS
from bot.replay.records import record_of
from bot.replay.run import Replay, Setting

WORDS = "Norland will send a dozen tanks to Sudland."


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    path = tmp_path_factory.mktemp("ledger") / "walkback.db"
    made = []
    for number in range(3):
        one = item(f"a{number}", WORDS, hours=number)
        made.append((one, judged(one, assessed(one, WORDS, Relation.CONTRADICTION))))
    other = item("b", "Norland sends no tanks at all.", hours=9)
    made.append((other, judged(other, assessed(other, other.article.text, Relation.CONSISTENT))))
    records = {one.article.id: record_of(each) for one, each in made}
    setting = Setting(lines=(LINE,), policy=POLICY, model="sample")
    replay = Replay(path, detector=detector(), judge_lines=lambda lines: None)
    replay.run([one for one, _ in made], records, setting)
    return path


@pytest.fixture
def export(ledger, tmp_path, monkeypatch):
    shutil.copy(ledger, tmp_path / "walkback.db")
    monkeypatch.setenv("WALKBACK_DATA_DIR", str(tmp_path))

    def run(*arguments):
        result = CliRunner().invoke(app, ["export", *arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


def test_a_shift_is_one_row_with_its_reports_counted(export):
    (row,) = csv.DictReader(io.StringIO(export("shifts")))
    assert tuple(row) == SHIFT_COLUMNS
    assert (row["position"], row["relation"], row["statement"]) == ("no-tanks", "contradiction", WORDS)
    assert row["reports"] == "3"
    assert row["opened_at"] == START.isoformat()


def test_a_timeline_has_every_statement_with_the_line_of_its_time_the_earliest_first(export):
    rows = json.loads(export("timelines", "--format", "json", "--position", "no-tanks"))
    assert tuple(rows[0]) == STATEMENT_COLUMNS
    assert [row["relation"] for row in rows] == ["contradiction"] * 3 + ["consistent"]
    assert rows[0]["line"] == LINE.baseline
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)


def test_since_leaves_earlier_ones_out(export):
    assert json.loads(export("shifts", "--format", "json", "--since", "2024-03-05")) == []
    assert len(json.loads(export("timelines", "--format", "json", "--since", "2024-03-05"))) == 0


def test_a_file_is_written_whole_and_standard_output_left_alone(export, tmp_path):
    path = tmp_path / "out" / "shifts.atom"
    path.parent.mkdir()
    assert export("shifts", "--format", "atom", "--output", str(path)) == ""
    assert "urn:walkback:shift:" in path.read_text()
    assert [each.name for each in path.parent.iterdir()] == ["shifts.atom"]


@pytest.mark.parametrize(
    "arguments", [("shifts", "--position", "nothing"), ("timelines", "--output", "/no/such/folder/x")]
)
def test_what_cannot_be_done_is_told(export, arguments):
    with pytest.raises(InputError):
        export(*arguments)
