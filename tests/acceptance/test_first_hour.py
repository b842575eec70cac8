"""A new desk's first hour: `packs` shows what there is, `init` writes it, and what it wrote can be used."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typed import Run

from bot.config import load_configuration, load_desk


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, walkback: Run) -> Run:
    monkeypatch.chdir(tmp_path)
    return walkback


def test_packs_are_listed_for_people_and_for_machines(run: Run) -> None:
    rows = [json.loads(line) for line in run("packs", "--json").out.splitlines()]
    assert next(row["pack"] for row in rows) == "ukraine"
    assert all(row["positions"] >= 12 and row["feeds"] >= 10 and row["about"] for row in rows)
    shown = run("packs").out
    assert all(row["pack"] in shown for row in rows)


def test_flags_alone_write_a_configuration_and_say_what_to_do_next(run: Run, tmp_path: Path) -> None:
    ended = run("init", "news", "--desk", "Foreign Desk", "--pack", "climate", "--channel", "climate", "--yes")
    assert ended.code == 0
    desk = load_configuration(tmp_path / "news").desk
    assert dict(desk.channels) == {"foreign-desk": "#climate"}
    steps = ended.err.split("The next three steps:")[1]
    for step in (
        "walkback doctor",
        "walkback test",
        "walkback once",
        "walkback run",
        'WALKBACK_CONFIG_DIR="$PWD/news"',
    ):
        assert step in steps
    assert re.findall(r"^  (\d)\.", steps, re.MULTILINE) == ["1", "2", "3"]
    assert ended.out == ""


def test_every_file_that_init_wrote_is_named_with_what_it_is_for(run: Run, tmp_path: Path) -> None:
    ended = run("init", "news", "--yes", "--channel", "climate")
    written = sorted(
        str(path.relative_to(tmp_path / "news")) for path in (tmp_path / "news").rglob("*") if path.is_file()
    )
    assert {"desk.yaml", "slack-manifest.yaml", "schema/desk.json"} <= set(written)
    listed = dict(re.findall(r"^  (\S+\.(?:yaml|json)) +(\S.+)$", ended.err, re.MULTILINE))
    assert sorted(listed) == written
    assert "#climate" in listed["desk.yaml"]
    assert "editors" in listed["schema/desk.json"]


def test_questions_are_asked_for_what_no_flag_says_until_an_answer_is_one(run: Run, tmp_path: Path) -> None:
    answers = ["foreign desk", "99", "climate, 2", "Foreign Desk", "#foreign", "desk@example.org"]
    ended = run("init", stdin="\n".join(answers) + "\n")
    assert ended.code == 0, ended.err
    made = load_configuration(tmp_path / "my-desk")
    assert {"eu-2040", "fed-inflation-target"} <= {position.id for position in made.positions}
    assert dict(made.desk.channels) == {"foreign-desk": "#foreign"}
    assert "desk@example.org" in made.desk.poll.user_agent
    assert "there is no pack '99'" in ended.err
    assert "should be a Slack channel" in ended.err


def test_empty_answers_take_the_defaults(run: Run, tmp_path: Path) -> None:
    assert run("init", stdin="\n\n\n\n").code == 0
    assert dict(load_desk(tmp_path / "my-desk" / "desk.yaml").channels) == {"desk": "#walkback"}


def test_nobody_who_answers_is_one_sentence(run: Run, tmp_path: Path) -> None:
    ended = run("init")
    assert ended.code == 2
    assert "Add --yes" in ended.err
    assert not (tmp_path / "my-desk").exists()


def test_a_second_init_overwrites_nothing(run: Run, tmp_path: Path) -> None:
    run("init", "--yes")
    before = (tmp_path / "my-desk" / "positions.yaml").read_text()
    ended = run("init", "--yes", "--pack", "climate")
    assert ended.code == 2
    assert "nothing is overwritten" in ended.err
    assert (tmp_path / "my-desk" / "positions.yaml").read_text() == before


@pytest.mark.parametrize("flags", [["--pack", "astrology"], ["--channel", "Foreign Desk"], ["--desk", "!"]])
def test_a_flag_that_cannot_be_meant_is_one_sentence_and_writes_nothing(
    run: Run, tmp_path: Path, flags: list[str]
) -> None:
    ended = run("init", "--yes", *flags)
    assert ended.code == 2
    assert ended.err.startswith("walkback: ")
    assert list(tmp_path.iterdir()) == []


def test_what_init_wrote_takes_further_feeds_and_positions(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("init", "--yes", "--pack", "climate")
    monkeypatch.setenv("WALKBACK_CONFIG_DIR", str(tmp_path / "my-desk"))
    remarks = (tmp_path / "my-desk" / "feeds.yaml").read_text().count("#")
    assert run("feeds", "add", "https://example.org/feed.xml", "--name", "Example").code == 0
    words = {"--holder": "Norland", "--topic": "coal", "--baseline": "Norland burns coal.", "--since": "2026-01-01"}
    flags = [part for pair in words.items() for part in pair]
    assert run("positions", "add", "no-coal", *flags).code == 0
    made = load_configuration(tmp_path / "my-desk")
    assert made.feeds[-1].url == "https://example.org/feed.xml"
    assert made.positions[-1].id == "no-coal"
    assert (tmp_path / "my-desk" / "feeds.yaml").read_text().count("#") == remarks
