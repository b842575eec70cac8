"""How a position moved lately, as a small picture to stand in a line of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

from bot.charts.geometry import LANES
from bot.charts.shapes import COLOURS
from bot.domain import Relation

_BAR, _GAP, _HALF, _MOST = 7, 2, 15, 3
_NAMES = {
    Relation.HARDENING: ("hardening", "hardenings"),
    Relation.NEW_OFFER: ("new offer", "new offers"),
    Relation.SOFTENING: ("softening", "softenings"),
    Relation.CONTRADICTION: ("contradiction", "contradictions"),
}


def trend_words(weeks: Sequence[Mapping[Relation, int]]) -> str:
    """Return what the picture shows: "in 12 weeks 2 hardenings, 1 softening"."""
    total: Counter[Relation] = Counter()
    for week in weeks:
        total.update(week)
    kinds = [f"{n} {_NAMES[relation][n != 1]}" for relation, _ in LANES if relation.is_shift and (n := total[relation])]
    return f"in {len(weeks)} week{'s' if len(weeks) != 1 else ''} {', '.join(kinds) or 'no shift'}"


def trend_svg(weeks: Sequence[Mapping[Relation, int]]) -> str:
    """Return bars, one a week, the oldest first: up for what went further than the line, down for what went away from it."""
    width, height = len(weeks) * (_BAR + _GAP) + _GAP, 2 * _HALF + 2
    told = escape(trend_words(weeks))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="trend" viewBox="0 0 {width} {height}" width="{width}"',
        f' height="{height}" role="img" aria-label="{told}"><title>{told}</title>',
        f'<line x1="0" x2="{width}" y1="{_HALF + 1}" y2="{_HALF + 1}" stroke="currentColor" opacity="0.5"/>',
    ]
    for number, week in enumerate(weeks):
        x = _GAP + number * (_BAR + _GAP)
        harder = week.get(Relation.HARDENING, 0)
        softer = sum(n for relation, n in week.items() if relation.is_shift) - harder
        if harder:
            size = _height(harder)
            parts.append(_bar(x, _HALF + 1 - size, size, Relation.HARDENING))
        if softer:
            parts.append(_bar(x, _HALF + 1, _height(softer), Relation.SOFTENING))
    return "".join([*parts, "</svg>"])


def _height(n: int) -> int:
    """Three or more are as high as there is room."""
    return round(_HALF * min(n, _MOST) / _MOST)


def _bar(x: int, y: int, height: int, relation: Relation) -> str:
    colour = f"var(--wb-{relation.value}, {COLOURS[relation]})"
    return f'<rect x="{x}" y="{y}" width="{_BAR}" height="{height}" fill="{colour}"/>'
