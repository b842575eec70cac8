"""Where a site's feeds may be."""

from __future__ import annotations

import pytest

from bot.feeds.discovery import MOST, USUAL_PATHS, candidates

SITE = "https://paper.example/news/"


def test_what_the_page_names_comes_in_its_order_with_comments_last_and_once() -> None:
    links = ["/comments/feed/", "world.xml", "https://feeds.example/a", "/news/world.xml"]
    assert candidates(SITE, links) == [
        "https://paper.example/news/world.xml",
        "https://feeds.example/a",
        "https://paper.example/comments/feed/",
    ]


def test_a_page_that_names_none_is_looked_at_in_the_usual_places() -> None:
    assert candidates(SITE, []) == [f"https://paper.example{path}" for path in USUAL_PATHS]


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("feed://paper.example/rss", "https://paper.example/rss"),
        ("feed:http://paper.example/rss", "http://paper.example/rss"),
        ("/feed://odd", "https://paper.example/feed://odd"),
    ],
)
def test_the_feed_scheme_is_read_as_the_web_s(link: str, address: str) -> None:
    assert candidates(SITE, [link]) == [address]


def test_what_cannot_be_fetched_is_left_out_and_the_rest_is_bounded() -> None:
    links = ["javascript:void(0)", "mailto:a@paper.example", "http://[::", "ftp://paper.example/x"]
    assert candidates(SITE, links) == []
    assert len(candidates(SITE, [f"/{n}.xml" for n in range(50)])) == MOST
