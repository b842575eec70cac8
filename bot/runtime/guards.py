"""What keeps a store from harm: one bot to a file, a file that is still the one that was opened, and a clock that is watched."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Engine

from bot.errors import StoreError
from bot.store import clock
from bot.store.engine import file_of, transaction

log = structlog.get_logger()

JUMP_S = 60.0


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Keep every other process that asks for the same away from a SQLite file; PostgreSQL has room for many.

    The lock is the operating system's, on a file beside the database: it ends with the process, however that ends.

    Raises:
        StoreError: another process is there, which it names, or the folder cannot be written or locked.
    """
    path = file_of(engine)
    if path is None:
        yield
        return
    lock = path.with_name(path.name + ".lock")
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(
            f"the database {path} cannot be written: {error.strerror}. Give this user the right to write its folder"
        ) from None
    try:
        _take(handle, path)
        yield
    finally:
        os.close(handle)  # the file stays: who removed it could let two in


def _take(handle: int, path: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            holder = os.read(handle, 40).decode("ascii", "replace").strip()
            raise StoreError(
                f"the database {path} is in use by another Walkback{f' (process {holder})' if holder else ''}: "
                "stop that one first, or give this one a WALKBACK_DATA_DIR of its own"
            ) from None
        raise StoreError(
            f"the database {path} cannot be locked ({error.strerror}): use a local disk, or PostgreSQL"
        ) from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)


class FileWatch:
    """Notices when the file of a store that is open is gone or another: a volume lost, a file replaced under a running bot.

    SQLite would go on writing into a file that nobody can find again.
    """

    def __init__(self, engine: Engine) -> None:
        self._path = file_of(engine)
        self._known = self._look()

    def lost(self) -> str:
        """Return what happened in a sentence, "" for nothing."""
        if self._path is None or self._known is None:
            return ""
        found = self._look()
        if found == self._known:
            return ""
        gone = "is gone" if found is None else "was replaced by another file"
        return (
            f"the database {self._path} {gone} while the bot was running: stopped, so that nothing is written where "
            "nobody finds it. Bring the volume back or restore a backup, and start again"
        )

    def _look(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


class ClockWatch:
    """Notices when the clock jumps, by the clock that cannot, and lets what waits for a time that is gone be done now."""

    def __init__(
        self,
        engine: Engine,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._now = now
        self._monotonic = monotonic
        self._was = (now(), monotonic())

    def start(self) -> timedelta:
        """Look at what an earlier run recorded: return how far that lies ahead of the clock, and mend it where it does."""
        with transaction(self._engine) as connection:
            ahead = clock.ahead_by(connection, self._now())
            if ahead > clock.SLACK:
                mended = clock.mend(connection, self._now())
                log.warning("clock_behind_store", by_s=round(ahead.total_seconds()), rows_mended=mended)
        return ahead

    def look(self) -> float:
        """Return by how many seconds the clock jumped since the last look, 0.0 for less than a minute; mend after a jump back."""
        (was, mark), (now, here) = self._was, (self._now(), self._monotonic())
        jumped = (now - was).total_seconds() - (here - mark)
        if abs(jumped) < JUMP_S:
            self._was = (now, here)
            return 0.0
        mended = 0
        try:
            if jumped < 0:
                with transaction(self._engine) as connection:
                    mended = clock.mend(connection, now)
        except StoreError as fault:
            log.warning("clock_not_mended", by_s=round(jumped), problem=str(fault))
            return jumped  # and is looked at again
        self._was = (now, here)
        log.warning("clock_jumped", by_s=round(jumped), rows_mended=mended)
        return jumped
