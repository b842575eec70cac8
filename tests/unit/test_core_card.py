"""A card survives the database."""

from __future__ import annotations

import json

import pytest
from alert_samples import account, sample_alert
from hypothesis import given
from hypothesis import strategies as st

from bot.core.alert_words import headline
from bot.core.card import (
    About,
    alert_record,
    card_from,
    card_of,
    cards_of_digest,
    digest_record,
    record_of,
    reply_record,
)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.floats(0, 1))
def test_a_card_comes_back_from_json_as_it_went(words: str, probability: float) -> None:
    card = card_of(sample_alert(words=words, probability=probability, accounts=(account(1),)), mention="S0GROUP")
    assert card_from(json.loads(json.dumps(record_of(card)))) == card


def test_a_record_of_an_earlier_version_without_later_facts_is_read() -> None:
    record = alert_record(sample_alert())
    for later in ("mention", "disputed", "others", "relation_probability", "evidence"):
        del record[later]
    assert card_from(record).others == ()


@pytest.mark.parametrize(
    "damage",
    [{"since": "yesterday"}, {"relation": "sideways"}, {"first": None}, {"first": {}}, {"probability": "much"}],
)
def test_a_damaged_record_is_a_value_error(damage: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        card_from(alert_record(sample_alert()) | damage)


def test_a_digest_has_its_cards_and_a_reply_the_parent_as_it_now_stands() -> None:
    card = card_of(sample_alert())
    assert cards_of_digest(json.loads(json.dumps(digest_record([card, card])))) == (card, card)
    reply = reply_record(sample_alert(accounts=(account(1),)), account(1), says="denies it")
    assert card_from(reply["parent"]).disputed == "denies it"


def test_why_an_alert_is_made_stays_with_it_and_leads_its_headline() -> None:
    record = json.loads(json.dumps(alert_record(sample_alert(), about=About.MIXED)))
    assert card_from(record).about is About.MIXED
    assert headline(card_from(record)).startswith("Mixed signals: Russia softens")
    assert headline(card_from(record | {"disputed": "has a denial"})).startswith("Disputed: ")


def test_a_reply_under_its_own_heading_disputes_nothing() -> None:
    said = reply_record(sample_alert(), account(1), says="has a denial")
    assert (said["heading"], said["parent"]["disputed"]) == ("", "has a denial")
    mixed = reply_record(sample_alert(), account(1), says="has another speak otherwise", heading="Mixed signals")
    assert mixed["parent"]["disputed"] == ""
