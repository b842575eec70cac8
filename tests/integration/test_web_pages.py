"""The page as a reader sees it: every view over a ledger, what it counts, and what it refuses."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from page_site import client_of, fill
from sqlalchemy import Engine, event

from bot.domain import identify
from bot.store import schema
from bot.store.engine import transaction

PAGES = ("/", "/positions/pos-000", "/shifts", "/shifts/{shift}", "/feeds", "/how")


class Outline(HTMLParser):
    """Collects what a screen reader goes by, and whatever a strict policy forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.labels: set[str] = set()
        self.fields: list[dict[str, str | None]] = []
        self.inline: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.marks = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "label":
            self.labels.add(found.get("for") or "")
        if tag in {"input", "select", "textarea"} and found.get("type") != "hidden":
            self.fields.append(found)
        if tag in {"script", "style", "iframe", "object"} or any(
            name == "style" or name.startswith("on") for name in found
        ):
            self.inline.append(tag)
        if "id" in found:
            self.ids.append(found["id"] or "")
        self.marks += tag == "mark"
        self.references += [found[name] or "" for name in ("href", "src", "action") if name in found]


def outline(html: str) -> Outline:
    parser = Outline()
    parser.feed(html)
    return parser


@pytest.fixture
def filled(store: Engine):
    return fill(store, statements=120)


@pytest.fixture
def reader(store: Engine, filled):
    return client_of(store)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_whole_labelled_and_holds_nothing_inline(reader, filled, page):
    answer = reader.get(page.format(shift=filled.shifts[0]))
    assert answer.status_code == 200
    found = outline(answer.text)
    assert found.headings[0] == 1
    assert found.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(found.headings, found.headings[1:], strict=False))
    assert [field["id"] for field in found.fields if field["id"] not in found.labels] == []
    assert found.inline == []
    assert len(found.ids) == len(set(found.ids))


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(reader, filled, page):
    own = {
        reference.partition("#")[0]
        for reference in outline(reader.get(page.format(shift=filled.shifts[0])).text).references
        if reference.startswith("/")
    }
    assert {address: reader.get(address).status_code for address in own} == dict.fromkeys(own, 200)


@pytest.mark.parametrize(
    "page", [*PAGES, "/nowhere", "/static/page.css", "/metrics", "/positions/pos-000/timeline.png"]
)
def test_every_answer_is_fenced_in(reader, filled, page):
    headers = reader.get(page.format(shift=filled.shifts[0])).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert re.fullmatch("[0-9a-f]{16}", headers["x-request-id"])


def test_pages_are_not_kept_and_the_style_sheet_is(reader):
    assert reader.get("/").headers["cache-control"] == "no-store"
    style = re.search(r'href="(/static/page\.css\?v=\w+)"', reader.get("/").text)
    assert style
    assert "immutable" in reader.get(style[1]).headers["cache-control"]


def test_queries_of_a_page_are_few_and_do_not_grow_with_the_ledger(store: Engine):
    counted: dict[str, int] = {}
    seen = []

    def count(connection, cursor, statement, *_):
        counted[page] = counted.get(page, 0) + (not statement.startswith("BEGIN"))

    event.listen(store, "before_cursor_execute", count)
    for seed, size in ((1, 60), (2, 600)):
        page = "filling"
        start = 0 if seed == 1 else 1000
        filled = fill(store, positions=size // 10, statements=size, feeds=size // 10, seed=seed, start=start)
        reader = client_of(store)
        counted.clear()
        for page in PAGES:
            address = page.replace("pos-000", filled.positions[0]).format(shift=filled.shifts[0])
            assert reader.get(address).status_code == 200
        seen.append(dict(counted))
    assert seen[0] == seen[1]
    assert max(seen[0].values()) <= 6


def test_positions_show_the_line_in_force_and_how_it_moved(reader):
    text = reader.get("/").text
    assert "accepts talks about" in text
    assert text.count('class="trend"') == 6
    assert "up for what went further than the line" in text


def test_positions_are_found_by_any_word_of_theirs(reader):
    assert reader.get("/", params={"q": "canal valdoria"}).text.count('class="trend"') == 1
    assert 'class="trend"' not in reader.get("/", params={"q": "nothing like that"}).text


def test_a_position_shows_its_picture_its_lines_and_its_statements(reader):
    text = reader.get("/positions/pos-000").text
    assert '<svg xmlns="http://www.w3.org/2000/svg" class="timeline"' in text
    assert "confirmed by Ada" in text
    assert text.count("<blockquote>") == len(re.findall(r"<li>\s*<blockquote>", text)) > 3
    only = reader.get("/positions/pos-000", params={"relation": "consistent"}).text
    assert 0 < only.count("<blockquote>") < text.count("<blockquote>")


def test_the_picture_comes_as_png_too(reader):
    answer = reader.get("/positions/pos-000/timeline.png")
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")


@pytest.mark.parametrize("page", ["/positions/none", "/shifts/none", "/positions/none/timeline.png", "/nowhere"])
def test_what_is_not_there_is_told_on_a_page(reader, page):
    answer = reader.get(page)
    assert answer.status_code == 404
    assert "<h1>Not found</h1>" in answer.text


def test_shifts_are_filtered(reader):
    every = reader.get("/shifts").text.count("<blockquote>")
    softer = reader.get("/shifts", params={"relation": "softening"}).text
    harder = reader.get("/shifts", params={"relation": "hardening"}).text
    assert 0 < softer.count("<blockquote>") < every
    assert 'class="kind hardening"' in harder
    assert 'class="kind softening"' not in harder
    assert "No shift on record is like that" in reader.get("/shifts", params={"since": "2030-01-01"}).text
    assert reader.get("/shifts", params={"verdict": "open"}).text.count("<blockquote>") == every
    assert "No shift on record" in reader.get("/shifts", params={"verdict": "confirm"}).text
    told = [reader.get("/shifts", params={"told": word}).text.count("<blockquote>") for word in ("yes", "no")]
    assert sum(told) == every


@pytest.mark.parametrize(
    "query", ["relation=x", "since=yesterday", "before=nonsense~", "before=2026-01-01~x", "told=maybe"]
)
def test_a_filter_that_makes_no_sense_is_no_filter(reader, query):
    assert reader.get(f"/shifts?{query}").text.count("<blockquote>") == reader.get("/shifts").text.count("<blockquote>")


def test_earlier_shifts_follow_without_a_gap_or_a_double(store: Engine):
    filled = fill(store, positions=20, statements=900)
    assert len(filled.shifts) > 60
    reader = client_of(store)
    seen: list[str] = []
    page = "/shifts?told="
    while page:
        text = reader.get(page).text
        seen += re.findall(r'<h2><a href="/shifts/(\w+)">', text)
        more = re.search(r'<a href="([^"]+)" rel="next">', text)
        page = f"/shifts{more[1]}".replace("&amp;", "&") if more else ""
    assert seen == list(filled.shifts)


def test_accounts_stand_side_by_side_with_their_differing_words_marked(store: Engine, filled):
    with transaction(store) as connection:
        rows = connection.execute(schema.assessments.select().where(schema.assessments.c.shift_key.is_not(None)))
        row = dict(next(iter(rows.mappings())))
        first = (
            connection.execute(schema.statements.select().where(schema.statements.c.id == row["statement_id"]))
            .mappings()
            .one()
        )
        article = dict(
            connection.execute(schema.articles.select().where(schema.articles.c.id == first["article_id"]))
            .mappings()
            .one()
        )
        connection.execute(
            schema.articles.insert().values(
                article | {"id": "other", "outlet": "Second Paper", "url": "https://b.example/2"}
            )
        )
        words = first["text"] + " Nobody objected."
        connection.execute(
            schema.statements.insert().values(dict(first) | {"id": "said", "article_id": "other", "text": words})
        )
        connection.execute(schema.assessments.insert().values(row | {"id": identify("x"), "statement_id": "said"}))
    text = client_of(store).get(f"/shifts/{row['shift_key']}").text
    assert "Second Paper" in text
    assert "<mark>Nobody objected</mark>" in text
    assert "Deciding words" in text


def test_a_feeds_words_can_neither_run_nor_link_to_what_runs(store: Engine, filled):
    evil = '<script>alert(1)</script> "onload="x'
    with transaction(store) as connection:
        connection.execute(schema.articles.update().values(title=evil, outlet=evil, url="javascript:alert(1)"))
        connection.execute(schema.statements.update().values(text=evil, speaker=evil))
        connection.execute(schema.shifts.update().values(words=evil))
        connection.execute(schema.positions.update().values(baseline=evil, source="javascript:alert(2)"))
        connection.execute(schema.feeds.update().values(name=evil, last_problem=evil))
    reader = client_of(store)
    for page in PAGES:
        found = outline(reader.get(page.format(shift=filled.shifts[0])).text)
        assert found.inline == []
        assert [reference for reference in found.references if reference.startswith("javascript")] == []


def test_feeds_with_something_to_tell_come_first(reader):
    text = reader.get("/feeds").text
    states = re.findall(r'class="health (\w+)"', text)
    assert states[:2] == ["failing", "silent"]
    assert "the server answered 503" in text
    assert "1 failing, 1 silent, 6 well" in text


def test_how_it_decides_tells_thresholds_the_model_and_what_became_of_everything(reader):
    text = reader.get("/how").text
    assert "from a chance of 80 % on" in text
    assert "walkback-sample" in text
    assert "0.68" in text
    assert "consent wall" in text


def test_a_page_known_by_another_name_is_not_served(store: Engine, filled):
    answer = client_of(store, hosts=("walkback.example",)).get("/", headers={"host": "evil.example"})
    assert answer.status_code == 421
    assert "WALKBACK_WEB_HOSTS" in answer.text
    assert (
        client_of(store, hosts=("walkback.example",)).get("/", headers={"host": "walkback.example:8080"}).status_code
        == 200
    )
    assert client_of(store, hosts=("*",)).get("/", headers={"host": "any.example"}).status_code == 200
    assert client_of(store, hosts=()).get("/healthz", headers={"host": "10.0.0.7"}).status_code == 200


def test_an_empty_ledger_has_pages_too(store: Engine):
    reader = client_of(store)
    assert [reader.get(page).status_code for page in ("/", "/shifts", "/feeds", "/how")] == [200] * 4


def test_a_database_that_is_gone_is_told_on_a_page(empty_store: Engine):
    answer = client_of(empty_store).get("/")
    assert answer.status_code == 503
    assert "walkback db upgrade" in answer.text


def test_a_fault_of_ours_is_told_without_its_details_and_fenced_in(store: Engine, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("bot.store.pages.feed_lines", broken)
    answer = client_of(store).get("/feeds")
    assert answer.status_code == 500
    assert "a secret detail" not in answer.text
    assert "content-security-policy" in answer.headers
