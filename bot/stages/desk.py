"""What people decide, carried out: each action is one transaction, and says in a sentence what came of it.

Slack's buttons and the page call these. Two people who act at once get one outcome, and both are told which.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import Connection, Engine

from bot.core import desk
from bot.core.alert_words import minute
from bot.core.desk import RejectReason, VerdictKind
from bot.domain import Position, Relation
from bot.stages import lines
from bot.store import assessments, mutes, positions, shifts, tallies, verdicts
from bot.store.engine import snapshot, transaction
from bot.store.positions import LedgerRevision
from bot.store.shifts import ShiftRecord
from bot.store.verdicts import VerdictRecord

log = structlog.get_logger()

STAGE = "desk"
UNKNOWN_SHIFT = "This alert is not on file any more."
UNKNOWN_POSITION = "This position is not tracked."


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionOutcome:
    """What came of an action. `told` is one sentence fit to show: what happened, or who had decided what and when.

    `verdict_id` names the verdict that stands now, for `undo`; `revision` is the line in force where the action moved it.
    """

    done: bool
    told: str
    verdict_id: str = ""
    revision: int = 0


class DeskActions:
    """The desk's decisions over one store. `by` is whoever acts, as others are to read it; `now` is when."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def draft(self, shift_key: str) -> str:
        """Return the line that `confirm` would file without a `baseline`, for a person to mend; "" for an unknown shift."""
        with snapshot(self._engine) as connection:
            record = shifts.root(connection, shift_key)
            return lines.draft(connection, record) if record else ""

    def confirm(self, shift_key: str, *, by: str, now: datetime, baseline: str = "") -> ActionOutcome:
        """Call a shift real: the line on record moves to `baseline`, "" for one drafted from the shift's own words."""
        with transaction(self._engine) as connection:
            record = shifts.get(connection, shift_key)
            if record is None:
                return _refused(UNKNOWN_SHIFT)
            confirmed = _confirm(connection, record, by=by, now=now, baseline=baseline)
            if isinstance(confirmed, ActionOutcome):
                return confirmed
            filed, added = confirmed
        log.info("line_moved", position=record.position_id, revision=added.revision, by=by)
        told = f"{by} confirmed this shift: the line on record is now “{added.baseline}”"
        return ActionOutcome(done=True, told=told, verdict_id=filed.id, revision=added.revision)

    def reject(self, shift_key: str, *, by: str, now: datetime, reason: str) -> ActionOutcome:
        """Call an alert no shift; `reason` is a `RejectReason`, ValueError for any other word."""
        why = RejectReason(reason)
        with transaction(self._engine) as connection:
            record = shifts.get(connection, shift_key)
            if record is None:
                return _refused(UNKNOWN_SHIFT)
            filed = _file(connection, record, VerdictKind.REJECT, by=by, now=now, reason=why)
        if isinstance(filed, ActionOutcome):
            return filed
        told = f"{by} judged this no shift ({desk.REASON_WORDS[why]}); further reports of it stay silent."
        return ActionOutcome(done=True, told=told, verdict_id=filed.id)

    def merge(self, shift_key: str, into: str, *, by: str, now: datetime) -> ActionOutcome:
        """Call a shift the same as another of its position: its reports count there from now on."""
        with transaction(self._engine) as connection:
            record, target = shifts.get(connection, shift_key), shifts.root(connection, into)
            if record is None or target is None:
                return _refused(UNKNOWN_SHIFT)
            if target.key in shifts.family(connection, record.key):
                return _refused("These two are the same shift already.")
            if target.position_id != record.position_id:
                return _refused("These two are about different positions, so they cannot be the same shift.")
            filed = _file(connection, record, VerdictKind.MERGE, by=by, now=now, into=target.key)
            if isinstance(filed, ActionOutcome):
                return filed
            shifts.merge(connection, record.key, target.key)
        told = f"{by} merged this into the shift of {minute(target.opened_at)}."
        return ActionOutcome(done=True, told=told, verdict_id=filed.id)

    def mute(self, position_id: str, *, by: str, now: datetime, until: datetime) -> ActionOutcome:
        """Keep a position quiet until then: its shifts go to the ledger with the reason, and wake nobody."""
        refusal = desk.mute_refusal(now=now, until=until)
        if refusal:
            return _refused(refusal)
        wanted = VerdictRecord(id="", kind=VerdictKind.MUTE, position_id=position_id, by=by, at=now, until=until)
        with transaction(self._engine) as connection:
            if position_id not in positions.current(connection):
                return _refused(UNKNOWN_POSITION)
            mutes.expire(connection, position_id, now)
            subject = verdicts.subject_of(VerdictKind.MUTE, position_id)
            filed = verdicts.file(connection, subject, wanted)
            if filed is None:
                return _stands(verdicts.standing(connection, subject))
            _count(connection, filed)
        told = f"{by} muted this position until {minute(until)}."
        return ActionOutcome(done=True, told=told, verdict_id=filed.id)

    def unmute(self, position_id: str, *, by: str, now: datetime) -> ActionOutcome:
        """Let a muted position alert again."""
        with transaction(self._engine) as connection:
            mute = mutes.active(connection, now).get(position_id)
            if mute is None or not verdicts.take_back(connection, mute.verdict_id, by=by, now=now):
                return _refused("This position is not muted.")
        return ActionOutcome(done=True, told=f"{by} ended the mute that {mute.by} had set: it alerts again.")

    def track(self, position: Position, *, by: str, now: datetime) -> ActionOutcome:
        """Track a position that no file has; it is assessed from the next article on, as configured ones are."""
        subject = verdicts.subject_of(VerdictKind.TRACK, position.id)
        wanted = VerdictRecord(id="", kind=VerdictKind.TRACK, position_id=position.id, by=by, at=now)
        with transaction(self._engine) as connection:
            positions.lock(connection, position.id)
            known = positions.current(connection).get(position.id)
            filed = None if known and not known.retired else verdicts.file(connection, subject, wanted)
            if filed is None:
                stands = verdicts.standing(connection, subject)
                return _stands(stands) if stands else _refused(f"{position.id} is tracked already.")
            added = positions.track(connection, position, set_by=by, now=now)
            verdicts.moved(connection, filed.id, before=added.revision - 1, after=added.revision)
            _count(connection, filed)
        told = f"{by} tracks {position.holder.name} on {position.topic} from now on."
        return ActionOutcome(done=True, told=told, verdict_id=filed.id, revision=added.revision)

    def label(self, assessment_id: str, *, by: str, now: datetime, relation: str) -> ActionOutcome:
        """Say what a statement does to the line, for training alone: nothing moves. ValueError for no relation's name."""
        meant = Relation(relation)
        subject = verdicts.subject_of(VerdictKind.LABEL, assessment_id)
        with transaction(self._engine) as connection:
            entry = assessments.get(connection, assessment_id)
            if entry is None:
                return _refused("This statement is not on file any more.")
            wanted = VerdictRecord(
                id="",
                kind=VerdictKind.LABEL,
                position_id=entry.position_id,
                by=by,
                at=now,
                into_key=assessment_id,
                reason=meant.value,
            )
            filed = verdicts.file(connection, subject, wanted)
            if filed is None:
                return _stands(verdicts.standing(connection, subject))
            _count(connection, filed)
        return ActionOutcome(done=True, told=f"{by} labelled this statement {meant.value}.", verdict_id=filed.id)

    def undo(self, verdict_id: str, *, by: str, now: datetime) -> ActionOutcome:
        """Take a verdict back within a day. A line that it moved goes back by a further revision, if none moved it since."""
        with transaction(self._engine) as connection:
            verdict = verdicts.get(connection, verdict_id)
            if verdict is None:
                return _refused("There is no such verdict.")
            if verdict.undone_at:
                return _refused(f"{verdict.undone_by} took this back on {minute(verdict.undone_at)} already.")
            refusal = desk.undo_refusal(at=verdict.at, now=now) or lines.moved_on(connection, verdict)
            if refusal:
                return _refused(refusal, verdict)
            if not verdicts.take_back(connection, verdict.id, by=by, now=now):
                return _refused("Somebody took this back in this moment.")
            revision = lines.put_back(connection, verdict, by=by, now=now)
            tallies.count(connection, now.date(), STAGE, "undone", verdict.kind.value)
        decided = desk.told_before(verdict.kind, by=verdict.by, at=verdict.at, reason=verdict.reason)
        return ActionOutcome(done=True, told=f"{by} took this back: {decided}", revision=revision)


def confirm_by_policy(connection: Connection, record: ShiftRecord, *, why: str, now: datetime) -> bool:
    """Move the line to a shift that has become known, in the caller's transaction; False where a verdict stands on it."""
    confirmed = _confirm(connection, record, by=f"{desk.POLICY} ({why})", now=now)
    return not isinstance(confirmed, ActionOutcome)


def _confirm(
    connection: Connection, record: ShiftRecord, *, by: str, now: datetime, baseline: str = ""
) -> tuple[VerdictRecord, LedgerRevision] | ActionOutcome:
    filed = _file(connection, record, VerdictKind.CONFIRM, by=by, now=now)
    if isinstance(filed, ActionOutcome):
        return filed
    line = " ".join(baseline.split()) or lines.draft(connection, record)
    before, added = lines.move(connection, record, line[: desk.LONGEST_BASELINE], by=by, now=now)
    verdicts.moved(connection, filed.id, before=before, after=added.revision)
    return filed, added


def _file(
    connection: Connection,
    record: ShiftRecord,
    kind: VerdictKind,
    *,
    by: str,
    now: datetime,
    reason: str = "",
    into: str = "",
) -> VerdictRecord | ActionOutcome:
    """File a verdict on a shift, or return what to tell where another stands on it."""
    subject = verdicts.subject_of_shift(record.key)
    wanted = VerdictRecord(
        id="",
        kind=kind,
        position_id=record.position_id,
        by=by,
        at=now,
        shift_key=record.key,
        into_key=into,
        reason=reason,
    )
    filed = verdicts.file(connection, subject, wanted)
    if filed is None:
        return _stands(verdicts.standing(connection, subject))
    _count(connection, filed)
    return filed


def _count(connection: Connection, verdict: VerdictRecord) -> None:
    tallies.count(connection, verdict.at.date(), STAGE, verdict.kind.value, verdict.reason)


def _stands(verdict: VerdictRecord | None) -> ActionOutcome:
    """Return what to tell whoever came second."""
    if verdict is None:
        return _refused("Somebody decided on this in this moment; look again.")
    told = desk.told_before(verdict.kind, by=verdict.by, at=verdict.at, reason=verdict.reason, until=verdict.until)
    return _refused(told, verdict)


def _refused(told: str, verdict: VerdictRecord | None = None) -> ActionOutcome:
    return ActionOutcome(
        done=False,
        told=told,
        verdict_id=verdict.id if verdict else "",
        revision=verdict.revision_after if verdict else 0,
    )
