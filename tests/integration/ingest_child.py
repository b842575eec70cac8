"""A process that polls feeds and takes articles as assessed, to be killed by the tests: DATABASE_URL, then addresses of feeds."""

from __future__ import annotations

import random
import sys
from datetime import UTC, datetime

from bot.core.policies import PollPolicy
from bot.domain import ArticleState, Feed
from bot.feeds.fenced import FencedParser
from bot.feeds.http import Fetcher
from bot.ports import Extracted
from bot.stages.ingest import Ingest
from bot.store import articles, feeds, tallies
from bot.store.engine import open_engine, transaction


class Whole:
    """An extractor that takes the page as it is."""

    def extract(self, page, *, url):
        """Return the page."""
        return Extracted(text=f"{url}: {page}", canonical_url=url)


def main(database_url: str, *urls: str) -> None:
    """Poll everything once, then assess what is pending, one transaction an article."""
    engine = open_engine(database_url)
    policy = PollPolicy(allowed_networks=("127.0.0.0/8",), host_gap_s=0.0)
    now = datetime.now(UTC)
    with transaction(engine) as connection:
        feeds.sync_feeds(connection, [Feed(url=url, name=url) for url in urls], now)
        articles.release_all(connection)
    parser = FencedParser()
    with Ingest(engine, Fetcher(policy), parser, Whole(), policy, random.Random()) as ingest:
        ingest.recover(now)
        ingest.run_once(now, force=True)
    parser.close()
    while True:
        with transaction(engine) as connection:
            pending = articles.claim_pending(connection, datetime.now(UTC), 3, 60.0)
        if not pending:
            return
        for article in pending:
            with transaction(engine) as connection:
                if articles.mark(connection, article.id, ArticleState.ASSESSED, "", datetime.now(UTC)):
                    tallies.count(connection, now.date(), "test", "assessed", article.url)


if __name__ == "__main__":
    main(*sys.argv[1:])
