"""The real documents served as a feed over loopback: the whole way, twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from pydantic import SecretStr
from serving import serving
from sqlalchemy import func, select

from bot.app import build_bot
from bot.commands.running import run_round
from bot.config import load_configuration, load_settings
from bot.domain import Delivery
from bot.ports import PostOutcome, PostOutcomeKind
from bot.store import schema
from bot.store.engine import snapshot


class Screen:
    """Remembers what was shown."""

    def __init__(self) -> None:
        self.shown: list[Delivery] = []

    def post(self, delivery: Delivery) -> PostOutcome:
        self.shown.append(delivery)
        return PostOutcome(kind=PostOutcomeKind.POSTED, ref=str(len(self.shown)))

    def find(self, delivery: Delivery) -> str | None:
        return next((str(n) for n, one in enumerate(self.shown) if one.id == delivery.id), None)


@pytest.fixture
def feed(shared: Path) -> Iterator[str]:
    """The address of an RSS feed that carries the corpus's texts whole, dated within the last hours."""
    now = datetime.now(UTC)
    items = []
    for hours, path in enumerate(sorted((shared / "corpus").glob("*.txt"))):
        date = format_datetime(now - timedelta(hours=hours))
        body = "".join(
            f"<p>{escape(part)}</p>" for part in path.read_text(encoding="utf-8").split("\n") if part.strip()
        )
        items.append(
            f"<item><title>Document {path.stem[:3]}</title><guid>{path.stem}</guid><pubDate>{date}</pubDate>"
            f"<description>{escape(body)}</description></item>"
        )
    page = f"<rss version='2.0'><channel><title>Corpus</title>{''.join(items)}</channel></rss>".encode()

    with serving({"/feed.xml": page}) as base:
        yield f"{base}/feed.xml"


@pytest.mark.shared
def test_the_corpus_goes_the_whole_way_once_and_the_second_run_posts_nothing(
    shared: Path, feed: str, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "positions.yaml").write_text((shared / "corpus" / "positions.yaml").read_text(encoding="utf-8"))
    (config / "feeds.yaml").write_text(
        f"feeds:\n  - {{url: '{feed}', name: Corpus, first_run: post, full_text: true}}\n"
    )
    (config / "desk.yaml").write_text(
        "default_channel: d\nchannels: {d: '#d'}\nalert: {alert_at: 0.2, digest_at: 0.1}\ndispatch: {gap_s: 0, per_hour: 1000}\n"
        "poll: {host_gap_s: 0, allowed_networks: [127.0.0.0/8]}\n"
    )
    settings = load_settings().model_copy(
        update={"database_url": SecretStr(f"sqlite:///{tmp_path / 'w.db'}"), "config_dir": config}
    )
    screen = Screen()
    bot = build_bot(settings, load_configuration(config), notifier=screen)
    first = run_round(bot)
    assert first["assessed"] == 5
    # Beside alerts and further accounts, what a later account does to an alert is announced in its thread.
    assert first["posted"] == len(screen.shown) >= first["alerts"] + first["further_accounts"] > 0
    with snapshot(bot.engine) as connection:
        before = connection.scalar(select(func.count()).select_from(schema.assessments))
    second = run_round(bot)
    assert (second["new_articles"], second["alerts"], second["posted"]) == (0, 0, 0)
    assert len(screen.shown) == first["posted"]
    with snapshot(bot.engine) as connection:
        assert connection.scalar(select(func.count()).select_from(schema.assessments)) == before
    bot.close()
