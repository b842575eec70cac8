"""`walkback run` as it is shipped, with one thing changed: the shifts are those that an article's text says that it has.

    WALKBACK_CONFIG_DIR=… WALKBACK_DATA_DIR=… WALKBACK_SLACK_TOKEN=… WALKBACK_SLACK_API_URL=… python tests/whole_bot.py FASTEST_S

A feed is polled every FASTEST_S seconds, which may be less than a desk can choose, or at half that pace.

Every article is read and judged by the shipped detector all the same, for what that takes of time and memory; what it found is
put aside. What the bot is told to find is never grouped, so that each shift is one alert.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from working import Apart, Judge

from bot import app
from bot.commands import running
from bot.config import Configuration, load_configuration
from bot.detection.detector import Detector
from bot.domain import Article, Position
from bot.stages.announce import Announce, unannounced
from bot.stages.assess import Assess
from bot.stages.judge import ArticleJudge, JudgedArticle


class Both:
    """Judges with the shipped detector, and tells what the text says."""

    def __init__(self, shipped: ArticleJudge, tracked: Sequence[Position]) -> None:
        self._shipped = shipped
        self._told = Judge(tracked, 0.0)

    def judge(self, article: Article, now: datetime, *, known: Collection[int] = ()) -> JudgedArticle:
        """Return what the article's text says, with what the detector read of it."""
        read = self._shipped.judge(article, now, known=known)
        if read.abstained:
            return read
        return replace(read, assessments=self._told.judge(article, now).assessments)


def build_assess(
    engine: Engine, detector: Detector, configuration: Configuration, *, announce: Announce = unannounced
) -> Assess:
    """Join the stage that judges as `app.build_assess` does, with the other judge."""
    desk = configuration.desk
    make: Callable[[Sequence[Position]], Any] = lambda tracked: Both(  # noqa: E731  # it closes over the detector
        app.build_judge(detector, tracked, desk.alert), tracked
    )
    return Assess(
        engine,
        make_judge=make,
        configured=configuration.positions,
        featurizer=Apart(),  # type: ignore[arg-type]  # of the featurizer, its vectors are all that is asked for
        policy=replace(desk.alert, group_at=2.0),
        channel_for=desk.channel_for,
        announce=announce,
    )


def main(fastest_s: float) -> None:
    """Run until stopped."""

    def load(folder: Path) -> Configuration:
        found = load_configuration(folder)
        poll = replace(found.desk.poll, fastest_s=fastest_s, slowest_s=2 * fastest_s)
        return replace(found, desk=replace(found.desk, poll=poll))

    app.build_assess, running.load_configuration = build_assess, load
    running.run()


if __name__ == "__main__":
    main(float(sys.argv[1]))
