"""The alert in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from alert_samples import account, sample_alert
from hypothesis import given
from hypothesis import strategies as st

from bot.core.alert_words import confidence, day, fallback, headline, host, is_several, minute, outlets, speaker
from bot.core.card import card_of
from bot.domain import Certainty, Relation


@pytest.mark.parametrize(
    ("holder", "relation", "first_line"),
    [
        ("Russia", Relation.SOFTENING, "Russia softens on Ukraine's NATO membership"),
        ("Russia", Relation.HARDENING, "Russia hardens on Ukraine's NATO membership"),
        ("Russia", Relation.CONTRADICTION, "Russia contradicts earlier line on Ukraine's NATO membership"),
        ("Russia", Relation.NEW_OFFER, "Russia makes a new offer on Ukraine's NATO membership"),
        ("European states", Relation.SOFTENING, "European states soften on Ukraine's NATO membership"),
        ("European states", Relation.NEW_OFFER, "European states make a new offer on Ukraine's NATO membership"),
        ("United States", Relation.SOFTENING, "United States softens on Ukraine's NATO membership"),
    ],
)
def test_the_first_line_says_who_moved_which_way_on_what(holder: str, relation: Relation, first_line: str) -> None:
    assert headline(card_of(sample_alert(holder=holder, relation=relation))) == first_line


def test_a_disputed_shift_says_so_first() -> None:
    assert headline(card_of(sample_alert(), disputed="denies it")).startswith("Disputed: Russia softens")


@pytest.mark.parametrize(
    ("name", "several"),
    [("the Houthis", True), ("France and Germany", True), ("Congress", False), ("Netherlands", False), ("", False)],
)
def test_a_holder_takes_the_verb_of_its_number(name: str, several: bool) -> None:
    assert is_several(name) is several


@given(st.text(), st.text(), st.sampled_from(list(Relation)))
def test_a_first_line_fits_a_header_whatever_the_names(holder: str, topic: str, relation: Relation) -> None:
    assert 0 < len(headline(card_of(sample_alert(holder=holder, topic=topic, relation=relation)))) <= 150


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.999, "Very likely (99%)"),
        (0.8, "Likely (80%)"),
        (0.55, "More likely than not (55%)"),
        (0.3, "Uncertain (30%)"),
    ],
)
def test_confidence_is_said_in_words_and_figures_and_never_as_certainty(probability: float, words: str) -> None:
    assert confidence(card_of(sample_alert(probability=probability))).startswith(words)


@pytest.mark.parametrize(
    ("share", "line"),
    [
        (0.44, "More likely than not (54%) a real shift; if so, most likely a softening (81%)"),
        (0.18, "More likely than not (54%) a real shift"),
    ],
)
def test_a_kind_is_named_by_its_share_among_shifts_and_only_where_it_is_the_likeliest(share: float, line: str) -> None:
    card = replace(card_of(sample_alert(probability=0.54)), relation_probability=share)
    assert confidence(card) == line


def test_direct_citing_and_hearsay_are_told_apart() -> None:
    assert speaker(card_of(sample_alert())) == "Irina Orlova, cited directly"
    hearsay = card_of(sample_alert(speaker="", certainty=Certainty.REPORTED))
    assert speaker(hearsay) == "No speaker named, reported secondhand"


def test_thirty_outlets_are_counted_and_the_first_named() -> None:
    line = outlets(card_of(sample_alert(accounts=tuple(account(n) for n in range(1, 31)))))
    assert line.startswith("Also in 30 more reports: Outlet 1, Outlet 2")
    assert line.endswith("and 22 others")


def test_the_fallback_has_the_first_line_the_words_and_the_line_that_was() -> None:
    line = fallback(card_of(sample_alert()))
    assert line.startswith("Russia softens on Ukraine's NATO membership. Now: “Moscow could live")
    assert "Was: Russia rejects any membership" in line


@given(st.text(max_size=4000), st.text(max_size=4000))
def test_the_fallback_keeps_its_limit(words: str, baseline: str) -> None:
    assert len(fallback(card_of(sample_alert(words=words, baseline=baseline)))) <= 600


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.example.org/x", "example.org"),
        ("http://user:pw@evil.example:8080/", "evil.example"),
        ("ftp://example.org", ""),
        ("javascript:alert(1)", ""),
        ("http://[broken", ""),
        ("", ""),
    ],
)
def test_a_host_is_that_of_a_web_address_or_none(url: str, name: str) -> None:
    assert host(url) == name


def test_dates_are_the_same_in_every_locale() -> None:
    assert day(date(2024, 12, 26)) == "26 Dec 2024"
    assert minute(datetime(2026, 1, 14, 12, 20, tzinfo=timezone(timedelta(hours=2)))) == "14 Jan 2026, 10:20 UTC"
    assert minute(datetime(2026, 5, 1, tzinfo=UTC)) == "1 May 2026, 00:00 UTC"
