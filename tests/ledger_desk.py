"""A store with the assess stage over it, whose judge is a script: each article says what a test lets it say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
from assessed_samples import assessed
from event_wordings import BASELINE, HOLDER, PARAPHRASES, TOPIC
from sqlalchemy import Engine, select

from bot.core.alerting import rule
from bot.core.policies import AlertPolicy
from bot.domain import Article, Assessment, Holder, Mode, Position, Relation, identify
from bot.stages.assess import Assess, AssessReport
from bot.stages.desk import DeskActions
from bot.stages.judge import JudgedArticle
from bot.store import articles, assessments, positions, schema, shifts
from bot.store.articles import Arrival
from bot.store.engine import snapshot, transaction

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
POSITION = Position(
    id="no-alliance",
    holder=Holder(name=HOLDER, aliases=("Oster",)),
    topic=TOPIC,
    baseline=BASELINE,
    since=date(2025, 6, 1),
    paraphrases=PARAPHRASES,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One statement of an article."""

    words: str
    relation: Relation = Relation.SOFTENING
    probability: float = 0.8
    speaker: str = ""
    mode: Mode = Mode.ASSERTION
    similarity: float = 0.7
    of: int = 0
    """The place of the position among those of the desk."""


class Vectors:
    """Every text is its own direction, so that only shared words liken texts."""

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        known = list(dict.fromkeys(texts))
        return np.stack([np.eye(len(known))[known.index(text)] for text in texts])


class ScriptedJudge:
    """Finds in each article what the script holds for its id, against the position of that id or the first one."""

    def __init__(self, tracked: Sequence[Position], script: dict[str, list[Said]], policy: AlertPolicy) -> None:
        self.tracked, self._script, self._policy = tracked, script, policy

    def judge(self, article: Article, now: datetime, known: Sequence[int] = ()) -> JudgedArticle:
        made = [self._assessed(article, said) for said in self._script[article.id]]
        made.sort(key=lambda assessment: -assessment.shift_probability)
        return JudgedArticle(article=article, assessments=tuple((a, rule(a, self._policy, now)) for a in made))

    def _assessed(self, article: Article, said: Said) -> Assessment:
        return assessed(
            article, said.words, said.relation, self.tracked[said.of], probability=said.probability,
            rest=Relation.UNRELATED if said.relation.is_shift else Relation.CONSISTENT, speaker=said.speaker,
            mode=said.mode, similarity=said.similarity,
        )  # fmt: skip


class ScriptedDesk:
    """The stage, the desk's actions, and what both leave behind."""

    def __init__(
        self,
        engine: Engine,
        featurizer,
        policy: AlertPolicy | None = None,
        position: Position = POSITION,
        *others: Position,
    ) -> None:
        self.engine = engine
        self.policy = policy or AlertPolicy()
        self.script: dict[str, list[Said]] = {}
        self.judged_with: list[Sequence[Position]] = []
        with transaction(engine) as connection:
            positions.seed(connection, [position, *others], NOW)
        self.position = position
        self.stage = Assess(
            engine, make_judge=self._make_judge, configured=[position, *others], featurizer=featurizer, policy=self.policy,
            channel_for=lambda position: "#desk", batch=100,
        )  # fmt: skip
        self.actions = DeskActions(engine)

    def _make_judge(self, lines: Sequence[Position]) -> ScriptedJudge:
        self.judged_with.append(lines)
        return ScriptedJudge(lines, self.script, self.policy)

    def reads(
        self,
        *said: Said,
        at: datetime = NOW,
        outlet: str = "Wire",
        published: datetime | None = None,
        silent: bool = False,
        url: str = "",
        revision: int = 0,
    ) -> AssessReport:
        """Let an outlet say something, and assess it."""
        text = " ".join(one.words for one in said)
        name = identify(outlet, text, at, revision)
        self.script[name] = list(said)
        article = Article(
            id=name, url=url or f"https://{outlet.lower()}.example/{name}", title=f"{outlet} on the Alliance", text=text,
            published=published or at, outlet=outlet, silent=silent, revision=revision,
        )  # fmt: skip
        with transaction(self.engine) as connection:
            articles.add(connection, [Arrival(article=article, entry_id=None)], at)
        return self.stage.run_once(at)

    def deliveries(self, kind: str = "") -> list[dict]:
        with snapshot(self.engine) as connection:
            query = select(schema.deliveries).order_by(schema.deliveries.c.created_at, schema.deliveries.c.kind)
            rows = [dict(row) for row in connection.execute(query).mappings()]
        return [row for row in rows if not kind or row["kind"] == kind]

    def shift(self, key: str) -> shifts.ShiftRecord:
        with snapshot(self.engine) as connection:
            found = shifts.get(connection, key)
        assert found
        return found

    def statements(self) -> tuple[assessments.TimelineEntry, ...]:
        with snapshot(self.engine) as connection:
            return assessments.for_position(connection, self.position.id)

    def line(self) -> positions.LedgerRevision:
        with snapshot(self.engine) as connection:
            return positions.current(connection)[self.position.id]
