from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.runtime.local import LocalRuntime, Work, healthy

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_it_works_until_stopped_and_ends_in_time(tmp_path: Path) -> None:
    seen = threading.Event()

    def step(now: datetime) -> int:
        seen.set()
        return 0

    runtime = LocalRuntime([Work(name="a", step=step, idle_s=60.0)], tmp_path / "beat")
    ended: list[bool] = []
    thread = threading.Thread(target=lambda: ended.append(runtime.run()))
    thread.start()
    assert seen.wait(10)
    runtime.stop()
    thread.join(10)
    assert ended == [True]


def test_a_stage_that_serves_is_given_the_event_and_a_clock_that_shows_it_alive(tmp_path: Path) -> None:
    alive = threading.Event()

    def serve(stop: threading.Event, clock) -> None:
        while not stop.wait(0.01):
            assert clock().tzinfo is not None
            alive.set()

    runtime = LocalRuntime([Work(name="s", serve=serve)], tmp_path / "beat")
    thread = threading.Thread(target=runtime.run)
    thread.start()
    assert alive.wait(10)
    assert runtime._began["s"] is not None
    runtime.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_a_stage_that_raises_does_not_end_the_others(tmp_path: Path) -> None:
    other = threading.Event()

    def broken(now: datetime) -> int:
        raise RuntimeError("broken")

    def works(now: datetime) -> int:
        other.set()
        return 0

    runtime = LocalRuntime(
        [Work(name="broken", step=broken, idle_s=1.0), Work(name="works", step=works, idle_s=1.0)], tmp_path / "beat"
    )
    thread = threading.Thread(target=runtime.run)
    thread.start()
    assert other.wait(10)
    runtime.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_a_stage_that_does_not_end_is_told(tmp_path: Path) -> None:
    began, release = threading.Event(), threading.Event()

    def hangs(now: datetime) -> int:
        began.set()
        release.wait(30)
        return 0

    runtime = LocalRuntime([Work(name="hangs", step=hangs, idle_s=1.0)], tmp_path / "beat", grace_s=0.1)
    ended: list[bool] = []
    thread = threading.Thread(target=lambda: ended.append(runtime.run()))
    thread.start()
    assert began.wait(10)
    runtime.stop()
    thread.join(10)
    release.set()
    assert ended == [False]


def beat(path: Path, at: datetime) -> Path:
    path.write_text(json.dumps({"at": at.isoformat()}))
    return path


def test_a_fresh_heartbeat_is_health(tmp_path: Path) -> None:
    assert healthy(beat(tmp_path / "b", NOW - timedelta(seconds=10)), NOW) == ""


def test_an_old_missing_or_broken_heartbeat_is_told_in_a_sentence(tmp_path: Path) -> None:
    assert "90 s old" in healthy(beat(tmp_path / "b", NOW - timedelta(seconds=90)), NOW)
    assert "not running" in healthy(tmp_path / "none", NOW)
    (tmp_path / "c").write_text("x")
    assert "cannot be read" in healthy(tmp_path / "c", NOW)


def test_a_wedged_stage_stops_the_heartbeat(tmp_path: Path, monkeypatch) -> None:
    runtime = LocalRuntime([Work(name="w", step=lambda now: 0, idle_s=1.0, wedged_after_s=5.0)], tmp_path / "beat")
    runtime._beat()
    assert (tmp_path / "beat").exists()
    (tmp_path / "beat").unlink()
    runtime._began["w"] = -1e9
    runtime._beat()
    assert not (tmp_path / "beat").exists()
