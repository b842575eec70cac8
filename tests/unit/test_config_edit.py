from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from bot.config import edit as editing
from bot.config import files, load_configuration, load_feeds, load_positions
from bot.config.edit import add_feed, add_position, remove_feed
from bot.domain import Feed, Holder, Position, Voice
from bot.errors import ConfigurationError

FEEDS = """\
# What we read.
feeds:
  # Harbour
  - {url: "https://gazette.example/rss", name: Gazette} # the best

  # Elsewhere
  - url: https://ledger.example/feed.json
    name: 'Ledger'   # daily
    full_text: true
  # The last one
  - {url: https://wire.example/rss, name: Wire}
# The end.
"""
POSITIONS = """\
holders: # who
  - {name: Union, aliases: [dockers]}
positions:
  # Wages first.
  - id: docks
    holder: Union
    topic: wages
    baseline: Nine percent.
    since: 2026-01-05
"""
RATES = Position(
    id="rates",
    holder=Holder(name="Bank", aliases=("the bank",), voices=(Voice(name="Ada Marten", role="governor", since=date(2024, 1, 1)),)),
    topic="interest rates",
    paraphrases=("the key rate",),
    baseline='No cut: "not before June".',
    since=date(2026, 2, 1),
    source="minutes: February",
    channel="money",
)  # fmt: skip


@pytest.fixture
def feeds(tmp_path: Path) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text(FEEDS)
    return path


@pytest.fixture
def positions(tmp_path: Path) -> Path:
    path = tmp_path / "positions.yaml"
    path.write_text(POSITIONS)
    return path


def test_a_feed_is_added_and_all_else_stays_as_written(feeds: Path) -> None:
    feed = Feed(
        url="https://new.example/?a=1#b", name="New: one", outlet="New", language="de", first_run="post", full_text=True
    )
    before = load_feeds(feeds)
    add_feed(feeds, feed)
    assert load_feeds(feeds) == (*before, feed)
    rest = iter(feeds.read_text().splitlines())
    assert all(line in rest for line in FEEDS.splitlines())


def test_a_plain_feed_is_written_plainly(feeds: Path) -> None:
    add_feed(feeds, Feed(url="https://new.example/", name="New"))
    added = "  - url: https://new.example/\n    name: New\n"
    assert feeds.read_text() == FEEDS.replace("# The end.", f"{added}# The end.")


def test_the_files_line_ends_stay_as_they_are(feeds: Path) -> None:
    feeds.write_bytes(FEEDS.rstrip().replace("\n", "\r\n").encode())
    add_feed(feeds, Feed(url="https://new.example/", name="New"))
    remove_feed(feeds, "https://wire.example/rss")
    written = feeds.read_bytes()
    assert written.count(b"\n") == written.count(b"\r\n") == len(FEEDS.splitlines())
    assert [feed.name for feed in load_feeds(feeds)] == ["Gazette", "Ledger", "New"]


def test_a_file_without_a_last_line_end_can_be_added_to(feeds: Path) -> None:
    feeds.write_text("feeds:\n- {url: https://a.example/, name: A}")
    add_feed(feeds, Feed(url="https://b.example/", name="B"))
    assert feeds.read_text() == "feeds:\n- {url: https://a.example/, name: A}\n- url: https://b.example/\n  name: B\n"


def test_the_first_feed_can_be_added_and_the_last_removed(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text("# none yet\nfeeds: []\n")
    add_feed(path, Feed(url="https://new.example/", name="New"))
    assert [feed.name for feed in load_feeds(path)] == ["New"]
    remove_feed(path, "https://new.example/")
    assert load_feeds(path) == ()
    assert path.read_text().startswith("# none yet\n")


@pytest.mark.parametrize(
    ("url", "gone"),
    [
        ("https://gazette.example/rss", [3]),
        ("https://LEDGER.example/feed.json/", [6, 7, 8]),
        ("https://wire.example/rss", [10]),
    ],
)
def test_removing_a_feed_takes_its_lines_and_no_others(feeds: Path, url: str, gone: list[int]) -> None:
    remove_feed(feeds, url)
    assert feeds.read_text().splitlines() == [line for n, line in enumerate(FEEDS.splitlines()) if n not in gone]
    assert len(load_feeds(feeds)) == 2


def test_a_feed_in_brackets_can_be_removed(feeds: Path) -> None:
    feeds.write_text("feeds: [{url: https://a.example/, name: A}, {url: https://b.example/, name: B}] # two\n")
    remove_feed(feeds, "https://a.example/")
    assert [feed.name for feed in load_feeds(feeds)] == ["B"]
    assert "# two" in feeds.read_text()


def test_a_feed_with_folded_text_can_be_removed(feeds: Path) -> None:
    feeds.write_text(
        "feeds:\n  - url: https://a.example/\n    name: >-\n      A long\n      name\n\n  - {url: https://b.example/, name: B}\n"
    )
    remove_feed(feeds, "https://a.example/")
    assert [feed.name for feed in load_feeds(feeds)] == ["B"]


def test_an_unknown_feed_is_refused_with_the_nearest(feeds: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"holds no feed .*Did you mean «https://wire\.example/rss»"):
        remove_feed(feeds, "https://wire.example/rs")
    assert feeds.read_text() == FEEDS


@pytest.mark.parametrize(
    ("feed", "words"),
    [
        (Feed(url="https://GAZETTE.example/rss/", name="Again"), "stands twice"),
        (Feed(url="ftp://x.example/", name="X"), "web address"),
        (Feed(url="https://x.example/", name=" "), "is empty"),
        (Feed(url="https://x.example/", name="X", first_run="loud"), "'silent' or 'post'"),
    ],
)
def test_a_feed_that_would_not_load_is_refused_and_the_file_stays(feeds: Path, feed: Feed, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        add_feed(feeds, feed)
    assert feeds.read_text() == FEEDS
    assert [path.name for path in feeds.parent.iterdir()] == ["feeds.yaml"]


def test_a_faulty_file_is_not_edited(feeds: Path) -> None:
    feeds.write_text(FEEDS.replace("name: Gazette", "nome: Gazette"))
    for edit in (
        lambda: add_feed(feeds, Feed(url="https://x.example/", name="X")),
        lambda: remove_feed(feeds, "https://wire.example/rss"),
    ):
        with pytest.raises(ConfigurationError, match="Did you mean «name»"):
            edit()
    assert "nome" in feeds.read_text()


def test_a_crash_while_writing_leaves_the_old_file(feeds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", crash)
    with pytest.raises(ConfigurationError, match="No space left"):
        remove_feed(feeds, "https://wire.example/rss")
    assert feeds.read_text() == FEEDS
    assert [path.name for path in feeds.parent.iterdir()] == ["feeds.yaml"]


def test_the_files_mode_and_a_link_to_it_stay(feeds: Path, tmp_path: Path) -> None:
    feeds.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(feeds)
    remove_feed(link, "https://wire.example/rss")
    assert link.is_symlink()
    assert feeds.stat().st_mode & 0o777 == 0o640
    assert len(load_feeds(feeds)) == 2


def test_a_position_is_added_with_its_holder(positions: Path) -> None:
    add_position(positions, RATES)
    docks, rates = load_positions(positions)
    assert (docks.id, rates) == ("docks", RATES)
    assert [
        line for line in positions.read_text().splitlines() if line in POSITIONS.splitlines()
    ] == POSITIONS.splitlines()


def test_a_known_holder_is_not_added_again(positions: Path) -> None:
    add_position(
        positions,
        Position(id="hours", holder=Holder(name="Union"), topic="hours", baseline="Forty.", since=date(2026, 2, 1)),
    )
    assert positions.read_text().count("name: Union") == 1
    assert load_positions(positions)[1].holder.aliases == ("dockers",)


def test_a_position_whose_id_is_taken_is_refused(positions: Path) -> None:
    with pytest.raises(ConfigurationError, match="stands twice"):
        add_position(
            positions, Position(id="docks", holder=RATES.holder, topic="t", baseline="b", since=date(2026, 2, 1))
        )
    assert positions.read_text() == POSITIONS


def test_the_shipped_files_keep_every_line_through_an_edit(root: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(root / "config", tmp_path / "config")
    before = {path.name: path.read_text().splitlines() for path in folder.glob("*.yaml")}
    add_feed(folder / "feeds.yaml", Feed(url="https://new.example/", name="New"))
    add_position(folder / "positions.yaml", RATES)
    after = {path.name: path.read_text().splitlines() for path in folder.glob("*.yaml")}
    for name, lines in before.items():
        rest = iter(after[name])
        assert all(line in rest for line in lines), name
    with pytest.raises(ConfigurationError, match="money"):
        load_configuration(folder)
    remove_feed(folder / "feeds.yaml", "https://new.example/")
    assert (folder / "feeds.yaml").read_text() == (root / "config" / "feeds.yaml").read_text()


def test_an_edit_that_would_touch_other_feeds_is_refused(feeds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editing, "_lines_of", lambda *_: range(5, 9))
    with pytest.raises(ConfigurationError, match="Edit it by hand"):
        remove_feed(feeds, "https://wire.example/rss")
    assert feeds.read_text() == FEEDS
