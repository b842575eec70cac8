"""What a judged article does to the ledger: shifts opened, borne out or spoken against, and who is told of it.

Works in the caller's transaction; what is there already is not there twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.core import desk
from bot.core.alerting import muted, older_than_line, repeated, silenced
from bot.core.bearing import SURE, Bearing
from bot.core.card import About
from bot.core.grouping import Grouped, group
from bot.core.known_line import becomes_line
from bot.core.policies import AlertPolicy
from bot.detection.featurizer import Featurizer
from bot.domain import Assessment, Decision, Position, Ruling
from bot.stages.cases import Case, Known, KnownShifts, Taken
from bot.stages.desk import confirm_by_policy
from bot.stages.disputes import Disputes, against, may_bear
from bot.stages.judge import JudgedArticle, carried_as
from bot.stages.messages import Messages, Reply, account_of, alert_of
from bot.store import assessments, differing, mutes, positions, shifts, tallies
from bot.store.assessments import Judged
from bot.store.shifts import ShiftRecord

STAGE = "assess"
FIRST_RUN = "first run of the feed: the ledger is filled, nothing is posted"
KNOWN = "another account of a shift that the desk was told of"
KNOWN_SILENTLY = "another account of a shift that was on record before the desk was to be told"
COPY = "a copy of an account on record"
_DOES = {
    Bearing.DENIES: "denies a shift on record",
    Bearing.DIFFERS: "has a statement on record otherwise",
    Bearing.MIXED: "another voice than a shift on record",
}


class Ledger:
    """Takes judged articles in.

    Args:
        featurizer: For likening a statement to the shifts on record.
        policy: The desk's thresholds and windows.
        messages: Who tells the desk.
    """

    def __init__(self, *, featurizer: Featurizer, policy: AlertPolicy, messages: Messages) -> None:
        self._policy = policy
        self._messages = messages
        self._known = KnownShifts(featurizer, timedelta(days=policy.known_for_days))
        self._disputes = Disputes(known=self._known, policy=policy, messages=messages)

    def take(
        self, connection: Connection, judged: JudgedArticle, in_force: Mapping[str, Position], now: datetime
    ) -> Taken:
        """Save what was found in an article, and make its deliveries. `in_force` are the lines of today, by position."""
        found = judged.assessments
        statements = {a.candidate.statement.id: a.candidate.statement for a, _ in found}
        assessments.save_statements(connection, statements.values())
        case = Case(
            connection=connection,
            article=judged.article,
            carried=judged.carried,
            in_force=in_force,
            mutes=mutes.active(connection, now) if found or judged.article.revision else {},
            subjects=_subjects(found),
            now=now,
        )
        for assessment, ruling in found:
            self._assessment(case, assessment, self._allowed(case, assessment, ruling))
        if judged.article.revision:
            self._disputes.edition(case)
        return case.taken

    def _allowed(self, case: Case, assessment: Assessment, ruling: Ruling) -> Ruling:
        """Return the ruling, or silence where the statement is older than the line of today."""
        position = assessment.candidate.position
        today = case.in_force.get(position.id, position)
        late = today.revision != position.revision and case.article.published.date() < today.since
        return older_than_line(ruling, today.since) if late else ruling

    def _assessment(self, case: Case, assessment: Assessment, ruling: Ruling) -> None:
        """Find what a statement does to the shifts on record, then speak against one, open one, or join one."""
        position = assessment.candidate.position
        alerting = ruling.decision is Decision.ALERT
        earlier = self._known.near(case, assessment) if alerting or may_bear(assessment, SURE) else ()
        what, other = self._disputes.find(case, assessment, earlier)
        if other and (not alerting or what is Bearing.DENIES):
            self._speak_against(case, assessment, ruling, what, other)
            return
        if not alerting:
            self._save(case, assessment, self._unless_muted(case, position, ruling))
            return
        grouped = self._group(case, assessment, earlier)
        case.here.setdefault(position.id, grouped.key)
        known = self._known.on_file(case, grouped.key)
        if known is None:
            self._open(case, assessment, ruling, grouped.key, what, other)
        else:
            self._join(case, assessment, ruling, grouped, known)

    def _group(self, case: Case, assessment: Assessment, earlier: Sequence[Known]) -> Grouped:
        """Find the shift that a statement belongs to; an article makes one for a position, by its strongest words."""
        position = assessment.candidate.position
        carried = case.carried.get(carried_as(assessment))
        if carried:
            return Grouped(key=carried, is_new=False, reason=COPY)
        told = case.here.get(position.id)
        if told and told not in case.carried.values():  # what a copy adds to its original may be another shift
            return Grouped(key=told, is_new=False, reason="told in the same article")
        return group(
            position_id=position.id,
            revision=position.revision,
            relation=assessment.relation,
            words=assessment.candidate.statement.text,
            similar=[(known.as_open(), known.alike) for known in earlier],
            at=self._policy.group_at,
        )

    def _open(
        self, case: Case, assessment: Assessment, ruling: Ruling, key: str, what: Bearing, other: Known | None
    ) -> None:
        """Put a new shift on record and alert the desk; one that goes against an earlier one is called that."""
        position = assessment.candidate.position
        quiet = case.is_quiet(position)
        about = {Bearing.MIXED: About.MIXED, Bearing.DIFFERS: About.DIFFER}.get(what, About.SHIFT)
        shifts.save(case.connection, opened(key, assessment, case.now, alerted=not quiet, about=about))
        if quiet:
            unmuted = silenced(ruling, FIRST_RUN) if case.article.silent else ruling
            self._save(case, assessment, self._unless_muted(case, position, unmuted), key)
            return
        if other and what is Bearing.DIFFERS:
            self._disputes.accounts_differ(case, assessment, other, key)
        else:
            told = replace(assessment, reason=against(assessment.reason, what, other))
            self._messages.alert(case.connection, key, alert_of(key, told, case.article), case.now, about)
            case.taken.channels.add(self._messages.channel(position))
            case.taken.alerts += 1
        if other:
            self._disputes.tell(case, assessment, what, other)
        self._save(case, assessment, ruling, key)

    def _join(self, case: Case, assessment: Assessment, ruling: Ruling, grouped: Grouped, known: Known) -> None:
        """Add the article to a shift on record, in whose thread the desk is told while that is news."""
        key, position = known.record.key, assessment.candidate.position
        shifts.touch(case.connection, key, case.now)
        refusal = self._why_silent(case, known)
        if not refusal and any(entry.article_url == case.article.url for entry in known.accounts):
            refusal = grouped.reason
        if refusal or case.is_quiet(position):
            self._save(case, assessment, silenced(self._unless_muted(case, position, ruling), refusal), key)
        else:
            line = positions.at_revision(case.connection, position, known.record.position_revision)
            reply = Reply(account=account_of(assessment, case.article))
            made = self._messages.reply(case.connection, known.record, known.accounts, line, reply, case.now)
            case.taken.accounts += made
            case.taken.channels.add(self._messages.channel(position))
            self._save(case, assessment, Ruling(decision=Decision.ALERT, reason=f"{ruling.reason}; {KNOWN}"), key)
        self._settle(case, known)

    def _why_silent(self, case: Case, known: Known) -> str:
        """Return why the desk is not told of a further account of a shift, "" where it is."""
        if known.rejected and known.verdict:
            verdict = known.verdict
            return desk.told_before(verdict.kind, by=verdict.by, at=verdict.at, reason=verdict.reason)
        if not known.record.alerted or case.article.silent:
            return KNOWN_SILENTLY
        return repeated(known.record.opened_at, case.now, self._policy)

    def _settle(self, case: Case, known: Known) -> None:
        """Let a shift become the line on record where the desk's policy says so."""
        if known.verdict or not known.record.alerted:
            return
        why = becomes_line(
            outlets=len({entry.outlet for entry in known.accounts} | {case.article.outlet}),
            opened_at=known.record.opened_at,
            now=case.now,
            disputed=known.record.disputed,
            policy=self._policy,
        )
        if why:
            confirm_by_policy(case.connection, known.record, why=why, now=case.now)

    def _speak_against(self, case: Case, assessment: Assessment, ruling: Ruling, what: Bearing, known: Known) -> None:
        """Save a statement that opens no shift but speaks against one, and tell of it."""
        told = self._disputes.tell(case, assessment, what, known)
        if told and what is Bearing.DIFFERS:
            key = differing.key_of(known.record.key)
            record = opened(key, assessment, case.now, alerted=True, about=About.DIFFER)
            if shifts.save(case.connection, record):
                self._disputes.accounts_differ(case, assessment, known, key)
        reason = f"{ruling.reason}; {_DOES[what]}"
        decision = Decision.ALERT if told else Decision.SILENT
        self._save(case, assessment, Ruling(decision=decision, reason=reason), known.record.key, what)

    def _unless_muted(self, case: Case, position: Position, ruling: Ruling) -> Ruling:
        mute = case.mutes.get(position.id)
        return muted(ruling, by=mute.by, until=mute.until) if mute else ruling

    def _save(
        self,
        case: Case,
        assessment: Assessment,
        ruling: Ruling,
        shift_key: str | None = None,
        what: Bearing = Bearing.NONE,
    ) -> None:
        bearing = "" if what is Bearing.NONE else what.value
        judged = Judged(assessment=assessment, ruling=ruling, shift_key=shift_key, bearing=bearing)
        assessments.save_assessments(case.connection, [judged], case.now)
        tallies.count(case.connection, case.now.date(), STAGE, ruling.decision.value, assessment.relation.value)


def _subjects(found: Sequence[tuple[Assessment, Ruling]]) -> set[str]:
    """Return the positions that an article is closest to, one for each holder whose positions it touches."""
    closest = {
        a.candidate.position.holder.name: a.candidate
        for a, _ in sorted(found, key=lambda one: one[0].candidate.similarity)
    }
    return {candidate.position.id for candidate in closest.values()}


def opened(key: str, assessment: Assessment, now: datetime, *, alerted: bool, about: About) -> ShiftRecord:
    """Return the record of a shift that a statement opens."""
    position = assessment.candidate.position
    return ShiftRecord(
        key=key,
        position_id=position.id,
        position_revision=position.revision,
        relation=assessment.relation,
        words=assessment.candidate.statement.text,
        opened_at=now,
        last_seen_at=now,
        alerted=alerted,
        kind=about.value,
    )
