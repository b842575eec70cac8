"""What a process of workers tells of its jobs: how long they take, which is stuck, and a span for each step."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.runtime import workers
from bot.runtime.workers import Stages, Workers


class Spans:
    """Keeps what is noted, by the name of the work."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, object]]] = []

    @contextmanager
    def open(self, name: str) -> Iterator[object]:
        facts: dict[str, object] = {}
        yield lambda **more: facts.update(more)
        self.told.append((name, facts))


class Assess:
    """Assesses two articles, then none; while `gate` is shut it is at the first."""

    def __init__(self, gate: threading.Event | None = None) -> None:
        self.gate, self.begun, self.left = gate, threading.Event(), [2, 0]

    def run_once(self, now: object, *, only: object) -> SimpleNamespace:
        self.begun.set()
        if self.gate is not None:
            assert self.gate.wait(60)
        return SimpleNamespace(articles=self.left.pop(0))


class Deliver:
    left = (1, 0)

    def run_once(self, now: object, *, only: str) -> SimpleNamespace:
        attempted, *self.left = self.left
        return SimpleNamespace(attempted=attempted, next_at=None)


def test_a_job_that_never_ends_is_busy_and_then_wedged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    stage = Assess(gate)
    process = Workers(None, Stages(assess=(stage,)), tmp_path / "beat")
    assert (process.busy_s(), process.wedged()) == ({"assess": None, "tend": None}, [])
    thread = threading.Thread(target=process._assess, args=(["a"],))
    thread.start()
    try:
        assert stage.begun.wait(60)
        busy = process.busy_s()
        assert busy["assess"] is not None
        assert busy["tend"] is None
        assert process.wedged() == []
        monkeypatch.setattr(workers, "WEDGED_AFTER_S", -1.0)
        assert process.wedged() == ["assess"]
    finally:
        gate.set()
        thread.join(60)
    assert process.busy_s()["assess"] is None


def test_a_wedged_job_lets_the_heartbeat_run_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = Workers(None, Stages(), tmp_path / "beat")

    async def look() -> None:
        keeper = asyncio.create_task(process._keep_beating())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        keeper.cancel()

    with process._watched("tend"):
        monkeypatch.setattr(workers, "WEDGED_AFTER_S", -1.0)
        asyncio.run(look())
        assert not (tmp_path / "beat").exists()
    asyncio.run(look())
    assert (tmp_path / "beat").exists()


def test_each_step_that_found_something_is_noted(tmp_path: Path) -> None:
    spans = Spans()
    process = Workers(None, Stages(assess=(Assess(),), deliver=Deliver()), tmp_path / "beat", spans=spans.open)
    process._assess(["a", "b"])
    process._deliver("#desk")
    assert spans.told == [("assess", {"done": 2}), ("assess", {}), ("deliver", {"done": 1}), ("deliver", {})]
