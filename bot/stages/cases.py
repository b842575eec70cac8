"""One article on its way into the ledger, and the shifts on record that its statements may belong to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.core.desk import VerdictKind
from bot.core.grouping import OpenShift
from bot.core.likeness import Telling, apart, best_likeness, content_words
from bot.detection.featurizer import Featurizer
from bot.domain import Article, Assessment, Position
from bot.store import assessments, shifts, verdicts
from bot.store.assessments import TimelineEntry
from bot.store.mutes import Mute
from bot.store.shifts import ShiftRecord
from bot.store.verdicts import VerdictRecord

ACCOUNTS_COMPARED = 24


@dataclass(slots=True, kw_only=True)
class Taken:
    """What an article gave.

    Alerts, further accounts of earlier ones, replies that speak against them, and the channels where it is told.
    """

    alerts: int = 0
    accounts: int = 0
    disputes: int = 0
    channels: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One article. `carried` are its shifts by its original, `in_force` the lines of today, `here` the shifts that it moved.

    `subjects` are the positions that it is closest to, one a holder. `taken`, `here` and `disputed`, the
    shifts that it speaks against, fill while it is taken in.
    """

    connection: Connection
    article: Article
    carried: Mapping[str, str]
    in_force: Mapping[str, Position]
    mutes: Mapping[str, Mute]
    subjects: Collection[str]
    now: datetime
    taken: Taken = field(default_factory=Taken)
    here: dict[str, str] = field(default_factory=dict)
    disputed: set[str] = field(default_factory=set)

    def is_quiet(self, position: Position) -> bool:
        """Whether nobody is told of this article on a position."""
        return self.article.silent or position.id in self.mutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A shift on record with its accounts, the verdict that stands on it, and how alike a statement is to it."""

    record: ShiftRecord
    accounts: tuple[TimelineEntry, ...]
    verdict: VerdictRecord | None
    alike: float = -1.0

    @property
    def rejected(self) -> bool:
        """Whether the desk called it no shift."""
        return self.verdict is not None and self.verdict.kind is VerdictKind.REJECT

    @property
    def told(self) -> bool:
        """Whether the desk was alerted to it, and did not call it no shift."""
        return self.record.alerted and not self.rejected

    def has(self, article: Article) -> bool:
        """Whether the article is one of its accounts."""
        return any(entry.statement.article_id == article.id for entry in self.accounts)

    def as_open(self) -> OpenShift:
        """Return it as later accounts are grouped with it."""
        confirmed = self.verdict is not None and self.verdict.kind is VerdictKind.CONFIRM
        return OpenShift(
            key=self.record.key,
            revision=self.record.position_revision,
            relation=self.record.relation,
            words=self.record.words,
            settled_as=self.verdict.revision_after if confirmed and self.verdict else 0,
        )


class KnownShifts:
    """Finds the shifts on record that a statement may belong to, within the last `window`."""

    def __init__(self, featurizer: Featurizer, window: timedelta) -> None:
        self._featurizer = featurizer
        self._window = window

    def near(self, case: Case, assessment: Assessment) -> tuple[Known, ...]:
        """Return the position's shifts with how alike the statement is to each; those merged into others count there."""
        position, statement = assessment.candidate.position, assessment.candidate.statement
        records = [
            record
            for record in shifts.recent(case.connection, position.id, case.now - self._window)
            if not record.merged_into and record.relation.is_shift
        ]
        if not records:
            return ()
        standing = verdicts.on_shifts(case.connection, [record.key for record in records])
        one = Telling(words=statement.text, speaker=statement.speaker)
        found = []
        for record in records:
            accounts = assessments.for_shift(case.connection, record.key)
            alike = self._alike(position, one, _tellings(record, accounts))
            found.append(Known(record=record, accounts=accounts, verdict=standing.get(record.key), alike=alike))
        return tuple(found)

    def on_file(self, case: Case, key: str) -> Known | None:
        """Return a shift by its key, or the one that it was merged into; None where there is none yet."""
        record = shifts.root(case.connection, key)
        if record is None:
            return None
        standing = verdicts.on_shifts(case.connection, [record.key])
        accounts = assessments.for_shift(case.connection, record.key)
        return Known(record=record, accounts=accounts, verdict=standing.get(record.key))

    def alike_line(self, assessment: Assessment) -> float:
        """Return the cosine of a statement and the line on record."""
        candidate = assessment.candidate
        words, line = self._featurizer.vectors([candidate.statement.text, candidate.position.baseline])
        return float(words @ line)

    def _alike(self, position: Position, one: Telling, others: Sequence[Telling]) -> float:
        ground = (position.baseline, position.topic)
        vectors = self._featurizer.vectors([*ground, one.words, *(other.words for other in others)])
        ignoring = content_words(" ".join(ground))
        return best_likeness(one, others, apart(vectors[len(ground) :], vectors[: len(ground)]), ignoring)


def _tellings(record: ShiftRecord, accounts: Sequence[TimelineEntry]) -> list[Telling]:
    """Return the reports to compare with: the one that opened the shift, and the newest others in other words."""
    told = {entry.statement.text: entry.statement.speaker for entry in accounts}
    first = Telling(words=record.words, speaker=told.pop(record.words, ""))
    others = [Telling(words=words, speaker=speaker) for words, speaker in told.items()]
    return [first, *others[-ACCOUNTS_COMPARED:]]
