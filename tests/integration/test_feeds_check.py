# ruff: noqa: E501 - sample documents read better unbroken
"""`feeds check` over files and over servers on loopback, through the fenced parser."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import feed_sites as sites
import pytest

from bot.core.policies import PollPolicy
from bot.core.schedule import Outcome
from bot.feeds.advice import ADVICE, advice
from bot.feeds.check import check
from bot.feeds.fenced import FencedParser, Limits
from bot.feeds.http import Fetcher
from bot.feeds.robots import read_rules

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
POLICY = PollPolicy(
    allowed_networks=("127.0.0.0/8",), host_gap_s=0.0, connect_timeout_s=2.0, read_timeout_s=2.0, total_timeout_s=5.0
)
FEED = sites.rss(*(sites.item(n, f"/{n}", "words " * 100, f"Mon, 02 Mar 2026 {8 + n:02d}:00:00 GMT") for n in range(4)))


@pytest.fixture(scope="module")
def parser():
    parser = FencedParser(Limits(cpu_s=1.0, patience_s=0.2))
    yield parser
    parser.close()


def look(parser, *targets):
    return list(check(targets, fetcher=Fetcher(POLICY), parser=parser, now=NOW))


def test_files_are_looked_at_in_order_and_none_ends_the_rest(tmp_path, parser):
    bodies = {
        "good": FEED,
        "empty": b"",
        "page": b"<html><body>hello</body></html>",
        "hostile": b"<rss><channel><item "
        + b" ".join(b'a%d="1"' % n for n in range(40_000))
        + b"><title>x & y</title></item></channel>",
        "binary": bytes(range(256)) * 40,
        "json": b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1"}, {}]}',
    }
    for name, body in bodies.items():
        (tmp_path / name).write_bytes(body)
    found = look(
        parser, *(str(tmp_path / name) for name in bodies), str(tmp_path / "missing"), str(tmp_path), "nul\0byte"
    )
    assert [each.outcome for each in found] == [
        "ok", "empty", "html", "parse_limit", "not_a_feed", "ok", "unreadable", "unreadable", "unreadable",
    ]  # fmt: skip
    assert [(each.format, each.entries) for each in found if each.ok] == [("rss20", 4), ("json10", 2)]
    assert found[0].newest == datetime(2026, 3, 2, 11, tzinfo=UTC)
    assert found[0].cadence_s == 3600.0
    assert all(each.problem and each.advice for each in found if not each.ok)
    for each in found:
        record = json.loads(json.dumps(each.as_record()))
        assert set(record) >= {"feed", "outcome", "format", "entries", "newest", "problem", "advice"}


def test_addresses_are_fetched_and_a_site_is_searched_for_its_feeds(parser):
    home = b'<html><link rel="alternate" type="application/rss+xml" href="/feed"><link rel="alternate" type="application/atom+xml" href="/no"></html>'
    table = {
        "/": sites.reply(home, Content_Type="text/html"),
        "/feed": sites.reply(FEED),
        "/gone": sites.reply(status="410 Gone"),
        "/moved": sites.reply(status="308 Permanent Redirect", Location="/feed"),
        "/robots.txt": sites.reply(b"User-agent: *\nDisallow: /0"),
    }
    with sites.running(sites.paths(table)) as (site,):
        found = look(
            parser,
            f"{site.url}/",
            f"{site.url}/gone",
            f"{site.url}/moved",
            "http://10.0.0.1/feed",
            "https://user:secret@127.0.0.1:1/x",
        )
    assert [(each.outcome, each.entries) for each in found] == [
        ("ok", 4),
        ("gone", 0),
        ("ok", 4),
        ("refused", 0),
        ("no_connection", 0),
    ]
    assert (found[0].feed, found[0].found_at, found[0].robots) == (f"{site.url}/feed", f"{site.url}/", "forbidden")
    assert found[1].status == 410
    assert found[2].problem == f"moved for good to {site.url}/feed"
    assert "secret" not in found[4].feed + found[4].problem


def test_a_site_that_names_no_feed_is_searched_in_the_usual_places(parser):
    table = {"/": sites.reply(b"<html><body>Welcome</body></html>"), "/rss.xml": sites.reply(FEED)}
    with sites.running(sites.paths(table)) as (site,):
        (found,) = look(parser, f"{site.url}/")
    assert (found.outcome, found.feed) == ("ok", f"{site.url}/rss.xml")


def test_what_is_doubtful_about_a_feed_is_said(tmp_path, parser):
    documents = {
        "silent": sites.rss(
            *(sites.item(n, "/", "words " * 100, f"Mon, 02 Feb 2026 0{n}:00:00 GMT") for n in range(5))
        ),
        "stubs": sites.rss(*(sites.item(n, "/", "Short.", f"Mon, 02 Mar 2026 0{7 + n}:00:00 GMT") for n in range(3))),
        "undated": sites.rss(*(sites.item(n, "/", "words " * 100) for n in range(3))),
        "none": sites.rss(),
        "damaged": FEED.replace(b"Headline 1", b"AT&T"),
    }
    for name, body in documents.items():
        (tmp_path / name).write_bytes(body)
    problems = [each.problem for each in look(parser, *(str(tmp_path / name) for name in documents))]
    assert problems == [
        "silent for 680 hours, over three times its usual pause",
        "entries are stubs",
        "most entries have no usable date",
        "no entries",
        "mended before reading",
    ]


def test_every_way_to_fail_has_its_advice():
    assert set(ADVICE) == {outcome for outcome in Outcome if not outcome.succeeded}
    assert advice(Outcome.OK) == ""


def test_robots_rules_are_kept_and_costly_ones_left_out():
    rules = read_rules(
        b"\xef\xbb\xbfUser-agent: walkback\nDisallow: /private\nCrawl-delay: 4\nDisallow: /" + b"*a" * 40 + b"\n"
    )
    assert not rules.can_fetch("https://x.example/private/1", "walkback/0.1 (+x)")
    assert rules.can_fetch("https://x.example/" + "a" * 500, "walkback/0.1 (+x)")
    assert rules.crawl_delay("walkback/0.1 (+x)") == 4.0
    assert read_rules(b"\xff\xfe\x00nonsense: *\n<html>").can_fetch("https://x.example/", "any")
