"""One replay: judged articles into a store of its own, each at its own time, and what the desk would have been told."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Engine, event

from bot.core.policies import AlertPolicy
from bot.detection.detector import Detector
from bot.detection.featurizer import Featurizer
from bot.domain import Article, Decision, Position
from bot.reading.layout import lay_out
from bot.replay.archive import ArchiveItem
from bot.replay.judging import FAILED, FreshJudge
from bot.replay.records import judged_from
from bot.stages.assess import Assess
from bot.stages.judge import ArticleJudge, JudgedArticle
from bot.store import archive, articles, positions, timeline
from bot.store.archive import AlertOnFile
from bot.store.articles import Arrival
from bot.store.engine import open_engine, snapshot, transaction
from bot.store.migrate import upgrade
from bot.store.positions import LedgerRevision
from bot.store.timeline import TimelineRow

Watch = Callable[[Sequence[ArchiveItem]], Iterable[ArchiveItem]]
_FIGURES = re.compile(r"[:(]|\b\d")
JudgeLines = Callable[[Sequence[Position]], FreshJudge]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a replay is made with. `name` tells it from another one; `model` is the name of the trained artefacts."""

    lines: tuple[Position, ...]
    policy: AlertPolicy
    model: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One position in a replay: every statement on it, the newest first, and how its line moved."""

    position: Position
    rows: tuple[TimelineRow, ...]
    revisions: tuple[LedgerRevision, ...]
    alerts: tuple[AlertOnFile, ...]

    def near_misses(self, most: int) -> list[TimelineRow]:
        """Return what was kept for the digest, the nearest first, at most `most`."""
        found = [row for row in self.rows if row.decision is Decision.DIGEST]
        return sorted(found, key=lambda row: -row.probability)[:most]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of a replay. `outcomes` counts articles, `skipped` and `silent` why some were not read, and told to nobody."""

    setting: Setting
    items: tuple[ArchiveItem, ...]
    alerts: tuple[AlertOnFile, ...]
    lines: tuple[Line, ...]
    outcomes: Counter[str]
    skipped: Counter[str]
    silent: Counter[str]

    @property
    def days(self) -> int:
        """How many days the archive covers, from the day of its first article to that of its last."""
        return (self.items[-1].at.date() - self.items[0].at.date()).days + 1 if self.items else 0

    def document(self, alert: AlertOnFile) -> str:
        """Return in which document an alert was made."""
        article_id = alert.opener.statement.article_id if alert.opener else ""
        for item in self.items:
            if item.article.id == article_id or (not article_id and item.article.url == alert.card.first.url):
                return item.document
        return ""


class Prejudged:
    """Gives the stage what was judged before; what was judged against other lines is judged now.

    A line moves within a replay only where the desk's policy lets it become the line by itself.
    """

    def __init__(
        self,
        lines: Sequence[Position],
        policy: AlertPolicy,
        records: Mapping[str, Mapping[str, Any]],
        otherwise: Callable[[], FreshJudge],
    ) -> None:
        self._lines = {line.id: line for line in lines}
        self._policy = policy
        self._records = records
        self._otherwise = otherwise
        self._judge: FreshJudge | None = None

    def judge(self, article: Article, now: datetime, *, known: Collection[int] = ()) -> JudgedArticle:
        """Return what `article` does to the lines, as of `now`, without the sentences `known` by index."""
        record = self._records.get(article.id)
        if record is None:
            self._judge = self._judge or self._otherwise()
            item = ArchiveItem(document=article.id, article=article, at=now)
            return self._judge.judge(item, sorted(known))
        if FAILED in record:
            raise RuntimeError(f"judging it failed ({record[FAILED]})")
        return without(judged_from(record, article, self._lines, self._policy, now), known)


def without(judged: JudgedArticle, known: Collection[int]) -> JudgedArticle:
    """Return a judged article without what stands in the sentences `known` by index."""
    if not known:
        return judged
    spans = [s for index, s in enumerate(lay_out(judged.article.text).sentences) if index in known]
    kept = tuple(
        (assessment, ruling)
        for assessment, ruling in judged.assessments
        if not any(s.start <= assessment.candidate.statement.start < s.end for s in spans)
    )
    return replace(judged, assessments=kept)


class Replay:
    """Runs archives through the assess stage, over a store that holds nothing else.

    Args:
        store: The file of the store; one of an earlier run is replaced.
        detector: Likens statements to the shifts on record.
        judge_lines: Builds a judge for lines that moved.
        watch: Passes items on as they are taken up.
    """

    def __init__(
        self, store: Path, *, detector: Detector, judge_lines: JudgeLines, watch: Watch = lambda items: items
    ) -> None:
        self._store = store
        self._featurizer = Featurizer(scorer=detector.featurizer.scorer, embedder=detector.featurizer.embedder)
        self._judge_lines = judge_lines
        self._watch = watch

    def run(self, items: Sequence[ArchiveItem], records: Mapping[str, Mapping[str, Any]], setting: Setting) -> Replayed:
        """Replay `items` in their order, each judged as `records` has it. The clock stands at each article's time."""
        for suffix in ("", "-wal", "-shm"):
            self._store.with_name(self._store.name + suffix).unlink(missing_ok=True)
        engine = open_engine(f"sqlite:///{self._store}")
        event.listen(engine, "connect", _hasten)
        try:
            upgrade(engine)
            outcomes = self._through(engine, items, records, setting)
            return _result(engine, tuple(items), setting, outcomes)
        finally:
            engine.dispose()

    def _through(
        self,
        engine: Engine,
        items: Sequence[ArchiveItem],
        records: Mapping[str, Mapping[str, Any]],
        setting: Setting,
    ) -> Counter[str]:
        outcomes: Counter[str] = Counter()
        if not items:
            return outcomes
        with transaction(engine) as connection:
            positions.seed(connection, setting.lines, items[0].at)

        def make_judge(lines: Sequence[Position]) -> ArticleJudge:
            same = tuple(lines) == setting.lines
            judge = Prejudged(lines, setting.policy, records if same else {}, lambda: self._judge_lines(lines))
            return cast("ArticleJudge", judge)  # it judges, which is all that the stage asks of one

        stage = Assess(
            engine,
            make_judge=make_judge,
            configured=setting.lines,
            featurizer=self._featurizer,
            policy=setting.policy,
            channel_for=lambda _: "#replay",
        )
        for item in self._watch(items):
            with transaction(engine) as connection:
                articles.add(connection, [Arrival(article=replace(item.article, silent=False), entry_id=None)], item.at)
            outcomes += stage.run_once(item.at, only={item.article.id}).outcomes
        return outcomes


def _hasten(connection: sqlite3.Connection, record: object) -> None:
    """Let SQLite wait for no disk: a store that a crash of the machine damages is made anew."""
    del record
    connection.execute("PRAGMA synchronous=OFF").close()


def _result(engine: Engine, items: tuple[ArchiveItem, ...], setting: Setting, outcomes: Counter[str]) -> Replayed:
    with snapshot(engine) as connection:
        alerts = tuple(_in_order(archive.alerts(connection), items))
        lines = tuple(
            Line(
                position=position,
                rows=tuple(timeline.position_timeline(connection, position.id, limit=None)),
                revisions=timeline.baselines(connection, position.id),
                alerts=tuple(alert for alert in alerts if alert.card.position_id == position.id),
            )
            for position in setting.lines
        )
        skipped = archive.skipped(connection)
    silent = Counter(kind_of(row.reason) for line in lines for row in line.rows if row.decision is Decision.SILENT)
    return Replayed(
        setting=setting,
        items=items,
        alerts=alerts,
        lines=lines,
        outcomes=outcomes,
        skipped=skipped,
        silent=silent,
    )


def _in_order(alerts: Sequence[AlertOnFile], items: Sequence[ArchiveItem]) -> list[AlertOnFile]:
    """Return the alerts in the order of the articles that made them, also where these have one time."""
    places = {item.article.id: place for place, item in enumerate(items)}
    by_url = {item.article.url: place for place, item in enumerate(items)}

    def place(alert: AlertOnFile) -> tuple[datetime, int]:
        article_id = alert.opener.statement.article_id if alert.opener else ""
        return alert.at, places.get(article_id, by_url.get(alert.card.first.url, 0))

    return sorted(alerts, key=place)


def kind_of(reason: str) -> str:
    """Return a ruling's reason without its figures and dates: "no shift: 0.12, threshold 0.30" is "no shift"."""
    last = reason.rsplit("; ", maxsplit=1)[-1]
    return (
        _FIGURES.split(last, maxsplit=1)[0].strip().removesuffix(" on").removesuffix(" more than").strip(" ,") or last
    )
