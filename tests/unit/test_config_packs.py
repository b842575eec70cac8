"""Every pack is a sound start, and any of them together load."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config import load_configuration, load_desk, load_feeds, load_positions, shipped_path
from bot.config.packs import (
    Pack,
    contact_address,
    desk_name,
    find_pack,
    packs,
    read_pack,
    slack_channel,
    starter,
    write_starter,
)
from bot.errors import ConfigurationError, InputError

PACKS = [pack for pack in packs() if pack.name != "ukraine"]
EACH = pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)
OFFICE = re.compile(
    r"\b(minister|president|secretary|governor|chair|chancellor|premier|ministry|spokes\w+)\b", re.IGNORECASE
)


def begun(folder: Path, *names: str) -> Path:
    chosen = [find_pack(name) for name in names]
    write_starter(folder, starter(chosen, desk="foreign", channel="#foreign-desk", contact="desk@example.org"))
    return folder


def test_there_are_packs_for_the_desks_that_were_promised() -> None:
    assert {pack.name for pack in PACKS} == {"central-banks", "climate", "eu-trade", "indo-pacific", "middle-east"}


@EACH
def test_a_pack_is_checked_like_a_desks_own_files(pack: Pack) -> None:
    assert 12 <= len(load_positions(pack.folder / "positions.yaml")) <= 20
    assert 10 <= len(load_feeds(pack.folder / "feeds.yaml")) <= 20
    assert pack.title
    assert pack.about.endswith(".")


@EACH
def test_a_line_is_one_sentence_on_record_before_today(pack: Pack) -> None:
    for position in load_positions(pack.folder / "positions.yaml"):
        assert position.baseline.endswith("."), position.id
        assert not re.search(r"[.!?] [A-Z]", position.baseline), position.id
        assert position.since <= datetime.now(UTC).date(), position.id
        assert 2 <= len(position.paraphrases) <= 6, position.id
        assert position.source, position.id
        assert "http://" not in position.source, position.id


@EACH
def test_every_holder_can_be_recognised_and_holds_or_opposes_something(pack: Pack) -> None:
    positions, _ = read_pack(pack)
    for holder in positions.holders:
        assert holder.aliases, holder.name
        for voice in holder.voices:
            assert voice.role, voice.name
    named = {position.holder for position in positions.positions}
    assert len(named) >= 5


@EACH
def test_no_office_stands_as_a_voice_since_offices_that_end_alike_would_be_taken_for_each_other(pack: Pack) -> None:
    positions, _ = read_pack(pack)
    assert [v.name for h in positions.holders for v in h.voices if OFFICE.search(v.name)] == []


@EACH
def test_feeds_are_english_and_begin_silently(pack: Pack) -> None:
    assert {(feed.language, feed.first_run) for feed in load_feeds(pack.folder / "feeds.yaml")} == {("en", "silent")}


def test_all_packs_together_make_one_configuration(tmp_path: Path) -> None:
    made = load_configuration(begun(tmp_path / "desk", *(pack.name for pack in packs())))
    read = [read_pack(pack) for pack in packs()]
    assert [p.id for p in made.positions] == [p.id for positions, _ in read for p in positions.positions]
    assert {f.url for f in made.feeds} == {f.url for _, feeds in read for f in feeds.feeds}
    assert {h.name for h in made.holders} == {h.name for positions, _ in read for h in positions.holders}


def test_a_holder_of_two_packs_keeps_the_names_and_voices_of_both(tmp_path: Path) -> None:
    made = load_configuration(begun(tmp_path / "desk", "ukraine", "eu-trade"))
    (us,) = [holder for holder in made.holders if holder.name == "United States"]
    assert {"State Department", "USTR", "Americans"} <= set(us.aliases)
    assert {"Donald Trump", "Marco Rubio"} <= {voice.name for voice in us.voices}
    assert len({voice.name for voice in us.voices}) == len(us.voices)
    (russia,) = [holder for holder in made.holders if holder.name == "Russia"]
    assert {"Russian foreign ministry", "Russian Foreign Ministry"} <= set(russia.aliases)


def test_the_whole_configuration_begun_as_a_pack_is_the_shipped_one(tmp_path: Path) -> None:
    made, shipped = load_configuration(begun(tmp_path / "desk", "ukraine")), load_configuration(shipped_path("config"))
    assert (made.positions, made.feeds, made.holders) == (shipped.positions, shipped.feeds, shipped.holders)


def test_the_desk_gets_its_own_channel_and_contact_and_keeps_the_shipped_defaults(tmp_path: Path) -> None:
    begun(tmp_path / "desk", "climate")
    made, shipped = load_desk(tmp_path / "desk" / "desk.yaml"), load_desk(shipped_path("config") / "desk.yaml")
    assert (made.default_channel, dict(made.channels)) == ("foreign", {"foreign": "#foreign-desk"})
    assert "desk@example.org" in made.poll.user_agent
    assert (made.alert, made.dispatch) == (shipped.alert, shipped.dispatch)
    assert "# How feeds are polled." in (tmp_path / "desk" / "desk.yaml").read_text()


def test_the_editors_schemas_and_slacks_manifest_come_along(tmp_path: Path) -> None:
    begun(tmp_path / "desk", "climate")
    assert (tmp_path / "desk" / "slack-manifest.yaml").is_file()
    for name in ("positions", "feeds", "desk"):
        assert f"$schema=schema/{name}.json" in (tmp_path / "desk" / f"{name}.yaml").read_text()
        assert (tmp_path / "desk" / "schema" / f"{name}.json").is_file()


@pytest.mark.parametrize("name", ["positions.yaml", "feeds.yaml", "desk.yaml", "slack-manifest.yaml"])
def test_nothing_is_overwritten_and_nothing_written_beside_what_stands(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine\n")
    with pytest.raises(InputError, match="stands there already"):
        begun(tmp_path, "climate")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine\n"


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        begun(tmp_path / "file" / "desk", "climate")


def test_a_faulty_pack_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "positions.yaml").write_text(
        "positions:\n  - {id: a, holder: A, topic: t, baseline: b, sinse: 2026-01-01}\n"
    )
    (tmp_path / "feeds.yaml").write_text("feeds: []\n")
    with pytest.raises(ConfigurationError, match=r"positions.yaml:2: .*sinse.*Did you mean «since»"):
        read_pack(Pack(name="x", title="X", about="X.", folder=tmp_path))


def test_a_pack_that_there_is_not_is_told_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"'climat'.*climate.*`walkback packs`"):
        find_pack("climat")


@pytest.mark.parametrize(
    ("said", "understood"), [("foreign", "foreign"), (" Foreign  Desk ", "foreign-desk"), ("d2", "d2")]
)
def test_a_desks_name_becomes_a_short_name(said: str, understood: str) -> None:
    assert desk_name(said) == understood


@pytest.mark.parametrize(
    ("said", "understood"), [("#foreign", "#foreign"), ("foreign-desk", "#foreign-desk"), ("C024BE91L", "C024BE91L")]
)
def test_a_channel_may_be_given_without_its_mark(said: str, understood: str) -> None:
    assert slack_channel(said) == understood


@pytest.mark.parametrize(
    ("understand", "said"),
    [
        (desk_name, ""),
        (desk_name, "désk!"),
        (slack_channel, "Foreign Desk"),
        (slack_channel, ""),
        (contact_address, "a b"),
    ],
)
def test_what_cannot_be_meant_is_told_with_an_example(understand: object, said: str) -> None:
    with pytest.raises(InputError, match="should be"):
        understand(said)  # type: ignore[operator]  # one of three functions
