from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.ports import Abstained, Extracted
from bot.reading.page import PageExtractor, looks_like_html

BODY = "".join(
    f"<p>The envoys met for the {n} time in the old customs house by the harbour, and talked "
    f"until late in the evening about the list.</p>"
    for n in ("first", "second", "third", "fourth")
)
PAGE = f"""<!doctype html><html lang="en"><head><title>Envoys meet again</title>
<meta property="og:site_name" content="Harbour Times"><meta name="author" content="Ada Novak">
<meta property="article:published_time" content="2026-02-10T08:30:00+02:00">
<link rel="canonical" href="https://times.example/envoys"></head>
<body><nav><a href="/">Home</a><a href="/world">World</a></nav><article><h1>Envoys meet again</h1>{BODY}</article>
<aside>Most read: Five hats for the winter</aside><footer>All rights reserved</footer></body></html>"""
EXTRACTOR = PageExtractor()


def test_a_page_gives_its_article_with_what_it_says_about_itself():
    found = EXTRACTOR.extract(PAGE, url="https://times.example/envoys?utm_source=x")
    assert isinstance(found, Extracted)
    assert "customs house" in found.text
    assert "Five hats" not in found.text
    assert "All rights reserved" not in found.text
    assert (found.title, found.author, found.outlet) == ("Envoys meet again", "Ada Novak", "Harbour Times")
    assert found.canonical_url == "https://times.example/envoys"
    assert found.published == datetime(2026, 2, 10, 6, 30, tzinfo=UTC)
    assert found.language == "en"


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("<html><body></body></html>", "empty"),
        (
            (
                "<html><head><title>Just a moment...</title></head><body><div class='cf-challenge'>Checking your "
                "browser</div></body></html>"
            ),
            "captcha",
        ),
        (
            (
                "<html><body><div><p>We use cookies and our partners store information.</p><button>Accept "
                "all</button><button>Reject all</button></div></body></html>"
            ),
            "consent_wall",
        ),
    ],
)
def test_pages_without_an_article_say_why(page, reason):
    found = EXTRACTOR.extract(page, url="https://times.example/x")
    assert isinstance(found, Abstained)
    assert found.reason == reason


def test_a_page_that_is_too_large_is_not_parsed():
    found = EXTRACTOR.extract("<p>" + "x" * 5_000_001, url="")
    assert isinstance(found, Abstained)
    assert found.reason == "too_large"


def live_page() -> str:
    prose = "The envoys came out of the customs house and said nothing to the people who waited for them in the square."
    updates = [
        {
            "@type": "BlogPosting",
            "headline": f"Item {n}",
            "datePublished": f"2026-02-10T1{n}:00:00Z",
            "articleBody": f"<p>{prose}</p>",
        }
        for n in range(3)
    ]
    data = json.dumps({"@type": "LiveBlogPosting", "liveBlogUpdate": updates})
    return f"<html><head><script type='application/ld+json'>{data}</script></head><body>{BODY}</body></html>"


def test_a_live_page_gives_its_items_with_their_times_and_titles():
    found = EXTRACTOR.extract(live_page(), url="https://times.example/live")
    assert isinstance(found, Extracted)
    assert [(item.title, item.published) for item in found.items] == [
        (f"Item {n}", datetime(2026, 2, 10, 10 + n, tzinfo=UTC)) for n in range(3)
    ]
    assert all(item.text.startswith("The envoys came out") for item in found.items)
    assert "first time in the old customs house" not in found.text


def test_a_live_page_in_another_language_is_not_read():
    prose = "Die Gesandten verließen am Abend das alte Zollhaus am Hafen und sagten kein Wort zu den Leuten, die dort warteten."
    page = live_page().replace("The envoys came out of the customs house and said nothing", prose)
    page = page.replace("to the people who waited for them in the square.", prose)
    found = EXTRACTOR.extract(page, url="https://times.example/live")
    assert (found.reason, found.detail) == ("language", "de")


def test_html_is_told_from_text():
    assert looks_like_html(PAGE)
    assert not looks_like_html("The envoys met; 3 < 4 and 5 > 2.")


@given(st.text(alphabet="<>/abp \"'=!-&;\n", max_size=300))
@settings(max_examples=60, deadline=None)
def test_no_page_makes_the_extractor_raise(page):
    assert isinstance(EXTRACTOR.extract(f"<html>{page}</html>", url=""), Extracted | Abstained)
