"""The ingest stage over real sockets, a real store and the real parser, with pages that the tests wrote."""

from __future__ import annotations

import random
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import feed_sites as sites
import pytest

from bot.core.addresses import redacted
from bot.core.policies import PollPolicy
from bot.domain import ArticleState, Feed
from bot.feeds.fenced import FencedParser
from bot.feeds.http import Fetcher
from bot.ports import Abstained, Extracted
from bot.stages.ingest import Ingest
from bot.store import articles, feeds, tallies
from bot.store.engine import open_engine, transaction
from bot.store.schema import articles as article_table
from bot.store.schema import entries as entry_table
from bot.store.schema import feeds as feed_table

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DATE = "Mon, 02 Mar 2026 09:00:00 GMT"
POLICY = PollPolicy(
    allowed_networks=("127.0.0.0/8",),
    host_gap_s=0.0,
    connect_timeout_s=2.0,
    read_timeout_s=2.0,
    total_timeout_s=5.0,
    user_agent="walkback-test (+desk@paper.example)",
)


class Body:
    """An extractor that takes what stands between <article> tags."""

    def extract(self, page, *, url):
        if "consent" in page:
            return Abstained(reason="consent_wall")
        if "<article>" not in page:
            return Abstained(reason="no_text")
        canonical = page.partition('rel="canonical" href="')[2].partition('"')[0]
        return Extracted(
            text=page.partition("<article>")[2].partition("</article>")[0], canonical_url=canonical, language="en"
        )


@pytest.fixture(scope="module")
def parser():
    parser = FencedParser()
    yield parser
    parser.close()


class Desk:
    """A store with its stage."""

    def __init__(self, url, parser, policy=POLICY):
        self.engine = open_engine(url)
        self.ingest = Ingest(self.engine, Fetcher(policy), parser, Body(), policy, random.Random(1))

    def configure(self, *configured: Feed, now=NOW):
        with transaction(self.engine) as connection:
            return feeds.sync_feeds(connection, configured, now)

    def poll(self, hours: float = 0.0, *, force=True):
        return self.ingest.run_once(
            NOW + timedelta(hours=hours), clock=lambda: NOW + timedelta(hours=hours), force=force
        )

    def articles(self):
        with transaction(self.engine) as connection:
            return connection.execute(
                article_table.select().order_by(article_table.c.title, article_table.c.revision)
            ).all()

    def feed(self):
        with transaction(self.engine) as connection:
            return connection.execute(feed_table.select().where(feed_table.c.status != "removed")).one()


@pytest.fixture
def desk(store_url, parser):
    desk = Desk(store_url, parser)
    yield desk
    desk.ingest.close()
    desk.engine.dispose()


class Paper:
    """A newspaper's site: a feed whose items the test sets, with a page for each, validators and a robots.txt."""

    def __init__(self):
        self.items: list[str] = []
        self.pages: dict[str, str] = {}
        self.robots = ""
        self.etag = ""
        self.moved = ""
        self.status = "200 OK"

    def answer(self, request, connection):
        path = request.path
        if path == "/robots.txt":
            connection.sendall(sites.reply(self.robots.encode(), "200 OK" if self.robots else "404 Not Found"))
        elif path in self.pages:
            connection.sendall(sites.reply(self.pages[path].encode(), Content_Type="text/html; charset=utf-8"))
        elif path == "/old":
            connection.sendall(sites.reply(status="301 Moved Permanently", Location="/feed"))
        elif path != "/feed":
            connection.sendall(sites.reply(status="404 Not Found"))
        elif self.etag and request.headers.get("if-none-match") == self.etag:
            connection.sendall(sites.reply(status="304 Not Modified", ETag=self.etag))
        else:
            more = {"ETag": self.etag} if self.etag else {}
            connection.sendall(sites.reply(sites.rss(*self.items), self.status, **more))
        return True

    def publish(self, site, n, *, text="", page="The minister said on Monday that the line holds.", title=""):
        self.pages[f"/{n}"] = f"<html><article>{page}</article></html>" if page else "<html></html>"
        self.items = [each for each in self.items if f">g-{n}<" not in each]
        self.items.append(sites.item(n, f"{site.url}/{n}?utm_source=rss", text, DATE, title))


@pytest.fixture
def paper():
    paper = Paper()
    with sites.running(paper.answer) as (site,):
        paper.site = site
        paper.feed = Feed(url=f"{site.url}/feed", name="Paper", outlet="The Paper")
        yield paper


def test_a_first_run_fills_the_store_silently_and_what_comes_after_may_alert(desk, paper):
    paper.publish(paper.site, 1)
    desk.configure(paper.feed)
    report = desk.poll()
    assert (report.polled, report.new, report.articles) == (1, 1, 1)
    paper.publish(paper.site, 2, page="Now it has moved.")
    desk.poll(1)
    first, second = desk.articles()
    assert (first.silent, second.silent) == (True, False)
    assert (second.text, second.url, second.outlet) == ("Now it has moved.", f"{paper.site.url}/2", "The Paper")
    assert second.published_at == datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_a_feed_that_is_to_post_at_once_does(desk, paper):
    paper.publish(paper.site, 1)
    desk.configure(Feed(url=paper.feed.url, name="Paper", first_run="post"))
    desk.poll()
    assert [article.silent for article in desk.articles()] == [False]


def test_polling_again_and_restarting_bring_nothing_twice(desk, paper, store_url, parser):
    for n in range(5):
        paper.publish(paper.site, n)
    desk.configure(paper.feed)
    desk.poll()
    assert desk.poll(1).new == 0
    desk.ingest.close()
    again = Desk(store_url, parser)
    again.configure(paper.feed)
    assert again.poll(30).new == 0
    assert len(again.articles()) == 5
    again.ingest.close()
    again.engine.dispose()
    desk.ingest = Ingest(desk.engine, Fetcher(POLICY), parser, Body(), POLICY, random.Random(1))


def test_validators_are_sent_and_dropped_once_a_day(desk, paper):
    paper.publish(paper.site, 1)
    paper.etag = '"v1"'
    desk.configure(paper.feed)
    outcomes = [next(iter(desk.poll(hours).outcomes)) for hours in (0, 1, 25, 26)]
    sent = [request.headers.get("if-none-match") for request in paper.site.requests if request.path == "/feed"]
    assert outcomes == ["ok", "not_modified", "ok", "not_modified"]
    assert sent == [None, '"v1"', None, '"v1"']


def test_frozen_validators_hide_nothing_for_longer_than_a_day(desk, paper):
    paper.publish(paper.site, 1)
    paper.etag = '"frozen"'
    desk.configure(paper.feed)
    desk.poll()
    paper.publish(paper.site, 2)
    assert desk.poll(1).new == 0
    assert desk.poll(25).new == 1


def test_the_same_bytes_are_not_parsed_again(desk, paper):
    paper.publish(paper.site, 1)
    desk.configure(paper.feed)
    desk.poll()
    assert desk.poll(1).outcomes == {"unchanged": 1}


def test_an_edited_entry_is_assessed_again_at_most_as_often_as_configured(desk, paper):
    paper.publish(paper.site, 1, text="Version 0 of the story.", page="Version 0 of the page.")
    desk.configure(paper.feed)
    desk.poll()
    for n in range(1, 6):
        paper.publish(paper.site, 1, text=f"Version {n} of the story.", page=f"Version {n} of the page.")
        desk.poll(n)
    assert [(article.revision, article.text) for article in desk.articles()] == [
        (n, f"Version {n} of the page.") for n in range(POLICY.revisions + 1)
    ]


def test_an_edit_of_the_teaser_with_the_page_unchanged_is_not_assessed_again(desk, paper):
    paper.publish(paper.site, 1, text="One teaser.")
    desk.configure(paper.feed)
    desk.poll()
    paper.publish(paper.site, 1, text="Another teaser.")
    assert desk.poll(1).skipped == {"edited, but its article says the same": 1}
    assert len(desk.articles()) == 1


def test_the_same_article_in_two_feeds_is_one_article(desk, paper):
    paper.publish(paper.site, 1)
    other = Paper()
    with sites.running(other.answer) as (site,):
        other.items = [sites.item("theirs", f"http://{paper.site.address}:{paper.site.port}/1", "Another teaser", DATE)]
        desk.configure(paper.feed)
        desk.poll()
        desk.configure(paper.feed, Feed(url=f"{site.url}/feed", name="Agency"))
        report = desk.poll(1)
    assert (report.duplicates, len(desk.articles())) == (1, 1)


def test_a_page_that_cannot_be_read_gives_way_to_the_feeds_own_text_with_the_reason(desk, paper):
    paper.publish(paper.site, 1, text="The feed's own words about it.", page="")
    paper.publish(paper.site, 2, text="Words behind a wall.", page="")
    paper.pages["/2"] = "<html>consent</html>"
    paper.items.append(sites.item(3, f"{paper.site.url}/missing", "Words of a missing page.", DATE))
    paper.items.append(sites.item(4, "", "Words without a link.", DATE))
    desk.configure(paper.feed)
    desk.poll()
    found = {article.title: (article.text, article.reason, article.state) for article in desk.articles()}
    assert found["Headline 1"] == ("The feed's own words about it.", "the feed's own text (no_text)", "pending")
    assert found["Headline 2"][1] == "the feed's own text (consent_wall)"
    assert found["Headline 3"][1] == "the feed's own text (page 404)"
    assert found["Headline 4"][1] == "the feed's own text (no link)"


def test_robots_txt_is_obeyed_for_pages_and_asked_once(desk, paper):
    paper.robots = "User-agent: *\nDisallow: /1"
    paper.publish(paper.site, 1, text="The feed's words.")
    paper.publish(paper.site, 2)
    desk.configure(paper.feed)
    desk.poll()
    asked = [request.path.partition("?")[0] for request in paper.site.requests]
    assert "/1" not in asked
    assert asked.count("/robots.txt") == 1
    assert desk.articles()[0].reason == "the feed's own text (page forbidden: robots.txt does not allow it)"


def test_the_user_agent_is_the_configured_one_everywhere(desk, paper):
    paper.publish(paper.site, 1)
    desk.configure(paper.feed)
    desk.poll()
    assert {request.headers["user-agent"] for request in paper.site.requests} == {POLICY.user_agent}


def test_a_full_text_feeds_pages_are_not_fetched(desk, paper):
    paper.publish(paper.site, 1, text="The whole article.")
    desk.configure(Feed(url=paper.feed.url, name="Paper", full_text=True))
    desk.poll()
    assert [request.path for request in paper.site.requests] == ["/feed"]
    assert desk.articles()[0].text == "The whole article."


def test_redirectors_and_canonical_addresses_lead_to_one_article(desk, paper):
    page = f'<link rel="canonical" href="{paper.site.url}/story"><article>The story.</article>'
    paper.pages["/go"] = page
    paper.pages["/go2"] = page
    paper.items = [sites.item(1, f"{paper.site.url}/go", "x", DATE), sites.item(2, f"{paper.site.url}/go2", "y", DATE)]
    desk.configure(paper.feed)
    report = desk.poll()
    assert [article.url for article in desk.articles()] == [f"{paper.site.url}/story"]
    assert report.skipped == {"its page is another entry's article": 1}


def test_a_permanent_redirect_is_followed_and_kept_only_after_a_week(desk, paper):
    paper.publish(paper.site, 1)
    desk.configure(Feed(url=f"{paper.site.url}/old", name="Paper"))
    desk.poll()
    assert desk.feed().fetch_url.endswith("/old")
    desk.poll(24)
    assert desk.feed().fetch_url.endswith("/old")
    desk.poll(24 * 8)
    assert desk.feed().fetch_url.endswith("/feed")


def test_a_gone_feed_comes_back_by_itself(desk, paper):
    paper.status = "410 Gone"
    desk.configure(paper.feed)
    desk.poll()
    assert (desk.feed().status, desk.feed().last_outcome) == ("gone", "gone")
    assert desk.poll(24, force=False).polled == 0
    paper.status = "200 OK"
    paper.publish(paper.site, 1)
    assert desk.poll(24 * 8, force=False).new == 1
    assert desk.feed().status == "active"


def test_a_feed_taken_out_of_the_configuration_is_kept_but_not_polled_and_returns_silently(desk, paper):
    paper.publish(paper.site, 1)
    desk.configure(paper.feed)
    desk.poll()
    assert desk.configure().removed == 1
    assert desk.poll(1).polled == 0
    assert len(desk.articles()) == 1
    paper.publish(paper.site, 2)
    assert desk.configure(paper.feed).returned == 1
    desk.poll(2)
    assert [article.silent for article in desk.articles()] == [True, True]


def test_requests_to_one_host_keep_their_gap_and_never_overlap(store_url, parser):
    policy = PollPolicy(allowed_networks=("127.0.0.0/8",), host_gap_s=0.15)
    desk, paper = Desk(store_url, parser, policy), Paper()
    with sites.running(paper.answer) as (site,):
        for n in range(4):
            paper.publish(site, n)
        desk.configure(Feed(url=f"{site.url}/feed", name="a"), Feed(url=f"{site.url}/feed?2", name="b"))
        desk.poll()
        times = [request.at for request in site.requests]
    desk.ingest.close()
    desk.engine.dispose()
    assert len(times) >= 6
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.14


def test_credentials_stay_with_their_host(desk):
    seen: dict[str, list[str | None]] = {"home": [], "away": []}

    def away(request, connection):
        seen["away"].append(request.headers.get("authorization"))
        connection.sendall(sites.reply(sites.rss()))

    with sites.running(away) as (elsewhere,):

        def home(request, connection):
            seen["home"].append(request.headers.get("authorization"))
            location = f"http://user:other@{elsewhere.address}:{elsewhere.port}/" if request.path == "/b" else "/b"
            connection.sendall(sites.reply(status="302 Found", Location=location))

        with sites.running(home) as (site,):
            desk.configure(Feed(url=f"http://desk:secret@{site.address}:{site.port}/a", name="a"))
            desk.poll()
    assert seen == {"home": ["Basic ZGVzazpzZWNyZXQ="] * 2, "away": [None]}


def test_an_entry_leaves_memory_only_after_the_retention_period(desk, paper):
    paper.publish(paper.site, 1)
    paper.publish(paper.site, 2)
    desk.configure(paper.feed)
    desk.poll()
    paper.items = paper.items[1:]
    desk.poll(24 * (POLICY.retention_days - 1))
    with transaction(desk.engine) as connection:
        assert len(connection.execute(entry_table.select()).all()) == 2
    paper.publish(paper.site, 3)
    desk.poll(24 * (POLICY.retention_days + 1))
    with transaction(desk.engine) as connection:
        guids = {row.guid for row in connection.execute(entry_table.select())}
    assert guids == {"g-2", "g-3"}
    assert len(desk.articles()) == 3


def test_more_new_entries_than_one_poll_has_room_for_wait_in_the_feed(desk, paper, monkeypatch):
    monkeypatch.setattr("bot.stages.harvest.MOST_PAGES", 3)
    paper.etag = '"v"'
    desk.configure(paper.feed)
    desk.poll()
    for n in range(8):
        paper.publish(paper.site, n)
    paper.etag = '"w"'
    outcomes = [dict(desk.poll(hours).outcomes) for hours in (1, 2, 3, 4)]
    assert outcomes == [{"partial": 1}, {"partial": 1}, {"ok": 1}, {"not_modified": 1}]
    assert len(desk.articles()) == 8


def test_a_feed_silent_for_three_times_its_cadence_and_pages_that_cannot_be_read_are_told(desk, paper):
    paper.items = [sites.item(n, "", "words", f"Mon, 02 Mar 2026 {n:02d}:00:00 GMT") for n in range(4)]
    desk.configure(paper.feed)
    desk.poll(24)
    assert "silent" in desk.feed().last_problem
    paper.items = [
        sites.item(n, f"{paper.site.url}/none{n}", "stub", f"Tue, 03 Mar 2026 1{n}:00:00 GMT") for n in range(4)
    ]
    desk.poll(26)
    assert desk.feed().last_problem.startswith("only stubs, and no page could be read: the feed's own text (page 404)")


def test_what_was_not_read_is_counted_with_its_reason(desk, paper):
    paper.items = [f"<item><link>{paper.site.url}/none</link></item>"]
    desk.configure(paper.feed, Feed(url="http://10.1.1.1/feed", name="inside"))
    report = desk.poll()
    assert report.skipped == {"nothing to read": 1}
    assert list(report.problems) == ["http://10.1.1.1/feed"]
    with transaction(desk.engine) as connection:
        counted = {(tally.outcome, tally.reason): tally.n for tally in tallies.totals(connection, NOW.date())}
    assert counted == {
        ("article", ""): 1, ("skipped", "nothing to read"): 1, ("polled", "ok"): 1, ("poll_failed", "refused"): 1,
    }  # fmt: skip


def test_a_fault_of_ours_is_one_feeds_fault(desk, paper):
    paper.publish(paper.site, 1)
    good = Paper()
    with sites.running(good.answer) as (site,):
        good.publish(site, 1)
        desk.configure(paper.feed, Feed(url=f"{site.url}/feed", name="good"))
        original = desk.ingest._harvester._texts

        async def broken(feed, fresh, base):
            if feed.name == "Paper":
                raise RuntimeError("a bug")
            return await original(feed, fresh, base)

        desk.ingest._harvester._texts = broken
        report = desk.poll()
    assert report.outcomes == {"ok": 1, "error": 1}


def test_claims_left_by_a_dead_process_are_taken_up(desk, paper):
    paper.publish(paper.site, 1)
    desk.configure(paper.feed)
    with transaction(desk.engine) as connection:
        assert len(feeds.claim_due(connection, NOW, limit=10, lease_s=600)) == 1
        assert feeds.claim_due(connection, NOW, limit=10, lease_s=600) == []
    assert desk.poll(force=False).polled == 0
    assert desk.ingest.recover(NOW) == 1
    assert desk.poll(force=False).polled == 1


def test_a_continuous_poller_takes_what_comes_due_and_stops_when_told(desk, paper):
    paper.publish(paper.site, 1)
    stop = threading.Event()

    def later():
        time.sleep(0.3)
        desk.configure(paper.feed, now=NOW)
        deadline = time.monotonic() + 20
        while not desk.articles() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)  # from the article on file to the round's report
        stop.set()

    thread = threading.Thread(target=later)
    thread.start()
    report = desk.ingest.run(stop, lambda: NOW, pause_s=0.05)
    thread.join()
    assert report.polled == 1


def test_pending_articles_are_claimed_once_and_quarantined_after_five_tries(desk, paper):
    paper.publish(paper.site, 1)
    desk.configure(paper.feed)
    desk.poll()
    for n in range(5):
        with transaction(desk.engine) as connection:
            (claimed,) = articles.claim_pending(connection, NOW + timedelta(hours=n), 10, 60.0)
            assert articles.claim_pending(connection, NOW + timedelta(hours=n), 10, 60.0) == []
    with transaction(desk.engine) as connection:
        assert articles.claim_pending(connection, NOW + timedelta(hours=9), 10, 60.0) == []
        assert not articles.mark(connection, claimed.id, ArticleState.ASSESSED, "", NOW)
    (article,) = desk.articles()
    assert (article.state, article.reason) == ("failed", articles.POISON)


def test_an_article_ends_once_and_keeps_its_reason(desk, paper):
    paper.publish(paper.site, 1, page="")
    desk.configure(paper.feed)
    desk.poll()
    with transaction(desk.engine) as connection:
        (claimed,) = articles.claim_pending(connection, NOW, 10, 60.0)
        assert articles.mark(connection, claimed.id, ArticleState.ASSESSED, "", NOW)
        assert not articles.mark(connection, claimed.id, ArticleState.FAILED, "late", NOW)
        assert articles.get(connection, claimed.id) == claimed
        assert articles.counts(connection)[ArticleState.ASSESSED] == 1
    assert desk.articles()[0].reason == "the feed's own text (no_text)"


def test_a_feed_whose_end_cannot_be_stored_keeps_no_other_from_being_stored(desk, paper, monkeypatch):
    paper.publish(paper.site, 1)
    original = desk.ingest._write
    failed: list[str] = []

    def broken(connection, ends):
        for end in ends:
            if end.feed.name == "Paper" and end.harvest.gathered.arrivals:
                failed.append(end.feed.url)
                raise RuntimeError("a bug in what is stored")
        return original(connection, ends)

    monkeypatch.setattr(desk.ingest, "_write", broken)
    others = [Paper() for _ in range(6)]
    with sites.running(*(other.answer for other in others)) as servers:
        for other, site in zip(others, servers, strict=True):
            other.publish(site, 1)
        desk.configure(paper.feed, *(Feed(url=f"{site.url}/feed", name=site.url) for site in servers))
        report = desk.poll()
    assert failed
    assert report.outcomes == {"ok": 6, "error": 1}
    assert len(desk.articles()) == 6


def test_each_poll_of_a_feed_is_a_span_with_what_came_of_it(desk, paper, parser):
    told = []

    @contextmanager
    def spans(name):
        facts = {}
        yield lambda **more: facts.update(more)
        told.append((name, facts))

    desk.ingest.close()
    desk.ingest = Ingest(desk.engine, Fetcher(POLICY), parser, Body(), POLICY, random.Random(1), spans=spans)
    paper.publish(paper.site, 1)
    desk.configure(paper.feed)
    desk.poll()
    paper.status = "503 Service Unavailable"
    desk.poll(1)
    place = redacted(paper.feed.url)
    assert [(name, facts["feed"], facts["done"]) for name, facts in told] == [
        ("ingest", place, 1),
        ("ingest", place, 0),
    ]
    assert [facts["outcome"] for _, facts in told] == ["ok", "unavailable"]
