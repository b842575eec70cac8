"""How much room the ledger takes: bytes by table for 100,000 articles, with their texts and after the texts were dropped.

    python tests/benchmarks/store_size.py --articles 20000 [--database-url postgresql://…]

A tenth or less of the articles is enough: sizes are per article. Text is drawn from words, so that it compresses as text does.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2])]

from sqlalchemy import Engine, text  # noqa: E402  # the path above comes first

from bot.core.revision import Marks  # noqa: E402  # the path above comes first
from bot.domain import (  # noqa: E402  # the path above comes first
    Article,
    ArticleState,
    Assessment,
    Candidate,
    DateConfidence,
    Decision,
    Feed,
    Holder,
    Position,
    Relation,
    Ruling,
    Statement,
    identify,
)
from bot.store import articles, assessments, entries, feeds, positions, retention  # noqa: E402  # the path above comes first
from bot.store.articles import Arrival  # noqa: E402  # the path above comes first
from bot.store.assessments import Judged  # noqa: E402  # the path above comes first
from bot.store.engine import open_engine, snapshot, transaction  # noqa: E402  # the path above comes first
from bot.store.entries import Sighting  # noqa: E402  # the path above comes first
from bot.store.migrate import upgrade  # noqa: E402  # the path above comes first

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REPORTED = 100_000
LETTERS = "etaoinshrdlucmfwypvbgkqjxz"
POSITION = Position(
    id="line", holder=Holder(name="Norland"), topic="tanks", baseline="Norland sends no tanks.", since=date(2026, 1, 1)
)


def main() -> None:
    """Fill a store, and print its size by table, per 100,000 articles."""
    parser = argparse.ArgumentParser(description="How much room the ledger takes.")
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--characters", type=int, default=5_000, help="of an article's text")
    parser.add_argument("--statements", type=float, default=0.5, help="assessed, for each article")
    parser.add_argument("--database-url", default="", help="an empty database; a new SQLite file where left out")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="walkback-size-") as folder:
        engine = open_engine(options.database_url or f"sqlite:///{folder}/walkback.db")
        upgrade(engine)
        _fill(engine, options)
        for when in ("with texts", "without texts"):
            retention.vacuum(engine)
            sizes = {name: round(size * REPORTED / options.articles / 1e6, 1) for name, size in _sizes(engine).items()}
            report = {
                "database": engine.dialect.name,
                "when": when,
                "mb_per_100000_articles": sizes,
                "sum": sum(sizes.values()),
            }
            print(json.dumps(report))  # noqa: T201  # the figures are what it is for
            while retention.drop_some_texts(engine, NOW + timedelta(days=10), 1):
                pass
        engine.dispose()


def _fill(engine: Engine, options: argparse.Namespace) -> None:
    dice = random.Random(1)
    words = ["".join(dice.choices(LETTERS, weights=range(26, 0, -1), k=dice.randint(2, 10))) for _ in range(8_000)]
    with transaction(engine) as connection:
        positions.seed(connection, [POSITION], NOW)
        feeds.sync_feeds(connection, [Feed(url="https://a.example/feed", name="A")], NOW)
    for start in range(0, options.articles, 500):
        made = [_article(n, dice, words, options.characters) for n in range(start, min(start + 500, options.articles))]
        with transaction(engine) as connection:
            entries.save(connection, [_sighting(each) for each in made], NOW)
            articles.add(connection, [Arrival(article=each, entry_id=identify("e", each.id)) for each in made], NOW)
            judged = [_judged(each) for each in made if dice.random() < options.statements]
            assessments.save_statements(connection, [one.assessment.candidate.statement for one in judged])
            assessments.save_assessments(connection, judged, NOW)
            for each in made:
                articles.mark(connection, each.id, ArticleState.ASSESSED, "", NOW)


def _article(n: int, dice: random.Random, words: list[str], characters: int) -> Article:
    text_ = " ".join(dice.choices(words, weights=range(len(words), 0, -1), k=characters // 6))
    return Article(
        id=identify("a", n),
        url=f"https://a.example/2026/03/01/{'-'.join(dice.choices(words, k=6))}-{n}",
        title=" ".join(dice.choices(words, k=10)),
        text=text_,
        published=NOW - timedelta(minutes=n),
        outlet="The Paper",
        author="Ada Berg",
    )


def _sighting(article: Article) -> Sighting:
    marks = Marks(
        guid=article.url,
        url=article.url,
        title=article.title,
        content_hash=article.id * 3,
        published=article.published,
        length=len(article.title) + len(article.text),
    )
    return Sighting(
        id=identify("e", article.id),
        feed_url="https://a.example/feed",
        marks=marks,
        published_raw="Sun, 01 Mar 2026 12:00:00 GMT",
        confidence=DateConfidence.STATED,
    )


def _judged(article: Article) -> Judged:
    statement = Statement(
        id=identify("s", article.id),
        article_id=article.id,
        start=300,
        end=480,
        text=article.text[300:480],
        before=article.text[120:300],
        after=article.text[480:660],
        speaker="Ada Berg",
        holder="Norland",
    )
    assessment = Assessment(
        candidate=Candidate(statement=statement, position=POSITION, similarity=0.6123456),
        relation=Relation.CONSISTENT,
        probabilities=dict.fromkeys(Relation, 0.1234567),
        evidence="",
        reason="repeats the line on record",
        model="shipped",
    )
    return Judged(assessment=assessment, ruling=Ruling(decision=Decision.SILENT, reason="no shift at 0.30"))


def _sizes(engine: Engine) -> Mapping[str, int]:
    with snapshot(engine) as connection:
        if engine.dialect.name == "sqlite":
            query = text(
                "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name GROUP BY 1"
            )
        else:
            query = text(
                "SELECT tablename, pg_total_relation_size(tablename::text) FROM pg_tables WHERE schemaname = 'public'"
            )
        return {
            name: int(size)
            for name, size in connection.execute(query)
            if name in {"articles", "entries", "statements", "assessments"}
        }


if __name__ == "__main__":
    main()
