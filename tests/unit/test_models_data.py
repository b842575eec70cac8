"""The shipped training data itself: what its files promise, read as they lie, so that a careless addition is found here."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from bot.detection.manifest import read_manifest
from bot.domain import Mode, Relation
from bot.training.data import CLASSIFIER, ENCODER, LADDERS, LETTERS, PAIRS, TEST, UNRELATED, Row, own_rows
from bot.training.fit import frozen_hash

MODELS = Path(__file__).parents[2] / "models"
DATA = MODELS / "data"
SPLITS = {ENCODER, CLASSIFIER, TEST}
STOP = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "for",
        "from",
        "in",
        "into",
        "its",
        "of",
        "on",
        "or",
        "over",
        "the",
        "to",
        "with",
    ]
)
OFFICES = frozenset(["government", "junta", "military", "ministry", "foreign", "ruling", "federal"])
"""Who speaks for a state is the state, when it is asked whose topic a topic is."""
ALSO_CALLED = {
    "afghanistan taliban": "taliban",
    "congo dr": "congo",
    "congo democratic republic": "congo",
    "democratic japan liberal party": "democratic liberal party",
    "front polisario": "polisario",
    "houthi yemen": "houthi",
    "administration cypriot turkish": "cypriot turkish",
    "türkiye": "turkey",
}


def read(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def pairs() -> list[dict]:
    return read(PAIRS)


@pytest.fixture(scope="module")
def ladders() -> list[dict]:
    return read(LADDERS)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return own_rows(DATA)


def stems(text: str) -> set[str]:
    words = re.findall(r"[^\W_]+", re.sub(r"[’']s\b", "", text.casefold()))
    return {w[:-1] if len(w) > 3 and w.endswith("s") and not w.endswith("ss") else w for w in words if w not in STOP}


def subject(holder: str, topic: str) -> tuple[str, ...]:
    """One name for a topic of a holder, however its words are turned: "prisoner exchange" and "exchange of prisoners"."""
    who = stems(holder) - OFFICES or stems(holder)
    known = " ".join(sorted(who))
    return ALSO_CALLED.get(known, known), *sorted(stems(topic) - who or stems(topic))


def divided(parts: Iterable[tuple[object, str]]) -> dict[object, set[str]]:
    """Return what stands in more than one split, of (what, split)."""
    found: dict[object, set[str]] = defaultdict(set)
    for what, split in parts:
        found[what].add(split)
    return {what: splits for what, splits in found.items() if len(splits) > 1}


def each_split(rows: list[Row]) -> Iterator[tuple[str, list[Row]]]:
    for split in sorted(SPLITS):
        yield split, [row for row in rows if row.split == split]


def test_two_spellings_of_one_subject_are_one_and_two_holders_are_two() -> None:
    assert subject("Ukraine", "exchange of prisoners") == subject("Ukraine", "prisoner exchange")
    assert subject("Türkiye", "settlement in Cyprus") == subject("Turkey", "Settlement in Cyprus")
    assert subject("Syria's government", "oil output") == subject("Syria", "oil output of Syria")
    assert subject("Russia", "full ceasefire") != subject("Ukraine", "full ceasefire")


def test_every_row_has_its_own_id(rows: list[Row]) -> None:
    assert [name for name, times in Counter(row.id for row in rows).items() if times > 1] == []


def test_there_are_enough_pairs_on_enough_topics(pairs: list[dict], rows: list[Row]) -> None:
    assert len(pairs) >= 8_000
    assert len(rows) >= len(pairs) + 8_000
    assert len({row["topic"] for row in pairs}) >= 80
    assert len({row["holder"] for row in pairs}) >= 80


def test_pairs_have_every_field_of_the_record_and_are_written_compactly(pairs: list[dict]) -> None:
    names = {"id", "group", "split", "origin", "holder", "topic", "position", "statement", "speaker", "title"}
    names |= {"relation", "evidence", "mode"}
    assert all(names <= set(row) <= names | {"family", "certainty"} for row in pairs)
    assert all(row.get("family") != "" and row.get("certainty") != "stated" for row in pairs), "what is read without it"
    assert all(row[name] for row in pairs for name in ("id", "group", "holder", "topic", "position", "statement"))
    assert {row["mode"] for row in pairs} <= set(Mode)
    assert {row["origin"] for row in pairs} == {"stance", "contrast"}
    for line, row in zip((DATA / PAIRS).read_text(encoding="utf-8").splitlines(), pairs, strict=True):
        assert line == json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def test_evidence_stands_word_for_word_in_its_statement_and_the_frozen_set_has_some_to_measure(
    pairs: list[dict],
) -> None:
    told = [row for row in pairs if row["evidence"]]
    assert [row["id"] for row in told if row["evidence"] not in row["statement"]] == []
    assert sum(row["split"] == TEST and Relation(row["relation"]).is_shift for row in told) >= 200


def test_every_relation_stands_in_every_split_and_shifts_are_fewer_than_four_in_ten(rows: list[Row]) -> None:
    shares = {}
    for split, part in each_split(rows):
        assert {row.relation for row in part} == set(Relation), split
        shares[split] = sum(row.relation.is_shift for row in part) / len(part)
    assert set(shares) == {row.split for row in rows} == SPLITS
    assert all(0.2 < share < 0.45 for share in shares.values()), shares
    assert sum(row.relation.is_shift for row in rows) / len(rows) < 0.4


def test_no_group_and_no_line_stands_in_two_splits(rows: list[Row]) -> None:
    assert divided((row.group, row.split) for row in rows) == {}
    assert divided((row.pair.position.casefold().rstrip("."), row.split) for row in rows) == {}


def test_no_topic_of_a_holder_stands_in_two_splits_whatever_it_is_called(rows: list[Row]) -> None:
    assert divided((subject(row.pair.holder, row.pair.topic), row.split) for row in rows) == {}


def test_no_statement_stands_in_two_splits(rows: list[Row]) -> None:
    assert divided((row.pair.statement, row.split) for row in rows) == {}


def test_a_statement_meets_lines_that_make_it_another_relation(rows: list[Row]) -> None:
    met: dict[tuple[str, str], set[Relation]] = defaultdict(set)
    for row in rows:
        met[row.group, row.pair.statement].add(row.relation)
    assert sum(len(relations) > 1 for relations in met.values()) > len(met) / 2


def test_every_ladder_has_a_label_for_each_line_and_says_where_it_is_from(ladders: list[dict]) -> None:
    assert len(ladders) >= 100
    for group in ladders:
        assert group["origin"] in {"ladder", "document", "news", "stance"}, group["group"]
        assert 1 <= len(group["lines"]) <= 4, group["group"]
        assert group["statements"], group["group"]
        for said in group["statements"]:
            letters = said.get("relations", UNRELATED * len(group["lines"]))
            assert len(letters) == len(group["lines"]), (group["group"], said["statement"])
            assert set(letters) <= set(LETTERS), (group["group"], said["statement"])


def test_the_manifest_tells_its_figures_of_this_frozen_set(rows: list[Row]) -> None:
    frozen = [row for row in rows if row.split == TEST]
    figures = read_manifest(MODELS).figures
    assert (figures["frozen_set"], figures["frozen_rows"]) == (frozen_hash(frozen), len(frozen))
