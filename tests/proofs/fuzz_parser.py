# ruff: noqa: E501, T201 - sample documents read better unbroken; a script prints its figures
"""Fuzzes the parser boundary for as long as it is told to, and records what it did.

Usage: python tests/proofs/fuzz_parser.py [--minutes 60] [--seed N] [--out FILE]

Documents are grown from small feeds of every format by mutation: cuts, swaps, repeats, wounds, nestings, encodings. Each goes
through the decoder, the parser and the record that crosses the process boundary. Anything that raises, takes more than
`--slow` seconds of CPU time for a document under 64 KB, or does not survive the record is a finding: it is written to
FILE.<n> and counted, and the run goes on. Exit code 1 if there was any.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import signal
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

from bot.feeds.parse import parse
from bot.feeds.parsed import ParsedFeed, from_record, to_record

SEEDS = (
    (
        b'<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>T</title><ttl>5</ttl>'
        b"<item><title>A &amp; B</title><link>https://a.example/1</link><guid>1</guid><pubDate>Wed, 25 Nov 2026 18:54:53 GMT</pubDate>"
        b"<description><![CDATA[<p>Text</p>]]></description><dc:creator>W</dc:creator></item></channel></rss>"
    ),
    (
        b'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/"><entry><id>x</id><title type="html">&lt;b&gt;T</title>'
        b'<link href="/1"/><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One</p></div></content>'
        b"<updated>2026-11-25T18:00:00Z</updated><author><name>W</name></author></entry></feed>"
    ),
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><item rdf:about="u"><title>T</title></item></rdf:RDF>',
    b'{"version": "https://jsonfeed.org/version/1.1", "title": "J", "items": [{"id": "1", "content_html": "<p>x</p>", "authors": [{"name": "W"}]}]}',
    b'<!DOCTYPE html><html><head><link rel="alternate" type="application/rss+xml" href="/rss"></head><body></body></html>',
    b'<!DOCTYPE rss [<!ENTITY e "x">]><rss><channel><item><title>&e;&nbsp;&bogus;</title></item></channel></rss>',
)
TOKENS = (
    b"<", b">", b"&", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<item>", b"</item>", b"<entry>", b"</entry>", b"<author>", b"\0", b"\xff\xfe",
    b"&#0;", b"&#x110000;", b"<?xml version='1.0' encoding='utf-7'?>", b"<a:b>", b" xmlns:a='b'", b"'", b'"', b"<link href=", b"{", b"[", b"\xd0\xd1",
    b"<!DOCTYPE", b"<!ENTITY x 'y'>", b"<content mode='base64'>", b"<div>", b"</div>", b"<title type='xhtml'>", b"\xef\xbb\xbf", b"&amp", b"&lt;p&gt;",
)  # fmt: skip
ENCODINGS = ("utf-16", "utf-32", "cp1251", "koi8-r", "shift_jis", "cp037", "utf-7", "gb18030", "utf-8-sig")
LARGEST = 64_000


def mutate(body: bytes, rng: random.Random) -> bytes:
    """Return `body` after a few random changes."""
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(body) + 1)
        to = min(len(body), at + rng.choice((1, 5, 50, 500)))
        change = rng.randrange(7)
        if change == 0:
            body = body[:at] + body[to:]
        elif change == 1:
            body = body[:at] + rng.choice(TOKENS) + body[at:]
        elif change == 2:
            body = body[:at] + body[at:to] * rng.choice((2, 10, 100)) + body[to:]
        elif change == 3:
            body = body[:at] + rng.randbytes(rng.randrange(8)) + body[at:]
        elif change == 4:
            body = body[:at] + rng.choice(SEEDS)[: rng.randrange(400)] + body[at:]
        elif change == 5:
            body = body[:at] + rng.choice(TOKENS) * rng.choice((3, 30, 300)) + body[at:]
        else:
            body = body.decode("utf-8", "replace").encode(rng.choice(ENCODINGS), "replace")
    return body[:LARGEST]


def examine(body: bytes, content_type: str) -> str:
    """Return what the document was, "" where all is well but dull; raises for a finding."""
    found = parse(body, content_type)
    assert from_record(json.loads(json.dumps(to_record(found)))) == found
    return f"{found.format}{' damaged' if found.damage else ''}" if isinstance(found, ParsedFeed) else found.kind


def _stop(*_: object) -> None:
    raise TimeoutError("too slow")


def main() -> int:
    """Fuzz until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slow", type=float, default=8.0)
    parser.add_argument("--out", default="fuzz-finding")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGVTALRM, _stop)
    rng, kinds, findings, slowest = random.Random(options.seed), Counter(), [], 0.0
    pool, began, runs = list(SEEDS), time.monotonic(), 0
    while time.monotonic() - began < options.minutes * 60:
        body = mutate(rng.choice(pool), rng)
        content_type = rng.choice(
            ("", "text/xml", "text/xml; charset=utf-8", "application/xml; charset=koi8-r", "x; charset=hex")
        )
        used = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, options.slow)
        try:
            kind = examine(body, content_type)
            fault = ""
        except Exception as error:  # noqa: BLE001  whatever it is, it is what the fuzzer looks for
            kind, fault = "finding", f"{type(error).__name__}: {error}"[:200]
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        took = time.process_time() - used
        slowest = max(slowest, took)
        if took > options.slow:
            fault = fault or f"{took:.1f} s of CPU time"
        if fault:
            Path(f"{options.out}.{len(findings)}").write_bytes(body)
            findings.append(fault)
        if kind not in kinds or rng.random() < 0.002:
            pool = [*pool[-400:], body]
        kinds[kind] += 1
        runs += 1
    print(
        json.dumps(
            {
                "minutes": round((time.monotonic() - began) / 60, 1), "seed": options.seed, "documents": runs, "kinds": dict(kinds.most_common()),
                "slowest_s": round(slowest, 2), "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "findings": findings,
            },
            indent=1,
        )
    )  # fmt: skip
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
