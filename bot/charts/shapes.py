"""The outline of each relation's mark, so that colour is never all that tells them apart."""

from __future__ import annotations

from bot.domain import Relation

_ARM = 0.42
_CROSS = ((-_ARM, -1.2), (_ARM, -1.2), (_ARM, -_ARM), (1.2, -_ARM), (1.2, _ARM), (_ARM, _ARM),
          (_ARM, 1.2), (-_ARM, 1.2), (-_ARM, _ARM), (-1.2, _ARM), (-1.2, -_ARM), (-_ARM, -_ARM))  # fmt: skip
_TURNED = tuple((round((x - y) * 0.75, 3), round((x + y) * 0.75, 3)) for x, y in _CROSS)

OUTLINES: dict[Relation, tuple[tuple[float, float], ...]] = {
    Relation.HARDENING: ((0.0, -1.1), (1.1, 0.9), (-1.1, 0.9)),
    Relation.SOFTENING: ((0.0, 1.1), (1.1, -0.9), (-1.1, -0.9)),
    Relation.NEW_OFFER: ((0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)),
    Relation.CONTRADICTION: _TURNED,
}
"""Corners around (0, 0) for a radius of 1, y pointing down; a relation that is not here is a circle."""

COLOURS: dict[Relation, str] = {
    Relation.HARDENING: "#b3261e",
    Relation.CONSISTENT: "#5b6470",
    Relation.NEW_OFFER: "#7a4fb5",
    Relation.SOFTENING: "#1a6fb4",
    Relation.CONTRADICTION: "#9a5b00",
}
"""On a light ground, each at least 4.5 to 1."""


def corners(relation: Relation, x: float, y: float, radius: float) -> list[tuple[float, float]]:
    """Return the corners of a mark, none for a circle."""
    return [(round(x + cx * radius, 1), round(y + cy * radius, 1)) for cx, cy in OUTLINES.get(relation, ())]
