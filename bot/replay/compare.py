"""Two replays of one archive: which alerts appear in the second, which vanish, which stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.replay.run import Replayed
from bot.store.archive import AlertOnFile


class Change(StrEnum):
    """What becomes of an alert from the first replay to the second."""

    APPEARS = "appears"
    VANISHES = "vanishes"
    STAYS = "stays"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """An alert with its change; of one that stays, as the first replay has it."""

    change: Change
    alert: AlertOnFile
    document: str


def compare(first: Replayed, second: Replayed) -> tuple[Compared, ...]:
    """Return every alert of either replay in the order of time.

    Two are the same where they are on one position and one's opening article is among the other's accounts: with another
    threshold or model, a shift may be opened by another report of it.
    """
    pairs = _pairs(first.alerts, second.alerts)
    met = {second_alert.key for second_alert in pairs.values()}
    found = [
        Compared(
            change=Change.STAYS if alert.key in pairs else Change.VANISHES,
            alert=alert,
            document=first.document(alert),
        )
        for alert in first.alerts
    ]
    found += [
        Compared(change=Change.APPEARS, alert=alert, document=second.document(alert))
        for alert in second.alerts
        if alert.key not in met
    ]
    return tuple(sorted(found, key=lambda one: (one.alert.at, one.alert.card.position_id, one.alert.key)))


def _pairs(first: Sequence[AlertOnFile], second: Sequence[AlertOnFile]) -> dict[str, AlertOnFile]:
    """Return which alert of the second replay each of the first is, by its key; the closest first, each once."""
    pairs: dict[str, AlertOnFile] = {}
    taken: set[str] = set()
    for is_same in (_same_opening, _same_shift):
        for one in first:
            if one.key in pairs:
                continue
            other = next((other for other in second if other.key not in taken and is_same(one, other)), None)
            if other is not None:
                pairs[one.key] = other
                taken.add(other.key)
    return pairs


def _same_opening(one: AlertOnFile, other: AlertOnFile) -> bool:
    same_kind = (one.card.position_id, one.card.about) == (other.card.position_id, other.card.about)
    return same_kind and _opening(one) == _opening(other)


def _same_shift(one: AlertOnFile, other: AlertOnFile) -> bool:
    if (one.card.position_id, one.card.about) != (other.card.position_id, other.card.about):
        return False
    return _opening(one) in _articles(other) or _opening(other) in _articles(one)


def _opening(alert: AlertOnFile) -> str:
    return alert.opener.statement.article_id if alert.opener else alert.card.first.url


def _articles(alert: AlertOnFile) -> set[str]:
    return {entry.statement.article_id for entry in alert.accounts}
