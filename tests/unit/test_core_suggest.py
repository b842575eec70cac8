from __future__ import annotations

from datetime import date

import numpy as np

from bot.core.suggest import Uttered, suggest, worth_reading

REPEATED = "Norland rejects any foreign base on the island of Vik, Berg said"


def uttered(
    number: int, words: str = REPEATED, holder: str = "Norland", document: str = "", *, dated: bool = True
) -> Uttered:
    return Uttered(
        holder=holder, speaker="Ada Berg", words=words, document=document or f"d{number}",
        published=date(2026, 1, 10 - number) if dated else None, where=f"https://x/{number}",
    )  # fmt: skip


def along(*directions: int) -> np.ndarray:
    return np.eye(4)[list(directions)]


def test_what_is_said_in_three_documents_is_suggested_with_its_first_day_and_sources() -> None:
    said = [uttered(1), uttered(2), uttered(3), uttered(4, "The weather in Oster was fine all through the week")]
    (one,) = suggest(said, along(0, 0, 0, 1))
    assert (one.holder, one.documents, one.since) == ("Norland", 3, date(2026, 1, 7))
    assert one.baseline == "Norland rejects any foreign base on the island of Vik."
    assert [source.where for source in one.sources] == ["https://x/3", "https://x/2", "https://x/1"]
    assert one.id.startswith("norland-")
    assert one.topic == "foreign base on the island of Vik"


def test_the_first_day_is_that_of_the_articles_that_bear_one_and_the_others_are_named_last() -> None:
    said = [uttered(1, dated=False), uttered(2), uttered(3)]
    (one,) = suggest(said, along(0, 0, 0))
    assert one.since == date(2026, 1, 7)
    assert [source.where for source in one.sources] == ["https://x/3", "https://x/2", "https://x/1"]
    (undated,) = suggest([uttered(n, dated=False) for n in (1, 2, 3)], along(0, 0, 0))
    assert (undated.since, undated.documents) == (None, 3)


def test_a_topic_has_no_part_of_who_said_it() -> None:
    words = "Ursula van der Berg said again that Norland demands full reciprocity in steel tariffs"
    (one,) = suggest([uttered(n, words) for n in (1, 2, 3)] + [uttered(4, "Snow fell")], along(0, 0, 0, 1))
    assert one.baseline == "Norland demands full reciprocity in steel tariffs."
    assert one.topic == "full reciprocity in steel tariffs"


def test_one_document_that_repeats_itself_is_no_line() -> None:
    assert suggest([uttered(n, document="d") for n in (1, 2, 3)], along(0, 0, 0)) == []


def test_two_holders_do_not_make_a_line_together() -> None:
    said = [uttered(1), uttered(2), uttered(3, holder="Sudland")]
    assert suggest(said, along(0, 0, 0)) == []


def test_the_most_repeated_comes_first_and_ids_are_unique() -> None:
    said = [uttered(n) for n in (1, 2, 3)] + [uttered(n) for n in (4, 5, 6, 7)]
    found = suggest(said, along(0, 0, 0, 1, 1, 1, 1))
    assert [one.documents for one in found] == [4, 3]
    assert len({one.id for one in found}) == 2
    assert len(suggest(said, along(0, 0, 0, 1, 1, 1, 1), most=1)) == 1


def test_fragments_and_speeches_are_no_stances() -> None:
    assert worth_reading(REPEATED)
    assert not worth_reading("He refused.")
    assert not worth_reading("and so on " * 30)


def test_thanks_and_accounts_of_meetings_are_no_stances() -> None:
    assert not worth_reading("This is an excellent opportunity to exchange views on matters of common interest.")
    assert not worth_reading("The ministers met in Oster and discussed trade between the two countries.")


def test_marks_ahead_of_a_statement_are_no_part_of_its_line() -> None:
    said = [uttered(n, f"❗️ {REPEATED}") for n in (1, 2, 3)]
    (one,) = suggest(said, along(0, 0, 0))
    assert one.baseline == "Norland rejects any foreign base on the island of Vik."
