from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bot.errors import InputError
from bot.ports import Abstained, Extracted
from bot.reading.inputs import read_articles

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Pages:
    """Finds the article "Found." in every page but an empty one."""

    def extract(self, page: str, *, url: str) -> Extracted | Abstained:
        if "nothing" in page:
            return Abstained(reason="empty", detail="0 letters")
        return Extracted(text="Found.", title="T", canonical_url="https://x/canonical")


def articles(data: bytes | str, name: str = "in.txt"):
    given = data.encode() if isinstance(data, str) else data
    found = list(read_articles(given, name, extractor=Pages(), now=NOW))
    for _, article in found:
        if isinstance(article, InputError):
            raise article
    return found


def told(data: str) -> list[tuple[str, str]]:
    """Each document with its text, or with what is wrong with it."""
    found = read_articles(data.encode(), "in", extractor=Pages(), now=NOW)
    return [(document, str(one) if isinstance(one, InputError) else one.text) for document, one in found]


def test_plain_text_keeps_every_character_in_its_place() -> None:
    text = "  One.\r\n\r\nTwo – “three”.\n"
    ((document, article),) = articles(text)
    assert (document, article.text, article.published) == ("in.txt", text, NOW)


def test_html_is_extracted() -> None:
    ((_, article),) = articles("<!doctype html><p>Found.</p>")
    assert (article.text, article.title, article.url) == ("Found.", "T", "https://x/canonical")


def test_a_page_without_an_article_says_why() -> None:
    with pytest.raises(InputError, match=r"in\.txt: no article in this page \(empty\)"):
        articles("<html>nothing</html>")


def test_a_json_article_carries_title_url_and_date() -> None:
    raw = {"title": "T", "url": "https://x", "published": "2026-02-10T09:00:00+02:00", "text": "Words."}
    ((document, article),) = articles(json.dumps(raw, indent=1))
    assert (document, article.title, article.url) == ("in.txt", "T", "https://x")
    assert article.published == datetime(2026, 2, 10, 7, tzinfo=UTC)


def test_json_lines_are_named_by_their_ids_or_their_lines() -> None:
    data = json.dumps({"id": 7, "text": "One."}) + "\n\n" + json.dumps({"text": "Two."}) + "\n"
    assert [document for document, _ in articles(data)] == ["7", "in.txt:3"]


def test_a_json_array_is_read_like_json_lines() -> None:
    data = json.dumps([{"id": "a", "text": "One."}, {"text": "Two."}, 3], indent=1)
    assert told(data) == [("a", "One."), ("in[1]", "Two."), ("in[2]", "in[2]: expected an article as a JSON object.")]


def test_a_bad_line_of_many_does_not_end_the_rest() -> None:
    first, bad, untitled, last = told(
        '{"text": "One."}\n{"text": \n{"id": "x", "title": 1}\n{"text": "Two\u2028lines."}\n'
    )
    assert (first, last) == (("in:1", "One."), ("in:4", "Two\u2028lines."))
    assert bad[1].startswith("in:2: not JSON")
    assert untitled == ("x", "in:3: an article needs the key 'text' with a string.")


def test_a_broken_array_is_one_fault_and_brackets_alone_are_text() -> None:
    with pytest.raises(InputError, match="in: not JSON"):
        told('[{"text": "One."},')
    assert told("[Update] One.") == [("in", "[Update] One.")]


def test_a_byte_order_mark_before_json_is_passed_over() -> None:
    assert told('\ufeff{"text": "One."}\n{"text": "Two."}') == [("in:1", "One."), ("in:2", "Two.")]


@pytest.mark.parametrize("date", ["Tue, 10 Feb 2026 09:00:00 GMT", "2026-02-10", "2026-02-10T09:00:00Z"])
def test_dates_in_both_usual_forms_are_understood(date: str) -> None:
    ((_, article),) = articles(json.dumps({"text": "x", "published": date}))
    assert article.published.date().isoformat() == "2026-02-10"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "binary file"),
        (b'{"title": "no text"}', "needs the key 'text'"),
        (b'{"text": 1}', "needs the key 'text'"),
        (b'{"text": "x", "title": 1}', "'title' must be a string"),
        (b'{"text": "x"}\n{"text": ', "in.txt:2: not JSON"),
        (b'{"text": "x"}\n[1]', "in.txt:2: expected an article"),
        (b'{"text": "x", "published": "soon"}', "'soon' is not like"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        articles(data)


def test_utf_16_and_windows_text_are_read() -> None:
    assert articles("Zürich".encode("utf-16"))[0][1].text == "Zürich"
    assert articles("“Zürich”".encode("cp1252"))[0][1].text == "“Zürich”"
