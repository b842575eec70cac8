"""The annotated corpus as training rows, and how well alerts over it agree with its labels, each document left out in turn."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.app import build_judge
from bot.commands.output import emit, progress
from bot.config import Settings, load_positions
from bot.core.alerting import rule_each
from bot.core.policies import AlertPolicy
from bot.core.verdict import decide
from bot.detection.classifier import even_odds
from bot.detection.detector import Detector, in_context
from bot.detection.featurizer import Featurizer
from bot.domain import Article, Assessment, Candidate, Decision, Position, Relation
from bot.replay.index import read_index
from bot.stages.judge import pair_of
from bot.stages.pairs import PairReader
from bot.training.corpus_alerts import Span, alert_score, candidate_row
from bot.training.data import (
    CLASSIFIER,
    CORPUS_LABELS,
    CorpusLabel,
    Row,
    own_rows,
    read_corpus_labels,
    read_texts,
    verify_corpus,
)
from bot.training.evaluation import Score
from bot.training.fit import fit_on, taught

CORPUS_DAY = datetime(2026, 2, 10, tzinfo=UTC)
EVERYTHING = AlertPolicy(alert_at=0.0, digest_at=0.0, near_at=-1.0, max_age_days=36500)


def completed(rows: Sequence[Row], tracked: Sequence[Position]) -> list[Row]:
    """Return the rows with what the reader would find: whom the speaker speaks for, and the mode."""
    reader = PairReader(tracked)
    day = CORPUS_DAY.date()
    return [replace(row, pair=reader.complete(row.pair, day)) for row in progress(rows, "Completing pairs", len(rows))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A candidate that the reader finds in a document, and its labelled row; None where the annotators differ over it."""

    document: str
    candidate: Candidate
    row: Row | None


def corpus_rows(featurizer: Featurizer, models: Path, corpus: Path) -> list[Row]:
    """Return every candidate that the reader finds in the corpus, labelled by its annotation."""
    return [found.row for found in read_corpus(featurizer, models, corpus) if found.row is not None]


def read_corpus(featurizer: Featurizer, models: Path, corpus: Path) -> list[Found]:
    """Return the candidates of all documents, in their order; InputError where a text is not the one annotated.

    Documents have the titles that the folder's index gives them, as articles have theirs in service.
    """
    labels, texts = read_corpus_labels(models / "data" / CORPUS_LABELS), read_texts(corpus)
    verify_corpus(labels, texts)
    titles = {said.id: said.title for said in (read_index(corpus) or {}).values()}
    unfitted = Detector(featurizer=featurizer, classifier=even_odds(), name="evaluation")
    judge = build_judge(unfitted, load_positions(corpus / "positions.yaml"), EVERYTHING)
    found = []
    for document, text in progress(list(texts.items()), "Reading the corpus"):
        article = Article(id=document, url="", title=titles.get(document, ""), text=text, published=CORPUS_DAY)
        for candidate in judge.candidates(article)[0]:
            row = candidate_row(document, candidate, pair_of(candidate), labels)
            found.append(Found(document=document, candidate=candidate, row=row))
    return found


def evaluate_corpus(
    settings: Settings, featurizer: Featurizer, corpus: Path, policy: AlertPolicy, *, json_: bool
) -> None:
    """Leave one document out: train on the others, alert over it, and compare with the labels; beside two baselines."""
    models = settings.model_path
    held_out = [row for row in own_rows(models / "data") if row.split == CLASSIFIER]
    pairs = completed(held_out, load_positions(settings.config_path / "positions.yaml"))
    found = read_corpus(featurizer, models, corpus)
    judged = _judged(featurizer, pairs, found)
    labels, documents = read_corpus_labels(models / "data" / CORPUS_LABELS), list(read_texts(corpus))
    for name, score in _corpus_scores(judged, labels, documents, policy).items():
        if json_:
            figures = {"precision": score.precision, "recall": score.recall, "f1": score.f1, "shifts": score.support}
            emit({"judge": name, **figures})
        else:
            sys.stdout.write(
                f"corpus, {name:54} precision {score.precision:.3f}  recall {score.recall:.3f}  F1 {score.f1:.3f}"
                f"  ({score.support} shifts)\n"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A candidate of the corpus: where it stands, what is judged of it, and its cosine with the baseline."""

    span: Span
    assessment: Assessment
    cosine: float


def _judged(featurizer: Featurizer, pairs: Sequence[Row], found: Sequence[Found]) -> list[_Judged]:
    """Return every candidate, judged by a classifier that has not seen its document. Features are computed once."""
    asked = [pair_of(one.candidate) for one in found]
    features, cosines = featurizer.features(asked), featurizer.similarities(asked)[:, 1]
    own, own_weights = taught(pairs)
    own_features = featurizer.features([row.pair for row in own])
    judged = []
    for document in dict.fromkeys(one.document for one in found):
        others = [i for i, one in enumerate(found) if one.document != document and one.row is not None]
        rows, weights = taught([], [row for i in others if (row := found[i].row) is not None])
        classifier = fit_on(
            np.vstack([own_features, features[others]]), [*own, *rows], np.concatenate([own_weights, weights])
        )
        here = [i for i, one in enumerate(found) if one.document == document]
        alone = classifier.predict_proba(features[here])
        beliefs = in_context(featurizer, classifier, [asked[i] for i in here], alone)
        judged += [_one_judged(found[i], belief, float(cosines[i])) for i, belief in zip(here, beliefs, strict=True)]
    return judged


def _one_judged(found: Found, belief: NDArray[np.float64], cosine: float) -> _Judged:
    candidate = found.candidate
    beliefs = {relation: float(p) for relation, p in zip(Relation, belief, strict=True)}
    relation = decide(beliefs, EVERYTHING.alert_at)
    return _Judged(
        span=Span(
            document=found.document,
            position=candidate.position.id,
            start=candidate.statement.start,
            end=candidate.statement.end,
        ),
        assessment=Assessment(
            candidate=candidate, relation=relation, probabilities=beliefs, evidence="", reason="", model="evaluation"
        ),
        cosine=cosine,
    )


def _corpus_scores(
    found: Sequence[_Judged], labels: Sequence[CorpusLabel], documents: Sequence[str], policy: AlertPolicy
) -> dict[str, Score]:
    """Return the figures of the detector under the desk's policy, whatever a document's age, and of what it is compared with."""

    def score(kept: Iterable[_Judged]) -> Score:
        return alert_score([one.span for one in kept], labels, documents)

    def detector(threshold: float) -> Score:
        told = replace(policy, alert_at=threshold, max_age_days=EVERYTHING.max_age_days)
        rulings = rule_each([one.assessment for one in found], told, CORPUS_DAY)
        return score(one for one, (_, ruling) in zip(found, rulings, strict=True) if ruling.decision is Decision.ALERT)

    thresholds = np.arange(0.1, 0.9, 0.02)
    cosines = [score(one for one in found if one.cosine >= threshold) for threshold in thresholds]
    return {
        f"detector (alert_at {policy.alert_at:.2f}, near_at {policy.near_at:.2f})": detector(policy.alert_at),
        "detector at its best threshold, chosen on these rows": max(
            (detector(float(threshold)) for threshold in thresholds), key=lambda one: one.f1
        ),
        "alert on every candidate": score(found),
        "cosine at its best threshold, chosen on these rows": max(cosines, key=lambda one: one.f1),
    }
