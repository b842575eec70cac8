"""One connection: bytes of one HTTP/1.1 request out, its answer in, framed by h11.

httpx and httpcore do the same with several layers of locks, copies of the address and a task switch for each: a poll that ends
with 304 spent more time in them than in everything else together. Their names for what can go wrong are kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import cast

import h11
import httpcore

BUFFER = 256 * 1024
"""Bytes that have come and that nobody has read yet, above which the sender is made to wait."""
LONGEST_HEAD = 100 * 1024
NO_ANSWER = "Server disconnected without sending a response."

Headers = Sequence[tuple[str, bytes]]


class Wire(asyncio.Protocol):
    """A connection that asks one thing at a time. Raises httpcore's errors."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._http = h11.Connection(our_role=h11.CLIENT, max_incomplete_event_size=LONGEST_HEAD)
        self._transport: asyncio.Transport | None = None
        self._got = bytearray()
        self._held = self._ended = False
        self._fault: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; asyncio calls this."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take what has come; asyncio calls this."""
        self._got += data
        if len(self._got) > BUFFER and not self._held and self._transport is not None:
            self._held = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Note that nothing more will come; asyncio calls this, and closes."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note how it ended; asyncio calls this."""
        self._fault, self._ended = exc, True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    @property
    def stale(self) -> bool:
        """Whether the other side has ended an idle connection, or said something without being asked."""
        return self._ended or bool(self._got)

    async def ask(self, target: bytes, headers: Sequence[tuple[str, str]], read_s: float) -> tuple[int, Headers]:
        """Send a GET and return the answer's status and headers, names in lower case."""
        assert self._transport is not None
        named = [(name.encode("ascii"), value.encode()) for name, value in headers]
        try:
            head = self._http.send(h11.Request(method=b"GET", target=target, headers=named))
            end = self._http.send(h11.EndOfMessage())
        except h11.LocalProtocolError as error:
            raise httpcore.LocalProtocolError(str(error)) from error
        self._transport.write((head or b"") + (end or b""))
        while True:
            event = await self._event(read_s)
            if isinstance(event, h11.Response):
                return event.status_code, [(name.decode("ascii"), value) for name, value in event.headers]

    async def body(self, read_s: float) -> AsyncIterator[bytes]:
        """Yield the answer's body as it comes."""
        while True:
            event = await self._event(read_s)
            if not isinstance(event, h11.Data):
                return
            yield bytes(event.data)

    def rest(self) -> bool:
        """Make ready for the next question; False where this answer was not read to its end: then it is of no more use."""
        if self._ended or self._got:
            return False
        try:
            if self._http.their_state is h11.SEND_BODY:
                self._next()  # an answer without a body ends by an event of its own
        except httpcore.RemoteProtocolError:
            return False
        done = self._http.our_state is self._http.their_state is h11.DONE
        if done and not self._http.trailing_data[0]:
            self._http.start_next_cycle()
            return True
        return False

    async def aclose(self) -> None:
        """Close at once, whatever has not been sent or read."""
        if self._transport is not None:
            self._transport.abort()

    async def _event(self, read_s: float) -> h11.Event | type[h11.PAUSED]:
        while True:
            event = self._next()
            if event is not h11.NEED_DATA:
                return cast("h11.Event | type[h11.PAUSED]", event)
            data = await self._read(read_s)
            if not data and self._http.their_state is h11.SEND_RESPONSE:
                raise httpcore.RemoteProtocolError(NO_ANSWER)
            self._http.receive_data(data)

    def _next(self) -> type[h11.NEED_DATA | h11.PAUSED] | h11.Event:
        try:
            return self._http.next_event()
        except h11.RemoteProtocolError as error:
            raise httpcore.RemoteProtocolError(str(error)) from error

    async def _read(self, read_s: float) -> bytes:
        """Return what has come, waiting for something; b"" at the end."""
        if not self._got and not self._ended:
            self._waiter = self._loop.create_future()
            limit = self._loop.call_later(read_s, self._give_up, read_s)
            try:
                await self._waiter
            finally:
                limit.cancel()
                self._waiter = None
        if not self._got and self._fault is not None:
            raise httpcore.ReadError(str(self._fault) or type(self._fault).__name__) from self._fault
        data = bytes(self._got)
        self._got.clear()
        if self._held and not self._ended and self._transport is not None:
            self._held = False
            self._transport.resume_reading()
        return data

    def _give_up(self, read_s: float) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(httpcore.ReadTimeout(f"nothing came for {read_s} s"))
