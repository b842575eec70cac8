from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from bot.domain import Article, Certainty, Holder, Voice
from bot.reading.holders import Registry
from bot.reading.reader import ArticleReader

VOICE = Voice(name="Anton Veresov", aliases=("Veresov",), since=date(2020, 1, 1), until=date(2024, 12, 31))
HOLDERS = (Holder(name="Russia", voices=(VOICE,)), Holder(name="NATO"), Holder(name="United States"))
REGISTRY = Registry(HOLDERS)


@pytest.mark.parametrize(
    ("day", "holder"),
    [(date(2019, 12, 31), ""), (date(2020, 1, 1), "Russia"), (date(2024, 12, 31), "Russia"), (date(2025, 1, 1), "")],
)
def test_a_voice_speaks_for_its_holder_in_office_only(day, holder):
    assert REGISTRY.of("Anton Veresov", "Veresov", (), day) == holder


def test_another_spelling_of_the_first_name_is_the_same_voice():
    assert REGISTRY.of("Antoni Veresov", "Veresov", (), date(2022, 1, 1)) == "Russia"


def test_another_person_of_that_surname_is_not():
    assert REGISTRY.of("Boris Veresov", "Boris Veresov", (), date(2022, 1, 1)) == ""


@pytest.mark.parametrize(
    ("phrase", "holder"),
    [
        ("Moscow", "Russia"),
        ("the Kremlin", "Russia"),
        ("the Russian government", "Russia"),
        ("Russian troops’ commander", "Russia"),
        ("the US administration", "United States"),
        ("the former Russian president", ""),
        ("Russian analysts", ""),
        ("the French government", ""),
        ("US and Russian officials", ""),
        ("us", ""),
        ("Kyiv", ""),
    ],
)
def test_bodies_are_holders_by_their_names_seats_and_adjectives(phrase, holder):
    assert REGISTRY.body(phrase) == holder


@pytest.mark.parametrize(
    ("context", "holder"),
    [("The alliance will add troops.", "NATO"), ("The Commission will sue.", ""), ("Nobody knows.", "")],
)
def test_brussels_is_told_by_the_passage_and_ours_only(context, holder):
    assert REGISTRY.body("Brussels", context) == holder


def test_an_office_of_two_states_is_not_one_voice():
    registry = Registry([Holder(name="Israel", voices=(Voice(name="Israeli prime minister"),))])
    assert registry.of("Israeli prime minister", "the Israeli prime minister", (), date(2025, 11, 1)) == "Israel"
    assert registry.of("Italian prime minister", "the Italian prime minister", (), date(2025, 11, 1)) == ""


def test_no_holders_match_nothing():
    assert Registry(()).body("Moscow") == ""


def test_an_office_without_a_state_speaks_for_whom_it_tells_of():
    text = "The foreign minister said that Russia would leave the port."
    article = Article(id="a", url="", title="", text=text, published=datetime(2026, 1, 1, tzinfo=UTC))
    (one,) = ArticleReader(HOLDERS).read(article)
    assert (one.speaker, one.holder, one.certainty) == ("foreign minister", "Russia", Certainty.STATED)
