"""The two pictures of a report, as PNG: how far beliefs come true, and what is taken for what. Pillow draws them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bot.domain import Relation
from bot.training.evaluation import Bin

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

SCALE = 2
_GROUND, _INK, _FAINT, _BAR = "#ffffff", "#1d2228", "#d9dde3", "#1a6fb4"
_LEFT, _TOP, _SIDE = 150, 60, 420


def reliability_png(bins: Sequence[Bin], title: str) -> bytes:
    """Draw the share of shifts over the belief in one; on the diagonal a belief is right, a larger mark stands for more rows."""
    image, pen = _canvas(_LEFT + _SIDE + 40, _TOP + _SIDE + 70, title)
    for step in range(11):
        at = step / 10
        x, y = _LEFT + at * _SIDE, _TOP + (1 - at) * _SIDE
        _line(pen, (x, _TOP, x, _TOP + _SIDE), _FAINT)
        _line(pen, (_LEFT, y, _LEFT + _SIDE, y), _FAINT)
        _text(pen, x, _TOP + _SIDE + 18, f"{at:.1f}", anchor="ms")
        _text(pen, _LEFT - 8, y + 4, f"{at:.1f}", anchor="rs")
    _line(pen, (_LEFT, _TOP + _SIDE, _LEFT + _SIDE, _TOP), _INK)
    _text(pen, _LEFT + _SIDE / 2, _TOP + _SIDE + 48, "probability of a shift, as judged", anchor="ms")
    _text(pen, 12, _TOP - 14, "share of shifts")
    places = [(_LEFT + b.believed * _SIDE, _TOP + (1 - b.happened) * _SIDE) for b in bins]
    for (x1, y1), (x2, y2) in pairwise(places):
        _line(pen, (x1, y1, x2, y2), _BAR, width=2)
    most = max((b.rows for b in bins), default=1)
    for (x, y), b in zip(places, bins, strict=True):
        radius = 4 + 8 * (b.rows / most) ** 0.5
        pen.ellipse([v * SCALE for v in (x - radius, y - radius, x + radius, y + radius)], fill=_BAR)
        _text(pen, x + radius + 3, y - radius, str(b.rows), size=11)
    return _png(image)


def confusion_png(confusion: NDArray[np.int64], title: str) -> bytes:
    """Draw the confusion matrix, shape (6, 6): a row a label, a column a judgement, darker for a larger share of the row."""
    relations = list(Relation)
    cell = 78
    image, pen = _canvas(_LEFT + cell * len(relations) + 30, _TOP + 30 + cell * len(relations) + 20, title)
    top = _TOP + 30
    for column, relation in enumerate(relations):
        _text(pen, _LEFT + (column + 0.5) * cell, top - 8, relation.value.replace("_", " "), anchor="ms", size=11)
    for index, relation in enumerate(relations):
        y = top + index * cell
        _text(pen, _LEFT - 10, y + cell / 2 + 4, relation.value.replace("_", " "), anchor="rs")
        total = max(int(confusion[index].sum()), 1)
        for column, count in enumerate(confusion[index]):
            x, share = _LEFT + column * cell, int(count) / total
            shade = tuple(round(255 - share * (255 - full)) for full in (0x1A, 0x6F, 0xB4))
            pen.rectangle([v * SCALE for v in (x, y, x + cell - 2, y + cell - 2)], fill=shade, outline=_FAINT)
            ink = _GROUND if share > 0.5 else _INK
            _text(pen, x + cell / 2, y + cell / 2 + 5, str(int(count)), anchor="ms", size=15, ink=ink)
    return _png(image)


def _canvas(width: float, height: float, title: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (round(width * SCALE), round(height * SCALE)), _GROUND)
    pen = ImageDraw.Draw(image)
    _text(pen, 12, 26, title, size=16)
    return image, pen


def _line(pen: ImageDraw.ImageDraw, ends: tuple[float, float, float, float], colour: str, *, width: int = 1) -> None:
    pen.line([v * SCALE for v in ends], fill=colour, width=width * SCALE)


def _text(
    pen: ImageDraw.ImageDraw, x: float, y: float, text: str, *, size: int = 12, anchor: str = "ls", ink: str = _INK
) -> None:
    from PIL import ImageFont

    pen.text((x * SCALE, y * SCALE), text, fill=ink, font=ImageFont.load_default(size * SCALE), anchor=anchor)


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()
