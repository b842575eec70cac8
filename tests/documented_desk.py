"""A small desk with an archive, all of it written here, for the documentation's blocks of commands that need one."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

from assessed_samples import assessed

from bot.config import load_positions, shipped_path
from bot.core.card import alert_record
from bot.domain import Alert, Article, ArticleState, Decision, Position, Relation, Ruling
from bot.store import articles, assessments, deliveries, positions, shifts
from bot.store.articles import Arrival
from bot.store.assessments import Judged
from bot.store.engine import open_engine, transaction
from bot.store.migrate import upgrade
from bot.store.shifts import ShiftRecord

REFUSED = "Russia again rejected any membership of Ukraine in NATO, Foreign Minister Sergei Lavrov said in Moscow."
PAUSED = "Russia could accept Ukraine in NATO after a pause of twenty years, Foreign Minister Sergei Lavrov said."
ARCHIVE = (
    ("m1", "2026-01-05", f"{REFUSED} Reporters had waited for two hours in the snow."),
    ("m2", "2026-01-12", f"{REFUSED} The talks go on in spring."),
    ("m3", "2026-01-19", f"{REFUSED} He thanked his hosts for the tea."),
    ("m4", "2026-01-26", f"{PAUSED} Snow fell on the airfield."),
)
LABELS = (("m1", "consistent"), ("m4", "softening"))
AT = datetime(2026, 1, 26, 9, tzinfo=UTC)


def furnish(folder: Path) -> None:
    """Write `config/`, `last-month.jsonl`, `archive.jsonl`, `labels.jsonl`, `articles/*.txt`, and a store with one alert."""
    shutil.copytree(shipped_path("config"), folder / "config")
    rows = [
        {"id": name, "published": f"{day}T09:00:00Z", "title": "NATO", "url": f"https://wire.example/{name}", "text": text}
        for name, day, text in ARCHIVE
    ]  # fmt: skip
    for name in ("last-month.jsonl", "archive.jsonl"):
        (folder / name).write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    labels = [{"document": name, "position": "ru-nato", "relation": relation} for name, relation in LABELS]
    (folder / "labels.jsonl").write_text("\n".join(json.dumps(row) for row in labels), encoding="utf-8")
    (folder / "articles").mkdir()
    for name, _, text in ARCHIVE:
        (folder / "articles" / f"{name}.txt").write_text(text, encoding="utf-8")
    (line,) = [one for one in load_positions(folder / "config" / "positions.yaml") if one.id == "ru-nato"]
    _store(folder / "walkback.db", line)


def _store(file: Path, line: Position) -> None:
    engine = open_engine(f"sqlite:///{file}")
    upgrade(engine)
    article = Article(
        id="a", url="https://wire.example/a", title="A pause", text=PAUSED, published=AT, outlet="Wire"
    )  # fmt: skip
    made = assessed(article, PAUSED, Relation.SOFTENING, line, probability=0.9, speaker="Sergei Lavrov")
    alert = Alert(
        key="k", assessment=made, article_title="A pause", article_url=article.url, outlet="Wire", published=AT
    )
    shift = ShiftRecord(
        key="k", position_id=line.id, position_revision=1, relation=Relation.SOFTENING, words=PAUSED, opened_at=AT,
        last_seen_at=AT, alerted=True,
    )  # fmt: skip
    ruling = Ruling(decision=Decision.ALERT, reason="shift at 0.90, threshold 0.30")
    with transaction(engine) as connection:
        positions.seed(connection, [line], AT)
        articles.add(connection, [Arrival(article=article, entry_id=None)], AT)
        articles.mark(connection, "a", ArticleState.ASSESSED, "", AT)
        assessments.save_statements(connection, [made.candidate.statement])
        shifts.save(connection, shift)
        assessments.save_assessments(connection, [Judged(assessment=made, ruling=ruling, shift_key="k")], AT)
        deliveries.add(
            connection, alert_key="k", position_id=line.id, channel="#desk", payload=alert_record(alert), priority=10, now=AT
        )  # fmt: skip
    engine.dispose()
