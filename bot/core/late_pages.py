"""When the page of an article is asked for again that could not be had at first, for a reason that may pass."""

from __future__ import annotations

from datetime import datetime, timedelta

WAITS = (timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))
"""Before each further try. A feed's own text has been read meanwhile; what comes later still than these is no news."""


def next_try(tries: int, now: datetime) -> datetime | None:
    """Return when a page is asked for again that has been asked for `tries` times, at least 1; None for no more."""
    return now + WAITS[tries - 1] if tries <= len(WAITS) else None
