"""Draws a timeline as PNG with Pillow, which is imported where it is needed.

It is drawn four times as large as the geometry says and then halved, which smooths the edges.
"""

from __future__ import annotations

import io
import unicodedata
from typing import TYPE_CHECKING

from bot.charts.geometry import ALERTED_RADIUS, LABELS_END, LEFT, RIGHT, TOP, WIDTH, Lane, Mark, Picture, Rule
from bot.charts.shapes import COLOURS, corners
from bot.domain import Relation

if TYPE_CHECKING:
    from PIL import ImageDraw

SCALE, SMOOTHED = 4, 2
GROUND, EDGE, INK, FAINT, SOFT = "#ffffff", "#c9ced6", "#1d2228", "#e3e6ea", "#8a929c"
_SPELT = {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "đ": "d", "Đ": "D",
          "\u0131": "i", "ð": "d", "þ": "th", "–": "-", "—": "-", "×": "x", "\u00a0": " "}  # fmt: skip
_ALSO_DRAWN = "’‘“”…"


def draw(picture: Picture) -> bytes:
    """Return the PNG."""
    from PIL import Image, ImageDraw

    size = (round(WIDTH * SCALE), round(picture.height * SCALE))
    image = Image.new("RGB", size, GROUND)
    pen = _Pen(ImageDraw.Draw(image))
    pen.card(WIDTH, picture.height)
    pen.text(16, 28, picture.title, size=17)
    for lane in picture.lanes:
        _lane(pen, lane)
    for tick in picture.ticks:
        pen.line(tick.x, picture.floor, tick.x, picture.floor + 5, SOFT, 1)
        pen.text(min(tick.x, LABELS_END), picture.floor + 19, tick.label, centred=True)
    for rule in picture.rules:
        _rule(pen, rule, picture.floor)
    _key(pen, picture.height)
    for mark in picture.marks:
        _mark(pen, mark)
    if not picture.marks:
        pen.text((LEFT + WIDTH) / 2, picture.lanes[1].y - 12, "No statements yet", centred=True)
    image = image.resize((size[0] // SMOOTHED, size[1] // SMOOTHED), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.quantize(128).save(out, "PNG", optimize=True)
    return out.getvalue()


def drawable(text: str) -> str:
    """Return `text` in the letters that Pillow's own font has: Latin ones without their accents; others are dropped."""
    plain = unicodedata.normalize("NFKD", "".join(_SPELT.get(letter, letter) for letter in text if letter != "…"))
    return " ".join("".join(c for c in plain if " " <= c <= "~" or c in _ALSO_DRAWN).split())


class _Pen:
    """Draws in the geometry's units."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw

    def card(self, width: float, height: float) -> None:
        self._draw.rectangle((0, 0, width * SCALE - 1, height * SCALE - 1), outline=EDGE, width=SCALE)

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str, width: float) -> None:
        self._draw.line((x1 * SCALE, y1 * SCALE, x2 * SCALE, y2 * SCALE), fill=colour, width=round(width * SCALE))

    def text(self, x: float, y: float, text: str, *, size: float = 12, centred: bool = False) -> None:
        from PIL import ImageFont

        font = ImageFont.load_default(size * SCALE)
        self._draw.text((x * SCALE, y * SCALE), drawable(text), fill=INK, font=font, anchor="ms" if centred else "ls")

    def shape(self, relation: Relation, x: float, y: float, radius: float, *, filled: bool) -> None:
        colour, width = COLOURS[relation], round(1.6 * SCALE)
        fill = colour if filled else GROUND
        if outline := corners(relation, x, y, radius):
            self._draw.polygon([(cx * SCALE, cy * SCALE) for cx, cy in outline], fill=fill, outline=colour, width=width)
        else:
            box = tuple(edge * SCALE for edge in (x - radius, y - radius, x + radius, y + radius))
            self._draw.ellipse(box, fill=fill, outline=colour, width=width)


def _lane(pen: _Pen, lane: Lane) -> None:
    record = lane.relation is Relation.CONSISTENT
    pen.line(LEFT, lane.y, WIDTH - RIGHT, lane.y, SOFT if record else FAINT, 2 if record else 1)
    pen.shape(lane.relation, 22, lane.y, 5.5, filled=True)
    pen.text(36, lane.y + 4, lane.label)


def _rule(pen: _Pen, rule: Rule, floor: float) -> None:
    y = TOP - 22
    while y < floor:
        pen.line(rule.x, y, rule.x, min(y + 5, floor), SOFT, 1.5)
        y += 9
    if rule.label:
        pen.text(rule.x + 6, TOP - 12, rule.label)


def _key(pen: _Pen, height: float) -> None:
    y = height - 14
    pen.shape(Relation.SOFTENING, 22, y - 4, ALERTED_RADIUS - 1, filled=True)
    pen.text(36, y, "filled: the desk was told")
    pen.shape(Relation.SOFTENING, 202, y - 4, ALERTED_RADIUS - 2.5, filled=False)
    pen.text(216, y, "hollow: kept on record only")


def _mark(pen: _Pen, mark: Mark) -> None:
    pen.shape(mark.relation, mark.x, mark.y, mark.radius, filled=mark.alerted)
