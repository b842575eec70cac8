# ruff: noqa: E501, T201 - sample documents read better unbroken; a script prints its figures
"""Polls 1,000 feeds on loopback with Walkback and with the library `reader`, side by side in one run, and compares.

Usage: python tests/benchmarks/poll.py [--feeds 1000] [--entries 20] [--reader PYTHON] [--rounds 3] [--json FILE]

PYTHON is an interpreter that has `reader` (pip install reader), best in an environment of its own; without it Walkback is
measured alone. Three phases: everything new, once; nothing changed (304) and a tenth of the feeds with one entry more, each for
so many rounds after one to warm up, of which the median counts. Each feed has a loopback address of its own, so that politeness to
one host costs nobody anything. Prints one JSON object: seconds, feeds per second, CPU and peak memory of each process tree, and the
ratios of the rates.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from measuring import machine, options, tell  # the path above comes first

PHASES = ("new", "not_modified", "tenth_changed")
READER = """
import json, os, sys, time, logging
logging.disable(logging.CRITICAL)
from reader import make_reader
database, workers, urls = sys.argv[1], int(sys.argv[2]), json.load(sys.stdin)
reader = make_reader(database)
for url in urls:
    reader.add_feed(url, exist_ok=True)
print("ready", flush=True)
for line in open(int(os.environ["PHASES"])):
    began = time.perf_counter()
    reader.update_feeds(workers=workers, scheduled=False)
    print(json.dumps([time.perf_counter() - began, reader.get_entry_counts().total]), flush=True)
"""
WALKBACK = """
import json, os, random, sys, time
from datetime import datetime, UTC
from bot.core.policies import PollPolicy
from bot.domain import Feed
from bot.feeds.fenced import FencedParser
from bot.feeds.http import Fetcher
from bot.ports import Abstained
from bot.stages.ingest import Ingest
from bot.store import articles, feeds
from bot.store.engine import open_engine, transaction
from bot.store.schema import metadata
import structlog, logging
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
class NoPages:
    def extract(self, page, *, url):
        return Abstained(reason="none")
database, urls = sys.argv[1], json.load(sys.stdin)
engine = open_engine("sqlite:///" + database)
metadata.create_all(engine)
with transaction(engine) as connection:
    feeds.sync_feeds(connection, [Feed(url=url, name=url, full_text=True) for url in urls], datetime.now(UTC))
policy = PollPolicy(allowed_networks=("127.0.0.0/8",), host_gap_s=0.0)
parser = FencedParser()
parser.start()
ingest = Ingest(engine, Fetcher(policy), parser, NoPages(), policy, random.Random(1))
print("ready", flush=True)
for line in open(int(os.environ["PHASES"])):
    began = time.perf_counter()
    report = ingest.run_once(datetime.now(UTC), force=True)
    took = time.perf_counter() - began
    assert not report.failed, report.problems
    with transaction(engine) as connection:
        print(json.dumps([took, sum(articles.counts(connection).values())]), flush=True)
parser.close()
ingest.close()
"""


def document(n: int, entries: int, version: int) -> bytes:
    """Return feed `n`, with one entry more for each version beyond 0."""
    items = "".join(
        f"<item><title>Minister says item {k} of feed {n} &amp; more</title><link>http://paper{n}.example/{k}</link>"
        f'<guid isPermaLink="false">g-{n}-{k}</guid><pubDate>Wed, 25 Nov 2026 {k % 24:02d}:10:00 GMT</pubDate><description>'
        f"<![CDATA[<p>The spokesman said <b>nothing</b> about it and repeated that the line holds ({k}).</p><p>A second paragraph "
        f'with a <a href="/rel">link</a>.</p>]]></description></item>'
        for k in range(entries + version)
    )
    head = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
    return f"{head}<title>Feed {n}</title><link>http://paper{n}.example/</link><description>d</description>{items}</channel></rss>".encode()


async def serve(entries: int) -> None:
    """Serve feeds on every loopback address; a line on standard input sets how many feeds have how many entries more."""
    state = {"changed": 0, "more": 0}

    def read_changes() -> None:
        for line in sys.stdin:
            state["changed"], state["more"] = map(int, line.split())
            print("changed", flush=True)
        os._exit(0)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                n = int(head.split(" ", 2)[1].strip("/") or 0)
                version = state["more"] if n < state["changed"] else 0
                etag = f'"{n}-{version}"'
                if f"if-none-match: {etag}" in head.lower().replace(etag.lower(), etag):
                    writer.write(f"HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\nContent-Length: 0\r\n\r\n".encode())
                else:
                    body = document(n, entries, version)
                    writer.write(
                        f"HTTP/1.1 200 OK\r\nETag: {etag}\r\nContent-Type: application/rss+xml\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                        + body
                    )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "0.0.0.0", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    threading.Thread(target=read_changes, daemon=True).start()
    await server.serve_forever()


class Poller:
    """One side: its process, told when to begin each phase."""

    def __init__(self, python: str, code: str, *arguments: str, urls: list[str], root: Path) -> None:
        out, self._phases = os.pipe()
        environment = {**os.environ, "PYTHONPATH": str(root), "PHASES": str(out)}
        self._process = subprocess.Popen(
            [python, "-W", "ignore", "-c", code, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, pass_fds=(out,), bufsize=1,
        )  # fmt: skip
        os.close(out)
        self._process.stdin.write(json.dumps(urls))
        self._process.stdin.close()
        assert self._process.stdout.readline().strip() == "ready"
        self.peak = 0

    def phase(self) -> tuple[float, float, int]:
        """Run a phase and return its seconds by the clock and of the processors, and how many entries are stored after it."""
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(done,))
        watcher.start()
        before_s = used_s(self._process.pid)
        os.write(self._phases, b"go\n")
        seconds, entries = json.loads(self._process.stdout.readline())
        used = used_s(self._process.pid) - before_s
        done.set()
        watcher.join()
        return seconds, used, entries

    def _watch(self, done: threading.Event) -> None:
        while not done.wait(0.05):
            self.peak = max(self.peak, tree(self._process.pid))

    def end(self) -> None:
        """Let it end."""
        os.close(self._phases)
        self._process.wait(30)


def tree(pid: int) -> int:
    """Return the resident bytes of a process and its children."""
    try:
        own = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0
    return own + sum(map(tree, children_of(pid)))


def used_s(pid: int) -> float:
    """Return the CPU seconds of a process and its children, those that have ended among them."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return own + sum(map(used_s, children_of(pid)))


def children_of(pid: int) -> set[int]:
    try:
        return {int(c) for task in Path(f"/proc/{pid}/task").glob("*/children") for c in task.read_text().split()}
    except OSError:
        return set()


def measure(given: argparse.Namespace) -> dict[str, object]:
    """Run both sides phase by phase and return the figures."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, __file__, "--serve", "--entries", str(given.entries)]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as server,
    ):
        port = int(server.stdout.readline())
        urls = [f"http://127.1.{n // 250}.{n % 250 + 1}:{port}/{n}" for n in range(given.feeds)]
        sides = {"walkback": Poller(sys.executable, WALKBACK, f"{folder}/walkback.db", urls=urls, root=root)}
        if given.reader:
            sides["reader"] = Poller(
                given.reader, READER, f"{folder}/reader.db", str(given.workers), urls=urls, root=root
            )
        result: dict[str, object] = {**machine(), "feeds": given.feeds, "entries": given.entries}
        figures: dict[str, dict[str, object]] = {name: {} for name in sides}
        more = 0
        for phase in PHASES:
            took: dict[str, list[float]] = {name: [] for name in sides}
            used: dict[str, list[float]] = {name: [] for name in sides}
            for _ in range(1 if phase == "new" else given.rounds + 1):
                more += phase == "tenth_changed"
                server.stdin.write(f"{given.feeds // 10} {more}\n")
                server.stdin.flush()
                server.stdout.readline()
                for name, side in sides.items():
                    seconds, cpu_s, entries = side.phase()
                    took[name].append(seconds)
                    used[name].append(cpu_s)
                    figures[name][phase] = {"entries": entries}
            for name, seconds in took.items():
                median = statistics.median(seconds[1:] or seconds)
                figures[name][phase] |= {"seconds": round(median, 2), "feeds_per_s": round(given.feeds / median, 1)}
                cpu_ms = 1000 * statistics.median(used[name][1:] or used[name]) / given.feeds
                figures[name][phase] |= {"cpu_ms_a_feed": round(cpu_ms, 2)}
        for name, side in sides.items():
            side.end()
            figures[name]["peak_mb"] = round(side.peak / 1e6, 1)
        result |= figures
        if given.reader:
            ours, theirs = figures["walkback"], figures["reader"]
            result["ratio"] = {
                "feeds_per_s": {p: round(ours[p]["feeds_per_s"] / theirs[p]["feeds_per_s"], 2) for p in PHASES},
                "cpu": {p: round(theirs[p]["cpu_ms_a_feed"] / ours[p]["cpu_ms_a_feed"], 2) for p in PHASES},
            }
        server.stdin.close()
        server.kill()
    return result


if __name__ == "__main__":
    parser = options(__doc__)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--entries", type=int, default=20)
    parser.add_argument("--workers", type=int, default=20, help="threads of reader")
    parser.add_argument("--reader", default="", help="an interpreter that has the library reader")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        asyncio.run(serve(chosen.entries))
    else:
        began = time.perf_counter()
        tell({**measure(chosen), "took_s": round(time.perf_counter() - began, 1)}, chosen.json)
