from __future__ import annotations

import pytest
import trafilatura
from trafilatura.utils import load_html

from bot.reading.page import PageExtractor, _published
from bot.reading.particulars import particulars

BODY = "".join(
    f"<p>The envoys met for the {n} time in the old customs house by the harbour, and talked about the list of the ships.</p>"
    for n in ("first", "second", "third", "fourth", "fifth")
)
BYLINES = {
    "in the head": ('<meta name="author" content="Ada Novak">', ""),
    "one word in the head": ('<meta name="author" content="desk">', '<p class="author">Ada Novak</p>'),
    "as data": (
        (
            '<script type="application/ld+json">{"@context":"https://schema.org","@type":"Article","author":'
            '{"@type":"Person","name":"Ada Novak"}}</script>'
        ),
        "",
    ),
    "broken data": ('<script type="application/ld+json">{"@type": [</script>', '<a rel="author">Ada Novak</a>'),
    "by its class": ("", '<div class="top byline-block">By <span class="posted-by">Ada Novak</span></div>'),
    "without quotes": ("", "<span class=authorName>Ada Novak</span>"),
    "by a part": ("", '<h4 data-component="Byline">Ada Novak</h4>'),
    "an element of its own": ("", "<author>Ada Novak</author>"),
    "a word of the text alone": ("", "<p>The writers, authors and users of the harbour met.</p>"),
    "none": ("", ""),
}
HEADS = {
    "bare": "",
    "dated": '<meta property="article:published_time" content="2026-02-10T08:30:00+02:00">',
    "full": '<meta property="og:title" content="Envoys &amp; ships"><meta property="og:site_name" content="@times">'
    '<link rel="canonical" href="/envoys"><meta property="og:url" content="https://times.example/envoys">',
}


def page(head: str, byline: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><title>Envoys meet again - The Times</title>{head}</head><body><nav><a href="/">'
        f"Home</a></nav><article><h1>Envoys meet again</h1>{byline}{BODY}</article><footer>Rights</footer></body></html>"
    )


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize("byline", BYLINES.values(), ids=BYLINES)
@pytest.mark.parametrize("url", ["https://times.example/envoys?x=1", ""], ids=["with its address", "without"])
def test_a_page_tells_what_the_library_by_itself_finds_in_it(head, byline, url):
    source = page(head + byline[0], byline[1])
    whole = trafilatura.bare_extraction(
        source, url=url or None, include_comments=False, include_tables=False, with_metadata=True, favor_precision=True
    )
    told = particulars(load_html(source), source, url=url, dated=_published(source) is not None)
    names = ("title", "author", "url", "sitename")
    assert [getattr(told, name) for name in names] == [getattr(whole, name) for name in names]
    assert _published(source) or told.date == whole.date
    assert PageExtractor().extract(source, url=url).text == whole.text.strip()


def test_pages_with_an_author_are_among_those_compared():
    named = {
        name: particulars(load_html(page(*byline)), page(*byline), url="", dated=True).author
        for name, byline in BYLINES.items()
    }
    assert {name for name, author in named.items() if author != "Ada Novak"} == {"a word of the text alone", "none"}
