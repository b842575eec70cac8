"""Judging the articles of an archive: the slow part, spread over processes, and kept so that it is done once.

Each article is judged with a detector that remembers nothing of the others, so that neither their order nor the number of
processes changes a figure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import structlog

from bot.detection.detector import Detector
from bot.detection.featurizer import Featurizer
from bot.domain import Article, identify
from bot.errors import WalkbackError
from bot.replay.archive import ArchiveItem
from bot.replay.records import record_of
from bot.stages.judge import ArticleJudge, JudgedArticle

log = structlog.get_logger()

WORTH_A_PROCESS = 8
"""Articles for which another process pays: each loads the models first."""
FAILED = "failed"


class FreshJudge:
    """Judges each article as if it were the first. `detector` is the one that `judge` asks."""

    def __init__(self, judge: ArticleJudge, detector: Detector) -> None:
        self._judge = judge
        self._detector = detector

    def judge(self, item: ArchiveItem, known: Sequence[int] = ()) -> JudgedArticle:
        """Return what an article does to the positions, as of its own time, without the sentences `known`."""
        featurizer = self._detector.featurizer
        self._detector.featurizer = Featurizer(scorer=featurizer.scorer, embedder=featurizer.embedder)
        return self._judge.judge(item.article, item.at, known=known)


WatchRecords = Callable[[Iterator[dict[str, Any]], int], Iterable[dict[str, Any]]]
"""Passes records on as they come; told how many there will be."""
Maker = Callable[[], FreshJudge]
"""Builds a judge; it is called in every process, so it must survive pickling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgements:
    """Where judged articles are kept: a file of JSON lines of one model, one set of lines and one version; None for nowhere."""

    path: Path | None = None

    @classmethod
    def in_folder(cls, folder: Path | None, *fingerprint: object) -> Judgements:
        """Return where a run folder keeps what was judged under `fingerprint`."""
        return cls(path=folder / f"judged-{identify(*fingerprint)}.jsonl" if folder else None)

    def read(self) -> dict[str, dict[str, Any]]:
        """Return what is there by article; a line that was cut off is judged again."""
        if self.path is None or not self.path.exists():
            return {}
        found = {}
        for line in self.path.read_bytes().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            found[record["article"]] = record
        return found

    def keep(self, records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the records, each once it is kept."""
        if self.path is None:
            yield from records
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        torn = self.path.exists() and not self.path.read_bytes().endswith(b"\n")
        with self.path.open("a", encoding="utf-8") as file:
            if torn:
                file.write("\n")
            for record in records:
                if FAILED not in record:
                    file.write(json.dumps(record) + "\n")  # ASCII: no text of an archive can break a line
                    file.flush()
                yield record


def judge_all(
    items: Sequence[ArchiveItem],
    maker: Maker,
    *,
    kept: Judgements,
    processes: int = 1,
    watch: WatchRecords = lambda records, _: records,
) -> dict[str, dict[str, Any]]:
    """Return the record of every item by its article's id. Those that are kept are not judged again.

    `watch` is given the records as they come, with their number, and passes them on.
    """
    known = kept.read()
    missing = [item for item in items if item.article.id not in known]
    processes = max(1, min(processes, len(missing) // WORTH_A_PROCESS))
    records = _in_processes(missing, maker, processes) if processes > 1 else _here(missing, maker)
    for record in watch(kept.keep(records), len(missing)):
        known[record["article"]] = record
    return {item.article.id: known[item.article.id] for item in items}


def _here(items: Sequence[ArchiveItem], maker: Maker) -> Iterator[dict[str, Any]]:
    judge = maker() if items else None
    for item in items:
        assert judge is not None
        yield _judged(judge, item)


def _in_processes(items: Sequence[ArchiveItem], maker: Maker, processes: int) -> Iterator[dict[str, Any]]:
    context = get_context("spawn")  # a fork of a process with threads may hang
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_begin, initargs=(maker,)) as pool:
        futures = [pool.submit(_judge_there, item) for item in items]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_judges: list[FreshJudge] = []
"""The judge of a process of the pool, built when it began."""


def _begin(maker: Maker) -> None:
    _judges[:] = [maker()]


def _judge_there(item: ArchiveItem) -> dict[str, Any]:
    return _judged(_judges[0], item)


def _judged(judge: FreshJudge, item: ArchiveItem) -> dict[str, Any]:
    """Return the record of an article, or of how it failed: the boundary of an article, as in the stage."""
    try:
        return record_of(judge.judge(item))
    except WalkbackError:
        raise
    except Exception as fault:
        log.exception("article_failed", document=item.document)
        return failed(item.article, fault)


def failed(article: Article, fault: Exception) -> dict[str, Any]:
    """Return the record of an article that could not be judged."""
    return {"article": article.id, FAILED: type(fault).__name__}
