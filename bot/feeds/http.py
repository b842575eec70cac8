"""Fetches one address, politely and within limits, and says how it went in one of two values.

Redirects are followed here, hop by hop: each hop waits for its own host's turn, is checked by the address guard when it
connects, and carries credentials only while scheme, host and port stay those of the first address. No cookies are kept.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

import httpcore
import httpx

from bot.core.addresses import origin_of, server_of
from bot.core.policies import PollPolicy
from bot.core.schedule import Outcome
from bot.feeds.bodies import ACCEPTED, BadEncodingError, Decoding
from bot.feeds.guard import AddressGuard, RefusedError, Resolver, UnresolvedError, resolve
from bot.feeds.hosts import Hold, HostTurns, Room
from bot.feeds.transport import GuardedTransport

MOST_HOPS = 6
FEED_TYPES = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
PAGE_TYPES = "text/html, application/xhtml+xml, */*;q=0.5"
PERMANENT = frozenset({301, 308})
TEMPORARY = frozenset({300, 302, 303, 307})

FAILURES: tuple[tuple[tuple[type[Exception], ...], Outcome, str], ...] = (
    ((httpcore.ConnectTimeout,), Outcome.NO_CONNECTION, "{}"),
    ((httpcore.TimeoutException,), Outcome.TIMEOUT, "no bytes for longer than the read limit"),
    ((httpcore.ConnectError,), Outcome.NO_CONNECTION, "no connection: {}"),
    ((httpcore.RemoteProtocolError,), Outcome.NOT_HTTP, "{}"),
    ((httpcore.LocalProtocolError, httpx.InvalidURL, ValueError), Outcome.BAD_ADDRESS, "{}"),
    ((httpcore.NetworkError,), Outcome.DROPPED, "the connection broke: {}"),
    ((OSError,), Outcome.NO_CONNECTION, "no connection: {}"),
)
"""The first match decides."""
FAULTS = tuple(kind for kinds, _, _ in FAILURES for kind in kinds)

Headers = Sequence[tuple[str, str]]
Permit = Callable[[str], Awaitable[str | None]]
"""Asked before each hop to a host not asked about yet; returns why the address must not be fetched, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An answer that is not a redirect. `body` is decoded, and empty unless the status is 200 to 299.

    `permanent_url` is where permanent redirects alone led from the first address, None where the first hop was not one.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    permanent_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfetched:
    """Why there is no answer, in a stable word and in a sentence."""

    outcome: Outcome
    problem: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to fetch, under which validators and limits (None for the policy's own)."""

    url: str
    accept: str = FEED_TYPES
    etag: str | None = None
    last_modified: str | None = None
    max_bytes: int | None = None
    total_s: float | None = None
    permit: Permit | None = field(default=None, repr=False)


class Fetcher:
    """Fetches for one event loop. `resolver` and `ssl_context` replace the system's, for tests and intranets."""

    def __init__(
        self,
        policy: PollPolicy,
        *,
        resolver: Resolver = resolve,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.policy = policy
        guard = AddressGuard(policy.allowed_networks)
        self._transport = GuardedTransport(guard, resolver=resolver, ssl_context=ssl_context)
        self.hosts = HostTurns(policy.host_gap_s)
        self.room = Room()

    async def get(self, wanted: Wanted, hold: Hold | None = None) -> Fetched | Unfetched:
        """Fetch `wanted`. Expected faults are values; `hold` accounts for a large body while the caller keeps it."""
        if hold is None:
            async with self.room.hold() as own:
                return await self._follow(wanted, own)
        return await self._follow(wanted, hold)

    async def aclose(self) -> None:
        """Close idle connections."""
        await self._transport.aclose()

    async def _follow(self, wanted: Wanted, hold: Hold) -> Fetched | Unfetched:
        first, credentials = _without_credentials(wanted.url)
        url, permanent, only_permanent = first, None, True
        visited: set[str] = set()
        left_s = wanted.total_s or self.policy.total_timeout_s
        asked: set[str] = set()
        while True:
            origin = origin_of(url)
            if not origin:
                return _unfetched(Outcome.BAD_ADDRESS, f"{url[:200]!r} is not an http or https address", url)
            if url in visited or len(visited) > MOST_HOPS:
                return _unfetched(Outcome.REDIRECT_LOOP, f"{len(visited)} redirects without an end", url)
            visited.add(url)
            if wanted.permit is not None and origin not in asked:
                asked.add(origin)
                forbidden = await wanted.permit(url)
                if forbidden:
                    return _unfetched(Outcome.FORBIDDEN, forbidden, url)
            headers = self._headers(wanted, credentials if origin == origin_of(first) else "")
            async with self.hosts.turn(server_of(url)):
                began = asyncio.get_running_loop().time()
                answer = await self._hop(url, headers, wanted, left_s, hold)
                left_s -= asyncio.get_running_loop().time() - began
            if isinstance(answer, Unfetched):
                return answer
            location = answer.headers.get("location", "").strip()
            if answer.status not in PERMANENT | TEMPORARY or not location:
                if len(visited) == 1 or permanent is None:
                    return answer
                return _moved(answer, permanent)
            url = _target(url, location)
            only_permanent = only_permanent and answer.status in PERMANENT
            permanent = url if only_permanent else permanent

    def _headers(self, wanted: Wanted, credentials: str) -> Headers:
        headers = [
            ("User-Agent", self.policy.user_agent),
            ("Accept", wanted.accept),
            ("Accept-Encoding", ACCEPTED),
        ]
        if wanted.etag:
            headers.append(("If-None-Match", wanted.etag))
        if wanted.last_modified:
            headers.append(("If-Modified-Since", wanted.last_modified))
        if credentials:
            headers.append(("Authorization", credentials))
        return headers

    async def _hop(self, url: str, headers: Headers, wanted: Wanted, left_s: float, hold: Hold) -> Fetched | Unfetched:
        """Make one request. Every library's error ends here and becomes an outcome."""
        try:
            async with asyncio.timeout(max(left_s, 0.001)):
                return await self._exchange(url, headers, wanted, hold)
        except TimeoutError:
            limit = wanted.total_s or self.policy.total_timeout_s
            return _unfetched(Outcome.TIMEOUT, f"not complete within {limit:g} s", url)
        except RefusedError as error:
            return _unfetched(Outcome.REFUSED, str(error), url)
        except UnresolvedError as error:
            return _unfetched(Outcome.NO_SUCH_HOST, str(error), url)
        except BadEncodingError as error:
            return _unfetched(Outcome.BAD_ENCODING, str(error), url)
        except FAULTS as error:
            return _failure(error, url)

    async def _exchange(self, url: str, headers: Headers, wanted: Wanted, hold: Hold) -> Fetched | Unfetched:
        limits = {"connect_s": self.policy.connect_timeout_s, "read_s": self.policy.read_timeout_s}
        answer = await self._transport.get(url, headers, **limits)
        try:
            if not 200 <= answer.status < 300:
                return Fetched(url=url, status=answer.status, headers=answer.headers)
            most = wanted.max_bytes or self.policy.max_bytes
            decoding, size, pieces = Decoding(answer.headers.get("content-encoding", "")), 0, []
            async for raw in answer.body():
                for piece in decoding.feed(raw):
                    size += len(piece)
                    if size > most:
                        return _unfetched(Outcome.TOO_LARGE, f"over {most:,} bytes after decompression", url)
                    pieces.append(piece)
                    await hold.grow_to(size)
            decoding.finish()
            return Fetched(url=url, status=answer.status, headers=answer.headers, body=b"".join(pieces))
        finally:
            await answer.aclose()


def _target(url: str, location: str) -> str:
    try:
        return _without_credentials(urljoin(url, location))[0]
    except ValueError:
        return location


def _moved(answer: Fetched, permanent: str) -> Fetched:
    return Fetched(
        url=answer.url, status=answer.status, headers=answer.headers, body=answer.body, permanent_url=permanent
    )


def _unfetched(outcome: Outcome, problem: str, url: str) -> Unfetched:
    return Unfetched(outcome=outcome, problem=problem[:500], url=url)


def _failure(error: Exception, url: str) -> Unfetched:
    """Name a library's error. TLS faults hide behind connection errors, as their cause."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _unfetched(Outcome.TLS, f"the certificate is not accepted: {cause.verify_message}", url)
        if isinstance(cause, ssl.SSLError):
            return _unfetched(Outcome.TLS, f"no TLS connection: {cause.reason or cause}", url)
        cause = cause.__cause__ or cause.__context__
    text = str(error) or type(error).__name__
    for kinds, outcome, words in FAILURES:
        if isinstance(error, kinds):
            ended = outcome is Outcome.NOT_HTTP and ("disconnected" in text or "closed" in text)
            return _unfetched(Outcome.DROPPED if ended else outcome, words.format(text), url)
    return _unfetched(Outcome.DROPPED, f"the connection broke: {text}", url)


def _without_credentials(url: str) -> tuple[str, str]:
    """Return the address without user and password, and the Authorization header they make ("" without)."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return "", ""
    if "@" not in parts.netloc:
        return urlunsplit((*parts[:4], "")), ""
    userinfo, _, host = parts.netloc.rpartition("@")
    token = base64.b64encode(unquote(userinfo).encode()).decode("ascii")
    return urlunsplit((parts.scheme, host, parts.path, parts.query, "")), f"Basic {token}"
