"""A process that polls feeds, to be measured by the tests.

On standard input, as JSON: a list of [DATABASE_URL, {NAME: ADDRESS}]. Each is polled once, one after the other; how many feeds of
each were polled is written to standard output.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import UTC, datetime

from bot.core.policies import PollPolicy
from bot.domain import Feed
from bot.feeds.fenced import FencedParser, Limits
from bot.feeds.http import Fetcher
from bot.ports import Abstained
from bot.stages.ingest import Ingest
from bot.store import feeds
from bot.store.engine import open_engine, transaction
from bot.store.schema import metadata

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
POLICY = PollPolicy(
    allowed_networks=("127.0.0.0/8",),
    host_gap_s=0.0,
    connect_timeout_s=1.0,
    read_timeout_s=1.5,
    total_timeout_s=6.0,
    max_bytes=10_000_000,
)
LIMITS = Limits(cpu_s=4.0, patience_s=0.3)


class NoPages:
    """An extractor that finds nothing."""

    def extract(self, page, *, url):
        """Return that there is no text."""
        return Abstained(reason="none")


def poll(database_url: str, addresses: dict[str, str]) -> int:
    """Poll feeds once into an empty store; return how many."""
    engine, parser = open_engine(database_url), FencedParser(LIMITS)
    metadata.create_all(engine)
    with transaction(engine) as connection:
        configured = [Feed(url=url, name=name, full_text=True) for name, url in addresses.items()]
        feeds.sync_feeds(connection, configured, NOW)
    with Ingest(engine, Fetcher(POLICY), parser, NoPages(), POLICY, random.Random(1)) as ingest:
        polled = ingest.run_once(NOW).polled
    parser.close()
    engine.dispose()
    return polled


if __name__ == "__main__":
    sys.stdout.write(json.dumps([poll(*each) for each in json.load(sys.stdin)]) + "\n")
