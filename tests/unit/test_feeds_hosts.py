"""Turns at a host: one at a time, a gap between, and nothing forgotten that somebody still needs."""

from __future__ import annotations

import asyncio
import gc

import pytest

from bot.feeds import hosts
from bot.feeds.hosts import LARGE, HostTurns, Room


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


class Visit:
    """A request under way at a host, until it is let go."""

    def __init__(self, turns: HostTurns, host: str) -> None:
        self.inside, self._go = False, asyncio.Event()
        self._task = asyncio.create_task(self._run(turns.turn(host)))

    async def _run(self, turn: hosts.Turn) -> None:
        async with turn:
            self.inside = True
            await self._go.wait()

    async def end(self) -> None:
        self._go.set()
        await self._task


def test_one_at_a_time_at_a_host_and_others_beside_it() -> None:
    async def run() -> None:
        turns = HostTurns(0.0)
        first, second, other = Visit(turns, "a"), Visit(turns, "a"), Visit(turns, "b")
        await settled()
        assert (first.inside, second.inside, other.inside) == (True, False, True)
        await first.end()
        await settled()
        assert second.inside
        await second.end()
        await other.end()

    asyncio.run(run())


def test_a_turn_keeps_its_lock_however_many_hosts_come_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "REMEMBERED_HOSTS", 4)

    async def run() -> None:
        turns = HostTurns(0.0)
        early = turns.turn("a")  # taken, and waited for only after many others came and went
        for n in range(20):
            async with turns.turn(f"other {n}"):
                pass
        gc.collect()
        late = turns.turn("a")
        async with early:
            waiting = asyncio.create_task(late.__aenter__())
            await settled()
            assert not waiting.done()
        await waiting
        await late.__aexit__()

    asyncio.run(run())


def test_what_is_kept_of_hosts_is_bounded_and_a_gap_that_runs_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "REMEMBERED_HOSTS", 10)
    turns = HostTurns(1.0)
    turns.slow_down("slow", 500.0)
    turns.ended("slow", 0.0)
    for n in range(40):
        turns.ended(f"host {n}", 10.0 * n)
    assert len(turns._ended) <= 11
    assert turns.wait_s("slow", 400.0) == 100.0
    assert turns.wait_s("host 3", 31.0) < 0
    for n in range(100):
        turns.slow_down(f"host {n}", 5.0)
    assert len(turns._gaps) == 10


def test_the_gap_is_counted_from_the_end_and_only_ever_lengthened() -> None:
    turns = HostTurns(2.0)
    assert turns.wait_s("a", 0.0) < 0
    turns.ended("a", 10.0)
    assert turns.wait_s("a", 11.0) == 1.0
    turns.slow_down("a", 30.0)
    assert turns.wait_s("a", 11.0) == 29.0
    turns.slow_down("a", 0.5)
    assert turns.wait_s("a", 11.0) == 1.0


def test_who_gives_up_while_waiting_for_the_gap_leaves_the_turn_to_the_next() -> None:
    async def run() -> None:
        turns = HostTurns(3600.0)
        turns.ended("a", asyncio.get_running_loop().time())
        impatient = asyncio.create_task(turns.turn("a").__aenter__())
        await settled()
        impatient.cancel()
        await asyncio.gather(impatient, return_exceptions=True)
        turns.ended("a", -1e9)
        async with asyncio.timeout(30), turns.turn("a"):
            pass

    asyncio.run(run())


def test_large_bodies_wait_for_a_place_and_small_ones_do_not() -> None:
    async def run() -> None:
        room = Room(places=1)
        async with room.hold() as first, room.hold() as second, room.hold() as small:
            await first.grow_to(LARGE + 1)
            await first.grow_to(LARGE + 2)  # takes no second place
            await small.grow_to(LARGE)
            waiting = asyncio.create_task(second.grow_to(LARGE + 1))
            await settled()
            assert not waiting.done()
            first.release()
            first.release()
            await waiting
        async with room.hold() as again:
            async with asyncio.timeout(30):
                await again.grow_to(LARGE + 1)

    asyncio.run(run())
