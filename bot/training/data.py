"""Training data: pairs that this project wrote, and labels of a corpus whose texts live elsewhere.

`models/data/pairs.jsonl` holds whole rows, `models/data/ladders.jsonl` groups of lines with statements that are labelled against
each of them: ladders, whose lines stand at different places of one scale, and documents, of which every sentence is there.
`models/data/corpus_labels.jsonl` holds labels only (document, offsets, hash of
the span, position, relation); `verify_corpus` makes sure that the texts somebody has are the ones that were annotated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.core.features import Pair
from bot.domain import Certainty, Relation, text_hash
from bot.errors import InputError

PAIRS = "pairs.jsonl"
LADDERS = "ladders.jsonl"
CORPUS_LABELS = "corpus_labels.jsonl"
ENCODER, CLASSIFIER, TEST = "encoder", "classifier", "test"
UNRELATED = "u"
LETTERS = {
    UNRELATED: Relation.UNRELATED,
    "c": Relation.CONSISTENT,
    "s": Relation.SOFTENING,
    "h": Relation.HARDENING,
    "x": Relation.CONTRADICTION,
    "n": Relation.NEW_OFFER,
}
"""How `ladders.jsonl` writes relations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A labelled pair. `group` is what must not be divided between splits; `agreed` is false for a label of one reader alone."""

    id: str
    pair: Pair
    relation: Relation
    also_ok: tuple[Relation, ...] = ()
    group: str = ""
    family: str = ""
    split: str = ""
    difficulty: str = ""
    agreed: bool = True
    evidence: str = ""
    """The labelled words of the statement that decide the relation, "" where nobody marked any."""


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, object) of a JSON Lines file; InputError naming file and line where one is not an object."""
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise InputError(f"{path}:{number}: expected a JSON object, got {type(row).__name__}.")
                yield number, row
    except OSError as fault:
        raise InputError(f"{path}: cannot be read ({fault.strerror}).") from fault
    except ValueError as fault:
        raise InputError(f"{path}: not JSON Lines in UTF-8 ({fault}).") from fault


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a labelled file that carry a relation; InputError naming file, line and key for a bad one.

    Fields: holder, topic, position, statement, relation; optional id, speaker, title, certainty, also_ok, group, family, split,
    difficulty, evidence. Rows whose relation is null (readers differ) are left out.
    """
    rows = []
    for number, raw in read_jsonl(path):
        if "relation" in raw and raw["relation"] is None:
            continue
        try:
            rows.append(_row(raw, f"{path.name}:{number}"))
        except KeyError as fault:
            raise InputError(f"{path}:{number}: the key {fault} is missing.") from None
        except ValueError as fault:
            raise InputError(f"{path}:{number}: {fault}.") from None
    return rows


def own_rows(folder: Path) -> list[Row]:
    """Return every pair that this project wrote, of the files in `folder`; InputError naming file and line for a bad one."""
    rows = read_rows(folder / PAIRS)
    return rows + read_ladders(folder / LADDERS) if (folder / LADDERS).exists() else rows


def read_ladders(path: Path) -> list[Row]:
    """Return a row for each statement of each group and each of the group's lines.

    Fields of a group: group, family, split, lines (holder, topic, position) and statements (statement, `relations`, optional
    speaker, title, certainty). `relations` has a letter of `LETTERS` for each line, in their order; without it the statement says
    nothing of any. A title may stand with the group: a document's statements share it. InputError naming file and line for a bad
    one.
    """
    rows = []
    for number, raw in read_jsonl(path):
        shared = {name: raw.get(name, "") for name in ("group", "family", "split", "title")}
        try:
            for place, said in enumerate(raw["statements"], 1):
                letters = said.get("relations", UNRELATED * len(raw["lines"]))
                for rung, (line, letter) in enumerate(zip(raw["lines"], letters, strict=True), 1):
                    name = f"{raw['group']}-{place}-{rung}"
                    rows.append(_row({**shared, **said, **line, "relation": LETTERS[letter], "id": name}, name))
        except (KeyError, TypeError) as fault:
            raise InputError(f"{path}:{number}: the key {fault} is missing.") from None
        except ValueError as fault:
            raise InputError(f"{path}:{number}: {fault}.") from None
    return rows


def _row(raw: dict[str, Any], name: str) -> Row:
    return Row(
        id=str(raw.get("id", name)),
        pair=Pair(
            holder=raw["holder"],
            topic=raw["topic"],
            position=raw["position"],
            statement=raw["statement"],
            speaker=raw.get("speaker") or "",
            title=raw.get("title") or "",
            certainty=Certainty(raw.get("certainty") or "stated"),
        ),
        relation=Relation(raw["relation"]),
        also_ok=tuple(Relation(value) for value in raw.get("also_ok", ())),
        group=str(raw.get("group", raw["topic"])),
        family=str(raw.get("family", "")),
        split=str(raw.get("split", "")),
        difficulty=str(raw.get("difficulty", "")),
        evidence=str(raw.get("evidence") or ""),
    )


def texts_of(rows: Sequence[Row]) -> list[str]:
    """Return every text of the rows once: what a vocabulary must have words for."""
    pairs = [row.pair for row in rows]
    texts = (text for p in pairs for text in (p.holder, p.topic, p.position, p.statement, p.speaker, p.title))
    return [text for text in dict.fromkeys(texts) if text]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusLabel:
    """A label of the corpus without its text. `span_hash` is the SHA-256 of the characters from `start` to `end`."""

    document: str
    start: int
    end: int
    span_hash: str
    position: str
    relation: Relation | None
    speaker: str
    certainty: Certainty
    agreed: bool


def read_corpus_labels(path: Path) -> list[CorpusLabel]:
    """Return the labels of the corpus; `relation` is None where the readers differ."""
    return [
        CorpusLabel(
            document=raw["document"],
            start=raw["start"],
            end=raw["end"],
            span_hash=raw["span_hash"],
            position=raw["position"],
            relation=Relation(raw["relation"]) if raw["relation"] else None,
            speaker=raw["speaker"],
            certainty=Certainty(raw["certainty"]),
            agreed=raw["agreed"],
        )
        for _, raw in read_jsonl(path)
    ]


def read_texts(folder: Path) -> dict[str, str]:
    """Return the corpus's texts by document id (the file name up to its first underscore); InputError for none."""
    texts = {}
    for path in sorted(folder.glob("*.txt")):
        with path.open(encoding="utf-8", newline="") as file:
            texts[path.stem.split("_")[0]] = file.read()
    if not texts:
        raise InputError(f"{folder}: holds no *.txt, so it is no corpus.")
    return texts


def verify_corpus(labels: Sequence[CorpusLabel], texts: dict[str, str]) -> None:
    """Raise InputError where a labelled span is not the text that was annotated."""
    for label in labels:
        span = texts.get(label.document, "")[label.start : label.end]
        if text_hash(span) != label.span_hash:
            raise InputError(
                f"document {label.document}: characters {label.start}-{label.end} are not the ones annotated. "
                "Use the corpus as it was published, unchanged."
            )
