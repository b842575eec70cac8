"""The desk's policy: what becomes of an assessment, and why."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core.policies import AlertPolicy
from bot.domain import Assessment, Candidate, Decision, Mode, Ruling

SILENT_MODES = {
    Mode.QUESTION: "a question is no one's stance",
    Mode.HISTORY: "an account of the past",
    Mode.OPPONENT: "words quoted in order to be rejected",
}


def rule(assessment: Assessment, policy: AlertPolicy, now: datetime) -> Ruling:
    """Return what the desk is told of one assessment. `now` is when it was assessed; the reason is fit to be shown."""
    candidate = assessment.candidate
    probability = assessment.shift_probability
    threshold = policy.alert_at_by_position.get(candidate.position.id, policy.alert_at)
    silent = _silence(candidate, policy, now)
    if silent:
        return Ruling(decision=Decision.SILENT, reason=silent)
    if probability < policy.digest_at and probability < threshold:
        return Ruling(decision=Decision.SILENT, reason=f"no shift: {probability:.2f}, threshold {threshold:.2f}")
    if probability < threshold:
        reason = f"near miss: shift at {probability:.2f}, threshold {threshold:.2f}"
        return Ruling(decision=Decision.DIGEST, reason=reason)
    if candidate.similarity < policy.near_at:
        reason = f"near miss: beside the topic (closeness {candidate.similarity:.2f}, needed {policy.near_at:.2f})"
        return Ruling(decision=Decision.DIGEST, reason=reason)
    return Ruling(decision=Decision.ALERT, reason=f"shift at {probability:.2f}, threshold {threshold:.2f}")


def _silence(candidate: Candidate, policy: AlertPolicy, now: datetime) -> str:
    """Return why nobody is told of a candidate whatever its probability, "" where nothing stands against it."""
    if candidate.statement.mode in SILENT_MODES:
        return SILENT_MODES[candidate.statement.mode]
    if candidate.published and now - candidate.published > timedelta(days=policy.max_age_days):
        return f"published more than {policy.max_age_days:g} days ago"
    if candidate.published and candidate.published.date() < candidate.position.since:
        return "older than the line on record"
    return ""
