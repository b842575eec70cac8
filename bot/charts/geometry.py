"""Where everything on a timeline stands, in units of which a picture is `WIDTH` wide. No drawing, no library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.charts.time_axis import ticks
from bot.charts.timeline import LineChange, TimelinePoint
from bot.core.alert_words import day
from bot.core.safe_text import clean, cut
from bot.domain import Relation

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 760.0, 132.0, 24.0, 76.0, 62.0
LANE = 58.0
LABELS_END = WIDTH - 48.0
"""The middle of the last label that has room on the axis of time."""
LANES: tuple[tuple[Relation, str], ...] = (
    (Relation.HARDENING, "Hardening"),
    (Relation.CONSISTENT, "As on record"),
    (Relation.NEW_OFFER, "New offer"),
    (Relation.SOFTENING, "Softening"),
    (Relation.CONTRADICTION, "Contradiction"),
)
"""From hard to soft."""
RADIUS, ALERTED_RADIUS = 5.0, 7.5
HOLLOW_RADIUS = {Relation.CONTRADICTION: 6.5}
"""Where the outline is too fine to be hollow at `RADIUS`."""
_GAP = 12.0
_STEPS = (0, -1, 1, -2, 2)
_NAMES = {
    Relation.HARDENING: ("hardening", "hardenings"),
    Relation.CONSISTENT: ("as on record", "as on record"),
    Relation.NEW_OFFER: ("new offer", "new offers"),
    Relation.SOFTENING: ("softening", "softenings"),
    Relation.CONTRADICTION: ("contradiction", "contradictions"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One statement's place; `told` is what hovering shows."""

    x: float
    y: float
    radius: float
    relation: Relation
    alerted: bool
    told: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A vertical line; `label` is "" where there is no room for it, `told` what hovering shows."""

    x: float
    label: str
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A relation's band, by its middle."""

    y: float
    relation: Relation
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All of a timeline. `title` is cleaned, `summary` says in words what the picture shows."""

    title: str
    summary: str
    height: float
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    rules: tuple[Rule, ...]
    ticks: tuple[Rule, ...]

    @property
    def floor(self) -> float:
        """Where the axis of time lies."""
        return self.height - BOTTOM


def lay_out(points: Sequence[TimelinePoint], lines: Sequence[LineChange], *, title: str) -> Picture:
    """Place everything; the later of two marks at one place moves up or down within its lane."""
    shown = sorted((p for p in points if p.relation is not Relation.UNRELATED), key=lambda p: (p.at, p.url, p.words))
    changes = sorted(lines, key=lambda line: line.at)
    start, end = _span(shown, changes)
    lanes = tuple(
        Lane(y=TOP + LANE * (number + 0.5), relation=relation, label=label)
        for number, (relation, label) in enumerate(LANES)
    )
    return Picture(
        title=cut(clean(title), 90),
        summary=_summary(shown, changes),
        height=TOP + LANE * len(LANES) + BOTTOM,
        lanes=lanes,
        marks=_marks(shown, {lane.relation: lane.y for lane in lanes}, start, end),
        rules=_rules(changes, start, end),
        ticks=tuple(
            Rule(x=_x(moment, start, end), label=label) for moment, label in ticks(start, end) if points or lines
        ),
    )


def _span(points: Sequence[TimelinePoint], lines: Sequence[LineChange]) -> tuple[datetime, datetime]:
    """Return what the axis of time covers: the statements, and the changes of the line since the first of them."""
    moments = [point.at for point in points] or [line.at for line in lines]
    if not moments:
        moments = [datetime.fromisoformat("2000-01-01T00:00:00+00:00")]
    start = min(moments)
    end = max([*moments, *(line.at for line in lines)])
    margin = max((end - start) / 40, timedelta(hours=6))
    return start - margin, end + margin


def _x(moment: datetime, start: datetime, end: datetime) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * ((moment - start) / (end - start)), 1)


def _marks(
    points: Sequence[TimelinePoint], lanes: dict[Relation, float], start: datetime, end: datetime
) -> tuple[Mark, ...]:
    placed: dict[Relation, list[tuple[float, float]]] = {relation: [] for relation in lanes}
    marks = []
    for point in points:
        x, lane = _x(point.at, start, end), placed[point.relation]
        while lane and lane[0][0] < x - _GAP:
            lane.pop(0)
        y = lanes[point.relation] + _free(lane, x)
        lane.append((x, y - lanes[point.relation]))
        marks.append(
            Mark(
                x=x,
                y=y,
                radius=ALERTED_RADIUS if point.alerted else HOLLOW_RADIUS.get(point.relation, RADIUS),
                relation=point.relation,
                alerted=point.alerted,
                told=_told(point),
                url=point.url if point.url.startswith(("https://", "http://")) else "",
            )
        )
    # What the desk was told of lies on top.
    return tuple(sorted(marks, key=lambda mark: mark.alerted))


def _free(taken: Sequence[tuple[float, float]], x: float) -> float:
    """Return how far from its lane's middle a mark at `x` finds room; the middle where there is none."""
    for step in _STEPS:
        offset = step * (_GAP - 2)
        if all(abs(x - other) >= _GAP or abs(offset - at) >= _GAP - 2 for other, at in taken):
            return offset
    return 0.0


def _rules(lines: Sequence[LineChange], start: datetime, end: datetime) -> tuple[Rule, ...]:
    """Return the changes of the line; of those before the axis begins only the last, at its start."""
    earlier = [line for line in lines if line.at < start]
    shown = earlier[-1:] + [line for line in lines if line.at >= start]
    places = [_x(max(line.at, start), start, end) for line in shown]
    rules = []
    for number, (line, x) in enumerate(zip(shown, places, strict=True)):
        room = (places[number + 1] if number + 1 < len(places) else WIDTH) - x
        label = f"Line of {day(line.at)}"
        rules.append(
            Rule(
                x=x,
                label=label if room > len(label) * 6.6 else "",
                told=f"On record from {day(line.at)}: {cut(clean(line.baseline), 300)}",
            )
        )
    return tuple(rules)


def _told(point: TimelinePoint) -> str:
    who = ", ".join(part for part in (clean(point.speaker), clean(point.outlet)) if part)
    kind = _NAMES[point.relation][0] + (", the desk was told" if point.alerted else "")
    return f"{day(point.at)}, {kind}: “{cut(clean(point.words), 280)}”{f' ({cut(who, 120)})' if who else ''}"


def _summary(points: Sequence[TimelinePoint], lines: Sequence[LineChange]) -> str:
    """Return what a person who does not see the picture is told."""
    if not points:
        return "No statement on this position yet."
    counts = Counter(point.relation for point in points)
    kinds = ", ".join(f"{n} {_NAMES[relation][n != 1]}" for relation, _ in LANES if (n := counts[relation]))
    told = sum(point.alerted for point in points)
    span = f"from {day(points[0].at)} to {day(points[-1].at)}" if len(points) > 1 else f"of {day(points[0].at)}"
    line = f" The line on record since {day(lines[-1].at)}: {cut(clean(lines[-1].baseline), 300)}" if lines else ""
    statements = "1 statement" if len(points) == 1 else f"{len(points)} statements"
    return f"{statements} {span}: {kinds}. The desk was told of {told or 'none'}.{line}"
