"""Work that may take for ever, done in processes that are killed and replaced when it does.

Lanes keep one hostile document from delaying the rest. Small bodies and large ones have their own; a job that has not ended
after `patience_s` gives its place there up, to go on in the slow lane if that has room, or else to be killed and begun again
there when it has. What is in the slow lane yields the processor to everything else.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import structlog

from bot.feeds.parsed import NotAFeed, ParsedFeed, from_record
from bot.feeds.process import WorkerProcess

log = structlog.get_logger()

PARSING = "bot.feeds.worker:parsing"
LARGE = 200_000
"""Bytes of a body above which it waits for the lane of large ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one job may use. `memory_bytes` bounds the process's address space, not one job.

    `patience_s` and `cpu_s` are CPU time, so that they mean the same on a busy machine; `wall_s` ends what only sleeps.
    """

    cpu_s: float = 8.0
    wall_s: float = 60.0
    patience_s: float = 0.4
    memory_bytes: int = 320 * 1024 * 1024
    file_bytes: int = 0
    """The largest file that a job may write, -1 for no limit; some libraries map temporary files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A job without a result. `kind` is "time", "memory" or "crash"; after the first two the process was replaced."""

    kind: str
    problem: str


class Fence:
    """Runs jobs of one target (see `worker.py`) in its own processes, which start when first needed. Thread-safe."""

    def __init__(
        self,
        target: str,
        arguments: Sequence[str] = (),
        *,
        limits: Limits | None = None,
        workers: int = 2,
        slow: int = 1,
    ) -> None:
        self._limits = limits or Limits()
        self._command = [
            sys.executable,
            "-m",
            "bot.feeds.worker",
            str(self._limits.memory_bytes),
            str(self._limits.file_bytes),
            target,
            *arguments,
        ]
        self._workers = workers
        self._small, self._large = threading.Semaphore(workers), threading.Semaphore(1)
        self._slow = threading.Semaphore(slow)
        self._idle: deque[WorkerProcess] = deque()
        self._all: set[WorkerProcess] = set()
        self._lock = threading.Lock()
        self._closed = False
        weakref.finalize(self, _kill, self._all)  # nobody closed it: at the latest when this process ends

    def call(self, body: bytes, **settings: str) -> Any | Broken:
        """Do one job, and wait for it. The result is what the job returned, as JSON values."""
        with self._large if len(body) > LARGE else self._small:
            worker, answer = self._begin(body, settings, self._limits.patience_s)
            if answer is not None:
                return answer
            goes_on = self._slow.acquire(blocking=False)
            if goes_on:
                worker.yield_to_others()
            else:
                self._drop(worker)
        if not goes_on:
            self._slow.acquire()
        try:
            if goes_on:
                answer = self._answer(worker, self._limits.cpu_s)
            else:
                worker, answer = self._begin(body, settings, self._limits.cpu_s, yielding=True)
        finally:
            self._slow.release()
        if answer is not None:
            return answer
        self._drop(worker)
        return Broken(kind="time", problem=f"not done after {self._limits.cpu_s:g} s")

    def start(self) -> None:
        """Start the processes for small bodies now, so that their imports run beside our own and no first job waits for them."""
        for worker in [self._start() for _ in range(self._workers)]:
            self._release(worker)

    def close(self) -> None:
        """Kill the processes."""
        with self._lock:
            self._closed = True
            self._idle.clear()
            _kill(self._all)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(
        self, body: bytes, settings: dict[str, str], cpu_s: float, *, yielding: bool = False
    ) -> tuple[WorkerProcess, Any | Broken | None]:
        """Give a job to a free process, or a new one, and wait as `_answer` does."""
        worker = self._worker()
        if yielding:
            worker.yield_to_others()
        try:
            worker.start_if_new()
            worker.send({**settings, "cpu_s": self._limits.cpu_s}, body)
        except OSError:
            return worker, self._died(worker)
        return worker, self._answer(worker, cpu_s)

    def _answer(self, worker: WorkerProcess, cpu_s: float) -> Any | Broken | None:
        """Return the result or how the job broke; None if it is not done after `cpu_s` or the wall limit."""
        try:
            reply = worker.receive(cpu_s=cpu_s, wall_s=self._limits.wall_s)
        except (OSError, ValueError):
            return self._died(worker)
        if reply is None:
            return None
        if reply["retire"] or worker.yielding:
            self._drop(worker)
        else:
            self._release(worker)
        if "exceeded" in reply:
            return Broken(kind="memory", problem=f"needs more than {self._limits.memory_bytes >> 20} MB")
        return Broken(kind="crash", problem=reply["crash"]) if "crash" in reply else reply["result"]

    def _died(self, worker: WorkerProcess) -> Broken:
        code = self._drop(worker)
        if code in (-24, -9):  # SIGXCPU; SIGKILL by the system
            return Broken(kind="time", problem=f"used more than {self._limits.cpu_s:g} s of CPU time")
        return Broken(kind="crash", problem=f"its process ended with code {code}")

    def _worker(self) -> WorkerProcess:
        with self._lock:
            if self._closed:
                raise RuntimeError("the fence is closed")
            while self._idle:
                worker = self._idle.pop()
                if worker.alive():
                    return worker
                self._all.discard(worker)
        return self._start()

    def _start(self) -> WorkerProcess:
        worker = WorkerProcess(self._command)
        with self._lock:
            self._all.add(worker)
        return worker

    def _release(self, worker: WorkerProcess) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(worker)

    def _drop(self, worker: WorkerProcess) -> int:
        with self._lock:
            self._all.discard(worker)
        return worker.kill()


def _kill(workers: set[WorkerProcess]) -> None:
    while workers:
        workers.pop().kill()


class FencedParser:
    """Parses feeds behind a fence."""

    def __init__(self, limits: Limits | None = None, *, workers: int = 2, slow: int = 1) -> None:
        self._fence = Fence(PARSING, limits=limits, workers=workers, slow=slow)

    def start(self) -> None:
        """Start its processes before there is something to parse."""
        self._fence.start()

    def parse(self, body: bytes, content_type: str = "") -> ParsedFeed | NotAFeed | Broken:
        """Return what `body` is, or how the attempt ended. Blocks; call it from a thread."""
        if not body.strip():
            return NotAFeed(kind="empty", problem="the answer has no content")
        answer = self._fence.call(body, content_type=content_type[:200])
        if isinstance(answer, Broken):
            log.info("a parser was stopped", kind=answer.kind, problem=answer.problem, bytes=len(body))
            return answer
        return from_record(answer)

    def close(self) -> None:
        """Kill the parser's processes."""
        self._fence.close()
