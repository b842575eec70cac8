"""Requests over guarded connections: one at a time per origin, with its connection kept for the next.

A client library's own pool cannot be handed the address guard in public, and looks through all its connections for every
request; here an origin has at most one idle connection, which is what one request at a time per host needs.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import httpcore
import httpx

from bot.feeds.guard import AddressGuard, Dialer, Resolver, resolve
from bot.feeds.wire import Headers, Wire

IDLE_CONNECTIONS = 64
IDLE_S = 20.0
_PLAIN = re.compile(
    r"(https?)://([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::(\d{1,5}))?"
    r"(/(?:(?!\.)(?:[A-Za-z0-9_.~@!$&()*+,;=:-]|%[0-9A-F]{2})*(?:/|(?=\?)|$))*(?:\?(?:[A-Za-z0-9_.~@!$&()*+,;=:/?-]|%[0-9A-F]{2})*)?)"
)
"""Addresses that stand as they are to be sent; the others are put in order by httpx."""
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address as a request needs it."""

    scheme: str
    host: str
    port: int
    named: str
    """Host and port as the Host header names them."""
    path: bytes

    @property
    def origin(self) -> str:
        """Where its connections go."""
        return f"{self.scheme}://{self.named}"


def target_of(url: str) -> Target:
    """Return the parts of `url`; raises httpx.InvalidURL for what is no address."""
    plain = _PLAIN.fullmatch(url)
    if plain:
        scheme, host, port, path = plain[1], plain[2], int(plain[3] or 0), plain[4].encode("ascii")
        named = f"{host}:{port}" if port and port != _PORTS[scheme] else host
    else:
        parsed = httpx.URL(url)
        scheme, host, port = parsed.scheme, parsed.raw_host.decode("ascii"), parsed.port or 0
        named, path = parsed.netloc.decode("ascii"), parsed.raw_path
    return Target(scheme=scheme, host=host, port=port or _PORTS.get(scheme, 0), named=named, path=path)


class Answer:
    """An answer whose body is still to come; close it, read or not."""

    def __init__(self, transport: GuardedTransport, origin: str, wire: Wire, read_s: float) -> None:
        self._transport, self._origin, self._wire, self._read_s = transport, origin, wire, read_s
        self.status = 0
        self.headers: Mapping[str, str] = {}

    async def ask(self, target: Target, headers: Sequence[tuple[str, str]]) -> None:
        """Send the request and wait for the answer's head."""
        self.status, raw = await self._wire.ask(target.path, [("Host", target.named), *headers], self._read_s)
        self.headers = _joined(raw)

    def body(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes, still encoded."""
        return self._wire.body(self._read_s)

    async def aclose(self) -> None:
        """Keep the connection for the next request where this answer was read to its end, and close it otherwise."""
        await self._transport.keep(self._origin, self._wire)


class GuardedTransport:
    """Sends requests to checked addresses. Environment proxies are not used: they would connect in our place, unchecked."""

    def __init__(
        self, guard: AddressGuard, *, resolver: Resolver = resolve, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self._dialer = Dialer(guard, resolver)
        self._ssl = ssl_context
        self._idle: OrderedDict[str, tuple[Wire, float]] = OrderedDict()

    async def get(self, url: str, headers: Sequence[tuple[str, str]], *, connect_s: float, read_s: float) -> Answer:
        """Send one request; the caller closes the answer. Raises httpcore's errors, and the guard's as they are."""
        target = target_of(url)
        kept, until = self._idle.pop(target.origin, (None, 0.0))
        if kept is not None:
            answer = Answer(self, target.origin, kept, read_s)
            if not kept.stale and until > asyncio.get_running_loop().time():
                try:
                    await answer.ask(target, headers)
                except (httpcore.RemoteProtocolError, httpcore.ReadError):
                    pass  # the server closed it meanwhile: asked again on a fresh connection
                except BaseException:
                    await kept.aclose()
                    raise
                else:
                    return answer
            await kept.aclose()
        tls = self._context() if target.scheme == "https" else None
        fresh = await self._dialer.connect(target.host, target.port, tls=tls, timeout_s=connect_s)
        answer = Answer(self, target.origin, fresh, read_s)
        try:
            await answer.ask(target, headers)
        except BaseException:
            await fresh.aclose()
            raise
        return answer

    def _context(self) -> ssl.SSLContext:
        if self._ssl is None:
            self._ssl = httpcore.default_ssl_context()
        return self._ssl

    async def keep(self, origin: str, wire: Wire) -> None:
        """Keep a connection whose answer has been read to its end, and close it otherwise."""
        if origin in self._idle or not wire.rest():
            await wire.aclose()
            return
        self._idle[origin] = wire, asyncio.get_running_loop().time() + IDLE_S
        if len(self._idle) > IDLE_CONNECTIONS:
            _, (oldest, _) = self._idle.popitem(last=False)
            await oldest.aclose()

    async def aclose(self) -> None:
        """Close the idle connections."""
        while self._idle:
            _, (wire, _) = self._idle.popitem()
            await wire.aclose()
        self._dialer.close()


def _joined(raw: Headers) -> dict[str, str]:
    """Return headers by name, those that come several times joined by commas."""
    joined: dict[str, str] = {}
    for name, value in raw:
        text = _text(value)
        joined[name] = f"{joined[name]}, {text}" if name in joined else text
    return joined


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
