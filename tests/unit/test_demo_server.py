"""The demonstration's server, its sample articles and their expected outcomes fit together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import feedparser
import httpx
import pytest
import trafilatura
from ruamel.yaml import YAML

from bot.config import Configuration, load_configuration
from bot.demo import samples
from bot.demo.server import serve, write_config
from bot.domain import Relation

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FEEDS, ARTICLES = samples.load(NOW)
EXPECTED = YAML(typ="safe").load(samples.text_of("expected.yaml"))


@pytest.fixture(scope="module")
def site() -> Iterator[httpx.Client]:
    with serve(now=NOW) as base, httpx.Client(base_url=base) as client:
        yield client


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    write_config(tmp_path / "config", "http://127.0.0.1:9")
    return load_configuration(tmp_path / "config")


def test_rss_and_atom_carry_their_articles(site: httpx.Client) -> None:
    for feed in FEEDS:
        if feed.format == "json":
            continue
        answer = site.get(feed.path)
        parsed = feedparser.parse(answer.content)
        own = [article for article in ARTICLES if article.feed == feed]
        assert answer.headers["content-type"].startswith(f"application/{feed.format}+xml")
        assert not parsed.bozo
        assert {entry.title for entry in parsed.entries} == {article.title for article in own}
        assert {entry.updated if feed.format == "atom" else entry.published for entry in parsed.entries} == {
            article.published.isoformat() if feed.format == "atom" else format_datetime(article.published)
            for article in own
        }


def test_json_feed_carries_whole_articles(site: httpx.Client) -> None:
    (feed,) = (feed for feed in FEEDS if feed.format == "json")
    document = json.loads(site.get(feed.path).content)
    assert document["version"].endswith("/1.1")
    bodies = {item["title"]: item["content_html"] for item in document["items"]}
    assert bodies == {article.title: article.body for article in ARTICLES if article.feed == feed}


def test_every_page_reads_as_its_article_and_nothing_else(site: httpx.Client) -> None:
    for article in ARTICLES:
        if article.wall:
            continue
        text = trafilatura.extract(site.get(article.path).text) or ""
        assert article.summary.split(".")[0] in text
        for furniture in ("cookies", "morning letter", "Imprint", "More from"):
            assert furniture not in text, f"{article.id}: {furniture}"


def test_an_unchanged_feed_is_not_sent_again(site: httpx.Client) -> None:
    first = site.get(FEEDS[0].path)
    again = site.get(FEEDS[0].path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_head_says_what_get_would_send(site: httpx.Client) -> None:
    head, get = site.head(FEEDS[1].path), site.get(FEEDS[1].path)
    assert head.content == b""
    assert head.headers["content-length"] == str(len(get.content))


def test_what_is_not_there_is_404(site: httpx.Client) -> None:
    assert site.get("/nowhere").status_code == 404
    assert site.get("/robots.txt").status_code == 200


def test_articles_are_dated_back_from_now() -> None:
    assert all(NOW - timedelta(days=7) < article.published <= NOW for article in ARTICLES)
    assert [article.published for article in ARTICLES] == sorted(article.published for article in ARTICLES)


def test_the_configuration_loads_and_points_at_the_server(configuration: Configuration) -> None:
    assert [feed.url for feed in configuration.feeds] == [f"http://127.0.0.1:9{feed.path}" for feed in FEEDS]
    assert {feed.first_run for feed in configuration.feeds} == {"post"}
    assert len(configuration.positions) >= 5
    assert "127.0.0.0/8" in configuration.desk.poll.allowed_networks


def test_expected_outcomes_name_every_article_once_and_every_kind_of_shift(configuration: Configuration) -> None:
    positions = {position.id for position in configuration.positions}
    shown = [shift["article"] for shift in EXPECTED["shifts"]]
    also = [article for shift in EXPECTED["shifts"] for article in shift.get("also", [])]
    assert sorted([*shown, *also, *EXPECTED["none"]]) == sorted(article.id for article in ARTICLES)
    assert {shift["position"] for shift in EXPECTED["shifts"]} == positions
    assert {Relation(shift["relation"]) for shift in EXPECTED["shifts"]} == {r for r in Relation if r.is_shift}
