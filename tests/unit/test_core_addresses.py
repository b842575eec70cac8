from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.addresses import canonical, clean, identity, is_redirector, origin_of, redacted, server_of

INNER = "https://paper.example/world/talks-resume"
GOOGLE_ID = (
    base64.urlsafe_b64encode(b'\x08\x13"' + bytes([len(INNER)]) + INNER.encode() + b"\xd2\x01\x00").decode().rstrip("=")
)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("HTTPS://Paper.Example:443/A?utm_source=rss&id=7&fbclid=x#top", "https://paper.example/A?id=7"),
        ("http://paper.example", "http://paper.example/"),
        ("http://paper.example:8080/a b", "http://paper.example:8080/ab"),
        ("https://user:secret@paper.example/x", "https://paper.example/x"),
        ("https://paper.example/%7Euser/%D0%BD", "https://paper.example/~user/%D0%BD"),
        ("https://paper.example/новости", "https://paper.example/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8"),
        ("https://газета.example/", "https://xn--80aahjj1e.example/"),
        (f"https://www.google.com/url?rct=j&url={INNER}&ct=ga", INNER),
        (f"https://news.google.com/rss/articles/{GOOGLE_ID}?oc=5", INNER),
        ("https://www.google.com/amp/s/paper.example/a/amp", "https://paper.example/a/amp"),
        ("https://paper-example.cdn.ampproject.org/c/s/paper.example/a", "https://paper.example/a"),
        (f"https://l.facebook.com/l.php?u={INNER}&h=1", INNER),
        ("javascript:alert(1)", ""),
        ("mailto:a@b.example", ""),
        ("ftp://paper.example/x", ""),
        ("http://[bad", ""),
        ("", ""),
        ("http://" + "a" * 9000, ""),
    ],
)
def test_clean_gives_what_can_be_fetched_without_trackers(address, expected):
    assert clean(address) == expected


def test_relative_addresses_are_joined_to_the_base():
    assert clean("../b?x=1", "https://paper.example/feeds/rss") == "https://paper.example/b?x=1"
    assert clean("//other.example/b", "https://paper.example/") == "https://other.example/b"


@pytest.mark.parametrize(
    "variant",
    [
        "http://paper.example/world/story",
        "https://www.paper.example/world/story/",
        "https://paper.example/world/story?utm_medium=rss",
        "https://paper.example/world/story/amp/",
        "https://paper.example/world/story#comments",
        "https://amp.paper.example/world/story?amp=1",
        "https://www.google.com/amp/s/paper.example/world/story",
    ],
)
def test_forms_of_one_page_have_one_identity(variant):
    assert identity(variant) == "https://paper.example/world/story"


def test_pages_told_apart_by_a_query_stay_apart():
    assert identity("https://paper.example/?p=1") != identity("https://paper.example/?p=2")


@pytest.mark.parametrize(
    ("declared", "fetched", "expected"),
    [
        ("/world/story", "https://paper.example/world/story?x=1", "https://paper.example/world/story"),
        ("https://www.paper.example/s", "https://m.paper.example/s", "https://www.paper.example/s"),
        ("https://evil.example/s", "https://paper.example/s", "https://paper.example/s"),
        ("https://other.co.uk/s", "https://paper.co.uk/s", "https://paper.co.uk/s"),
        ("https://paper.example/", "https://paper.example/s", "https://paper.example/s"),
        ("", "https://paper.example/s", "https://paper.example/s"),
        ("https://paper.example/s", "https://t.co/abc", "https://paper.example/s"),
    ],
)
def test_a_declared_address_is_believed_on_its_own_site_or_from_a_redirector(declared, fetched, expected):
    assert canonical(declared, fetched) == expected


def test_redirectors_are_known():
    assert is_redirector("https://t.co/x")
    assert is_redirector("https://x.cdn.ampproject.org/c/s/y.example")
    assert not is_redirector("https://paper.example/")


def test_the_origin_tells_ports_and_schemes_apart():
    assert origin_of("HTTP://A.example/x") == "http://a.example:80"
    assert origin_of("https://a.example:8443") == "https://a.example:8443"
    assert origin_of("https://a.example:99999") == ""
    assert origin_of("file:///etc/passwd") == ""


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("http://Paper.example/feed", "paper.example"),
        ("https://paper.example/", "paper.example"),
        ("https://paper.example.:8443/x", "paper.example"),
        ("https://www.paper.example/", "www.paper.example"),
        ("http://192.0.2.7:8080/", "192.0.2.7"),
        ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
        ("http://localhost/", "localhost:80"),
        ("http://[::1]:81/", "::1:81"),
        ("http://127.0.0.1.paper.example:81/", "127.0.0.1.paper.example"),
        ("https://paper.example:99999/", ""),
        ("ftp://paper.example/", ""),
    ],
)
def test_a_server_is_a_host_whatever_its_scheme_and_port_but_for_this_machine_s(address, server):
    assert server_of(address) == server


def test_passwords_are_hidden_on_screens():
    assert redacted("https://user:secret@paper.example/x") == "https://***@paper.example/x"
    assert redacted("https://paper.example/@user") == "https://paper.example/@user"


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_an_answer_and_cleaning_twice_changes_nothing(text):
    once = clean(text)
    assert clean(once) == once
    assert identity(identity(text)) == identity(text)


@settings(deadline=None)
@given(st.sampled_from(["http://", "https://"]), st.text(max_size=60), st.text(max_size=60))
def test_any_address_has_an_answer_and_cleaning_twice_changes_nothing(scheme, host, path):
    once = clean(f"{scheme}{host}.example/{path}")
    assert clean(once) == once
