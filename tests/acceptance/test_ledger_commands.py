"""The ledger's commands as somebody types them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from event_wordings import BASELINE, PAUSE
from ledger_desk import POSITION, Said, ScriptedDesk, Vectors
from typed import Run

from bot.config import load_positions, shipped_path
from bot.domain import Article, Relation
from bot.store import articles
from bot.store.articles import Arrival
from bot.store.engine import open_engine, transaction
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


def test_a_position_says_who_set_its_line_and_every_line_before_it(run: Run, desk: ScriptedDesk) -> None:
    code, out, _ = run("positions", "show", POSITION.id)
    assert (code, "  set: configuration, " in out) == (0, True)
    desk.actions.confirm(desk.deliveries()[0]["alert_key"], by="Ada", now=AT)
    assert f"  set: confirmed by Ada, {AT:%Y-%m-%d %H:%M} UTC\n" in run("positions", "show", POSITION.id)[1]
    first = json.loads(run("positions", "show", POSITION.id, "--json")[1].splitlines()[0])
    assert (first["origin"], first["set_by"], first["set_at"]) == ("confirmed", "Ada", AT.isoformat())
    (earlier,) = first["earlier"]
    assert (earlier["revision"], earlier["origin"], earlier["baseline"]) == (1, "configuration", BASELINE)


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


SAID = "Ada Berg said that Norland rejects any foreign military base on the island of Vik."
QUOTED = "“Norland rejects any foreign military base on the island of Vik,” Ada Berg said."


def text_of(day: int, said: str = SAID) -> str:
    return f"The press met in Oster on day {day}. {said} Snow fell on the harbour."


def test_what_speakers_repeat_is_suggested_as_a_file_that_loads(run: Run, tmp_path: Path) -> None:
    archive = tmp_path / "archive.jsonl"
    rows = [
        {"id": f"a{n}", "published": f"2026-01-0{n}T10:00:00Z", "title": "Vik", "url": f"https://x.example/{n}",
         "text": text_of(n)}
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
    assert (position.source, position.since) == ("https://x.example/1", date(2026, 1, 1))
    assert [voice.name for voice in position.holder.voices] == ["Ada Berg"]
    assert "# Said in 3 articles, by Ada Berg:\n" in out
    assert run("positions", "suggest", str(archive), "--least", "4")[0] == 2


def test_folders_saved_feeds_and_the_store_are_archives_to_suggest_from(
    run: Run, desk: ScriptedDesk, tmp_path: Path
) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "2026-01-05 briefing.txt").write_text(text_of(5), encoding="utf-8")
    feed = tmp_path / "saved.xml"
    feed.write_text(
        '<rss version="2.0"><channel><title>Wire</title><item><title>Vik</title><link>https://x.example/7</link>'
        f"<pubDate>Wed, 07 Jan 2026 10:00:00 GMT</pubDate><description>{text_of(7, QUOTED)}</description></item>"
        "</channel></rss>",
        encoding="utf-8",
    )
    with transaction(desk.engine) as connection:
        stored = Article(id="s", url="https://x.example/s", title="Vik", text=text_of(9), published=AT)
        articles.add(connection, [Arrival(article=stored, entry_id=None)], AT)
    code, out, told = run("positions", "suggest", str(folder), str(feed), "store:", str(tmp_path / "none"))
    assert (code, "none: cannot be read" in told) == (0, True)
    (position,) = load_positions(tmp_path / "suggested.yaml", out)
    assert (position.source, position.since) == ("2026-01-05 briefing.txt", date(2026, 1, 5))
    for line in (
        "2026-01-05, 2026-01-05 briefing.txt",
        "2026-01-07, https://x.example/7",
        f"{AT:%Y-%m-%d}, https://x.example/s",
    ):
        assert f"  # {line}\n" in out


def test_editions_of_one_article_are_one_article(run: Run, desk: ScriptedDesk) -> None:
    with transaction(desk.engine) as connection:
        for number in range(3):
            stored = Article(
                id=f"s{number}", url="https://x.example/s", title="Vik", text=text_of(number), published=AT, revision=number
            )  # fmt: skip
            articles.add(connection, [Arrival(article=stored, entry_id=None)], AT)
    assert run("positions", "suggest", "store:", "--least", "2")[0] == 2


def test_a_line_without_a_dated_article_asks_for_its_day_and_loads_once_that_is_given(run: Run, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (tmp_path / f"text{number}.txt").write_text(text_of(number), encoding="utf-8")
    code, out, _ = run("positions", "suggest", *(str(tmp_path / f"text{number}.txt") for number in (1, 2, 3)))
    assert code == 0
    assert "  # undated, text1.txt\n" in out
    file = tmp_path / "config" / "positions.yaml"
    file.write_text(out, encoding="utf-8")
    code, _, told = run("positions", "list")
    (line,) = (number for number, words in enumerate(out.splitlines(), 1) if "since:  # fill in" in words)
    assert (code, f"positions.yaml:{line}: " in told, "should be a day such as" in told) == (2, True, True)
    file.write_text(out.replace("since:  # fill in", "since: 2026-01-02 #"), encoding="utf-8")
    code, out, _ = run("positions", "list", "--json")
    assert (code, json.loads(out)["since"]) == (0, "2026-01-02")
