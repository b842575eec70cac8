"""What speaks against a shift on record: a denial, another account, another voice, an edited source; and who is told of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.core.bearing import Bearing, Voiced, bearing
from bot.core.card import About
from bot.core.features import mentions
from bot.core.naming import names_of
from bot.core.policies import AlertPolicy
from bot.domain import Account, Assessment, Mode, Relation
from bot.stages.cases import Case, Known, KnownShifts
from bot.stages.messages import Messages, Reply, account_from, account_of, alert_of, opener
from bot.store import assessments, positions, shifts
from bot.store.assessments import TimelineEntry

MIXED_SIGNALS = "Mixed signals"
EDITED = "Edited"
DENIED = "has a denial"
OTHERWISE = "has the statement otherwise"
_WORD = re.compile(r"\w+")


class Disputes:
    """Finds and tells what speaks against the shifts on record."""

    def __init__(self, *, known: KnownShifts, policy: AlertPolicy, messages: Messages) -> None:
        self._known = known
        self._policy = policy
        self._messages = messages

    def find(self, case: Case, assessment: Assessment, earlier: Sequence[Known]) -> tuple[Bearing, Known | None]:
        """Return what a statement does to one of the shifts that other articles opened, and to which."""
        others = [known for known in earlier if known.accounts and not known.rejected and not known.has(case.article)]
        age = case.now - case.article.published
        if not others or age > timedelta(days=self._policy.max_age_days):
            return Bearing.NONE, None
        said, line = _voiced(assessment, case), self._known.alike_line(assessment)
        within = timedelta(days=self._policy.mixed_within_days)
        found = [
            (what, known)
            for known in others
            if (
                what := bearing(
                    said,
                    _on_file(opener(known.record, known.accounts)),
                    alike=known.alike,
                    alike_line=line,
                    voices_within=within,
                )
            )
            is not Bearing.NONE
        ]
        order = (Bearing.DENIES, Bearing.DIFFERS, Bearing.MIXED)
        nothing: tuple[Bearing, Known | None] = (Bearing.NONE, None)
        return min(found, key=lambda pair: (order.index(pair[0]), -pair[1].alike), default=nothing)

    def tell(self, case: Case, assessment: Assessment, what: Bearing, known: Known) -> bool:
        """Tell the shift's thread, once of each kind, and mark the shift where it is disputed; False where nobody is told.

        Who denies a shift also keeps to the line in the next sentence: that is no second signal.
        """
        if case.is_quiet(assessment.candidate.position) or not known.told:
            return False
        if what is Bearing.MIXED and known.record.key in case.disputed:
            return False
        case.disputed.add(known.record.key)
        says, heading = _says(assessment, what)
        account = account_of(assessment, case.article)
        if not self._reply(case, known, Reply(account=account, says=says, heading=heading, tag=what.value), assessment):
            return False
        if not heading:
            shifts.dispute(case.connection, known.record.key, says)
        case.taken.disputes += 1
        return True

    def accounts_differ(self, case: Case, assessment: Assessment, known: Known, key: str) -> None:
        """Alert the desk that two outlets have one statement otherwise, under `key`."""
        told = replace(assessment, reason=against(assessment.reason, Bearing.DIFFERS, known))
        first = account_from(opener(known.record, known.accounts))
        alert = replace(alert_of(key, told, case.article), accounts=(first,))
        self._messages.alert(case.connection, key, alert, case.now, About.DIFFER)
        case.taken.channels.add(self._messages.channel(assessment.candidate.position))
        case.taken.alerts += 1

    def edition(self, case: Case) -> None:
        """Tell the threads of shifts whose words an edited article had, and has no longer."""
        gone: dict[str, TimelineEntry] = {}
        words = _flat(case.article.text)
        for entry in assessments.of_earlier_editions(case.connection, case.article.url, case.article.id):
            if entry.shift_key and _flat(entry.statement.text) not in words:
                gone.setdefault(entry.shift_key, entry)
        for key, entry in gone.items():
            known, position = self._known.on_file(case, key), case.in_force.get(entry.position_id)
            if known is None or position is None or not known.told or case.is_quiet(position):
                continue
            account = Account(
                outlet=case.article.outlet,
                title=case.article.title,
                url=case.article.url,
                published=case.article.published,
                text=entry.statement.text,
            )
            reply = Reply(
                account=account, says="no longer has these words", heading=EDITED, tag=f"edited {case.article.id}"
            )
            line = positions.at_revision(case.connection, position, known.record.position_revision)
            if self._messages.reply(case.connection, known.record, known.accounts, line, reply, case.now):
                case.taken.channels.add(self._messages.channel(position))
                case.taken.disputes += 1

    def _reply(self, case: Case, known: Known, reply: Reply, assessment: Assessment) -> bool:
        position = assessment.candidate.position
        line = positions.at_revision(case.connection, position, known.record.position_revision)
        case.taken.channels.add(self._messages.channel(position))
        return self._messages.reply(case.connection, known.record, known.accounts, line, reply, case.now)


def against(reason: str, what: Bearing, known: Known | None) -> str:
    """Return an alert's reason with the earlier words that it goes against."""
    if known is None or what not in (Bearing.DIFFERS, Bearing.MIXED):
        return reason
    first = opener(known.record, known.accounts)
    who = " in ".join(part for part in (first.statement.speaker, first.outlet) if part) or "an earlier report"
    return f"{reason}; against {who}: “{first.statement.text}”"


def _says(assessment: Assessment, what: Bearing) -> tuple[str, str]:
    """Return what a reply says of its account, and under which heading ("": that the shift is disputed)."""
    statement, holder = assessment.candidate.statement, assessment.candidate.position.holder.name
    if what is Bearing.DENIES:
        return (f"{DENIED} by {statement.speaker}" if statement.speaker else DENIED), ""
    if what is Bearing.DIFFERS:
        return OTHERWISE, ""
    return f"has {statement.speaker or 'another voice'} speak otherwise for {holder}", MIXED_SIGNALS


def _voiced(assessment: Assessment, case: Case) -> Voiced:
    statement, holder = assessment.candidate.statement, assessment.candidate.position.holder
    return Voiced(
        words=statement.text,
        relation=assessment.relation,
        probability=assessment.probabilities.get(assessment.relation, 0.0),
        speaker=statement.speaker,
        outlet=case.article.outlet,
        published=case.article.published,
        mode=statement.mode,
        in_subject=assessment.candidate.position.id in case.subjects,
        of_holder=statement.holder == holder.name or mentions(statement.text, names_of(holder)),
    )


def _on_file(entry: TimelineEntry) -> Voiced:
    return Voiced(
        words=entry.statement.text,
        relation=entry.relation,
        probability=entry.probabilities.get(entry.relation, 0.0),
        speaker=entry.statement.speaker,
        outlet=entry.outlet,
        published=entry.published,
        mode=entry.statement.mode,
    )


def may_bear(assessment: Assessment, sure: float) -> bool:
    """Whether a statement that alerts nobody may speak against a shift: a denial, or a voice that surely keeps to the line."""
    statement = assessment.candidate.statement
    if statement.mode is Mode.DENIAL:
        return True
    if assessment.relation is Relation.UNRELATED or not statement.speaker:
        return False
    return assessment.probabilities.get(assessment.relation, 0.0) >= sure


def _flat(text: str) -> str:
    return f" {' '.join(word.casefold() for word in _WORD.findall(text))} "
