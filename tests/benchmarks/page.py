"""How quickly the page answers over a large ledger, while something writes into it.

    python tests/benchmarks/page.py --positions 200 --statements 100000

Each page is asked for `--times` times over loopback; the report has the median and the 95th of 100 in ms. `--writing` lets a
thread commit small transactions all the while, as `ingest` does. `--plans` shows how SQLite finds each query's rows.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

import structlog
from sqlalchemy import Engine, event

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ledger_samples import NOW, fill
from page_site import MANIFEST

from bot.store import tallies
from bot.store.engine import open_engine, transaction
from bot.store.migrate import upgrade
from bot.web.access import Access, AccessPolicy
from bot.web.app import build_page
from bot.web.metrics import Metrics
from bot.web.server import PageServer
from bot.web.site import Rules, Site

LIMIT_MS = 100.0


@contextmanager
def served(engine: Engine) -> Iterator[int]:
    site = Site(
        engine=engine,
        access=Access(AccessPolicy()),
        rules=Rules(manifest=MANIFEST),
        clock=lambda: NOW + timedelta(minutes=1),
    )
    server = PageServer(build_page(site, Metrics(engine, clock=site.clock)), address="127.0.0.1", port=0)
    server.open()
    stop = threading.Event()
    thread = threading.Thread(target=server.serve, args=(stop, lambda: datetime.now(UTC)))
    thread.start()
    try:
        yield server.port
    finally:
        stop.set()
        thread.join(10)


@contextmanager
def writing(engine: Engine, *, on: bool) -> Iterator[list[int]]:
    """Commit a small transaction every 20 ms; gives how many there were, in its one item."""
    done, stop = [0], threading.Event()

    def write() -> None:
        while not stop.wait(0.02):
            with transaction(engine) as connection:
                tallies.count(connection, NOW.date(), "ingest", "article", f"benchmark {done[0] % 50}")
            done[0] += 1

    thread = threading.Thread(target=write)
    if on:
        thread.start()
    yield done
    stop.set()
    if on:
        thread.join()


def timed(port: int, path: str, times: int) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    taken = []
    for _ in range(times + 2):
        began = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, f"{path}: {answer.status}"
        taken.append((time.perf_counter() - began) * 1000)
    connection.close()
    return taken[2:]


def show_plans(engine: Engine) -> None:
    """Print the plan of each query that is made from now on, once."""
    seen: set[str] = set()

    def plan(connection, cursor, statement, parameters, *_) -> None:
        if statement in seen or not statement.startswith("SELECT"):
            return
        seen.add(statement)
        rows = connection.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
        print(" ".join(statement.split())[:160])  # noqa: T201  a benchmark reports on the terminal
        for row in rows:
            print(f"    {row[3]}")  # noqa: T201  as above

    event.listen(engine, "before_cursor_execute", plan)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--positions", type=int, default=200)
    parser.add_argument("--statements", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--writing", action="store_true")
    parser.add_argument("--plans", action="store_true")
    wanted = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    slow = 0
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'ledger.db'}")
        upgrade(engine)
        filled = fill(engine, positions=wanted.positions, statements=wanted.statements, feeds=200)
        if wanted.plans:
            show_plans(engine)
        paths = ["/", "/positions/pos-000", "/shifts", "/shifts?relation=contradiction&verdict=open"]
        paths += [f"/shifts/{filled.shifts[0]}", "/feeds", "/how", "/metrics", "/healthz"]
        with served(engine) as port, writing(engine, on=wanted.writing) as commits:
            for path in paths:
                taken = timed(port, path, wanted.times)
                p95 = quantiles(taken, n=100, method="inclusive")[94]
                slow += p95 > LIMIT_MS
                line = f"{path[:50]:<50} median {median(taken):7.1f} ms   p95 {p95:7.1f} ms"
                print(line + ("   OVER" if p95 > LIMIT_MS else ""), flush=True)  # noqa: T201  a benchmark reports on the terminal
        print(f"{wanted.positions} positions, {wanted.statements} statements, {commits[0]} commits meanwhile")  # noqa: T201  as above
        engine.dispose()
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
