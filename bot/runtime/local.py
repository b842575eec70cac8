"""The embedded runtime: one process, each stage in a thread of its own, over what the tables say is pending.

A stage that raises is logged and tried again with growing pauses; it never takes the others down. The heartbeat file tells the
container's health check that no stage is wedged.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

log = structlog.get_logger()

LONGEST_PAUSE_S = 60.0
BEAT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A stage as the runtime sees it, by one of two ways to run.

    `step` does what is pending at a time and returns how much that was; after 0 the stage idles for `idle_s`. `serve` works until
    its event is set and asks its clock for the time as it goes, by which it is known to be alive.
    """

    name: str
    step: Callable[[datetime], int] | None = None
    serve: Callable[[threading.Event, Callable[[], datetime]], object] | None = None
    idle_s: float = 1.0
    wedged_after_s: float = 300.0
    """After how many seconds inside one step, or without a look at the clock, the stage counts as wedged."""


class LocalRuntime:
    """Runs stages until `stop` is called; `run` returns when every thread has ended or `grace_s` is over.

    Every five seconds it asks `look` whether it may go on: a sentence says why not, ends it, and stands in `fault`.
    Without a `heartbeat` it keeps none: another runtime of the process does.
    """

    def __init__(
        self, works: Sequence[Work], heartbeat: Path | None, *, grace_s: float = 8.0, look: Callable[[], str] = str
    ) -> None:
        self._works = works
        self._heartbeat = heartbeat
        self._grace_s = grace_s
        self._stopping = threading.Event()
        self._look = look
        self.fault = ""
        self._began: dict[str, float | None] = {work.name: None for work in works}

    def stop(self) -> None:
        """Ask every stage to end after the row it is at. May be called from a signal handler, more than once."""
        self._stopping.set()

    def busy_s(self) -> dict[str, float | None]:
        """Return by stage for how many seconds it has been at one step, None for an idle one."""
        now = time.monotonic()
        return {name: None if began is None else max(0.0, now - began) for name, began in self._began.copy().items()}

    def wedged(self) -> list[str]:
        """Return the stages that have been at one step for too long."""
        busy = self.busy_s()
        return [work.name for work in self._works if (busy[work.name] or 0.0) > work.wedged_after_s]

    def run(self) -> bool:
        """Run until stopped; return whether every stage ended within the grace period."""
        threads = [
            threading.Thread(target=self._loop, args=(work,), name=f"walkback-{work.name}", daemon=True)
            for work in self._works
        ]
        for thread in threads:
            thread.start()
        while not self._stopping.wait(BEAT_S):
            if fault := self._look():
                log.error("stopping", problem=fault)
                self.fault = fault
                self.stop()
            self._beat()
        deadline = time.monotonic() + self._grace_s
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if self._heartbeat is not None:
            self._heartbeat.unlink(missing_ok=True)
        return not any(thread.is_alive() for thread in threads)

    def _loop(self, work: Work) -> None:
        structlog.contextvars.bind_contextvars(stage=work.name)  # on every line of this thread
        pause = 1.0
        while not self._stopping.is_set():
            try:
                done = self._once(work)
                pause = 1.0
            except Exception:  # the boundary of a stage: nothing that happens in one may end the others
                log.exception("stage_failed", stage=work.name, retry_in_s=pause)
                self._began[work.name] = None
                self._stopping.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
                continue
            self._began[work.name] = None
            if not done:
                self._stopping.wait(work.idle_s)

    def _once(self, work: Work) -> int:
        """Do one step, or serve until the runtime stops."""

        def clock() -> datetime:
            self._began[work.name] = time.monotonic()
            return datetime.now(UTC)

        if work.serve is not None:
            work.serve(self._stopping, clock)
            return 0
        return work.step(clock()) if work.step is not None else 0

    def _beat(self) -> None:
        """Write when the process was last well; a wedged stage keeps the file from being renewed."""
        if wedged := self.wedged():
            log.error("stage_wedged", stages=wedged)
            return
        if self._heartbeat is not None:
            beat(self._heartbeat)


def beat(heartbeat: Path) -> None:
    """Write that the process is well now; a disk that refuses is logged, and shows as no heartbeat."""
    part = heartbeat.with_suffix(".part")
    try:
        part.write_text(json.dumps({"at": datetime.now(UTC).isoformat()}), encoding="utf-8")
        part.replace(heartbeat)
    except OSError as fault:
        log.exception("heartbeat_not_written", file=str(heartbeat), problem=fault.strerror)


def healthy(heartbeat: Path, now: datetime, *, within_s: float = 60.0) -> str:
    """Return "" if the heartbeat is fresh, else what is wrong in a sentence."""
    try:
        at = datetime.fromisoformat(json.loads(heartbeat.read_text(encoding="utf-8"))["at"])
    except FileNotFoundError:
        return f"{heartbeat}: no heartbeat, so the bot is not running (or has only just started)."
    except (OSError, ValueError, KeyError, TypeError) as fault:
        return f"{heartbeat}: the heartbeat cannot be read ({fault})."
    age = (now - at).total_seconds()
    return "" if age <= within_s else f"the last heartbeat is {age:.0f} s old: a stage is wedged or the bot is stopped."
