from __future__ import annotations

from bot.core.grouping import GROUP_AT, OpenShift, group
from bot.domain import Relation

WORDS = "Norland could send a dozen tanks to Sudland before summer"


def shift(relation: Relation = Relation.SOFTENING, revision: int = 1, words: str = WORDS) -> OpenShift:
    return OpenShift(key="k1", revision=revision, relation=relation, words=words)


def grouped(similar: list, relation: Relation = Relation.SOFTENING, words: str = WORDS):
    return group(position_id="p", revision=1, relation=relation, words=words, similar=similar)


def test_the_first_account_opens_a_shift_with_a_key_of_its_own() -> None:
    assert grouped([]).is_new
    assert grouped([]).key == grouped([]).key
    assert grouped([]).key != grouped([], words="Something else was said").key


def test_other_words_of_the_same_sense_corroborate() -> None:
    found = grouped([(shift(), 0.8)], words="Twelve armoured vehicles may go south")
    assert (found.key, found.is_new) == ("k1", False)


def test_what_is_less_alike_than_the_threshold_opens_another_shift() -> None:
    assert not grouped([(shift(), GROUP_AT)]).is_new
    assert grouped([(shift(), GROUP_AT - 0.01)]).is_new


def test_another_event_opens_another_shift() -> None:
    assert grouped([(shift(), 0.2)], words="Fighter jets are discussed in the capital").is_new


def test_the_other_direction_is_another_shift() -> None:
    assert grouped([(shift(), 0.9)], relation=Relation.HARDENING).is_new


def test_softening_and_contradiction_are_one_direction() -> None:
    assert not grouped([(shift(), 0.9)], relation=Relation.CONTRADICTION).is_new


def test_a_shift_against_an_older_revision_of_the_line_is_not_joined() -> None:
    assert grouped([(shift(revision=2), 0.9)]).is_new


def test_a_shift_that_the_desk_made_the_line_is_joined_by_later_accounts_of_it() -> None:
    settled = OpenShift(key="k1", revision=0, relation=Relation.SOFTENING, words=WORDS, settled_as=1)
    assert not grouped([(settled, 0.9)]).is_new
