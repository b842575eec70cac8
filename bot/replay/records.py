"""Judged articles as JSON, so that they cross from one process to another and outlive a replay that was interrupted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from bot.core.alerting import rule_each
from bot.core.policies import AlertPolicy
from bot.core.verdict import decide, explain
from bot.domain import Article, Assessment, Candidate, Certainty, Mode, Position, Relation, Statement
from bot.ports import Abstained
from bot.stages.judge import JudgedArticle, pair_of


def record_of(judged: JudgedArticle) -> dict[str, Any]:
    """Return a judged article as JSON values; its rulings are left out, as the policy makes them anew."""
    return {
        "article": judged.article.id,
        "abstained": asdict(judged.abstained) if judged.abstained else None,
        "sentences": judged.sentences,
        "dropped": dict(judged.dropped),
        "assessments": [_record(assessment) for assessment, _ in judged.assessments],
    }


def judged_from(
    record: Mapping[str, Any], article: Article, lines: Mapping[str, Position], policy: AlertPolicy, now: datetime
) -> JudgedArticle:
    """Return what `record_of` was given, with the relations and rulings of `policy`, as of `now`.

    `lines` are the positions by id that it was judged against, at thresholds that were not above those of `policy`.
    """
    assessed = [at_policy(_assessment(raw, article, lines[raw["position"]]), policy) for raw in record["assessments"]]
    return JudgedArticle(
        article=article,
        abstained=Abstained(**record["abstained"]) if record["abstained"] else None,
        sentences=record["sentences"],
        dropped=Counter(record["dropped"]),
        assessments=tuple(rule_each(assessed, policy, now)),
    )


def at_policy(assessment: Assessment, policy: AlertPolicy) -> Assessment:
    """Return an assessment as the detector gives it at the threshold of `policy`, having been made at a lower one."""
    threshold = threshold_of(policy, assessment.candidate.position.id)
    relation = decide(assessment.probabilities, threshold)
    if relation is assessment.relation:
        return assessment
    evidence = assessment.evidence if relation.is_shift else ""
    reason = explain(pair_of(assessment.candidate), relation, evidence)
    return replace(assessment, relation=relation, evidence=evidence, reason=reason)


def threshold_of(policy: AlertPolicy, position_id: str) -> float:
    """Return from which probability of a shift a position's statements alert."""
    return policy.alert_at_by_position.get(position_id, policy.alert_at)


def _record(assessment: Assessment) -> dict[str, Any]:
    candidate = assessment.candidate
    return {
        "position": candidate.position.id,
        "similarity": float(candidate.similarity),
        "statement": asdict(candidate.statement),
        "relation": assessment.relation.value,
        "probabilities": {relation.value: float(p) for relation, p in assessment.probabilities.items()},
        "evidence": assessment.evidence,
        "reason": assessment.reason,
        "model": assessment.model,
    }


def _assessment(raw: Mapping[str, Any], article: Article, position: Position) -> Assessment:
    words = raw["statement"]
    statement = Statement(**{**words, "mode": Mode(words["mode"]), "certainty": Certainty(words["certainty"])})
    return Assessment(
        candidate=Candidate(
            statement=statement,
            position=position,
            similarity=raw["similarity"],
            title=article.title,
            published=article.published,
        ),
        relation=Relation(raw["relation"]),
        probabilities={Relation(name): p for name, p in raw["probabilities"].items()},
        evidence=raw["evidence"],
        reason=raw["reason"],
        model=raw["model"],
    )
