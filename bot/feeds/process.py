"""One process behind the fence, seen from this side: started, given a job, waited for with limits, killed."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from bot.feeds.worker import HEADER, READY, REPLY

KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ", "OMP_NUM_THREADS")
CHUNK = 1 << 16
STEP_S = 0.1
START_S = 60.0
YIELDING = 10
"""By how much a process that yields is nicer than we are."""
CPU_CLOCK = 2  # as clock_getcpuclockid(3) numbers the clock of another process on Linux, from its number and this kind


class WorkerProcess:
    """Does one job at a time. Raises OSError where the process has ended.

    Patience is counted in the process's CPU time, so that a busy machine makes no honest document look hostile.
    """

    def __init__(self, command: Sequence[str]) -> None:
        environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,  # an interrupt at the keyboard is the main process's to handle
            bufsize=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.yielding = False
        self._clock = (~self._process.pid << 3) | CPU_CLOCK
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        self._received = bytearray()
        self._before_s = 0.0
        self._started = False

    def start_if_new(self) -> None:
        """Wait until it takes jobs."""
        if self._started:
            return
        self._started = True
        if not self._fill(len(READY), time.monotonic() + START_S, None):
            raise OSError("the process does not start")
        del self._received[: len(READY)]

    def send(self, settings: dict[str, Any], body: bytes) -> None:
        """Give it a job."""
        self._before_s = self._cpu_s()
        head = json.dumps(settings).encode("ascii")
        deadline = time.monotonic() + START_S
        for part in (HEADER.pack(len(head), len(body)) + head, body):
            left = memoryview(part)
            while left:
                if not _ready(self._in, select.POLLOUT, STEP_S):
                    if time.monotonic() > deadline:
                        raise OSError("the process takes no job")
                    continue
                left = left[os.write(self._in, left[:CHUNK]) :]

    def receive(self, *, cpu_s: float, wall_s: float) -> dict[str, Any] | None:
        """Return its answer; None once the job has used `cpu_s` or `wall_s`: it may be waited for again, or killed."""
        deadline = time.monotonic() + wall_s
        if not self._fill(REPLY.size, deadline, cpu_s):
            return None
        (length,) = REPLY.unpack_from(self._received)
        if not self._fill(REPLY.size + length, deadline, cpu_s):
            return None
        reply: dict[str, Any] = json.loads(self._received[REPLY.size :])
        self._received.clear()
        return reply

    def _fill(self, length: int, deadline: float, cpu_s: float | None) -> bool:
        while len(self._received) < length:
            if _ready(self._out, select.POLLIN | select.POLLHUP, STEP_S):
                part = os.read(self._out, CHUNK)
                if not part:
                    raise OSError("the process ended")
                self._received += part
            elif time.monotonic() > deadline or (cpu_s is not None and self._cpu_s() - self._before_s > cpu_s):
                return False
        return True

    def _cpu_s(self) -> float:
        """Return the CPU time that the process has used; where its clock cannot be read, the time of day stands in for it."""
        try:
            return time.clock_gettime(self._clock)
        except OSError:
            return time.monotonic()

    def yield_to_others(self) -> None:
        """Run only while nobody else wants to; there is no way back, so it is dropped after its job."""
        self.yielding = True
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self._process.pid, min(os.getpriority(os.PRIO_PROCESS, 0) + YIELDING, 19))

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def kill(self) -> int:
        """End it, and return how it ended (negative: by which signal)."""
        if self._process.poll() is None:
            self._process.kill()
        code = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        return code


def _ready(descriptor: int, event: int, wait_s: float) -> bool:
    poller = select.poll()
    poller.register(descriptor, event)
    return bool(poller.poll(wait_s * 1000.0))
