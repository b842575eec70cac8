"""Every way a feed's server is known to misbehave, each beside well-behaved feeds that must not notice."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brotli
import feed_sites as sites
import polling_child
import pytest
import zstandard
from polling_child import NOW

from bot.core.schedule import Outcome
from bot.store import articles
from bot.store.engine import open_engine, transaction
from bot.store.schema import feeds as feed_table

GOOD = sites.rss(sites.item(1), sites.item(2))
ROOT = Path(__file__).parents[2]
LONG = bool(os.environ.get("LONG_PROOFS"))
BIG = 3_000_000_000 if LONG else 1_000_000_000
DELAY_S = 2.0 if LONG else 8.0
"""By how much good feeds may be late. A poller that waits for hostile ones shows beside other tests, too, which share the
processors: one of them takes six seconds, and there are dozens."""


def hold(_request, connection):
    connection.recv(1)


def drip(_request, connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"<")
        time.sleep(0.5)


def drop(_request, connection):
    connection.sendall(sites.reply(GOOD[:100], Content_Length=str(len(GOOD))))


def too_short(_request, connection):
    connection.sendall(sites.reply(GOOD, Content_Length=str(len(GOOD) - 40)))


def garbage(_request, connection):
    connection.sendall(b"\x16\x03\x01 this is no web server\r\n\r\n" * 20)


def nothing(_request, connection):
    connection.shutdown(socket.SHUT_RDWR)


def loop(_request, connection):
    connection.sendall(sites.reply(status="302 Found", Location=f"/{random.random()}"))
    return True


def circle(_request, connection):
    connection.sendall(sites.reply(status="302 Found", Location="/feed"))
    return True


def huge(_request, connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    for _ in range(BIG // 65536):
        connection.sendall(chunk)


def endless_headers(_request, connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for n in range(1_000_000):
        connection.sendall(f"X-{n}: {'y' * 1000}\r\n".encode())


def answers(status, **headers):
    return lambda _request, connection: connection.sendall(sites.reply(b"no", status=status, **headers))


def page(body, **headers):
    return sites.always(body, **headers)


def inside(**headers):
    return lambda _request, connection: connection.sendall(sites.reply(status="302 Found", **headers))


ZEROS = bytes(200_000_000)
XML_BOMB = (
    b'<!DOCTYPE rss [<!ENTITY l0 "lol">' + b"".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">'.encode() for n in range(1, 10))
    + b"]><rss><channel><item><title>&l9;</title></item></channel></rss>"
)  # fmt: skip
EXTERNAL = (
    b'<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY % y SYSTEM "http://127.0.0.1:1/y"> %y;]>'
    b"<rss><channel><item><title>&x;</title></item></channel></rss>"
)
ATTRIBUTES = (
    b"<rss><channel><item "
    + b" ".join(b'a%d="1"' % n for n in range(40_000))
    + b"><title>x & y</title></item></channel>"
)
AUTHORS = (
    b"<feed><entry>"
    + b"<author><name>a b</name><email>a@b.example</email></author>" * 25_000
    + b"<title>x</title></entry><b></feed>"
)
DEEP = b"<rss><channel><item>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</item></channel></rss>"
UNCLOSED = b"<rss><channel><item><title>x</title>" + b"<a>" * 300_000

HOSTILE = {
    "no response": (hold, Outcome.TIMEOUT),
    "a byte now and then": (drip, Outcome.TIMEOUT),
    "drop mid-body": (drop, Outcome.DROPPED),
    "no answer at all": (nothing, Outcome.DROPPED),
    "no web server": (garbage, Outcome.NOT_HTTP),
    "Content-Length too short": (too_short, Outcome.OK),
    "redirect for ever": (loop, Outcome.REDIRECT_LOOP),
    "redirect in a circle": (circle, Outcome.REDIRECT_LOOP),
    "redirect inside": (inside(Location="http://169.254.169.254/latest/meta-data/"), Outcome.REFUSED),
    "redirect to a file": (inside(Location="file:///etc/passwd"), Outcome.BAD_ADDRESS),
    "redirect to nonsense": (inside(Location="http://[::"), Outcome.BAD_ADDRESS),
    "endless headers": (endless_headers, Outcome.NOT_HTTP),
    "304 for ever": (answers("304 Not Modified"), Outcome.HTTP_ERROR),
    "200 empty": (page(b""), Outcome.EMPTY),
    "a web page": (page(b"<html><body>Welcome</body></html>", Content_Type="text/html"), Outcome.HTML),
    "a login page": (page(b"<html><input type='password'></html>"), Outcome.LOGIN_PAGE),
    "401": (answers("401 Unauthorized"), Outcome.FORBIDDEN),
    "403": (answers("403 Forbidden"), Outcome.FORBIDDEN),
    "404": (answers("404 Not Found"), Outcome.NOT_FOUND),
    "410": (answers("410 Gone"), Outcome.GONE),
    "429 with seconds": (answers("429 Too Many Requests", Retry_After="900"), Outcome.RATE_LIMITED),
    "429 with a date": (answers("429 Too Many Requests", Retry_After="Mon, 02 Mar 2026 13:00:00 GMT"), Outcome.RATE_LIMITED),
    "429 with a negative": (answers("429 Too Many Requests", Retry_After="-1"), Outcome.RATE_LIMITED),
    "429 with nonsense": (answers("429 Too Many Requests", Retry_After="later"), Outcome.RATE_LIMITED),
    "429 with a huge number": (answers("429 Too Many Requests", Retry_After="9" * 30), Outcome.RATE_LIMITED),
    "503": (answers("503 Service Unavailable"), Outcome.UNAVAILABLE),
    "500": (answers("500 Internal Server Error"), Outcome.HTTP_ERROR),
    "999": (answers("999 Nonsense"), Outcome.HTTP_ERROR),
    "gzip bomb": (page(gzip.compress(ZEROS, 9), Content_Encoding="gzip"), Outcome.TOO_LARGE),
    "gzip bomb in a gzip": (page(gzip.compress(gzip.compress(ZEROS, 9)), Content_Encoding="gzip, gzip"), Outcome.TOO_LARGE),
    "brotli bomb": (page(brotli.compress(ZEROS, quality=4), Content_Encoding="br"), Outcome.TOO_LARGE),
    "zstd bomb": (page(zstandard.compress(ZEROS), Content_Encoding="zstd"), Outcome.TOO_LARGE),
    "broken gzip": (page(gzip.compress(GOOD)[:-9], Content_Encoding="gzip"), Outcome.BAD_ENCODING),
    "unknown encoding": (page(GOOD, Content_Encoding="rot13"), Outcome.BAD_ENCODING),
    "1 GB chunked": (huge, Outcome.TOO_LARGE),
    "20 MB title": (page(b"<rss><channel><item><title>" + b"x" * 20_000_000), Outcome.TOO_LARGE),
    "9 MB title": (page(b"<rss><channel><item><title>" + b"x" * 9_000_000 + b"</title></item></channel></rss>"), Outcome.OK),
    "XML bomb": (page(XML_BOMB), Outcome.OK),
    "external entities": (page(EXTERNAL), Outcome.OK),
    "40,000 attributes": (page(ATTRIBUTES), Outcome.PARSE_LIMIT),
    "author fields": (page(AUTHORS), Outcome.PARSE_LIMIT),
    "100,000 levels": (page(DEEP), Outcome.OK),
    "300,000 levels, not closed": (page(UNCLOSED), Outcome.PARSE_LIMIT),
    "NUL bytes": (page(GOOD.replace(b"Headline", b"Head\0line")), Outcome.OK),
    "UTF-16": (page(GOOD.decode().encode("utf-16")), Outcome.OK),
    "cp1251 undeclared": (page(GOOD.decode().replace("Headline", "Заголовок новости").encode("cp1251")), Outcome.OK),
    "20,000 items": (page(sites.rss(*(sites.item(n) for n in range(20_000)))), Outcome.OK),
    "binary": (page(bytes(range(256)) * 500), Outcome.NOT_A_FEED),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Ordeal:
    """What came of polling: how long the good feeds took `alone` and `beside` the hostile ones, in seconds from the start."""

    polled: int
    found: dict[str, Any]
    stored: dict[Any, int]
    alone_s: float
    beside_s: float
    peak: int
    """Bytes that the polling process and all its children held at most, together."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def ordeal(request, tmp_path_factory):
    """Poll twenty good feeds, then all hostile ones beside twenty as good, once, in a process of its own, and measure."""
    with contextlib.ExitStack() as stack:
        folder = tmp_path_factory.mktemp("hostile")
        urls = [f"sqlite:///{folder / name}.db" for name in ("alone", "beside")]
        if request.param == "postgresql":
            urls = [stack.enter_context(request.getfixturevalue("postgres").empty()) for _ in urls]
        yield _ordeal(*urls)


def _ordeal(alone, beside):
    good = [f"good {n}" for n in range(20)]
    with sites.running(*(HOSTILE[name][0] for name in HOSTILE), *(sites.always(GOOD) for _ in good)) as servers:
        every = dict(zip([*HOSTILE, *good], [f"{server.url}/feed" for server in servers], strict=True))
        told = json.dumps([[alone, {name: every[name] for name in good}], [beside, every]])
        command = [sys.executable, "-W", "ignore", polling_child.__file__]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": os.environ | {"PYTHONPATH": str(ROOT)}}
        with subprocess.Popen(command, text=True, **pipes) as process, Peak(process.pid) as peak:
            said, _ = process.communicate(told)
        assert process.returncode == 0
    polled = json.loads(said.splitlines()[-1])
    quickly, _ = _ends(alone)
    found, stored = _ends(beside)
    alone_s, beside_s = (
        max((rows[name].last_poll_at - NOW).total_seconds() for name in good) for rows in (quickly, found)
    )
    return Ordeal(
        polled=polled[1], found=found, stored=stored, alone_s=alone_s, beside_s=beside_s, peak=peak.bytes
    )  # fmt: skip


def _ends(url):
    engine = open_engine(url)
    with transaction(engine) as connection:
        found = {row.name: row for row in connection.execute(feed_table.select())}
        stored = articles.counts(connection)
    engine.dispose()
    return found, stored


class Peak:
    """Watches the memory of a process and all that it starts, together."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def __enter__(self):
        self.bytes = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _watch(self):
        while not self._stop.wait(0.05):
            self.bytes = max(self.bytes, sum(map(resident, tree(self._pid))))


def resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def tree(pid: int) -> set[int]:
    """Return a process and its descendants that run a program of their own: one just forked still shows its parent's memory."""
    found = {pid}
    for child in children(pid):
        if command(child) != command(pid):
            found |= tree(child)
    return found


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text().split()]
        except OSError:
            continue
    return found


@pytest.mark.parametrize("name", list(HOSTILE))
def test_each_hostile_feed_ends_as_documented(ordeal, name):
    found = ordeal.found
    assert found[name].last_outcome == HOSTILE[name][1].value
    if not HOSTILE[name][1].succeeded:
        assert found[name].last_problem
        assert found[name].next_poll_at > NOW


def test_every_feed_was_polled_once_and_good_ones_to_their_end(ordeal):
    assert ordeal.polled == len(HOSTILE) + 20
    assert {ordeal.found[f"good {n}"].last_outcome for n in range(20)} == {"ok"}


def test_good_feeds_are_delayed_by_hostile_ones_by_no_more_than_seconds(ordeal):
    assert ordeal.beside_s < ordeal.alone_s + DELAY_S


def test_memory_of_the_whole_process_tree_stays_bounded(ordeal):
    assert 50_000_000 < ordeal.peak < 600_000_000


def test_well_formed_entries_of_hostile_feeds_are_kept(ordeal):
    assert sum(ordeal.stored.values()) > 20_000


def test_waits_are_what_the_server_asked_for_within_bounds(ordeal):
    found = ordeal.found
    waits = {name: (found[name].next_poll_at - NOW).total_seconds() for name in HOSTILE}
    assert 900 <= waits["429 with seconds"] < 1800  # a first poll's wait is lengthened by up to as much again
    assert 3500 <= waits["429 with a date"] < 7200
    assert 120 <= waits["429 with a negative"] < 240
    assert 120 <= waits["429 with nonsense"] < 240
    assert 120 <= waits["429 with a huge number"] < 2 * 86_400
    assert waits["410"] >= 7 * 86_400
