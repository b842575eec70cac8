"""`walkback train --encoder`: both stages, the export and its check, resumable at every checkpoint.

The folder of the run keeps `public/` and `relations/` (checkpoints, logs), then `encoder/` (what goes into models/).
Needs the extra `train`.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import structlog
import torch

from bot.detection.onnx import CrossEncoder, SentenceEncoder
from bot.domain import Relation
from bot.errors import InputError
from bot.training.data import CLASSIFIER, ENCODER, Row
from bot.training.encoder import LabelledPair, PairEncoder, Recipe, build, encode, save, train_stage
from bot.training.encoder import accuracy as accuracy_of
from bot.training.evaluation import evaluate
from bot.training.export import agreement, export
from bot.training.public_pairs import develop_rows, training_rows
from bot.training.relation_rows import nearest_groups, relation_rows

log = structlog.get_logger()

SMALLEST_AGREEMENT = 0.9
FIRST_STAGE = Recipe(layers=6, frozen_layers=0, trunk_lr=1.2e-4, max_pairs=155_000)
SECOND_STAGE = Recipe(layers=6, frozen_layers=0, trunk_lr=8e-5, max_tokens=160, max_pairs=40_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderRun:
    """What an encoder is made from. `public` may be None: then only our own pairs are used, which is much worse."""

    weights: Path
    out: Path
    public: Path | None
    topics: Path
    """The topic model, for choosing near topics as counter-examples."""
    first: Recipe = FIRST_STAGE
    second: Recipe = SECOND_STAGE
    others: float = 1.0
    replay: float = 0.25
    """Public pairs mixed into the second stage, as a share of its rows."""


def train_encoder(run: EncoderRun, rows: Sequence[Row], *, threads: int = 2) -> dict[str, float]:
    """Train, export and check; return the figures. InputError where the export does not agree with what was trained."""
    torch.set_num_threads(threads)
    model, tokenizer = build(run.weights, run.first)
    if run.public:
        sets = develop_rows(run.public)
        train_stage(
            model,
            tokenizer,
            training_rows(run.public),
            run.first,
            out=run.out / "public",
            develop=lambda m: {
                name: round(accuracy_of(m, tokenizer, part, run.first), 3) for name, part in sets.items()
            },
        )
        save(model, tokenizer, run.first, run.out / "public")
    develop = [row for row in rows if row.split == CLASSIFIER]
    train_stage(
        model,
        tokenizer,
        second_stage_rows(run, rows),
        run.second,
        out=run.out / "relations",
        develop=lambda m: _develop(m, tokenizer, develop, run.second),
    )
    save(model, tokenizer, run.second, run.out / "relations")
    export(
        model, run.out / "relations" / "tokenizer" / "tokenizer.json", run.out / "encoder", outputs=["nli", "relation"]
    )
    return _check_export(model, tokenizer, develop, run)


def second_stage_rows(run: EncoderRun, rows: Sequence[Row]) -> list[LabelledPair]:
    """Return the rows of the second stage: our pairs, counter-examples and a share of public ones, shuffled."""
    ours = [row for row in rows if row.split == ENCODER]
    groups = {row.group: row.pair.topic for row in ours}
    vectors = SentenceEncoder(run.topics).embed(list(groups.values()))
    near = nearest_groups(ours, dict(zip(groups, vectors, strict=True)))
    made = relation_rows(ours, near, others=run.others, seed=run.second.seed)
    generator = random.Random(run.second.seed)
    if run.public:
        public = training_rows(run.public, seed=run.second.seed + 2)
        made += generator.sample(public, min(len(public), int(run.replay * len(made))))
    generator.shuffle(made)
    return made


@torch.no_grad()
def logits_of(model: PairEncoder, tokenizer: Any, pairs: Sequence[LabelledPair], max_tokens: int) -> np.ndarray:
    """Return the torch model's logits, shape (pairs, 9), for comparison with the export."""
    model.eval()
    parts = []
    for at in range(0, len(pairs), 32):
        outputs = model(*encode(pairs[at : at + 32], tokenizer, max_tokens))
        parts.append(torch.cat(outputs, dim=1).numpy())
    return np.concatenate(parts)


def _pairs_of(rows: Sequence[Row]) -> list[LabelledPair]:
    """Return the rows as the relation head's questions, without counter-examples."""
    return [pair for pair in relation_rows(rows, {}, others=0.0, seed=0) if pair.head == "relation"]


def _develop(model: PairEncoder, tokenizer: Any, rows: Sequence[Row], recipe: Recipe) -> dict[str, float]:
    logits = logits_of(model, tokenizer, _pairs_of(rows), recipe.max_tokens)[:, 3:]
    probabilities = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    found = evaluate([row.relation for row in rows], probabilities, 0.5, resamples=0)
    by_relation = {f"f1_{relation.value}": round(found.relations[relation].f1, 3) for relation in Relation}
    return {"alert_f1": round(found.alert.f1, 3), "macro_f1": round(found.macro_f1, 3)} | by_relation


def _check_export(model: PairEncoder, tokenizer: Any, rows: Sequence[Row], run: EncoderRun) -> dict[str, float]:
    pairs = _pairs_of(rows)[:500]
    torch_logits = logits_of(model, tokenizer, pairs, 192)
    folder = run.out / "encoder"
    quantized = CrossEncoder(folder).score([(pair.claim, pair.evidence) for pair in pairs])
    figures = {"int8_agreement": agreement(torch_logits, quantized), "pairs": float(len(pairs))}
    (run.out / "export.json").write_text(json.dumps(figures), encoding="utf-8")
    log.info("encoder_exported", **figures)
    if figures["int8_agreement"] < SMALLEST_AGREEMENT:
        raise InputError(
            f"{folder}: int8 agrees with torch on {figures['int8_agreement']:.3f} of {len(pairs)} pairs only."
        )
    return figures


def with_budget(recipe: Recipe, minutes: float | None) -> Recipe:
    """Return the recipe ended after `minutes`, or as it is for None."""
    return recipe if minutes is None else replace(recipe, budget_s=minutes * 60.0)


def install_encoder(out: Path, models: Path) -> None:
    """Put a run's exported encoder into `models`; the classifier must be trained anew after it."""
    (models / "encoder").mkdir(parents=True, exist_ok=True)
    for name in ("model.onnx", "tokenizer.json"):
        shutil.copy(out / "encoder" / name, models / "encoder" / name)
