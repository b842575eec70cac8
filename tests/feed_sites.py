# ruff: noqa: E501 - sample documents read better unbroken
"""Web servers on loopback that behave as the tests tell them to, each on a port of its own and so a host of its own."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Request:
    """What was asked: the path with its query, and the headers by lower-case name."""

    path: str
    headers: dict[str, str]
    at: float


Answer = Callable[[Request, socket.socket], None]
"""Answers one request on its socket; the connection is closed after it unless it returns True."""


def reply(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """Return a whole HTTP answer. Header names have underscores for hyphens."""
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    if "Content_Length" not in headers and "Transfer_Encoding" not in headers:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def rss(*items: str, ttl: int = 0) -> bytes:
    """Return a feed of items."""
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>{f"<ttl>{ttl}</ttl>" if ttl else ""}{"".join(items)}</channel></rss>'.encode()


def item(n: object, link: str = "", text: str = "", date: str = "", title: str = "") -> str:
    """Return one item."""
    return (
        f"<item><guid isPermaLink='false'>g-{n}</guid><title>{title or f'Headline {n}'}</title>"
        f"<link>{link}</link><description>{text or f'The minister said {n} things.'}</description>"
        f"<pubDate>{date}</pubDate></item>"
    )


@dataclass(slots=True)
class Site:
    """A server. `answer` may be replaced while it runs; `requests` is what it was asked, in order."""

    answer: Answer
    requests: list[Request] = field(default_factory=list)
    port: int = 0
    address: str = "127.0.0.1"
    _server: socket.socket | None = None

    @property
    def url(self) -> str:
        """The server's address without a path."""
        return f"http://{self.address}:{self.port}"

    def start(self) -> None:
        """Listen."""
        self._server = socket.create_server((self.address, 0), backlog=128)
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._listen, args=(self._server,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening; answers in progress end by themselves."""
        if self._server is not None:
            with contextlib.suppress(OSError):
                self._server.shutdown(socket.SHUT_RDWR)
            self._server.close()

    def _listen(self, server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            buffer = b""
            while True:
                while b"\r\n\r\n" not in buffer:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    buffer += piece
                head, _, buffer = buffer.partition(b"\r\n\r\n")
                first, *lines = head.decode("latin-1").split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                request = Request(first.split(" ")[1], headers, time.monotonic())
                self.requests.append(request)
                if not self.answer(request, connection):
                    return


def always(body: bytes, **headers: str) -> Answer:
    """Return an answer that gives every path the same body, and says that there is no robots.txt."""

    def answer(request: Request, connection: socket.socket) -> bool:
        missing = request.path == "/robots.txt"
        connection.sendall(reply(status="404 Not Found") if missing else reply(body, **headers))
        return True

    return answer


def paths(table: dict[str, bytes]) -> Answer:
    """Return an answer that looks the path up among whole HTTP answers; 404 for others."""

    def answer(request: Request, connection: socket.socket) -> bool:
        connection.sendall(table.get(request.path) or reply(status="404 Not Found"))
        return True

    return answer


@contextlib.contextmanager
def running(*answers: Answer) -> Iterator[list[Site]]:
    """Run a server for each answer."""
    sites = [Site(answer) for answer in answers]
    for site in sites:
        site.start()
    try:
        yield sites
    finally:
        for site in sites:
            site.stop()
