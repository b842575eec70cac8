"""Reading pages behind the fence: a page made to hurt costs one process its life, and the stage nothing."""

from __future__ import annotations

import importlib
from dataclasses import asdict
from datetime import datetime
from typing import Any

from bot.feeds.fenced import Broken, Fence, Limits
from bot.feeds.worker import Job
from bot.ports import Abstained, Extracted, Extractor, LiveItem

TARGET = "bot.stages.extraction:extracting"
LIMITS = Limits(cpu_s=15.0, wall_s=60.0, patience_s=3.0, memory_bytes=2 * 1024**3, file_bytes=-1)


def extracting(path: str) -> Job:
    """Return the job that reads pages with the extractor at `path` ("module:class"), for the process behind the fence."""
    module, _, name = path.partition(":")
    extractor: Extractor = getattr(importlib.import_module(module), name)()

    def job(body: bytes, url: str) -> dict[str, Any]:
        found = extractor.extract(body.decode("utf-8", "surrogatepass"), url=url)
        record = asdict(found)
        if isinstance(found, Extracted):
            for each in (record, *record["items"]):
                each["published"] = each["published"].isoformat() if each["published"] else None
        return record

    return job


class FencedExtractor:
    """An extractor whose work is done in other processes, which start when first needed.

    Args:
        path: Which extractor, as "module:class"; it is made without arguments.
        limits: What one page may use.
        workers: How many pages are read at once.
    """

    def __init__(self, path: str, *, limits: Limits = LIMITS, workers: int = 1) -> None:
        self._fence = Fence(TARGET, (path,), limits=limits, workers=workers)

    def extract(self, page: str, *, url: str) -> Extracted | Abstained:
        """Return the text of a page, or why there is none; "too_costly" and "crash" where the process had to be ended."""
        answer = self._fence.call(page.encode("utf-8", "surrogatepass"), url=url)
        if isinstance(answer, Broken):
            return Abstained(reason="crash" if answer.kind == "crash" else "too_costly", detail=answer.problem)
        if "reason" in answer:
            return Abstained(**answer)
        for each in (answer, *answer["items"]):
            each["published"] = datetime.fromisoformat(each["published"]) if each["published"] else None
        items = tuple(LiveItem(**item) for item in answer.pop("items"))
        return Extracted(**answer, items=items)

    def close(self) -> None:
        """Kill the processes."""
        self._fence.close()
