"""Work that follows an acknowledgement: bounded, in threads of its own, so that no acknowledgement ever waits for it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger()

_END = None


class Lane:
    """A bounded queue with threads that work it off.

    Args:
        name: What it is called in logs and threads.
        threads: How many work at a time.
        most: How much may wait; `put` refuses more.
    """

    def __init__(self, name: str, *, threads: int, most: int) -> None:
        self._name = name
        self._threads = threads
        self._waiting: queue.Queue[tuple[str, Callable[[], None]] | None] = queue.Queue(maxsize=most)
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin to work."""
        for number in range(self._threads):
            threading.Thread(target=self._work, name=f"slack-{self._name}-{number}", daemon=True).start()

    def stop(self) -> None:
        """Begin nothing more; what is under way ends by itself."""
        self._stopping.set()
        for _ in range(self._threads):
            try:
                self._waiting.put_nowait(_END)
            except queue.Full:
                return  # they will see that it is over

    def put(self, what: str, job: Callable[[], None]) -> bool:
        """Let `job` be done soon; False where too much waits already, so that it will not be. `what` names it in the log."""
        try:
            self._waiting.put_nowait((what, job))
        except queue.Full:
            log.warning("slack_lane_full", lane=self._name, refused=what)
            return False
        return True

    def _work(self) -> None:
        while not self._stopping.is_set():
            item = self._waiting.get()
            if item is _END:
                return
            what, job = item
            try:
                job()
            except Exception:  # the boundary of one piece of work: it is told in the log, and concerns no other
                log.exception("slack_work_failed", lane=self._name, what=what)
