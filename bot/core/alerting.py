"""The desk's policy: what becomes of an assessment, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bot.core.alert_words import day, minute
from bot.core.policies import AlertPolicy
from bot.domain import Assessment, Candidate, Decision, Mode, Ruling

SILENT_MODES = {
    Mode.QUESTION: "a question is no one's stance",
    Mode.HISTORY: "an account of the past",
    Mode.OPPONENT: "words quoted in order to be rejected",
}

UNSURE_BELOW = 0.5
"""Below even odds no shift is the likelier: whoever is alerted all the same, since the desk set its threshold so, is told."""


AS_SURE = 0.1
"""Probabilities of a shift that differ by no more tell two lines not apart: the nearer line is the one that is moved."""
PLAINLY = 0.6
"""Closeness from which a statement is plainly on a further line, too, and may move both."""


def rule(assessment: Assessment, policy: AlertPolicy, now: datetime) -> Ruling:
    """Return what the desk is told of one assessment. `now` is when it was assessed; the reason is fit to be shown.

    Between `digest_at` and the position's threshold the detector abstains: what it cannot tell from no shift is kept for the
    digest as a near miss. An alert whose shift is less likely than none is marked as unsure.
    """
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
    unsure = "unsure: " if probability < UNSURE_BELOW else ""
    return Ruling(decision=Decision.ALERT, reason=f"{unsure}shift at {probability:.2f}, threshold {threshold:.2f}")


def _silence(candidate: Candidate, policy: AlertPolicy, now: datetime) -> str:
    """Return why nobody is told of a candidate whatever its probability, "" where nothing stands against it."""
    if candidate.statement.mode in SILENT_MODES:
        return SILENT_MODES[candidate.statement.mode]
    if candidate.published and now - candidate.published > timedelta(days=policy.max_age_days):
        return f"published more than {policy.max_age_days:g} days ago"
    if candidate.published and candidate.published.date() < candidate.position.since:
        return "older than the line on record"
    return ""


def rule_each(assessments: Sequence[Assessment], policy: AlertPolicy, now: datetime) -> list[tuple[Assessment, Ruling]]:
    """Return the assessments of one article with their rulings: a statement wakes the desk on one line of a holder.

    A sentence is near the neighbours of its line, too, and nobody is to be woken twice by the same words. The line is that where
    the shift is surest, of several as sure within `AS_SURE` the one that the statement is closest to; the others have a near miss,
    unless they are as sure and the statement is `PLAINLY` on them: some words do move two lines.
    """
    rulings = [rule(assessment, policy, now) for assessment in assessments]
    waking: dict[tuple[str, str], list[Assessment]] = {}
    for assessment, ruling in zip(assessments, rulings, strict=True):
        if ruling.decision is Decision.ALERT:
            waking.setdefault(_words(assessment), []).append(assessment)
    moved = {words: _moved(lines) for words, lines in waking.items()}
    return [
        (assessment, _beside(ruling, assessment, moved.get(_words(assessment), [])))
        for assessment, ruling in zip(assessments, rulings, strict=True)
    ]


def _words(assessment: Assessment) -> tuple[str, str]:
    return assessment.candidate.statement.id, assessment.candidate.position.holder.name


def _moved(lines: Sequence[Assessment]) -> list[Assessment]:
    """Return the assessments of the lines that a statement moves, of those that would wake the desk: the nearest first."""
    surest = max(one.shift_probability for one in lines)
    as_sure = [one for one in lines if surest - one.shift_probability <= AS_SURE]
    as_sure.sort(key=lambda one: (one.candidate.similarity, one.shift_probability), reverse=True)
    return [one for place, one in enumerate(as_sure) if not place or one.candidate.similarity >= PLAINLY]


def _beside(ruling: Ruling, assessment: Assessment, moved: Sequence[Assessment]) -> Ruling:
    if ruling.decision is not Decision.ALERT or any(assessment is one for one in moved):
        return ruling
    where = f"near miss: the same words move {moved[0].candidate.position.id}"
    return Ruling(decision=Decision.DIGEST, reason=f"{where}; {ruling.reason}")


def silenced(ruling: Ruling, why: str) -> Ruling:
    """Return the ruling as silence, with its own reason and why it is not told."""
    return Ruling(decision=Decision.SILENT, reason="; ".join(filter(None, [ruling.reason, why])))


def muted(ruling: Ruling, *, by: str, until: datetime) -> Ruling:
    """Return what is left of a ruling while the desk wants the position quiet: silence, with who muted it and until when."""
    if ruling.decision is Decision.SILENT:
        return ruling
    return silenced(ruling, f"muted by {by} until {minute(until)}")


def older_than_line(ruling: Ruling, since: date) -> Ruling:
    """Return what is left of a ruling on a statement that was made before the line on record moved: silence."""
    if ruling.decision is Decision.SILENT:
        return ruling
    return silenced(ruling, f"older than the line on record, which holds since {day(since)}")


def repeated(opened_at: datetime, now: datetime, policy: AlertPolicy) -> str:
    """Return why a further report of a shift is told to nobody: the shift is no news any more. "" while it is."""
    if now - opened_at <= timedelta(days=policy.told_for_days):
        return ""
    return f"repeats a shift that the desk was told of on {minute(opened_at)}"
