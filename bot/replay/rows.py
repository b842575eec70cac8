"""Alerts of a replay as JSON values, one line each."""

from __future__ import annotations

from typing import Any

from bot.replay.compare import Compared
from bot.replay.run import Replayed
from bot.replay.sweep import Point, Swept
from bot.store.archive import AlertOnFile


def alert_row(alert: AlertOnFile, document: str) -> dict[str, Any]:
    """Return what `--json` says of an alert; the keys are promised (docs/replay.md)."""
    return {
        "at": alert.at.isoformat(),
        "position": alert.card.position_id,
        "relation": alert.card.relation.value,
        "statement": alert.card.words,
        "speaker": alert.card.speaker,
        "document": document,
        "probability": round(alert.card.probability, 6),
        "corroborations": alert.corroborations,
        "disputed": bool(alert.disputed),
    }


def alert_rows(replayed: Replayed) -> list[dict[str, Any]]:
    """Return the alerts of a replay in the order of time."""
    return [alert_row(alert, replayed.document(alert)) for alert in replayed.alerts]


def compared_row(compared: Compared) -> dict[str, Any]:
    """Return an alert of two replays with its change."""
    return {"change": compared.change.value} | alert_row(compared.alert, compared.document)


def point_row(point: Point) -> dict[str, Any]:
    """Return what a threshold gives."""
    return {
        "threshold": point.threshold,
        "alerts": point.alerts,
        "right": point.right,
        "false": point.false,
        "found": point.found,
        "shifts": point.shifts,
        "precision": round(point.precision, 4),
        "recall": round(point.recall, 4),
        "f1": round(point.f1, 4),
    }


def swept_rows(swept: Swept) -> list[dict[str, Any]]:
    """Return every threshold that was tried, then the best, then the best of single positions."""
    rows = [point_row(point) for point in swept.points]
    rows.append({"best": True} | point_row(swept.best))
    rows += [{"best": True, "position": name} | point_row(point) for name, point in swept.by_position.items()]
    return rows
