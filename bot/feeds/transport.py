"""httpx's transport over guarded connections: one request at a time per origin, with its connection kept for the next.

httpx's own pool cannot be handed a network backend in public, and looks through all its connections for every request; here
an origin has at most one idle connection, which is what one request at a time per host needs.
"""

from __future__ import annotations

import ssl
from collections import OrderedDict
from collections.abc import AsyncIterable, AsyncIterator

import httpcore
import httpx

from bot.feeds.guard import AddressGuard, Dialer, Resolver, resolve

IDLE_CONNECTIONS = 64
IDLE_S = 20.0


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends requests to checked addresses. Environment proxies are not used: they would connect in our place, unchecked."""

    def __init__(
        self, guard: AddressGuard, *, resolver: Resolver = resolve, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self._dialer = Dialer(guard, resolver)
        self._ssl = ssl_context
        self._idle: OrderedDict[str, httpcore.AsyncHTTP11Connection] = OrderedDict()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the caller closes the response. Raises httpx's errors, and the guard's as they are."""
        url = request.url
        core = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            extensions=request.extensions,
        )
        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        try:
            connection, answer = await self._send(origin, core)
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            raise _translated(error, request) from error
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(self, origin, connection, answer, request),
            extensions=answer.extensions,
            request=request,
        )

    async def _send(
        self, origin: str, request: httpcore.Request
    ) -> tuple[httpcore.AsyncHTTP11Connection, httpcore.Response]:
        kept = self._idle.pop(origin, None)
        if kept is not None:
            if not kept.has_expired():
                try:
                    return kept, await kept.handle_async_request(request)
                except (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError):
                    pass  # the server closed it meanwhile: asked again on a fresh connection
                except BaseException:
                    await kept.aclose()
                    raise
            await kept.aclose()
        origin_url, timeouts = request.url.origin, request.extensions["timeout"]
        tls = self._context() if origin_url.scheme == b"https" else None
        host, port = origin_url.host.decode("ascii"), origin_url.port
        stream = await self._dialer.connect(host, port, tls=tls, timeout_s=timeouts["connect"])
        fresh = httpcore.AsyncHTTP11Connection(origin_url, stream, keepalive_expiry=IDLE_S)
        try:
            return fresh, await fresh.handle_async_request(request)
        except BaseException:
            await fresh.aclose()
            raise

    def _context(self) -> ssl.SSLContext:
        if self._ssl is None:
            self._ssl = httpcore.default_ssl_context()
        return self._ssl

    async def keep(self, origin: str, connection: httpcore.AsyncHTTP11Connection) -> None:
        """Keep a connection whose answer has been read to its end, and close it otherwise."""
        if not connection.is_idle() or origin in self._idle:
            await connection.aclose()
            return
        self._idle[origin] = connection
        if len(self._idle) > IDLE_CONNECTIONS:
            _, oldest = self._idle.popitem(last=False)
            await oldest.aclose()

    async def aclose(self) -> None:
        """Close the idle connections."""
        while self._idle:
            _, connection = self._idle.popitem()
            await connection.aclose()
        self._dialer.close()


class _Body(httpx.AsyncByteStream):
    def __init__(
        self,
        transport: GuardedTransport,
        origin: str,
        connection: httpcore.AsyncHTTP11Connection,
        answer: httpcore.Response,
        request: httpx.Request,
    ) -> None:
        self._transport, self._origin, self._connection = transport, origin, connection
        self._answer, self._request = answer, request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._answer.stream, AsyncIterable)
        try:
            async for piece in self._answer.stream:
                yield piece
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            raise _translated(error, self._request) from error

    async def aclose(self) -> None:
        await self._answer.aclose()
        await self._transport.keep(self._origin, self._connection)


def _translated(error: Exception, request: httpx.Request) -> httpx.TransportError:
    """Return httpx's error of the same name; httpcore's and httpx's trees are the same."""
    kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
    return kind(str(error), request=request)
