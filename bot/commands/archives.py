"""Archives as commands are given them: files, folders, saved feeds, and the store's own articles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bot.app import open_store
from bot.config import Settings
from bot.feeds.fenced import FencedParser
from bot.reading.page import PageExtractor
from bot.replay.archive import Archive, ArchiveItem, in_order, item_of, read_archives
from bot.store import archive as stored
from bot.store.engine import snapshot

OWN = "store:"
HELP = f"JSON Lines, folders of texts or pages, saved feeds; {OWN} for the articles of the store."


def read_named(
    settings: Settings,
    names: Sequence[str],
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    undated: bool = False,
) -> Archive:
    """Read what `names` stand for; the store's articles from `start` on and before `end`, None for no limit.

    With `undated`, articles without a date are read, too, and dated `UNDATED`.
    """
    parser = FencedParser()
    try:
        paths = [Path(name) for name in names if name != OWN]
        found = read_archives(paths, extractor=PageExtractor(), parser=parser, undated=undated)
    finally:
        parser.close()
    if OWN not in names:
        return found
    own = _own(settings, start, end)
    return Archive(items=in_order([*found.items, *own]), unread=found.unread)


def _own(settings: Settings, start: datetime | None, end: datetime | None) -> list[ArchiveItem]:
    with snapshot(open_store(settings)) as connection:
        return [
            item_of(one.article.url or one.article.id, one.article, one.at)
            for one in stored.archived(connection, start, end)
        ]
