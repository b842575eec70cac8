"""Draws a timeline as SVG without styles or scripts, fit for a page with a strict Content-Security-Policy."""

from __future__ import annotations

from html import escape

from bot.charts.geometry import ALERTED_RADIUS, LABELS_END, LEFT, RIGHT, TOP, WIDTH, Lane, Mark, Picture, Rule
from bot.charts.shapes import COLOURS, corners
from bot.domain import Relation, identify

FONT = 'font-family="system-ui, sans-serif"'


def draw(picture: Picture) -> str:
    """Return the `<svg>` element."""
    name = f"timeline-{identify(picture.title)[:8]}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="timeline" viewBox="0 0 {WIDTH:g} {picture.height:g}"',
        f' width="{WIDTH:g}" height="{picture.height:g}" role="group" aria-labelledby="{name}"',
        f' aria-describedby="{name}-told" fill="currentColor" {FONT} font-size="12">',
        f'<title id="{name}">{escape(picture.title)}</title><desc id="{name}-told">{escape(picture.summary)}</desc>',
        '<g aria-hidden="true">',
        f'<text x="16" y="28" font-size="17" font-weight="600">{escape(picture.title)}</text>',
        *(_lane(lane) for lane in picture.lanes),
        *(_tick(tick, picture.floor) for tick in picture.ticks),
        *(_rule(rule, picture.floor) for rule in picture.rules),
        _key(picture.height),
        "</g>",
        *(_mark(mark) for mark in picture.marks),
    ]
    if not picture.marks:
        parts.append(_text((LEFT + WIDTH) / 2, picture.lanes[1].y - 12, "No statements yet", anchor="middle"))
    return "".join([*parts, "</svg>"])


def _lane(lane: Lane) -> str:
    record = lane.relation is Relation.CONSISTENT
    line = f'<line x1="{LEFT:g}" x2="{WIDTH - RIGHT:g}" y1="{lane.y:g}" y2="{lane.y:g}" stroke="currentColor" '
    line += 'stroke-width="2" opacity="0.55"/>' if record else 'stroke-width="1" opacity="0.18"/>'
    return line + _shape(lane.relation, 22, lane.y, 5.5, filled=True) + _text(36, lane.y + 4, lane.label)


def _tick(tick: Rule, floor: float) -> str:
    line = (
        f'<line x1="{tick.x:g}" x2="{tick.x:g}" y1="{floor:g}" y2="{floor + 5:g}" stroke="currentColor" opacity="0.6"/>'
    )
    return line + _text(min(tick.x, LABELS_END), floor + 19, tick.label, anchor="middle")


def _rule(rule: Rule, floor: float) -> str:
    line = (
        f'<g><title>{escape(rule.told)}</title><line x1="{rule.x:g}" x2="{rule.x:g}" y1="{TOP - 22:g}" y2="{floor:g}" '
        'stroke="currentColor" stroke-width="1.5" stroke-dasharray="5 4" opacity="0.7"/>'
    )
    return line + (_text(rule.x + 6, TOP - 12, rule.label) if rule.label else "") + "</g>"


def _key(height: float) -> str:
    y = height - 14
    return (
        _shape(Relation.SOFTENING, 22, y - 4, ALERTED_RADIUS - 1, filled=True)
        + _text(36, y, "filled: the desk was told")
        + _shape(Relation.SOFTENING, 202, y - 4, ALERTED_RADIUS - 2.5, filled=False)
        + _text(216, y, "hollow: kept on record only")
    )


def _mark(mark: Mark) -> str:
    told = escape(mark.told)
    inside = f"<title>{told}</title>" + _shape(mark.relation, mark.x, mark.y, mark.radius, filled=mark.alerted)
    if mark.url:
        return f'<a href="{escape(mark.url)}" aria-label="{told}" rel="noopener noreferrer">{inside}</a>'
    return f'<g role="img" aria-label="{told}">{inside}</g>'


def _shape(relation: Relation, x: float, y: float, radius: float, *, filled: bool) -> str:
    colour = f"var(--wb-{relation.value.replace('_', '-')}, {COLOURS[relation]})"
    fill = colour if filled else "var(--wb-ground, #ffffff)"
    paint = f'fill="{fill}" stroke="{colour}" stroke-width="1.6" stroke-linejoin="round"'
    if outline := corners(relation, x, y, radius):
        return f'<polygon points="{" ".join(f"{cx:g},{cy:g}" for cx, cy in outline)}" {paint}/>'
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" {paint}/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'
