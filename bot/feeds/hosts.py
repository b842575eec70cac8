"""Politeness and room: one request at a time per host with a gap between, and a bound on large bodies held at once."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Self
from weakref import WeakValueDictionary

LARGE = 1_000_000
REMEMBERED_HOSTS = 20_000


class HostTurns:
    """Lets one request at a time through to a host, `gap_s` seconds after the one before it ended.

    A host is what `core.addresses.server_of` makes of an address: http and https, and all ports, wait for each other.
    """

    def __init__(self, gap_s: float) -> None:
        self._gap_s = gap_s
        # A lock lives for as long as a turn has it, so that no two turns at a host can have different ones.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._ended: dict[str, float] = {}
        self._gaps: dict[str, float] = {}

    def slow_down(self, host: str, gap_s: float) -> None:
        """Keep a longer gap at a host that asks for one."""
        self._gaps.pop(host, None)
        self._gaps[host] = max(self._gap_s, gap_s)
        if len(self._gaps) > REMEMBERED_HOSTS:
            del self._gaps[next(iter(self._gaps))]

    def turn(self, host: str) -> Turn:
        """Return a turn at this host, to be waited for and held by `async with`."""
        lock = self._locks.get(host)
        if lock is None:
            lock = self._locks[host] = asyncio.Lock()
        return Turn(self, host, lock)

    def wait_s(self, host: str, now: float) -> float:
        """Return how long a host is still to be left alone; `now` is the event loop's time."""
        return self._ended.get(host, -1e9) + self._gaps.get(host, self._gap_s) - now

    def ended(self, host: str, now: float) -> None:
        """Note that a request to a host has ended."""
        self._ended.pop(host, None)
        self._ended[host] = now
        if len(self._ended) > REMEMBERED_HOSTS:
            self._forget(now)

    def _forget(self, now: float) -> None:
        """Drop of the half that was asked longest ago those whose gap is over."""
        for host in list(islice(self._ended, REMEMBERED_HOSTS // 2)):
            if self.wait_s(host, now) <= 0:
                del self._ended[host]


class Turn:
    """One request's turn at its host."""

    def __init__(self, turns: HostTurns, host: str, lock: asyncio.Lock) -> None:
        self._turns, self._host, self._lock = turns, host, lock

    async def __aenter__(self) -> None:
        await self._lock.acquire()
        wait_s = self._turns.wait_s(self._host, asyncio.get_running_loop().time())
        if wait_s > 0:
            try:
                await asyncio.sleep(wait_s)
            except BaseException:
                self._lock.release()
                raise

    async def __aexit__(self, *_: object) -> None:
        # Noted first: whoever waits for the lock looks at it next.
        self._turns.ended(self._host, asyncio.get_running_loop().time())
        self._lock.release()


class Room:
    """A bounded number of places for bodies over a megabyte, so that many large feeds do not fill the memory together."""

    def __init__(self, places: int = 6) -> None:
        self._places = asyncio.Semaphore(places)

    def hold(self) -> Hold:
        """Open an account for one body, which is closed when the body is done with: used by `async with`."""
        return Hold(self._places)


class Hold:
    """One body's claim to room."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._held = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.release()

    async def grow_to(self, size: int) -> None:
        """Wait for a place if the body has become large."""
        if size > LARGE and not self._held:
            await self._places.acquire()
            self._held = True

    def release(self) -> None:
        """Give the place back, once."""
        if self._held:
            self._held = False
            self._places.release()
