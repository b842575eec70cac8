"""A position's timeline as a picture: every statement on one axis from hard to soft, in the order of time.

`geometry` says where everything stands; `svg` and `png` only draw it, so that the page and Slack show the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain import Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelinePoint:
    """One statement. `alerted`: whether the desk was told of it, by an alert or in the thread of one."""

    at: datetime
    relation: Relation
    words: str
    speaker: str
    outlet: str
    url: str
    alerted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """From when a line is on record."""

    at: datetime
    baseline: str


def timeline_svg(points: Sequence[TimelinePoint], lines: Sequence[LineChange], *, title: str) -> str:
    """Return the timeline as one `<svg>` element to stand in a page, in any order of `points` and `lines`.

    It takes its text colour from the page (`currentColor`) and the marks' from the custom properties `--wb-<relation>` and
    `--wb-ground`; it has no style and no script. Unrelated statements are left out.
    """
    from bot.charts import geometry, svg

    return svg.draw(geometry.lay_out(points, lines, title=title))


def timeline_png(points: Sequence[TimelinePoint], lines: Sequence[LineChange], *, title: str) -> bytes:
    """Return the same picture as a PNG of 1520 pixels' width, on a light card of its own that is legible on any ground."""
    from bot.charts import geometry, png

    return png.draw(geometry.lay_out(points, lines, title=title))
