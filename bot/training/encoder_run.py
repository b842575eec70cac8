"""`walkback train --encoder`: its three stages, the export and its check, resumable at every checkpoint.

The folder of the run keeps `public/` and `relations-SEED/` (checkpoints, logs), `relations/` (the mean of the seeds), `rounded/`
(with the few bits that are served), then `encoder/` (what goes into models/).
Needs the extra `train`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import structlog
import torch

from bot.detection.onnx import CrossEncoder, SentenceEncoder
from bot.domain import Relation
from bot.errors import InputError
from bot.training.data import CLASSIFIER, ENCODER, Row, texts_of
from bot.training.encoder import LabelledPair, PairEncoder, Recipe, build, device_of, logits_of, loss_of, save
from bot.training.encoder import accuracy as accuracy_of
from bot.training.encoder_stage import train_stage
from bot.training.evaluation import evaluate
from bot.training.export import agreement, export
from bot.training.public_pairs import develop_rows, training_rows
from bot.training.quantize import Grid
from bot.training.relation_rows import nearest_groups, relation_rows
from bot.training.rounding import answers_of, grids_of, on_grids, without_dropout

log = structlog.get_logger()

SMALLEST_AGREEMENT = 0.97
CALIBRATION = 256
FIRST_STAGE = Recipe(
    layers=12,
    frozen_layers=0,
    trunk_lr=6e-5,
    layer_decay=0.9,
    warmup=0.04,
    max_tokens=128,
    batch=192,
    max_pairs=270_000,
)
SECOND_STAGE = replace(FIRST_STAGE, head_lr=3e-4, batch=64, max_pairs=230_000)
THIRD_STAGE = replace(FIRST_STAGE, trunk_lr=4e-5, head_lr=4e-5, batch=64, max_pairs=47_000)
LONGEST = 600
"""Characters of a public pair; longer ones cost most of the time and look least like a statement and its line."""


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
    third: Recipe = THIRD_STAGE
    frequent: int = 9_000
    """Tokens of the vocabulary that are kept beside those of our own pairs."""
    others: float = 0.3
    replay: float = 0.1
    """Public pairs mixed into the second stage, as a share of its rows."""
    averaged: int = 4
    """How many seeds the second stage is run with; the encoder is the mean of their weights, which judges better than any of
    them and costs nothing in service (Wortsman et al. 2022, arXiv:2203.05482)."""
    device: str = "auto"
    """Where it is trained: "cpu", "cuda", or "auto" for a GPU where there is one."""


def train_encoder(run: EncoderRun, rows: Sequence[Row], *, threads: int = 2) -> dict[str, float]:
    """Train, export and check; return the figures. InputError where the export does not agree with what was trained."""
    torch.set_num_threads(threads)
    device = device_of(run.device)
    log.info("encoder_training", device=str(device), seed=run.first.seed)
    model, tokenizer = build(run.weights, run.first, device=device)
    if run.public:
        teach_public(model, tokenizer, run.public, run)
    develop = [row for row in rows if row.split == CLASSIFIER]
    made = second_stage_rows(run, rows)
    start, states = state_of(model), []
    for seed in range(run.second.seed, run.second.seed + run.averaged):
        model.load_state_dict(start)
        teach_relations(model, tokenizer, made, develop, run, seed)
        states.append(state_of(model))
    model.load_state_dict(mean_of(states))
    log.info("encoder_averaged", seeds=len(states), **_develop(model, tokenizer, develop, run.second))
    save(model, tokenizer, run.second, run.out / "relations")
    grids = teach_rounding(model, tokenizer, made, develop, run)
    save(model, tokenizer, run.third, run.out / "rounded")
    return export_encoder(model.to("cpu"), tokenizer, rows, grids, run)


def teach_public(model: PairEncoder, tokenizer: Any, public: Path, run: EncoderRun) -> None:
    """Run the first stage in `run.out`/public."""
    sets = develop_rows(public)
    train_stage(
        model,
        tokenizer,
        [pair for pair in training_rows(public) if len(pair.claim) + len(pair.evidence) < LONGEST],
        run.first,
        loss_of,
        out=run.out / "public",
        develop=lambda m: {name: round(accuracy_of(m, tokenizer, part, run.first), 3) for name, part in sets.items()},
    )


def teach_relations(
    model: PairEncoder,
    tokenizer: Any,
    made: Sequence[LabelledPair],
    develop: Sequence[Row],
    run: EncoderRun,
    seed: int,
) -> None:
    """Run the second stage with one seed in `run.out`/relations-SEED."""
    train_stage(
        model,
        tokenizer,
        made,
        replace(run.second, seed=seed),
        loss_of,
        out=run.out / f"relations-{seed}",
        develop=lambda m: _develop(m, tokenizer, develop, run.second),
    )


def teach_rounding(
    model: PairEncoder, tokenizer: Any, made: Sequence[LabelledPair], develop: Sequence[Row], run: EncoderRun
) -> dict[str, Grid]:
    """Run the third stage in `run.out`/rounded: the model ends with rounded weights. Return the grids on which they lie."""
    generator = random.Random(run.third.seed)
    grids: dict[str, Grid] = grids_of(
        model, tokenizer, generator.sample(made, min(CALIBRATION, len(made))), run.third.max_tokens
    )
    shown = list(made)
    if run.public:
        public = training_rows(run.public, seed=run.third.seed + 3)
        shown += generator.sample(public, min(len(public), len(made)))
    as_before = answers_of(deepcopy(model), tokenizer, run.third.max_tokens)
    with without_dropout(model), on_grids(model, grids):
        train_stage(
            model,
            tokenizer,
            shown,
            run.third,
            as_before,
            out=run.out / "rounded",
            develop=lambda m: _develop(m, tokenizer, develop, run.third),
        )
    return grids


def state_of(model: PairEncoder) -> dict[str, torch.Tensor]:
    """Return a copy of the model's weights, on the CPU."""
    return {name: weight.detach().cpu().clone() for name, weight in model.state_dict().items()}


def mean_of(states: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Return the mean of several trainings from one start; what is no fraction (positions) is that of the first."""
    first = states[0]
    return {
        name: torch.stack([state[name] for state in states]).mean(dim=0) if weight.is_floating_point() else weight
        for name, weight in first.items()
    }


def export_encoder(
    model: PairEncoder, tokenizer: Any, rows: Sequence[Row], grids: Mapping[str, Grid], run: EncoderRun
) -> dict[str, float]:
    """Write `run.out`/encoder and compare it with `model`, which lies on the CPU with its weights on their grids."""
    tokenizer.save_pretrained(run.out / "rounded" / "tokenizer")
    export(
        model,
        run.out / "rounded" / "tokenizer" / "tokenizer.json",
        run.out / "encoder",
        outputs=["nli", "relation"],
        frequent=run.frequent,
        seen=texts_of(rows),
        grids=grids,
    )
    return _check_export(model, tokenizer, [row for row in rows if row.split == CLASSIFIER], run)


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
    figures = asdict(agreement(torch_logits, quantized))
    (run.out / "export.json").write_text(json.dumps(figures), encoding="utf-8")
    log.info("encoder_exported", **figures)
    if figures["decisions"] < SMALLEST_AGREEMENT:
        raise InputError(
            f"{folder}: what was exported agrees with torch on {figures['decisions']:.3f} of {len(pairs)} pairs only."
        )
    return figures


def with_budget(recipe: Recipe, minutes: float | None) -> Recipe:
    """Return the recipe ended after `minutes`, or as it is for None."""
    return recipe if minutes is None else replace(recipe, budget_s=minutes * 60.0)
