from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.domain import Certainty, Relation, text_hash
from bot.errors import InputError
from bot.training.data import own_rows, read_corpus_labels, read_ladders, read_rows, read_texts, verify_corpus

ROW = {"holder": "Norland", "topic": "tanks", "position": "None.", "statement": "Some.", "relation": "contradiction"}
TEXT = "Norland sends tanks. Nobody knew."


def jsonl(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_row_needs_five_fields_and_takes_more(tmp_path: Path) -> None:
    rows = read_rows(jsonl(tmp_path / "r.jsonl", ROW, ROW | {"id": "x", "certainty": "reported", "split": "test"}))
    assert [row.relation for row in rows] == [Relation.CONTRADICTION] * 2
    assert (rows[0].id, rows[1].id, rows[1].split) == ("r.jsonl:1", "x", "test")
    assert rows[1].pair.certainty is Certainty.REPORTED


def test_the_words_that_decide_are_read_and_null_is_none(tmp_path: Path) -> None:
    rows = read_rows(jsonl(tmp_path / "r.jsonl", ROW, ROW | {"evidence": "Some"}, ROW | {"evidence": None}))
    assert [row.evidence for row in rows] == ["", "Some", ""]


def test_rows_on_which_readers_differ_are_left_out(tmp_path: Path) -> None:
    assert read_rows(jsonl(tmp_path / "r.jsonl", ROW | {"relation": None})) == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({key: value for key, value in ROW.items() if key != "topic"}, "'topic' is missing"),
        (ROW | {"relation": "sideways"}, "sideways"),
        ([1], "expected a JSON object"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, row: object, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        read_rows(jsonl(tmp_path / "r.jsonl", ROW, row))
    assert "r.jsonl:2" in str(caught.value)


def test_a_missing_or_binary_file_is_an_input_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_rows(tmp_path / "none.jsonl")
    (tmp_path / "b.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not JSON Lines"):
        read_rows(tmp_path / "b.jsonl")


def labels(path: Path, **changes: object) -> Path:
    row = {
        "document": "000",
        "start": 0,
        "end": 20,
        "span_hash": text_hash(TEXT[:20]),
        "position": "no-tanks",
        "relation": "contradiction",
        "speaker": "reporter",
        "certainty": "reported",
        "agreed": True,
    }
    return jsonl(path / "labels.jsonl", row | changes)


def test_the_texts_that_were_annotated_pass_and_another_is_refused(tmp_path: Path) -> None:
    known = read_corpus_labels(labels(tmp_path))
    verify_corpus(known, {"000": TEXT})
    with pytest.raises(InputError, match="0-20 are not the ones annotated"):
        verify_corpus(known, {"000": TEXT.upper()})
    with pytest.raises(InputError, match="document 000"):
        verify_corpus(known, {})


def test_a_label_says_where_it_stands_and_what_the_readers_found(tmp_path: Path) -> None:
    (label,) = read_corpus_labels(labels(tmp_path, relation=None, agreed=False))
    assert (label.document, label.start, label.end, label.relation, label.agreed) == ("000", 0, 20, None, False)


def test_texts_are_read_without_moving_a_character(tmp_path: Path) -> None:
    (tmp_path / "007_abc.txt").write_bytes(b"one\r\ntwo")
    assert read_texts(tmp_path) == {"007": "one\r\ntwo"}


def test_a_folder_without_texts_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no corpus"):
        read_texts(tmp_path)


LADDER = {
    "group": "g1", "family": "security", "split": "test", "title": "Day two",
    "lines": [
        {"holder": "Norland", "topic": "tanks", "position": "Norland will send no tanks."},
        {"holder": "Norland", "topic": "tanks", "position": "Norland will send ten tanks."},
    ],
    "statements": [
        {"speaker": "Ada Berg", "title": "Talks", "statement": "Ten, she said.", "relations": "xc"},
        {"statement": "Nobody asked."},
    ],
}  # fmt: skip


def test_a_ladder_gives_a_row_for_each_statement_and_line(tmp_path):
    rows = read_ladders(jsonl(tmp_path / "l.jsonl", LADDER))
    assert [(row.id, row.relation.value) for row in rows] == [
        ("g1-1-1", "contradiction"), ("g1-1-2", "consistent"), ("g1-2-1", "unrelated"), ("g1-2-2", "unrelated"),
    ]  # fmt: skip
    assert {(row.group, row.family, row.split) for row in rows} == {("g1", "security", "test")}
    assert (rows[1].pair.position, rows[1].pair.speaker) == ("Norland will send ten tanks.", "Ada Berg")
    assert [row.pair.title for row in rows] == ["Talks", "Talks", "Day two", "Day two"]


@pytest.mark.parametrize(
    "change",
    [
        {"lines": LADDER["lines"][:1]},
        {"statements": [{"speaker": "x"}]},
        {"statements": None},
        {"statements": [{"statement": "x", "relations": "cz"}]},
    ],
)
def test_a_bad_ladder_is_named_by_its_line(tmp_path, change):
    with pytest.raises(InputError, match=r"l\.jsonl:2"):
        read_ladders(jsonl(tmp_path / "l.jsonl", LADDER, LADDER | change))


def test_our_own_rows_are_pairs_and_ladders(tmp_path):
    jsonl(tmp_path / "pairs.jsonl", ROW)
    assert len(own_rows(tmp_path)) == 1
    jsonl(tmp_path / "ladders.jsonl", LADDER)
    assert len(own_rows(tmp_path)) == 5
