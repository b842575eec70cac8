"""TLS against a real server on loopback, with certificates that the tests make."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from bot.core.policies import PollPolicy
from bot.core.schedule import Outcome
from bot.feeds.advice import advice
from bot.feeds.http import Fetched, Fetcher, Unfetched, Wanted

POLICY = PollPolicy(allowed_networks=("127.0.0.0/8",), host_gap_s=0.0, connect_timeout_s=5.0, read_timeout_s=5.0)


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"<rss/>")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@contextlib.contextmanager
def serving(certificate: trustme.LeafCert | None, *, newest: ssl.TLSVersion | None = None) -> Iterator[int]:
    """Serve with `certificate`, or without TLS; yields the port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.handle_error = lambda *_: None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if newest is not None:
            context.maximum_version = newest
        certificate.configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def fetch(port: int, trusted: trustme.CA | None) -> Fetched | Unfetched:
    context = ssl.create_default_context()
    if trusted is not None:
        trusted.configure_trust(context)

    async def get() -> Fetched | Unfetched:
        fetcher = Fetcher(POLICY, ssl_context=context, resolver=lambda host, port: ["127.0.0.1"])
        try:
            return await fetcher.get(Wanted(url=f"https://feeds.example:{port}/feed"))
        finally:
            await fetcher.aclose()

    return asyncio.run(get())


def test_a_trusted_certificate_for_the_name_of_the_address_is_accepted(authority):
    with serving(authority.issue_cert("feeds.example")) as port:
        found = fetch(port, authority)
    assert isinstance(found, Fetched)
    assert found.body == b"<rss/>"


def expired(authority: trustme.CA) -> trustme.LeafCert:
    past = datetime.now(UTC) - timedelta(days=30)
    return authority.issue_cert("feeds.example", not_before=past - timedelta(days=30), not_after=past)


def not_yet(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("feeds.example", not_before=datetime.now(UTC) + timedelta(days=2))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (expired, "expired"),
        (not_yet, "not yet valid"),
        (lambda authority: authority.issue_cert("other.example"), "mismatch"),
        (lambda _: trustme.CA().issue_cert("feeds.example"), "unable to get local issuer"),
    ],
    ids=["expired", "not yet valid", "another name", "an authority that nobody knows"],
)
def test_a_certificate_that_does_not_hold_is_refused_by_name(authority, make, words):
    with serving(make(authority)) as port:
        found = fetch(port, authority)
    assert isinstance(found, Unfetched)
    assert found.outcome is Outcome.TLS
    assert found.problem.startswith("the certificate is not accepted: ")
    assert words in found.problem
    assert advice(found.outcome)


def test_a_certificate_that_signs_itself_is_refused_by_name(authority, tmp_path):
    alone = trustme.CA()
    pem = tmp_path / "own.pem"
    pem.write_bytes(alone.cert_pem.bytes() + alone.private_key_pem.bytes())

    class Own:
        def configure_cert(self, context: ssl.SSLContext) -> None:
            context.load_cert_chain(pem)

    with serving(Own()) as port:
        found = fetch(port, authority)
    assert isinstance(found, Unfetched)
    assert (found.outcome, "self-signed" in found.problem.replace("self signed", "self-signed")) == (Outcome.TLS, True)


def test_a_server_without_tls_behind_an_https_address_is_named(authority):
    with serving(None) as port:
        found = fetch(port, authority)
    assert isinstance(found, Unfetched)
    assert (found.outcome, found.problem.startswith("no TLS connection")) == (Outcome.TLS, True)
