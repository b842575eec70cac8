"""What ingest makes of pages beyond one plain article: later editions, live pages, other languages, redirectors."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import feed_sites as sites
import pytest

from bot.core.editions import EditKind
from bot.core.policies import PollPolicy
from bot.domain import Feed, Mode, Statement
from bot.feeds.fenced import FencedParser
from bot.feeds.http import Fetcher
from bot.reading.page import PageExtractor
from bot.stages.ingest import Ingest
from bot.store import articles, assessments, edits, feeds, tallies
from bot.store.engine import snapshot, transaction
from bot.store.schema import articles as article_table

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DATE = "Mon, 02 Mar 2026 09:00:00 GMT"
POLICY = PollPolicy(allowed_networks=("127.0.0.0/8",), host_gap_s=0.0, obey_robots=False)
STORY = [
    "The envoys met for the third time in the old customs house by the harbour of Norport.",
    "Norland will send no tanks, its defence minister Ada Berg said on Sunday.",
    "They talked until late in the evening about a list that nobody has seen so far.",
    "A further meeting is planned for the end of the month, in the same house.",
]
GERMAN = (
    "„Wir werden in diesem Winter keine Panzer schicken, und wir haben das auch nie versprochen“, sagte der Minister "
    "am Abend vor den Leuten, die vor dem alten Zollhaus gewartet hatten."
)


@pytest.fixture(scope="module")
def parser():
    parser = FencedParser()
    yield parser
    parser.close()


class Desk:
    def __init__(self, engine, parser):
        self.engine = engine
        self.pages: dict[str, str] = {}
        self.version = 0
        self.ingest = Ingest(engine, Fetcher(POLICY), parser, PageExtractor(), POLICY, random.Random(1))

    def answer(self, request, connection):
        if request.path in self.pages:
            body = self.pages[request.path].encode()
            connection.sendall(sites.reply(body, Content_Type="text/html; charset=utf-8"))
        else:
            items = [sites.item(1, f"{self.site.url}/1", f"Teaser number {self.version}.", DATE)]
            connection.sendall(sites.reply(sites.rss(*items)))
        return True

    def publishes(self, *sentences: str, hours: float = 0.0, page: str = ""):
        self.version += 1
        prose = "".join(f"<p>{sentence}</p>" for sentence in sentences)
        self.pages["/1"] = page or f"<html><head><title>T</title></head><body><article>{prose}</article></body></html>"
        at = NOW + timedelta(hours=hours)
        return self.ingest.run_once(at, clock=lambda: at, force=True)

    def articles(self):
        with snapshot(self.engine) as connection:
            return connection.execute(article_table.select().order_by(article_table.c.published_at)).all()

    def counted(self):
        with snapshot(self.engine) as connection:
            return {(t.outcome, t.reason): t.n for t in tallies.totals(connection, NOW.date())}


@pytest.fixture
def desk(store, parser):
    desk = Desk(store, parser)
    with sites.running(desk.answer) as (site,):
        desk.site = site
        with transaction(store) as connection:
            feeds.sync_feeds(connection, [Feed(url=f"{site.url}/feed", name="Paper", outlet="The Paper")], NOW)
        yield desk
    desk.ingest.close()


def test_a_statement_that_a_later_edition_changes_or_drops_is_on_record(desk):
    desk.publishes(*STORY)
    desk.publishes(
        STORY[0], "Norland will send tanks, its defence minister Ada Berg said on Sunday.", STORY[3], hours=1
    )
    with snapshot(desk.engine) as connection:
        found = edits.recent(connection, NOW)
        assert edits.recent(connection, NOW + timedelta(hours=2)) == ()
    assert [(edit.kind, edit.before, edit.after) for edit in found] == [
        (EditKind.CHANGED, STORY[1], "Norland will send tanks, its defence minister Ada Berg said on Sunday."),
        (EditKind.REMOVED, STORY[2], ""),
    ]
    assert {(edit.title, edit.outlet, edit.noticed) for edit in found} == {("Headline 1", "The Paper", False)}
    assert {key: n for key, n in desk.counted().items() if key[0] == "edited"} == {
        ("edited", "changed"): 1,
        ("edited", "removed"): 1,
    }


def test_an_edit_names_whose_words_they_were_where_they_had_been_assessed(desk):
    desk.publishes(*STORY)
    (article,) = desk.articles()
    start = article.text.index(STORY[1])
    statement = Statement(
        id="s1", article_id=article.id, start=start, end=start + len(STORY[1]), text=STORY[1], speaker="Ada Berg",
        holder="Norland", mode=Mode.ASSERTION,
    )  # fmt: skip
    with transaction(desk.engine) as connection:
        assessments.save_statements(connection, [statement])
    desk.publishes(STORY[0], *STORY[2:], "Correction: a sentence about tanks was taken out.", hours=1)
    with snapshot(desk.engine) as connection:
        (edit,) = edits.recent(connection, NOW)
    assert (edit.kind, edit.speaker, edit.holder, edit.positions, edit.noticed) == (
        EditKind.REMOVED, "Ada Berg", "Norland", (), True,
    )  # fmt: skip


def test_another_text_under_the_same_address_is_no_edit(desk):
    desk.publishes(*STORY)
    desk.publishes(*(f"Line {n} of quite another report about hats and the winter." for n in range(4)), hours=1)
    assert desk.counted()["edited", "rewritten"] == 1
    with snapshot(desk.engine) as connection:
        assert edits.recent(connection, NOW) == ()


def live(*items: tuple[str, str]) -> str:
    updates = [
        {"headline": f"At {at}", "datePublished": f"2026-03-02T{at}:00Z", "articleBody": said, "url": f"/1#at-{at}"}
        for at, said in items
    ]
    data = json.dumps({"@type": "LiveBlogPosting", "liveBlogUpdate": updates})
    return f"<html><head><title>Talks</title><script type='application/ld+json'>{data}</script></head></html>"


def test_a_live_page_becomes_an_article_for_each_item_and_later_only_for_new_ones(desk):
    desk.publishes(page=live(("09:30", STORY[0]), ("10:15", STORY[1])))
    first = desk.articles()
    assert [(a.title, a.text, a.published_at, a.url) for a in first] == [
        ("At 09:30", STORY[0], datetime(2026, 3, 2, 9, 30, tzinfo=UTC), f"{desk.site.url}/1#at-09:30"),
        ("At 10:15", STORY[1], datetime(2026, 3, 2, 10, 15, tzinfo=UTC), f"{desk.site.url}/1#at-10:15"),
    ]
    desk.publishes(page=live(("09:30", STORY[0]), ("10:15", STORY[1]), ("23:00", STORY[2])), hours=1)
    assert [a.text for a in desk.articles()] == STORY[:3]
    assert desk.articles()[2].published_at == NOW + timedelta(hours=1)
    assert desk.counted()["article", ""] == 3


def busy(desk, status: str):
    desk.pages["/1"] = ""
    answer = desk.answer

    def refuse(request, connection):
        if request.path != "/1":
            return answer(request, connection)
        connection.sendall(sites.reply(b"Busy.", status=status))
        return True

    desk.site.answer = refuse
    return answer


def polled(desk, *, minutes: float):
    at = NOW + timedelta(minutes=minutes)
    return desk.ingest.run_once(at, clock=lambda: at, force=True)


def page_requests(desk) -> int:
    return sum(request.path == "/1" for request in desk.site.requests)


def test_a_page_that_could_not_be_had_is_read_when_it_comes(desk):
    answer = busy(desk, "503 Service Unavailable")
    polled(desk, minutes=0)
    (first,) = desk.articles()
    assert (first.text, first.reason) == ("Teaser number 0.", "the feed's own text (page 503)")
    polled(desk, minutes=4)
    assert page_requests(desk) == 1
    polled(desk, minutes=6)
    assert page_requests(desk) == 2
    desk.site.answer = answer
    prose = "".join(f"<p>{sentence}</p>" for sentence in STORY)
    desk.pages["/1"] = f"<html><head><title>T</title></head><body><article>{prose}</article></body></html>"
    polled(desk, minutes=20)
    assert len(desk.articles()) == 1
    polled(desk, minutes=27)
    _, late = sorted(desk.articles(), key=lambda article: article.fetched_at)
    assert (late.state, late.reason, late.entry_id) == ("pending", "its page came late", first.entry_id)
    assert STORY[1] in late.text
    assert late.published_at == first.published_at
    asked = page_requests(desk)
    polled(desk, minutes=2000)
    assert (page_requests(desk), len(desk.articles())) == (asked, 2)


def test_a_page_that_never_comes_is_asked_for_six_times(desk):
    busy(desk, "503 Service Unavailable")
    for hour in range(48):
        polled(desk, minutes=hour * 60)
    assert page_requests(desk) == 6
    assert len(desk.articles()) == 1


def test_a_page_that_is_not_there_is_not_asked_for_again(desk):
    busy(desk, "404 Not Found")
    for hour in range(12):
        polled(desk, minutes=hour * 60)
    assert page_requests(desk) == 1


def test_a_late_page_is_not_read_where_a_later_edition_has_been(desk):
    answer = busy(desk, "503 Service Unavailable")
    polled(desk, minutes=0)
    desk.site.answer = answer
    desk.publishes(*STORY, hours=0.05)
    asked = page_requests(desk)
    polled(desk, minutes=60)
    assert page_requests(desk) == asked + 1
    assert [article.revision for article in desk.articles()] == [0, 1]
    polled(desk, minutes=600)
    assert page_requests(desk) == asked + 1


def test_passages_in_other_languages_are_counted_and_listed_while_the_rest_is_read(desk):
    desk.publishes(*STORY, GERMAN)
    (article,) = desk.articles()
    assert (article.state, article.reason) == ("pending", "passages not read: de")
    assert desk.counted()["passage_unread", "language: de"] == 1
    with snapshot(desk.engine) as connection:
        (listed,) = articles.unread(connection, NOW - timedelta(days=1))
    assert (listed.title, listed.reason) == ("Headline 1", "passages not read: de")


@pytest.mark.parametrize(
    "page",
    [
        '<html><meta http-equiv="refresh" content="0; url={target}"></html>',
        '<html><c-wiz><a data-n-au="{target}"></a></c-wiz></html>',
        '<html><script>window.location.replace("{escaped}");</script></html>',
        '<html><link rel="canonical" href="{target}"></html>',
    ],
    ids=["refresh", "attribute", "script", "canonical"],
)
def test_a_redirectors_page_is_followed_to_where_it_says_it_leads(desk, page, monkeypatch):
    prose = "".join(f"<p>{sentence}</p>" for sentence in STORY)
    target = f"http://localhost:{desk.site.port}/story"
    desk.pages["/story"] = f"<html><body><article>{prose}</article></body></html>"
    monkeypatch.setattr("bot.stages.pages.is_redirector", lambda url: url.endswith("/1"))
    desk.publishes(page=page.replace("{target}", target).replace("{escaped}", target.replace("/", "\\/")))
    (article,) = desk.articles()
    assert (article.url, STORY[1] in article.text, article.reason) == (target, True, "")


def test_a_redirector_that_does_not_say_where_it_leads_leaves_the_feeds_own_text(desk, monkeypatch):
    monkeypatch.setattr("bot.stages.pages.is_redirector", lambda url: url.endswith("/1"))
    desk.publishes(page="<html><body>One moment, please.</body></html>")
    (article,) = desk.articles()
    assert article.text == "Teaser number 1."
    assert article.reason == "the feed's own text (redirector: its page does not say where it leads)"
