"""A card survives the database."""

from __future__ import annotations

import json

import pytest
from alert_samples import account, sample_alert
from hypothesis import given
from hypothesis import strategies as st

from bot.core.card import alert_record, card_from, card_of, cards_of_digest, digest_record, record_of, reply_record


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
