"""Public sentence pairs as training rows of the encoder's first stage.

The file is gzipped JSON Lines with `source, split, task, premise, hypothesis, label`. Only training parts are used for training;
`develop_rows` takes parts that no training row overlaps.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.training.encoder import NLI_LABELS, LabelledPair

ALL = (0, 1, 2)
# What a row's label allows, and among which labels the choice is.
_MEANING = {
    "entailment": ((0,), ALL),
    "neutral": ((1,), ALL),
    "contradiction": ((2,), ALL),
    "not_entailment": ((1, 2), ALL),
    "favor": ((0,), (0, 2)),
    "against": ((2,), (0, 2)),
}
# Share of a source that is used: sources of one label, made by rule or far from news get less than their size.
_SHARE = {
    "wikifactcheck_negated": 0.2,
    "snli_esnli": 0.35,
    "conj_nli": 0.5,
    "breaking_nli": 0.5,
    "fever": 0.45,
    "dnc_factuality": 0.3,
    "dnc_megaveridicality": 0.3,
}
_TASKS = ("nli", "nli2", "factver", "stance")
_DEVELOP = {"mnli": ("mnli_dev_matched_full", "dev"), "contrast": ("cad_nli", "test"), "fever": ("fever", "test")}
_HELD_BACK = ("mnli_dev_matched_full", "glue_diagnostic", "nan_nli")
_WHOLE = ("snli_esnli", "breaking_nli")  # come without a training part, and nothing here is measured on them


def read_public(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of the gzipped file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def training_rows(path: Path, seed: int = 1) -> list[LabelledPair]:
    """Return the shuffled training rows; FEVER, which has no neutrals, is given other claims' evidence as such."""
    generator = random.Random(seed)
    chosen = [
        row for row in read_public(path) if _is_training(row) and generator.random() < _SHARE.get(row["source"], 1.0)
    ]
    rows = [_pair(row["hypothesis"], row["premise"], row["label"]) for row in chosen]
    fever = [row for row in chosen if row["source"] == "fever"]
    for row in fever:
        other = generator.choice(fever)
        if generator.random() < 0.4 and other["hypothesis"] != row["hypothesis"]:
            rows.append(_pair(row["hypothesis"], other["premise"], "neutral"))
    generator.shuffle(rows)
    return rows


def develop_rows(path: Path, each: int = 400, seed: int = 1) -> dict[str, list[LabelledPair]]:
    """Return `each` rows of every development set, by its name."""
    generator = random.Random(seed)
    sets: dict[str, list[LabelledPair]] = {name: [] for name in _DEVELOP}
    places = {place: name for name, place in _DEVELOP.items()}
    for row in read_public(path):
        name = places.get((row["source"], row["split"]))
        if name:
            among = ALL if name != "fever" else (0, 2)
            allowed = (NLI_LABELS.index(row["label"]),)
            claim, evidence = row["hypothesis"], row["premise"]
            sets[name].append(LabelledPair(head="nli", claim=claim, evidence=evidence, allowed=allowed, among=among))
    for rows in sets.values():
        generator.shuffle(rows)
    return {name: rows[:each] for name, rows in sets.items()}


def _is_training(row: dict[str, Any]) -> bool:
    if row["task"] not in _TASKS or row["source"] in _HELD_BACK or row["label"] not in _MEANING:
        return False
    return row["split"] == "train" or row["source"] in _WHOLE


def _pair(claim: str, evidence: str, label: str) -> LabelledPair:
    allowed, among = _MEANING[label]
    return LabelledPair(head="nli", claim=claim, evidence=evidence, allowed=allowed, among=among)
