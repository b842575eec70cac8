"""Politeness and room: one request at a time per host with a gap between, and a bound on large bodies held at once."""

from __future__ import annotations

import asyncio
from typing import Self

LARGE = 1_000_000
REMEMBERED_HOSTS = 20_000


class HostTurns:
    """Lets one request at a time through to an origin, `gap_s` seconds after the one before it ended."""

    def __init__(self, gap_s: float) -> None:
        self._gap_s = gap_s
        self._locks: dict[str, asyncio.Lock] = {}
        self._ended: dict[str, float] = {}
        self._gaps: dict[str, float] = {}

    def slow_down(self, origin: str, gap_s: float) -> None:
        """Keep a longer gap at an origin that asks for one."""
        self._gaps[origin] = max(self._gap_s, gap_s)

    def turn(self, origin: str) -> Turn:
        """Return this origin's turn, to be waited for and held by `async with`."""
        return Turn(self, origin, self._locks.setdefault(origin, asyncio.Lock()))

    def wait_s(self, origin: str, now: float) -> float:
        """Return how long an origin is still to be left alone; `now` is the event loop's time."""
        return self._ended.get(origin, -1e9) + self._gaps.get(origin, self._gap_s) - now

    def ended(self, origin: str, now: float) -> None:
        """Note that a request to an origin has ended."""
        self._ended[origin] = now
        if len(self._locks) > REMEMBERED_HOSTS:
            self._forget()

    def _forget(self) -> None:
        idle = [origin for origin, lock in self._locks.items() if not lock.locked()]
        for origin in idle[: REMEMBERED_HOSTS // 2]:
            self._locks.pop(origin, None)
            self._ended.pop(origin, None)


class Turn:
    """One request's turn at its origin."""

    def __init__(self, turns: HostTurns, origin: str, lock: asyncio.Lock) -> None:
        self._turns, self._origin, self._lock = turns, origin, lock

    async def __aenter__(self) -> None:
        await self._lock.acquire()
        wait_s = self._turns.wait_s(self._origin, asyncio.get_running_loop().time())
        if wait_s > 0:
            try:
                await asyncio.sleep(wait_s)
            except BaseException:
                self._lock.release()
                raise

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()
        self._turns.ended(self._origin, asyncio.get_running_loop().time())


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
