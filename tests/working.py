"""Processes of the bot over one store, and the run that kills them: for the tests and the long proofs.

    python tests/working.py DATABASE_URL API_URL '{"pace": 0.15, "fastest_s": 1.0, "cost_s": 0.0}'

Workers on PostgreSQL, the one bot on SQLite. Everything is real but the judge, which finds what the article's text says that it
should, and Slack; time can be scaled.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import structlog
from outlets import MOVES, TRACKED, Desk
from slack_peer import TOKEN
from sqlalchemy import Engine, func, select, text

from bot.core.policies import AlertPolicy, DispatchPolicy, PollPolicy
from bot.domain import (
    Article,
    Assessment,
    Candidate,
    Decision,
    Position,
    Relation,
    Ruling,
    Statement,
    identify,
    text_hash,
)
from bot.errors import StoreError
from bot.ports import Extracted
from bot.runtime.guards import alone
from bot.runtime.local import LocalRuntime, Work
from bot.stages.announce import Announce, unannounced
from bot.stages.assess import Assess
from bot.stages.deliver import Deliver
from bot.stages.ingest import Ingest
from bot.stages.judge import JudgedArticle
from bot.store import tallies
from bot.store.engine import open_engine, snapshot
from bot.store.schema import articles as article_table
from bot.store.schema import deliveries as delivery_table

PACE = DispatchPolicy(gap_s=0.01, per_hour=1_000_000, first_retry_s=0.1, longest_retry_s=1.0, max_attempts=1_000)
ALERT = Ruling(decision=Decision.ALERT, reason="shift at 0.80, threshold 0.50")
WINDING_UP = 0.7
DOING = text("SELECT id, worker_id FROM procrastinate_jobs WHERE task_name = 'assess' AND status IN ('todo', 'doing')")


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a process works. `pace` 1.0 is as shipped: how long the dead are waited for, and Slack; less is in a hurry.

    A feed is polled every `fastest_s` seconds or at a third of that pace, and judging an article computes for `cost_s`.
    """

    pace: float = 0.15
    fastest_s: float = 1.0
    cost_s: float = 0.0

    @property
    def polling(self) -> PollPolicy:
        """How feeds are polled."""
        return PollPolicy(
            fastest_s=self.fastest_s,
            slowest_s=3 * self.fastest_s,
            host_gap_s=0.0,
            allowed_networks=("127.0.0.0/8",),
            obey_robots=False,
        )


class Apart:
    """Likens no text to any other, so that each shift is one of its own."""

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Return vectors that are nearly orthogonal for different texts."""
        return np.stack([_vector(text) for text in texts])


def _vector(text: str) -> np.ndarray:
    drawn = np.random.default_rng(int(text_hash(text)[:8], 16)).normal(size=256)
    return drawn / np.linalg.norm(drawn)


class Judge:
    """Finds one shift where the text says that a line moves, and computes for `cost_s` as a model would."""

    def __init__(self, tracked: Sequence[Position], cost_s: float) -> None:
        self.tracked = tracked
        self.cost_s = cost_s

    def judge(self, article: Article, now: datetime, **_: object) -> JudgedArticle:
        """Return what an article does."""
        until = time.thread_time() + self.cost_s
        while time.thread_time() < until:
            pass
        found = MOVES.search(article.text)
        made = ((self._assessment(article, found), ALERT),) if found else ()
        return JudgedArticle(article=article, assessments=made, sentences=2)

    def _assessment(self, article: Article, found: re.Match[str]) -> Assessment:
        position = next(each for each in self.tracked if each.id == f"line-{found[1]}")
        words = found[0]
        statement = Statement(
            id=identify(article.id, found.start()),
            article_id=article.id,
            start=found.start(),
            end=found.end(),
            text=words,
            speaker="Ada Berg",
            holder=position.holder.name,
        )
        candidate = Candidate(
            statement=statement, position=position, similarity=0.7, title=article.title, published=article.published
        )
        return Assessment(
            candidate=candidate,
            relation=Relation.SOFTENING,
            probabilities=dict.fromkeys(Relation, 0.04) | {Relation.SOFTENING: 0.8},
            evidence=words,
            reason="because",
            model="test",
        )


class NoPages:
    """Takes no page: feeds carry whole articles."""

    def extract(self, page: str, *, url: str) -> Extracted:
        """Return the page."""
        return Extracted(text=page, canonical_url=url)


@dataclass(kw_only=True)
class Outcome:
    """What a run came to."""

    seconds: float = 0.0
    kills: int = 0
    restarts: int = 0
    states: Counter[str] = field(default_factory=Counter)
    deliveries: Counter[str] = field(default_factory=Counter)
    takeovers_s: list[float] = field(default_factory=list)
    """Seconds from a kill until another worker had begun what the dead one was assessing, for each job that it left."""
    recoveries_s: list[float] = field(default_factory=list)
    """Seconds from a kill until the next article was assessed, by whomever."""

    @property
    def whole(self) -> bool:
        """Whether everything published so far is assessed, and everything to be told is told."""
        return set(self.states) <= {"assessed"} and set(self.deliveries) <= {"posted"}


@dataclass(kw_only=True)
class Takeovers:
    """Follows the jobs that were under way when a worker was killed, until another has begun them."""

    outcome: Outcome
    left: dict[int, tuple[int | None, float]] = field(default_factory=dict)

    def killed(self, doing: dict[int, int | None], at: float) -> None:
        """Note what everybody was at when one was killed."""
        self.left |= {job: (worker, at) for job, worker in doing.items() if worker is not None and job not in self.left}

    def look(self, doing: dict[int, int | None], at: float) -> None:
        """Compare with who is at what now; a job that is gone was done by the worker that had it."""
        for job, (worker, since) in tuple(self.left.items()):
            taken = doing.get(job) not in (None, worker)
            if taken:
                self.outcome.takeovers_s.append(at - since)
            if taken or job not in doing:
                del self.left[job]


def work_and_kill(
    database_url: str,
    api_url: str,
    desk: Desk,
    *,
    each: int,
    workers: int,
    kills: int,
    limit_s: float,
    every_s: tuple[float, float] = (0.5, 1.5),
    restart: Callable[[], object] | None = None,
    restarts: int = 0,
    seed: int = 5,
    habits: Habits | None = None,
    say: Callable[[str], object] = len,
) -> Outcome:
    """Let `workers` processes work until every feed has had `each` articles and all is shown, killing some meanwhile.

    More is published as the work goes, for as long as there are kills to come; a worker is killed only where something was done
    since the last kill, so that a slow machine comes forward, too. What is not reached within `limit_s` is left out: from
    `WINDING_UP` of that time on nothing more is published and nobody killed.
    """
    dice, outcome, began = random.Random(seed), Outcome(), time.monotonic()
    engine, takeovers = open_engine(database_url), Takeovers(outcome=outcome)
    running = [start(database_url, api_url, habits) for _ in range(workers)]
    kill_at, killed_at, done_at_kill = began, 0.0, 0
    restart_after = [kills * (n + 1) // (restarts + 1) for n in range(restarts)]
    try:
        while time.monotonic() - began < limit_s:
            time.sleep(0.05)
            assert all(worker.poll() is None for worker in running), "a worker ended by itself"
            if restart is not None and restart_after and outcome.kills >= restart_after[0]:
                restart_after.pop(0)
                restart()
                outcome.restarts += 1
                say(f"PostgreSQL restarted ({outcome.restarts})")
            try:
                doing = _look(engine, outcome)
            except StoreError:
                continue  # the database is restarting
            now, assessed = time.monotonic(), outcome.states["assessed"]
            takeovers.look(doing, now)
            if killed_at and assessed > done_at_kill:
                outcome.recoveries_s.append(now - killed_at)
                killed_at = 0.0
            late = now - began > WINDING_UP * limit_s
            more = not late and (min(desk.published) < each or outcome.kills < kills)
            if more and assessed >= desk.articles - desk.number:
                desk.publish(1)
            elif not more and assessed >= desk.articles and outcome.whole and not takeovers.left:
                break
            if not late and outcome.kills < kills and assessed > done_at_kill and now > kill_at:
                kill(running.pop(dice.randrange(workers)))
                killed_at, done_at_kill = time.monotonic(), assessed
                outcome.kills += 1
                takeovers.killed(doing, killed_at)
                say(f"kill {outcome.kills}: {dict(outcome.states)} {dict(outcome.deliveries)}")
                running.append(start(database_url, api_url, habits))
                kill_at = time.monotonic() + dice.uniform(*every_s)
    finally:
        for worker in running:
            kill(worker)
        engine.dispose()
    outcome.seconds = time.monotonic() - began
    return outcome


def _look(engine: Engine, outcome: Outcome) -> dict[int, int | None]:
    """Note how far everything is; return the jobs to assess, with the worker that is at each."""
    with snapshot(engine) as connection:
        for counted, table in ((outcome.states, article_table), (outcome.deliveries, delivery_table)):
            found = connection.execute(select(table.c.state, func.count()).group_by(table.c.state)).all()
            counted.clear()
            counted.update(dict(found))
        if engine.dialect.name == "sqlite":
            return {}
        return dict(connection.execute(DOING).all())


def assessed_by_tally(engine: Engine) -> int:
    """Return how often an article was assessed, as counted in the transactions that did it."""
    with snapshot(engine) as connection:
        every = tallies.totals(connection, date(2000, 1, 1))
    return sum(tally.n for tally in every if (tally.stage, tally.outcome) == ("assess", "assessed"))


def start(database_url: str, api_url: str, habits: Habits | None = None) -> subprocess.Popen[bytes]:
    """Start a process that works until it is killed."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    told = json.dumps(asdict(habits or Habits()))
    return subprocess.Popen([sys.executable, "-W", "ignore", __file__, database_url, api_url, told], env=environment)


def kill(worker: subprocess.Popen[bytes]) -> None:
    """Kill a process without warning, and remove what it leaves beside its store."""
    worker.kill()
    worker.wait()
    _heartbeat(worker.pid).unlink(missing_ok=True)


def _heartbeat(pid: int) -> Path:
    return Path(tempfile.gettempdir()) / f"walkback-{pid}.heartbeat"


def main(database_url: str, api_url: str, told: str) -> None:
    """Work until killed: a worker on PostgreSQL, the one bot on SQLite."""
    from bot.feeds.fenced import FencedParser
    from bot.feeds.http import Fetcher
    from bot.slack.post import SlackNotifier

    level = structlog.make_filtering_bound_logger(40)
    structlog.configure(wrapper_class=level, logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
    habits, engine, parser = Habits(**json.loads(told)), open_engine(database_url), FencedParser()
    heartbeat = _heartbeat(os.getpid())
    notifier = SlackNotifier(TOKEN, api_url, timeout_s=max(1, round(8 * habits.pace)))

    def ingest(announce: Announce) -> Ingest:
        polling = habits.polling
        return Ingest(engine, Fetcher(polling), parser, NoPages(), polling, random.Random(), announce=announce)

    def assess(announce: Announce) -> Assess:
        return Assess(
            engine,
            make_judge=lambda tracked: Judge(tracked, habits.cost_s),
            configured=TRACKED,
            featurizer=Apart(),
            policy=AlertPolicy(group_at=2.0),  # each shift is one of its own
            channel_for=lambda position: position.channel,
            announce=announce,
        )

    if engine.dialect.name == "sqlite":
        _embedded(engine, ingest(unannounced), assess(unannounced), Deliver(engine, notifier, PACE), heartbeat)
        return
    from bot.runtime import queue, workers

    queue.DEAD_AFTER_S *= habits.pace
    queue.HEARTBEAT_S *= habits.pace
    workers.TENDED = f"* * * * * */{max(1, round(10 * habits.pace))}"
    hints = queue.Hints()
    joined = workers.Stages(
        ingest=ingest(hints.articles),
        assess=(assess(hints.channels),),
        deliver=Deliver(engine, notifier, PACE, lease_s=120 * habits.pace),
    )
    workers.Workers(engine, joined, heartbeat).run()


def _embedded(engine: Engine, ingest: Ingest, assess: Assess, deliver: Deliver, heartbeat: Path) -> None:
    """Run as `walkback run` does."""
    works = [
        Work(name="ingest", serve=ingest.run),
        Work(name="assess", step=lambda now: assess.run_once(now).articles, idle_s=0.1),
        Work(name="deliver", step=lambda now: deliver.run_once(now).attempted, idle_s=0.1),
    ]
    with alone(engine):
        now = datetime.now(UTC)
        ingest.recover(now)
        assess.recover()
        deliver.recover(now)
        LocalRuntime(works, heartbeat).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
