"""kill -9 at random points between fetch and commit: every entry is stored and assessed exactly once all the same.

Five kills by default; LONG_PROOFS=1 makes it fifty.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import feed_sites as sites

from bot.store import articles, tallies
from bot.store.engine import open_engine, transaction
from bot.store.schema import articles as article_table
from bot.store.schema import entries as entry_table

KILLS = 50 if os.environ.get("LONG_PROOFS") else 5
FEEDS = 3
CHILD = Path(__file__).with_name("ingest_child.py")
ROOT = Path(__file__).resolve().parents[2]


def test_entries_survive_kills_and_are_assessed_exactly_once(store_url):
    rng = random.Random(7)
    asked = threading.Event()
    published = [2] * FEEDS
    engine = open_engine(store_url)

    def answer(request, connection):
        if request.path.startswith("/feed"):
            n = int(request.path[5:])
            items = [sites.item(f"{n}-{k}", f"/page/{n}/{k}", f"Words {n} {k}.") for k in range(published[n])]
            connection.sendall(sites.reply(sites.rss(*items), ETag=f'"{published[n]}"'))
            asked.set()
        elif request.path == "/robots.txt":
            connection.sendall(sites.reply(status="404 Not Found"))
        else:
            connection.sendall(sites.reply(f"The article at {request.path}".encode(), Content_Type="text/html"))
        return True

    with sites.running(*[answer] * FEEDS) as servers:
        urls = [f"{server.url}/feed{n}" for n, server in enumerate(servers)]
        command = [sys.executable, str(CHILD), store_url, *urls]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        for _ in range(KILLS):
            asked.clear()
            with subprocess.Popen(command, env=environment) as child:
                assert asked.wait(60)
                threading.Event().wait(rng.uniform(0.0, 0.8))
                child.send_signal(signal.SIGKILL)
            for n in range(FEEDS):
                published[n] += rng.randrange(3)
        subprocess.run(command, env=environment, check=True, timeout=120)

    with transaction(engine) as connection:
        stored = connection.execute(article_table.select()).all()
        seen = connection.execute(entry_table.select()).all()
        assessed = {
            tally.reason: tally.n for tally in tallies.totals(connection, date(2000, 1, 1)) if tally.stage == "test"
        }
        states = {state.value: n for state, n in articles.counts(connection).items() if n}
    engine.dispose()
    assert len(seen) == len(stored) == sum(published)
    assert states == {"assessed": sum(published)}
    assert set(assessed.values()) == {1}
    assert len(assessed) == sum(published)
