"""A server on loopback that plays three outlets, and the configuration that points the bot at it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from bot.demo import pages, samples

CONFIG_FILES = ("positions.yaml", "feeds.yaml", "desk.yaml")


class _Outlets(BaseHTTPRequestHandler):
    """Answers GET and HEAD from `server.site`, with an ETag and 304 where the reader has the same already."""

    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "walkback-demo"
    sys_version = ""

    def do_GET(self) -> None:
        """Send a page or a feed."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Send only what a GET would say about itself."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        found = self.server.site.get(urlsplit(self.path).path)
        if found is None:
            self._send(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"nothing here\n", with_body=with_body)
            return
        kind, body = found
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == etag:
            self._send(HTTPStatus.NOT_MODIFIED, "", b"", with_body=False, etag=etag)
        else:
            self._send(HTTPStatus.OK, kind, body, with_body=with_body, etag=etag)

    def _send(self, status: HTTPStatus, kind: str, body: bytes, *, with_body: bool, etag: str = "") -> None:
        self.send_response(status)
        if etag:
            self.send_header("ETag", etag)
        if kind:
            self.send_header("Content-Type", kind)
        if status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it so
        """Say nothing: the terminal is for the alerts."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    site: dict[str, tuple[str, bytes]]


@contextmanager
def serve(*, now: datetime | None = None, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve the sample feeds and pages until the block ends; gives the address, such as `http://127.0.0.1:40123`.

    Articles are dated back from `now` (aware; None for the present). Port 0 takes a free one; OSError if taken.
    """
    feeds, articles = samples.load(now or datetime.now(UTC))
    with _Server((host, port), _Outlets) as server:
        base = f"http://{host}:{server.server_address[1]}"
        server.site = pages.site(feeds, articles, base)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield base
        finally:
            server.shutdown()
            thread.join()


def write_config(directory: Path, base: str) -> None:
    """Write the demonstration's configuration into `directory` (made where missing), with feeds at `base`."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in CONFIG_FILES:
        text = Template(samples.text_of(f"config/{name}")).safe_substitute(base=base)
        directory.joinpath(name).write_text(text, encoding="utf-8")
